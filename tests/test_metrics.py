"""Metrics against written-out loops and Fractions, and against scikit-learn where it is installed."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import same
from purenn import ShapeError
from purenn.metrics import ConfusionMatrix, Regression

classes = st.integers(1, 5)
numbers = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-100 else 0.0)  # or its square may be 0 in doubles


def counted(pairs, k):
    matrix = ConfusionMatrix(k)
    for right, answer in pairs:
        matrix.add(right, answer)
    return matrix


@given(st.data(), classes)
def test_figures_are_what_a_loop_counts(data, k):
    one = st.integers(0, k - 1)
    pairs = data.draw(st.lists(st.tuples(one, one | st.none()), max_size=30))
    matrix = counted(pairs, k)

    def share(part, whole):
        return len(part) / len(whole) if whole else 0.0

    assert matrix.samples == len(pairs)
    assert matrix.accuracy == share([1 for right, answer in pairs if right == answer], pairs)
    assert matrix.undefined == len([1 for _, answer in pairs if answer is None])
    for c in range(k):
        of_class = [pair for pair in pairs if pair[0] == c]
        answered = [pair for pair in pairs if pair[1] == c]
        both = [pair for pair in of_class if pair[1] == c]
        precision, recall = share(both, answered), share(both, of_class)
        assert (matrix.precision(c), matrix.recall(c)) == (precision, recall)
        assert matrix.f1(c) == pytest.approx(2 * precision * recall / (precision + recall) if both else 0.0)
        assert (matrix.support(c), matrix.answered(c)) == (len(of_class), len(answered))
    wrong = [(right, answer) for right, answer in pairs if answer is not None and right != answer]
    found = matrix.confused()
    assert {(i, j): n for n, i, j in found} == {pair: wrong.count(pair) for pair in wrong}
    assert [n for n, _, _ in found] == sorted([n for n, _, _ in found], reverse=True)


@given(st.data(), classes)
def test_figures_are_those_of_scikit_learn(data, k):
    metrics = pytest.importorskip("sklearn.metrics")
    one = st.integers(0, k - 1)
    pairs = data.draw(st.lists(st.tuples(one, one), min_size=1, max_size=30))
    matrix = counted(pairs, k)
    right, answers = zip(*pairs)
    used = [c for c in range(k) if c in right or c in answers]
    expected = metrics.precision_recall_fscore_support(right, answers, labels=used, zero_division=0)
    for figure, values in zip((matrix.precision, matrix.recall, matrix.f1, matrix.support), expected):
        assert [figure(c) for c in used] == pytest.approx(list(values))
    for figure, mean in zip(
        (matrix.precision, matrix.recall, matrix.f1),
        metrics.precision_recall_fscore_support(right, answers, average="macro", zero_division=0),
    ):
        assert matrix.mean([figure(c) for c in range(k)]) == pytest.approx(mean)
    assert matrix.counts == metrics.confusion_matrix(right, answers, labels=list(range(k))).tolist()


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30))
def test_errors_are_those_of_fractions(pairs):
    errors = Regression(1)
    for t, y in pairs:
        errors.add([t], [y])
    exact = [(Fraction(t), Fraction(y)) for t, y in pairs]
    n = len(pairs)
    squares = sum([(t - y) ** 2 for t, y in exact])
    mean = sum([t for t, _ in exact]) / n
    spread = sum([(t - mean) ** 2 for t, _ in exact])
    assert errors.mse[0] == pytest.approx(float(squares / n), rel=1e-12, abs=1e-300)
    assert errors.rmse[0] == math.sqrt(errors.mse[0])
    assert errors.mae[0] == pytest.approx(float(sum([abs(t - y) for t, y in exact]) / n), rel=1e-12, abs=1e-300)
    if n == 1:
        assert math.isnan(errors.r2[0])
    elif spread > 1e-6 * mean**2:
        assert errors.r2[0] == pytest.approx(float(1 - squares / spread), rel=1e-9, abs=1e-9)


def test_targets_far_from_zero():
    """Where the sum of squares less n times the square of the mean would be lost in rounding."""
    errors, targets = Regression(1), [1e9 + k / 8 for k in range(1000)]
    for t in targets:
        errors.add([t], [t + 1.0])
    mean = Fraction(sum(map(Fraction, targets)), 1000)
    spread = sum([(Fraction(t) - mean) ** 2 for t in targets])
    assert errors.r2[0] == pytest.approx(float(1 - 1000 / spread), rel=1e-9)


@given(
    st.sampled_from([0.0, 1.0, 1e9, -1e12, 1e15]),
    st.sampled_from([1e-3, 1.0, 1e5]),
    st.lists(st.integers(-3, 3), min_size=5, max_size=30),
)
def test_no_digit_is_lost_to_where_targets_lie(offset, unit, steps):
    """What is far from zero is as exact as what is near."""
    targets = [offset + unit * step for step in steps]
    errors = Regression(1)
    for t in targets:
        errors.add([t], [t])
    errors.add([targets[0]], [targets[0] + unit])
    exact = [Fraction(t) for t in targets + targets[:1]]
    mean = sum(exact) / len(exact)
    spread = sum([(t - mean) ** 2 for t in exact])
    lost = Fraction(targets[0]) - Fraction(targets[0] + unit)
    if spread and lost:
        assert 1.0 - errors.r2[0] == pytest.approx(float(lost**2 / spread), rel=1e-12, abs=1e-12)


def test_no_small_error_is_lost_beside_a_large_one():
    errors = Regression(1)
    for error in [1e8] + [1.0] * 1000:
        errors.add([0.0], [error])
    assert errors.mse == [(10**16 + 1000) / 1001]
    errors = Regression(1)
    for error in [1e16] + [1.0] * 1000:
        errors.add([0.0], [error])
    assert errors.mae == [(10**16 + 1000) / 1001]


def test_a_square_that_is_too_large():
    errors = Regression(1)
    errors.add([0.0], [1e200])
    errors.add([1.0], [1.0])
    assert errors.mse == errors.rmse == [math.inf] and errors.mae == [5e199] and errors.r2 == [-math.inf]
    errors.add([1e200], [1e200])
    assert math.isnan(errors.r2[0])


@pytest.mark.parametrize("expected, found", [([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0]), ([], [1.0, 2.0])])
def test_another_number_of_outputs(expected, found):
    with pytest.raises(ShapeError, match="2 outputs, but [01] numbers to compare"):
        Regression(2).add(expected, found)


def test_all_the_same():
    errors = Regression(2)
    for _ in range(3):
        errors.add([5.0, 5.0], [5.0, 6.0])
    assert errors.r2 == [1.0, 0.0] and errors.mse == [0.0, 1.0]


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
def test_errors_are_those_of_scikit_learn(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    errors = Regression(1)
    for t, y in pairs:
        errors.add([t], [y])
    t, y = zip(*pairs)
    assert errors.mse[0] == pytest.approx(metrics.mean_squared_error(t, y))
    assert errors.mae[0] == pytest.approx(metrics.mean_absolute_error(t, y))
    if max(t) - min(t) > 1e-3:
        assert errors.r2[0] == pytest.approx(metrics.r2_score(t, y), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_hidden(odd):
    for pair in ((odd, 1.0), (1.0, odd), (odd, odd)):
        errors = Regression(2)
        errors.add([1.0, 2.0], [1.5, 2.0])
        errors.add([pair[0], 3.0], [pair[1], 3.0])
        for figure in (errors.mse, errors.rmse, errors.mae, errors.r2):
            assert math.isnan(figure[0]) and same(figure[1], 1.0 if figure is errors.r2 else figure[1])
            assert not math.isnan(figure[1])
