"""JSON at the start of a process: what ``import json`` loads (`re` above all) costs a fifth of a cold start."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

make_scanner: "Any"
try:
    from _json import make_scanner
except ImportError:  # PyPy, MicroPython
    make_scanner = None

_SPACE = " \t\n\r"


class _Settings:
    """Those of `json.JSONDecoder`, as its scanner in C reads them."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__
    memo: "Any" = {}


def parsed(text: str) -> "Any":
    """What `json.loads` makes of a text; its errors too.

    >>> parsed('{"layers": [1, 2.5, null]}')
    {'layers': [1, 2.5, None]}
    """
    if make_scanner is not None:
        try:
            value, end = make_scanner(_Settings)(text, len(text) - len(text.lstrip(_SPACE)))
        except StopIteration:  # there is no value at all
            end = -1
        if end >= 0 and not text[end:].strip(_SPACE):
            return value
    import json

    return json.loads(text)
