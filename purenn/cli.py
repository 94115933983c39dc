"""The command line: ``python -m purenn COMMAND ...``.

A command is a function from its arguments to the lines it prints, and a row in `COMMANDS`.
Exit status 0: done; 2: the user's mistake, said in one line; 130: interrupted.
"""

import argparse
import csv
import io
import json
import os
import sys
from contextlib import closing

from . import __version__
from .errors import ShapeError, UnsupportedError
from .formats import identified, load, recognised, save
from .source import Source
from .atomic_write import written_whole
from .layers.folding import is_affine
from .layers.normalize import Normalize
from .network import Network, winner
from .quantize import split_at_quantize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Generator, Iterable, Iterator, List, NoReturn, Optional
    from typing import Sequence, Tuple, Union

    from .tensor import Tensor

    Arguments = argparse.Namespace
    Labels = Optional[Sequence[Any]]
    Answers = Optional[List[Tuple[Any, float]]]


# ---- the commands


def demo(args: "Arguments") -> "Iterable[str]":
    from .demo import shown

    return shown()


def info(args: "Arguments") -> "Iterator[str]":
    source = args.model = _input(args.model)
    as_it_is = args.activations is None and args.order is None and args.labels is None
    found, content = identified(source) if as_it_is else (recognised(source), _network(args))
    yield "%s: %s, %s bytes\n" % (source.name, found.title, _grouped(source.size))
    yield from _about_network(content) if isinstance(content, Network) else _about_arrays(content)


def predict(args: "Arguments") -> "Iterable[str]":
    from .formats.samples import read_samples

    if args.labels is not None and args.format == "json" and args.top is None:
        raise _Mistake("--labels changes nothing here: JSON has labels only with --top")
    network = _network(args)
    if args.top is not None and args.top > network.outputs:
        raise _Mistake("--top %d: the network has %s" % (args.top, _counted(network.outputs, "output")))
    samples: "List[Sample]" = []
    for file in args.inputs:
        source = _input(file)
        rows = read_samples(source, network.inputs, network.names)
        samples += [Sample(source.name, k, row, len(rows) == 1) for k, row in enumerate(rows, 1)]
    labels = network.labels or list(range(network.outputs))
    with closing(_outputs("predicting", network, [sample.row for sample in samples], args)) as answers:
        for sample, outputs in zip(samples, answers):
            sample.answers = list(zip(labels, outputs)) if args.top is None else _largest(labels, outputs, args.top)
    return PRINTERS[args.format](samples, network.labels, args.top)


def evaluate(args: "Arguments") -> "Iterator[str]":
    from .formats.samples import read_labels, read_samples

    network = _network(args)
    if network.multilabel:
        raise UnsupportedError("%s: each output is a yes or no of its own, no label tells if it is right" % args.model)
    rows = read_samples(_input(args.inputs), network.inputs, network.names)
    expected = read_labels(_input(args.expected), len(rows))
    if len(rows) != len(expected):
        numbers = (len(rows), args.inputs, len(expected), args.expected)
        raise ShapeError("%d samples in %s, but %d labels in %s" % numbers)
    places = _places(network, expected, args.expected)
    right = undefined = 0
    with closing(_outputs("evaluating", network, rows, args)) as answers:
        for outputs, place in zip(answers, places):
            best = winner(outputs)
            undefined += best is None
            right += best == place
    if undefined:
        yield "NaN in the outputs for %d of the samples, counted as wrong" % undefined
    yield "accuracy %.4f (%d/%d)" % (right / len(rows), right, len(rows))


def convert(args: "Arguments") -> "Iterator[str]":
    _needs(args, "bits", "quantize")
    network = _network(args)
    if args.quantize is not None:
        network = _quantized(network, args)
    save(network, args.destination)
    yield "%s: %r, %s bytes" % (args.destination, network, _grouped(os.path.getsize(args.destination)))


def export(args: "Arguments") -> "Iterator[str]":
    _needs(args, "bits", "quantize")
    network = _network(args)
    if args.quantize is not None:
        network = _quantized(network, args, _DEFAULT_TABLE if args.target == "python" else _BOARD_TABLE)
    for path in network.export(args.output, args.target, args.heap):
        yield "%s: %r, %s bytes" % (path, network, _grouped(os.path.getsize(path)))


