"""A number is a number: the same outputs, bit for bit, whatever holds the samples and answers them."""

import io
import json
import os
import tempfile
from array import array
from contextlib import redirect_stdout
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_files import idx

from purenn import Dense, Network, Normalize, Scale, load, save
from purenn.cli import main
from purenn.formats.samples import read_samples
from purenn.export import export

np = pytest.importorskip("numpy")


@st.composite
def networks(draw):
    """A network with or without a layer that prepares its inputs, and whole numbers from 0 to 255 as samples."""
    random = Random(draw(st.integers(0, 1 << 32)))
    inputs, hidden, outputs = draw(st.integers(2, 12)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    before = draw(
        st.sampled_from(
            [
                [],
                [Normalize(0.0, 255.0)],
                [Normalize(255.0, -255.0)],
                [Normalize(0.0, 255.0), Normalize(0.25, 0.5)],
                [Normalize([random.uniform(0, 9) for _ in range(inputs)], 40.0)],
                [Scale(1 / 128, -1.0)],
            ]
        )
    )
    size = 0.01 if not before else 1.0
    layers = before + [
        Dense([[random.gauss(0, size) for _ in range(hidden)] for _ in range(inputs)], None, "tanh"),
        Dense([[random.gauss(0, 1) for _ in range(outputs)] for _ in range(hidden)], None, "sigmoid"),
    ]
    samples = [
        [random.choice([0, random.randrange(256)]) for _ in range(inputs)] for _ in range(draw(st.integers(2, 6)))
    ]
    return Network(layers), [[255] * inputs, [0] * inputs] + samples


CONTAINERS = (
    list,
    tuple,
    bytes,
    bytearray,
    lambda x: memoryview(bytes(x)),
    lambda x: array("B", x),
    lambda x: array("h", x),
    lambda x: array("f", x),
    lambda x: array("d", x),
    lambda x: [float(v) for v in x],
    lambda x: [x[0] + 0.0] + [np.uint8(v) for v in x[1:]],
    lambda x: np.array(x, dtype="u1"),
    lambda x: np.array(x, dtype=">i4"),
    lambda x: np.array(x, dtype="f4"),
    lambda x: [np.float16(v) for v in x],
    lambda x: [float(x[0])] + [np.float16(v) for v in x[1:]],
)


def files(rows):
    """The rows in every format of samples that can hold them."""
    yield "csv", "\n".join([",".join(map(str, row)) for row in rows]).encode()
    yield "json", json.dumps(rows).encode()
    yield "idx", idx(8, "B", (len(rows), len(rows[0])), [v for row in rows for v in row])
    for dtype in ("u1", ">i2", "<f8"):
        stream = io.BytesIO()
        np.save(stream, np.array(rows, dtype=dtype))
        yield "npy", stream.getvalue()


def by_command(*arguments):
    out = io.StringIO()
    with redirect_stdout(out):
        assert main([str(argument) for argument in arguments]) == 0
    return [entry["outputs"] for entry in json.loads(out.getvalue())]


@settings(max_examples=25)
@given(drawn=networks(), quantise=st.sampled_from([None, 8, 12]))
def test_the_same_outputs_whatever_holds_the_numbers(drawn, quantise):
    network, samples = drawn
    floats = network
    if quantise:
        network = network.quantize(samples, quantise, quantise)
    expected = [network.predict([float(v) for v in x]) for x in samples]
    for container in CONTAINERS:
        assert [network.predict(container(x)) for x in samples] == expected
    reference = [network.forward_one(x) for x in samples]
    for container in CONTAINERS:
        assert [network.forward_one(container(x)) for x in samples] == reference
    if quantise:
        assert reference == expected
        namespace = {"__name__": "model"}
        exec(export(network)["model.py"], namespace)
        assert (
            [namespace["predict"](bytes(x)) for x in samples] == expected == [namespace["predict"](x) for x in samples]
        )
        # so that what is consistently wrong cannot pass; 8 bits of a single neuron may be off by more than 2 %
        for x, outputs in zip(samples, expected):
            assert outputs == pytest.approx(floats.forward_one(x), abs=0.02 if quantise > 8 else 0.06)
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.safetensors")
        save(network, model)
        again = load(model)
        assert [again.predict(x) for x in samples] == expected
        for k, (kind, content) in enumerate(files(samples)):
            assert [network.predict(row) for row in read_samples(content, network.inputs, network.names)] == expected
            path = os.path.join(folder, "samples%d" % k)
            with open(path, "wb") as file:
                file.write(content)
            assert by_command("predict", model, path, "--format", "json") == expected, kind


@settings(max_examples=10)
@given(drawn=networks())
def test_calibration_is_the_same_whatever_holds_the_samples(drawn):
    network, samples = drawn
    expected = network.quantize(samples).predict(samples[-1])
    with tempfile.TemporaryDirectory() as folder:
        model, small = os.path.join(folder, "model.safetensors"), os.path.join(folder, "small.safetensors")
        save(network, model)
        for kind, content in files(samples):
            with open(os.path.join(folder, "samples"), "wb") as file:
                file.write(content)
            with redirect_stdout(io.StringIO()):
                assert main(["convert", model, small, "--quantize", os.path.join(folder, "samples")]) == 0
            assert load(small).predict(samples[-1]) == expected, kind
