"""The exercises of chapter 04: log-softmax. For each the solution, the probes and the known mistakes.

Shapes: z logits, l log-probabilities and g an upstream gradient of any shape, with the classes along axis (for
log-sum-exp, g has no class axis); in 04.2 z is one example (C,). v is any array.
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import jacobian_of, largest, share, softmax, total
from .shared import BLOCK, KEEPDIMS, NOT_THE_MAXIMUM, ROW, SQUARE, WIDE, matrix, small, small_matrix
from .task import Exercise, Specimen


def _several_axes(z, *rest):
    """Elsewhere, on vectors, it depends on the wording which exception an axis 1 raises."""
    return z.ndim > 1


OVERFLOW = "`np.exp(1000)` overflows, and `inf / inf` is `nan`. Subtract the maximum first, as chapter 02 does. "


def _shares_after(shift):
    """Softmax of the logits after shift(z, axis), with no further care."""
    return lambda z, axis: share(np.exp(shift(z, axis)), axis)


# What is done to the logits in place of a shift by the maximum: a name, the softmax that comes of it, and a text.
WRONG_SHIFTS = [
    (
        "The shift is the minimum",
        _shares_after(lambda z, axis: z - z.min(axis=axis, keepdims=True)),
        "A shift by the minimum makes all exponents positive, and the largest may be as large as before: of the logits "
        "1000 and 0, `np.exp(1000)` still overflows. Subtract the maximum.",
    ),
    (
        "The shift is the mean",
        _shares_after(lambda z, axis: z - z.mean(axis=axis, keepdims=True)),
        "The mean lies in the middle. Of the logits 2000 and 0 it is 1000, and the exponent of the first is still "
        "1000: it overflows. Subtract the maximum: then no exponent is above 0.",
    ),
    (
        "The shift has the wrong sign: plus in place of minus",
        _shares_after(lambda z, axis: z + largest(z, axis)),
        "Adding the maximum makes large exponents larger: `np.exp(1000 + 1000)`. Subtract it: then no exponent is "
        "above 0.",
    ),
    (
        "The logits are clipped in place of shifted",
        _shares_after(lambda z, axis: np.clip(z, -500, 500)),
        "Clipping changes the logits: 1000 and 900 become equal, and so do their probabilities. Subtracting the "
        "maximum keeps their distance, and changes nothing on paper.",
    ),
]


# --- 04.1 ---------------------------------------------------------------------------------------------------------


def logsumexp_vjp(z, g, axis):
    """The VJP of log-sum-exp along an axis: g, which lacks that axis, times softmax; the result has the shape of z."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.expand_dims(g, axis) * e / e.sum(axis=axis, keepdims=True)


def _with_axis(g, axis):
    return np.expand_dims(g, axis)