def explain(args: "Arguments") -> "Iterator[str]":
    from .explain import Explanation, Terminal, as_html, as_latex
    from .explain.text import lines

    form = _form("explain", args.output, args.format, _FORMS) or "text"
    network = _network(args)
    row, where = _one_sample(args, network)
    whole = Explanation(network, row, where, args.neuron)
    if form == "text" and args.output is None:
        yield from lines(whole, Terminal.of(sys.stdout))
        return
    text = as_html(whole) if form == "html" else as_latex(whole) if form == "latex" else "\n".join(lines(whole)) + "\n"
    yield _written(text, args.output)


def plot(args: "Arguments") -> "Iterator[str]":
    from .explain import Plot, Terminal

    _form("plot", args.output, None, {".svg": "svg"})
    for k, name in enumerate(args.names):
        if name in args.names[:k]:
            raise _Mistake("%s is given twice" % name)
    curves = Plot(args.names, derivative=args.derivative)
    if args.output is None:
        yield curves.text(Terminal.of(sys.stdout))
    else:
        yield _written(curves.svg(), args.output)


def bench(args: "Arguments") -> "Iterator[str]":
    from .bench import compared, contenders, machine, table, timed
    from .progress import Progress

    for option in ("scale", "invert", "mean", "deviation"):
        _needs(args, option, "samples")
    network = _network(args)
    samples = _samples_to_time(network, args)
    rivals, notes = contenders(network, samples)
    with Progress("timing", 2 * args.rounds * len(rivals)) as progress:
        alone, together = timed(rivals, args.rounds, progress.advance)
    origin = "random, from 0 to 1" if args.samples is None else "from %s" % args.samples
    yield "%r on %s" % (network, machine())
    yield "%d samples (%s), %d rounds, medians, ratios to the reference\n" % (len(samples), origin, args.rounds)
    yield from table(compared(alone, together, "reference"))
    yield from [""] + notes


# ---- what they take


def _option(*names: str, **settings: "Any") -> "Tuple[Tuple[str, ...], Dict[str, Any]]":
    return names, settings


