"""Every exercise recognises right answers, stubs and each known mistake, and nothing handed to it makes it raise."""

import importlib
import inspect
import json
import math
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import jacobian, numerical_jacobian
from mnist_autograd.teach import exercises
from mnist_autograd.teach.exercises import Card, check, progress

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EXERCISES = exercises._exercises()
BY_ID = [pytest.param(exercise, id=exercise.id) for exercise in EXERCISES.values()]
SPECIMENS = [
    pytest.param(exercise, specimen, id=f"{exercise.id} {specimen.name}")
    for exercise in EXERCISES.values()
    for specimen in exercise.specimens
]
STATUSES = {"passed", "not yet", "known mistake", "error"}


@pytest.fixture(autouse=True)
def fresh_progress():
    exercises._passed.clear()
    yield
    exercises._passed.clear()


# --- Right answers, differently written -------------------------------------------------------------------------


def probabilities_loop(z):
    total = sum(math.exp(x) for x in z)
    return [math.exp(x) / total for x in z]


def softmax_moved(z, axis):
    """The class axis first, where a sum along axis 0 broadcasts without keepdims; then back."""
    e = np.exp(np.moveaxis(z, axis, 0) - z.max())
    return np.moveaxis(e / e.sum(axis=0), 0, axis)


def softmax_apply(z, axis):
    def one(row):
        e = np.exp(row - max(row))
        return e / sum(e)

    return np.apply_along_axis(one, axis, z)


def entropy_loop(p):
    return [-sum(x * math.log(x) for x in row if x > 0) for row in p.tolist()]


def logsumexp_reduce(z, axis):
    return np.logaddexp.reduce(z, axis=axis)


def largest_by_bisection(dtype):
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.isfinite(np.exp(dtype(middle))) else (low, middle)
    return low


def numerical_jacobian_one_by_one(f, z, h):
    """Element by element, with one array that is moved and put back."""
    z, J = z.copy(), np.zeros((len(z), len(z)))
    for i in range(len(z)):
        for j in range(len(z)):
            kept = z[j]
            z[j] = kept + h
            up = f(z)[i]
            z[j] = kept - h
            J[i, j] = (up - f(z)[i]) / (h + h)
            z[j] = kept
    return J


def softmax_jacobian_loop(z):
    s = softmax_apply(z, 0)
    return [[s[i] * (1 - s[i]) if i == j else -s[i] * s[j] for j in range(len(s))] for i in range(len(s))]


def softmax_vjp_by_matrix(s, g, axis):
    """J^T g for each example, with the class axis last."""
    s, g = np.moveaxis(s, axis, -1), np.moveaxis(g, axis, -1)
    J = s[..., None] * np.eye(s.shape[-1]) - np.einsum("...i,...j->...ij", s, s)
    return np.moveaxis(np.einsum("...ij,...i->...j", J, g), -1, axis)


def softmax_vjp_by_engine(s, g, axis):
    z = Tensor(np.log(s), requires_grad=True)
    F.softmax(z, axis=axis).backward(g)
    return z.grad


def logsumexp_vjp_by_engine(z, g, axis):
    z = Tensor(z, requires_grad=True)
    F.logsumexp(z, axis=axis).backward(g)
    return z.grad


def log_softmax_jacobian_loop(z):
    s = softmax_apply(z, 0)
    return [[(i == j) - s[j] for j in range(len(s))] for i in range(len(s))]


def log_softmax_vjp_by_matrix(l, g, axis):
    """J^T g for each example, with the class axis last."""
    l, g = np.moveaxis(l, axis, -1), np.moveaxis(g, axis, -1)
    J = np.eye(l.shape[-1]) - np.exp(l)[..., None, :]
    return np.moveaxis(np.einsum("...ij,...i->...j", J, g), -1, axis)


def remove_ones_by_projection(v, axis):
    """(I - u u^T) v with the unit vector u along the ones."""
    u = np.full(v.shape[axis], v.shape[axis] ** -0.5)
    return np.moveaxis(np.moveaxis(v, axis, -1) @ (np.eye(len(u)) - np.outer(u, u)), -1, axis)


def cross_entropy_loop(z, y):
    return sum(np.logaddexp.reduce(row) - row[k] for row, k in zip(z, y)) / len(y)


def cross_entropy_gradient_by_engine(z, y):
    z = Tensor(z, requires_grad=True)
    F.cross_entropy(z, y).backward()
    return z.grad


def soft_gradient_by_engine(z, q):
    z = Tensor(z, requires_grad=True)
    F.cross_entropy(z, q).backward()
    return z.grad


def soft_gradient_by_matrix(z, q):
    """-q J for each example, with the Jacobian J of log-softmax."""
    J = np.eye(z.shape[1]) - softmax_apply(z, 1)[:, None, :]
    return -np.einsum("ni,nij->nj", q, J) / len(z)


def loss_node_gradient_by_engine(p, y):
    p = Tensor(p, requires_grad=True)
    (-F.log(p[np.arange(len(y)), y]).mean()).backward()
    return p.grad


def loss_node_gradient_loop(p, y):
    return [[-1 / (len(y) * x) if i == k else 0 for i, x in enumerate(row)] for row, k in zip(p, y)]


def nll_along_moved(l, y, axis):
    """The class axis last, where one-hot rows meet it."""
    return -np.where(np.arange(l.shape[axis]) == y[..., None], np.moveaxis(l, axis, -1), 0).sum(axis=-1)


