"""Arrays by name, put together: the weight and the bias of a layer, the mean and the variance of a normalisation.

W1, b1, gamma1, beta1, running_mean1, running_var1        numbered
NAME.weight, NAME.bias, NAME.running_mean, ...            as PyTorch names them
NAME/kernel:0, NAME.bias, NAME/gamma:0, ...               as Keras names them
"""

from __future__ import annotations

import re

from ...errors import UnsupportedError
from ...text import quote
from .named_arrays import (
    first_of,
    in_given_order,
    is_before,
    is_unsorted,
    listed_in,
    numbers_apart,
    numbers_grow,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ...tensor import Tensor

# What an array is called by the libraries, and what it is; a weight that is not a kernel may be a scale as well.
_ROLES = {
    "W": "weight",
    "w": "weight",
    "weight": "weight",
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "b": "bias",
    "B": "bias",
    "bias": "bias",
    "gamma": "scale",
    "beta": "shift",
    "mean": "mean",
    "running_mean": "mean",
    "moving_mean": "mean",
    "var": "variance",
    "running_var": "variance",
    "moving_var": "variance",
    "moving_variance": "variance",
    "num_batches_tracked": "count",
}
_NUMBERED = re.compile(r"(%s)_?([0-9]{1,9})\Z" % "|".join(sorted(_ROLES, key=len, reverse=True)))
_NAMED = re.compile(r"(?:(.*)[./])?(%s)(?::0)?\Z" % "|".join([name for name in _ROLES if len(name) > 1]), re.DOTALL)
_OF_NORMS = ("scale", "shift", "mean", "variance", "count")


class Group:
    """The arrays of one layer: (name, array) by their roles.  `title` is what users call it.

    `number` is that of numbered arrays, else None.  `transposed` says that a dense weight is (out, in).
    """

    def __init__(self, title: str, number: int | None) -> None:
        self.title, self.number, self.transposed = title, number, False
        self.arrays: dict[str, tuple[str, Tensor]] = {}

    @property
    def is_norm(self) -> bool:
        """Whether these are of a normalisation."""
        has_row = "weight" in self.arrays and len(self.arrays["weight"][1].shape) == 1
        return has_row or any([role in self.arrays for role in _OF_NORMS])

    @property
    def name(self) -> str:
        """The name of the first of its arrays."""
        for role in ("weight", "mean", "scale"):
            if role in self.arrays:
                return self.arrays[role][0]
        return self.title

    @property
    def axes(self) -> int:
        """Of the weight; 0 for a normalisation."""
        return 0 if self.is_norm else len(self.arrays["weight"][1].shape)

    def array(self, *roles: str) -> Tensor | None:
        """The first of some arrays that is there."""
        for role in roles:
            if role in self.arrays:
                return self.arrays[role][1]
        return None

    def __str__(self) -> str:
        name, array = next(iter(self.arrays.values()))
        return "%s %r" % (quote(name), array.shape)


def groups_of(arrays: dict[str, Tensor]) -> list[Group]:
    """All arrays, in groups, in the order of their numbers or of the dict; each must belong to one."""
    groups: dict[Any, Group] = {}
    strangers = []
    for name, array in arrays.items():
        numbered, named = _NUMBERED.match(name), _NAMED.match(name)
        if numbered:
            label, number = numbered.group(1), int(numbered.group(2))
            key: Any = (_ROLES[label] in _OF_NORMS, number)
            group = groups.setdefault(key, Group(name, number))
        elif named:
            title, label = named.group(1) or "", named.group(2)
            group = groups.setdefault(title, Group(title or label, None))
            group.transposed = group.transposed or label == "weight"
        else:
            strangers.append("%s %r" % (quote(name), array.shape))
            continue
        role = _ROLES[label]
        if role in group.arrays:
            raise UnsupportedError("%s and %s name the same array" % (quote(group.arrays[role][0]), quote(name)))
        group.arrays[role] = (name, array)
    if strangers or not groups:
        raise UnsupportedError(
            "layers are found by the names W1, b1, ..., NAME.weight, NAME.bias or NAME.kernel; %s"
            % ("this does not fit %s" % first_of(strangers) if strangers else "the file has no arrays")
        )
    for group in groups.values():
        if not group.is_norm and "weight" not in group.arrays:
            raise UnsupportedError("%s has no weight beside it" % group)
    return sorted(groups.values(), key=lambda group: -1 if group.number is None else group.number)


def in_order(
    groups: list[Group], arrays: dict[str, Tensor], order: Sequence[str] | None
) -> tuple[dict[int, list[Group]], str]:
    """(for each number of axes of a weight the groups from first to last, the reason for this order)."""
    by_axes: dict[int, list[Group]] = {}
    for group in groups:
        by_axes.setdefault(group.axes, []).append(group)
    if order is not None:
        return _as_given(groups, order), "as given"
    reasons = []
    for axes, some in by_axes.items():
        by_axes[axes], reason = _one_kind(some, arrays)
        reasons += [reason] if reason and reason not in reasons else []
    return by_axes, " and ".join(reasons)


def _as_given(groups: list[Group], order: Sequence[str]) -> dict[int, list[Group]]:
    """The order names the layers with a weight, and the normalisations as well if it names one of them."""
    names = listed_in(order)
    norms = [group for group in groups if group.is_norm]
    names_norms = any([name in (group.title, group.name) for name in names for group in norms])
    by_axes: dict[int, list[Group]] = {}
    for group in in_given_order([group for group in groups if names_norms or not group.is_norm], names):
        by_axes.setdefault(group.axes, []).append(group)
    if norms and not names_norms:
        by_axes[0] = norms
    return by_axes


def _one_kind(groups: list[Group], arrays: dict[str, Tensor]) -> tuple[list[Group], str]:
    """Groups whose weights have as many axes, in order, and the reason."""
    if len(groups) == 1:
        return groups, ""
    if all([group.number is not None for group in groups]):
        return groups, "by their numbers"
    parts = [numbers_apart(group.title) for group in groups]
    unsorted_ = is_unsorted(arrays, groups)
    if unsorted_ and numbers_grow(parts):
        return groups, "the order of the file"
    by_number = sorted(range(len(groups)), key=lambda k: parts[k])
    follow = [is_before(parts[j], parts[k]) for j, k in zip(by_number, by_number[1:])]
    if all(follow) and not unsorted_:
        return [groups[k] for k in by_number], "by the numbers in their names"
    raise ValueError(
        "%d layers whose order their names do not determine: %s; name all layers from first to last, as in"
        " load(path, order=[...]) or --order %s,..."
        % (len(groups), first_of([str(group) for group in groups]), quote(groups[0].title, 20))
    )
