"""A network as plain data: there and back for every kind, and every way in which the data can be wrong."""

import json

import pytest
from drawn import same_rows
from duals import Tape, network_of
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Add,
    Concat,
    Dense,
    Dequantize,
    DynamicDense,
    Flatten,
    IntegerDense,
    Layer,
    LayerNorm,
    Matrix,
    ModelFormatError,
    Multiply,
    Network,
    Normalize,
    Quantize,
    Reshape,
    Scale,
    UnsupportedError,
    register,
)
from purenn.architecture import from_architecture, to_architecture
from purenn.text import quote

KINDS = [Dense, Scale, Normalize, Activate, Reshape, Flatten, Add, Multiply, Concat]
tapes = st.lists(st.integers(min_value=0, max_value=1 << 20), min_size=40, max_size=90)

FLOATS = Network(
    [
        Normalize(127.5, [255.0, -1.0]),
        Scale([0.1, 2.0], -1.0),
        LayerNorm(0.5, [0.25, 0.75], 0.1),
        Activate("leaky_relu(0.3)"),
        DynamicDense([[1, -128], [0, 127]], [0.5, 0.25], "tanh", [0.25, 3.0], False),
        Dense([[1.0, 2.0], [2.0, 1.0]], [0.5, 1.5], "sigmoid"),
        Add(),
        Multiply(),
        Concat(),
        Reshape((2, 3)),
        Flatten(),
    ],
    [[0], [1], [2], [3], [4], [5], [6, 5, 1], [7, 7], [8, 6, 0], [9], [10]],
    labels=list("abcdef"),
    name="all",
    names=["x", "y"],
    multilabel=True,
)
INTEGERS = Network(
    [
        Quantize([0.5, 0.25], -128, 127, 3, "away"),
        IntegerDense([[1, 2], [3, -4]], [5, 6], "relu", 0.5, [0, 1, 2, 3], 7, 2),
        Dequantize([0.5, 0.125], "softmax"),
    ]
)
ENDING = Network([Quantize(0.5, 0, 255), IntegerDense([[1], [2]], [0], "elu(0.5)", [0.25])])


def refused(f, error=ModelFormatError):
    with pytest.raises(error) as caught:
        f()
    message = str(caught.value)
    assert "\n" not in message and "\x1b" not in message and len(message) < 300  # the kinds of layer are listed
    return message


def through_json(network):
    """The network that its architecture, as JSON text, and its tensors make."""
    architecture, tensors = to_architecture(network)
    return from_architecture(json.loads(json.dumps(architecture)), tensors)


def alike(a, b):
    about = ["wires", "shapes", "labels", "name", "names", "multilabel"]
    return [repr(layer) for layer in a.layers] == [repr(layer) for layer in b.layers] and all(
        [getattr(a, what) == getattr(b, what) for what in about]
    )


# ---- there and back


@pytest.mark.parametrize("network", [FLOATS, INTEGERS, ENDING])
def test_every_kind_comes_back(network):
    again = through_json(network)
    assert alike(again, network)
    x = [[1.5, -0.25], [0.0, 3.0]]
    assert same_rows(again.forward(x).tolist(), network.forward(x).tolist())


@given(tape=tapes)
def test_a_wired_network_comes_back(tape):
    tape = Tape(tape)
    network = network_of(tape, lambda n: n / 4, ["identity", "relu", "softmax", "elu(0.5)"], KINDS)
    again, x = through_json(network), tape.rows(2, network.inputs, lambda n: n / 4)
    assert alike(again, network)
    assert same_rows(again.forward(x).tolist(), network.forward(x).tolist())


