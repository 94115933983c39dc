"""scikit-learn's share of a pickle: what stands in for the estimators, and what they carry along.

An estimator is pickled as its class and its attributes.  What belongs to its training, as the
optimizer and the random numbers, must be named too, and is then left alone.
"""

import sys

from ..errors import ModelFormatError, UnsupportedError
from .allowance import Allowance
from .pickled_numpy import Array
from .sklearn import MODELS, SCALERS, Estimator
from .tensor import Tensor, count
from .unpickler import Object, described, stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from .unpickler import Allowed

_LABELS = (str, int, float, bool)
_MAX_TEXT = 1000  # characters of a label


class PickledEstimator(Estimator):
    """An estimator of a pickle: its attributes are those that `vars` would give of the living one."""

    def __init__(self, held: Object, allowance: Allowance, step: str = "") -> None:
        if not isinstance(held.state, dict):
            raise ModelFormatError("%r without attributes" % held)
        super().__init__(held.name.rpartition(".")[2], held.state, step)
        self.allowance = allowance

    def tensor(self, value: "Any") -> Tensor:
        if not isinstance(value, Array):
            raise ModelFormatError("expected an array, found %s" % described(value))
        tensor = value.tensor()
        self.allowance.take(tensor.shape, tensor.dtype)
        return tensor

    def list(self, value: "Any") -> "List[Any]":
        if not isinstance(value, Array) or len(value.shape) != 1 or value.dtype is None:
            raise UnsupportedError("classes_ must be an array of one axis, found %s" % described(value))
        kind = value.dtype.code[:1]
        if kind in "US":
            return _texts(value)
        if kind == "O":
            return _objects(value)
        tensor = self.tensor(value)
        return [bool(number) for number in tensor.data] if tensor.dtype == "BOOL" else tensor.data.tolist()

    def other(self, value: "Any", step: str) -> Estimator:
        if not isinstance(value, Object):
            raise UnsupportedError("the step %s is %s" % (step, described(value)))
        return PickledEstimator(value, self.allowance, step)


def _texts(array: Array) -> "List[Any]":
    """NumPy's text has a fixed number of characters, four bytes each, or of bytes; zeros fill it up."""
    code, order = array.dtype.code, array.dtype.order  # type: ignore[union-attr]
    digits = code[1:]
    length = int(digits) if digits.isdigit() and len(digits) <= 4 else 0
    if not 0 < length <= _MAX_TEXT:
        raise UnsupportedError("texts of %s characters, expected 1 to %d" % (digits, _MAX_TEXT))
    size = length * (4 if code[0] == "U" else 1)
    raw = array.raw
    if isinstance(raw, list) or len(raw) != size * count(array.shape):
        raise ModelFormatError("%s texts of %d bytes do not take %d bytes" % (array.shape[0], size, len(raw)))
    big_endian = order == ">" or (order == "=" and sys.byteorder == "big")
    encoding = "latin-1" if code[0] == "S" else "utf-32-be" if big_endian else "utf-32-le"
    try:
        return [str(raw[k : k + size], encoding).rstrip("\0") for k in range(0, len(raw), size)]
    except UnicodeDecodeError as error:
        raise ModelFormatError("a text that is none: %s" % error) from None


def _objects(array: Array) -> "List[Any]":
    objects = array.raw
    if not isinstance(objects, list) or len(objects) != count(array.shape):
        raise ModelFormatError("an array of %d Python objects has %s" % (count(array.shape), described(objects)))
    for value in objects:
        if type(value) not in _LABELS or (isinstance(value, str) and len(value) > _MAX_TEXT):
            raise UnsupportedError("a label must be a text or a number, found %s" % described(value))
    return list(objects)


_RANDOM = stand_in("numpy.random.RandomState")

# What may be named: exactly this.  Versions before 0.22 had other names for the modules.
SKLEARN: "Allowed" = {
    ("sklearn.pipeline", "Pipeline"): stand_in("sklearn.pipeline.Pipeline"),
    ("numpy.random", "__RandomState_ctor"): _RANDOM,
    ("numpy.random._pickle", "__randomstate_ctor"): _RANDOM,
    ("numpy.random._pickle", "__bit_generator_ctor"): _RANDOM,
    ("numpy.random._mt19937", "MT19937"): _RANDOM,
    ("numpy.random.bit_generator", "SeedSequence"): _RANDOM,
    ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"): _RANDOM,
    ("numpy.random._bit_generator", "__pyx_unpickle_SeedSequence"): _RANDOM,
}
for _place, _names in (
    ("sklearn.neural_network._multilayer_perceptron", MODELS),
    ("sklearn.neural_network.multilayer_perceptron", MODELS),
    ("sklearn.neural_network._stochastic_optimizers", ("AdamOptimizer", "SGDOptimizer")),
    ("sklearn.preprocessing._data", SCALERS),
    ("sklearn.preprocessing.data", SCALERS),
    ("sklearn.preprocessing._label", ("LabelBinarizer",)),
    ("sklearn.preprocessing.label", ("LabelBinarizer",)),
):
    for _name in _names:
        SKLEARN[_place, _name] = stand_in("%s.%s" % (_place, _name))
