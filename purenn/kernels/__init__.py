"""Until codegen/ is here: everything runs by the reference."""

from .predictor import Predictor


def compile(network, kernel=None, error_bound=1e-9):
    """A predictor that runs the reference."""
    return Predictor(network, "loops", network._by_reference, 0.0, (kernel, error_bound))
