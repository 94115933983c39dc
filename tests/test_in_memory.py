"""from_sklearn, from_torch and from_keras: stand-ins for the libraries, and the libraries where they are.

What no file shows is refused; all else is what the file of the model says.
"""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import types
import warnings

import pytest
from fixture_files import content, error, fixture, table
from numpy_files import refusal

import purenn
from purenn import Matrix, UnsupportedError, from_keras, from_sklearn, from_torch, load

DRAWN = int(os.environ.get("DRAWN", 300 if os.environ.get("CI") == "true" else 40))


def class_of(module, called, *bases, **attributes):
    """A class that says it is `called` of `module`."""
    return type(called, bases or (object,), dict(attributes, __module__=module, __qualname__=called))


@pytest.fixture
def library(monkeypatch):
    """Puts a library among those that are loaded."""

    def loaded(name, **attributes):
        module = types.ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return loaded


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where temporary files are made, which must be empty in the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    left = os.listdir(str(tmp_path))
    assert [name for name in left if not name.startswith("__autograph")] == []  # those are of TensorFlow


# ---- nothing is imported


def test_they_import_no_library():
    code = (
        "import sys; sys.path.insert(0, %r); import purenn.in_memory, purenn.formats.models.keras; print(*sys.modules)"
    )
    root = os.path.dirname(os.path.dirname(os.path.abspath(purenn.__file__)))
    command = [sys.executable, "-I", "-S", "-c", code % root]
    loaded = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout.split()
    assert "purenn.in_memory" in loaded and not {"numpy", "torch", "sklearn", "keras", "joblib"} & set(loaded)


@pytest.mark.parametrize("reader", [from_sklearn, from_torch, from_keras])
@pytest.mark.parametrize("living, said", [(3, "found a int"), ([], "found a list"), (None, "found a NoneType")])
def test_what_is_no_model(reader, living, said):
    assert said in refusal(reader, living, UnsupportedError)


# ---- stand-ins


def test_what_cannot_be_pickled():
    lambda_ = class_of("sklearn.preprocessing", "FunctionTransformer")()
    lambda_.func = lambda x: x
    message = refusal(from_sklearn, lambda_, UnsupportedError)
    assert message.startswith("a sklearn.preprocessing.FunctionTransformer cannot be saved to a file: ")
    mine = class_of("mine.sklearn", "MLPClassifier")()
    assert "found a mine.sklearn.MLPClassifier" in refusal(from_sklearn, mine, UnsupportedError)


def written(name):
    """A `save` that writes a fixture."""
    return lambda model, path: shutil.copy(fixture(name), path)


@pytest.mark.parametrize(
    "root, version, file, ending",
    [
        ("keras", "3.9.0", "keras3_relu_softmax.keras", "model.keras"),
        ("keras", "2.12.0", "keras2_functional.keras", "model.keras"),
        ("keras", "2.11.0", "keras2_functional.h5", "model.h5"),
        ("tf_keras", "2.19.0", "keras2_functional.keras", "model.keras"),
        ("tensorflow", "2.4.0", "keras2_functional.h5", "model.h5"),
    ],
)
def test_a_keras_model_is_read_from_its_file(root, version, file, ending, library, folder):
    paths = []

    def save(model, path):
        paths.append(path)
        written(file)(model, path)

    library(root, __version__=version)
    model = class_of(root + ".models", "Sequential", save=save, layers=[], name="m")()
    network = from_keras(model)
    assert error(network, table("keras.json")[file]) < 1e-5 and network.notes == load(fixture(file)).notes
    assert os.path.basename(paths[0]) == ending


