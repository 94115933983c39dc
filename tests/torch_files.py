"""PyTorch's files written by hand: pieces of pickle for tensors and modules, and the archives around them."""

import io
import warnings
import zipfile

from numpy_files import integer, name, packed, text, tuple_of


def dict_of(items):
    return b"}(" + b"".join([text(key) + value for key, value in items]) + b"u"


def storage(key, length, kind="FloatStorage"):
    return tuple_of(text("storage"), name("torch", kind), text(key), text("cpu"), integer(length)) + b"Q"


def sizes(numbers):
    return tuple_of(*[integer(number) for number in numbers])


def view(held, shape, strides, offset=0):
    """A tensor over a storage."""
    hooks = name("collections", "OrderedDict") + b")R"
    arguments = tuple_of(held, integer(offset), sizes(shape), sizes(strides), b"\x89", hooks)
    return name("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def module(place, *attributes):
    """A module of torch.nn.modules, as "linear.Linear", with its attributes."""
    file, _, cls = place.rpartition(".")
    return name("torch.nn.modules." + file, cls) + b")\x81" + dict_of(attributes) + b"b"


def linear(weight, bias=b"N"):
    return module("linear.Linear", ("_parameters", dict_of([("weight", weight), ("bias", bias)])))


def sequential(*modules):
    return module("container.Sequential", ("_modules", dict_of([(str(k), held) for k, held in enumerate(modules)])))


def archive(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of members of the same name
        with zipfile.ZipFile(file, "w", compression) as target:
            for member, data in members:
                target.writestr(member, data)
    return file.getvalue()


def torch_zip(piece, storages=None, *more):
    """What torch.save writes for a piece of pickle; {key: bytes} beside it."""
    members = [("m/data.pkl", b"\x80\x02" + piece + b".")]
    members += [("m/data/" + key, raw) for key, raw in (storages or {"0": packed([1.0, 2.0, 3.0, 4.0])}).items()]
    return archive(members + list(more))


def members(data):
    """[(name, content)] of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return [(member, source.read(member)) for member in source.namelist()]


def legacy(piece, storages, keys=None, magic=None):
    """What torch.save wrote then: [(key, length, bytes)] behind the pickle."""
    data = magic or b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    data += b"\x80\x02M\xe9\x03." + b"\x80\x02" + dict_of([("little_endian", b"\x88")]) + b"."
    listed = b"](" + b"".join([text(key) for key, _, _ in storages]) + b"e" if keys is None else keys
    data += b"\x80\x02" + piece + b".\x80\x02" + listed + b"."
    return data + b"".join([length.to_bytes(8, "little") + raw for _, length, raw in storages])
