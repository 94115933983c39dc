"""AbsMaxDense: small integer weights, and inputs that Keras quantises row by row."""

from array import array

from ..matrix import Matrix
from .dynamic_dense import DynamicDense, float32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Sequence, Tuple, Union

_NAN = float("nan")


class AbsMaxDense(DynamicDense):
    """A dense layer as Keras quantises it to 8 bits: ``Z = h(Q W / (s scale) + B)``.

    Every row x has its own scale s, by which its integers q fill 8 bits:

        s = 127 / (max |x| + epsilon)                     q = round(s x), from -127 to 127

    W (inputs, outputs) holds integers from -128 to 127, and `scale` is the number of steps that make 1 in it: one
    number, or one for each output.  Everything but the integers Q W is float32, and halves are rounded to the even
    integer, as `keras.quantizers.AbsMaxQuantizer` does.  A row with a NaN or an infinity gives NaN.

    One row costs inputs * outputs multiplications.

    >>> layer = AbsMaxDense([[2, 127], [-1, 0]], [0.5, 0.0], "relu", 4.0, epsilon=0.0)
    >>> layer.forward(Matrix([[127.0, 10.5], [0.0, 0.0]]))
    Matrix([[61.5, 4032.25], [0.5, 0.0]])
    """

    kind = "abs_max_dense"
    settings = (("activation", str), ("epsilon", float))

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
        scale: "Any" = 1.0,
        epsilon: float = 1e-7,
    ) -> None:
        DynamicDense.__init__(self, weight, bias, activation, scale)
        if not 0.0 <= epsilon < 1.0:
            raise ValueError("%s: epsilon is a number from 0 to 1, found %r" % (self, epsilon))
        self.epsilon = epsilon

    sums = "round(s {x}) W{k} / (s scale) + B{k}"

    def _sums(self, row: "Any") -> "List[float]":
        levels, s = abs_max_levels(row, self.epsilon)
        divisors = [float32(scale * s) for scale in self.scale[0]]
        divisors = divisors if len(divisors) > 1 else divisors * self.outputs
        sums = (Matrix.wrap([levels]) @ self.weight)[0]
        return [float32(float32(float32(a) / d) + b) for a, d, b in zip(sums, divisors, self.bias[0])]


def abs_max_levels(row: "Sequence[float]", epsilon: float) -> "Tuple[List[int], float]":
    """(q, s): a row as integers from -127 to 127, and how many of them make 1; that is NaN if the row is not finite.

    >>> abs_max_levels([127.0, -1.5, 2.5], 0.0)
    ([127, -2, 2], 1.0)
    """
    x = array("f", row)
    largest = 0.0
    for number in x:
        if number - number != 0:
            return [0] * len(x), _NAN
        largest = max(largest, abs(number))
    reach = float32(largest + float32(epsilon))
    if not reach:
        return [0] * len(x), 1.0
    s = float32(127.0 / reach)
    return [max(-127, min(127, round(float32(number * s)))) for number in x], s