EXERCISE_1 = Exercise(
    id="04.1",
    title="The VJP of log-sum-exp",
    see="The gradient of log-sum-exp",
    solution=logsumexp_vjp,
    probes=[
        (np.array([1.0, 0.0]), np.array(2.0), 0),
        (np.array([1000.0, 0.0]), np.array(2.0), 0),
        (np.array([2000.0, 0.0]), np.array(2.0), 0),
        (np.array([1000.0, 900.0]), np.array(2.0), 0),
        (np.array([2.0, 1.0, 0.0]), np.array(-1.0), 0),
        (ROW, np.array([2.0]), 1),
        (SQUARE, np.array([1.0, -3.0]), 1),
        (SQUARE, np.array([1.0, -3.0]), 0),
        (np.array([[1000.0, 1000.0], [0.0, 0.0]]), np.array([1.0, -3.0]), 1),
        (WIDE, np.array([1.0, -0.5]), 1),
        (WIDE, np.array([1.0, 2.0, 3.0]), 0),
        (BLOCK, np.array([[1.0, 2.0], [3.0, -1.0]]), 1),
    ],
    specimens=[
        Specimen(
            "g has no class axis where softmax has it",
            lambda z, g, axis: g * softmax(z, axis),
            "Log-sum-exp of an array of shape (2, 3) along axis 1 has shape (2,), and so has g. NumPy lines its 2 "
            "numbers up with the 3 columns and stops, and so it does with shape (1, 2). On a square array nothing "
            "stops, but each column gets the g of a row. `np.expand_dims(g, axis)` gives g its class axis back, with "
            "size 1: shape (2, 1).",
            where=small,
        ),
        Specimen(
            "The class axis of g is put back as the last one",
            lambda z, g, axis: g[..., None] * softmax(z, axis),
            "`g[..., None]` is right where the classes lie along the last axis. Along axis 0 the size 1 must come "
            "first. `np.expand_dims(g, axis)` puts it where `axis` says.",
            where=small,
        ),
        Specimen(
            "The class axis of g is put back as axis 1",
            lambda z, g, axis: g[:, None] * softmax(z, axis),
            "`g[:, None]` is right for a matrix with its classes along axis 1, and for nothing else: for a single "
            "example g is one number without any axis. `np.expand_dims(g, axis)` puts the axis where `axis` says.",
            where=_several_axes,
        ),
        Specimen(
            "g is made a column",
            lambda z, g, axis: g.reshape(-1, 1) * softmax(z, axis),
            "`g.reshape(-1, 1)` is right for a matrix with its classes along axis 1, and for nothing else. "
            "`np.expand_dims(g, axis)` keeps the other axes of g as they are, and puts the new one where `axis` says.",
            where=small,
        ),
        Specimen(
            "g is forgotten",
            lambda z, g, axis: softmax(z, axis),
            "Softmax is the gradient of log-sum-exp itself. A VJP multiplies it by the upstream gradient g, one number "
            "for each example.",
            where=small,
        ),
        Specimen(
            "g is summed over the examples",
            lambda z, g, axis: np.sum(g) * softmax(z, axis),
            "Each example has its own log-sum-exp and its own g. The sum mixes them. Multiply each example's "
            "probabilities by the g of that example.",
            where=small,
        ),
        Specimen(
            "The shift is missing, or it is not the maximum",
            lambda z, g, axis: _with_axis(g, axis) * share(np.exp(z), axis),
            OVERFLOW + NOT_THE_MAXIMUM,
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, g, axis: _with_axis(g, axis) * share(np.exp(z - z.max()), axis),
            "One maximum serves all examples. An example that lies 1000 lower loses all its exponentials: each becomes "
            "0, and `0 / 0` is `nan`. Each example has its own: `z.max(axis=axis, keepdims=True)`.",
        ),
        *(
            Specimen(name, lambda z, g, axis, wrong=wrong: _with_axis(g, axis) * wrong(z, axis), text)
            for name, wrong, text in WRONG_SHIFTS
        ),
        Specimen(
            "It is the VJP of the maximum",
            lambda z, g, axis: _with_axis(g, axis) * (z == largest(z, axis)),
            "The whole g goes to the largest logit. That is the gradient of `max`. Log-sum-exp is a smooth maximum: "
            "every logit has a share, and the shares are softmax.",
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            lambda z, g, axis: _with_axis(g, axis) * np.exp(z),
            "The inner derivative is there, `np.exp(z)`. The derivative of the logarithm outside is missing: 1 / (the "
            "sum of the exponentials).",
            where=small,
        ),
        Specimen(
            "The shifted exponentials are not divided by their sum",
            lambda z, g, axis: _with_axis(g, axis) * np.exp(z - largest(z, axis)),
            "exp(z - m) makes the largest 1. Divided by their sum along `axis`, they become softmax.",
            where=small,
        ),
        Specimen(
            "It stops at the logarithm: g divided by the sum",
            lambda z, g, axis: np.broadcast_to(_with_axis(g, axis) / total(np.exp(z), axis), z.shape),
            "1 / sum is the derivative of the logarithm. The chain rule goes on: times the derivative of the sum with "
            "respect to each logit, which is its exponential.",
            where=small,
        ),
        Specimen(
            "It is the VJP of softmax",
            lambda z, g, axis: (
                softmax(z, axis) * (_with_axis(g, axis) - total(_with_axis(g, axis) * softmax(z, axis), axis))
            ),
            "s * (g - sum(g * s)) belongs to softmax. Here g is the same for all classes of an example, so this "
            "formula gives 0. Log-sum-exp is one number for each example, and its gradient is s itself: g * s.",
        ),
        Specimen(
            "The diagonal of a Jacobian",
            lambda z, g, axis: _with_axis(g, axis) * softmax(z, axis) * (1 - softmax(z, axis)),
            "s * (1 - s) is the derivative of a probability with respect to its own logit. The derivative of "
            "log-sum-exp is the probability itself.",
            where=small,
        ),
        Specimen(
            "Log-probabilities in place of probabilities",
            lambda z, g, axis: _with_axis(g, axis) * np.log(softmax(z, axis)),
            "The gradient is softmax, not its logarithm: numbers between 0 and 1 that add up to 1.",
            where=small,
        ),
        Specimen(
            "The sign is wrong",
            lambda z, g, axis: -_with_axis(g, axis) * softmax(z, axis),
            "Log-sum-exp grows with every logit, so its gradient is positive. The minus sign belongs to log-softmax, "
            "which subtracts log-sum-exp.",
            where=small,
        ),
        Specimen(
            "Softmax runs along the other axis",
            lambda z, g, axis: _with_axis(g, axis) * softmax(z, 1 - axis),
            "g got its axis back in the right place, but softmax runs along the other axis. Both need `axis`.",
            where=small_matrix,
        ),
        Specimen(
            "Softmax runs along the last axis, whatever axis says",
            lambda z, g, axis: _with_axis(g, axis) * softmax(z, -1),
            "g got its axis back in the right place, but softmax runs along the last axis. Hand `axis` on to `max` and "
            "`sum`.",
            where=small,
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda z, g, axis: g[..., None] * softmax(z, -1),
            "The argument `axis` is not used: neither where g gets its axis back, nor in softmax.",
            where=small,
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda z, g, axis: np.expand_dims(g, 1) * softmax(z, 1),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to `np.expand_dims`, `max` and "
            "`sum`.",
            where=_several_axes,
        ),
        Specimen(
            "The exponentials are divided by the sum of the whole array",
            lambda z, g, axis: _with_axis(g, axis) * np.exp(z) / np.exp(z).sum(),
            "All examples together share 100 %. Each has its own sum: `e.sum(axis=axis, keepdims=True)`.",
            where=small,
        ),
    ],
)


