"""The shape of the samples that PyTorch's modules take: a file of them does not give it, but what they hold may."""

from __future__ import annotations

from ...errors import ShapeError, UnsupportedError
from ...rows import size
from .input_size import found_side, unknown
from .torch_layers import flatten, layer_norm, linear, normalized_shape, softmax2d, unflatten, unflattened
from .torch_pictures import Picture, Shuffle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...budget import Budget
    from .torch_module import Module, Sides

    Steps = list[tuple[Module, Any]]  # each module with what makes layers of it

_PLACES = "BatchNorm2d", "Dropout2d"  # modules of pictures alone, which keep their shape


def input_shape_of(steps: Steps, budget: Budget) -> Sides:
    """The shape of a sample: that of a row, or (channels, ...) where the first module that tells reads a picture.

    Where it does not follow, `UnsupportedError` asks for it.
    """
    for module, make in steps:
        axes = _axes(module, make)
        if axes is not None:
            return _picture(steps, axes, budget)
        if isinstance(make, Picture):
            raise unknown(", for %s takes a series or a picture" % module, (3, 32, 32))
        if not _keeps_its_axes(make):
            break
    return _row(steps)


def _axes(module: Module, make: Any) -> int | None:
    """How many axes of places a module reads; None where it does not tell."""
    if isinstance(make, (Picture, Shuffle)):
        return make.axes
    return 2 if make is softmax2d or module.cls[1] in _PLACES else None


def _row(steps: Steps) -> Sides:
    """The first module with trained numbers knows how many inputs there are; those before it keep their number."""
    for module, make in steps:
        if make is layer_norm:
            return normalized_shape(module)
        if make is unflatten:
            sides = unflattened(module)
            if module.integer("dim", 1) in (1, -1) and -1 not in sides:
                return (size(sides),)
            break
        width = _width(module)
        if width:
            return (width,)
    raise UnsupportedError("no module with trained numbers, so the number of inputs is not known: %s" % _GIVE_IT)


_GIVE_IT = "give it, as in load(path, input_shape=(784,)) or --input-shape 784"


def _width(module: Module) -> int | None:
    shape = module.shape("running_mean") or module.shape("weight")
    return shape[-1] if shape and shape != (1,) else None


def _picture(steps: Steps, axes: int, budget: Budget) -> Sides:
    channels = _channels(steps)
    example = (channels or 3,) + (32,) * axes
    if channels is None:
        raise unknown("", example)
    for module, make in steps:
        if isinstance(make, Picture) and make.fixed:
            make.layers(module)  # what is wrong with one is said before a size is looked for
    behind = _behind(steps)
    if behind is None:
        raise unknown("", example)
    read, wanted = behind
    if not all([_keeps_its_axes(make) for _, make in read]):
        raise unknown("", example)
    side, fitting = found_side([_passing(*step) for step in read], channels, axes, wanted, budget)
    if side is None:
        what = " (%d numbers behind it: %s)" % (wanted, fitting + " fit" if fitting else "no square fits")
        raise unknown(what, example)
    return (channels,) + (side,) * axes


def _channels(steps: Steps) -> int | None:
    """How many channels the first module takes that has a number for each."""
    for module, make in steps:
        weight, mean = module.shape("weight"), module.shape("running_mean")
        if isinstance(make, Shuffle) or not _keeps_its_axes(make):
            return None
        if mean:
            return mean[0]
        if make is layer_norm:
            continue
        if weight and len(weight) > 1:
            return weight[1] * module.integer("groups", 1)
        if weight and weight != (1,):
            return weight[0]
    return None


def _keeps_its_axes(make: Any) -> bool:
    return make not in (linear, flatten, unflatten)


def _behind(steps: Steps) -> tuple[Steps, int] | None:
    """The modules up to the first Flatten, and how many numbers the next one behind it takes."""
    for k, (flattening, make) in enumerate(steps):
        if make is flatten and (flattening.integer("start_dim", 1), flattening.integer("end_dim", -1)) == (1, -1):
            for module, other in steps[k + 1 :]:
                width = size(normalized_shape(module)) if other is layer_norm else _width(module)
                if width:
                    return steps[:k], width
            return None
    return None


def _passing(module: Module, make: Any) -> Any:
    """A step of the search for a size: the shape behind a module, and whether it read all of the one before."""

    def step(shape: Sides) -> tuple[Sides, bool]:
        if isinstance(make, (Picture, Shuffle)):
            return make.passed(module, shape)
        if make is layer_norm:
            sides = normalized_shape(module)
            if (shape[-1:] + shape[:-1])[-len(sides) :] != sides:
                raise ShapeError("a normalisation of another shape")
        return shape, True

    return step