def test_a_keras_model_that_cannot_be_written_leaves_nothing_behind(library, folder):
    def save(model, path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise NotImplementedError("a layer\n  without get_config")

    library("keras", __version__="3.0.0")
    model = class_of("keras.models", "Sequential", save=save, layers=[], name="m")()
    assert "cannot be saved to a file: a layer without get_config" in refusal(from_keras, model, UnsupportedError)
    refused = written("keras3_refused_lambda.keras")
    model = class_of("keras.models", "Sequential", save=refused, layers=[], name="")()
    assert refusal(from_keras, model, UnsupportedError).startswith("Sequential: ")


def torch_stand_in(library):
    """A torch that writes a fixture, and its class of modules."""

    class Module:
        def __init__(self, **attributes):
            self._parameters, self._buffers = {}, {}
            vars(self).update(attributes)

        def named_modules(self):
            return [("", self)]

        def forward(self, x):
            return x

    def save(module, buffer):
        buffer.write(content("torch_smooth.pt"))

    hooks = types.SimpleNamespace(_global_forward_hooks={}, _global_forward_pre_hooks={})
    nn = types.SimpleNamespace(Module=Module, modules=types.SimpleNamespace(module=hooks))
    library("torch", nn=nn, save=save)
    return Module, hooks


def test_a_torch_module_is_read_from_its_file(library):
    Module, hooks = torch_stand_in(library)
    assert error(from_torch(Module()), table("torch.json")["files"]["torch_smooth.pt"]) < 1e-5
    for attributes, said in (
        ({"_forward_hooks": {0: len}}, "Module has a forward hook (len), which no file shows"),
        ({"_forward_pre_hooks": {0: class_of("x", "WeightNorm")()}}, "has a forward pre hook (WeightNorm)"),
        ({"forward": len}, "Module has a forward assigned to it"),
        ({"parametrizations": {"weight": 0}}, "has a parametrization of its weight"),
    ):
        assert said in refusal(from_torch, Module(**attributes), UnsupportedError)
    tensor = types.SimpleNamespace(device=types.SimpleNamespace(type="meta"))
    assert "on the device meta" in refusal(from_torch, Module(_buffers={"mean": tensor}), UnsupportedError)
    hooks._global_forward_pre_hooks[0] = len
    assert "there are forward pre hooks on all modules" in refusal(from_torch, Module(), UnsupportedError)


# ---- scikit-learn


def test_sklearn_alive():
    pytest.importorskip("sklearn")
    import numpy as np
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

    class Mine(MLPRegressor):
        def predict(self, X):
            return super().predict(X) * 2

    warnings.simplefilter("ignore")
    samples = np.random.RandomState(0).normal(1.0, 3.0, (50, 3))
    for answers in (samples.argmax(axis=1), samples[:, 0] > 1.0, np.array(["a", "b"])[(samples[:, 0] > 1.0) * 1]):
        model = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=20)).fit(samples, answers)
        network = from_sklearn(model)
        entry = {"inputs": samples.tolist(), "outputs": model.predict_proba(samples).tolist()}
        assert error(network, entry) < 1e-12 and network.labels == model.classes_.tolist()
        assert network.forward(Matrix(samples.tolist())) == load(pickle.dumps(model)).forward(Matrix(samples.tolist()))
    target = samples[:, 0]
    regressor = MLPRegressor(hidden_layer_sizes=(3,), max_iter=5).fit(samples, target)
    replaced = pickle.loads(pickle.dumps(regressor))
    replaced.predict = lambda X: X
    for odd, said in (
        (MLPClassifier(), "MLPClassifier: there is no coefs_: it was not fitted"),
        (make_pipeline(FunctionTransformer(lambda x: x), regressor), "cannot be saved to a file"),
        (make_pipeline(FunctionTransformer(np.log1p), regressor), "FunctionTransformer, and a pickle is read here"),
        (make_pipeline(RobustScaler(), regressor).fit(samples, target), "_data.RobustScaler"),
        (TransformedTargetRegressor(regressor).fit(samples, target), "_target.TransformedTargetRegressor"),
        (Mine().fit(samples, target), "expected an estimator of scikit-learn, found a test_in_memory."),
        (make_pipeline(StandardScaler(), Mine(max_iter=2)).fit(samples, target), "cannot be saved to a file"),
        (replaced, "cannot be saved to a file"),
        (StandardScaler().fit(samples), "StandardScaler is not a model that purenn knows"),
    ):
        assert said in refusal(from_sklearn, odd, UnsupportedError)