def test_what_is_written():
    architecture, tensors = to_architecture(INTEGERS)
    assert architecture == {
        "version": 4,
        "input_shape": [2],
        "layers": [
            {"kind": "quantize", "low": -128, "high": 127, "zero_point": 3, "rounding": "away"},
            {"kind": "integer_dense", "table": True, "activation": "relu", "offset": 7, "shift": 2},
            {"kind": "dequantize", "activation": "softmax"},
        ],
    }
    assert sorted(tensors) == ["layers.0.scale"] + [
        "layers.1.%s" % name for name in ("bias", "scale", "table", "weight")
    ] + ["layers.2.scale"]
    architecture, tensors = to_architecture(FLOATS)
    assert architecture["wires"][6] == [6, 5, 1] and architecture["layers"][9] == {"kind": "reshape", "shape": [2, 3]}
    assert tensors["layers.2.epsilon"] == Matrix([0.1]) and tensors["layers.5.weight"] is FLOATS.layers[5].weight
    assert "layers.1.table" not in to_architecture(ENDING)[1]


# ---- what cannot be written


class Unregistered(Dense):
    pass


class Nameless(Layer):
    def steps(self, values, shapes):
        yield "Z{k} = {x}", values[0]


def squared(a):
    return a * a


@pytest.mark.parametrize(
    "layers, message",
    [
        (
            [Dense([[1.0]]), Unregistered([[1.0]])],
            "layer 2 (%s 1 -> 1, identity) cannot be saved: register its class, ",
        ),
        ([Nameless(), Dense([[1.0]])], "layer 1 (%s) cannot be saved: register its class, "),
        (
            [Dense([[1.0]], None, squared)],
            "layer 1 (Dense 1 -> 1, %s): a function of your own cannot be written into a",
        ),
        (
            [Dense([[1.0]]), Activate(squared)],
            "layer 2 (Activate, %s): a function of your own cannot be written into a",
        ),
    ],
)
def test_what_no_file_holds(layers, message):
    names = [type(layer).__name__ if type(layer) in (Unregistered, Nameless) else layer.h.name for layer in layers]
    name = [name for name in names if name not in ("identity", "Dense")][0]
    assert refused(lambda: to_architecture(Network(layers)), UnsupportedError).startswith(message % name)


@pytest.mark.parametrize("label", [b"no", (1, 2), {1: 2}, {3}, 1j])
def test_a_label_that_json_does_not_give_back(label):
    net = Network([Dense([[1.0]])], labels=[label])
    assert refused(
        lambda: to_architecture(net), UnsupportedError
    ) == "a label is %r: a file holds strings and numbers" % (label,)


# ---- data that is wrong


def dense(**changes):
    """(architecture, tensors) of a network of one dense layer, some of it changed."""
    architecture = {"version": 4, "input_shape": [2], "layers": [{"kind": "dense", "activation": "relu"}]}
    architecture.update(changes)
    for what in [what for what in architecture if architecture[what] is KeyError]:
        del architecture[what]
    return architecture, {"layers.0.weight": Matrix([[1.0], [2.0]]), "layers.0.bias": Matrix([0.5])}


