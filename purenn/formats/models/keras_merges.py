"""Keras's layers that bring several values together, and its functions of two values, or of a value and a number.

https://keras.io/api/layers/merging_layers/
"""

from __future__ import annotations

from ...errors import ModelFormatError
from ...layers.normalize import Normalize
from ...layers.pooling import GlobalMaxPool
from ...layers.scale import Scale
from ...text import quote
from .keras_call import sample_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...graph import Value
    from .keras_call import Call, Maker


def _add(call: Call) -> Value:
    number = _number(call)
    return _joined(call, "sum") if number is None else call.then(Scale(1.0, number))


def _multiply(call: Call) -> Value:
    number = _number(call)
    return _joined(call, "product") if number is None else call.then(Scale(number))


def _subtract(call: Call) -> Value:
    number = _number(call)
    if number is not None:
        factor = -1.0 if call.given[0] == number else 1.0
        return call.then(Scale(factor, -factor * number))
    if len(call.values) != 2:
        raise call.spec.refuse("has %d inputs, takes 2" % len(call.values))
    return _joined(call, "difference")


def _divide(call: Call) -> Value:
    """``x / number``, a function alone."""
    number = _number(call)
    if number is None or call.given[0] == number or not 1e-300 < abs(number) < 1e300:
        raise call.spec.refuse("divides by something other than a number from 1e-300 to 1e300")
    return call.then(Normalize(0.0, number))


def _negative(call: Call) -> Value:
    """``-x``, a function alone."""
    if len(call.given) != 1:
        raise call.spec.refuse("has %d inputs, takes 1" % len(call.given))
    return call.then(Scale(-1.0))


def _number(call: Call) -> float | None:
    """The number that a function is called with beside a value."""
    numbers = [given for given in call.given if isinstance(given, float)]
    if numbers and len(call.given) != 2:
        raise call.spec.refuse("has %d inputs, takes 2" % len(call.given))
    return numbers[0] if numbers else None


def _average(call: Call) -> Value:
    """``(x1 + x2 + ...) / n``."""
    return call.then(Normalize(0.0, float(len(call.values))), _joined(call, "sum"))


def _joined(call: Call, what: str) -> Value:
    """Two values or more combined number by number, the smaller ones repeated along their axes of size 1."""
    call.named()
    values = _of_one_rank(call)
    shapes = [sample_shape(value) for value in values]
    largest = max(values, key=lambda value: value.size)
    for value, shape in zip(values, shapes):
        if not value.spreads_to(largest):
            raise call.spec.refuse(
                "joins samples of shapes %r and %r, equal ones are read, and sides of 1 that are repeated"
                % (shape, sample_shape(largest))
            )
    return call.graph.join(what, *values, name=call.name)


def _of_one_rank(call: Call) -> list[Value]:
    """The values of a layer with as many axes each: Keras puts axes of size 1 in front of what has fewer."""
    values, shapes = call.values, [sample_shape(value) for value in call.values]
    if len(shapes) < 2:
        raise call.spec.refuse("has %d input%s, takes 2 or more" % (len(shapes), "s" * (len(shapes) != 1)))
    axes = max(map(len, shapes))
    if call.spec.is_function and min(map(len, shapes)) < axes:  # there the samples would be one of the axes
        raise call.spec.refuse("joins samples of shapes %r and %r" % (shapes[0], shapes[1]))
    return [value.reshaped((None,) + (1,) * (axes - len(shape)) + shape) for value, shape in zip(values, shapes)]


def _maximum(call: Call) -> Value:
    """The largest of the numbers, as a pool over the values side by side."""
    return _largest(call, call.values)


def _minimum(call: Call) -> Value:
    """``min(x1, x2) = -max(-x1, -x2)``."""
    negative = [call.then(Scale(-1.0), value) for value in call.values]
    return call.then(Scale(-1.0), _largest(call, negative))


def _largest(call: Call, values: list[Value]) -> Value:
    call.named()
    shapes = [sample_shape(value) for value in _of_one_rank(call)]
    for shape in shapes:
        if shape != shapes[0]:
            raise call.spec.refuse("compares samples of shapes %r and %r, equal ones are read" % (shapes[0], shape))
    size = values[0].size
    together = call.graph.concat([value.reshaped((None, 1, size)) for value in values], 1, name=call.name)
    largest = call.graph.apply(GlobalMaxPool(), together, call.name, shape=(None, size), layout=(1, 2))
    return largest.reshaped((None,) + shapes[0])


def _concatenate(call: Call) -> Value:
    """Values side by side along an axis."""
    call.named()
    spec, shapes = call.spec, [sample_shape(value) for value in call.values]
    if "axis" not in spec.config:
        raise ModelFormatError("%s has no axis" % spec)
    axes = spec.axes(shapes[0])
    for shape in shapes:
        others = [[size for axis, size in enumerate(sides) if [axis] != axes] for sides in (shapes[0], shape)]
        if len(shape) != len(shapes[0]) or len(axes) != 1 or others[0] != others[1]:
            found = "%r and %r along axis %s" % (shapes[0], shape, quote(spec.config["axis"]))
            raise spec.refuse("joins samples of shapes " + found)
    return call.graph.concat(call.values, 1 + axes[0], name=call.name)


LAYERS: dict[str, Maker] = {
    "Add": _add,
    "Subtract": _subtract,
    "Multiply": _multiply,
    "Average": _average,
    "Maximum": _maximum,
    "Minimum": _minimum,
    "Concatenate": _concatenate,
}
# Functions alone: Keras has no layers of these names
FUNCTIONS: dict[str, Maker] = {"Divide": _divide, "TrueDivide": _divide, "Negative": _negative}
SETTINGS = dict.fromkeys(list(LAYERS) + list(FUNCTIONS), "")
SETTINGS["Concatenate"] = "axis"
