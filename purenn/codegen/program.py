"""Code: the lines of a program, written by emitters; Program: the finished program."""

from __future__ import annotations

import math
from _thread import allocate_lock

from ..rows import size
from .runtime import columns, once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence, Union

    from ..activation import Activation
    from ..layers.dense import Dense
    from .plan import Plan

    Value = Union[list[str], str]

__all__ = ["Code", "Name", "Program", "UNROLLED"]
_SMALL = 100  # numbers of a value with a variable for each; packing and unpacking more costs too much
UNROLLED = 4000  # multiplications of a network that is unrolled in an export
_BY_NAMES = ("unrolled", "elementwise")  # emitters that gain from a variable for each number of a sample
_TERMS = 40  # in an expression: one of thousands nests too deeply for parsers
_MATH = {name: getattr(math, name) for name in ("exp", "expm1", "erfc", "inf", "log", "nan", "tanh")}


class Name(str):
    """The name of a constant."""

    __slots__ = ()


class _Block:
    """Redirects lines and sets their indentation, in a with statement."""

    def __init__(self, code: Code, lines: list[str], indent: str) -> None:
        self._code, self._inside, self._outside = code, (lines, indent), (code.lines, code._indent)

    def __enter__(self) -> None:
        self._code.lines, self._code._indent = self._inside

    def __exit__(self, *error: Any) -> None:
        self._code.lines, self._code._indent = self._outside


