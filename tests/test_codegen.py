"""Generated code: the plan, wires and shapes, and the same numbers in process and in an export."""

import math
import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import same_rows
from purenn import Activation, Add, Concat, Dense, Flatten, LayerNorm, Matrix, Multiply, Network, Normalize, Reshape
from purenn import Layer, Scale, UnsupportedError
from purenn.activation import RECORDS, Record
from purenn.codegen import costs, emit, integer_chain, plan
from purenn.codegen.dialect import EXPORTED, IN_PROCESS
from purenn.codegen.plan import EMITTERS, KERNELS
from purenn.layers import KINDS
from purenn.layers.activate import Activate
from purenn.layers.integer import Dequantize, IntegerDense, Quantize

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
seeds = st.integers(min_value=0, max_value=2**32)


def drawn(*sizes, h="relu", last="identity", seed=1):
    numbers = random.Random(seed)
    layers = []
    for m, n in zip(sizes, sizes[1:]):
        weight = [[numbers.gauss(0, m**-0.5) for _ in range(n)] for _ in range(m)]
        layers.append(Dense(weight, [numbers.gauss(0, 0.1) for _ in range(n)], h))
    return Network(layers[:-1] + [Dense(layers[-1].weight, layers[-1].bias, last)])


def run(network, dialect, kernel=None):
    return emit(plan(network, dialect, kernel)).run(network.forward_one)


# ---- the plan


def test_a_plan_says_for_each_step_who_runs_it_and_what_it_takes():
    network = Network([Normalize(0.0, 255.0)] + list(drawn(784, 50, 100, 10).layers))
    fast = network.compile()
    lines = str(fast.plan).split("\n")
    assert [line.split()[0] for line in lines] == ["byte_inputs", "dist", "dist"]
    assert lines[0].endswith("1 Normalize; 2 Dense 784 -> 50, relu") and " ns " in lines[0]
    assert [(segment.first, segment.count) for segment in fast.plan.segments] == [(1, 2), (3, 1), (4, 1)]
    assert fast.kernel == "byte_inputs+dist" and fast.error_bound == 1e-9


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the choice on CPython")
def test_one_layer_of_another_kind_leaves_the_others_where_they_are():
    class Own(Layer):
        def steps(self, values, shapes):
            yield "Z{k} = {x}", values[0].map(lambda a: a + 1.0)

    layers = list(drawn(300, 40, 40, 2).layers)
    network = Network(layers[:1] + [Own()] + layers[1:])
    fast = network.compile()
    assert fast.kernel == "byte_inputs+dist" or fast.kernel == "byte_inputs+dist+unrolled"
    assert [segment.emitter.NAME for segment in fast.plan.segments][1] == "forward"
    x = [math.sin(i) for i in range(300)]
    assert fast(x) == pytest.approx(network.forward_one(x), rel=1e-9)


def test_an_error_bound_of_0_asks_for_equal_numbers():
    network = Network([Normalize([1.5] * 120, 3.0)] + list(drawn(120, 60, 3).layers))
    fast = network.compile(error_bound=0.0)
    assert fast.error_bound == 0.0 and not set(fast.kernel.split("+")) - {"unrolled", "loops"}
    x = [math.cos(i) for i in range(120)]
    assert same_rows([fast(x)], [network.forward_one(x)])


def test_every_kind_has_its_row_and_every_emitter_its_name():
    by_forward = (
        "abs_max_dense dynamic_conv2d dynamic_dense conv1d conv2d batch_norm prelu permute pad slice upsample".split()
    )
    by_forward += ["max_pool", "average_pool", "global_max_pool", "global_average_pool"]
    by_forward += "requantize integer_add integer_average_pool global_sum lookup_table".split()
    assert sorted(list(EMITTERS) + by_forward) == sorted(KINDS)
    named = {name for names in EMITTERS.values() for name in names} | {"forward"}
    assert set(KERNELS) == named - {"elementwise", "structure"}


def test_only_what_is_chosen_is_imported():
    code = "import sys; from purenn import Dense, Network; Network([Dense([[1.0]])]).compile()([1.0]); "
    code += "print([m.split('.')[-1] for m in sys.modules if m.startswith('purenn.codegen.')])"
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout
    loaded = set(eval(out))
    assert "unrolled" in loaded or sys.implementation.name != "cpython"
    assert not loaded & {"dist", "fixed_point", "byte_inputs", "packed", "literals", "forward", "structure"}


# ---- wires and shapes