# --- 04.2 ---------------------------------------------------------------------------------------------------------


def log_softmax_jacobian(z):
    """The Jacobian of log-softmax at one example: z (C,) gives (C, C), where [i, j] is delta_ij - s_j."""
    e = np.exp(z - z.max())
    return np.eye(len(z)) - e / e.sum()


def _eye(z):
    return np.eye(len(z))


EXERCISE_2 = Exercise(
    id="04.2",
    title="The Jacobian of log-softmax",
    see="The Jacobian of log-softmax",
    solution=log_softmax_jacobian,
    probes=[
        (np.array([1.0, 0.0]),),
        (np.array([1000.0, 0.0]),),
        (np.array([2000.0, 0.0]),),
        (np.array([1000.0, 900.0]),),
        (np.array([2.0, 1.0, 0.0]),),
        (np.array([0.0, -1000.0, 1.0]),),
        (np.array([-1.0, 0.0, 3.0, 0.5]),),
    ],
    specimens=[
        Specimen(
            "It is transposed",
            lambda z: _eye(z) - softmax(z)[:, None],
            "Row i holds the derivatives of l_i, and column j those with respect to z_j. The probability that is "
            "subtracted bears the index j of the logit, so it changes along a row: every row contains the same s. Here "
            "every column does. In chapter 03 the Jacobian was symmetric and could not show this mistake. It also "
            "comes from dividing the columns of softmax's Jacobian by s: the logarithm divides row i by s_i.",
            where=small,
        ),
        Specimen(
            "It is the Jacobian of softmax",
            lambda z: jacobian_of(softmax(z)),
            "s_i (delta_ij - s_j) is the Jacobian of softmax. The logarithm divides row i by s_i, which leaves "
            "delta_ij - s_j.",
            where=small,
        ),
        Specimen(
            "It stops at the logarithm",
            lambda z: np.diag(1 / softmax(z)),
            "1 / s_i is the derivative of log(s_i) with respect to s_i. The chain rule goes on to the logits: times "
            "the Jacobian of softmax.",
            where=small,
        ),
        Specimen(
            "It goes by way of 1 / s",
            lambda z: jacobian_of(softmax(z)) / softmax(z)[:, None],
            "On paper, dividing row i of softmax's Jacobian by s_i is right. But where a probability has underflowed "
            "to 0, the row is `0 / 0`, which is `nan`. Cancel s_i on paper, before you compute: delta_ij - s_j.",
        ),
        Specimen(
            "It goes by way of 1 / (s + a little)",
            lambda z: jacobian_of(softmax(z)) / (softmax(z)[:, None] + 1e-12),
            "Where a probability has underflowed to 0, row i of softmax's Jacobian is 0, and 0 divided by a little is "
            "0. It should be delta_ij - s_j. Cancel s_i on paper, before you compute.",
        ),
        Specimen(
            "The diagonal alone, in a matrix of zeros",
            lambda z: np.diag(1 - softmax(z)),
            "The diagonal is right. But every logit is in the sum, so each l_i depends on all of them: off the "
            "diagonal stands -s_j.",
            where=small,
        ),
        Specimen(
            "The diagonal alone, as a vector",
            lambda z: 1 - softmax(z),
            "These are the derivatives of each l_i with respect to its own z_i. There are C * C derivatives, for every "
            "l_i with respect to every z_j: a matrix.",
            where=small,
        ),
        Specimen(
            "The delta is missing",
            lambda z: np.tile(-softmax(z), (len(z), 1)),
            "-s_j is the part that comes from log-sum-exp. z_i itself stands before it in l_i, and adds 1 where i = j: "
            "`np.eye(len(z))`.",
            where=small,
        ),
        Specimen(
            "The delta is 1 everywhere",
            lambda z: np.tile(1 - softmax(z), (len(z), 1)),
            "1 - s_j is right on the diagonal only. l_i contains z_i and no other logit before the log-sum-exp, so the "
            "1 stands where i = j: `np.eye(len(z))`.",
            where=small,
        ),
        Specimen(
            "The probabilities stand on the diagonal in place of ones",
            lambda z: np.diag(softmax(z)) - softmax(z),
            "`np.diag(s)` belongs to the Jacobian of softmax. Here the derivative of z_i with respect to z_j is 1 "
            "where i = j, and 0 elsewhere: `np.eye(len(z))`.",
            where=small,
        ),
        Specimen(
            "The outer product of softmax is subtracted",
            lambda z: _eye(z) - np.outer(softmax(z), softmax(z)),
            "s_i s_j belongs to the Jacobian of softmax. The derivative of log-sum-exp with respect to z_j is s_j "
            "alone.",
            where=small,
        ),
        Specimen(
            "The sign is wrong: plus in place of minus",
            lambda z: _eye(z) + softmax(z),
            "Log-softmax subtracts log-sum-exp, so its derivative is subtracted as well. Each row must add up to 0.",
            where=small,
        ),
        Specimen(
            "The sign is wrong: the whole matrix is negative",
            lambda z: softmax(z) - _eye(z),
            "A class whose own logit rises becomes more probable, so the diagonal is positive: 1 - s_i. This is the "
            "Jacobian of the loss -l.",
            where=small,
        ),
        Specimen(
            "The shift is missing, or it is not the maximum",
            lambda z: _eye(z) - share(np.exp(z), 0),
            OVERFLOW + "A constant such as 100 is no help: it does not know how large the logits are.",
        ),
        *(Specimen(name, lambda z, wrong=wrong: _eye(z) - wrong(z, 0), text) for name, wrong, text in WRONG_SHIFTS),
        Specimen(
            "The derivatives are cut to whole numbers",
            lambda z: np.trunc(_eye(z) - softmax(z)),
            "A matrix made with `dtype=int` holds whole numbers, and what is written into it is cut to one. Leave the "
            "dtype out: `np.zeros` and `np.eye` then make floats.",
            where=small,
        ),
        Specimen(
            "The sign is wrong off the diagonal",
            lambda z: np.where(_eye(z) == 1, 1 - softmax(z), softmax(z)),
            "When z_j rises, the sum of the exponentials does too, and every other l_i falls: off the diagonal stands "
            "-s_j. Each row must add up to 0.",
            where=small,
        ),
        Specimen(
            "Log-probabilities in place of probabilities",
            lambda z: _eye(z) - np.log(softmax(z)),
            "The derivative of log-sum-exp is softmax: probabilities, not their logarithms. Each row must add up to 0.",
            where=small,
        ),
        Specimen(
            "Logits in place of probabilities",
            lambda z: _eye(z) - z,
            "The logits are what the derivative is taken with respect to. What is subtracted is softmax of them.",
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            lambda z: _eye(z) - np.exp(z),
            "Softmax is the exponentials divided by their sum. Each row must add up to 0, so what is subtracted must "
            "add up to 1.",
            where=small,
        ),
        Specimen(
            "The shifted exponentials are not divided by their sum",
            lambda z: _eye(z) - np.exp(z - z.max()),
            "exp(z - m) makes the largest 1. Divided by their sum they become softmax. Each row must add up to 0.",
            where=small,
        ),
    ],
)