def test_the_data_to_be_changed_is_sound():
    assert from_architecture(*dense()).forward([1.0, 1.0]).tolist() == [[3.5]]
    assert from_architecture(*dense(wires=[[0]])).is_chain


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"layers": KeyError}, "the architecture has no list of layers"),
        ({"layers": {}}, "the architecture has no list of layers"),
        ({"layers": "dense"}, "the architecture has no list of layers"),
        ({"layers": [3]}, "layer 1 has no kind"),
        ({"layers": [{}]}, "layer 1 has no kind"),
        ({"layers": [{"kind": ["dense"]}]}, "layer 1 has no kind"),
        ({"layers": [{"kind": "dense"}]}, "layer 1 (dense): activation is missing"),
        ({"layers": [{"kind": "dense", "activation": 3}]}, "layer 1 (dense): activation must be a string, found int 3"),
        ({"layers": [{"kind": "dense", "activation": "sigmod"}]}, "layer 1: unknown activation 'sigmod'"),
        ({"layers": [{"kind": "dense", "activation": "relu", "steps": 3}]}, "layer 1 (dense) has no setting steps"),
        ({"layers": [{"kind": "dense", "activation": "relu", "weight": 3}]}, "layer 1 (dense) has no setting weight"),
        ({"input_shape": KeyError}, "the architecture has no input_shape"),
        ({"input_shape": None}, "input_shape must be a list of integers, found NoneType None"),
        ({"input_shape": 2}, "input_shape must be a list of integers, found int 2"),
        ({"input_shape": [2.0]}, "input_shape must be a list of integers, found list [2.0]"),
        ({"input_shape": [True]}, "input_shape must be a list of integers, found list [True]"),
        ({"input_shape": [1 << 70]}, "input_shape must be a list of integers, found list ["),
        ({"input_shape": []}, "the input shape is a tuple of integers from 1 upwards, found list []"),
        ({"input_shape": [0]}, "the input shape is a tuple of integers from 1 upwards, found list [0]"),
        ({"input_shape": [3]}, "layer 1, which takes the input: Dense 2 -> 1, relu expects 2 inputs, found shape (3,)"),
        ({"wires": 3}, "wires must be lists of integers, found int 3"),
        ({"wires": {"0": [0]}}, "wires must be lists of integers, found dict"),
        ({"wires": [0]}, "a wire must be a list of integers, found int 0"),
        ({"wires": [[0.0]]}, "a wire must be a list of integers, found list [0.0]"),
        ({"wires": [["0"]]}, "a wire must be a list of integers, found list ['0']"),
        ({"wires": []}, "0 wires for 1 layers: give one for each"),
        ({"wires": [[]]}, "layer 1 (Dense 2 -> 1, relu) takes no value: its wire is empty"),
        ({"wires": [[1]]}, "layer 1 (Dense 2 -> 1, relu) takes the value 1, expected 0 (the input) to 0"),
        (
            {"wires": [[0, 0]]},
            "layer 1, which takes the input and the input: Dense 2 -> 1, relu takes 1 input, found 2",
        ),
        ({"labels": ["a", "b"]}, "2 labels for 1 outputs"),
        ({"labels": 7}, "labels are a list, one for each of the outputs, found 7"),
        ({"labels": "a"}, "labels are a list, one for each of the outputs, found 'a'"),
        ({"names": ["x"]}, "1 names for 2 inputs"),
        ({"names": ["x", 2]}, "the name of an input is a string, found 2"),
        ({"names": ["x", "x"]}, "two inputs have the name 'x'"),
        ({"name": 5}, "the name of a network is a string, found 5"),
        ({"multilabel": "no"}, "multilabel must be true or false, found str 'no'"),
        ({"multilabel": 1}, "multilabel must be true or false, found int 1"),
        ({"multilabel": None}, "multilabel must be true or false, found NoneType None"),
    ],
)
def test_what_does_not_fit_together(changes, message):
    assert refused(lambda: from_architecture(*dense(**changes))).startswith(message)


@pytest.mark.parametrize("architecture", [None, [], "dense", 3])
def test_what_is_no_architecture(architecture):
    assert refused(lambda: from_architecture(architecture, {})) == "the architecture has no list of layers"


def test_no_layers():
    assert (
        refused(lambda: from_architecture(dense(layers=[])[0], {})) == "a network needs at least one layer, found none"
    )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"version": 5}, "written as version 5, this is version 4"),
        ({"version": KeyError}, "written as version None, this is version 4"),
        ({"version": "2"}, "written as version '2', this is version 4"),
        ({"version": True}, "written as version True, this is version 4"),
        ({"version": [1] * 10000}, "written as version "),
        (
            {"layers": [{"kind": "conv9d"}]},
            "layer 1: unknown kind of layer 'conv9d', known are: abs_max_dense, activate, add, ",
        ),
        ({"layers": [{"kind": "x" * 100000}]}, "layer 1: unknown kind of layer 'xxx"),
        ({"layers": [{"kind": "\n\x1b[31m"}]}, "layer 1: unknown kind of layer '\\n"),
        ({"dropout": 0.5}, "the architecture has a part dropout, which this release does not know"),
        ({"a\nb": 0.5}, "the architecture has a part 'a\\nb', which this release does not know"),
    ],
)
def test_what_this_release_does_not_know(changes, message):
    assert refused(lambda: from_architecture(*dense(**changes)), UnsupportedError).startswith(message)