# ---- PyTorch


def drawn_module(random_, torch, depth=0):
    """A Sequential of five inputs and five outputs, in which layers are used again and again."""
    nn = torch.nn
    shared = [nn.Linear(5, 5), nn.ReLU(), nn.BatchNorm1d(5)]
    makers = [
        lambda: nn.Linear(5, 5, bias=random_.random() < 0.5),
        lambda: random_.choice(shared),
        lambda: random_.choice(shared),
        nn.Tanh,
        nn.Dropout,
        nn.Identity,
        lambda: nn.GELU(random_.choice(["none", "tanh"])),
        lambda: nn.BatchNorm1d(5, affine=random_.random() < 0.5),
        lambda: nn.LayerNorm(5),
    ]
    if depth < 2:
        makers.append(lambda: drawn_module(random_, torch, depth + 1))
    module = nn.Sequential(*[random_.choice(makers)() for _ in range(random_.randint(1, 5))], nn.Linear(5, 5))
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2.0)
    return module


def make_odd(random_, module, torch):
    """Something that changes what the module computes, or could; its name, or None where it stays as it was."""
    from torch.nn.utils import prune

    nn = torch.nn
    linear = random_.choice([part for part in module.modules() if type(part) is nn.Linear])
    part = random_.choice(list(module.modules()))

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + 1.0

    def own_class():
        module.__class__ = Own

    def twice():
        for part in module.modules():
            part.register_forward_hook(lambda module, x, y: y * 2.0).remove()  # and gone again

    def stale():
        nn.utils.weight_norm(linear)
        linear.weight_g.data *= 2.0  # `weight` is what it was, until forward is called

    def plain_bias():
        if linear.bias is not None:
            del linear._parameters["bias"]
            linear.bias = torch.ones(5).double()  # which module.double() would leave as it is

    oddities = {
        "none": lambda: None,
        "a hook that is gone": twice,
        "hook": lambda: part.register_forward_hook(lambda module, x, y: y * 2.0),
        "pre-hook": lambda: part.register_forward_pre_hook(lambda module, x: (x[0] + 1.0,)),
        "forward": lambda: setattr(part, "forward", lambda x: x * 3.0),
        "another's forward": lambda: setattr(module, "forward", linear.forward),
        "stale weight_norm": stale,
        "weight_norm": lambda: nn.utils.parametrizations.weight_norm(linear),
        "weight_norm removed": lambda: nn.utils.remove_weight_norm(nn.utils.weight_norm(linear)),
        "pruned": lambda: prune.random_unstructured(linear, "weight", 0.5),
        "pruned for good": lambda: (prune.random_unstructured(linear, "weight", 0.5), prune.remove(linear, "weight")),
        "own class": own_class,
        "plain bias": plain_bias,
        "training": module.train,
        "double": module.double,
    }
    name = random_.choice(sorted(oddities))
    oddities[name]()
    return name


def test_torch_alive():
    """Modules drawn at random, with something odd about them: refused in one line, or right."""
    torch = pytest.importorskip("torch")
    import random

    warnings.simplefilter("ignore")
    right, refused = {}, {}
    for seed in range(DRAWN):
        random_ = random.Random(seed)
        torch.manual_seed(seed)
        module = drawn_module(random_, torch).eval()
        odd = make_odd(random_, module, torch)
        samples = torch.randn(4, 5)
        try:
            network = from_torch(module)
        except UnsupportedError as problem:
            assert "\n" not in str(problem)
            refused[odd] = refused.get(odd, 0) + 1
            continue
        with torch.no_grad():
            module = module.eval().double()
            outputs = module(samples.double()).tolist()
        assert error(network, {"inputs": samples.tolist(), "outputs": outputs}) < 1e-5, "seed %d, %s" % (seed, odd)
        right[odd] = right.get(odd, 0) + 1
    print("right %s, refused %s" % (right, refused))
    harmless = {"none", "a hook that is gone", "weight_norm removed", "pruned for good", "training", "double"}
    harmless.add("plain bias")  # an attribute of that name, which hides the parameter
    assert harmless >= set(right) and not harmless & set(refused)