RIGHT = {
    "01.1": [probabilities_loop, lambda z: F.softmax(Tensor(z, requires_grad=True))],
    "01.2": [softmax_moved, lambda z, axis: F.softmax(Tensor(z), axis=axis)],
    "01.4": [lambda z, T: softmax_apply(z / T, -1), lambda z, T: F.softmax(Tensor(z) / T)],
    "01.3": [math.log, lambda r: F.log(r)],
    "01.5": [entropy_loop, lambda p: F.sum(-p * F.log(Tensor(p) + 1e-12), axis=-1)],
    "02.2": [softmax_apply, F.softmax],
    "02.3": [logsumexp_reduce, F.logsumexp],
    "02.4": [lambda z, axis: z - np.logaddexp.reduce(z, axis=axis, keepdims=True), F.log_softmax],
    "02.1": [lambda dtype: np.log(np.finfo(dtype).max), largest_by_bisection],
    "02.5": [lambda d: np.logaddexp(0, -d), lambda d: [math.log1p(math.exp(-x)) for x in d]],
    "03.1": [
        numerical_jacobian_one_by_one,
        lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z, eps=h),
    ],
    "03.2": [softmax_jacobian_loop, lambda z: jacobian(F.softmax, z)],
    "03.3": [
        lambda z, a: jacobian(lambda t: F.softmax(t * a), z),
        lambda z, a: np.array(softmax_jacobian_loop(a * z)) @ np.diag(a),
    ],
    "03.4": [softmax_vjp_by_matrix, softmax_vjp_by_engine],
    "03.5": [
        lambda s: [softmax_jacobian_loop(row) for row in np.log(s)],
        lambda s: np.einsum("ni,ij->nij", s, np.eye(s.shape[1])) - np.einsum("ni,nj->nij", s, s),
    ],
    "04.1": [logsumexp_vjp_by_engine, lambda z, g, axis: np.expand_dims(g, axis) * softmax_apply(z, axis)],
    "04.2": [lambda z: jacobian(F.log_softmax, z), log_softmax_jacobian_loop],
    "04.3": [log_softmax_vjp_by_matrix, lambda l, g, axis: g - softmax_apply(l, axis) * F.sum(g, axis, keepdims=True)],
    "04.4": [remove_ones_by_projection, lambda v, axis: v - F.mean(v, axis, keepdims=True)],
    "05.1": [F.nll_loss, lambda l, y: sum(-row[k] for row, k in zip(l, y)) / len(y)],
    "05.2": [F.one_hot, lambda y, C: [[int(i == k) for i in range(C)] for k in y]],
    "05.3": [F.cross_entropy, cross_entropy_loop],
    "05.4": [
        cross_entropy_gradient_by_engine,
        lambda z, y: (softmax_apply(z, 1) - (y[:, None] == range(z.shape[1]))) / len(y),
    ],
    "05.5": [soft_gradient_by_engine, soft_gradient_by_matrix],
    "05.6": [loss_node_gradient_by_engine, loss_node_gradient_loop],
    "05.7": [nll_along_moved, lambda l, y, axis: F.nll_loss(l, y, axis=axis, reduction="none")],
}


# Those of the later chapters are in answers_NN.py, one a chapter: RIGHT and MISTAKES_WRITTEN_OTHERWISE, as here.
LATER = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("answers_[0-9][0-9].py"))]
for answers in LATER:
    RIGHT |= answers.RIGHT


def test_there_are_right_answers_for_every_exercise():
    assert RIGHT.keys() == EXERCISES.keys()


@pytest.mark.parametrize("exercise", BY_ID)
def test_right_answers_pass(exercise):
    for answer in [exercise.solution, *RIGHT[exercise.id]]:
        card = check(exercise.id, answer)
        assert card.status == "passed" and card.specimen is None, card


@pytest.mark.parametrize("exercise", BY_ID)
def test_a_stub_is_not_yet(exercise):
    def stub(*arguments):
        raise NotImplementedError

    card = check(exercise.id, stub)
    assert card.status == "not yet"
    assert card.text == "The function still raises NotImplementedError: write its body, then run this cell again."


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_answers_in_fewer_digits_pass(dtype):
    assert check("01.2", lambda z, axis: softmax_apply(z, axis).astype(dtype)).status == "passed"


# --- Known mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise, specimen", SPECIMENS)
def test_each_specimen_gives_its_own_diagnosis(exercise, specimen):
    card = check(exercise.id, specimen.function)
    assert (card.status, card.specimen, card.title) == ("known mistake", specimen.name, specimen.name)
    assert card.text.startswith(specimen.text) and f"“{exercise.see}”" in card.text
    assert "calling\n" in card.text and "must give" in card.text and re.search("and gave|and stopped with", card.text)


def speaks(specimen, probe):
    return specimen.where is None or specimen.where(*probe)


@pytest.mark.parametrize("exercise", BY_ID)
def test_specimens_differ_from_the_solution_and_from_each_other(exercise):
    """On a probe on which both speak: so no function can agree with two of them."""
    functions = [exercises.Specimen("solution", exercise.solution, ""), *exercise.specimens]
    for i, a in enumerate(functions):
        for b in functions[:i]:
            assert any(
                not exercises._agree(exercise, exercises._run(a.function, probe), exercises._run(b.function, probe))
                for probe in exercise.probes
                if speaks(a, probe) and speaks(b, probe)
            ), f"{a.name} / {b.name}"


@pytest.mark.parametrize("exercise", BY_ID)
def test_specimens_have_distinct_names_that_read_as_a_title(exercise):
    names = [specimen.name for specimen in exercise.specimens]
    assert len(set(names)) == len(names) >= 4
    for specimen in exercise.specimens:
        assert not specimen.name.endswith(".") and specimen.text.endswith(".")
        assert not re.search(r"\b(simply|obviously|just|easy|trivial)\b", specimen.text)


@pytest.mark.parametrize("exercise", BY_ID)
def test_probes_are_ordered_by_size_and_the_solution_is_finite_on_them(exercise):
    sizes = [
        sum(np.size(argument) for argument in probe if isinstance(argument, np.ndarray)) for probe in exercise.probes
    ]
    assert sizes == sorted(sizes) and sizes[0] <= 4  # two numbers an array
    for probe in exercise.probes:
        assert np.isfinite(exercises._run(exercise.solution, probe).value).all()


NO_SHIFT = "The shift is missing, or it is not the maximum"
KEPT = "The probabilities are kept away from 0 by"


def top(z, axis, method="max"):
    return getattr(z, method)(axis=axis, keepdims=True)


def shares(e, axis):
    return e / top(e, axis, "sum")


def log_sum(z, axis):
    return np.log(top(np.exp(z - top(z, axis)), axis, "sum"))


def through_the_probability(l, g, axis):
    l = Tensor(l, requires_grad=True)
    F.log(F.softmax(l, axis)).backward(g)
    return l.grad


def piled_up(f, z, h):
    """The step of column j moves all elements up to j."""
    steps = h * np.tri(len(z))
    return np.stack([(f(z + step) - f(z - step)) / (2 * h) for step in steps], axis=1)


def matrix_of(s):
    return s[:, None] * (np.eye(len(s)) - s)


def jacobian_of_whole_numbers(z):
    J = np.zeros((len(z), len(z)), dtype=int)
    J[...] = jacobian(F.log_softmax, z)
    return J


