"""folded: fewer layers that compute the same.

Which neighbours are one layer, and why nothing is lost by it, is said in layers/folding.py.
"""

from ..layers.folding import is_affine, is_neutral, joined, keeps_exact, may_pass, of_sums, passed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple


def folded(layers: "Sequence[Any]", names: "Optional[Sequence[str]]" = None) -> "Tuple[List[Any], List[str]]":
    """The layers with each folded into its neighbour that can be; a note on each scale that has a name.

    >>> from purenn import Activate, Dense, Scale
    >>> layers, notes = folded([Dense([[2.0]], [1.0]), Scale(3.0), Activate("relu")], ["", "norm", ""])
    >>> layers, notes
    ([Dense(weight=Matrix([[6.0]]), bias=Matrix([[3.0]]), activation='relu')], ['norm folded into layer 1'])
    """
    kept: "List[Any]" = []
    folds: "List[Tuple[str, int]]" = []  # what was folded, and the index of the layer that took it in
    leading = 0  # how many layers at the start add nothing up: what they give may be exact
    followers = list(layers[1:]) + [None]
    for layer, follower, name in zip(layers, followers, names or [""] * len(layers)):
        if name and is_affine(layer):
            folds.append((name, len(kept)))
        if leading < len(kept):
            layer = of_sums(layer, kept[-1])
        if len(kept) > 1 and may_pass(kept[-2], kept[-1], layer):
            scale = passed(kept[-2], layer)
            if scale is not None:
                del kept[-2]
                layer = scale
        kept.append(layer)
        while len(kept) > 1 and not may_pass(kept[-2], kept[-1], follower):
            one = joined(kept[-2], kept[-1], leading >= len(kept) - 2)
            if one is None:
                break
            kept[-2:] = [one]
        leading = min(leading, len(kept) - 1)
        while leading < len(kept) and keeps_exact(kept[leading]):
            leading += 1
        for k in range(len(folds) - 1, -1, -1):
            if folds[k][1] < len(kept):
                break
            folds[k] = folds[k][0], len(kept) - 1
    if len(kept) > 1 and is_neutral(kept[0]):
        del kept[0]
        folds = [(folded_name, max(index - 1, 0)) for folded_name, index in folds]
    return kept, ["%s folded into layer %d" % (name, k + 1) for name, k in folds if not is_affine(kept[k])]
