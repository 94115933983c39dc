"""PyTorch's files: fixtures that PyTorch wrote, files written by hand, and PyTorch itself where it is installed."""

import io
import os
import random
import zipfile

import pytest
from fixture_files import content, error, fixture, table
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import (
    frugal_refusal,
    integer,
    mutated,
    name,
    packed,
    peak_memory,
    read_or_refused,
    refusal,
    text,
    tuple_of,
)
from reading import read_by
from torch_files import (
    archive,
    dict_of,
    legacy,
    linear,
    members,
    module,
    sequential,
    sizes,
    storage,
    torch_zip,
    view,
)

from purenn import Matrix, ModelFormatError, UnsupportedError, load
from purenn.formats import read, recognised
from purenn.formats.models import torch as torch_reader
from purenn.formats.models.pickled_torch import Storage, View
from purenn.source import Source

FILES = table("torch.json")["files"]
THOROUGH = os.environ.get("CI") == "true"
ONE = view(storage("0", 4), (2, 2), (2, 1))  # [[1, 2], [3, 4]]


VECTOR = view(storage("0", 4), (4,), (1,))  # [1, 2, 3, 4]


def loaded(piece):
    return load(torch_zip(piece))


def read_torch(data):
    return read_by(torch_reader, data)


# ---- what PyTorch wrote


@pytest.mark.parametrize("name", sorted(FILES))
def test_fixtures(name):
    entry = FILES[name]
    network = load(fixture(name), activations=entry["activations"])
    assert error(network, entry) < 1e-5


def test_every_kind_of_file_is_recognised():
    kinds = {name: recognised(Source(fixture(name))).name for name in FILES}
    assert {name for name, kind in kinds.items() if kind == "pickled"} == {"torch_pickled.pkl", "torch_states.pkl"}
    assert {kind for name, kind in kinds.items() if "legacy" in name} == {"torch_legacy"}
    assert set(kinds.values()) == {"pickled", "torch", "torch_legacy"}


def test_what_the_notes_tell():
    network = load(fixture("torch_normalised.pt"))
    assert network.name == "Sequential"
    assert network.notes == [
        "PyTorch Sequential",
        "layer 1 is 1 (BatchNorm1d)",
        "2.1 (BatchNorm1d) folded into layer 3",
    ]
    assert [str(layer) for layer in network.layers] == [
        "Normalize 4",
        "Scale 4",
        "Dense 4 -> 6, leaky_relu(0.2)",
        "LayerNorm 6",
        "Dense 6 -> 3, softmax",
    ]
    assert load(fixture("torch_smooth.pt")).notes == ["PyTorch Sequential"]


def test_a_state_dict_is_found_in_a_checkpoint_and_loses_what_wrapped_it():
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    for file in ("torch_checkpoint.ckpt", "torch_states.pth", "torch_states_legacy.pth", "torch_states.pkl"):
        assert list(read(fixture(file))) == names
    assert "2 layers: 0.weight (5, 4), 2.weight (3, 5)" in refusal(load, fixture("torch_states.pth"), ValueError)


def test_of_two_models_in_a_checkpoint_none_is_chosen():
    states = dict_of([("a.weight", ONE)])
    for other in (states, linear(ONE)):
        message = refusal(read, torch_zip(dict_of([("state_dict", states), ("model", other)])), UnsupportedError)
        assert "holds several models, under state_dict, model" in message
    settings = dict_of([("hidden", integer(50))])
    assert list(read(torch_zip(dict_of([("model", settings), ("state_dict", states)])))) == ["a.weight"]


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_the_names_under_which_checkpoints_keep_a_model(key):
    arrays = [("module.a.weight", ONE), ("module.a.bias", view(storage("0", 4), (2,), (1,)))]
    held = dict_of([("epoch", integer(7)), (key, dict_of(arrays))])
    assert list(read(torch_zip(held))) == ["a.weight", "a.bias"]
    network = loaded(dict_of([("epoch", integer(7)), (key, linear(ONE))]))
    assert network.forward(Matrix([1.0, 1.0])) == Matrix([3.0, 7.0])


# ---- tensors