def test_tensors_that_are_missing_or_too_many():
    architecture, tensors = dense()
    for name in sorted(tensors):
        rest = {other: tensors[other] for other in tensors if other != name}
        assert refused(lambda rest=rest: from_architecture(architecture, rest)) == "tensor %s is missing" % name
    for name in ("layers.0.scale", "layers.0.weight?", "layers.1.weight", "layers.00.weight", "weight", "a\nb"):
        more = dict(tensors)
        more[name] = Matrix([1.0])
        expected = "tensor %s belongs to no layer" % quote(name)
        assert refused(lambda more=more: from_architecture(architecture, more)) == expected


def test_an_optional_tensor_is_taken_where_it_is():
    architecture, tensors = to_architecture(ENDING)
    assert architecture["layers"][1]["table"] is False
    tensors["layers.1.table"] = Matrix([1, 2])
    assert refused(lambda: from_architecture(architecture, tensors)) == "tensor layers.1.table belongs to no layer"
    architecture["layers"][1]["table"] = True
    assert from_architecture(architecture, tensors).layers[1].table == Matrix([1, 2])
    tensors["layers.1.table"] = Matrix([1.5, 2])
    assert refused(lambda: from_architecture(architecture, tensors)) == (
        "layer 2: IntegerDense 2 -> 1, elu(0.5): the table holds numbers that are not integers"
    )
    del tensors["layers.1.table"]
    assert refused(lambda: from_architecture(architecture, tensors)) == "tensor layers.1.table is missing"


@pytest.mark.parametrize(
    "name, matrix, message",
    [
        ("layers.0.bias", Matrix([1.0, 2.0]), "layer 1: Dense 2 -> 1: the bias must be (1, 1)"),
        ("layers.0.weight", Matrix([1.0]), "layer 1, which takes the input: Dense 1 -> 1, relu expects 1 inputs"),
    ],
)
def test_tensors_of_a_wrong_shape(name, matrix, message):
    architecture, tensors = dense()
    tensors[name] = matrix
    assert refused(lambda: from_architecture(architecture, tensors)).startswith(message)


@pytest.mark.parametrize(
    "numbers, message",
    [
        ([[0.1, 0.2]], "tensor layers.0.epsilon: expected one number, found shape (1, 2)"),
        ([[0.1], [0.2]], "tensor layers.0.epsilon: expected one number, found shape (2, 1)"),
        ([[-0.1]], "layer 1: LayerNorm: epsilon must be a number from 0 upwards, found -0.1"),
        ([[float("nan")]], "layer 1: LayerNorm: epsilon must be a number from 0 upwards, found nan"),
    ],
)
def test_a_setting_that_is_a_tensor_is_one_number(numbers, message):
    architecture = {"version": 4, "input_shape": [2], "layers": [{"kind": "layer_norm"}]}
    tensors = {"layers.0.scale": Matrix([1.0]), "layers.0.shift": Matrix([0.0]), "layers.0.epsilon": Matrix(numbers)}
    assert refused(lambda: from_architecture(architecture, tensors)) == message


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"low": 0.0}, "layer 1 (quantize): low must be an integer, found float 0.0"),
        ({"low": True}, "layer 1 (quantize): low must be an integer, found bool True"),
        ({"low": None}, "layer 1 (quantize): low must be an integer, found NoneType None"),
        ({"high": "255"}, "layer 1 (quantize): high must be an integer, found str '255'"),
        ({"high": 1 << 80}, "layer 1 (quantize): high must be an integer, found int 12089258"),
        ({"high": [255]}, "layer 1 (quantize): high must be an integer, found list [255]"),
        ({"high": "x" * 100000}, "layer 1 (quantize): high must be an integer, found str 'xxx"),
        ({"rounding": 3}, "layer 1 (quantize): rounding must be a string, found int 3"),
        ({"rounding": "down"}, "layer 1: unknown rounding 'down', known are: away, even, up"),
        ({"high": -1}, "layer 1: Quantize: the range 0 ... -1 is empty"),
        ({"highest": 3}, "layer 1 (quantize) has no setting highest"),
    ],
)
def test_settings_of_a_wrong_type(changes, message):
    spec = {"kind": "quantize", "low": 0, "high": 255, "zero_point": 0, "rounding": "up"}
    spec.update(changes)
    architecture = {"version": 4, "input_shape": [1], "layers": [spec]}
    assert refused(lambda: from_architecture(architecture, {"layers.0.scale": Matrix([0.5])})).startswith(message)


