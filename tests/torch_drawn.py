"""Modules of PyTorch drawn at random, with settings that are odd on purpose, beside what purenn makes of their files.

    python tests/torch_drawn.py 1000              counts: tried, right, refused by name, wrong
    python tests/torch_drawn.py pictures 1000     of convolutional networks alone

A module is drawn in doubles, run by PyTorch after eval() and saved with torch.save (as a zip archive
and in the way of before 1.6), pickled, and, where it is dense layers and activations alone, as a
state_dict with torch.save, pickle, NumPy and safetensors.
"""

import io
import os
import pickle
import random
import re
import sys
import tempfile
import warnings

import torch
from torch import nn
from torch.nn.utils import prune

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from purenn import ModelFormatError, UnsupportedError, from_torch, load

_PLAIN = {  # activations that have a name of their own here
    nn.ReLU: "relu",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.SELU: "selu",
    nn.SiLU: "silu",
    nn.Softsign: "softsign",
    nn.ReLU6: "ReLU6",
    nn.Hardsigmoid: "hard_sigmoid",
    nn.Identity: "identity",
}


def inplace(cls):
    return lambda r: cls(inplace=r.random() < 0.5)


ACTIVATIONS = [
    inplace(nn.ReLU),
    inplace(nn.SELU),
    inplace(nn.SiLU),
    inplace(nn.Hardsigmoid),
    inplace(nn.ReLU6),
    lambda r: nn.Hardtanh(r.choice([-1, -0.5, 0]), r.choice([0.25, 1, 2.0])),
    lambda r: nn.Sigmoid(),
    lambda r: nn.Tanh(),
    lambda r: nn.Softsign(),
    lambda r: nn.Identity(3, odd=True),
    lambda r: nn.LeakyReLU(r.choice([0.01, 0.2, 1e-5, 0, -0.5, 3, 1])),
    lambda r: nn.ELU(r.choice([1.0, 0.3, 2, 0, -1.5])),
    lambda r: nn.GELU(r.choice(["none", "tanh"])),
    lambda r: nn.Softplus(r.choice([1, 1.0, 2.0, 0.5]), r.choice([20, 30.0, 5, 1, 80])),
    inplace(nn.Hardswish),
    inplace(nn.Mish),
    lambda r: nn.CELU(r.choice([1.0, 0.5, 3])),
    lambda r: nn.RReLU(0.1, r.choice([0.1, 0.4])),
    lambda r: nn.LogSigmoid(),
    lambda r: nn.Tanhshrink(),
    lambda r: nn.Softshrink(r.choice([0.5, 0, 1])),
    lambda r: nn.Threshold(r.choice([0, 0.5]), r.choice([0, 0, 1])),
    lambda r: with_numbers(nn.PReLU(dtype=torch.float64), r),
    lambda r: nn.Softmin(r.choice([1, -1])),
    lambda r: nn.Softmax(r.choice([1, -1, None, 0, -2])),
    lambda r: nn.LogSoftmax(r.choice([1, -1, None, 0])),
]
OTHERS = [  # not known: refused, by name
    lambda r, n: nn.Threshold(0.1, 2),
    lambda r, n: nn.RMSNorm(n),
    lambda r, n: nn.Hardshrink(),
    lambda r, n: nn.GLU(),
    lambda r, n: nn.ModuleList([nn.ReLU()]),
    lambda r, n: nn.LazyLinear(n),
    lambda r, n: nn.Linear(n, n, device="meta"),
    lambda r, n: nn.Linear(n, n, dtype=torch.complex64),
]


def numbers(shape, r, scale=1.0):
    """A tensor in one of the ways in which it can lie in memory; always these numbers."""
    values = torch.randn(shape, dtype=torch.float64) * scale
    way = r.randrange(8)
    if way == 0:
        return torch.complex(values, -values).conj().imag  # negated when it is looked at
    if way == 1:
        return torch._neg_view(-values)
    if way == 2:
        return values[..., :1].expand(shape)
    if way == 3:
        return values[:1].expand(shape)
    if way == 4 and len(shape) == 2:
        return values.T.contiguous().T
    if way == 5:
        held = torch.randn([3 * size + 2 for size in shape], dtype=torch.float64) * scale
        return held[tuple(slice(1, 3 * size + 1, 3) for size in shape)]
    if way == 6 and len(shape) == 2:
        return torch.randn(shape[0] + shape[1], dtype=torch.float64).unfold(0, shape[1], 1)[: shape[0]] * 1.0
    if way == 7 and len(shape) == 2:
        return torch.as_strided(torch.randn(shape[0] + shape[1], dtype=torch.float64), shape, (1, 1))
    return values