def _divisor(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < abs(number) < float("inf"):
        raise argparse.ArgumentTypeError("expected a number other than 0, found %r" % text)
    return number


def _numbers_of(text: str) -> "List[float]":
    numbers = [_divisor(number) if float(number) else 0.0 for number in text.split(",")] if _is_numbers(text) else []
    if not numbers:
        raise argparse.ArgumentTypeError("expected numbers with commas between them, found %r" % text)
    return numbers


def _from(low: int) -> "Callable[[str], int]":
    """A reader of whole numbers that are at least `low`."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError("expected a whole number, at least %d, found %r" % (low, text))
        return int(text)

    return whole_number


def _neuron(text: str) -> "Tuple[int, int]":
    layer, _, index = text.partition(":")
    if not (layer.isdecimal() and index.isdecimal()):
        raise argparse.ArgumentTypeError("expected LAYER:INDEX, both counted from 1, as in 1:2, found %r" % text)
    return int(layer), int(index)


_READ = "CSV, JSON, .npy, IDX (also gzipped), PGM or PNG; - is standard input"
_KINDS = "safetensors, ONNX, PyTorch, scikit-learn, Keras, TFLite; or arrays: .npz, pickle"
MODEL = _option("model", metavar="MODEL", help="a network: %s; - is standard input" % _KINDS)
DESTINATION = _option("destination", metavar="DESTINATION", help="the file to write, .safetensors")
INPUT = _option("inputs", metavar="INPUT", nargs="+", help="samples: " + _READ)
INPUTS = _option("inputs", metavar="INPUTS", help="samples: " + _READ)
EXPECTED = _option("expected", metavar="LABELS", help="the right answer for each: CSV, JSON, .npy or IDX")
ACTIVATIONS = _option(
    "--activations",
    metavar="NAME,...",
    help="one for each layer, where MODEL holds only arrays: relu,leaky_relu(0.2),softmax",
)
ORDER = _option(
    "--order",
    metavar="NAME,...",
    help="the layers from first to last, where MODEL holds only arrays and does not tell it: input,hidden,output",
)
LABELS = _option("--labels", metavar="NAME,...", help="what the outputs are called; or a file, a name on each line")
PREPARATION = (
    _option("--scale", metavar="S", type=_divisor, help="divide the inputs by S: 255 for pixels"),
    _option("--invert", action="store_const", const=True, help="with --scale S: turn x / S into 1 - x / S"),
    _option("--mean", metavar="M,...", type=_numbers_of, help="then subtract M, one number or one for each input"),
    _option(
        "--deviation", metavar="D,...", type=_numbers_of, help="then divide by D, one number or one for each input"
    ),
)
JOBS = _option("--jobs", metavar="N", type=_from(0), default=1, help="share the work among N processes; 0: one a core")
TOP = _option("--top", metavar="K", type=_from(1), help="the K largest outputs, the largest first")
QUANTIZE = _option("--quantize", metavar="SAMPLES", help="make it an integer network, calibrated on samples: " + _READ)
BITS = _option("--bits", metavar="N", type=_from(2), help="of an integer network's weights: 2 to 16, 8 if not given")
OUTPUT = _option("-o", "--output", metavar="FILE", required=True, help="the file to write, NAME.py")
TARGET = _option(
    "--target",
    choices=("python", "micropython", "microbit"),
    default="python",
    help="where it is to run: python (the default), micropython or microbit; boards take integer networks",
)
HEAP = _option("--heap", metavar="BYTES", type=_from(1), help="refuse what needs more of a board's heap")
SAMPLES = _option("--samples", metavar="FILE", help="what to run it on, instead of random numbers: " + _READ)
ROUNDS = _option("--rounds", metavar="N", type=_from(1), default=15, help="how often each has its turn, 15 times")
SAMPLE = _option("input", metavar="INPUT", help="a sample: numbers as in 1.0,0.5, or a file: " + _READ)
NUMBER = _option("--sample", metavar="K", type=_from(1), default=1, help="which one of many, counted from 1")
NEURON = _option(
    "--neuron",
    metavar="LAYER:INDEX",
    type=_neuron,
    action="append",
    help="a neuron to write out term by term, counted from 1: 1:2 is a_2 of layer 1; may be repeated",
)
FORM = _option(
    "--format", choices=("text", "latex", "html"), help="text, latex or html; if not given, what FILE's name says"
)
PAGE = _option("-o", "--output", metavar="FILE", help="the file to write instead: .txt, .tex, .html or .htm")
PICTURE = _option("-o", "--output", metavar="FILE", help="the file to write instead, .svg")
NAMES = _option("names", metavar="NAME", nargs="+", help="activations: sigmoid, leaky_relu(0.2), softmax")
DERIVATIVE = _option("--derivative", action="store_true", help="draw the derivatives as well")
FORMAT = _option("--format", choices=("text", "json", "csv"), default="text", help="how to print it: text, json or csv")

# function, what it does, what it takes, an example
COMMANDS = (
    (demo, "show every number of a small network at work", (), "purenn demo"),
    (
        info,
        "tell what a model holds: layers, shapes, parameters, operations, bytes",
        (MODEL, ACTIVATIONS, ORDER, LABELS),
        "purenn info model.safetensors",
    ),
    (
        predict,
        "run a network on samples",
        (MODEL, INPUT, ACTIVATIONS, ORDER, LABELS, *PREPARATION, TOP, FORMAT, JOBS),
        "purenn predict model.safetensors digit.png --scale 255 --top 3",
    ),
    (
        evaluate,
        "run a network on samples whose labels are known; the last line is the accuracy",
        (MODEL, INPUTS, EXPECTED, ACTIVATIONS, ORDER, LABELS, *PREPARATION, JOBS),
        "purenn evaluate model.safetensors t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz --scale 255",
    ),
    (
        convert,
        "write a network as safetensors, with its architecture",
        (MODEL, DESTINATION, ACTIVATIONS, ORDER, LABELS, QUANTIZE, BITS, *PREPARATION),
        "purenn convert weights.pkl model.safetensors --activations sigmoid,sigmoid,softmax",
    ),
    (
        export,
        "write a network as Python source that runs without purenn, also on a board",
        (MODEL, OUTPUT, TARGET, HEAP, ACTIVATIONS, ORDER, LABELS, QUANTIZE, BITS, *PREPARATION),
        "purenn export model.safetensors -o model.py",
    ),
    (
        explain,
        "show every number of a forward pass: as text, LaTeX or a web page",
        (MODEL, SAMPLE, NUMBER, NEURON, PAGE, FORM, ACTIVATIONS, ORDER, LABELS, *PREPARATION),
        "purenn explain model.safetensors digit.png --scale 255 -o page.html",
    ),
    (
        plot,
        "draw activations as curves, in the terminal or as SVG",
        (NAMES, PICTURE, DERIVATIVE),
        "purenn plot sigmoid relu --derivative -o activations.svg",
    ),
    (
        bench,
        "time every way to run a network on this machine, NumPy included if it is there",
        (MODEL, ACTIVATIONS, ORDER, LABELS, SAMPLES, *PREPARATION, ROUNDS),
        "purenn bench model.safetensors --samples t10k-images-idx3-ubyte.gz --scale 255",
    ),
)


_CALIBRATED = 500  # samples, about
_FORMS = {".txt": "text", ".tex": "latex", ".html": "html", ".htm": "html"}
_DEFAULT_BITS = 8
_DEFAULT_TABLE, _BOARD_TABLE = 1 << 15, 256  # entries of a table
_MOST_TIMED, _MOST_MULTIPLICATIONS = 20, 2000000  # samples, and what they may cost the slowest in a turn


# ---- running one


def main(arguments: "Optional[Sequence[str]]" = None) -> int:
    """Run the command that the arguments (those of the process) name; the exit status."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except BrokenPipeError:
        return _failed("error: standard output was closed before all was written")
    except OSError as error:
        where = "" if error.filename is None else "%s: " % error.filename
        return _failed("error: %s%s" % (where, error.strerror or error))
    except ValueError as error:  # a ModelFormatError, an UnsupportedError, a ShapeError, a _Mistake
        return _failed("error: %s" % error)
    except MemoryError:
        return _failed("error: not enough memory")


def _run(arguments: "Optional[Sequence[str]]") -> int:
    if sys.stdout is None:
        raise BrokenPipeError
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name no terminal can show is no reason to stop
    try:
        args = _parser().parse_args(arguments)
        for line in args.function(args):
            sys.stdout.write(line + "\n")
    except SystemExit:  # --help and --version, which have printed what they had to
        pass
    sys.stdout.flush()
    return 0


def _failed(message: str, status: int = 2) -> int:
    try:
        sys.stdout.flush()
    except OSError:  # what is left to write goes nowhere: the interpreter would complain when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except AttributeError:
        pass  # it was closed from the start
    if sys.stderr is not None:
        sys.stderr.write("purenn: %s\n" % _printable(" ".join(message.split("\n"))))
    return status


def _printable(text: "Any") -> str:
    r"""Text from a file or a file's name, unable to move the cursor or to begin a line.

    >>> print(_printable("red:\x1b[31m"))
    red:\x1b[31m
    """
    return "".join([c if c.isprintable() else repr(c)[1:-1] for c in str(text)])


class _Mistake(ValueError):
    """Arguments that make no sense."""


class _Once(argparse.Action):
    """Keeps the value of an option, which may not be given twice: argparse would keep the last without a word."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: "Arguments", values: "Any", option: "Optional[str]" = None
    ) -> None:
        given = namespace.__dict__.setdefault("given", set())
        if option is not None and self.dest in given:
            raise argparse.ArgumentError(self, "given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **settings: "Any") -> None:
        super().__init__(**settings)
        self.register("action", None, _Once)  # of what has no other

    def error(self, message: str) -> "NoReturn":
        raise _Mistake("%s (%s --help tells more)" % (message, self.prog))


def _parser() -> argparse.ArgumentParser:
    description = "Trained neural networks, run by nothing but Python."
    parser = _Parser(prog="purenn", description=description, allow_abbrev=False)
    parser.add_argument("--version", action="version", version="purenn " + __version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for function, what, options, example in COMMANDS:
        command = commands.add_parser(
            function.__name__,
            help=what,
            description=what[0].upper() + what[1:] + ".",
            epilog="example:\n  " + example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(function=function)
        for names, settings in options:
            command.add_argument(*names, **settings)
    return parser


def _network(args: "Arguments") -> Network:
    from .formats.samples import read_names

    labels = args.labels
    if labels is not None:
        labels = read_names(labels) if os.path.isfile(labels) else [name.strip() for name in labels.split(",")]
    network = load(_input(args.model), activations=args.activations, labels=labels, order=args.order)
    return _prepared(network, args)


def _prepared(network: Network, args: "Arguments") -> Network:
    """The network behind what the options say is done to its inputs first: (x / scale - mean) / deviation."""
    given = {what: getattr(args, what, None) for what in ("scale", "invert", "mean", "deviation")}
    named = ["--" + what for what, value in given.items() if value]
    if not named:
        return network
    for k, layer in enumerate(split_at_quantize(network)[0], 1):
        if is_affine(layer):
            raise _Mistake("%s: layer %d (%s) of the network prepares the inputs already" % (" ".join(named), k, layer))
    for what in ("mean", "deviation"):
        numbers, each = given[what] or [0.0], network.input_shape[-1]
        if len(numbers) not in (1, each):
            raise _Mistake("--%s: expected one number or one for each input, %d, found %d" % (what, each, len(numbers)))
    if given["invert"] and not given["scale"]:
        raise _Mistake("--invert: say what the largest input is, as in --scale 255 --invert")
    layers: "List[Any]" = []
    if given["scale"]:
        layers.append(Normalize(given["scale"], -given["scale"]) if given["invert"] else Normalize(0.0, given["scale"]))
    if given["mean"] or given["deviation"]:
        layers.append(Normalize(given["mean"] or 0.0, given["deviation"] or 1.0))
    wires = [(k,) for k in range(len(layers))] + [tuple([j + len(layers) for j in wire]) for wire in network.wires]
    return network.replace(layers=tuple(layers) + network.layers, wires=wires)


def _needs(args: "Arguments", option: str, needed: str) -> None:
    """An option that does nothing without another is a mistake."""
    if getattr(args, option) is not None and getattr(args, needed) is None:
        raise _Mistake("--%s changes nothing without --%s" % (option, needed))


def _quantized(network: Network, args: "Arguments", table_entries: int = _DEFAULT_TABLE) -> Network:
    from .formats.samples import read_samples

    rows = read_samples(_input(args.quantize), network.inputs, network.names)
    chosen = rows[:: max(1, len(rows) // _CALIBRATED)]  # spread over the file, more would change little
    bits = args.bits or _DEFAULT_BITS
    small = network.quantize(chosen, bits, table_entries=table_entries)
    small.notes = network.notes + ["quantised to %d bits on %d samples" % (bits, len(chosen))]
    return small


def _samples_to_time(network: Network, args: "Arguments") -> "List[List[float]]":
    """Samples to time a network on: of a file, spread over it, or random ones; few of a large network."""
    from random import Random

    from .formats.samples import read_samples

    most = max(1, min(_MOST_TIMED, _MOST_MULTIPLICATIONS // max(1, network.multiplications)))
    if args.samples is None:
        numbers = Random(0)
        return [[numbers.random() for _ in range(network.inputs)] for _ in range(most)]
    rows = read_samples(_input(args.samples), network.inputs, network.names)
    return [list(row) for row in rows[:: max(1, len(rows) // most)][:most]]


def _one_sample(args: "Arguments", network: Network) -> "Tuple[Sequence[float], str]":
    """The sample to be explained, and what to call it."""
    from .formats.samples import read_samples

    if _is_numbers(args.input) and not os.path.exists(args.input):
        source = Source(args.input.encode())
        source.name = args.input
    else:
        source = _input(args.input)
    rows = read_samples(source, network.inputs, network.names)
    if args.sample > len(rows):
        raise ShapeError("%s: there is no sample %d, the last one is %d" % (source.name, args.sample, len(rows)))
    row = rows[args.sample - 1]
    where = source.name if len(rows) == 1 else "%s, sample %d" % (source.name, args.sample)
    return row, where


def _is_numbers(text: str) -> bool:
    """Whether an argument is numbers with commas between them, and no name of a file.

    >>> _is_numbers("1.0,-0.5"), _is_numbers("digit.png"), _is_numbers("-")
    (True, False, False)
    """
    try:
        return len([float(number) for number in text.split(",")]) > 0
    except ValueError:
        return False


def _form(command: str, path: "Optional[str]", wished: "Optional[str]", forms: "Dict[str, str]") -> "Optional[str]":
    """What to write in a file: what its name says (`forms`, by the ending), which must be what is wished for."""
    if path is None:
        return wished
    ending, endings = os.path.splitext(path)[1].lower(), ", ".join(forms)
    if ending not in forms and (ending or wished is None or path == "-"):
        raise _Mistake("%s: %s writes files that end in %s" % (path, command, endings))
    if wished not in (None, forms.get(ending, wished)):
        raise _Mistake("%s: its name says %s, --format says %s" % (path, forms[ending], wished))
    return forms.get(ending, wished)


def _written(text: str, path: "Optional[str]") -> str:
    """The text itself where there is no file to write; else what was written.  A page says that it is UTF-8."""
    if path is None:
        if not sys.stdout.isatty() and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        return text.rstrip("\n")
    with written_whole(path) as file:
        file.write(text.encode("utf-8"))
    return "%s: %s bytes" % (path, _grouped(os.path.getsize(path)))


def _input(file: "Union[str, Source]") -> Source:
    if file != "-":
        return Source(file)
    if sys.stdin is None:
        raise _Mistake("standard input is closed")
    source = Source(sys.stdin.buffer.read())
    source.name = "<stdin>"
    return source


def _outputs(
    what: str, network: Network, rows: "Sequence[Sequence[float]]", args: "Arguments"
) -> "Generator[List[float], None, None]":
    """The outputs for each row, behind a progress bar; to be closed, for an interrupt leaves both where they are."""
    from .jobs import predictions
    from .progress import Progress

    with Progress(what, len(rows)) as progress, closing(predictions(network, rows, args.jobs)) as answers:
        for outputs in answers:
            progress.advance()
            yield outputs


# ---- info


def _about_network(network: Network) -> "Iterator[str]":
    yield "%r%s" % (network, "" if network.name is None else ", " + _printable(network.name))
    yield network.summary() + "\n"
    floats = "%s bytes as float32" % _grouped(4 * network.parameters)
    size = floats if split_at_quantize(network)[1] is None else "integers"
    yield "parameters  %s (%s)" % (_grouped(network.parameters), size)
    yield "operations  %s multiplications or divisions for one sample" % _grouped(network.multiplications)
    if network.names is not None:
        yield "inputs      %s" % ", ".join([_printable(name) for name in network.names])
    if network.labels is not None:
        yield "labels      %s" % ", ".join([_printable(label) for label in network.labels])
    for note in network.notes:
        yield "note        %s" % _printable(note)
    if _not_finite(network):
        yield "warning     %s of the parameters are NaN or infinite" % _grouped(_not_finite(network))


def _about_arrays(arrays: "Dict[str, Tensor]") -> "Iterator[str]":
    from .formats.models.named_arrays import notes_on, ordered_layers
    from .text import quote

    width = max([len(quote(name)) for name in arrays], default=0)
    for name, tensor in arrays.items():
        yield "%-*s  %-4s  %r" % (width, quote(name), tensor.dtype, tensor.shape)
    try:
        layers, reason = ordered_layers(arrays)
    except ValueError as error:
        yield "\nno network: %s" % error
        return
    yield ""
    for note in notes_on(layers, reason):
        yield "note  %s" % note
    yield "\narrays without an architecture: to run it, name an activation for each layer, as in"
    yield "--activations %s" % ",".join(["sigmoid"] * (len(layers) - 1) + ["softmax"])


def _not_finite(network: Network) -> int:
    number = 0
    for layer in network.layers:
        for _, matrix in layer.named_tensors():
            number += sum([value - value != 0 for row in matrix.tolist() for value in row])
    return number


def _grouped(number: int) -> str:
    return "{:,}".format(number)


def _counted(number: int, what: str) -> str:
    return "%s %s%s" % (_grouped(number), what, "" if number == 1 else "s")


# ---- predict


class Sample:
    """A row, where it came from (`file`, `place` in it from 1, whether it is `alone` there), and the answers to it."""

    def __init__(self, file: str, place: int, row: "Sequence[float]", alone: bool) -> None:
        self.file, self.place, self.row, self.alone = file, place, row, alone
        self.answers: "Answers" = None  # label and output; None is no class


def _largest(labels: "Sequence[Any]", outputs: "Sequence[float]", top: int) -> "Answers":
    """The `top` largest with their labels, the first of equal ones first; None where NaN is among the outputs."""
    if winner(outputs) is None:
        return None
    return [(labels[k], outputs[k]) for k in sorted(range(len(outputs)), key=lambda k: -outputs[k])[:top]]


def _as_text(samples: "Sequence[Sample]", labels: "Labels", top: "Optional[int]") -> "Iterator[str]":
    """FILE: 0.3 0.7, with the labels where there are some or an order other than the network's needs them."""
    for sample in samples:
        name = _printable(sample.file) + ("" if sample.alone else ", sample %d" % sample.place)
        if sample.answers is None:
            yield "%s: no class" % name
        elif labels is None and top is None:
            yield "%s: %s" % (name, " ".join(["%.8g" % output for _, output in sample.answers]))
        else:
            yield "%s: %s" % (name, ", ".join(["%s %.8g" % (_printable(label), y) for label, y in sample.answers]))


def _as_json(samples: "Sequence[Sample]", labels: "Labels", top: "Optional[int]") -> "Iterator[str]":
    """A list of objects; JSON has neither NaN nor infinities, they become null, and so does no class."""
    yield "["
    for sample in samples:
        answers = [(label, output if output - output == 0 else None) for label, output in sample.answers or []]
        entry: "Dict[str, Any]" = {"input": sample.file, "sample": sample.place}
        if top is None:
            entry["outputs"] = [output for _, output in answers]
        else:
            top_answers = [{"label": _json_label(label), "output": output} for label, output in answers]
            entry["top"] = None if sample.answers is None else top_answers
        yield json.dumps(entry, allow_nan=False) + ("" if sample is samples[-1] else ",")
    yield "]"


def _json_label(label: "Any") -> "Any":
    """A label as JSON has it; as text where JSON has nothing like it (NaN, bytes)."""
    if label is None or isinstance(label, (str, int)) or (isinstance(label, float) and label - label == 0):
        return label
    return str(label)


def _as_csv(samples: "Sequence[Sample]", labels: "Labels", top: "Optional[int]") -> "Iterable[str]":
    """A column for each output, or two, label and output, for each of the largest; no class leaves them empty."""
    if top is None:
        heads = [str(label) for label, _ in samples[0].answers or []]
    else:
        heads = [head % rank for rank in range(1, top + 1) for head in ("label %d", "output %d")]
    lines = [_csv_line(["input", "sample"] + heads)]
    for sample in samples:
        cells = [""] * len(heads) if sample.answers is None else []
        for label, output in sample.answers or []:
            cells += [repr(output)] if top is None else [str(label), repr(output)]
        lines.append(_csv_line([sample.file, str(sample.place)] + cells))
    return lines


def _csv_line(cells: "Sequence[str]") -> str:
    """A line as CSV: every cell to the letter, for programs; on a terminal without what would play with it."""
    if sys.stdout.isatty():
        cells = [_printable(cell) for cell in cells]
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # it quotes line breaks that end its own lines
    text = line.getvalue()[:-2]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding, "backslashreplace" if sys.stdout.isatty() else "strict")
    except UnicodeEncodeError as error:
        lost = text[error.start : error.end]
        raise _Mistake("%s has no %.20r: CSV would not be exact, --format json is" % (encoding, lost)) from None
    return text


PRINTERS = {"text": _as_text, "json": _as_json, "csv": _as_csv}


# ---- evaluate


def _places(network: Network, labels: "Sequence[Any]", file: str) -> "List[int]":
    """The output that each label of a file means."""
    from .formats.samples.labels import places

    try:
        return places(labels, network.labels, network.outputs)
    except ShapeError as error:
        raise ShapeError("%s: %s" % (file, error)) from None