# --- 04.3 ---------------------------------------------------------------------------------------------------------


def log_softmax_vjp(l, g, axis):
    """The VJP of log-softmax from its output: log-probabilities l and g of the same shape give that shape."""
    return g - np.exp(l) * g.sum(axis=axis, keepdims=True)


# Logarithms of probabilities that add up to 1 along axis 1, to four digits, so that a card shows all of them. So the
# results add up to 0 in three digits only, and no text below asks the reader to add up what a card shows.
L_SQUARE = np.array([[-0.2877, -1.3863], [-2.3026, -0.1054]])  # (3/4, 1/4) and (0.1, 0.9)
L_ROW = np.array([[-0.6931, -2.0794, -2.0794, -1.3863]])  # (1/2, 1/8, 1/8, 1/4)
L_WIDE = np.array([[-0.6931, -1.204, -1.6094], [-2.3026, -1.204, -0.5108]])  # (0.5, 0.3, 0.2) and (0.1, 0.3, 0.6)
L_BLOCK = np.stack([L_WIDE.T, L_WIDE[::-1].T])  # (2, 3, 2), the classes along axis 1
G_SQUARE = np.array([[1.0, -3.0], [2.0, 0.5]])
G_WIDE = np.array([[1.0, 0.0, 2.0], [-1.0, 3.0, 0.5]])
G_BLOCK = np.stack([G_WIDE.T, -2 * G_WIDE[::-1].T])