@pytest.mark.parametrize("shape", [6, "6", None, [2.0], [True], [[6]], {"0": 6}, [0], [], [-6]])
def test_a_shape_in_a_file(shape):
    architecture = {"version": 4, "input_shape": [6], "layers": [{"kind": "reshape", "shape": shape}]}
    message = refused(lambda: from_architecture(architecture, {}))
    assert message.startswith("layer 1 (reshape): shape must be ") or message.startswith(
        "layer 1: Reshape: a shape is "
    )


def test_a_symmetric_that_is_no_bool():
    tensors = {"layers.0." + name: Matrix([1]) for name in ("weight", "bias", "scale")}
    spec = {"kind": "dynamic_dense", "activation": "relu", "symmetric": 1}
    architecture = {"version": 4, "input_shape": [1], "layers": [spec]}
    assert refused(lambda: from_architecture(architecture, tensors)) == (
        "layer 1 (dynamic_dense): symmetric must be true or false, found int 1"
    )


# ---- kinds of your own


class Threshold(Layer):
    kind = "tests.threshold"
    tensors = ("level", "height?")
    settings = (("strict", bool), ("label", str), ("sides", tuple), ("slope", float), ("times", int))

    def __init__(self, level, height=None, strict=True, label="", sides=(), slope=0.1, times=1):
        self.level, self.height = Matrix(level), height
        self.strict, self.label, self.sides, self.slope, self.times = strict, label, sides, slope, times

    def steps(self, values, shapes):
        yield "Z{k} = threshold({x})", values[0].map(lambda a: 1.0 if a > self.level[0, 0] else 0.0)


def test_a_registered_kind_of_your_own_comes_back():
    register(Threshold)
    for height in (None, Matrix([[2.0, 3.0]])):
        layer = Threshold([0.5], height, False, "caf\u00e9", (3, -1), 1 / 3, -7)
        network = Network([Dense([[1.0], [2.0]]), layer])
        again = through_json(network)
        assert type(again.layers[1]) is Threshold and repr(again.layers[1]) == repr(layer)
        assert again.forward([[1.0, 1.0], [0.0, 0.0]]).tolist() == [[1.0], [0.0]]


# ---- files of version 1


def test_layers_of_version_1_knew_their_inputs():
    spec = {"kind": "scale", "inputs": 2}
    tensors = {"layers.0.scale": Matrix([2.0]), "layers.0.shift": Matrix([1.0, 0.0])}
    network = from_architecture({"version": 1, "layers": [spec], "labels": None, "name": None}, tensors)
    assert network.input_shape == (2,) and network.forward([1.0, 1.0]).tolist() == [[3.0, 2.0]]
    for inputs in (3, "2", 2.5, [2], 0):
        wrong = {"version": 1, "layers": [{"kind": "scale", "inputs": inputs}]}
        refused(lambda wrong=wrong: from_architecture(wrong, tensors))
    chain = {
        "version": 1,
        "layers": [{"kind": "dense", "activation": "relu"}, {"kind": "activate", "activation": "relu", "inputs": 7}],
    }
    assert refused(lambda: from_architecture(chain, dense()[1])) == (
        "layer 2 (Activate, relu): inputs is int 7, but 1 numbers come in"
    )


def test_a_table_of_version_1_that_is_missing():
    spec = {"kind": "integer_dense", "activation": "relu", "offset": 0, "shift": 0, "table": True}
    tensors = {"layers.0.weight": Matrix([[1]]), "layers.0.bias": Matrix([0]), "layers.0.step": Matrix([1.0])}
    architecture = {"version": 1, "layers": [spec]}
    assert refused(lambda: from_architecture(architecture, tensors)) == "tensor layers.0.table is missing"
    tensors["layers.0.table"] = Matrix([3, 4])
    assert from_architecture(architecture, tensors).forward([5]).tolist() == [[4]]