def in_place(f, z, h, down):
    """Columns of differences over 2 h, of one array in which each element goes up by h, then down by down * h."""
    columns = []
    for j in range(len(z)):
        z[j] += h
        up = f(z)
        z[j] -= down * h
        columns.append((up - f(z)) / (2 * h))
    return np.stack(columns, axis=1)


def hot_like(z, y):
    """y as one-hot rows of the shape of z."""
    return (y[:, None] == np.arange(z.shape[1])).astype(float)


def softmax_of_clipped(z, bound):
    return shares(np.exp(np.clip(z, -bound, bound)), 1)


def write_into_p(p, y):
    n = np.arange(len(y))
    p[n, y] = -1 / (len(y) * p[n, y])
    return p


def cross_entropy_gradient_of_probabilities(p, y):
    """What the engine gives for the logarithm of p as logits: the softmax of it is p again."""
    return cross_entropy_gradient_by_engine(np.log(p), y)


MISTAKES_WRITTEN_OTHERWISE = [
    ("01.1", lambda z: [math.exp(x) for x in z], "The exponentials are not divided by their sum"),
    ("01.1", lambda z: np.exp2(z) / np.exp2(z).sum(), "The base is 2 in place of e"),
    ("01.2", lambda z, axis: F.softmax(z, axis=0), "It sums along axis 0, whatever axis says"),
    ("01.2", lambda z, axis: F.exp(z) / F.sum(F.exp(z), axis=axis), "keepdims is forgotten"),
    ("01.2", lambda z, axis: softmax_apply(z, 1 - axis), "It sums along the other axis"),
    ("01.4", lambda z, T: softmax_apply(z - T, -1), "T has no effect"),
    ("01.4", lambda z, T: softmax_apply(np.log(softmax_apply(z, -1) / T), -1), "T has no effect"),
    ("01.5", lambda p: -(p * np.log2(p)).sum(axis=1), "The logarithm has base 2"),  # and nan at p = 0
    ("01.5", lambda p: (p * np.log(p + 1e-12)).sum(axis=1), "The minus sign is missing"),
    ("02.2", lambda z, axis: F.exp(z) / F.sum(F.exp(z), axis=axis, keepdims=True), NO_SHIFT),
    ("02.2", lambda z, axis: np.exp(z) / np.exp(z).sum(), "The whole array adds up to 1"),  # and no shift
    ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-12), f"{KEPT} 1e-12"),
    ("03.1", lambda f, z, h: np.array([(f(z + e) - f(z - e)) / (2 * h) for e in h * np.eye(len(z))]), "Rows and col"),
    ("03.1", lambda f, z, h: [(f(z + e) - f(z)) / h for e in h * np.eye(len(z))], "It is a forward difference"),  # rows
    ("03.1", lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z), "The step h is not used"),
    ("03.1", lambda f, z, h: in_place(f, z, h, down=1), "One step, divided by two"),
    ("03.1", lambda f, z, h: in_place(f, z, h, down=2), "The steps are never undone"),
    ("03.1", lambda f, z, h: piled_up(f, z, h), "The earlier steps stay in the step"),
    ("03.1", lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z, eps=h / 2), "The step is h / 2"),
    ("03.2", lambda z: np.diag(np.diag(jacobian(F.softmax, z))), "s (1 - s) on the diagonal"),
    ("03.2", lambda z: matrix_of(np.nan_to_num(shares(np.exp(z), 0))), "nan is replaced by 0"),
    ("03.2", lambda z: matrix_of(shares(np.exp(np.clip(z, -700, 700)), 0)), "The logits are clipped"),
    ("03.2", lambda z: matrix_of(shares(np.exp(z - abs(z).max()), 0)), "The shift is the largest absolute value"),
    ("03.2", lambda z: F.softmax(z).data - np.outer(*[F.softmax(z).data] * 2), "s stands in every row"),
    ("03.3", lambda z, a: matrix_of(shares(np.exp(a * z - z.max()), 0)) * a, "The shift is the maximum of z"),
    ("03.3", lambda z, a: matrix_of(np.nan_to_num(shares(np.exp(a * z), 0))) * a, "nan is replaced by 0"),
    ("03.3", lambda z, a: matrix_of(shares(np.exp(a * (z - z.max())), 0)) * a, "The maximum is subtracted before"),
    ("03.4", lambda s, g, axis: s * (g - np.expand_dims((g * s).sum(axis=axis), -1)), "The sum gets its axis back"),
    ("03.4", lambda s, g, axis: s * (g - top(s, axis, "sum")), "sum(s) in place of sum(g * s)"),
    ("03.5", lambda s: next(matrix_of(row) for row in s), "It is the first example alone"),
    ("03.5", lambda s: np.stack([matrix_of(row) for row in s], axis=1), "The examples are on axis 1"),
    ("03.2", lambda z: np.diag(F.softmax(z).data) - F.softmax(z).data ** 2, "A vector is subtracted from each row"),
    ("03.2", lambda z: F.softmax(z).data * (np.eye(len(z)) - F.softmax(z).data), "A vector is subtracted from each r"),
    ("03.2", lambda z: np.diag(shares(np.exp(z), 0)) - np.outer(*[shares(np.exp(z), 0)] * 2), "It overflows"),
    ("03.2", lambda z: np.diag(shares(np.exp(z), 0)), "The second term is missing"),  # and it overflows
    ("03.3", lambda z, a: np.diag(a) @ jacobian(F.softmax, a * z), "The rows are scaled"),
    ("03.3", lambda z, a: jacobian(lambda t: F.softmax(t * a), z).T, "The rows are scaled"),
    ("03.3", lambda z, a: jacobian(lambda t: F.softmax(z * t), a), "It is the derivative with respect to a"),
    ("03.3", lambda z, a: jacobian(lambda t: a * F.softmax(t), z), "The probabilities are scaled"),
    ("03.4", lambda s, g, axis: s * (g - g * s), "s (1 - s) g, the diagonal alone"),
    ("03.4", lambda s, g, axis: g * s - s**2 * g, "s (1 - s) g, the diagonal alone"),
    ("03.4", lambda s, g, axis: softmax_vjp_by_matrix(s, g, 1 - axis % 2), "The sum runs along the other axis"),
    ("03.4", lambda s, g, axis: s * (g - np.einsum("...i,...i->...", s, g)[..., None]), "The last axis is used"),
    ("03.5", lambda s: np.stack([np.eye(len(s)) * row - np.outer(row, row) for row in s]), "The identity has the size"),
    ("03.5", lambda s: np.diag(s.sum(axis=0)) - s.T @ s, "The examples are added up"),
    ("03.5", lambda s: s[:, :, None] * np.eye(s.shape[1]) - np.einsum("ni,mj->nij", s, s), "The second probability"),
    ("03.5", lambda s: s[..., None] * (np.eye(s.shape[0]) - s[:, None]), "The identity has the size of the batch"),
    ("02.5", lambda d: -np.log(1 / (1 + np.exp(-d))), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(np.exp(-d) + 1), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(1 + 1 / np.exp(d)), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(np.exp(d) + 1) - d, "Two nearly equal numbers are subtracted"),
    ("02.5", lambda d: np.log1p(np.exp(d)) - d, "Two nearly equal numbers are subtracted"),
    ("02.5", lambda d: np.logaddexp(0, d) - d, "Two nearly equal numbers are subtracted"),
    ("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), "It sums along axis 1"),
    ("01.2", lambda z, axis: np.exp(z) / top(z, axis, "sum"), "The exponentials are divided by the sum of the logits"),
    ("01.4", lambda z, T: F.softmax(z).data * T, "The probabilities are multiplied by T"),
    ("01.5", lambda p: -(p[p > 0] * np.log(p[p > 0])).sum(axis=-1), "It sums over the whole array"),
    ("01.5", lambda p: -(p * np.log(p)).sum(axis=-1, keepdims=True).squeeze(), "squeeze without an axis"),
    ("02.2", lambda z, axis: F.softmax(z, axis=1), "Axis 1 is used"),
    ("02.2", lambda z, axis: shares(np.exp(z - top(np.abs(z), axis)), axis), "The shift is the largest absolute value"),
    ("02.2", lambda z, axis: shares(np.exp(z - z.argmax(axis=axis, keepdims=True)), axis), NO_SHIFT),
    ("02.2", lambda z, axis: shares(np.exp(z - 100), axis), NO_SHIFT),
    ("02.2", lambda z, axis: shares(np.exp(z - top(z, axis, "min")), axis), "The shift is the minimum"),
    ("02.2", lambda z, axis: shares(np.exp(z) - top(z, axis), axis), "The largest logit is subtracted from"),
    (
        "02.2",
        lambda z, axis: (np.exp(z) - top(z, axis)) / top(np.exp(z), axis, "sum"),
        "The largest logit is subtracted from the exponentials, in the numerator only",
    ),
    (
        "02.2",
        lambda z, axis: (np.exp(z) - top(z, axis)) / top(np.exp(z - top(z, axis)), axis, "sum"),
        "The largest logit is subtracted inside exp in the sum",
    ),
    (
        "02.2",
        lambda z, axis: np.exp(z - top(z, axis)) / top(np.exp(z), axis, "sum"),
        "Half a shift: in the numerator only",
    ),
    ("02.2", lambda z, axis: np.exp(z) / top(np.exp(z - top(z, axis)), axis, "sum"), "Half a shift: in the sum only"),
    ("02.3", lambda z, axis: (top(z, axis) + log_sum(z, axis)).squeeze(), "squeeze without an axis"),
    ("02.3", lambda z, axis: F.logsumexp(z, axis=1), "Axis 1 is used"),
    ("02.3", lambda z, axis: 100 + np.log(np.exp(z - 100).sum(axis=axis)), NO_SHIFT),
    (
        "02.3",
        lambda z, axis: np.abs(z).max(axis=axis) + np.log(np.exp(z - top(np.abs(z), axis)).sum(axis=axis)),
        "The shift is the largest absolute value",
    ),
    ("02.4", lambda z, axis: z - top(z, axis) + log_sum(z, axis), "The logarithm of the sum is added"),
    ("02.4", lambda z, axis: z - (top(z, axis) - log_sum(z, axis)), "The logarithm of the sum is added"),
    (
        "02.4",
        lambda z, axis: z - top(z, axis) - np.log(top(np.exp(z), axis, "sum")),
        "The maximum is subtracted twice",
    ),
    ("02.4", lambda z, axis: z - top(z, axis) - (top(z, axis) + log_sum(z, axis)), "The maximum is subtracted twice"),
    ("02.4", lambda z, axis: z - logsumexp_reduce(z, axis), "The log-sum-exp is subtracted without its axis"),
    ("02.4", lambda z, axis: z - np.log(np.exp(z).sum(axis=axis)), "The log-sum-exp is subtracted without its axis"),
    ("02.4", lambda z, axis: F.log_softmax(z, axis=1), "Axis 1 is used"),
    ("02.4", lambda z, axis: z - 100 - np.log(top(np.exp(z - 100), axis, "sum")), NO_SHIFT),
    (
        "02.4",
        lambda z, axis: z - top(np.abs(z), axis) - np.log(top(np.exp(z - top(np.abs(z), axis)), axis, "sum")),
        "The shift is the largest absolute value",
    ),
    ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-8), f"{KEPT} 1e-08"),
    *[
        ("02.4", lambda z, axis, e=e, keep=keep: np.log(keep(F.softmax(z, axis).data, e)), f"{KEPT} {e:.3g}")
        for e in (1e-9, 1e-12, np.finfo(float).eps, 1e-300, np.finfo(float).tiny)
        for keep in (np.add, np.maximum, lambda p, e: np.clip(p, e, 1 - e))
    ],
    ("04.1", lambda z, g, axis: F.softmax(z, axis=axis) * g, "g has no class axis"),
    ("04.1", lambda z, g, axis: g * np.exp(z) / top(np.exp(z), axis, "sum"), "g has no class axis"),  # and no shift
    ("04.1", lambda z, g, axis: g[:, None] * F.softmax(z, axis=1).data, "Axis 1 is used"),
    ("04.1", lambda z, g, axis: F.softmax(z, axis=1).data * g[:, None], "Axis 1 is used"),
    ("04.1", lambda z, g, axis: g[..., None] * F.softmax(z).data, "The last axis is used"),
    (
        "04.1",
        lambda z, g, axis: np.expand_dims(g, axis) / top(np.exp(z), axis, "sum") * np.exp(z),
        "The shift is missing",
    ),
    ("04.2", lambda z: (np.eye(len(z)) - F.softmax(z).data).T, "It is transposed"),
    ("04.2", lambda z: np.eye(len(z)) - (np.exp(z) / np.exp(z).sum())[:, None], "It is transposed"),  # and no shift
    ("04.2", lambda z: jacobian(F.softmax, z), "It is the Jacobian of softmax"),
    ("04.2", lambda z: np.diag(1 / F.softmax(z).data) @ jacobian(F.softmax, z), "It goes by way of 1 / s"),
    ("04.2", lambda z: np.diag(np.ones(len(z))) - np.exp(z) / np.exp(z).sum(), "The shift is missing"),
    ("04.3", lambda l, g, axis: g - np.exp(l) * g, "The diagonal alone"),
    ("04.3", lambda l, g, axis: F.exp(l) * (g - F.sum(g * F.exp(l), axis, keepdims=True)), "It is the VJP of softmax"),
    ("04.3", lambda l, g, axis: softmax_apply(l, axis) - g, "The sum of g is taken to be 1, and the sign"),
    ("04.3", through_the_probability, "It goes by way of g / s"),
    ("04.1", lambda z, g, axis: np.expand_dims(g, 0) * F.softmax(z, axis).data, "g has no class axis"),
    ("04.1", lambda z, g, axis: np.expand_dims(g, axis) * shares(np.exp(z - 100), axis), "The shift is missing, or"),
    *[
        (
            "04.1",
            lambda z, g, axis, c=c: np.expand_dims(g, axis) * shares(np.exp(np.clip(z, -c, c)), axis),
            "The logits",
        )
        for c in (50, 100, 700)
    ],
    ("04.2", lambda z: jacobian(F.softmax, z) / F.softmax(z).data, "It is transposed"),
    ("04.2", lambda z: np.eye(len(z)) - shares(np.exp(np.clip(z, -700, 700)), 0), "The logits are clipped"),
    ("04.2", lambda z: np.eye(len(z)) - shares(np.exp(z - z.min()), 0), "The shift is the minimum"),
    ("04.2", jacobian_of_whole_numbers, "The derivatives are cut to whole numbers"),
    ("04.2", lambda z: jacobian(F.softmax, z) / (F.softmax(z).data[:, None] + 1e-15), "It goes by way of 1 / (s + "),
    ("04.3", lambda l, g, axis: g - F.softmax(l).data * top(g, axis, "sum"), "Softmax runs along the last axis"),
    ("04.4", lambda v, axis: v - np.ones_like(v) * top(v, axis, "sum"), "The sum in place of the mean"),
    ("04.4", lambda v, axis: np.ones_like(v) * top(v, axis, "mean"), "The component is kept"),
    ("05.1", lambda l, y: -(np.eye(l.shape[1])[y] * l).sum(), "It sums where it should average"),
    ("05.1", lambda l, y: -F.mean(Tensor(l)[y]), "Whole rows are taken in place of elements"),
    ("05.1", lambda l, y: -sum(row[k] for row, k in zip(l, y)) / l.size, "The mean runs over all entries"),
    ("05.1", lambda l, y: F.cross_entropy(l, y), "log-softmax is taken once more"),
    ("05.2", lambda y, C: F.one_hot(y), "The width is the largest class of the batch"),
    ("05.2", lambda y, C: np.arange(C)[:, None] == y, "It is transposed"),
    ("05.3", lambda z, y: F.nll_loss(F.log(F.softmax(F.softmax(z))), y), "Softmax is applied twice"),
    ("05.3", lambda z, y: F.nll_loss(F.log(F.softmax(z)), y), "It is the logarithm of softmax, in two steps"),
    ("05.3", lambda z, y: F.nll_loss(softmax_apply(z, 1), y), "The logarithm is missing"),
    ("05.3", lambda z, y: F.cross_entropy(z.T, y, axis=0, reduction="sum"), "It sums where it should average"),
    ("05.3", lambda z, y: (np.log(np.exp(z).sum(1)) - z[range(len(y)), y]).sum(), "It sums where it should average"),
    *[
        ("05.3", lambda z, y, e=e, keep=keep: F.nll_loss(np.log(keep(softmax_apply(z, 1), e)), y), f"{KEPT} {e:.3g}")
        for e in (1e-7, 1e-8, 1e-12, 1e-15)
        for keep in (np.add, np.maximum, lambda p, e: np.clip(p, e, 1 - e))
    ],
    ("05.4", lambda z, y: cross_entropy_gradient_by_engine(z, y) * len(y), "1 / N is missing"),
    ("05.4", lambda z, y: F.one_hot(y, z.shape[1]) - F.softmax(z), "The sign is wrong, and 1 / N is missing"),
    ("05.4", lambda z, y: hot_like(z, y) * (softmax_apply(z, 1) - 1) / len(y), "The other classes are forgotten"),
    (
        "05.4",
        lambda z, y: shares(np.exp(z), 1) * (1 - shares(np.exp(z), 1)) * (-hot_like(z, y) / shares(np.exp(z), 1)),
        "The other classes are forgotten, and 1 / N is missing",  # the second homework; and no shift
    ),
    ("05.5", lambda z, q: (F.softmax(z) - q) / len(z), "The sum of the targets is taken for 1"),
    ("05.5", lambda z, q: q - shares(np.exp(z), 1) * top(q, 1, "sum"), "The sign is wrong, and 1 / N is missing"),
    ("05.6", cross_entropy_gradient_of_probabilities, "The answer of the fused node, p - y"),
    ("05.6", lambda p, y: -hot_like(p, y) / p, "1 / N is missing"),
    ("05.1", lambda l, y: -np.mean(np.sum(np.eye(l.shape[1])[y] * l, axis=1)), "One-hot meets an impossible class"),
    ("05.1", lambda l, y: -np.log(math.prod(math.exp(r[k]) for r, k in zip(l, y))) / len(y), "The probabilities are m"),
    ("05.2", lambda y, C: np.identity(len(set(y.tolist())))[y], "The width is the number of classes that occur"),
    (
        "05.3",
        lambda z, y: -(z - np.log(np.exp(z).sum(axis=1)))[range(len(y)), y].mean(),
        "keepdims is forgotten in the",
    ),
    ("05.3", lambda z, y: F.cross_entropy(z, y, reduction="sum").data / z.shape[1], "The sum is divided by the number"),
    ("05.4", lambda z, y: (F.softmax(z).data - y) / len(y), "The class numbers are subtracted as they stand"),
    ("05.4", lambda z, y: F.softmax(z).data - y, "The class numbers are subtracted as they stand, and 1 / N"),
    ("05.4", lambda z, y: (np.exp(z) / np.exp(z).sum() - hot_like(z, y)) / len(y), "Softmax runs over the whole array"),
    ("05.4", lambda z, y: (softmax_of_clipped(z, 500) - hot_like(z, y)) / len(y), "The logits are clipped"),
    ("05.4", lambda z, y: (softmax_of_clipped(z, 30) - hot_like(z, y)) / len(y), "The logits are clipped"),
    ("05.5", lambda z, q: (shares(np.exp(z - z.max()), 1) * top(q, 1, "sum") - q) / len(q), "The shift is the maximum"),
    ("05.6", lambda p, y: -y / (len(y) * p), "The class numbers stand in the formula as they are"),
    ("05.6", write_into_p, "The other entries keep their probabilities"),
    ("05.6", lambda p, y: p * (1 - p) * (-hot_like(p, y) / p) / len(y), "p (1 - p) is multiplied on top"),
    ("05.6", lambda p, y: -hot_like(p, y) / (p + 1e-12) / len(y), "A small number is added to the probabilities"),
    ("05.7", lambda l, y, axis: -np.log(np.take_along_axis(l, np.expand_dims(y, axis), axis)).squeeze(axis), "The log"),
    ("05.7", lambda l, y, axis: -(F.one_hot(y, l.shape[axis], axis).data * l).sum(axis), "One-hot meets an impossible"),
    ("05.7", lambda l, y, axis: F.nll_loss(l, y, axis=axis), "The losses are averaged"),
    ("05.7", lambda l, y, axis: -np.take_along_axis(l, y[..., None], -1)[..., 0], "The last axis is used"),
]


