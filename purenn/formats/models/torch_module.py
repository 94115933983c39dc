"""Module: what a file says of one of PyTorch's modules."""

from __future__ import annotations

from contextlib import contextmanager

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    from ...graph.node import Value
    from ...tensor import Tensor

    Sides = tuple[int, ...]

_MOST = 1 << 31  # of a size, a stride, an axis


class Module:
    """A module: its `cls` (module and name), settings, arrays and children.

    `array`, `shape` and `children` are given by a subclass, which knows the file.  `path` is its name from the
    outermost module on, as "net.0".
    """

    def __init__(self, cls: tuple[str, str], settings: dict[str, Any], path: str = "") -> None:
        self.cls, self.settings, self.path = cls, settings, path
        self.layers: list[Any] | None = None  # what it has been made into, where that does not depend on the input

    def array(self, name: str) -> Tensor | None:
        """The `Tensor` of this name, or None."""
        raise NotImplementedError

    def shape(self, name: str) -> Sides | None:
        """The shape of that array, or None where there is none."""
        raise NotImplementedError

    def children(self) -> Iterator[Module]:
        """The modules that it holds."""
        raise NotImplementedError

    # ---- settings; older versions of PyTorch leave out those that they did not have

    def number(self, name: str, default: float) -> float:
        """A setting that is a number."""
        value = self.settings.get(name, default)
        if type(value) not in (int, float) or not abs(value) < 1e300:  # NaN neither
            raise ModelFormatError("%s: %s must be a number, found %s" % (self, name, quote(repr(value), 40)))
        return float(value)

    def integer(self, name: str, default: int) -> int:
        """A setting that is an integer."""
        value = self.settings.get(name, default)
        if not _is_integer(value):
            raise ModelFormatError("%s: %s must be an integer, found %s" % (self, name, quote(repr(value), 40)))
        return int(value)

    def integers(self, name: str, count: int, default: Any) -> Sides:
        """A setting that is one integer for each of some axes, or one for all of them."""
        value = self.settings.get(name, default)
        numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        if len(numbers) not in (1, count) or not all([_is_integer(number) for number in numbers]):
            what = (self, name, "an integer" if count == 1 else "1 or %d integers" % count, quote(repr(value), 40))
            raise ModelFormatError("%s: %s must be %s, found %s" % what)
        return numbers if len(numbers) == count else numbers * count

    def is_set(self, name: str, default: bool = False) -> bool:
        """A setting that is true or false."""
        value = self.settings.get(name, default)
        if type(value) is not bool:
            raise ModelFormatError("%s: %s must be true or false, found %s" % (self, name, quote(repr(value), 40)))
        return value

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        """A setting that is one of some words."""
        value = self.settings.get(name, default)
        if not isinstance(value, str) or value not in known:
            what = (self, name, quote(repr(value), 40), " and ".join(known))
            raise UnsupportedError("%s: %s is %s, known are %s" % what)
        return value

    # ---- what flows through it

    def check_axes(self, value: Value, *counts: int) -> None:
        """Refuse a value that has not as many axes, the samples too, as the module takes."""
        if len(value.shape) not in counts:
            expected = " or ".join([str(count) for count in counts])
            raise ModelFormatError("%s takes values of %s axes, what is before it gives %s" % (self, expected, value))

    def __str__(self) -> str:
        return "%s (%s)" % (quote(self.path), self.cls[1]) if self.path else self.cls[1]


def _is_integer(value: Any) -> bool:
    return type(value) is int and abs(value) < _MOST


@contextmanager
def blamed(module: Module) -> Iterator[None]:
    """What layers say of arguments that do not fit becomes an error of a file, which names the module."""
    try:
        yield
    except (ModelFormatError, UnsupportedError):
        raise
    except (ValueError, TypeError) as error:
        raise ModelFormatError("%s: %s" % (module, error)) from None


def channels_last(value: Value) -> Sides:
    """The axes of a value in a file of PyTorch, (samples, channels, ...), in the order in which layers read them."""
    return tuple(range(2, len(value.shape))) + (1,)