def test_an_entrance_of_release_0_1_0_multiplied():
    spec = {"kind": "quantize", "inputs": 2, "low": 0, "high": 255}
    architecture = {"version": 1, "layers": [spec]}
    layer = from_architecture(architecture, {"layers.0.scale": Matrix([2.0, 4.0])}).layers[0]
    assert repr(layer) == repr(Quantize([0.5, 0.25], 0, 255))
    for scale in (0.0, -2.0, float("nan")):
        tensors = {"layers.0.scale": Matrix([scale])}
        assert refused(lambda tensors=tensors: from_architecture(architecture, tensors)) == (
            "layer 1: a scale must be a positive number"
        )


# ---- files of versions 2 and 3


def as_version_3(architecture):
    """The same network as release 0.3 wrote it, which joined along the last axis alone."""
    layers = [dict(spec) for spec in architecture["layers"]]
    for spec in layers:
        if spec["kind"] == "concat":
            assert spec.pop("axis") == -1
    return dict(architecture, version=3, layers=layers)


@pytest.mark.parametrize("network", [FLOATS, INTEGERS, ENDING])
def test_files_of_version_3_open_and_answer_as_they_did(network):
    architecture, tensors = to_architecture(network)
    again = from_architecture(as_version_3(architecture), tensors)
    assert alike(again, network)
    x = [[1.5, -0.25], [0.0, 3.0]]
    assert same_rows(again.forward(x).tolist(), network.forward(x).tolist())


def test_the_axis_of_a_concatenation_came_with_version_4():
    layers = [{"kind": "concat", "axis": 0}]
    architecture = {"version": 4, "input_shape": [2, 1], "layers": layers, "wires": [[0, 0]]}
    assert from_architecture(architecture, {}).output_shape == (4, 1)
    for version in (2, 3):
        message = refused(lambda version=version: from_architecture(dict(architecture, version=version), {}))
        assert message == "layer 1 (concat) has no setting axis"
    del layers[0]["axis"]
    assert refused(lambda: from_architecture(architecture, {})) == "layer 1 (concat): axis is missing"
    assert from_architecture(dict(architecture, version=3), {}).output_shape == (2, 2)


def as_version_2(architecture, tensors):
    """The same network as release 0.2 wrote it, where a scale was called a step and a zero point a zero."""
    old = {"scale": "step", "zero_point": "zero"}
    integers = [k for k, spec in enumerate(architecture["layers"]) if spec["kind"] in INTEGER_KINDS]
    tensors = {
        (
            ".".join(name.split(".")[:2] + [old.get(name.split(".")[2], name.split(".")[2])])
            if int(name.split(".")[1]) in integers
            else name
        ): matrix
        for name, matrix in tensors.items()
    }
    layers = [
        {old.get(name, name) if k in integers else name: value for name, value in spec.items()}
        for k, spec in enumerate(as_version_3(architecture)["layers"])
    ]
    return dict(architecture, version=2, layers=layers), tensors


INTEGER_KINDS = ("quantize", "integer_dense", "dequantize", "dynamic_dense")


@pytest.mark.parametrize("network", [FLOATS, INTEGERS, ENDING])
def test_files_of_version_2_open_and_answer_as_they_did(network):
    architecture, tensors = as_version_2(*to_architecture(network))
    again = from_architecture(architecture, tensors)
    assert alike(again, network)
    x = [[1.5, -0.25], [0.0, 3.0]]
    assert same_rows(again.forward(x).tolist(), network.forward(x).tolist())


def test_each_version_has_its_own_names():
    architecture, tensors = as_version_2(*to_architecture(INTEGERS))
    assert architecture["layers"][0] == {"kind": "quantize", "low": -128, "high": 127, "zero": 3, "rounding": "away"}
    assert (
        refused(lambda: from_architecture(dict(architecture, version=3), tensors)) == "tensor layers.0.scale is missing"
    )
    new = to_architecture(INTEGERS)
    assert refused(lambda: from_architecture(dict(new[0], version=2), new[1])) == "tensor layers.0.step is missing"