@pytest.mark.parametrize(
    "kind, code, ours",
    [
        ("DoubleStorage", "d", "F64"),
        ("FloatStorage", "f", "F32"),
        ("HalfStorage", "e", "F16"),
        ("LongStorage", "q", "I64"),
        ("IntStorage", "i", "I32"),
        ("ShortStorage", "h", "I16"),
        ("CharStorage", "b", "I8"),
        ("ByteStorage", "B", "U8"),
        ("BoolStorage", "?", "BOOL"),
    ],
)
@pytest.mark.parametrize("order", ["little", "big", None])
def test_every_storage_and_byte_order(kind, code, ours, order):
    numbers = [0, 1, 1, 0] if code == "?" else [0, 1, 100, 3]
    raw = packed(numbers, code, ">" if order == "big" else "<")
    more = [] if order is None else [("m/byteorder", order.encode())]
    piece = dict_of([("a", view(storage("0", 4, kind), (2, 2), (1, 2)))])
    tensor = read(torch_zip(piece, {"0": raw}, *more))["a"]
    assert (tensor.shape, tensor.dtype) == ((2, 2), ours)
    assert tensor.data.tolist() == [numbers[k] for k in (0, 2, 1, 3)]


def test_bfloat16_is_the_upper_half_of_a_float():
    raw = packed([1.0, -2.5, 3.0e38, 0.0], "f")
    halves = b"".join([raw[k + 2 : k + 4] for k in range(0, 16, 4)])
    tensor = read(torch_zip(dict_of([("a", view(storage("0", 4, "BFloat16Storage"), (4,), (1,)))]), {"0": halves}))["a"]
    assert tensor.data.tolist()[:2] == [1.0, -2.5] and 2.9e38 < tensor.data[2] < 3.0e38


def test_types_that_came_after_the_classes_of_storages():
    held = tuple_of(text("storage"), name("torch.storage", "UntypedStorage"), text("0"), text("cpu"), integer(8)) + b"Q"
    hooks = name("collections", "OrderedDict") + b")R"
    arguments = [held, integer(1), sizes([3]), sizes([1]), b"\x89", hooks, name("torch", "uint16")]
    piece = name("torch._utils", "_rebuild_tensor_v3") + tuple_of(*arguments) + b"R"
    tensor = read(torch_zip(dict_of([("a", piece)]), {"0": packed([1, 2, 65535, 4], "H")}))["a"]
    assert (tensor.dtype, tensor.data.tolist()) == ("U16", [2, 65535, 4])
    arguments[6] = name("torch", "float32")
    piece = name("torch._utils", "_rebuild_tensor_v3") + tuple_of(*arguments) + b"R"
    assert "elements of type torch.float32" in refusal(read, torch_zip(dict_of([("a", piece)])), UnsupportedError)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=4),
    st.integers(0, 3),
    st.sampled_from(["i", "f", "d", "h"]),
    st.booleans(),
    st.integers(0, 2),
)
def test_views_are_read_as_their_strides_say(axes, offset, code, negated, more):
    """Axes in any order in memory, with gaps, repeated or that is a view of each other: element (i, j, ...) is number
    offset + i s + j t + ..., or less that number.
    """
    shape, strides = [size for size, _ in axes], [stride for _, stride in axes]
    places = [offset]
    for size, stride in axes:
        places = [place + k * stride for place in places for k in range(size)]
    length = max(places, default=0) + 1 + more
    kind = {"i": "I32", "f": "F32", "d": "F64", "h": "I16"}[code]
    storage_ = Storage(kind, length, lambda: (packed(range(length), code), False))
    if negated and code in "ih":
        assert "negated" in refusal(lambda _: View(storage_, offset, shape, strides, negated), None, UnsupportedError)
        return
    tensor = View(storage_, offset, shape, strides, negated).tensor()
    assert (tensor.shape, tensor.data.tolist()) == (tuple(shape), [-place if negated else place for place in places])
    assert tensor.data.typecode == code


def bits(**metadata):
    """A tensor with bits set in its metadata."""
    held = dict_of([(name_, b"\x88" if value else b"\x89") for name_, value in metadata.items()])
    return ONE.replace(b")RtR", b")R" + held + b"tR")


def test_the_negative_bit():
    assert bits(neg=True) != ONE and bits(neg=True).endswith(b"tR")
    assert read(torch_zip(dict_of([("a", bits(neg=True, conj=False))])))["a"].data.tolist() == [-1.0, -2.0, -3.0, -4.0]
    assert read(torch_zip(dict_of([("a", bits(neg=False))])))["a"].data.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert loaded(linear(bits(neg=True))).forward(Matrix([1.0, 1.0])) == Matrix([-3.0, -7.0])
    assert "a conjugate tensor" in refusal(read, torch_zip(dict_of([("a", bits(conj=True))])), UnsupportedError)
    message = refusal(read, torch_zip(dict_of([("a", bits(odd=True))])), UnsupportedError)
    assert "a tensor with a str 'odd': True" in message
    odd = ONE.replace(b")RtR", b")R" + integer(1) + b"tR")
    message = refusal(read, torch_zip(dict_of([("a", odd)])), ModelFormatError)
    assert "expected a dict for a tensor's metadata" in message