class Code:
    """The lines of one program, and the names that they use.

    `lines` are those of ``predict(x)``; `entries` holds those of other functions, by their heads: ``sums(x)``.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.network, self.dialect = plan.network, plan.dialect
        self.layers = self.network.layers
        self.lines: list[str] = []
        self.entries: dict[str, list[str]] = {}
        self.at_end: list[Callable[[], None]] = []  # called when all lines of ``predict`` are written
        self.is_small = _is_small(plan)
        self.objects: dict[str, Any] = {}  # in process: the value of each name
        self.texts: dict[str, str] = {}  # exported: the lines that define it
        self._indent = "    "
        self._unpacked = ""  # the line that unpacks the sample, until it is written
        self._by_rows = -1  # the layer that is being written for one row

    # ---- the network

    def layer(self, k: int) -> Any:
        """Layer number k, from 1."""
        return self.layers[k - 1]

    def size(self, k: int) -> int:
        """How many numbers a sample of value k has; value 0 is the input."""
        return self.width(k) if k == self._by_rows else size(self.network.shapes[k])

    def width(self, k: int) -> int:
        """How many numbers value k has along its last axis."""
        return self.network.shapes[k][-1]

    # ---- lines

    def line(self, text: str) -> None:
        """Add a line."""
        self.lines.append(self._indent + text)

    def block(self, header: str) -> _Block:
        """Lines below a header such as ``if x:``, in a with statement."""
        self.line(header)
        return _Block(self, self.lines, self._indent + "    ")

    def entry(self, head: str) -> _Block:
        """Lines of another function than ``predict(x)``, in a with statement."""
        self.entries[head] = []
        return _Block(self, self.entries[head], "    ")

    def assign(self, names: Sequence[str], forms: Sequence[str]) -> list[str]:
        """A line ``name = form`` for each; the names."""
        self.lines += ["%s%s = %s" % (self._indent, name, form) for name, form in zip(names, forms)]
        return list(names)

    def outputs(self, k: int, names: Sequence[str], forms: Sequence[str]) -> list[str]:
        """The output of layer k, by name; the forms themselves if they are only returned."""
        is_one_row = self.width(k) == self.size(k)  # forms of several rows share variables
        return list(forms) if k == len(self.layers) and is_one_row else self.assign(names, forms)

    def write_sum(self, name: str, terms: Sequence[str]) -> None:
        """The lines ``name = term + term + ...``, which add from left to right."""
        if self._unpacked:
            unpacked, self._unpacked = self._unpacked, ""
            with self.block("try:"):
                self.line(unpacked)
                self.write_sum(name, terms)
            self._fall_back(name)
            return
        for start in range(0, len(terms), _TERMS):
            self.line("%s = %s" % (name, " + ".join(([name] if start else []) + list(terms[start : start + _TERMS]))))

    def each_row(self, k: int, value: Value, write: Callable[[Value], Value]) -> Value:
        """The value of layer k, which `write` writes for one row along the last axis, for all such rows of a value."""
        (j,) = self.network.wires[k - 1]
        width, total = self.width(j), self.size(j)
        if width == total:
            return write(value)
        row = self.row(value, "z%d" % j)
        self.line("y%d = []" % k)
        self._by_rows = k
        with self.block("for at in range(0, %d, %d):" % (total, width)):
            self.line("part = %s[at:at + %d]" % (row, width))
            self.line("y%d.extend(%s)" % (k, self.row(write("part"), "z%d" % k)))
        self._by_rows = -1
        return "y%d" % k

    # ---- values

    def name(self, name: str, value: Value) -> None:
        """The line that names a value as a row, unless it already has that name."""
        if value != name:
            self.line("%s = %s" % (name, value if isinstance(value, str) else "(%s,)" % ", ".join(value)))

    def row(self, value: Value, name: str = "row") -> str:
        """A variable that holds a value as a row: its own, or a tuple made now and called `name`."""
        if isinstance(value, str):
            return value
        self.name(name, value)
        return name

    def write_inputs(self, value: Value) -> None:
        """The line that sets z, the inputs of weighted sums as a tuple."""
        self.line("z = tuple(%s)" % value if isinstance(value, str) else "z = (%s,)" % ", ".join(value))

    def names(self, value: Value, k: int) -> list[str]:
        """The variables of a value, one for each number: its own, or made now and called after value k."""
        if not isinstance(value, str):
            return value
        names = ["%s%d" % ("z%d_" % k if k else "x", j) for j in range(self.size(k))]
        self.line("%s, = %s" % (", ".join(names), value))
        return names

    # ---- constants and functions

    def number(self, w: Any) -> str:
        """A number as source."""
        return repr(self.cast(w))

    def constant(self, name: str, value: Any) -> Name:
        """A name for a number, or for a list or tuple of numbers."""
        if name in self.objects:
            return Name(name)
        self.objects[name] = value
        if self.dialect.is_exported:
            from .literals import constant

            self.texts[name] = constant(self, name, value)
        return Name(name)

    def computed(
        self, name: str, function: Callable[..., Any], *arguments: Any, here: Callable[[], Any] | None = None
    ) -> Name:
        """A form, ``NAME()``, for what a function of `runtime` makes of constants and numbers, on first use.

        `here` may make the same in process, faster.
        """
        if name not in self.objects:
            self.objects[name] = once(here or (lambda: function(*[self.value(a) for a in arguments])))
            if self.dialect.is_exported:
                from .literals import call

                made = call(self.function(function), arguments)
                self.texts[name] = "%s = %s(lambda: %s)" % (name, self.function(once), made)
        return Name(name + "()")

    def value(self, argument: Any) -> Any:
        """The value of a name or form of a constant, in process; a number is itself."""
        if not isinstance(argument, Name):
            return argument
        return self.objects[argument[:-2]]() if argument.endswith("()") else self.objects[argument]

    def function(self, function: Callable[..., Any]) -> str:
        """The name of a function of `runtime`, or of a library that the dialect may use."""
        name = function.__name__
        self.objects[name] = function
        return name

    def activation_function(self, h: Activation) -> str:
        """The name of an activation that has no source: of a function of the user's own; in process alone."""
        function = (lambda a: h.record.function(a, *h.parameters)) if h.known else h.function
        name = "h%d" % len(self.objects)
        self.objects[name] = function
        return name

    def defined(self, name: str, text: str) -> str:
        """The name of a function given as source, ``def name(a): ...``, which may use exp, log and the like."""
        if name not in self.objects:
            names = dict(_MATH)
            exec(compile(text, "<%s>" % name, "exec"), names)
            self.objects[name], self.texts[name] = names[name], text.strip("\n")
        return name

    def columns(self, k: int) -> Name:
        """A form for the columns of layer k: for each output its weights, a tuple, and its bias."""
        layer, weights, biases = self.layer(k), Name(), Name()
        if self.dialect.is_exported:
            values = [float(w) for column in zip(*layer.weight) for w in column]
            weights, biases = self.constant("WEIGHTS%d" % k, values), self.biases(k)
        return self.computed("COLUMNS%d" % k, columns, weights, biases, here=lambda: columns_of(layer))

    def biases(self, k: int) -> Name:
        """A name for the biases of layer k, a list."""
        return self.constant("BIASES%d" % k, [self.cast(b) for b in self.layer(k).bias[0]])

    def cast(self, w: Any) -> Any:
        """A number as the program stores it: an export stores floats."""
        return float(w) if self.dialect.is_exported else w

    def by_dist(self) -> str:
        """The condition, in an export, of code that is slower than loops in PyPy, where a user can change it."""
        self.objects["BY_DIST"], self.texts["BY_DIST"] = True, "BY_DIST = True  # in PyPy False is faster"
        return "BY_DIST and "

    # ---- the sample

    def check_sample(self, as_row: bool = False) -> Value:
        """Write the check of the sample x; its value: a row if wanted, else a variable for each number of a small one.

        The type of a sum shows whether any of its terms is of another library, and a term that is not a number
        raises TypeError: so one sum checks all of them.
        """
        n, as_row = self.network.inputs, as_row or not self.is_small
        names = [] if as_row else ["x%d" % i for i in range(n)]
        if self.dialect.is_exported:
            with self.block("if len(x) != %d:" % n):
                self.line(self.wrong_length())
            self.line("s = sum(x, 0.0)  # a Python float, unless there are numbers of another library")
            self.line("z0 = x if float(s) is s else [float(v) for v in x]")
            if not as_row:
                self.line("%s, = z0" % ", ".join(names))
            return "z0" if as_row else names
        if not as_row and self._sums_all_first():
            self._unpacked = "%s, = x" % ", ".join(names)
            return names
        with self.block("try:"):
            if not as_row:
                self.line("%s, = x" % ", ".join(names))
            self.line("s = %s" % (" + ".join(names) if not as_row and n < 7 else "sum(x)"))
        self._fall_back("s", " or len(x) != %d" % n if as_row else "")
        return "x" if as_row else names

    def _sums_all_first(self) -> bool:
        """Whether the first line is a sum of all numbers of the sample, which then serves as the check."""
        segment = self.plan.segments[0]
        return segment.emitter.NAME == "unrolled" and self.layer(1).inputs == self.network.inputs

    def _fall_back(self, total: str, or_else: str = "") -> None:
        """The lines that end a check: they leave the function where the total is not one of Python's own numbers."""
        with self.block("except (TypeError, ValueError):"):
            self.line("%s = None" % total)  # no call from here: its error would have this one behind it
        with self.block("if %s.__class__ is not float and %s.__class__ is not int%s:" % (total, total, or_else)):
            self.line("return fallback(x)")

    def wrong_length(self) -> str:
        """The statement for a sample of the wrong length."""
        if self.dialect.is_exported:
            return 'raise ValueError("expected %d numbers, found %%d" %% len(x))' % self.network.inputs
        return "return fallback(x)"

    # ---- all of it

    def program(self) -> Program:
        """The program, after each emitter of the plan has written its lines."""
        values: list[Any] = ["x"]
        for segment in self.plan.segments:
            if segment.first == 1 and not getattr(segment.emitter, "READS_SAMPLE", False):
                values[0] = self.check_sample(as_row=segment.emitter.NAME not in _BY_NAMES)
            value = segment.emitter.emit(
                self, segment.first, *[values[j] for j in self.network.wires[segment.first - 1]]
            )
            values += [None] * (segment.count - 1) + [value]
        self._give(values[-1])
        if self.dialect.is_exported:
            self.end()
        return Program(self)

    def end(self) -> None:
        """Write the entries that follow from ``predict(x)``; in process, when they are asked for."""
        while self.at_end:
            self.at_end.pop()()

    def _give(self, value: Value) -> None:
        """The line that returns a value, as a new list."""
        if not isinstance(value, str):
            self.line("return [%s]" % ", ".join(value))
        elif value in ("x", "z0") or self.plan.segments[-1].emitter.NAME == "forward":
            self.line("return list(%s)" % value)  # it may be the sample
        else:
            self.line("return %s" % value)


