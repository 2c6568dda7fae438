"""The exercises of chapter 01: softmax. For each the solution, the probes and the known mistakes.

Shapes: z logits (C,) or (N, C), p probabilities (N, C), T and r numbers.
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import softmax
from .shared import BLOCK, ROW, SQUARE, WIDE
from .task import Exercise, Specimen

# --- 01.1 ---------------------------------------------------------------------------------------------------------


def probabilities(z):
    """Softmax of one vector: z (C,) gives (C,)."""
    e = np.exp(z)
    return e / e.sum()


EXERCISE_1 = Exercise(
    id="01.1",
    title="From scores to probabilities",
    see="Scores to probabilities",
    solution=probabilities,
    probes=[
        (np.array([0.0, 0.0]),),
        (np.array([1.0, 0.0]),),
        (np.array([2.0, 1.0, 0.0]),),
        (np.array([-1.0, 0.0, 3.0, 0.5]),),
    ],
    specimens=[
        Specimen(
            "The exponentials are not divided by their sum",
            lambda z: np.exp(z),
            "These are the exponentials. They are positive, but they do not add up to 1. One step is missing: divide "
            "each by the sum of all.",
        ),
        Specimen(
            "The logits are divided by their sum, without exp",
            lambda z: z / z.sum(),
            "Logits may be negative, and their sum may be 0. So `z / z.sum()` can give negative “probabilities”, or "
            "divide by 0. `np.exp` comes first: it makes every number positive.",
        ),
        Specimen(
            "The exponentials are divided by the largest",
            lambda z: np.exp(z) / np.exp(z).max(),
            "Dividing by the largest makes the largest 1, whatever the others are. The shares must add up to 1, so "
            "divide by the sum.",
        ),
        Specimen(
            "The base is 2 in place of e",
            lambda z: 2**z / (2**z).sum(),
            "This adds up to 1 and keeps the order, but the base is 2. Then a gap of 1 between two logits is a ratio "
            "of 2; with `np.exp` it is a ratio of e = 2.718.",
        ),
        Specimen(
            "The exponentials are divided by the sum of the logits",
            lambda z: np.exp(z) / z.sum(),
            "Above the fraction line stand exponentials, below it a sum of logits. The shares add up to 1 only if the "
            "same numbers stand above and below: `e = np.exp(z)`, then `e / e.sum()`.",
        ),
        Specimen(
            "Each logit goes through the sigmoid by itself",
            lambda z: 1 / (1 + np.exp(-z)),
            "The sigmoid looks at one logit at a time, so nothing makes the results add up to 1. In softmax the "
            "classes compete: each exponential is divided by the sum of all.",
        ),
        Specimen(
            "The exponentials are divided by their number",
            lambda z: np.exp(z) / len(z),
            "`e / len(z)` divides by how many classes there are. That is no share: divide by how much they are "
            "together, `e.sum()`.",
        ),
    ],
)


# --- 01.2 ---------------------------------------------------------------------------------------------------------


def my_softmax(z, axis):
    """Softmax of an array of any shape along one axis; the result has the shape of z."""
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)


EXERCISE_2 = Exercise(
    id="01.2",
    title="Softmax along an axis",
    see="Sums along an axis",
    solution=my_softmax,
    probes=[
        (np.array([1.0, 0.0]), 0),
        (SQUARE, 1),
        (SQUARE, 0),
        (ROW, 1),
        (WIDE, 1),
        (WIDE, 0),
        (WIDE, -1),
        (BLOCK, 1),
    ],
    specimens=[
        Specimen(
            "It sums along axis 0, whatever axis says",
            lambda z, axis: softmax(z, 0),
            "The argument `axis` is not used: the columns add up to 1, also where the rows should. Hand it on: "
            "`e.sum(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "It sums along the last axis, whatever axis says",
            lambda z, axis: softmax(z, -1),
            "The argument `axis` is not used: the rows add up to 1, also where the columns should. Hand it on: "
            "`e.sum(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "It sums along axis 1, whatever axis says",
            lambda z, axis: softmax(z, 1),
            "The argument `axis` is not used: the sum always runs along axis 1. With `axis=0` that is the wrong one, "
            "and a vector has no axis 1 at all. Hand the argument on: `e.sum(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "It sums along the other axis",
            lambda z, axis: softmax(z, 1 - axis),
            "The two axes are swapped. `axis=0` runs down a column, `axis=1` along a row. The axis that is named is "
            "the one along which the results add up to 1: it is the axis that the sum runs along, not the one it "
            "keeps.",
            where=lambda z, axis: z.ndim == 2 and axis >= 0,
        ),
        Specimen(
            "The whole array adds up to 1",
            lambda z, axis: np.exp(z) / np.exp(z).sum(),
            "`e.sum()` without an axis adds all elements, so all rows together share 100 %. Each row is a distribution "
            "of its own: sum along `axis`.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis),
            "`e.sum(axis=1)` of an array of shape (2, 3) has shape (2,): the axis is gone. NumPy then lines up these 2 "
            "sums with the 3 columns and stops. On a square array it is worse: nothing stops, and each column is "
            "divided by the sum of a row. `keepdims=True` keeps the axis with size 1, so that (2, 3) meets (2, 1).",
        ),
        Specimen(
            "The exponentials are not divided by their sums",
            lambda z, axis: np.exp(z),
            "These are the exponentials. Divide them by their sums along `axis`.",
        ),
        Specimen(
            "The exponentials are divided by the largest",
            lambda z, axis: np.exp(z) / np.exp(z).max(axis=axis, keepdims=True),
            "Dividing by the largest makes the largest 1. The results must add up to 1 along `axis`: divide by the "
            "sum.",
        ),
        Specimen(
            "The exponentials are divided by the sum of the logits",
            lambda z, axis: np.exp(z) / z.sum(axis=axis, keepdims=True),
            "Above the fraction line stand exponentials, below it a sum of logits. The results add up to 1 only if the "
            "same numbers stand above and below: `e = np.exp(z)`, then `e / e.sum(axis=axis, keepdims=True)`.",
        ),
    ],
)


# --- 01.3 ---------------------------------------------------------------------------------------------------------


def gap_for_ratio(r):
    """The gap between two logits for which one probability is r times the other: a number."""
    return np.log(r)


EXERCISE_3 = Exercise(
    id="01.3",
    title="The gap for a ratio",
    see="A gap is a ratio",
    solution=gap_for_ratio,
    probes=[(1.0,), (2.0,), (10.0,), (0.5,)],
    specimens=[
        Specimen(
            "The logarithm has base 2",
            lambda r: np.log2(r),
            "Softmax uses powers of e, so its inverse is the natural logarithm: `np.log`. `np.log2` undoes powers of "
            "2.",
        ),
        Specimen(
            "The logarithm has base 10",
            lambda r: np.log10(r),
            "Softmax uses powers of e, so its inverse is the natural logarithm: `np.log`. `np.log10` undoes powers of "
            "10.",
        ),
        Specimen(
            "exp in place of its inverse",
            lambda r: np.exp(r),
            "`np.exp` goes from a gap to a ratio: a gap of 2 is a ratio of 7.39. The question goes the other way, from "
            "a ratio to a gap.",
        ),
        Specimen(
            "The ratio itself",
            lambda r: r,
            "A gap of r gives a ratio of e to the power r, not of r. For equal probabilities, r = 1, the gap must be "
            "0.",
        ),
        Specimen(
            "The sign is wrong",
            lambda r: -np.log(r),
            "This is the gap the other way round. For r above 1 the first logit is the larger one, so the gap is "
            "positive.",
        ),
        Specimen(
            "log(1 + r) in place of log(r)",
            lambda r: np.log1p(r),
            "For equal probabilities, r = 1, the gap must be 0. `np.log1p(r)` is the logarithm of 1 + r.",
        ),
        Specimen(
            "r - 1 in place of log(r)",
            lambda r: r - 1,
            "r - 1 is close to log(r) near r = 1 only: it is the tangent there. Ratios multiply and gaps add, and it "
            "takes a logarithm to turn one into the other.",
        ),
    ],
)


# --- 01.4 ---------------------------------------------------------------------------------------------------------


def with_temperature(z, T):
    """softmax(z / T) along the last axis: z (N, C) and a number T give (N, C)."""
    e = np.exp(z / T)
    return e / e.sum(axis=-1, keepdims=True)


EXERCISE_4 = Exercise(
    id="01.4",
    title="Softmax with a temperature",
    see="Temperature",
    solution=with_temperature,
    probes=[
        (np.array([[1.0, 0.0]]), 1.0),
        (np.array([[1.0, 0.0]]), 2.0),
        (SQUARE, 0.5),
        (WIDE, 10.0),
    ],
    specimens=[
        Specimen(
            "The logits are multiplied by T",
            lambda z, T: softmax(z * T),
            "A high temperature must make the probabilities more equal. Multiplying by T widens the gaps between the "
            "logits, so it does the opposite. Divide: `z / T`.",
        ),
        Specimen(
            "The probabilities are divided by T",
            lambda z, T: softmax(z) / T,
            "After this division a row adds up to 1 / T and no longer to 1. The temperature acts on the logits, before "
            "`np.exp`.",
        ),
        Specimen(
            "The probabilities are multiplied by T",
            lambda z, T: softmax(z) * T,
            "After this multiplication a row adds up to T and no longer to 1. The temperature acts on the logits, "
            "before `np.exp`: it divides them, `z / T`.",
        ),
        Specimen(
            "T has no effect",
            lambda z, T: softmax(z),
            "The result is softmax(z), whatever T is. Three ways lead here. T is not used. Or the exponentials or the "
            "probabilities are divided by T and then by their sum: T cancels. Or T is subtracted from the logits: that "
            "shifts all by the same amount, which softmax does not see. Divide the logits: `z / T`.",
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            lambda z, T: np.exp(z / T),
            "`np.exp(z / T)` is the right beginning. Divide each row by its sum.",
        ),
        Specimen(
            "It sums along axis 0",
            lambda z, T: softmax(z / T, 0),
            "Here the columns add up to 1. Each row of z is one example, so each row must: sum along the last axis.",
        ),
        Specimen(
            "The whole array adds up to 1",
            lambda z, T: np.exp(z / T) / np.exp(z / T).sum(),
            "All rows together share 100 %. Each row is a distribution of its own: sum along the last axis, with "
            "`keepdims=True`.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda z, T: np.exp(z / T) / np.exp(z / T).sum(axis=-1),
            "The sum along the last axis of an array (2, 3) has shape (2,): the axis is gone, and NumPy lines up the "
            "2 sums with the 3 columns. `keepdims=True` keeps the axis with size 1.",
        ),
        Specimen(
            "The probabilities are raised to 1 / T, but not divided by their sum",
            lambda z, T: softmax(z) ** (1 / T),
            "p to the power 1 / T has the right ratios. But a row no longer adds up to 1: divide it by its sum.",
        ),
    ],
)


# --- 01.5 ---------------------------------------------------------------------------------------------------------


def entropy(p):
    """Entropy of each row in nats, with 0 log 0 = 0: p (N, C) gives (N,)."""
    log_p = np.log(np.where(p > 0, p, 1))  # log 1 = 0 stands in where p = 0
    return -(p * log_p).sum(axis=-1)


def _without_zeros(p):
    return bool(np.all(p > 0))


EXERCISE_5 = Exercise(
    id="01.5",
    title="Entropy",
    see="Entropy",
    solution=entropy,
    probes=[
        (np.array([[0.5, 0.5]]),),
        (np.array([[1.0, 0.0]]),),
        (np.array([[0.5, 0.5], [0.25, 0.75]]),),
        (np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]),),
        (np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]),),
    ],
    specimens=[
        Specimen(
            "The minus sign is missing",
            lambda p: -entropy(p),
            "The logarithm of a probability is negative or 0, so the sum is too. Entropy is at least 0: put a minus in "
            "front.",
            where=_without_zeros,
        ),
        Specimen(
            "The logarithm has base 2",
            lambda p: entropy(p) / np.log(2),
            "This is the entropy in bits. In nats, with `np.log`, a fair coin has log(2) = 0.6931.",
            where=_without_zeros,
        ),
        Specimen(
            "The logarithm has base 10",
            lambda p: entropy(p) / np.log(10),
            "`np.log10` counts in decimal digits. In nats, with `np.log`, a fair coin has log(2) = 0.6931.",
            where=_without_zeros,
        ),
        Specimen(
            "The mean in place of the sum",
            lambda p: entropy(p) / p.shape[-1],
            "p already weighs the terms, and its weights add up to 1: the weighted sum is an average. `mean` divides "
            "by the number of classes once more.",
            where=_without_zeros,
        ),
        Specimen(
            "It sums over the whole array",
            lambda p: entropy(p).sum(),
            "Each row is a distribution with an entropy of its own: N rows give N numbers. Two ways lead here. The sum "
            "has no axis: write `.sum(axis=-1)`. Or a mask such as `p[p > 0]` comes before the sum: it lists the "
            "chosen elements of all rows in one vector, and the rows are lost. `np.where(p > 0, p, 1)` inside the "
            "logarithm keeps the shape.",
            where=_without_zeros,
        ),
        Specimen(
            "It sums along axis 0",
            lambda p: -(p * np.log(p)).sum(axis=0),
            "This adds up each column, one number a class. Each row is a distribution: sum along the last axis.",
            where=_without_zeros,
        ),
        Specimen(
            "nan where a probability is 0",
            lambda p: -(p * np.log(p)).sum(axis=-1),
            "`np.log(0)` is `-inf`, and 0 times `-inf` is `nan`. A class that never happens adds nothing to the "
            "entropy: 0 log 0 counts as 0. Put a harmless number in its place before the logarithm: `np.where(p > 0, "
            "p, 1)`.",
        ),
        Specimen(
            "The terms are not added up",
            lambda p: -p * np.log(p),
            "These are the terms, one for each class. The entropy of a row is their sum: `.sum(axis=-1)`.",
            where=_without_zeros,
        ),
        Specimen(
            "The logarithms are not weighted by p",
            lambda p: -np.log(p).sum(axis=-1),
            "Each class counts as often as it happens: multiply its `-log(p)` by `p` before adding up.",
            where=_without_zeros,
        ),
        Specimen(
            "The result keeps the summed axis",
            lambda p: entropy(p)[:, None],
            "The result has shape (N, 1). Here one number a row is wanted, shape (N,): leave `keepdims` out.",
            where=_without_zeros,
        ),
        Specimen(
            "squeeze without an axis",
            lambda p: entropy(p).squeeze(),
            "`squeeze()` removes every axis of size 1. For one row the result must have shape (1,), and that axis is "
            "removed too. Sum with `.sum(axis=-1)`, without `keepdims`: then nothing is left to remove.",
            where=_without_zeros,
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4, EXERCISE_5]
