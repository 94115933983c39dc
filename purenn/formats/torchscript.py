"""TorchScript: modules that torch.jit scripted or traced.

The pickle names a class for each module, as ``__torch__.torch.nn.modules.linear.Linear`` or,
where there are several, ``__torch__.torch.nn.modules.linear.___torch_mangle_0.Linear``.  The
settings are not among its attributes but in the source of that class: scripted ones are
declared there, of traced ones only the call in `forward` is left

      negative_slope : Final[float] = 0.20000000000000001
      input = torch.leaky_relu(argument_1, 0.20000000000000001)

A file holds much more source; what these two lines do not tell is not read.
"""

import re

from ..errors import ModelFormatError, UnsupportedError
from .allowance import Allowance
from .archive import Archive
from .pickled_torch import PickledModule, TorchUnpickler, View
from .source import shown
from .torch_modules import CLASSES, INSTEAD, Module, network_of
from .unpickler import Global, Object, described, stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

    from ..network import Network

_MAX_SOURCE = 1 << 20
_PREFIX = "__torch__."
_MANGLED = re.compile(r"\.___torch_mangle_[0-9]+$")
_CLASS = re.compile(r"^class (\w+)\(Module\):\n", re.MULTILINE)
_DECLARED = re.compile(r"^  (\w+) : Final\[.*\] = (.*)$", re.MULTILINE)
_CALL = re.compile(r"torch\.(\w{1,20}?)_?\((.{0,300})\)$", re.MULTILINE)
_ARGUMENT = re.compile(r'(?:(\w+)=)?(\[[^][]*\]|"[^"]*"|[^][",\s]+)(?:,|$)\s*')
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?")

# class, the operator it calls, and where among the arguments its settings are, with their defaults
_OPERATORS: "Dict[str, Tuple[str, Dict[int, Tuple[str, Any]]]]" = {
    "LeakyReLU": ("leaky_relu", {1: ("negative_slope", 0.01)}),
    "ELU": ("elu", {1: ("alpha", 1.0)}),
    "GELU": ("gelu", {1: ("approximate", "none")}),
    "Softplus": ("softplus", {1: ("beta", 1.0), 2: ("threshold", 20.0)}),
    "Softmax": ("softmax", {1: ("dim", None)}),
    "LogSoftmax": ("log_softmax", {1: ("dim", None)}),
    "Flatten": ("flatten", {1: ("start_dim", 0), 2: ("end_dim", -1)}),
    "BatchNorm1d": ("batch_norm", {7: ("eps", None)}),
    "LayerNorm": ("layer_norm", {1: ("normalized_shape", None), 4: ("eps", 1e-5)}),
}


def network(archive: Archive, root: str, size: int) -> "Network":
    """The network of an archive."""
    from .torch import load

    held = load(archive, root, size, _ScriptUnpickler)
    if not isinstance(held, Object):
        raise UnsupportedError("TorchScript of %s, expected a module" % described(held))
    return network_of(ScriptModule(held, Allowance(size), Sources(archive, root)), "TorchScript")


class _ScriptUnpickler(TorchUnpickler):
    """An unpickler that takes a class of TorchScript for the class that was scripted; its place is kept."""

    def find(self, module: "Any", name: "Any") -> Global:
        if not isinstance(module, str) or not isinstance(name, str) or not module.startswith(_PREFIX):
            return super().find(module, name)
        if (_original(module), name) not in CLASSES:
            what = shown("%s.%s" % (_original(module), name))
            raise UnsupportedError("TorchScript of a class that purenn does not know, %s: %s" % (what, INSTEAD))
        full = "%s.%s" % (module, name)
        return Global(full, stand_in(full))


def _original(module: str) -> str:
    """The module of PyTorch that a class was scripted from.

    >>> _original("__torch__.torch.nn.modules.linear.___torch_mangle_0")
    'torch.nn.modules.linear'
    """
    return _MANGLED.sub("", module)[len(_PREFIX) :]


class ScriptModule(PickledModule):
    """A scripted module: tensors and children are attributes side by side, settings in the source."""

    def __init__(self, held: Object, allowance: Allowance, sources: "Sources", place: str = "") -> None:
        super().__init__(held, allowance, place)
        self.attributes, self.sources = self.settings, sources
        file, name = self.cls
        self.cls = (_original(file), name)
        self.settings = sources.settings(file, name, str(self)) if name in _OPERATORS else {}

    def held(self, group: str) -> "Dict[Any, Any]":
        kind = Object if group == "_modules" else View
        return {name: value for name, value in self.attributes.items() if isinstance(value, kind)}

    def like(self, held: Object, place: str) -> Module:
        return ScriptModule(held, self.allowance, self.sources, place)


class Sources:
    """The settings of the classes of an archive, out of their sources, each read once."""

    def __init__(self, archive: Archive, root: str) -> None:
        self.archive, self.root = archive, root
        self.read: "Dict[str, Dict[str, str]]" = {}  # the source of each class, by the module it is in

    def settings(self, module: str, name: str, place: str) -> "Dict[str, Any]":
        """The settings of a class; those that its source does not tell raise `UnsupportedError`."""
        if module not in self.read:
            path = "%scode/%s.py" % (self.root, module.replace(".", "/"))
            self.read[module] = _classes(self.archive.read(path, _MAX_SOURCE), path)
        source = self.read[module].get(name, "")
        operator, arguments = _OPERATORS[name]
        declared = {key: _literal(text) for key, text in _DECLARED.findall(source)}
        if all([setting in declared for setting, _ in arguments.values()]):
            return declared
        calls = [given for called, given in _CALL.findall(source) if called == operator]
        if len(calls) != 1:
            raise UnsupportedError("%s: its source does not tell its settings: %s" % (place, INSTEAD))
        return _given(calls[0], arguments)


def _classes(source: bytes, path: str) -> "Dict[str, str]":
    try:
        parts = _CLASS.split(source.decode("utf-8"))
    except UnicodeDecodeError:
        raise ModelFormatError("%s is no source" % shown(path)) from None
    return dict(zip(parts[1::2], parts[2::2]))


def _given(call: str, arguments: "Dict[int, Tuple[str, Any]]") -> "Dict[str, Any]":
    """The settings among the arguments of a call.

    >>> _given("argument_1, 0.5", {1: ("negative_slope", 0.01)}), _given("input", {1: ("negative_slope", 0.01)})
    ({'negative_slope': 0.5}, {'negative_slope': 0.01})
    """
    settings = dict(arguments.values())
    for position, (keyword, text) in enumerate(_ARGUMENT.findall(call)):
        if keyword in settings:
            settings[keyword] = _literal(text)
        elif not keyword and position in arguments:
            settings[arguments[position][0]] = _literal(text)
    return settings


def _literal(text: str) -> "Any":
    """The value of a number, a text or some sizes; of anything else its source, which no setting takes.

    >>> _literal("0.5"), _literal('"tanh"'), _literal("[3]"), _literal("(3,)"), _literal("None")
    (0.5, 'tanh', (3,), (3,), None)
    """
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    if len(text) <= 40 and _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("-").isdigit() else float(text)
    if text[:1] == '"':
        return text.strip('"')
    if text[:1] in "[(":
        return tuple([_literal(part.strip()) for part in text[1:-1].split(",") if part.strip()[:1].isdigit()])
    return text