class Program:
    """A finished program: `source` is its text, `run(fallback)` makes it a function.

    In process the text is that of the function alone; exported it is all of a module but its imports.
    """

    def __init__(self, code: Code) -> None:
        self.plan, self.dialect, self._code = code.plan, code.dialect, code
        self._writing = allocate_lock()  # threads share a predictor, and entries are written when asked for

    @property
    def entries(self) -> list[str]:
        """The heads of the functions besides ``predict(x)``."""
        with self._writing:
            self._code.end()
            return list(self._code.entries)

    @property
    def source(self) -> str:
        """The text."""
        if not self.dialect.is_exported:
            return self._function("predict(x)")
        from .literals import module

        return module(self._code)

    def _function(self, head: str) -> str:
        with self._writing:
            if head != "predict(x)":
                self._code.end()
            lines = self._code.lines if head == "predict(x)" else self._code.entries[head]
            return "\n".join(["def %s:" % head] + lines) + "\n"

    def run(self, fallback: Callable[[Any], Any] | None = None, head: str = "predict(x)") -> Callable[[Any], list[Any]]:
        """The function, list in, list out, or another one of the `entries`.

        In process it calls `fallback` for a sample of the wrong length or with numbers of other types.
        """
        source = self.source if self.dialect.is_exported else self._function(head)
        names: dict[str, Any] = {"fallback": fallback, **_MATH, **self._code.objects}
        if self.dialect.is_exported:
            names = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")}
        exec(compile(source, "<%r by %s>" % (self.plan.network, self.plan.kernel), "exec"), names)
        run: Callable[[Any], list[Any]] = names[head.partition("(")[0]]
        return run


def _is_small(plan: Plan) -> bool:
    """Whether a variable for each number makes a program faster."""
    widest: int = max(map(size, plan.network.shapes))
    if plan.dialect.is_exported:
        return widest <= UNROLLED and all([segment.emitter.NAME in _BY_NAMES for segment in plan.segments])
    return widest <= _SMALL


def columns_of(layer: Dense) -> list[tuple[tuple[Any, ...], Any]]:
    """For each output of a dense layer its weights and its bias."""
    return list(zip(zip(*layer.weight), layer.bias[0]))