def parameter(values):
    return nn.Parameter(values, requires_grad=False)


def linear(inputs, outputs, r):
    layer = nn.Linear(inputs, outputs, bias=r.random() < 0.8, dtype=torch.float64)
    layer.weight = parameter(numbers((outputs, inputs), r, r.choice([1.0, 1.0, 3.0])))
    if layer.bias is not None:
        layer.bias = parameter(numbers((outputs,), r))
    if r.random() < 0.05:  # an attribute, which hides nothing: the parameter is gone
        weight = layer.weight.data
        del layer.weight
        layer.weight = weight
    return layer


def batch_norm(n, r, large=False):
    norm = nn.BatchNorm1d(
        n,
        eps=r.choice([1e-5, 1e-3, 0.0, 0.5]),
        momentum=r.choice([0.1, None]),
        affine=r.random() < 0.7,
        track_running_stats=r.random() < 0.93,
        dtype=torch.float64,
    )
    if norm.running_mean is not None:
        norm.running_mean = numbers((n,), r) + (r.choice([0.0, 1e3, 1e6, 1e9]) if large else 0.0)
        norm.running_var = numbers((n,), r).abs() + 0.25
    if norm.weight is not None:
        norm.weight, norm.bias = parameter(numbers((n,), r)), parameter(numbers((n,), r))
    return norm


def layer_norm(n, r):
    norm = nn.LayerNorm(
        r.choice([n, (n,), [n]]),
        eps=r.choice([1e-5, 1e-3, 0.1]),
        elementwise_affine=r.random() < 0.7,
        bias=r.random() < 0.7,
        dtype=torch.float64,
    )
    for name in ("weight", "bias"):
        if getattr(norm, name) is not None:
            setattr(norm, name, parameter(numbers((n,), r)))
    return norm


def whole(r):
    """A Sequential, the samples it takes, and what must be refused of it, or None."""
    width = first = r.randrange(1, 7)
    layers, axes, odd = [], [], None
    if r.random() < 0.25:
        axes = [r.randrange(1, 4) for _ in range(r.randrange(1, 3))]
        for size in axes:
            width *= size
        before = [r.choice(ACTIVATIONS)(r) for _ in range(r.randrange(3))]
        layers += before + [nn.Flatten(r.choice([1, 1, 1, -2]) if len(axes) == 1 else 1)]
        layers += [batch_norm(width, r)] * (r.random() < 0.3)
    elif r.random() < 0.3:
        layers.append(batch_norm(width, r, large=True))
    held = []
    for _ in range(r.randrange(1, 5)):
        new = r.randrange(1, 7)
        layers.append(linear(width, new, r))
        if new == width:
            held.append(layers[-1])
        width = new
        for _ in range(r.randrange(3)):
            layers.append(r.choice(ACTIVATIONS)(r))
        layers += r.choice([[], [], [layer_norm(width, r)], [batch_norm(width, r)], [nn.Flatten()], [nn.Dropout(0.9)]])
        if held and r.random() < 0.5 and held[-1].in_features == width:
            layers.append(held[-1])  # the same layer again
        if r.random() < 0.04:
            layers.append(r.choice(OTHERS)(r, width))
    if r.random() < 0.1:
        layer, odd = hooked(r, layers)
    if r.random() < 0.3:
        cut = r.randrange(len(layers))
        layers = layers[:cut] + [nn.Sequential(*layers[cut:])]
    return nn.Sequential(*layers), [first] + axes, odd


# ---- pictures and series


def with_numbers(module, r):
    """A module whose trained numbers lie in memory in an odd way."""
    for name, values in list(module.named_parameters(recurse=False)):
        setattr(module, name, parameter(numbers(tuple(values.shape), r)))
    return module


def one_or_both(r, axes, *choices):
    """A setting as one number, or as a tuple of one for each axis."""
    return r.choice([r.choice(choices), tuple([r.choice(choices) for _ in range(axes)])])


