"""docs/coming_from.md: both sides of every row of its tables, run and compared."""

import os
import re
import warnings
from operator import eq

import pytest

import purenn

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "coming_from.md")
SAMPLES = [[(7 * i + 3 * j) % 11 / 4 - 1.0 for j in range(4)] for i in range(30)]
CLASSES = ["ash", "elm", "oak"]
ANSWERS = [CLASSES[i % 3] for i in range(30)]


def tables():
    """{heading: [(what is typed there, what is typed here)]}"""
    with open(PAGE, encoding="utf-8") as file:
        parts = re.split(r"^## (.*)$", file.read(), flags=re.MULTILINE)
    row = re.compile(r"^\| `([^`]*)` \| `([^`]*)` \| .*\|$", re.MULTILINE)
    found = {heading: row.findall(text) for heading, text in zip(parts[1::2], parts[2::2])}
    lines = {heading: re.findall(r"^\| `", text, re.MULTILINE) for heading, text in zip(parts[1::2], parts[2::2])}
    assert {heading: len(rows) for heading, rows in found.items()} == {h: len(rows) for h, rows in lines.items()}
    return found


TABLES = tables()


def of_sklearn():
    sklearn = pytest.importorskip("sklearn.neural_network")
    settings = {"hidden_layer_sizes": [5], "max_iter": 20, "random_state": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not yet converged
        mlp = sklearn.MLPClassifier(**settings).fit(SAMPLES, ANSWERS)
        two = sklearn.MLPClassifier(**settings).fit(SAMPLES, [answer == "oak" for answer in ANSWERS])
        reg = sklearn.MLPRegressor(**settings).fit(SAMPLES, [sum(row) for row in SAMPLES])
    networks = {"net": purenn.from_sklearn(mlp), "both": purenn.from_sklearn(two), "value": purenn.from_sklearn(reg)}
    return dict(networks, mlp=mlp, two=two, reg=reg)


def of_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = pytest.importorskip("keras")
    numpy = pytest.importorskip("numpy")

    def made(last):
        layers = [keras.Input([4]), keras.layers.Dense(5, "relu"), keras.layers.Dense(3, last)]
        return keras.Sequential(layers)

    keras.utils.set_random_seed(1)
    model, sums = made("softmax"), made(None)
    networks = {"net": purenn.from_keras(model), "raw": purenn.from_keras(sums)}
    return dict(networks, keras=keras, model=model, sums=sums, X=numpy.array(SAMPLES))


def of_torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)).double()
    return {"torch": torch, "module": module, "net": purenn.from_torch(module), "t": torch.tensor(SAMPLES).double()}


def of_numpy():
    np = pytest.importorskip("numpy")
    A, W, b = np.array(SAMPLES[:3]), np.array(SAMPLES[4:8]), np.array(SAMPLES[8])
    return {"np": np, "A": A, "W": W, "b": b, "M": purenn.Matrix(A), "Matrix": purenn.Matrix, "exp": purenn.exp}


MADE = {"scikit-learn": of_sklearn, "Keras": of_keras, "PyTorch": of_torch, "NumPy": of_numpy}


@pytest.fixture(scope="module")
def names():
    """What each library's table speaks of, made when it is first asked for."""
    made = {}

    def of(heading):
        if heading not in made:
            common = {"X": SAMPLES, "x": SAMPLES[0], "y": ANSWERS, "eq": eq, "softmax": purenn.softmax}
            made[heading] = dict(common, **MADE[heading]())
        return made[heading]

    return of


def flat(value):
    """The numbers and texts of an answer, in order."""
    for method in ("detach", "numpy", "tolist"):
        if hasattr(value, method):
            value = getattr(value, method)()
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in flat(part)]
    return [value]


def test_every_table_is_run():
    assert set(TABLES) == set(MADE) and min([len(rows) for rows in TABLES.values()]) > 5


@pytest.mark.parametrize("heading, there, here", [(h, *row) for h, rows in TABLES.items() for row in rows])
def test_both_sides_give_the_same(heading, there, here, names):
    known = names(heading)
    theirs, ours = flat(eval(there, dict(known))), flat(eval(here, dict(known)))
    assert ours and len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a == b or abs(a - b) <= 1e-6 * max(1.0, abs(b)), (ours, theirs)
        assert type(a) in (int, float, str, bool)