@st.composite
def wired(draw):
    """A network of drawn wires, each value a row of numbers or of rows, and a sample for it."""
    numbers = random.Random(draw(seeds))
    rows, width = draw(st.sampled_from([(1, 3), (1, 120), (2, 3), (4, 30)]))
    shapes = [(width,) if rows == 1 else (rows, width)]
    layers, wires = [], []
    for _ in range(draw(st.integers(min_value=2, max_value=7))):
        alike = [j for j, shape in enumerate(shapes) if shape == shapes[-1]]
        kind = draw(
            st.sampled_from(["dense", "dense", "activate", "norm", "scale", "add", "multiply", "concat", "flat"])
        )
        m = shapes[-1][-1]
        wire = [len(shapes) - 1]
        if kind == "dense":
            n = draw(st.sampled_from([1, 4, 30]))
            weight = [[numbers.gauss(0, m**-0.5) for _ in range(n)] for _ in range(m)]
            h = draw(st.sampled_from(["relu", "sigmoid", "identity", "softmax", "gelu"]))
            layer = Dense(weight, [numbers.gauss(0, 1) for _ in range(n)], h)
        elif kind == "activate":
            layer = Activate(draw(st.sampled_from(["softmax", "tanh", "log_softmax", "leaky_relu(0.2)", "relu6"])))
        elif kind == "norm":
            layer = LayerNorm([numbers.gauss(1, 1) for _ in range(m)], 0.5)
        elif kind == "scale":
            layer = draw(st.sampled_from([Scale, Normalize]))([0.5] * m, [numbers.gauss(2, 0.1) for _ in range(m)])
        elif kind == "flat":
            total = math.prod(shapes[-1])
            layer = draw(st.sampled_from([Flatten(), Reshape((total, 1)), Reshape((1, total))]))
        else:
            layer = {"add": Add, "multiply": Multiply, "concat": Concat}[kind]()
            wire += draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
        layers.append(layer)
        wires.append(wire)
        shapes.append(layer.output_shape(*[shapes[j] for j in wire]))
    used = {j for wire in wires for j in wire}
    for j in range(len(layers)):  # what nobody takes is brought together at the end
        if j + 1 not in used and j + 1 < len(layers):
            layers += [Flatten(), Flatten(), Concat()]
            wires += [[len(wires)], [j + 1], [len(wires) + 1, len(wires) + 2]]
    network = Network(layers, wires, input_shape=shapes[0])
    return network, [numbers.choice([0.0, numbers.gauss(0, 1)]) for _ in range(network.inputs)]


@settings(max_examples=30)
@given(wired())
def test_wired_networks_give_the_references_numbers(made):
    network, x = made
    y = network.forward_one(x)
    assert same_rows([network.compile(error_bound=0.0)(x)], [y])
    for kernel in (None, "dist", "fixed_point", "loops", "forward"):
        assert network.compile(kernel)(x) == pytest.approx(y, rel=1e-6, abs=1e-9), kernel
    for kernel in (None, "dist", "fixed_point", "loops"):
        assert run(network, EXPORTED, kernel)(x) == pytest.approx(y, rel=1e-6, abs=1e-9), kernel


def test_a_value_that_two_layers_take_is_changed_by_none():
    for width in (3, 120):
        weight = [[math.sin(i * j + i) for j in range(width)] for i in range(width)]
        layers = [
            Dense(weight, None, "relu"),
            Dense(weight, None, "tanh"),
            Activate("relu"),
            Add(),
            Multiply(),
            Concat(),
        ]
        network = Network(layers, [[0], [1], [1], [1, 2, 3], [1, 4], [0, 1, 5]])
        x = [math.cos(i) for i in range(width)]
        for dialect in (IN_PROCESS, EXPORTED):
            for kernel in ("dist", "loops", None):
                before = list(x)
                assert run(network, dialect, kernel)(x) == pytest.approx(network.forward_one(x), rel=1e-7)
                assert x == before


def test_dense_layers_work_along_the_last_axis():
    for m, n, rows in ((3, 2, 4), (130, 40, 3), (3, 130, 2)):
        weight = [[math.sin(7 * i + j) for j in range(n)] for i in range(m)]
        for h in ("softmax", "sigmoid", "identity"):
            network = Network([Dense(weight, [0.5] * n, h)], input_shape=(rows, m))
            x = [max(math.cos(i * i), 0.0) for i in range(rows * m)]
            for kernel in ("unrolled", "dist", "fixed_point", "loops", "forward"):
                assert network.compile(kernel)(x) == pytest.approx(network.forward_one(x), rel=1e-9), kernel
                if kernel != "forward" and rows * m * n < 4000 or kernel in ("dist", "fixed_point", "loops"):
                    assert run(network, EXPORTED, kernel)(x) == pytest.approx(network.forward_one(x), rel=1e-9)


@pytest.mark.parametrize("layer", [Flatten(), Reshape((2, 2)), Activate("identity")])
def test_outputs_that_are_the_sample_are_a_list_of_their_own(layer):
    network = Network([layer], input_shape=(4,))
    for x in ([1.0, 2.0, 3.0, 4.0], (1, 2, 3, 4), bytes([1, 2, 3, 4])):
        y = network.predict(x)
        assert y == [1, 2, 3, 4] and type(y) is list and y is not x