def convolution(r, shape):
    axes, channels = len(shape) - 1, shape[0]
    groups = r.choice([1, 1, 1, channels, *[n for n in (2, 3) if channels % n == 0]])
    same = r.random() < 0.2
    rule = r.choice(["same", "valid"]) if same else one_or_both(r, axes, 0, 0, 1, 2)
    module = (nn.Conv1d if axes == 1 else nn.Conv2d)(
        channels,
        groups * r.choice([1, 1, 2, 3]),
        one_or_both(r, axes, 1, 2, 3, 3, 4),
        stride=1 if rule == "same" else one_or_both(r, axes, 1, 1, 2, 3),
        padding=rule,
        dilation=one_or_both(r, axes, 1, 1, 1, 2),
        groups=groups,
        bias=r.random() < 0.7,
        padding_mode=r.choice(["zeros"] * 5 + ["reflect", "replicate", "circular"]),
        dtype=torch.float64,
    )
    return with_numbers(module, r)


def pool(r, shape):
    axes = len(shape) - 1
    kernel = one_or_both(r, axes, 1, 2, 3, 3)
    low = min(kernel) if isinstance(kernel, tuple) else kernel
    settings = {"stride": r.choice([None, one_or_both(r, axes, 1, 2, 3)]), "ceil_mode": r.random() < 0.4}
    settings["padding"] = one_or_both(r, axes, 0, low // 2)
    if r.random() < 0.5:
        dilation = one_or_both(r, axes, 1, 1, 2)
        return (nn.MaxPool1d if axes == 1 else nn.MaxPool2d)(
            kernel, dilation=dilation, return_indices=r.random() < 0.02, **settings
        )
    settings["count_include_pad"] = r.random() < 0.5
    if axes == 1:
        if isinstance(settings["stride"], tuple):
            settings["stride"] = settings["stride"][0]
        return nn.AvgPool1d(kernel, **settings)
    return nn.AvgPool2d(kernel, divisor_override=r.choice([None] * 9 + [3]), **settings)


def adaptive(r, shape):
    axes = len(shape) - 1
    sizes = [r.choice([1, None, side, *[n for n in (2, 3) if n <= side]]) for side in shape[1:]]
    kind = r.choice(
        [[nn.AdaptiveAvgPool1d, nn.AdaptiveMaxPool1d], [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d]][axes - 1]
    )
    return kind(r.choice([1, tuple(sizes)]) if axes == 2 else sizes[0] or 1)


def padding(r, shape):
    axes = len(shape) - 1
    numbers_ = r.choice(
        [
            r.choice([0, 1, 2]),
            tuple([r.choice([0, 1, 2, 2, -1] if r.random() < 0.05 else [0, 1, 2]) for _ in range(2 * axes)]),
        ]
    )
    return r.choice(
        [
            [nn.ZeroPad1d, nn.ReflectionPad1d, nn.ReplicationPad1d, lambda n: nn.ConstantPad1d(n, -1.5)],
            [nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, lambda n: nn.ConstantPad2d(n, 2)],
        ][axes - 1]
    )(numbers_)


def upsampling(r, shape):
    axes = len(shape) - 1
    mode = r.choice(["nearest", "nearest-exact", "linear" if axes == 1 else "bilinear"])
    corners = r.choice([None, True, False]) if "linear" in mode else None
    if r.random() < 0.4:
        size = r.choice([r.randrange(1, 9), tuple([r.randrange(1, 9) for _ in range(axes)])])
        return nn.Upsample(size=size, mode=mode, align_corners=corners)
    factor = r.choice([2, 3, 2.0, 1.5, 0.5, 2.3, tuple([r.choice([1.0, 2.0, 2.5]) for _ in range(axes)])])
    again = r.choice([None, None, True, False])
    if axes == 2 and not isinstance(factor, tuple) and r.random() < 0.3:
        return r.choice([nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d])(scale_factor=factor)
    return nn.Upsample(scale_factor=factor, mode=mode, align_corners=corners, recompute_scale_factor=again)


def normalisation(r, shape):
    channels = shape[0]
    way = r.randrange(4)
    if way == 0:
        cut = r.randrange(len(shape))
        return with_numbers(
            nn.LayerNorm(list(shape[cut:]), elementwise_affine=r.random() < 0.7, dtype=torch.float64), r
        )
    if way == 1:
        groups = r.choice([n for n in (1, 2, 3, channels) if channels % n == 0])
        return with_numbers(nn.GroupNorm(groups, channels, affine=r.random() < 0.7, dtype=torch.float64), r)
    norm = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(
        channels,
        eps=r.choice([1e-5, 1e-3, 0.5]),
        affine=r.random() < 0.7,
        track_running_stats=r.random() < 0.97,
        dtype=torch.float64,
    )
    if norm.running_mean is not None:
        norm.running_mean, norm.running_var = numbers((channels,), r), numbers((channels,), r).abs() + 0.25
    return with_numbers(norm, r)


def shuffle(r, shape):
    return r.choice([nn.PixelShuffle(r.choice([1, 2])), nn.PixelUnshuffle(2), nn.ChannelShuffle(r.choice([2, 3]))])


def reshaping(r, shape):
    """A Flatten or an Unflatten in the middle, and back."""
    rest = shape[1:] if len(shape) == 3 else (shape[1],)
    if r.random() < 0.5 and len(shape) == 3:
        return nn.Sequential(nn.Flatten(2), nn.ReLU(), nn.Unflatten(r.choice([2, -1]), r.choice([rest, (-1, rest[1])])))
    return nn.Sequential(nn.Flatten(), nn.Unflatten(1, torch.Size(shape)))


def others(r, shape):
    channels = shape[0]
    return r.choice(
        [
            lambda: with_numbers(nn.PReLU(channels, dtype=torch.float64), r),
            lambda: nn.Softmax(r.choice([1, 2, -1])),
            lambda: nn.LogSoftmax(r.choice([1, -1])),
            lambda: nn.Softmax2d(),
            lambda: nn.Dropout2d() if len(shape) == 3 else nn.Dropout1d(),
            lambda: nn.FeatureAlphaDropout(),
            lambda: linear(shape[-1], r.randrange(1, 4), r),
            lambda: nn.ConvTranspose2d(channels, 2, 2, dtype=torch.float64),
            lambda: nn.LPPool2d(2, 2),
            lambda: nn.CircularPad2d(1),
            lambda: nn.InstanceNorm2d(channels),
        ]
    )()


PICTURES = [convolution] * 6 + [pool] * 4 + [adaptive, padding, padding, upsampling, normalisation, normalisation]
PICTURES += [shuffle, reshaping, others, others]


def of_pictures(r):
    """A Sequential that reads pictures or series, the shape of a sample, and whether that must be said."""
    shape = tuple([r.choice([1, 2, 3, 4, 6])] + [r.randrange(3, 10) for _ in range(r.choice([1, 2, 2, 2]))])
    first, layers = shape, []
    if r.random() < 0.1:
        layers.append(nn.Unflatten(1, shape))
        first = (shape[0] * torch.Size(shape[1:]).numel(),)
    flat = False
    for _ in range(r.randrange(1, 7)):
        drawn = r.choice(PICTURES)(r, shape) if r.random() < 0.75 else r.choice(ACTIVATIONS)(r)
        try:
            with torch.no_grad():
                after = tuple(nn.Sequential(drawn).eval()(torch.zeros((2,) + shape, dtype=torch.float64)).shape)
        except (RuntimeError, ValueError, IndexError, TypeError, AttributeError, AssertionError):
            continue  # torch cannot do that to this shape
        if after[0] != 2 or torch.Size(after).numel() not in range(1, 1500):
            continue
        layers.append(drawn)
        shape = after[1:]
        if len(shape) < 2:
            break
    if len(shape) > 1 and r.random() < 0.7:
        flat = True
        layers.append(nn.Flatten())
        shape = (torch.Size(shape).numel(),)
    if len(shape) == 1 and r.random() < 0.9:
        layers.append(linear(shape[0], r.randrange(1, 5), r))
        layers += [r.choice(ACTIVATIONS)(r)] * (r.random() < 0.5)
    layers = layers or [nn.ReLU()]
    if r.random() < 0.3:
        cut = r.randrange(len(layers))
        layers = layers[:cut] + [nn.Sequential(*layers[cut:])]
    return nn.Sequential(*layers), list(first), flat


def hooked(r, layers):
    """A layer among these that does more than its class when it is called."""
    layer = r.choice([layer for layer in layers if isinstance(layer, nn.Linear)])
    way = r.randrange(6)
    if "weight" in layer._parameters:
        layer.weight = parameter(layer.weight.data.resolve_neg().clone(memory_format=torch.contiguous_format))
    if way == 0:
        layer.register_forward_hook(nn.Tanh())
    elif way == 1:
        layer.register_forward_pre_hook(nn.Tanh())
    elif way == 2:
        layer.forward = nn.ReLU()
    elif way == 3 and "weight" in layer._parameters:
        torch.nn.utils.weight_norm(layer)
        layer.weight_g.data *= 2  # the weight beside it is stale
    elif way == 4 and "weight" in layer._parameters:
        prune.l1_unstructured(layer, "weight", 0.5)
    elif way == 5 and "weight" in layer._parameters:
        torch.nn.utils.spectral_norm(layer)
    else:
        layer._forward_hooks[0] = double
    return layer, "hook or forward"


def double(module, given, outputs):
    return outputs * 2


NAMES = [
    ["input", "hidden", "output"],
    ["fc1", "fc2", "fc10"],
    ["net.0", "net.2", "net.10"],
    ["b", "a", "c"],
    ["encoder.0", "encoder.2", "decoder.0", "decoder.2"],
    ["out"],
    ["z", "l1", "l2"],
]


def arrays(r):
    """A module of dense layers and activations with names, the names of both, in the order in which they run."""
    names = r.choice(NAMES)
    sizes = [r.choice([2, 3, 3, 3]) for _ in range(len(names) + 1)]
    layers = [linear(inputs, outputs, r) for inputs, outputs in zip(sizes, sizes[1:])]
    chosen = [r.choice(list(_PLAIN)) for _ in names]
    model = nn.Sequential(*[part for layer, cls in zip(layers, chosen) for part in (layer, cls())])
    states = {}
    for name, layer in zip(names, layers):
        states[name + ".weight"] = layer.weight.data
        if layer.bias is not None:
            states[name + ".bias"] = layer.bias.data
    return model, [sizes[0]], names, states, [_PLAIN[cls] for cls in chosen]


def saved(held, **options):
    file = io.BytesIO()
    torch.save(held, file, **options)
    return file.getvalue()


def files_of_arrays(states):
    """The state_dict in every kind of file that holds arrays, and whether the file has an order of its own."""
    import numpy
    import safetensors.torch

    solid = {name: values.contiguous().resolve_neg().clone() for name, values in states.items()}
    npz = io.BytesIO()
    numpy.savez(npz, **{name: values.numpy() for name, values in solid.items()})
    with tempfile.TemporaryDirectory() as folder:
        safetensors.torch.save_file(solid, folder + "/m.safetensors")
        with open(folder + "/m.safetensors", "rb") as file:
            sorted_ = file.read()
    return [
        ("zip", saved(states), True),
        ("legacy", saved(states, **LEGACY), True),
        ("pickle", pickle.dumps({name: v.numpy() for name, v in solid.items()}), True),
        ("npz", npz.getvalue(), True),
        ("safetensors", sorted_, False),
    ]


LEGACY = {"_use_new_zipfile_serialization": False}


class Counts:
    """What became of the files."""

    def __init__(self):
        self.right = self.refused = 0
        self.wrong, self.reasons = [], {}
        self.found = self.asked = 0  # shapes of inputs that were not said
        self.others = []  # those that are not the drawn one

    def compare(self, what, model, shape, odd, data, **options):
        samples = torch.randn([4] + shape, dtype=torch.float64) * 2
        first = next(iter(model))
        if isinstance(first, nn.BatchNorm1d) and first.running_mean is not None and len(shape) == 1:
            samples = samples + first.running_mean  # which may be large
        try:
            network = from_torch(data, **options) if isinstance(data, nn.Module) else load(data, **options)
        except (ModelFormatError, UnsupportedError, ValueError) as error:
            self.refused += 1
            assert "\n" not in str(error), error
            reason = re.sub(r"^[0-9.]+ \(", "(", str(error).partition(": ")[2])[:70]
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            return
        if odd:
            self.wrong.append((what, "accepted in spite of a " + odd, model))
            return
        try:
            with torch.no_grad():
                expected = model.eval()(samples.clone())
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            self.wrong.append((what, "accepted, where torch says: %s" % error, model))
            return
        if isinstance(expected, tuple) or expected.shape[0] != 4:
            self.wrong.append((what, "accepted, in spite of its second output or its axis of samples", model))
            return
        expected = expected.reshape(4, -1)
        outputs = torch.tensor(network.forward(samples.reshape(4, -1).tolist()).tolist(), dtype=torch.float64)
        # torch itself computes x * alpha + beta for a batch normalisation, which cancels where means are large
        most = 1e-6 if samples.abs().max() > 100 else 1e-9
        if any(isinstance(module, nn.Upsample) for module in model.modules()):
            most = 3e-5  # torch has the places between pixels in doubles where the numbers are doubles
        close = outputs.shape == expected.shape and torch.allclose(outputs, expected, most, most, equal_nan=True)
        if close:
            self.right += 1
        else:
            self.wrong.append((what, "%s, expected %s" % (outputs.tolist(), expected.tolist()), model))

    def inferred(self, model, shape):
        """Without the shape of its input: the same network, or one for another size, or it is asked for."""
        try:
            network = from_torch(model)
        except (ModelFormatError, UnsupportedError, ValueError) as error:
            assert "\n" not in str(error), error
            self.asked += 1
            return None
        self.found += 1
        if network.input_shape == tuple(shape):
            self.compare("inferred", model, shape, None, model)
        return network.input_shape

    def __str__(self):
        tried = self.right + self.refused + len(self.wrong)
        return "tried %d, right %d, refused %d, wrong %d" % (tried, self.right, self.refused, len(self.wrong))


def run(count, seed=0):
    """`count` modules and half as many state_dicts."""
    warnings.simplefilter("ignore")
    torch.manual_seed(seed)
    r, counts = random.Random(seed), Counts()
    for k in range(count):
        model, shape, odd = whole(r)
        if r.random() < 0.5:
            model.eval()
        for what, options in (("zip", {}), ("legacy", LEGACY), ("pickle", None)):
            try:
                data = pickle.dumps(model) if options is None else saved(model, **options)
            except (RuntimeError, AttributeError):
                continue  # what torch itself cannot write
            counts.compare("%d %s" % (k, what), model, shape, odd, data)
        pictures(r, counts, k)
        if k % 2:
            continue
        model, shape, names, states, activations = arrays(r)
        for what, data, ordered in files_of_arrays(states):
            if ordered or r.random() < 0.5:
                counts.compare("%d %s" % (k, what), model, shape, None, data, activations=activations)
            if not ordered:
                counts.compare("%d %s" % (k, what), model, shape, None, data, activations=activations, order=names)
    return counts


def run_pictures(count, seed=0):
    """`count` convolutional networks."""
    warnings.simplefilter("ignore")
    torch.manual_seed(seed)
    r, counts = random.Random(seed), Counts()
    for k in range(count):
        pictures(r, counts, k)
    return counts


def pictures(r, counts, k):
    """A drawn network of pictures: as a file, from memory; and without the shape of its input where it may follow."""
    model, shape, flat = of_pictures(r)
    if r.random() < 0.5:
        model.eval()
    try:
        data = saved(model, **(LEGACY if k % 4 == 1 else {}))
    except (RuntimeError, AttributeError):
        return
    counts.compare("%d picture" % k, model, shape, None, model if k % 4 == 3 else data, input_shape=shape)
    found = counts.inferred(model, shape)
    if found is not None and len(found) == len(shape) > 1 and found != tuple(shape) and len(set(shape[1:])) == 1:
        counts.others.append((k, found, shape, model))


if __name__ == "__main__":
    way = run_pictures if sys.argv[1:2] == ["pictures"] else run
    given = [int(number) for number in sys.argv[1:] if number.isdigit()]
    found = way(*(given or [200]))
    for reason, times in sorted(found.reasons.items(), key=lambda item: -item[1]):
        print("%5d  %s" % (times, reason))
    for failure in found.wrong[:5]:
        print("WRONG", *failure)
    print(found)
    print("input shapes that were not said: %d found, %d asked for" % (found.found, found.asked))
    for other in found.others[:10]:
        print("another size", *other[:3])