def test_a_row_that_is_repeated_without_being_held():
    repeated = view(storage("0", 4), (3, 4), (0, 1))
    assert loaded(linear(repeated)).forward(Matrix([1.0] * 4)) == Matrix([10.0] * 3)
    column = view(storage("0", 4), (4, 3), (1, 0))
    assert loaded(linear(column)).forward(Matrix([1.0] * 3)) == Matrix([3.0, 6.0, 9.0, 12.0])


BARE = (
    name("torch._utils", "_rebuild_meta_tensor_no_storage")
    + tuple_of(name("torch", "float32"), sizes([2, 2]), sizes([2, 1]), b"\x89")
    + b"R"
)


def test_tensors_without_numbers():
    message = refusal(load, torch_zip(sequential(linear(ONE), linear(BARE))), UnsupportedError)
    assert "1 (Linear): the weight is a tensor of the meta device, which has no numbers" in message
    message = refusal(read, torch_zip(dict_of([("a.weight", BARE)])), UnsupportedError)
    assert "a.weight: a tensor of the meta device" in message
    parameter = name("torch._utils", "_rebuild_parameter") + tuple_of(BARE, b"\x88", b"N") + b"R"
    assert "(Linear)" not in refusal(load, torch_zip(linear(parameter)), UnsupportedError)


@pytest.mark.parametrize("kind", ["ComplexFloatStorage", "QInt8Storage"])
def test_numbers_of_other_kinds(kind):
    piece = dict_of([("a", view(storage("0", 4, kind), (2, 2), (2, 1)))])
    assert "numbers of a torch.%s" % kind in refusal(read, torch_zip(piece), UnsupportedError)


@pytest.mark.parametrize(
    "piece, said",
    [
        (view(storage("0", 4), (10**10,), (0,)), "a takes 1200000000000 bytes"),
        (view(storage("0", 4), (10**5, 10**5), (0, 0)), "a takes 80011200000 bytes"),
        (view(storage("0", 2), (2, 2), (1, 1)), "reaches beyond a storage of 2 numbers"),
        (view(storage("0", 4), (5,), (1,)), "reaches beyond a storage of 4 numbers"),
        (view(storage("0", 4), (1,), (1,), 4), "reaches beyond"),
        (view(storage("0", 4), (2,), (2**62,)), "reaches beyond"),
        (view(storage("0", 4), (2, 2), (1,)), "2 axes with 1 strides"),
        (view(storage("0", 4), (-1,), (1,)), "a shape must be"),
        (view(storage("0", 4), (2,), (-1,), 3), "a shape must be"),
        (view(storage("0", 4), (1,), (1,), -1), "a shape must be"),
        (view(storage("0", 4), [1] * 65, [1] * 65), "a shape must be"),
        (view(storage("0", 5), (5,), (1,)), "takes 20 bytes, found 16"),
        (view(storage("0", 2**40), (2**40,), (1,)), "a takes 131941395333120 bytes"),
        (view(storage("1", 4), (4,), (1,)), "no member m/data/1"),
        (view(storage("../0", 4), (4,), (1,)), "no member m/data/../0"),
        (view(b"N", (4,), (1,)), "that is a view of None"),
        (view(text("0") + b"Q", (4,), (1,)), "expected a storage"),
        (view(storage("0", 4, "Size"), (4,), (1,)), "storage of class the name torch.Size"),
        (view(storage("0", -4), (0,), (1,)), "a shape must be"),
        (name("torch._utils", "_rebuild_tensor_v2") + b")R", "_rebuild_tensor_v2"),
        (name("torch._utils", "_rebuild_parameter") + tuple_of(b"N", b"N", b"N") + b"R", "made of None"),
        (name("torch", "FloatStorage") + b")R", "calls the name torch.FloatStorage"),
    ],
)
def test_damaged_tensors(piece, said):
    message = frugal_refusal(read, torch_zip(dict_of([("a", piece)])))
    assert said in message


def test_a_storage_is_as_long_as_it_is_said_to_be():
    for strides, shape in (((1,), (4,)), ((2,), (2,))):
        piece = dict_of([("a", view(storage("0", 4), shape, strides))])
        message = refusal(read, torch_zip(piece, {"0": packed([1.0] * 5)}), ModelFormatError)
        assert "a storage of 4 numbers of type F32 takes 16 bytes, found 20" in message


def test_a_storage_is_one_thing():
    piece = dict_of([("a", view(storage("0", 4), (4,), (1,))), ("b", view(storage("0", 2), (2,), (1,)))])
    assert "described as a storage of 4 numbers of type F32, then" in refusal(read, torch_zip(piece), ModelFormatError)


# ---- archives


SCRIPTED = [("m/data.pkl", b"\x80\x02}."), ("m/code/__torch__/m.py", b""), ("m/constants.pkl", b"\x80\x02).")]