EXERCISE_3 = Exercise(
    id="04.3",
    title="The VJP of log-softmax",
    see="The VJP of log-softmax",
    solution=log_softmax_vjp,
    probes=[
        (np.array([-0.2877, -1.3863]), np.array([1.0, 0.0]), 0),
        (np.array([-0.2877, -1.3863]), np.array([2.0, -1.0]), 0),
        (np.array([0.0, -1000.0]), np.array([0.0, 1.0]), 0),
        (L_SQUARE, G_SQUARE, 1),
        (L_SQUARE.T, G_SQUARE, 0),
        (L_ROW, np.array([[1.0, 0.0, -2.0, 4.0]]), 1),
        (L_WIDE, G_WIDE, 1),
        (L_WIDE.T, G_WIDE.T, 0),
        (L_BLOCK, G_BLOCK, 1),
    ],
    rtol=1e-3,  # the probes are rounded: exp(l) and softmax(l), both right, differ in the fourth digit
    atol=1e-3,
    specimens=[
        Specimen(
            "The diagonal alone: g * (1 - s)",
            lambda l, g, axis: g * (1 - np.exp(l)),
            "1 - s_i is the derivative of l_i with respect to its own logit. But z_j moves every l_i, and each brings "
            "its own g_i: so the sum of all g is multiplied by s, and not g alone. g - s * g is the same mistake.",
        ),
        Specimen(
            "The probabilities are missing: g - sum(g)",
            lambda l, g, axis: g - total(g, axis),
            "What is subtracted is shared out among the classes by their probabilities: s * sum(g). Without s, each "
            "class pays the whole sum.",
        ),
        Specimen(
            "It is the VJP of softmax",
            lambda l, g, axis: np.exp(l) * (g - total(g * np.exp(l), axis)),
            "s * (g - sum(g * s)) belongs to softmax, where g is the gradient of probabilities. Here g is the gradient "
            "of log-probabilities: g - s * sum(g).",
        ),
        Specimen(
            "It is the VJP of log-sum-exp",
            lambda l, g, axis: np.exp(l) * total(g, axis),
            "s * sum(g) is the part that comes from log-sum-exp, and log-softmax subtracts it: g - s * sum(g).",
        ),
        Specimen(
            "The first g is missing",
            lambda l, g, axis: -np.exp(l) * total(g, axis),
            "-s * sum(g) comes from log-sum-exp. The logit z_i itself, which stands before it, passes g on unchanged.",
        ),
        Specimen(
            "It stops at the logarithm: g / s",
            lambda l, g, axis: g / np.exp(l),
            "g / s is the gradient of the probabilities. From there it is one more step to the logits, and for a "
            "probability of 0 it is a division by 0. g - s * sum(g) does both steps in one and divides by nothing.",
        ),
        Specimen(
            "It goes by way of g / s",
            lambda l, g, axis: np.exp(l) * (g / np.exp(l) - total(g / np.exp(l) * np.exp(l), axis)),
            "On paper the division by s and the multiplication by s cancel. But where a probability has underflowed to "
            "0, g / s is `inf` or `nan`, and `0 * inf` is `nan`. Cancel on paper, before you compute: g - s * sum(g).",
        ),
        Specimen(
            "It goes by way of g / (s + a little)",
            lambda l, g, axis: np.exp(l) * (g / (np.exp(l) + 1e-12) - total(g / (np.exp(l) + 1e-12) * np.exp(l), axis)),
            "Where a probability has underflowed to 0, s times g / (s + a little) is 0: no `nan`, but the g of that "
            "class is lost. Cancel on paper, before you compute: g - s * sum(g).",
        ),
        Specimen(
            "The ones are removed, as in exercise 04.4",
            lambda l, g, axis: g - g.mean(axis=axis, keepdims=True),
            "This takes the same from every class. The VJP takes from each by its probability: s * sum(g). Both agree "
            "where all probabilities are the same.",
        ),
        Specimen(
            "The brackets are wrong: (g - s) * sum(g)",
            lambda l, g, axis: (g - np.exp(l)) * total(g, axis),
            "The sum multiplies s alone: g - s * sum(g). The first g comes from the logit z_i itself, and stays as it "
            "is.",
        ),
        Specimen(
            "The brackets are wrong: s * (g - sum(g))",
            lambda l, g, axis: np.exp(l) * (g - total(g, axis)),
            "s multiplies the sum alone: g - s * sum(g). With s before the whole it resembles the VJP of softmax, "
            "s * (g - sum(g * s)).",
        ),
        Specimen(
            "The derivative of exp: g * s",
            lambda l, g, axis: g * np.exp(l),
            "exp(l) is the way from log-probabilities to probabilities, and g * exp(l) its VJP. Here l is the output, "
            "and the way leads back to the logits: g - s * sum(g).",
        ),
        Specimen(
            "Softmax runs along the last axis, whatever axis says",
            lambda l, g, axis: g - softmax(l, -1) * total(g, axis),
            "The sum runs along `axis`, and softmax along the last one, its default. Hand `axis` on, or take the "
            "probabilities from l as they are: exp(l).",
        ),
        Specimen(
            "Log-probabilities in place of probabilities",
            lambda l, g, axis: g - l * total(g, axis),
            "The argument l is the output of log-softmax. The formula needs the probabilities: s = exp(l).",
        ),
        Specimen(
            "It is transposed: J g in place of the product with the transpose",
            lambda l, g, axis: g - total(np.exp(l) * g, axis),
            "g_i - sum over j of s_j g_j runs along the rows of the Jacobian. A VJP runs along its columns: the "
            "result for z_j adds up g_i J_ij over i, the outputs. That is g_j - s_j * sum(g).",
        ),
        Specimen(
            "The sign is wrong: plus in place of minus",
            lambda l, g, axis: g + np.exp(l) * total(g, axis),
            "Log-softmax subtracts log-sum-exp, so its gradient is subtracted as well: g - s * sum(g).",
        ),
        Specimen(
            "The sign is wrong everywhere",
            lambda l, g, axis: np.exp(l) * total(g, axis) - g,
            "This is the gradient of the loss -l. The minus sign of the loss is already in g, where there is one.",
        ),
        Specimen(
            "The sum of g is taken to be 1",
            lambda l, g, axis: g - np.exp(l),
            "g - s is right where g adds up to 1, for example for a row with a single 1. For any other g the sum "
            "must be there: g - s * sum(g).",
        ),
        Specimen(
            "The sum of g is taken to be 1, and the sign is wrong",
            lambda l, g, axis: np.exp(l) - g,
            "s - y is the gradient of the loss of chapter 05, where g is -y. For any g the VJP is g - s * sum(g).",
        ),
        Specimen(
            "The mean in place of the sum",
            lambda l, g, axis: g - np.exp(l) * g.mean(axis=axis, keepdims=True),
            "The mean divides by the number of classes, and too little is subtracted. The probabilities "
            "share the sum out already.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda l, g, axis: g - np.exp(l) * g.sum(axis=axis),
            KEEPDIMS.format(what="sums", one="sum"),
        ),
        Specimen(
            "The sum runs along the other axis",
            lambda l, g, axis: g - np.exp(l) * total(g, 1 - axis),
            "The sum collects the g of all classes of one example. Along the other axis it mixes examples. It must "
            "run along `axis`.",
            where=matrix,
        ),
        Specimen(
            "The sum runs along the last axis, whatever axis says",
            lambda l, g, axis: g - np.exp(l) * total(g, -1),
            "The argument `axis` is not used. Hand it on to `sum`.",
        ),
        Specimen(
            "The sum runs along axis 0, whatever axis says",
            lambda l, g, axis: g - np.exp(l) * total(g, 0),
            "The argument `axis` is not used. Hand it on to `sum`. Along axis 0 the sum often runs over the examples.",
        ),
        Specimen(
            "The sum runs along axis 1, whatever axis says",
            lambda l, g, axis: g - np.exp(l) * total(g, 1),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to `sum`.",
        ),
        Specimen(
            "The whole array is summed",
            lambda l, g, axis: g - np.exp(l) * g.sum(),
            "One sum serves all examples, and mixes their gradients. Each example has its own sum: "
            "`g.sum(axis=axis, keepdims=True)`.",
        ),
    ],
)


