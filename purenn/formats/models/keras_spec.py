"""Spec: a layer or model of Keras as a file describes it, its settings checked as they are asked for."""

from __future__ import annotations

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

# The modules in which Keras's own classes are
_MODULES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
# Types of numbers whose rounding nobody sees, and those of 16 bits, whose rounding shows; integers cut numbers off
_POLICIES = ("float32", "float64")
_ROUGH_POLICIES = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
QUANTISED = "int8_from_float32"
_POLICY_CLASSES = ("DTypePolicy", "FloatDTypePolicy", "Policy")
# Settings that any layer may have, without effect on what it computes
_COMMON = "name trainable dtype batch_input_shape batch_shape build_input_shape activity_regularizer autocast".split()


class Spec:
    """The description of a layer or model: `kind` (its class), `name`, and `config`, its settings."""

    def __init__(self, entry: Any) -> None:
        config = entry.get("config") if isinstance(entry, dict) else None
        if isinstance(config, list) and entry.get("class_name") == "Sequential":
            raise UnsupportedError("a Sequential model as Keras wrote it before 2.2.3, save it with a newer one")
        if not isinstance(config, dict) or not isinstance(entry.get("class_name"), str):
            raise ModelFormatError("a layer should be an object with class_name and config")
        self.entry, self.config, self.kind = entry, config, entry["class_name"]
        self.name = str(config.get("name", ""))

    def __str__(self) -> str:
        return "layer %s (%s)" % (quote(self.name), quote(self.kind)) if self.name else quote(self.kind)

    def refuse(self, why: str) -> UnsupportedError:
        """The error that says why this layer is not read."""
        return UnsupportedError("%s: %s" % (self, why))

    def damaged(self, why: str) -> ModelFormatError:
        """The error that says why this layer cannot be."""
        return ModelFormatError("%s: %s" % (self, why))

    @property
    def is_function(self) -> bool:
        """Whether it is one of Keras's functions and no layer, as the + of two values is; that has no weights.

        An .h5 file keeps no modules: there what a layer is given is in one list, what a function is given is not.
        """
        if "module" in self.entry:
            return "ops" in str(self.entry["module"]).split(".")
        nodes = self.entry.get("inbound_nodes")
        calls = [node.get("args") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
        return any([isinstance(call, list) and (len(call) > 1 or self.kind == "Negative") for call in calls])

    def check(self, settings: str) -> None:
        """Refuse what is not a layer or model of Keras's own, or has settings that are not among these."""
        self.check_class()
        self.check_settings(settings.replace(",", " ").split())

    def check_class(self) -> None:
        """Refuse a class that is not Keras's own, whatever its name.

        An .h5 file keeps no modules: there an own class called Dense cannot be told from
        Keras's, and Keras itself takes it for its own.
        """
        module, registered = self.entry.get("module"), self.entry.get("registered_name")
        if "module" in self.entry:
            own = any([module == root or str(module).startswith(root + ".") for root in _MODULES])
        else:
            own = registered is None
        if not own or registered not in (None, self.kind):
            raise self.refuse(
                "a class that is not Keras's own (registered as %s in the module %s)"
                % (quote(registered), quote(module))
            )

    def check_settings(self, known: Sequence[str]) -> None:
        """Refuse settings, and types of numbers, that are not known."""
        for key in self.config:
            if key not in known and key not in _COMMON:
                raise self.refuse("has the setting %s=%s, which is not known" % (quote(key), quote(self.config[key])))
        known_policies = _POLICIES + _ROUGH_POLICIES + ((QUANTISED,) if self.kind == "Dense" else ())
        if self.policy is not None and self.policy not in known_policies:
            raise self.refuse("has the dtype %s, known are %s" % (quote(self.policy), ", ".join(known_policies)))

    @property
    def policy(self) -> Any:
        """The type of numbers in which it computes, as its settings have it; None where they do not say."""
        policy = self.config.get("dtype")
        if isinstance(policy, dict):
            inner, kind = policy.get("config"), policy.get("class_name")
            inner = inner if isinstance(inner, dict) else {}
            if kind == "QuantizedDTypePolicy":
                return "%s_from_%s" % (inner.get("mode"), inner.get("source_name"))
            policy = inner.get("name") if kind in _POLICY_CLASSES else kind
        return policy

    @property
    def is_quantised(self) -> bool:
        """Whether its weights are integers of 8 bits, as `model.quantize("int8")` makes them of float32."""
        return self.policy == QUANTISED

    @property
    def is_rough(self) -> bool:
        """Whether it computes in 16 bits."""
        return self.policy in _ROUGH_POLICIES

    def number(self, *keys: str, default: float | None = None) -> float:
        """A finite number; its key may have changed from version to version."""
        given = [key for key in keys if key in self.config]
        if len(given) > 1:
            raise ModelFormatError("%s has both %s" % (self, " and ".join(given)))
        value: Any = _without_numpy(self.config[given[0]]) if given else default
        if is_finite(value):
            return float(value)
        if not given:
            raise ModelFormatError("%s has no %s" % (self, keys[0]))
        raise ModelFormatError("%s: %s should be a number, found %s" % (self, given[0], quote(value)))

    def numbers(self, key: str, default: Any = None) -> list[float]:
        """A number or a list of them, which may be in lists of one."""
        value = _without_numpy(self.config.get(key, default))
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        if isinstance(value, list) and value and isinstance(value[0], list):
            raise self.refuse("%s has several axes, a row of numbers is read" % key)
        values: list[Any] = value if isinstance(value, list) else [value]
        if not values or not all([is_finite(v) for v in values]):
            raise ModelFormatError("%s: %s should be numbers, found %s" % (self, key, quote(value)))
        return [float(v) for v in values]

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number from 1 upwards."""
        (value,) = self.integers(key, 1, default)
        return value

    def integers(self, key: str, many: int, default: int | None = None) -> tuple[int, ...]:
        """So many whole numbers from 1 upwards, which may be written as one where they are equal."""
        value = self.config.get(key, default)
        values = value if isinstance(value, list) else [value] * many
        if len(values) != many or not all([type(v) is int and v > 0 for v in values]):
            what = "a whole number" if many == 1 else "%d whole numbers" % many
            raise self.damaged("%s should be %s from 1 upwards, found %s" % (key, what, quote(value)))
        return tuple(values)

    def pairs(self, key: str, many: int) -> tuple[tuple[int, int], ...]:
        """Two whole numbers for each of so many axes: for one axis [1, 2], for more [[1, 2], [3, 4]]."""
        value = self.config.get(key)
        values = [value] if many == 1 and isinstance(value, list) else value
        values = values if isinstance(values, list) else [value] * many
        pairs = [pair if isinstance(pair, list) else [pair, pair] for pair in values]
        if len(pairs) != many or not all([list(map(type, pair)) == [int, int] for pair in pairs]):
            raise self.damaged("%s should be two whole numbers for each axis, found %s" % (key, quote(value)))
        return tuple([(before, after) for before, after in pairs])

    def choice(self, key: str, names: Sequence[str]) -> str:
        """One of some names, by default the first."""
        value = self.config.get(key)
        if value is not None and value not in names:
            raise self.refuse("has the %s %s, read are %s" % (key, quote(value), " and ".join(names)))
        return names[0] if value is None else str(value)

    def flag(self, key: str, default: bool) -> bool:
        """A setting that is true or false."""
        value = self.config.get(key, default)
        if not isinstance(value, bool):
            raise ModelFormatError("%s: %s should be true or false, found %s" % (self, key, quote(value)))
        return value

    def axes(self, shape: tuple[int, ...]) -> list[int]:
        """The axes of a sample that the setting `axis` names, in order; 0 is the first after the batch."""
        value = self.config.get("axis", -1)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if not all([type(axis) is int for axis in listed]):
            raise ModelFormatError("%s: axis should be a number or a list of them, found %s" % (self, quote(value)))
        axes = sorted([axis - 1 if axis >= 0 else axis + len(shape) for axis in listed])
        if len(set(axes)) != len(axes) or not all([0 <= axis < len(shape) for axis in axes]):
            raise self.refuse("along axis %s of samples of shape %r" % (quote(value), shape))
        return axes

    def batch_shape(self) -> list[Any] | None:
        """The shape of a batch that goes in, where the file says it."""
        build = self.entry.get("build_config")
        shapes = [self.config.get("batch_shape"), self.config.get("batch_input_shape")]
        shapes.append(build.get("input_shape") if isinstance(build, dict) else None)
        shapes.append(self.config.get("build_input_shape"))
        return next((shape for shape in shapes if isinstance(shape, list)), None)


def _without_numpy(value: Any) -> Any:
    """The numbers of a NumPy array or scalar, which Keras writes as an object."""
    inner = value.get("config") if isinstance(value, dict) and value.get("class_name") == "__numpy__" else None
    return inner.get("value") if isinstance(inner, dict) else value


def is_finite(value: Any) -> bool:
    """Whether a value is a number, and neither infinite nor NaN."""
    return type(value) in (int, float) and -1e308 < value < 1e308
