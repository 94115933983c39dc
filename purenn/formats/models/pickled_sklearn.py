"""What stands in for scikit-learn's estimators, and for the objects in them, in a pickle.

An estimator is pickled as its class and its attributes.  What belongs to its training, such as the optimizer
and the random numbers, must have a name here too, and is then ignored.
"""

from __future__ import annotations

from ...budget import Budget
from ...errors import ModelFormatError, UnsupportedError
from ...text import quote
from ..containers.unpickler import Object, described, stand_in
from .pickled_numpy import Array
from .sklearn import MODELS, SCALERS, blamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...matrix import Matrix
    from ..containers.unpickler import Allowed

_REQUIRED = object()


class Estimator:
    """An estimator: the `name` of its class, and its attributes, as `vars` would give them.

    `step` is its name in a pipeline.
    """

    def __init__(self, pickled: Object, budget: Budget, step: str = "") -> None:
        if not isinstance(pickled.state, dict):
            raise ModelFormatError("%r without attributes" % pickled)
        self.name, self.step, self.budget = pickled.name.rpartition(".")[2], step, budget
        self.attributes: dict[Any, Any] = pickled.state

    def get(self, name: str, default: Any = _REQUIRED) -> Any:
        value = self.attributes.get(name, default)
        if value is _REQUIRED:
            raise UnsupportedError("there is no %s: it was not fitted" % name)
        return value

    def matrix(self, name: str, k: int | None = None, axes: int = 1) -> Matrix:
        """An array among the attributes as a matrix, or the k-th array of a list there."""
        with blamed(name if k is None else "%s %d" % (name, k)):
            value = self.get(name) if k is None else self.get(name)[k]
            if not isinstance(value, Array):
                raise ModelFormatError("expected an array, found %s" % described(value))
            tensor = value.tensor()
            if len(tensor.shape) != axes:
                raise ModelFormatError("expected an array of %d axes, found shape %r" % (axes, tensor.shape))
            self.budget.take_array(tensor.shape, tensor.dtype, name)
            return tensor.matrix()

    def list(self, name: str) -> list[Any]:
        """The numbers or texts of an attribute that is an array of one axis."""
        value = self.get(name)
        with blamed(name):
            if not isinstance(value, Array) or len(value.shape) != 1:
                raise UnsupportedError("expected an array of one axis, found %s" % described(value))
            return value.tolist()

    def other(self, value: Any, step: str) -> Estimator:
        """An estimator inside of this one."""
        if not isinstance(value, Object):
            raise UnsupportedError("%s is %s, expected an estimator" % (quote(step), described(value)))
        return Estimator(value, self.budget, step)

    def __str__(self) -> str:
        return "the step %s (%s)" % (quote(self.step), self.name) if self.step else self.name


_RANDOM = stand_in("numpy.random.RandomState")

# What a pickle may name: exactly this.  Versions before 0.22 had other names for the modules.
SKLEARN: Allowed = {
    ("sklearn.pipeline", "Pipeline"): stand_in("sklearn.pipeline.Pipeline"),
    ("joblib.memory", "Memory"): stand_in("joblib.memory.Memory"),  # where a pipeline caches what it has fitted
    ("joblib._store_backends", "FileSystemStoreBackend"): stand_in("joblib._store_backends.FileSystemStoreBackend"),
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