def test_torch_modules_that_are_refused():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    for odd, said in (
        (nn.DataParallel(model), "names torch.nn.parallel.data_parallel.DataParallel"),
        (nn.Sequential(nn.Linear(3, 2, device="meta")), "0 (Linear) has its weight on the device meta"),
        (torch.jit.script(model), "cannot be saved to a file"),
        (nn.Sequential(nn.Sequential(nn.LPPool1d(1, 1))), "names torch.nn.modules.pooling.LPPool1d"),
        (nn.Conv1d(1, 1, 1), "the size of the input is not known: give it, as in load(path, input_shape=(1, 32))"),
    ):
        assert said in refusal(from_torch, odd, UnsupportedError)
    handle = nn.modules.module.register_module_forward_hook(lambda module, x, y: y * 2)
    try:
        assert "there are forward hooks on all modules" in refusal(from_torch, model, UnsupportedError)
    finally:
        handle.remove()
    assert from_torch(model).outputs == 2


def test_a_torch_module_of_pictures():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), torch.nn.Flatten()).double()
    samples = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    network = from_torch(module, (3, 5, 4))
    assert (network.input_shape, network.channels) == ((3, 5, 4), "first")
    entry = {"inputs": samples.reshape(2, -1).tolist(), "outputs": module(samples).tolist()}
    assert error(network, entry) < 1e-12
    assert from_torch(module, input_shape=[3, 7, 8]).input_shape == (3, 7, 8)


# ---- Keras


def test_keras_alive(folder):
    keras = pytest.importorskip("keras")
    import numpy as np

    layers = keras.layers
    samples = np.random.RandomState(0).normal(size=(5, 4)).astype("float32")
    entered = keras.Input((4,))
    inner = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dropout(0.5)])
    chain = layers.Dense(2, activation="softmax")(layers.BatchNormalization()(layers.Dense(3)(entered)))
    for model in (
        keras.Sequential([keras.Input((4,)), layers.Dense(3, "gelu"), layers.LayerNormalization(), layers.Dense(2)]),
        keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, "tanh")]),
        keras.Model(entered, chain),
    ):
        outputs = np.asarray(model(samples)).tolist()
        assert error(from_keras(model), {"inputs": samples.tolist(), "outputs": outputs}) < 1e-5


def relu(x):
    """A function of the user's own, that has a name of Keras'."""
    return x * x


def drawn_keras_model(random_, keras):
    """A Sequential model of four inputs, with something odd about it or not; and what that is."""
    layers = keras.layers

    class Own(layers.Dense):
        def call(self, x, *rest):
            return super().call(x) * 2.0

    class Model(keras.Sequential):
        def call(self, x, *rest, **named):
            return super().call(x, *rest, **named) * 2.0

    makers = [
        lambda: layers.Dense(random_.randint(1, 5), random_.choice(["relu", "tanh", "gelu", "elu", None])),
        lambda: layers.BatchNormalization(scale=random_.random() < 0.5, center=random_.random() < 0.5),
        lambda: layers.LayerNormalization(),
        lambda: layers.Dropout(0.5),
        lambda: keras.Sequential([layers.Dense(3, "sigmoid"), layers.Activation("softplus")]),
    ]
    odd = random_.choice(["none", "own class", "own model", "call", "activation", "array", "trained", "built-in"])
    parts = [keras.Input((4,)), layers.Dense(3)] + [random_.choice(makers)() for _ in range(random_.randint(0, 4))]
    if odd == "own class":
        parts.insert(random_.randint(1, len(parts)), Own(3))
    if odd == "built-in":
        parts.append(layers.Dense(2, activation=keras.activations.swish))
    model = (Model if odd == "own model" else keras.Sequential)(parts)
    for weight in model.weights:
        if "variance" in getattr(weight, "path", weight.name):
            weight.assign(weight + random_.random())
    if odd == "call":
        random_.choice(model.layers).call = lambda x, *rest, **named: x * 3.0
    if odd == "activation":
        model.layers[0].activation = relu
    if odd == "array":
        model.layers[0].bias = model.layers[0].bias + 1.0
    if odd == "trained":
        import numpy as np

        model.compile("adam", "mse")
        model.fit(np.ones((2, 4)), np.ones((2, int(model.output_shape[-1]))), verbose=0)
    return model, odd


