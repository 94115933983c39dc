"""A network as one Python module that needs nothing but `math`.

What is written depends on the network: sums written out (straight.py), `math.dist`
(dist.py), integers packed side by side (packed.py).  Around it come a docstring, the
labels, `classify`, and what makes the file a script.  No name and no attribute starts with
an underscore and nothing is assigned to in place, so that RestrictedPython takes it.
"""

from ..errors import UnsupportedError
from ..layers import Dense
from ..quantize import IntegerDense, way_in
from . import dist, packed, straight
from .functions import expression
from .text import imports, joined, label_list, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from ..network import Network

_CLASSIFY = '''
def classify(x):
    """%s of the largest output for one sample: the first of equal ones, the first NaN if there is one."""
    y = predict(x)
    best = 0
    for k, value in enumerate(y):
        if value != value:
            return %s
        if value > y[best]:
            best = k
    return %s
'''

_SCRIPT = '''
try:
    is_script = globals()["__name__"] == "__main__"
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
the network was made for count as the nearer end.  Whatever holds a sample, it holds numbers as
they were measured; predict_quantized(q) takes the model's own integers, from %d to %d."""


def build(network: "Network", name: str, heap: "Optional[int]") -> "Dict[str, str]":
    """The files of the module `name`."""
    way = _way(network)
    code = way.code(network, [expression(layer.h, k) for k, layer in _with_h(network)])
    best = "k", "best"
    if network.labels is not None:
        best = "LABELS[k]", "LABELS[best]"
    about = about_network(network)
    about += ["", "predict(x)   the outputs, a list of %d numbers, for one sample, a list of %d" % _ends(network)]
    if way is packed:
        about += ["sums(x)      the last layer's sums, whole numbers: the same on every machine"]
    about += ["classify(x)  " + ("the label" if network.labels else "the place") + " of the largest output", ""]
    entrance = way_in(network)[1]
    about += [_FLOATS if entrance is None else _INTEGERS % (entrance.lowest, entrance.highest), ""]
    about += ["As a script it takes a sample as arguments, or as lines of CSV on standard input:", ""]
    about += ["    python %s.py %s" % (name, " ".join(["1.0", "0.5", "..."][: min(network.inputs, 3)]))]
    head = '"""%s\n"""' % "\n".join(about) + ("\n\n" + imports(code) if imports(code) else "")
    head += "\n\nLABELS = %s\n" % label_list(network.labels)
    classify = _CLASSIFY % (("The label" if network.labels else "The place",) + best)
    script = _SCRIPT % ("predict(x) + [classify(x)]" if network.labels else "predict(x)")
    return {name + ".py": joined([head, code, classify, script])}


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
        if not isinstance(layer, Dense):
            raise UnsupportedError("layer %d (%s) cannot be exported, only Dense can" % (number, layer))
        _check_layer(number, layer)
        for row in layer.weight._rows + layer.bias._rows:
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


def _with_h(network: "Network") -> "List[Any]":
    """(number, layer) of those whose activation is computed: of an integer network the last, others have tables."""
    numbered = list(enumerate(network.layers, 1))
    return numbered[-1:] if way_in(network)[1] is not None else numbered