def test_programs():
    """TorchScript and torch.export: what they compute is code."""
    for names in (SCRIPTED, SCRIPTED[:2], [SCRIPTED[0], SCRIPTED[2]]):
        message = refusal(load, archive(names), UnsupportedError)
        assert "TorchScript, which is code: save the module itself with torch.save, or export it with" in message
    exported = archive([("m/models/model.json", b"{}"), ("m/archive_format", b"pt2")])
    assert "a program of torch.export: save the module itself" in refusal(load, exported, UnsupportedError)


def test_other_archives():
    assert "without data.pkl" in refusal(read_torch, archive([("a/b", b"")]), ModelFormatError)
    two = archive([("m/data.pkl", b"\x80\x02}."), ("m/data.pkl", b"\x80\x02}.")])
    assert "two members of the same name" in refusal(read, two, ModelFormatError)
    order = torch_zip(b"}", None, ("m/byteorder", b"middle"))
    assert "byte order must be little or big" in refusal(read, order, ModelFormatError)
    data = bytearray(torch_zip(dict_of([("a", ONE)])))
    data[data.index(packed([2.0]))] ^= 1
    assert "damaged zip archive" in refusal(read, bytes(data), ModelFormatError)


def test_archives_packed_by_others_are_read_as_far_as_they_may_grow():
    piece = b"\x80\x02" + dict_of([("a", ONE)]) + b"."
    packed_ = archive([("m/data.pkl", piece), ("m/data/0", packed([1.0, 2.0, 3.0, 4.0]))], zipfile.ZIP_DEFLATED)
    assert read(packed_)["a"].data.tolist() == [1.0, 2.0, 3.0, 4.0]
    zeros = bytes(40 * 2**20)
    large = dict_of([("a", view(storage("0", len(zeros) // 4), (len(zeros) // 4,), (1,)))])
    bomb = archive([("m/data.pkl", b"\x80\x02" + large + b"."), ("m/data/0", zeros)], zipfile.ZIP_DEFLATED)
    frugal_refusal(read, bomb)
    message = frugal_refusal(read, archive([("m/data.pkl", b"\x80\x02" + zeros[: 4 * 2**20])], zipfile.ZIP_DEFLATED))
    assert "no opcode of a pickle" in message


# ---- before 1.6


FOUR = packed([1.0, 2.0, 3.0, 4.0])


def test_legacy_files():
    both = dict_of([("a", ONE), ("b", view(storage("1", 1), (1,), (1,)))])
    found = read(legacy(both, [("1", 1, packed([9.0])), ("0", 4, FOUR)]))
    assert (found["a"].data.tolist(), found["b"].data.tolist()) == ([1.0, 2.0, 3.0, 4.0], [9.0])


@pytest.mark.parametrize(
    "head",
    [
        b"L119547037146038801333356L\n.",
        b"\x80\x02L119547037146038801333356L\n.",
        b"\x80\x03\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
        b"\x80\x04\x95\x0d\x00\x00\x00\x00\x00\x00\x00\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
        b"\x80\x05\x95\x0d\x00\x00\x00\x00\x00\x00\x00\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    ],
)
def test_the_magic_number_in_every_protocol(head):
    data = legacy(linear(ONE), [("0", 4, FOUR)], magic=head)
    assert recognised(Source(data)).name == "torch_legacy"
    assert load(data).forward(Matrix([1.0, 1.0])) == Matrix([3.0, 7.0])
    for cut in range(len(head)):
        assert read_or_refused(read, head[:cut])


def test_a_storage_named_by_a_text():
    """Protocol 0 has no other names for what is outside of a pickle; torch cannot read its own files of it."""
    message = refusal(read, torch_zip(dict_of([("a", view(b"P('storage', ...)\n", (4,), (1,)))])), ModelFormatError)
    assert "expected a storage: in protocol 0 torch writes what it cannot read itself, use 2" in message


@pytest.mark.parametrize("protocol", range(1, 6))
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_every_protocol(protocol, zipped):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    X = torch.randn(4, 3)
    entry = {"inputs": X.tolist(), "outputs": module(X).tolist()}
    for held, options in ((module, {}), (module.state_dict(), {"activations": ["relu"]})):
        file = io.BytesIO()
        torch.save(held, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
        assert error(load(file.getvalue(), **options), entry) < 1e-6


@pytest.mark.parametrize(
    "data, said",
    [
        (legacy(linear(ONE), []), "the storage 0 is missing"),
        (legacy(linear(ONE), [("0", 3, FOUR)]), "with the length 3"),
        (legacy(linear(ONE), [("0", 4, FOUR[:-1])]), "a storage of 4 numbers of type F32 starts at byte"),
        (legacy(linear(ONE), [("0", 4, FOUR), ("7", 4, FOUR)]), "lists a storage that no tensor uses: a str '7'"),
        (legacy(linear(ONE), [("0", 2**62, FOUR)]), "with the length 4611686018427387904"),
        (legacy(linear(ONE), [], b"N"), "expected a list of storages, found None"),
        (legacy(linear(ONE), [], b"](]e"), "lists a storage that no tensor uses: a list of 0"),
        (legacy(linear(ONE), [], None).replace(b"M\xe9\x03", b"M\xea\x03"), "protocol 1002, 1001 is known"),
        (legacy(linear(ONE), [], None).replace(b"\x88", b"N", 1), "the byte order is missing"),
    ],
)
def test_damaged_legacy_files(data, said):
    assert said in refusal(load, data)


# ---- modules


def test_settings_that_older_versions_do_not_write_have_their_defaults():
    piece = sequential(linear(ONE), module("activation.GELU"), linear(ONE), module("activation.LeakyReLU"))
    assert [layer.activation for layer in loaded(piece).layers] == ["gelu", "leaky_relu(0.01)"]


def test_a_normalisation_alone_tells_how_many_inputs_there_are():
    network = loaded(
        sequential(module("activation.ReLU"), module("normalization.LayerNorm", ("normalized_shape", sizes([3]))))
    )
    assert (network.inputs, network.outputs) == (3, 3)


def test_what_is_held_to_limits():
    piece = sequential(linear(ONE), module("activation.ReLU6"), linear(ONE), module("activation.Hardtanh"))
    assert [layer.activation for layer in loaded(piece).layers] == ["clip(0.0, 6.0)", "clip(-1.0, 1.0)"]
    limits = ("min_val", integer(0)), ("max_val", integer(2))
    assert (
        loaded(sequential(linear(ONE), module("activation.Hardtanh", *limits))).layers[0].activation == "clip(0.0, 2.0)"
    )


def test_a_module_by_itself_and_activations_before_the_first_numbers():
    assert loaded(linear(ONE)).forward(Matrix([1.0, 0.0])) == Matrix([1.0, 3.0])
    network = loaded(sequential(module("activation.ReLU"), module("dropout.Dropout"), linear(ONE)))
    assert network.forward(Matrix([-1.0, 1.0])) == Matrix([2.0, 4.0])


def test_batch_normalisation_without_weights_and_with_odd_variances():
    def norm(variance):
        buffers = [("running_mean", VECTOR), ("running_var", view(storage("1", 4), (4,), (1,)))]
        attributes = [("_buffers", dict_of(buffers)), ("eps", b"G" + bytes(8))]
        data = torch_zip(module("batchnorm.BatchNorm1d", *attributes), {"0": packed([1.0] * 4), "1": packed(variance)})
        return load(data).forward(Matrix([2.0] * 4)).tolist()[0]

    assert norm([4.0, 1.0, 0.25, 1.0]) == [0.5, 1.0, 2.0, 1.0]
    infinite, negative, undefined, one = norm([0.0, -1.0, float("nan"), 1.0])
    assert one == 1.0 and all(value != value or value == float("inf") for value in (infinite, negative, undefined))


def norm(*attributes, mean=VECTOR):
    """A batch normalisation of 4 numbers, of variance 1."""
    buffers = [("running_mean", mean), ("running_var", view(storage("1", 4), (4,), (1,)))]
    return module("batchnorm.BatchNorm1d", ("_buffers", dict_of(buffers)), ("eps", b"G" + bytes(8)), *attributes)


ONES = {"0": packed([1.0, 2.0, 3.0, 4.0]), "1": packed([1.0] * 4)}
WIDE = linear(view(storage("0", 4), (1, 4), (4, 1)))  # [[1, 2, 3, 4]]


def test_a_batch_normalisation_of_the_input_subtracts_first():
    data = torch_zip(sequential(norm(), WIDE), {"0": packed([2.0**29] * 4), "1": packed([1.0] * 4)})
    network = load(data)
    assert [type(layer).__name__ for layer in network.layers] == ["Normalize", "Dense"]
    tiny = 2.0**-23  # beside a mean of 2^29, one of the last bits
    assert network.forward(Matrix([2.0**29 + tiny] + [2.0**29] * 3)) == Matrix([2.0**29 * tiny])


def test_what_was_saved_in_training_mode_is_said_to_be_evaluated():
    on = ("training", b"\x88")
    network = load(torch_zip(sequential(norm(on), WIDE, module("dropout.Dropout", on)), ONES))
    assert "saved in training mode, run as after eval(): 0 (BatchNorm1d), 2 (Dropout)" in network.notes
    off = ("training", b"\x89")
    for quiet in (sequential(norm(off), WIDE), sequential(WIDE, module("activation.ReLU", on))):
        assert not any("training" in note for note in load(torch_zip(quiet, ONES)).notes)


def test_an_attribute_hides_a_parameter():
    """As it does for Python: a parameter is looked for where there is no attribute of that name."""
    held = dict_of([("weight", ONE), ("bias", b"N")])
    hiding = module("linear.Linear", ("_parameters", held), ("weight", view(storage("0", 4), (1, 2), (2, 1), 2)))
    assert loaded(hiding).forward(Matrix([1.0, 1.0])) == Matrix([7.0])
    buffers = dict_of([("bias", view(storage("0", 4), (2,), (1,)))])
    assert loaded(module("linear.Linear", ("_parameters", held), ("_buffers", buffers))).forward(
        Matrix([1.0, 1.0])
    ) == Matrix([3.0, 7.0])


RELU = module("activation.ReLU")
HOOKS = [
    ("_forward_pre_hooks", name("torch.nn.utils.weight_norm", "WeightNorm") + b")\x81", "weight_norm.WeightNorm"),
    ("_forward_pre_hooks", name("torch.nn.utils.spectral_norm", "SpectralNorm") + b")\x81", "SpectralNorm"),
    ("_forward_pre_hooks", name("torch.nn.utils.prune", "L1Unstructured") + b")\x81", "L1Unstructured"),
    ("_forward_hooks", RELU, "torch.nn.modules.activation.ReLU"),
    ("_forward_hooks", name("torch", "Size"), "torch.Size"),
    ("_forward_hooks", b"N", "NoneType"),
]


@pytest.mark.parametrize("group, hook, said", HOOKS)
@pytest.mark.parametrize("place", ["linear.Linear", "container.Sequential", "activation.ReLU", "linear.Identity"])
def test_hooks_are_refused_wherever_they_are(group, hook, said, place):
    hooked = module(place, (group, b"}" + integer(0) + hook + b"s"), ("_parameters", dict_of([("weight", ONE)])))
    for whole, where in ((sequential(linear(ONE), hooked), "1 (%s)" % place.rpartition(".")[2]), (hooked, "")):
        message = refusal(load, torch_zip(whole), UnsupportedError)
        assert "%s has a hook in %s (" % (where, group) in message and said in message
    empty = module(place, (group, b"}"), ("_backward_hooks", b"}" + integer(0) + RELU + b"s"))
    assert loaded(sequential(linear(ONE), module("container.Sequential", ("_modules", dict_of([])), (group, b"}"))))
    assert place == "linear.Linear" or loaded(sequential(linear(ONE), empty)).forward(Matrix([1.0, 1.0])).cols == 2
    odd = module(place, (group, integer(1)))
    assert "expected a dict for %s" % group in refusal(load, torch_zip(sequential(odd)), ModelFormatError)


@pytest.mark.parametrize("attribute", ["forward", "_call_impl"])
def test_a_forward_among_the_attributes(attribute):
    for odd in (
        module("activation.ReLU", (attribute, RELU)),
        module("container.Sequential", (attribute, RELU), ("_modules", dict_of([]))),
    ):
        message = refusal(load, torch_zip(sequential(linear(ONE), odd)), UnsupportedError)
        assert "has a %s assigned to it, which purenn cannot run" % attribute in message and "1 (" in message


def test_modules_in_a_module_that_calls_none():
    odd = module("linear.Linear", ("_modules", dict_of([("parametrizations", RELU)])))
    message = refusal(load, torch_zip(sequential(linear(ONE), odd)), UnsupportedError)
    assert "1 (Linear) holds a module that its class does not call, parametrizations" in message


def test_a_module_that_is_held_twice_runs_twice():
    held = linear(ONE) + b"q\x01"
    network = loaded(sequential(held, RELU, b"h\x01"))
    assert network.forward(Matrix([1.0, -0.25])) == Matrix([4.5, 9.5])


@pytest.mark.parametrize("along", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("axis", [b"N", integer(1), b"J\xff\xff\xff\xff"])
def test_a_softmax_before_flatten_may_be_along_one_axis_of_several(along, axis):
    softmax, flatten = module("activation." + along, ("dim", axis)), module("flatten.Flatten")
    for before in ([softmax], [RELU, softmax], [softmax, module("linear.Identity")]):
        message = refusal(load, torch_zip(sequential(*before, flatten, linear(ONE))), UnsupportedError)
        assert "(%s) is along one axis, perhaps of several, which" % along in message
    for sound in ([flatten, softmax, flatten, linear(ONE)], [linear(ONE), softmax, flatten], [softmax, linear(ONE)]):
        assert loaded(sequential(*sound)).outputs == 2


@pytest.mark.parametrize(
    "piece, said, kind",
    [
        (sequential(), "no module with trained numbers", UnsupportedError),
        (sequential(module("activation.ReLU")), "no module with trained numbers", UnsupportedError),
        (sequential(linear(ONE), integer(1)), "1: expected a module, found 1", UnsupportedError),
        (module("container.Sequential", ("_modules", b"N")), "expected a dict for _modules", ModelFormatError),
        (name("torch.nn.modules.linear", "Linear") + b")\x81", "without attributes", ModelFormatError),
        (linear(b"N"), "no module with trained numbers", UnsupportedError),
        (sequential(linear(ONE), linear(b"N")), "1 (Linear): expected a weight of two axes", ModelFormatError),
        (linear(VECTOR), "expected a weight of two axes", ModelFormatError),
        (linear(integer(3)), "expected a tensor for weight, found 3", ModelFormatError),
        (linear(ONE, VECTOR), "the bias must be (1, 2)", ModelFormatError),
        (linear(view(storage("0", 4), (0, 2), (2, 1))), "found shape (0, 2)", ModelFormatError),
        (
            sequential(linear(ONE), linear(view(storage("0", 4), (1, 4), (4, 1)))),
            "1 (Linear) takes 4 inputs, what is before it gives 2",
            ModelFormatError,
        ),
        (
            sequential(linear(ONE), module("activation.Softmax", ("dim", integer(0)))),
            "1 (Softmax): along axis 0",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.Softmax", ("dim", b"\x88"))),
            "1 (Softmax): along axis True",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.Softplus", ("beta", integer(2)))),
            "1 (Softplus): beta 2.0 and threshold 20.0",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.Softplus", ("threshold", integer(19)))),
            "1 (Softplus): beta 1.0 and threshold 19.0",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.Softplus", ("threshold", integer(81)))),
            "1 (Softplus): beta 1.0 and threshold 81.0",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.GELU", ("approximate", text("erf")))),
            "approximate is 'erf'",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("activation.Hardtanh", ("max_val", integer(-1)))),
            "1 (Hardtanh): no number is from -1.0 to -1.0",
            ModelFormatError,
        ),
        (
            sequential(linear(ONE), module("activation.ELU", ("alpha", text("1")))),
            "alpha must be a number, found '1'",
            ModelFormatError,
        ),
        (
            sequential(linear(ONE), module("flatten.Flatten", ("start_dim", integer(0)))),
            "from axis 0 to -1",
            UnsupportedError,
        ),
        (
            sequential(linear(ONE), module("normalization.LayerNorm", ("normalized_shape", sizes([3])))),
            "1 (LayerNorm) takes 3 inputs, what is before it gives 2",
            ModelFormatError,
        ),
        (
            module("normalization.LayerNorm", ("normalized_shape", sizes([2, 0]))),
            "normalized_shape must be sizes, found (2, 0)",
            ModelFormatError,
        ),
        (
            sequential(linear(ONE), module("batchnorm.BatchNorm1d")),
            "1 (BatchNorm1d) has no running statistics",
            UnsupportedError,
        ),
        (
            name("torch.nn.modules.conv", "ConvTranspose2d") + b")\x81",
            "names torch.nn.modules.conv.ConvTranspose2d",
            UnsupportedError,
        ),
        (name("__main__", "Net") + b")\x81", "save its state_dict, or export it to ONNX", UnsupportedError),
    ],
)
def test_modules_that_are_refused(piece, said, kind):
    message = refusal(load, torch_zip(piece), kind)
    assert said in message


def test_modules_named_again_and_again():
    """Cyclic, doubling at every level, or one large layer ten thousand times."""
    cycle = name("torch.nn.modules.container", "Sequential") + b")\x81q\x01"
    cycle += dict_of([("_modules", dict_of([("0", b"h\x01"), ("1", b"h\x01")]))]) + b"b"
    frugal_refusal(load, torch_zip(cycle))
    doubling = sequential(linear(ONE)) + b"q\x00"
    for level in range(1, 60):
        held = dict_of([("0", b"h" + bytes([level - 1])), ("1", b"h" + bytes([level - 1]))])
        doubling += b"0" + module("container.Sequential", ("_modules", held)) + b"q" + bytes([level])
    frugal_refusal(load, torch_zip(doubling))
    numbers = packed([0.0] * 250000)
    large = linear(view(storage("0", 250000), (500, 500), (500, 1))) + b"q\x01"
    repeated = sequential(large, *[b"h\x01"] * 5000)
    frugal_refusal(load, torch_zip(repeated, {"0": numbers}))
    views = [(str(k), view(storage("0", 250000), (500, 500), (1, 500))) for k in range(500)]
    frugal_refusal(load, torch_zip(dict_of(views), {"0": numbers}))


# ---- pickles that would run something


NAMES = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("__builtin__", "getattr"),
    ("torch", "load"),
    ("torch.hub", "load"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch.nn.modules.linear", "Linear.__init__"),
    ("torch.nn.modules.linear", "torch"),
    ("torch.storage", "_load_from_bytes"),  # in a file of torch.save itself
    ("torch.nn.modules.container", "Sequential "),
    ("numpy.testing._private.utils", "runstring"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.utils._testing", "check_output"),
]


@pytest.mark.parametrize("module_, attribute", NAMES)
def test_no_name_outside_of_the_list(module_, attribute, tmp_path):
    target = tmp_path / "written"
    call = name(module_, attribute) + tuple_of(text("echo > %s" % target)) + b"R"
    for piece in (call, dict_of([("a", call)]), linear(call)):
        assert "names %s.%s" % (module_, attribute) in refusal(read, torch_zip(piece), UnsupportedError)
    assert not target.exists()


def test_states_given_to_what_has_none():
    for piece in (ONE, storage("0", 4), name("torch", "FloatStorage"), sizes([1])):
        assert "gives a state to" in refusal(read, torch_zip(piece + b"}b"), ModelFormatError)
    odd = linear(ONE)[:-1] + b"0]b"
    assert "without attributes" in refusal(read, torch_zip(odd), ModelFormatError)


# ---- strangers' files


CUT = ["torch_smooth_legacy.pt", "torch_states_legacy.pth", "torch_states.pth", "torch_pickled.pkl"]


@pytest.mark.parametrize("name", CUT)
def test_cut_short(name):
    data = content(name)
    step = 7 if THOROUGH and len(data) > 5000 else 1 if THOROUGH else max(1, len(data) // 150)
    for size in range(0, len(data), step):
        assert read_or_refused(read, data[:size]), "accepted the first %d of %d bytes" % (size, len(data))


@pytest.mark.parametrize("name", sorted(FILES))
def test_mutations(name):
    """Of the file, and of what its archive holds: there a checksum would hide them."""
    data, random_ = content(name), random.Random(5)
    held = members(data) if data[:2] == b"PK" else None
    for _ in range(500 if THOROUGH else 25):
        read_or_refused(read, mutated(data, random_))
        if held:
            place = random_.choice([k for k, (path, part) in enumerate(held) if part and "debug_pkl" not in path])
            changed = [(path, mutated(part, random_) if k == place else part) for k, (path, part) in enumerate(held)]
            read_or_refused(read, archive(changed))


def test_memory_is_a_few_times_the_file():
    length = 1000 * 1000
    piece = sequential(linear(view(storage("0", length), (1000, 1000), (1000, 1))), module("activation.ReLU"))
    data = torch_zip(piece, {"0": bytes(4 * length)})
    assert peak_memory(lambda: load(data)) < 5 * len(data)


# ---- PyTorch itself


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    random_ = random.Random(1)
    kinds = [
        nn.ReLU,
        nn.Sigmoid,
        nn.Tanh,
        nn.SELU,
        nn.SiLU,
        nn.GELU,
        nn.Softplus,
        nn.Softsign,
        nn.Hardsigmoid,
        nn.Identity,
        nn.Dropout,
        nn.ELU,
        lambda: nn.LeakyReLU(0.125),
        lambda: nn.Softmax(-1),
        lambda: nn.LogSoftmax(1),
    ]
    for _ in range(20):
        layers, width = [], 5
        for _ in range(random_.randrange(1, 5)):
            new = random_.randrange(1, 7)
            layers += [nn.Linear(width, new, bias=random_.random() < 0.8), random_.choice(kinds)()]
            width = new
            layers += random_.choice([[], [nn.LayerNorm(width)], [nn.BatchNorm1d(width)], [nn.Flatten()]])
        model = nn.Sequential(*layers).eval()
        X = torch.randn(3, 5)
        entry = {"inputs": X.tolist(), "outputs": model(X).tolist()}
        for options in ({}, {"_use_new_zipfile_serialization": False}):
            file = io.BytesIO()
            torch.save(model, file, **options)
            assert error(load(file.getvalue()), entry) < 1e-5


def test_agrees_with_torch_on_odd_settings():
    """Every kind of file, refusals by name among them; python tests/torch_drawn.py runs more."""
    for package in ("torch", "safetensors", "numpy"):
        pytest.importorskip(package)
    from torch_drawn import run

    counts = run(1000 if THOROUGH else 40, seed=1)
    assert not counts.wrong, counts.wrong[0]
    assert counts.right > counts.refused > 0