for answers in LATER:
    MISTAKES_WRITTEN_OTHERWISE += answers.MISTAKES_WRITTEN_OTHERWISE


@pytest.mark.parametrize("exercise_id, answer, name", MISTAKES_WRITTEN_OTHERWISE)
def test_a_mistake_is_recognised_however_it_is_written(exercise_id, answer, name):
    card = check(exercise_id, answer)
    assert card.status == "known mistake" and card.specimen.startswith(name), card


def test_forgotten_keepdims_shows_the_wrong_square_and_explains_numpys_message():
    text = check("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis)).text
    assert "my_softmax(np.array([[0., 1.], [3., 2.]]), 1)" in text  # no error there, but a wrong result
    assert "ValueError: operands could not be broadcast together with shapes (2,3) (2,)" in text
    assert "Here 3 meets 2, and NumPy stops." in text


@pytest.mark.parametrize(
    "exercise_id, answer, words",
    [
        ("01.2", lambda z, axis: softmax_apply(z, 1), "The argument `axis` is not used"),
        ("01.5", lambda p: -(p[p > 0] * np.log(p[p > 0])).sum(axis=-1), "a mask such as `p[p > 0]`"),
        (
            "02.2",
            lambda z, axis: shares(np.exp(z - z.argmax(axis=axis, keepdims=True)), axis),
            "`z.argmax` is the place",
        ),
        ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-9), "log(1e-09) = -20.72"),
        ("02.5", lambda d: np.log1p(np.exp(d)) - d, "this is cancellation"),
    ],
)
def test_a_card_names_the_cause(exercise_id, answer, words):
    assert words in check(exercise_id, answer).text


