"""A network as one Python module that needs nothing but `math`.

What is written depends on the network: sums written out (straight.py), `math.dist`
(dist.py), integers packed side by side (packed.py).  Around it come a docstring, the
labels, `classify`, and what makes the file a script.  No name and no attribute starts with
an underscore and nothing is assigned to in place, so that RestrictedPython takes it.
"""

from ..errors import UnsupportedError
from ..kernels.written import numbers_of
from ..layers import Activate, Dense, Normalize, Scale
from ..quantize import IntegerDense, way_in
from . import dist, packed, straight
from .functions import expression
from .text import imports, joined, label_list, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from ..network import Network

_CLASSIFY = '''
def classify(x):
    """%s of the largest output for one sample, the first of equal ones; None where an output is NaN."""
    y = predict(x)
    best = 0
    for k, value in enumerate(y):
        if value != value:
            return None
        if value > y[best]:
            best = k
    return %s
'''

_CLASSIFY_EACH = '''
def classify(x):
    """%s of the outputs above 1/2 for one sample, a list; None where an output is NaN."""
    y = predict(x)
    for value in y:
        if value != value:
            return None
    return [%s for k, value in enumerate(y) if value > 0.5]
'''

_SCRIPT = '''
try:
    is_script = globals().get("__name__") == "__main__"
except NameError:  # RestrictedPython has no globals
    is_script = False

if is_script:
    import csv
    import sys

    answers = csv.writer(sys.stdout, lineterminator="\\n")
    try:
        for numbers in [sys.argv[1:]] if sys.argv[1:] else csv.reader(sys.stdin):
            if numbers:
                x = [float(number) for number in numbers]
                answers.writerow(%s)
    except (ValueError, csv.Error) as error:
        sys.stderr.write("%%s: %%s\\n" %% (sys.argv[0], error))
        sys.exit(2)
'''

_FLOATS = """\
A sample of another length raises ValueError; NaN and infinities go through as IEEE
arithmetic has it."""
_INTEGERS = """\
A sample of another length, NaN and infinities raise ValueError; numbers beyond the range
the network was made for count as the nearest one in it.  Whatever holds a sample, it holds numbers as
they were measured; predict_quantized(q) takes the model's own integers, from %d to %d."""


def build(network: "Network", name: str, heap: "Optional[int]") -> "Dict[str, str]":
    """The files of the module `name`."""
    way = _way(network)
    code = way.code(network, [_expression(layer, k) for k, layer in _with_h(network)])
    about = about_network(network)
    about += ["", "predict(x)   the outputs, a list of %d numbers, for one sample, a list of %d" % _ends(network)[::-1]]
    if way is packed:
        about += ["sums(x)      the last layer's sums, whole numbers: the same on every machine"]
    about += ["classify(x)  " + _class_line(network), ""]
    entrance = way_in(network)[1]
    about += [_FLOATS if entrance is None else _INTEGERS % (entrance.lowest, entrance.highest), ""]
    about += ["As a script it takes a sample as arguments, or as lines of CSV on standard input:", ""]
    about += ["    python %s.py %s" % (quoted(name), " ".join(["1.0", "0.5", "..."][: min(network.inputs, 3)]))]
    head = '"""%s\n"""' % "\n".join(about) + ("\n\n" + imports(code) if imports(code) else "")
    head += "\n\nLABELS = %s\n" % label_list(network.labels)
    return {name + ".py": joined([head, code, _classify(network), _SCRIPT % _answer(network)])}


def _class_line(network: "Network") -> str:
    what = "the place" if network.labels is None else "the label"
    return "a list: %s of each output above 1/2" % what if network.multilabel else what + " of the largest output"


def _classify(network: "Network") -> str:
    form = "%s" if network.labels is None else "LABELS[%s]"
    if network.multilabel:
        return _CLASSIFY_EACH % ("The places" if network.labels is None else "The labels", form % "k")
    return _CLASSIFY % ("The place" if network.labels is None else "The label", form % "best")


def _answer(network: "Network") -> str:
    """What the script writes for a sample: the outputs, and the class where it has a name."""
    if network.labels is None:
        return "predict(x)"
    if network.multilabel:
        return 'predict(x) + ["no class" if classify(x) is None else "; ".join([str(k) for k in classify(x)])]'
    return 'predict(x) + ["no class" if classify(x) is None else classify(x)]'


def about_network(network: "Network") -> "List[str]":
    """What it is and where it comes from, on a few lines fit for a docstring or comments."""
    from .. import __version__

    title = "%s: a neural network" % quoted(network.name) if network.name else "A neural network"
    lines = ["%s, %d numbers in, %d out, written by purenn %s." % ((title,) + _ends(network) + (__version__,)), ""]
    lines += ["    %d  %s" % (number, layer) for number, layer in enumerate(network.layers, 1)]
    return lines + ["    %s" % quoted(note) for note in network.notes]


def _ends(network: "Network") -> "Any":
    return network.inputs, network.outputs


def _way(network: "Network") -> "Any":
    """The module that writes this network."""
    if way_in(network)[1] is not None:
        check_integer(network)
        return packed
    for number, layer in enumerate(network.layers, 1):
        if type(layer) not in (Dense, Normalize, Scale, Activate):
            what = (number, layer, type(layer).__name__)
            raise UnsupportedError(
                "layer %d (%s) is a %s and cannot be exported, only Dense, Normalize, Scale and Activate can" % what
            )
        if type(layer) in (Dense, Activate):
            _check_layer(number, layer)
        for row in numbers_of(layer):
            if not all([_is_float(w) for w in row]):
                raise UnsupportedError("layer %d (%s) has weights that are no finite floats" % (number, layer))
    return straight if straight.cost(network) <= dist.cost(network) else dist


def _is_float(w: "Any") -> bool:
    """Whether a number is a finite float, or an int that is one too."""
    return (type(w) is float and w - w == 0) or (type(w) is int and abs(w) <= 1 << 53)


def check_integer(network: "Network") -> None:
    """Raise `UnsupportedError` where a network is not one of those that `Network.quantize` makes."""
    before, entrance, layers = way_in(network)
    if not layers:
        raise UnsupportedError("%r has no layer to be exported after the %s" % (network, entrance))
    for number, layer in enumerate(layers, len(before) + 2):
        if type(layer) is not IntegerDense or (layer.table is None) != (number == len(network.layers)):
            raise UnsupportedError("layer %d (%s) is not an integer layer in its place" % (number, layer))
        _check_layer(number, layer)


def _check_layer(number: int, layer: "Any") -> None:
    if not layer.h.known:
        what = (number, layer)
        raise UnsupportedError("layer %d (%s): a function of your own cannot be exported" % what)


def _expression(layer: "Any", k: int) -> "Tuple[str, str]":
    return expression(layer.h, k) if hasattr(layer, "h") else ("", "")


def _with_h(network: "Network") -> "List[Any]":
    """(number, layer) of those that are written out: of an integer network the last, others have tables."""
    numbered = list(enumerate(network.layers, 1))
    return numbered[-1:] if way_in(network)[1] is not None else numbered