def test_keras_alive_drawn(folder):
    """Models drawn at random, with something odd about them: refused in one line, or right."""
    keras = pytest.importorskip("keras")
    import random

    import numpy as np

    warnings.simplefilter("ignore")
    right, refused = {}, {}
    for seed in range(DRAWN):
        random_ = random.Random(seed)
        keras.utils.set_random_seed(seed)
        model, odd = drawn_keras_model(random_, keras)
        samples = np.random.RandomState(seed).normal(size=(3, 4)).astype("float32")
        try:
            network = from_keras(model)
        except UnsupportedError as problem:
            assert "\n" not in str(problem)
            refused[odd] = refused.get(odd, 0) + 1
            continue
        outputs = np.asarray(model(samples)).tolist()
        found = error(network, {"inputs": samples.tolist(), "outputs": outputs})
        assert found < 1e-4, "seed %d, %s: off by %g" % (seed, odd, found)
        right[odd] = right.get(odd, 0) + 1
    print("right %s, refused %s" % (right, refused))
    assert {"none", "trained", "built-in"} >= set(right) and not {"none", "trained", "built-in"} & set(refused)


def test_keras_models_that_are_refused(folder):
    keras = pytest.importorskip("keras")
    layers = keras.layers

    def model(*more):
        first = [keras.Input((4,)), layers.Dense(3, name="d"), layers.BatchNormalization(name="b")]
        return keras.Sequential(first + list(more))

    class Dense(layers.Dense):
        """Of the user's own."""

    replaced, activated, stale = model(), model(), model()
    replaced.layers[0].call = lambda x: x * 2
    activated.layers[0].activation = relu
    stale.layers[1].gamma = stale.layers[1].gamma * 2
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, activation=relu, name="i")])
    entered = keras.Input((4,))
    shared, rectified = layers.Dense(4), layers.ReLU(name="r")
    for odd, said in (
        (replaced, "the layer d (Dense) has a call assigned to it, which no file shows"),
        (activated, "the layer d (Dense) has the activation test_in_memory.relu, which is not one of Keras's"),
        (model(inner), "the layer i (Dense) has the activation test_in_memory.relu"),
        (stale, "the layer b (BatchNormalization) has a gamma that is not among its weights"),
        (model(Dense(2, name="o")), "the layer o (Dense) is of a class of your own, test_live"),
        (model(layers.Dense(2, activation=lambda x: x)), "has the activation test_live.<lambda>"),
        (keras.Model(entered, shared(shared(entered))), "use"),
        (keras.Sequential([keras.Input((4,)), shared, layers.ReLU(), shared]), "uses its layer %s more" % shared.name),
        (model(keras.Sequential([keras.Input((3,)), rectified, layers.Dense(3), rectified])), "uses its layer r more"),
        (keras.Sequential([layers.Dense(3)]), ""),
        (layers.Dense(3), "expected a model of Keras, found a keras."),
    ):
        assert said in refusal(from_keras, odd)