@pytest.mark.parametrize("exercise_id", ["01.2", "02.2", "02.3", "02.4"])
def test_an_axis_of_size_1_must_stay(exercise_id):
    exercise = EXERCISES[exercise_id]
    card = check(exercise_id, lambda z, axis: exercise.solution(z, axis).squeeze())
    assert card.status != "passed"
    assert f"{exercise.function_name}(np.array([[0., 1., 2., 3.]]), 1)" in card.text


@pytest.mark.parametrize(
    "exercise_id, answer, words",
    [
        ("01.1", lambda z: [math.exp(z)] * 2, "Use `np.exp` or `np.log`, which work on arrays."),
        ("02.2", lambda z, axis: shares(np.exp(z - max(z)), axis), "use `z.max(axis=..., keepdims=True)`"),
        ("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis)[:, None], "`keepdims=True` in the sum keeps"),
        ("01.2", lambda z, axis: np.exp(z).sum(axis=2), "use its argument `axis` there"),
        ("04.4", lambda v, axis: v - top(v, axis, "sum") / v.shape[1], "and no `.shape[1]`"),
        ("05.1", lambda l, y: -l[np.arange(2), y].mean(), "take the size from the arguments"),
        ("05.1", lambda l, y: -l[[0, 0, 0], np.append(y, 0)], "Row numbers that pair with y"),
        ("05.2", lambda y, C: np.zeros(len(y), C), "The shape is one argument, a tuple"),
        ("03.4", lambda s, g, axis: (g * s).sum(axis=axis, keepdim=True), "NumPy writes `axis` and `keepdims`."),
        ("03.5", lambda s: np.diag(s[:, :, None]), "`np.diag` takes a vector or a matrix"),
        ("03.5", lambda s: np.fill_diagonal(np.zeros((7, *s.shape)), s), "`np.fill_diagonal` fills the places"),
        ("03.5", lambda s: np.einsum("ni,nj->nij", s, np.eye(7)), "in `np.einsum` a letter has one size"),
    ],
)
def test_messages_are_explained(exercise_id, answer, words):
    text = check(exercise_id, answer).text
    assert "The message in words:" in text and words in text


# --- Counterexamples --------------------------------------------------------------------------------------------


def counterexample(card):
    """The call, what was expected and what came out, of the first that the card shows; read back from its text."""
    shown = r"calling\n +(.*?)\n +must give.*?\n(.*?)\n +and gave.*?\n(.*?)(?:\n\n|$)"
    call, expected, gave = re.search(shown, card.text, re.DOTALL).groups()
    return call.strip(), expected, gave


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_counterexample_is_right_and_the_smallest(exercise):
    """An answer that is wrong by 0.25 everywhere, and one that is wrong on the last probe only."""
    numbers = {"np": np, "nan": np.nan, "inf": np.inf}
    last = len(exercise.probes) - 1
    for first_wrong in (0, last):
        count = iter(range(len(exercise.probes)))

        def answer(*arguments, count=count, first_wrong=first_wrong):
            return exercise.solution(*arguments) + 0.25 * (next(count) >= first_wrong)

        card = check(exercise.id, answer)
        assert card.status == "not yet"
        assert card.title == f"{exercise.function_name} is right on {first_wrong} of {last + 1} inputs"
        call, expected, gave = counterexample(card)
        right = exercise.solution(*exercise.probes[first_wrong])
        assert call.startswith(f"{exercise.function_name}(")
        called = eval(call, numbers | {exercise.function_name: exercise.solution})
        np.testing.assert_allclose(called, right, rtol=1e-12)
        np.testing.assert_allclose(eval(expected.strip(), numbers), right, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(eval(gave.strip(), numbers), right + 0.25, rtol=1e-4, atol=1e-4)


def test_a_difference_after_the_fourth_digit_is_shown():
    _, expected, gave = counterexample(check("01.1", lambda z: F.softmax(z).data + 1e-5))
    assert expected != gave


@pytest.mark.parametrize(
    "exercise_id, answer, call",
    [
        ("01.2", lambda z, axis: F.softmax(z, 1 - axis), "my_softmax(np.array([[0., 1.], [3., 2.]]), 1)"),
        ("02.2", lambda z, axis: shares(np.exp(z / top(z, axis)), axis), "stable_softmax(np.array([2., 0.]), 0)"),
        ("02.2", lambda z, axis: shares(np.exp(z + top(z, axis)), axis), "stable_softmax(np.array([1000.,    0.]), 0)"),
    ],
)
def test_the_counterexample_is_one_that_the_text_explains(exercise_id, answer, call):
    card = check(exercise_id, answer)
    assert card.status == "known mistake" and "e-" not in card.text.split("calling")[1].split("See the")[0]
    assert counterexample(card)[0] == call and "AxisError" not in card.text


def test_nan_from_a_division_of_0_by_0_is_said():
    text = check("01.1", lambda z: np.exp(z / z.sum())).text
    assert "It comes from `0 / 0`" in text and "a sum that cancels" in text


@pytest.mark.parametrize(
    "value, word",
    [(np.nan, "not a number"), (np.inf, "overflow"), (-np.inf, "logarithm of 0")],
)
def test_what_happened_at_huge_logits_is_said(value, word):
    def answer(z, axis):
        return np.where(np.abs(z) > 900, value, F.log_softmax(z, axis).data)

    card = check("02.4", answer)
    assert card.status == "not yet" and word in card.text
    assert counterexample(card)[0] == "my_log_softmax(np.array([1000.,    0.]), 0)"


def test_a_wrong_shape_is_said():
    card = check("02.3", lambda z, axis: np.zeros((2, 1)))
    assert "(shape ())" in card.text and "(shape (2, 1))" in card.text


def test_cards_do_not_depend_on_print_options():
    expected = repr(check("01.1", lambda z: z))
    with np.printoptions(precision=1, suppress=True, threshold=1, formatter={"float": lambda x: "?"}):
        assert repr(check("01.1", lambda z: z)) == expected


# --- Answers that are no answers --------------------------------------------------------------------------------


class RaisingArray:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    def __repr__(self):
        raise RuntimeError("no repr")

    __hash__ = None


class RaisingMessage(Exception):
    def __str__(self):
        raise RuntimeError("no message")


class RaisingEverywhere:
    def __getattribute__(self, name):
        raise RuntimeError("no attribute")


def raising(error):
    def answer(*arguments):
        raise error

    return answer


def recursion(*arguments):
    return recursion(*arguments)


def generator(*arguments):
    yield 1


async def coroutine(*arguments):
    return 1


def endless_list():
    nested = []
    nested.append(nested)
    return nested


HOSTILE_VALUES = {
    "None": None,
    "number": 3,
    "huge number": 10**400,
    "complex": 1j,
    "string": "0.5",
    "bytes": b"0.5",
    "ragged": [[1, 2], [3]],
    "strings": ["a", "b"],
    "dict": {1: 2},
    "range": range(10**12),
    "long list": [0.0] * 10**6,
    "list in itself": endless_list(),
    "huge array": np.broadcast_to(0.0, (10**6, 10**6)),
    "empty": np.zeros((0, 3)),
    "objects": np.array([None, {}]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": np.zeros(2, dtype=[("a", float)]),
    "masked": np.ma.masked_all(2),
    "raising array": RaisingArray(),
    "raising everywhere": RaisingEverywhere(),
    "list of them": [RaisingArray(), RaisingEverywhere()],
    "class": RaisingArray,
    "ellipsis": ...,
    "module": np,
}
HOSTILE_ANSWERS = {
    **{f"value {name}": value for name, value in HOSTILE_VALUES.items()},
    **{f"returns {name}": lambda *a, value=value: value for name, value in HOSTILE_VALUES.items()},
    "no arguments": lambda: 1,
    "many arguments": lambda a, b, c, d, e: 1,
    "keyword only": lambda *, a: 1,
    "SystemExit": raising(SystemExit(1)),
    "GeneratorExit": raising(GeneratorExit()),
    "MemoryError": raising(MemoryError()),
    "BaseException": raising(BaseException("base")),
    "StopIteration": raising(StopIteration()),
    "raising message": raising(RaisingMessage()),
    "long message": raising(ValueError("x" * 10**6)),
    "recursion": recursion,
    "generator": generator,
    "coroutine": coroutine,
    "print": lambda *a: print(end=""),
    "ufunc": np.exp,
    "class with __call__": type("Called", (), {"__call__": lambda self, *a: a[0]})(),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a coroutine that nobody awaited
@pytest.mark.parametrize("exercise", BY_ID)
def test_nothing_makes_check_raise(exercise):
    for name, answer in HOSTILE_ANSWERS.items():
        card = check(exercise.id, answer)
        assert isinstance(card, Card) and card.status in STATUSES - {"passed"}, name
        for text in (repr(card), card._repr_html_()):
            assert len(text) < 10_000 and " at 0x" not in text, name
        assert repr(card) == repr(check(exercise.id, answer)), name


def test_an_unknown_id_lists_the_known_ones():
    for given in (None, 3, "9.9", "01", [], {}, np.zeros(3), RaisingArray(), "x" * 10**6):
        card = check(given, len)
        assert card.status == "error" and ", ".join(EXERCISES) in card.text and len(card.text) < 300
        assert check(RaisingEverywhere(), len).status == "error"


def test_an_unknown_chapter_lists_the_known_ones():
    for given in (None, 1, "1", "01.1", [], RaisingArray()):
        card = progress(given)
        assert card.status == "error" and "01, 02" in card.text
    assert progress(RaisingEverywhere()).status == "error"


def test_an_answer_that_is_no_function_is_told_how_to_call_check():
    assert 'check("01.2", my_softmax)' in check("01.2", np.zeros(3)).text


def test_wrong_arguments_are_told_the_right_ones():
    card = check("01.2", lambda z: z)
    assert card.status == "error" and "`my_softmax(z, axis)`" in card.text and "`(z)`" in card.text
    assert "Yours takes none." in check("01.2", lambda: 1).text


def test_an_exception_is_shown_without_addresses_and_paths():
    card = check("01.1", raising(OSError("<object at 0x7f12ab> in /home/me/secret/file.py")))
    assert card.status == "error" and card.title == "probabilities stops with an OSError"
    assert "0x7f12ab" not in card.text and "secret" not in card.text and "file.py" in card.text


def test_names_without_a_value_are_explained():
    card = check("01.1", lambda z: numpie.exp(z))  # noqa: F821
    assert card.status == "error" and "NameError: name 'numpie' is not defined" in card.text


def test_keyboard_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check("01.1", raising(KeyboardInterrupt()))


def test_html_from_the_learner_is_escaped():
    attack = "<script>alert('x')</script>"
    named = type("<b>Evil</b>", (Exception,), {})
    for answer in (raising(ValueError(attack)), raising(named(attack)), named(), type("<b>", (), {})()):
        shown = check("01.1", answer)._repr_html_()
        assert "<script" not in shown and "<b>" not in shown
    assert "&lt;script&gt;" in check("01.1", raising(ValueError(attack)))._repr_html_()
    assert "<script" not in check(attack, len)._repr_html_()


def changing_softmax(z, axis):
    z -= z.max(axis=axis, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=axis, keepdims=True)
    return z


def test_a_function_that_changes_its_input_is_told_so_and_leaves_the_probes_as_they_are():
    before = [probe[0].copy() for probe in EXERCISES["02.2"].probes]
    card = check("02.2", changing_softmax)
    assert card.status == "passed" and "changes its input" in card.text
    for old, probe in zip(before, EXERCISES["02.2"].probes):
        np.testing.assert_array_equal(old, probe[0])

    def overwriting(z, axis):
        z[...] = 0.5
        return z

    assert check("02.2", overwriting).status == "not yet"


def test_a_result_that_is_overwritten_later_is_kept_as_it_was():
    buffer = np.zeros(2)

    def answer(z):
        buffer[:] = 7
        return buffer if len(z) == 2 else z

    assert "[7., 7.]" in check("01.1", answer).text


def test_warnings_are_silent_and_settings_restored():
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert check("02.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)).specimen
        assert np.geterr()["over"] == "raise"


# --- Progress and cards -----------------------------------------------------------------------------------------


def test_progress_counts_what_has_passed_and_keeps_it():
    assert progress("01").title == "0 of 5 passed" and progress("01").status == "not yet"
    check("01.1", EXERCISES["01.1"].solution)
    check("01.3", math.log)
    check("01.3", math.exp)  # broken on purpose, afterwards
    assert progress("01").title == "2 of 5 passed"
    assert re.findall(r"(passed|not yet) +(\S+)", progress("01").text) == [
        ("passed", "01.1"),
        ("not yet", "01.2"),
        ("passed", "01.3"),
        ("not yet", "01.4"),
        ("not yet", "01.5"),
    ]
    for exercise in EXERCISES.values():
        check(exercise.id, exercise.solution)
    assert progress("02").title == "5 of 5 passed" and progress("02").status == "passed"


CARDS = {
    "passed": lambda: check("01.3", math.log),
    "not yet": lambda: check("01.3", lambda r: 7),
    "known mistake": lambda: check("01.3", math.log2),
    "error": lambda: check("01.3", None),
}


@pytest.mark.parametrize("status, sign, edge", [*zip(CARDS, "✓○✗!", ("#009E73", "#767676", "#D55E00", "#D55E00"))])
def test_a_card_says_its_status_in_a_word_a_sign_and_a_colour(status, sign, edge):
    card = CARDS[status]()
    heading = f"{sign} {status.capitalize()} · 01.3 The gap for a ratio"
    assert card.status == status and repr(card).startswith(f"{heading}\n{card.title}\n\n")
    shown = card._repr_html_()
    assert 'role="status"' in shown and heading in shown and f"border-left:4px solid {edge}" in shown
    assert "background:#ffffff" in shown
    assert shown.count("<") == shown.count(">") and "`" not in shown


def test_plain_text_says_the_same_as_html():
    card = check("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis))
    html_text = re.sub(r"<[^>]*>", " ", card._repr_html_())
    for entity, sign in [("&#x27;", "'"), ("&quot;", '"'), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")]:
        html_text = html_text.replace(entity, sign)
    assert re.sub(r"[\s`]", "", html_text) == re.sub(r"[\s`]", "", repr(card))


# --- The notebooks ----------------------------------------------------------------------------------------------


def cells_of_chapter(exercise):
    """The cells of the exercise's notebook by id; skips the test while there is no such notebook."""
    found = sorted(NOTEBOOKS.glob(f"{exercise.id[:2]}-*.ipynb"))
    if not found:
        pytest.skip(f"there is no notebook of chapter {exercise.id[:2]} yet")
    cells = json.loads(found[0].read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def defined_by(code, name):
    namespace = {"np": np}
    exec(code, namespace)
    return namespace[name]


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_notebooks_solution_passes(exercise):
    source = cells_of_chapter(exercise)[f"solution-{exercise.id.replace('.', '-')}"]
    (code,) = re.findall(r"```python\n(.*?)```", source, re.DOTALL)
    solution = defined_by(code, exercise.function_name)
    assert check(exercise.id, solution).status == "passed"
    assert inspect.signature(solution).parameters.keys() == inspect.signature(exercise.solution).parameters.keys()


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_notebooks_stub_is_not_yet(exercise):
    source = cells_of_chapter(exercise)[f"stub-{exercise.id.replace('.', '-')}"]
    namespace = {"np": np, "check": check, "progress": progress}
    exec(source, namespace)
    assert check(exercise.id, namespace[exercise.function_name]).status == "not yet"


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_paragraph_that_explains_it_is_a_heading_of_the_notebook(exercise):
    text = "\n".join(cells_of_chapter(exercise).values())
    assert exercise.see in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)


def test_an_axis_of_size_1_that_is_not_summed_must_stay():
    def squeezed(z, axis):
        m = z.max(axis=axis, keepdims=True)
        return np.squeeze(m) + np.log(np.exp(z - m).sum(axis=axis))

    assert check("02.3", squeezed).status != "passed"


def test_the_sign_for_powers_is_explained():
    assert "Powers are written with `**`" in check("01.1", lambda z: np.e ^ z).text