# ---- the same in process and exported


@pytest.mark.parametrize("kernel", ["unrolled", "dist", "fixed_point", "byte_inputs", "loops"])
@settings(max_examples=6)
@given(seed=seeds)
def test_an_export_computes_what_the_predictor_does(kernel, seed):
    numbers = random.Random(seed)
    first = [Scale([0.5] * 120, 2.0), Normalize(0.0, 255.0), Normalize([3.0] * 120, 7.0)][seed % 3]
    network = Network([first] + list(drawn(120, 30, 101, 4, h="sigmoid", last="softmax", seed=seed).layers))
    for x in (
        [numbers.gauss(0, 1) for _ in range(120)],
        [float(numbers.choice([0, 0, 0, numbers.randrange(256)])) for _ in range(120)],
        bytes([numbers.choice([0, numbers.randrange(256)]) for _ in range(120)]),
    ):
        if kernel != "unrolled":  # 7,000 multiplications are too many for a module
            assert same_rows([run(network, EXPORTED, kernel)(x)], [run(network, IN_PROCESS, kernel)(x)])
        small = drawn(12, 8, 3, h="tanh", last="log_softmax", seed=seed)
        x = list(x[:12])
        assert same_rows([run(small, EXPORTED, "unrolled")(x)], [run(small, IN_PROCESS, "unrolled")(x)])


def test_integers_turned_into_floats_and_norms_are_written_too():
    for width in (2, 150):
        step = [0.5 + i for i in range(width)]
        for layers in ([Dequantize(step, "relu")], [Dequantize(0.25, "softmax")], [LayerNorm(step, 0.0, 0.0)]):
            network = Network(layers, input_shape=(width,))
            for x in ([math.sin(i) for i in range(width)], [1.0] * width, list(range(width))):
                for dialect in (IN_PROCESS, EXPORTED):
                    assert same_rows([run(network, dialect)(x)], [network.forward_one(x)])


def test_a_softmax_cannot_overflow():
    for width in (3, 120):
        for name in ("softmax", "log_softmax"):
            network = Network([Activate(name)], input_shape=(width,))
            for x in ([1000.0] * width, [-1000.0] * (width - 1) + [1e308], [709.0, -math.inf] + [710.0] * (width - 2)):
                for dialect in (IN_PROCESS, EXPORTED):
                    assert same_rows([run(network, dialect)(x)], [network.forward_one(x)])


def test_an_activation_that_is_only_a_record_runs_and_is_not_exported():
    twice = Record("twice", "2*x", lambda a, z: 2)
    turned = Record("turned", "a_(n - k)", lambda z, dz: dz[::-1], rowwise=True)
    try:
        twice(lambda x: 2 * x)
        turned(lambda row: row[::-1])
        for width in (3, 120):
            network = Network([Activate("twice"), Activate("turned")], input_shape=(width,))
            x = [float(i) for i in range(width)]
            assert network.predict(x) == network.forward_one(x) == [2.0 * v for v in x[::-1]]
            from purenn.export import export

            with pytest.raises(UnsupportedError, match=r"layer 1 \(Activate, twice\): twice has no source"):
                export(network)
    finally:
        for name in ("twice", "turned"):
            RECORDS.pop(name, None)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_activation_runs_in_every_place(name):
    for width in (3, 120):
        network = Network([Activate(name), Dense([[0.1] * 3] * width, None, name)], input_shape=(2, width))
        x = [math.sin(i) for i in range(2 * width)]
        for dialect in (IN_PROCESS, EXPORTED):
            assert run(network, dialect)(x) == pytest.approx(network.forward_one(x), rel=1e-9, nan_ok=True)


def test_the_text_does_not_depend_on_what_has_run_before():
    network = drawn(150, 40, 3, h="sigmoid")
    first = emit(plan(network, EXPORTED)).source
    network.predict([0.0] * 150)
    assert emit(plan(network, EXPORTED)).source == first
    assert Activation("clip") and Matrix([1.0])


@pytest.mark.parametrize("layers", [[Flatten()] * 300, [Scale(2.0)] * 300])
def test_a_long_chain_is_not_searched_again_at_each_of_its_layers(layers, monkeypatch):
    asked, estimated = [], []
    taken, estimate = integer_chain.IntegerChain.__init__, costs.estimate
    monkeypatch.setattr(
        integer_chain.IntegerChain, "__init__", lambda self, network, k: (asked.append(k), taken(self, network, k))[1]
    )
    monkeypatch.setattr(costs, "estimate", lambda name, *rest: (estimated.append(name), estimate(name, *rest))[1])
    end = [Dense([[1.0]]), Quantize(1.0, 0, 255), IntegerDense([[1]], [0], "identity", 1.0)]
    network = Network(layers + end, input_shape=(1,))
    assert network.predict([3.0]) == network.forward_one([3.0])
    assert len(asked) <= 6 and estimated.count("packed") == 1