# --- 04.4 ---------------------------------------------------------------------------------------------------------


def remove_ones(v, axis):
    """v without its component along the ones: it then sums to 0 along the axis; the result has the shape of v."""
    return v - v.mean(axis=axis, keepdims=True)


EXERCISE_4 = Exercise(
    id="04.4",
    title="Remove the ones",
    see="A projection",
    solution=remove_ones,
    probes=[
        (np.array([1.0, 0.0]), 0),
        (np.array([3.0, 1.0]), 0),
        (np.array([6.0, 1.0, -1.0]), 0),
        (SQUARE, 1),
        (SQUARE, 0),
        (np.array([[0.0, 1.0, 2.0, 5.0]]), 1),
        (WIDE, 1),
        (WIDE, 0),
        (BLOCK, 1),
    ],
    specimens=[
        Specimen(
            "The sum in place of the mean",
            lambda v, axis: v - total(v, axis),
            "The vector of ones has length √C, not 1. The component is (v · 1) / (1 · 1) times 1, and 1 · 1 = C. So "
            "the sum is divided by C: the mean.",
        ),
        Specimen(
            "The sum is divided by the length of the ones, once in place of twice",
            lambda v, axis: v - total(v, axis) / np.sqrt(v.shape[axis]),
            "The unit vector along the ones is 1 / √C. It stands in the component twice, once to measure how much and "
            "once as the direction: the sum is divided by √C twice, which is C.",
        ),
        Specimen(
            "The sum is divided by len(v), whatever axis says",
            lambda v, axis: v - total(v, axis) / len(v),
            "`len(v)` is the size of axis 0. The sum runs along `axis`, and has `v.shape[axis]` numbers. The mean "
            "counts for itself: `v.mean(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The sum is divided by the size of the whole array",
            lambda v, axis: v - total(v, axis) / v.size,
            "`v.size` counts the numbers of all examples. The sum of one has `v.shape[axis]` numbers. The mean counts "
            "for itself: `v.mean(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The sum is divided by the size of the last axis, whatever axis says",
            lambda v, axis: v - total(v, axis) / v.shape[-1],
            "The sum runs along `axis`, and has `v.shape[axis]` numbers. The mean counts for itself: "
            "`v.mean(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The sum is divided by the size of axis 1, whatever axis says",
            lambda v, axis: v - total(v, axis) / v.shape[1],
            "The sum runs along `axis`, and has `v.shape[axis]` numbers; a vector has no `v.shape[1]`. The mean counts "
            "for itself: `v.mean(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The sum is divided by C - 1",
            lambda v, axis: v - total(v, axis) / (v.shape[axis] - 1),
            "C - 1 belongs to the variance of a sample. Here 1 · 1 adds up C ones: divide by C.",
        ),
        Specimen(
            "The component is kept in place of removed",
            lambda v, axis: np.broadcast_to(v.mean(axis=axis, keepdims=True), v.shape),
            "This is the component of v along the ones. What is asked for is the rest: v minus this.",
        ),
        Specimen(
            "The component is added",
            lambda v, axis: v + v.mean(axis=axis, keepdims=True),
            "Adding the mean doubles the component along the ones. Subtract it: then the result adds up to 0.",
        ),
        Specimen(
            "The sign is wrong",
            lambda v, axis: v.mean(axis=axis, keepdims=True) - v,
            "The result adds up to 0, but it points the other way. What is already in the plane must stay as it is: "
            "v - mean.",
        ),
        Specimen(
            "Nothing is removed",
            lambda v, axis: v,
            "The result must add up to 0 along `axis`. Subtract from each number the same amount, the mean.",
        ),
        Specimen(
            "The median in place of the mean",
            lambda v, axis: v - np.median(v, axis=axis, keepdims=True),
            "After subtracting the median, as many numbers are positive as negative, but their sum is not 0. The mean "
            "makes the sum 0.",
        ),
        Specimen(
            "The maximum in place of the mean",
            lambda v, axis: v - largest(v, axis),
            "Subtracting the maximum is the shift of chapter 02. It moves v along the ones, too, but not to where its "
            "sum is 0.",
        ),
        Specimen(
            "The minimum in place of the mean",
            lambda v, axis: v - v.min(axis=axis, keepdims=True),
            "Subtracting the minimum moves v along the ones, but not to where its sum is 0. The mean does.",
        ),
        Specimen(
            "The first class is subtracted",
            lambda v, axis: v - np.take(v, [0], axis=axis),
            "This makes the first number 0. Asked is for a sum of 0: subtract the mean.",
        ),
        Specimen(
            "The length is subtracted",
            lambda v, axis: v - np.linalg.norm(v, axis=axis, keepdims=True),
            "The length of v says nothing about its direction. How much of v lies along the ones is a dot product "
            "with them: the sum.",
        ),
        Specimen(
            "v is divided by its length",
            lambda v, axis: v / np.linalg.norm(v, axis=axis, keepdims=True),
            "This keeps the direction and makes the length 1. A projection takes something away: subtract the mean.",
        ),
        Specimen(
            "v is divided by its sum",
            lambda v, axis: share(v, axis),
            "Dividing by the sum makes the sum 1. Asked is for a sum of 0: subtract the mean.",
        ),
        Specimen(
            "The result is divided by the standard deviation",
            lambda v, axis: (v - v.mean(axis=axis, keepdims=True)) / v.std(axis=axis, keepdims=True),
            "Subtracting the mean is all. The division stretches the result, and a vector whose sum is 0 already "
            "would not stay as it is.",
        ),
        Specimen(
            "Softmax shares out what is removed",
            lambda v, axis: v - softmax(v, axis) * total(v, axis),
            "g - s * sum(g) slides along s, and here v itself was taken for the logits. This exercise asks for the "
            "slide along the ones, where every class gives the same: sum / C.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda v, axis: v - v.mean(axis=axis),
            KEEPDIMS.format(what="means", one="mean"),
        ),
        Specimen(
            "The mean of the whole array is subtracted",
            lambda v, axis: v - v.mean(),
            "One mean serves all examples, so that only their total is 0. Each example must add up to 0: "
            "`v.mean(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The mean runs along the other axis",
            lambda v, axis: v - v.mean(axis=1 - axis, keepdims=True),
            "The results add up to 0 along the other axis. The mean must run along `axis`.",
            where=matrix,
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda v, axis: v - v.mean(axis=-1, keepdims=True),
            "The argument `axis` is not used. Hand it on to `mean`.",
        ),
        Specimen(
            "Axis 0 is used, whatever axis says",
            lambda v, axis: v - v.mean(axis=0, keepdims=True),
            "The argument `axis` is not used. Hand it on to `mean`.",
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda v, axis: v - v.mean(axis=1, keepdims=True),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to `mean`.",
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4]
