"""The arguments: the table of commands, the options of each, and how their text becomes numbers and sizes."""

from __future__ import annotations

import argparse
import re
import sys

from .. import __version__
from ..formats import FORMATS
from ..formats.samples.resize import METHODS
from ..text import did_you_mean, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, NoReturn, Sequence, Tuple

    Option = Tuple[Tuple[str, ...], Dict[str, Any]]


class Mistake(ValueError):
    """Arguments that make no sense."""


# ---- text becomes values


def is_numbers(text: str) -> bool:
    """Whether an argument is numbers with commas or spaces between them.

    >>> is_numbers("1.0,-0.5"), is_numbers("1.0 -0.5"), is_numbers("digit.png"), is_numbers("-")
    (True, True, False, False)
    """
    try:
        return len([float(number) for number in (text.split(",") if "," in text else text.split())]) > 0
    except ValueError:
        return False


def column_names(text: str) -> list[str]:
    """Columns by name or number, with commas between them; a name that has a comma stands in quotes.

    >>> column_names('width, 3-5,"size, in mm"')
    ['width', '3-5', 'size, in mm']
    """
    import csv

    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(names) or not names:
        raise argparse.ArgumentTypeError("expected columns with commas between them, as in width,3-5, found %r" % text)
    return names


def _divisor(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < abs(number) < float("inf"):
        raise argparse.ArgumentTypeError("expected a number other than 0, found %r" % text)
    return number


def _numbers(text: str) -> list[float]:
    numbers = [_divisor(number) if float(number) else 0.0 for number in text.split(",")] if is_numbers(text) else []
    if not numbers:
        raise argparse.ArgumentTypeError("expected numbers with commas between them, found %r" % text)
    return numbers


def _from(low: int) -> Callable[[str], int]:
    """A reader of whole numbers that are at least `low`."""

    def whole_number(text: str) -> int:
        if not re.match(r"[0-9]{1,18}\Z", text) or int(text) < low:
            raise argparse.ArgumentTypeError("expected a whole number, at least %d, found %r" % (low, text))
        return int(text)

    return whole_number


def size(text: str) -> int:
    """A number of bytes, in kilobytes (K), megabytes (M), gigabytes (G) or terabytes (T) where a letter says so.

    >>> size("1048576"), size("64M"), size("1.5g")
    (1048576, 67108864, 1610612736)
    """
    match = re.match(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)([KMGT]?)(?:i?B)?\Z", text, re.IGNORECASE)
    bytes_ = int(float(match.group(1)) * 1024 ** " KMGT".index(match.group(2).upper() or " ")) if match else 0
    if not bytes_:
        raise argparse.ArgumentTypeError("expected a size such as 64M or 2G, found %r" % text)
    return bytes_


def sides(text: str) -> tuple[int, ...]:
    """A shape, with an x between its sides.

    >>> sides("3x32x32"), sides("784")
    ((3, 32, 32), (784,))
    """
    if not re.match(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,7}\Z", text):
        raise argparse.ArgumentTypeError("expected a shape such as 3x32x32, found %r" % text)
    return tuple([int(side) for side in text.split("x")])


def _neuron(text: str) -> str | tuple[int, int | range | str | tuple[int, ...]]:
    """Which neurons: "all", or of a layer one, all, some in a row, or one by its row, column and channel.

    >>> _neuron("all"), _neuron("1:2"), _neuron("1:*"), _neuron("1:1-3"), _neuron("1:3,5,2")
    ('all', (1, 2), (1, '*'), (1, range(1, 4)), (1, (3, 5, 2)))
    """
    match = re.match(r"([0-9]{1,9}):(?:(\*)|([0-9]{1,9})-([0-9]{1,9})|([0-9]{1,9}(?:,[0-9]{1,9})*))\Z", text)
    if text == "all":
        return text
    if not match or (match.group(3) and int(match.group(3)) > int(match.group(4))):
        expected = (
            "expected LAYER:INDEX, both counted from 1, as in 1:2, 1:1-3, 1:* or all, found %r; "
            "in pictures LAYER:ROW,COL,CHANNEL"
        )
        raise argparse.ArgumentTypeError(expected % text)
    layer, every, first, last, one = match.groups()
    if every or first:
        return int(layer), every or range(int(first), int(last) + 1)
    index = tuple([int(number) for number in one.split(",")])
    return int(layer), index if len(index) > 1 else index[0]


def _range(text: str) -> tuple[float, float]:
    """Two numbers, the second one larger.

    >>> _range("-4:4"), _range(" -1e1:-.5")
    ((-4.0, 4.0), (-10.0, -0.5))
    """
    try:
        low, high = [float(number) for number in text.split(":")]
    except ValueError:
        low = high = 0.0
    if not (low < high and high - low < float("inf")):
        raise argparse.ArgumentTypeError("expected LOW:HIGH, two numbers as in -4:4, found %r" % text.strip())
    return low, high


# ---- options


def _option(*names: str, **settings: Any) -> Option:
    if "default" in settings:
        settings["help"] += " (default: %(default)s)"
    return names, settings


_READ = "CSV, JSON, JSON Lines, .npy, IDX (also gzipped), PGM or PNG; - is standard input"
_MODELS = ", ".join([row.title for row in FORMATS])

MODEL = _option("model", metavar="MODEL", help="a network (%s); - is standard input" % _MODELS)
DESTINATION = _option("destination", metavar="DESTINATION", nargs="?", help="the file to write, NAME.safetensors")
CONVERTED = _option("-o", "--output", metavar="FILE", help="the same as DESTINATION; - is standard output")
INPUTS = _option("inputs", metavar="INPUT", nargs="+", help="samples: numbers, as in 1.0,0.5, or files: " + _READ)
TESTED = _option("tested", metavar="INPUTS", help="samples: " + _READ)
EXPECTED = _option(
    "expected",
    metavar="LABELS",
    nargs="?",
    help="the right answer for each sample: CSV, JSON, .npy or IDX; - is standard input",
)
TARGET_COLUMN = _option(
    "--target",
    metavar="COLUMN",
    type=column_names,
    help="instead of LABELS: the column of INPUTS with the right answers, by its name or number; several where a "
    "network has several outputs that are numbers",
)
TASK = _option(
    "--task",
    choices=("classification", "regression"),
    help="what the outputs are, where the network does not tell: figures for classes, or numbers",
)
REPORT = _option(
    "--report", metavar="FILE", help="write a page with the figures and the worst mistakes as well: .html or .htm"
)
FIGURES = _option("--format", choices=("text", "json"), default="text", help="text, or json with every figure")
TABLE = (
    _option(
        "--columns",
        metavar="COLUMN,...",
        type=column_names,
        help="of a table, the inputs in their order: columns by name or number, as in width,3-5",
    ),
    _option("--drop", metavar="COLUMN,...", type=column_names, help="of a table, the columns that are no inputs"),
    _option(
        "--decimal",
        choices=(".", ","),
        help="what stands before the fraction of a number: . or , (otherwise a comma only where ; separates)",
    ),
    _option(
        "--separator",
        metavar="CHARACTER",
        help="what stands between fields: a character, tab or space (otherwise the first of tab, ; and , in line 1)",
    ),
)
TABLE_OPTIONS = ("columns", "drop", "decimal", "separator")
SAMPLE = _option(
    "input",
    metavar="INPUT",
    nargs="?",
    help="a sample: numbers, as in 1.0,0.5, or a file: %s; without it, the network is explained and no pass" % _READ,
)
NAMES = _option("names", metavar="NAME", nargs="+", help='activations, as in sigmoid softmax "leaky_relu(0.2)"')
LOADING = (
    _option(
        "--activations",
        metavar="NAME,...",
        help='where MODEL holds only arrays: the activation of each layer, as in "relu,leaky_relu(0.2),softmax"',
    ),
    _option(
        "--order",
        metavar="NAME,...",
        help="where MODEL holds only arrays, in no clear order: its layers from first to last, as in "
        "input,hidden,output",
    ),
    _option(
        "--architecture",
        metavar="TEXT",
        help='where MODEL holds only arrays: all its layers, as in "conv 5x5 relu, maxpool 2, dense relu, dense '
        'softmax"',
    ),
    _option(
        "--channels",
        choices=("first", "last"),
        help="with --architecture: where the arrays of convolutions, and pictures, have their channels, if both fit",
    ),
    _option(
        "--input-shape",
        metavar="AxBxC",
        type=sides,
        help="the shape of a sample, as in 3x32x32, where MODEL is modules or arrays that do not give it",
    ),
    _option("--labels", metavar="NAME,...", help="names of the outputs; or a file with a name on each line"),
    _option(
        "--memory",
        metavar="SIZE",
        type=size,
        help="how much memory reading a file may take, as in 512M or 2G (default: 64M and 20 times the file)",
    ),
)
PREPARATION = (
    _option("--scale", metavar="S", type=_divisor, help="divide the inputs by S: 255 for pixels"),
    _option("--invert", action="store_const", const=True, help="with --scale S: use 1 - x / S instead of x / S"),
    _option("--mean", metavar="M,...", type=_numbers, help="then subtract M: one number, or one for each input"),
    _option("--deviation", metavar="D,...", type=_numbers, help="then divide by D: one number, or one for each input"),
)
RESIZE = _option("--resize", choices=METHODS, help="bring a picture to the size that the network takes")
JOBS = _option(
    "--jobs", metavar="N", type=_from(0), default=1, help="share the work among N processes; 0: one for each core"
)
TOP = _option("--top", metavar="K", type=_from(1), help="print only the K largest outputs, the largest first")
QUANTIZE = _option("--quantize", metavar="SAMPLES", help="make an integer network, calibrated on samples: " + _READ)
BITS = _option("--bits", metavar="N", type=_from(2), help="bits of an integer network's weights: 2 to 16 (default: 8)")
MODULE = _option(
    "-o", "--output", metavar="FILE", required=True, help="the file to write, NAME.py; - is standard output"
)
TARGET = _option(
    "--target",
    choices=("python", "micropython", "microbit"),
    default="python",
    help="where it will run: python, micropython or microbit; boards need integer networks",
)
HEAP = _option("--heap", metavar="BYTES", type=_from(1), help="refuse a network that needs more of a board's heap")
TIMED = _option("--samples", metavar="FILE", help="samples to run it on, instead of random numbers: " + _READ)
ROUNDS = _option("--rounds", metavar="N", type=_from(1), default=15, help="how many times each takes its turn")
NUMBER = _option("--sample", metavar="K", type=_from(1), default=1, help="which sample of the file, counted from 1")
NEURON = _option(
    "--neuron",
    metavar="LAYER:INDEX",
    type=_neuron,
    action="append",
    help="a neuron to write out term by term, counted from 1: 1:2 is a_2 of layer 1, 1:1-3 its first three, 1:* all of "
    "them, and 1:3,5,2 row 3, column 5 of channel 2; may be repeated; or all, those of every layer",
)
FORM = _option(
    "--format", choices=("text", "latex", "html"), help="text, latex or html (default: by the ending of FILE)"
)
PAGE = _option("-o", "--output", metavar="FILE", help="write a file: .txt, .tex, .html or .htm; - is standard output")
PICTURE = _option("-o", "--output", metavar="FILE", help="write a file: .svg; - is standard output, as SVG")
RANGE = _option("--range", metavar="LOW:HIGH", type=_range, help="where x begins and ends, as in -4:4 (default: -6:6)")
DERIVATIVE = _option("--derivative", action="store_true", help="draw the derivatives as well")
FORMAT = _option(
    "--format",
    choices=("text", "json", "jsonl", "csv"),
    default="text",
    help="text, json (a list), jsonl (an object on each line) or csv; JSON has neither NaN nor infinity, both become "
    "null",
)

# module, what it does, what it takes, an example
COMMANDS = (
    ("demo", "show every number of a small network at work", (), "purenn demo"),
    (
        "info",
        "show what a model holds: layers, shapes, parameters, operations, bytes",
        (MODEL, *LOADING),
        "purenn info model.safetensors",
    ),
    (
        "predict",
        "run a network on samples",
        (MODEL, INPUTS, *TABLE, *LOADING, *PREPARATION, RESIZE, TOP, FORMAT, JOBS),
        "purenn predict model.safetensors digit.png --scale 255 --top 3",
    ),
    (
        "evaluate",
        "tell how well a network does; the last line is the accuracy or R2",
        (MODEL, TESTED, EXPECTED, TARGET_COLUMN, *TABLE, TASK, FIGURES, REPORT, *LOADING, *PREPARATION, JOBS),
        "purenn evaluate model.safetensors t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz --scale 255",
    ),
    (
        "convert",
        "write a network as safetensors, with its architecture",
        (MODEL, DESTINATION, CONVERTED, *LOADING, QUANTIZE, BITS, *TABLE, *PREPARATION),
        "purenn convert weights.pkl model.safetensors --activations sigmoid,sigmoid,softmax",
    ),
    (
        "export",
        "write a network as Python source that runs without purenn, also on a board",
        (MODEL, MODULE, TARGET, HEAP, *LOADING, QUANTIZE, BITS, *TABLE, *PREPARATION),
        "purenn export model.safetensors -o model.py",
    ),
    (
        "explain",
        "show every number of a forward pass: as text, LaTeX or a web page",
        (MODEL, SAMPLE, NUMBER, NEURON, PAGE, FORM, *TABLE, *LOADING, *PREPARATION, RESIZE),
        "purenn explain model.safetensors digit.png --scale 255 -o page.html",
    ),
    (
        "plot",
        "draw activations as curves, in the terminal or as SVG",
        (NAMES, PICTURE, DERIVATIVE, RANGE),
        "purenn plot sigmoid relu --derivative -o activations.svg",
    ),
    (
        "bench",
        "time every way to run a network on this machine",
        (MODEL, *LOADING, TIMED, *TABLE, *PREPARATION, ROUNDS),
        "purenn bench model.safetensors --samples t10k-images-idx3-ubyte.gz --scale 255",
    ),
)


# ---- parsing


class _Once(argparse.Action):
    """Keeps the value of an option, which may not be given twice: argparse would silently keep the last."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        given = namespace.__dict__.setdefault("given", set())
        if option is not None and self.dest in given:
            raise argparse.ArgumentError(self, "given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **settings: Any) -> None:
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **settings,
        )
        self.register("action", None, _Once)  # for arguments that name no action

    def error(self, message: str) -> NoReturn:
        raise Mistake("%s (%s --help tells more)" % (message, self.prog))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = (quote(repr(value), 40), did_you_mean(value, action.choices), ", ".join(action.choices))
            raise argparse.ArgumentError(action, "invalid choice: %s%s, known are: %s" % what)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments (by default those of the process) by name; `command` is the module to run."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        args = _arguments([" " + word if _begins_with_a_negative(word) else word for word in words])
    except Mistake:
        _check_options(words)
        raise
    files = [getattr(args, name, None) for name in ("model", "tested", "expected", "input")]
    if (files + list(getattr(args, "inputs", None) or ())).count("-") > 1:
        raise Mistake("standard input can be read once, but - is given twice")
    return args


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    """The parsed words.  argparse gives nothing to an argument that may be left out if options stand before it."""
    parser = _parser()
    args, more = parser.parse_known_args(words)
    if more[:1] == ["--"]:
        del more[0]
    for name in ("expected", "destination", "input"):
        if getattr(args, name, more) is None and more and not more[0].startswith("-"):
            setattr(args, name, more.pop(0))
    if more:
        parser.error("unrecognized arguments: " + " ".join(more))
    return args


def _begins_with_a_negative(word: str) -> bool:
    """Whether a word is as -1.0,0.5 or -4:4: argparse takes it for an option unless a space stands before it."""
    is_one = re.match(r"-[0-9]*\.?[0-9]+\Z", word)
    return word.startswith("-") and is_numbers(word.replace(":", ",")) and not is_one


def _check_options(words: Sequence[str]) -> None:
    """Raise `Mistake` for a mistyped option, the likely reason of whatever else is wrong with the words."""
    for name, _, options, _ in COMMANDS:
        if words[:1] == [name]:
            known = [option for names, _ in options for option in names if option.startswith("--")]
            for word in words[: words.index("--")] if "--" in words else words:
                option = word.partition("=")[0]
                hint = did_you_mean(option, known) if option.startswith("-") and option not in known else ""
                if hint:
                    raise Mistake("unrecognized arguments: %s%s" % (quote(word, 40), hint))


def _parser() -> argparse.ArgumentParser:
    description = "Trained neural networks, run by nothing but Python."
    parser = _Parser(prog="purenn", description=description, epilog=_formats())
    parser.add_argument("--version", action="version", version="purenn " + __version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, what, options, example in COMMANDS:
        description = what[0].upper() + what[1:] + "."
        command = commands.add_parser(name, help=what, description=description, epilog="example:\n  " + example)
        command.set_defaults(command=name)
        for names, settings in options:
            command.add_argument(*names, **settings)
    return parser


def _formats() -> str:
    """The formats of models, one on a line, for --help."""
    width = max([len(row.title) for row in FORMATS])
    rows = ["  %-*s  %s" % (width, row.title, row.endings) for row in FORMATS]
    return "\n".join(["formats of models, recognised by what a file holds:"] + rows)


def needs(args: argparse.Namespace, option: str, needed: str) -> None:
    """Raise `Mistake` where an option is given without the one that gives it an effect."""
    if getattr(args, option) is not None and getattr(args, needed) is None:
        raise Mistake("--%s changes nothing without --%s" % (option, needed))
