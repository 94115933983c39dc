"""A network as one Python module that imports only `math`.

`purenn.codegen` writes the code, the same that a `Predictor` runs, by the plan for any Python.  This module
adds a docstring, the labels, `classify`, and the lines that make the file a script.  No name and no
attribute starts with an underscore and nothing is assigned to in place, so that RestrictedPython accepts it.
"""

from __future__ import annotations

from ..codegen import emit, plan
from ..codegen.dialect import EXPORTED
from ..codegen.literals import imports, joined
from ..errors import UnsupportedError
from ..quantize import split_at_quantize
from .text import escape, label_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..codegen.program import Program
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

_SCRIPT = """
try:
    is_script = globals().get("__name__") == "__main__"
except NameError:  # RestrictedPython has no globals
    is_script = False

if is_script:
    import csv
    import os
    import sys

    answers = csv.writer(sys.stdout, lineterminator="\\n")
    try:
        for numbers in [sys.argv[1:]] if sys.argv[1:] else csv.reader(sys.stdin):
            if numbers:
                x = [float(number) for number in numbers]
                answers.writerow(%s)
                sys.stdout.flush()  # seen at once, where the next row takes long to come
    except BrokenPipeError:  # as by `| head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, csv.Error) as error:
        sys.stderr.write("%%s: %%s\\n" %% (sys.argv[0], error))
        sys.exit(2)
"""

_FLOATS = """\
A sample of another length raises ValueError; NaN and infinities go through as IEEE
arithmetic has it."""
_INTEGERS = """\
A sample of another length, NaN and infinities raise ValueError; numbers beyond the range
the network was made for count as the nearest one in it.  Whatever holds a sample, it holds numbers as
they were measured; predict_quantized(q) takes the model's own integers, from %d to %d."""


def build(network: Network, name: str, heap: int | None) -> dict[str, str]:
    """The files of the module `name`."""
    check(network)
    program = emit(plan(network, EXPORTED))
    code = program.source
    head = '"""%s\n"""' % "\n".join(_about(network, name, program)) + ("\n\n" + imports(code) if imports(code) else "")
    head += "\n\nLABELS = %s\n" % label_list(network.labels)
    return {name + ".py": joined([head, code, _classify(network), _SCRIPT % _answer(network)])}


def _about(network: Network, name: str, program: Program) -> list[str]:
    """The lines of the module's docstring."""
    about = about_network(network)
    about += ["", "predict(x)   the outputs, a list of %d numbers, for one sample, a list of %d" % _ends(network)[::-1]]
    if "sums(x)" in program.entries:
        about += ["sums(x)      the last layer's sums, integers: the same on every machine"]
    about += ["classify(x)  " + _class_line(network), ""]
    quantizer = split_at_quantize(network)[1]
    about += [_FLOATS if quantizer is None else _INTEGERS % (quantizer.lowest, quantizer.highest), ""]
    about += ["As a script it takes a sample as arguments, or as lines of CSV on standard input:", ""]
    return about + ["    python %s.py %s" % (escape(name), " ".join(["1.0", "0.5", "..."][: min(network.inputs, 3)]))]


def _class_line(network: Network) -> str:
    what = "the index" if network.labels is None else "the label"
    return "a list: %s of each output above 1/2" % what if network.multilabel else what + " of the largest output"


def _classify(network: Network) -> str:
    form = "%s" if network.labels is None else "LABELS[%s]"
    if network.multilabel:
        return _CLASSIFY_EACH % ("The indices" if network.labels is None else "The labels", form % "k")
    return _CLASSIFY % ("The index" if network.labels is None else "The label", form % "best")


def _answer(network: Network) -> str:
    """What the script writes for a sample: the outputs, and the class where it has a name."""
    if network.labels is None:
        return "predict(x)"
    if network.multilabel:
        return 'predict(x) + ["no class" if classify(x) is None else "; ".join([str(k) for k in classify(x)])]'
    return 'predict(x) + ["no class" if classify(x) is None else classify(x)]'


def about_network(network: Network) -> list[str]:
    """What it is and where it comes from, on a few lines fit for a docstring or comments."""
    from .. import __version__

    title = "%s: a neural network" % escape(network.name) if network.name else "A neural network"
    lines = ["%s, %d numbers in, %d out, written by purenn %s." % ((title,) + _ends(network) + (__version__,)), ""]
    lines += ["    %d  %s" % (number, layer) for number, layer in enumerate(network.layers, 1)]
    return lines + ["    %s" % escape(note) for note in network.notes]


def _ends(network: Network) -> tuple[int, int]:
    return network.inputs, network.outputs


def check(network: Network) -> None:
    """Raise `UnsupportedError` where a network holds what no module can: functions of the user's own, NaN."""
    for number, layer in enumerate(network.layers, 1):
        h = getattr(layer, "h", None)
        if h is not None and not h.known:
            raise UnsupportedError("layer %d (%s): a function of your own cannot be exported" % (number, layer))
        if h is not None and not (h.source or h.rowwise):
            raise UnsupportedError("layer %d (%s): %s has no source to be exported" % (number, layer, h.name))
        for _, matrix in layer.named_tensors():
            if not all([_is_float(w) for row in matrix for w in row]):
                raise UnsupportedError("layer %d (%s) has weights that are not finite floats" % (number, layer))


def _is_float(w: Any) -> bool:
    """Whether a number is a finite float, or an int that is one too."""
    return (type(w) is float and w - w == 0) or (type(w) is int and abs(w) <= 1 << 53)
