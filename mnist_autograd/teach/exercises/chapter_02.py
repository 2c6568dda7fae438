"""The exercises of chapter 02: stability. For each the solution, the probes and the known mistakes.

Shapes: z logits of any shape, with the classes along axis; d an array of gaps.
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import largest, share, total
from .shared import APART, BLOCK, EPSILONS, KEEPDIMS, NOT_THE_MAXIMUM, ROW, SQUARE, WIDE, small, small_matrix
from .task import Exercise, Specimen

ABSOLUTE = (
    "`np.abs(z).max` is the largest size, not the largest logit. In a row of 0 and -1000 it is 1000: after the shift "
    "the exponents are -1000 and -2000, every exponential becomes 0, and {result}. Take the maximum of z as it is: "
    "`z.max(axis=axis, keepdims=True)`."
)


# --- 02.1 ---------------------------------------------------------------------------------------------------------


def largest_logit(dtype):
    """The x at which exp(x) reaches the largest number of this NumPy dtype: a number."""
    return float(np.log(float(np.finfo(dtype).max)))


EXERCISE_1 = Exercise(
    id="02.1",
    title="The largest logit",
    see="The overflow",
    solution=largest_logit,
    probes=[(np.float16,), (np.float32,), (np.float64,)],
    atol=1e-2,
    specimens=[
        Specimen(
            "The largest number itself",
            lambda dtype: float(np.finfo(dtype).max),
            "This is the largest number that the dtype holds. Asked is for the x whose exponential is that number: its "
            "logarithm.",
        ),
        Specimen(
            "The logarithm has base 2",
            lambda dtype: np.log2(float(np.finfo(dtype).max)),
            "This is the exponent of 2. `np.exp` raises e to a power, so its inverse is `np.log`.",
        ),
        Specimen(
            "The logarithm has base 10",
            lambda dtype: np.log10(float(np.finfo(dtype).max)),
            "This is about the number of decimal digits. `np.exp` raises e to a power, so its inverse is `np.log`.",
        ),
        Specimen(
            "The smallest number in place of the largest",
            lambda dtype: np.log(float(np.finfo(dtype).tiny)),
            "The logarithm of the smallest positive number is where `np.exp` underflows towards 0, at the other end. "
            "Overflow happens at the largest, `np.finfo(dtype).max`.",
        ),
        Specimen(
            "The smallest subnormal number in place of the largest",
            lambda dtype: np.log(float(np.finfo(dtype).smallest_subnormal)),
            "The logarithm of the smallest positive number is where `np.exp` underflows to 0, at the other end. "
            "Overflow happens at the largest, `np.finfo(dtype).max`.",
        ),
        Specimen(
            "The spacing of numbers in place of the largest",
            lambda dtype: np.log(float(np.finfo(dtype).eps)),
            "`np.finfo(dtype).eps` says how close numbers lie near 1, not how large they get. Use `.max`.",
        ),
        Specimen(
            "The number of bits",
            lambda dtype: float(np.finfo(dtype).bits),
            "The dtype occupies this many bits. Asked is for the logarithm of the largest number they can hold.",
        ),
        Specimen(
            "exp in place of its inverse",
            lambda dtype: np.exp(np.finfo(dtype).max),
            "The exponential of the largest number overflows to `inf`. The question goes the other way: it asks for "
            "the x that has this number as its exponential.",
        ),
        Specimen(
            "It answers for float64, whatever dtype says",
            lambda dtype: np.log(np.finfo(np.float64).max),
            "The argument `dtype` is not used. float16 and float32 overflow much sooner: use `np.finfo(dtype)`.",
        ),
    ],
)


# --- 02.2 ---------------------------------------------------------------------------------------------------------


def stable_softmax(z, axis):
    """Softmax along an axis, shifted by the maximum along it; the result has the shape of z."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


AFTER_EXP = (
    "`np.exp(z) - m` takes the exponential first and then subtracts m. That changes the ratios of the exponentials, "
    "and `np.exp` has overflowed by then. The shift belongs inside, above and below: `e = np.exp(z - m)`, then e "
    "divided by its sum."
)
HALF = (
    "The factor e to the power -m cancels only if it stands above and below the fraction line. Here it stands in one "
    "of the two places, and the results no longer add up to 1. Compute `e = np.exp(z - m)` once and use it in both."
)

EXERCISE_2 = Exercise(
    id="02.2",
    title="A softmax that does not overflow",
    see="The shift",
    solution=stable_softmax,
    probes=[
        (np.array([1.0, 0.0]), 0),
        (np.array([2.0, 0.0]), 0),
        (np.array([1000.0, 0.0]), 0),
        (np.array([2000.0, 0.0]), 0),
        (np.array([-1000.0, 0.0]), 0),
        (np.array([400.0, 0.0]), 0),
        (SQUARE, 1),
        (SQUARE, 0),
        (ROW, 1),
        (APART, 1),
        (WIDE, 1),
        (WIDE, 0),
        (BLOCK, 1),
    ],
    specimens=[
        Specimen(
            "The shift is missing, or it is not the maximum",
            lambda z, axis: share(np.exp(z), axis),
            "`np.exp(1000)` is too large for float64 and becomes `inf`, and `inf / inf` is `nan`. In a row far below 0 "
            "every exponential becomes 0, and `0 / 0` is `nan` too. Subtract the maximum along `axis` before `np.exp`: "
            "then the largest exponent is 0. " + NOT_THE_MAXIMUM,
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, axis: share(np.exp(z - z.max()), axis),
            "One maximum serves all rows. A row that lies far below it underflows: all its exponentials become 0, and "
            "`0 / 0` is `nan`. Each row needs its own maximum: `z.max(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The shift is the largest absolute value",
            lambda z, axis: share(np.exp(z - largest(np.abs(z), axis)), axis),
            ABSOLUTE.format(result="`0 / 0` is `nan`"),
        ),
        Specimen(
            "The shift is the minimum",
            lambda z, axis: share(np.exp(z - z.min(axis=axis, keepdims=True)), axis),
            "Every shift gives the same probabilities on paper, but after this one no exponent is below 0. A logit far "
            "above the minimum still overflows. After a shift by the maximum no exponent is above 0.",
        ),
        Specimen(
            "The shift is the mean",
            lambda z, axis: share(np.exp(z - z.mean(axis=axis, keepdims=True)), axis),
            "Every shift gives the same probabilities on paper, but the mean is no safe one. Where one logit lies far "
            "above the mean, its exponential still overflows. Only the maximum leaves no exponent above 0.",
        ),
        Specimen(
            "The maximum is added",
            lambda z, axis: share(np.exp(z + largest(z, axis)), axis),
            "On paper a shift up changes nothing either. But it doubles the largest logit, and overflow comes sooner. "
            "Subtract the maximum.",
        ),
        Specimen(
            "The maximum is subtracted after exp",
            lambda z, axis: share(np.exp(z) - largest(np.exp(z), axis), axis),
            "The shift must not change the ratios. Subtracting the same number from all logits multiplies all "
            "exponentials by the same factor, which cancels. Subtracting from the exponentials changes their ratios. "
            "And `np.exp` has overflowed by then.",
            where=small,
        ),
        Specimen(
            "The largest logit is subtracted from the exponentials",
            lambda z, axis: share(np.exp(z) - largest(z, axis), axis),
            AFTER_EXP,
            where=small,
        ),
        Specimen(
            "The largest logit is subtracted from the exponentials, in the numerator only",
            lambda z, axis: (np.exp(z) - largest(z, axis)) / total(np.exp(z), axis),
            AFTER_EXP,
            where=small,
        ),
        Specimen(
            "The largest logit is subtracted inside exp in the sum, but after exp in the numerator",
            lambda z, axis: (np.exp(z) - largest(z, axis)) / total(np.exp(z - largest(z, axis)), axis),
            AFTER_EXP,
            where=small,
        ),
        Specimen(
            "Half a shift: in the numerator only",
            lambda z, axis: np.exp(z - largest(z, axis)) / total(np.exp(z), axis),
            HALF,
            where=small,
        ),
        Specimen(
            "Half a shift: in the sum only",
            lambda z, axis: np.exp(z) / total(np.exp(z - largest(z, axis)), axis),
            HALF,
            where=small,
        ),
        Specimen(
            "The exponentials are divided by their maximum, too late",
            lambda z, axis: share(np.exp(z) / largest(np.exp(z), axis), axis),
            "Dividing exponentials by the largest is the shift, on paper. But `np.exp(z)` comes first and has "
            "overflowed by then: `inf / inf` is `nan`. Subtract the maximum from the logits before `np.exp`.",
        ),
        Specimen(
            "The logits are divided by the maximum",
            lambda z, axis: share(np.exp(z / largest(z, axis)), axis),
            "Dividing changes the gaps between the logits, and with them the probabilities: it acts as a temperature. "
            "Subtract the maximum, which keeps every gap.",
        ),
        Specimen(
            "The maximum is taken along another axis than the sum",
            lambda z, axis: share(np.exp(z - largest(z, 1 - axis)), axis),
            "The shift cancels only if it is the same for all logits that are added up. So the maximum and the sum "
            "must run along the same axis, the one named by `axis`.",
            where=small_matrix,
        ),
        Specimen(
            "The sum is taken along another axis than the maximum",
            lambda z, axis: np.exp(z - largest(z, axis)) / total(np.exp(z - largest(z, axis)), 1 - axis),
            "The maximum runs along `axis`, the sum along the other one. The results must add up to 1 along `axis`: "
            "both run along it.",
            where=small_matrix,
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda z, axis: stable_softmax(z, -1),
            "The argument `axis` is not used. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "Axis 0 is used, whatever axis says",
            lambda z, axis: stable_softmax(z, 0),
            "The argument `axis` is not used. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda z, axis: stable_softmax(z, 1),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "The whole array adds up to 1",
            lambda z, axis: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
            "All rows together share 100 %. Each row is a distribution of its own: take the maximum and the sum along "
            "`axis`, with `keepdims=True`.",
            where=small,
        ),
        Specimen(
            "keepdims is forgotten in the maximum",
            lambda z, axis: share(np.exp(z - z.max(axis=axis)), axis),
            KEEPDIMS.format(what="maxima", one="maximum"),
            where=small,
        ),
        Specimen(
            "keepdims is forgotten in the sum",
            lambda z, axis: np.exp(z - largest(z, axis)) / np.exp(z - largest(z, axis)).sum(axis=axis),
            KEEPDIMS.format(what="sums", one="sum"),
            where=small,
        ),
        Specimen(
            "keepdims is forgotten twice",
            lambda z, axis: np.exp(z - z.max(axis=axis)) / np.exp(z - z.max(axis=axis)).sum(axis=axis),
            "It is missing in the maximum and in the sum. " + KEEPDIMS.format(what="maxima", one="maximum"),
            where=small,
        ),
    ],
)


# --- 02.3 ---------------------------------------------------------------------------------------------------------


def my_logsumexp(z, axis):
    """log(sum exp(z)) along an axis, which the result no longer has."""
    m = z.max(axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.exp(z - m).sum(axis=axis))


def _log_of_shifted_sum(z, axis):
    """log(sum exp(z - m)), with the axis kept."""
    return np.log(total(np.exp(z - largest(z, axis)), axis))


EXERCISE_3 = Exercise(
    id="02.3",
    title="Log-sum-exp",
    see="Log-sum-exp",
    solution=my_logsumexp,
    probes=[
        (np.array([0.0, 0.0]), 0),
        (np.array([2.0, 2.0]), 0),
        (np.array([1000.0, 1000.0]), 0),
        (np.array([-1000.0, 0.0]), 0),
        (SQUARE, 1),
        (SQUARE, 0),
        (ROW, 1),
        (APART, 1),
        (np.array([[[2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0]]]), 2),  # another axis of size 1, which must stay
        (WIDE, 1),
        (WIDE, 0),
        (BLOCK, 1),
    ],
    specimens=[
        Specimen(
            "The shift is missing, or it is not the maximum",
            lambda z, axis: np.log(np.exp(z).sum(axis=axis)),
            "`np.exp(1000)` overflows to `inf`, and its logarithm is `inf` too. Far below 0 all exponentials become 0, "
            "and the result is `-inf`. Take the maximum m out first: m + log(sum exp(z - m)). " + NOT_THE_MAXIMUM,
        ),
        Specimen(
            "The maximum is not added back",
            lambda z, axis: _log_of_shifted_sum(z, axis).squeeze(axis),
            "This is log(sum exp(z - m)), too small by m. The sum contains the factor e to the power m in every term; "
            "taken out of the logarithm it becomes + m.",
            where=small,
        ),
        Specimen(
            "The maximum is subtracted once more",
            lambda z, axis: (_log_of_shifted_sum(z, axis) - largest(z, axis)).squeeze(axis),
            "m was subtracted inside, so it must be added outside: m + log(sum exp(z - m)).",
            where=small,
        ),
        Specimen(
            "The maximum is added inside the logarithm",
            lambda z, axis: np.log(largest(z, axis) + total(np.exp(z - largest(z, axis)), axis)).squeeze(axis),
            "log(m + a) is not m + log(a). The factor e to the power m leaves the logarithm as a term: add m after "
            "`np.log`.",
            where=small,
        ),
        Specimen(
            "The logarithm has base 2",
            lambda z, axis: (largest(z, axis) + _log_of_shifted_sum(z, axis) / np.log(2)).squeeze(axis),
            "The exponentials have base e, so the logarithm must have it too: `np.log`.",
            where=small,
        ),
        Specimen(
            "The logarithm has base 10",
            lambda z, axis: (largest(z, axis) + _log_of_shifted_sum(z, axis) / np.log(10)).squeeze(axis),
            "The exponentials have base e, so the logarithm must have it too: `np.log`.",
            where=small,
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, axis: z.max() + np.log(np.exp(z - z.max()).sum(axis=axis)),
            "One maximum serves all rows. In a row far below it all exponentials underflow to 0, and log(0) is `-inf`. "
            "Each row needs its own maximum: `z.max(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "The shift is the largest absolute value",
            lambda z, axis: (
                largest(np.abs(z), axis) + np.log(total(np.exp(z - largest(np.abs(z), axis)), axis))
            ).squeeze(axis),
            ABSOLUTE.format(result="log(0) is `-inf`"),
        ),
        Specimen(
            "squeeze without an axis",
            lambda z, axis: my_logsumexp(z, axis).squeeze(),
            "`squeeze()` removes every axis of size 1, not only the one that was summed. An array of shape (1, 4) "
            "along axis 1 must give shape (1,), and this gives shape (). Name the axis: `np.squeeze(result, axis)`.",
            where=small,
        ),
        Specimen(
            "The result keeps the summed axis",
            lambda z, axis: largest(z, axis) + _log_of_shifted_sum(z, axis),
            "The numbers are right, but the summed axis is still there with size 1. Remove it at the end: "
            "`np.squeeze(result, axis)`.",
            where=small,
        ),
        Specimen(
            "The maximum keeps the axis, the sum does not",
            lambda z, axis: largest(z, axis) + np.log(np.exp(z - largest(z, axis)).sum(axis=axis)),
            "The maxima have shape (N, 1) and the logarithms (N,). Added, they broadcast to (N, N): every maximum with "
            "every logarithm, and no error. Use `np.squeeze(m, axis)` when adding back.",
            where=small,
        ),
        Specimen(
            "keepdims is forgotten in the maximum",
            lambda z, axis: z.max(axis=axis) + np.log(np.exp(z - z.max(axis=axis)).sum(axis=axis)),
            KEEPDIMS.format(what="maxima", one="maximum"),
            where=small,
        ),
        Specimen(
            "The mean in place of the sum",
            lambda z, axis: my_logsumexp(z, axis) - np.log(z.shape[axis]),
            "`mean` divides by the number of classes before the logarithm. The result is too small by the logarithm of "
            "that number.",
            where=small,
        ),
        Specimen(
            "The whole array is summed",
            lambda z, axis: my_logsumexp(z.ravel(), 0),
            "One number comes out for the whole array. Each row has its own: sum along `axis`.",
            where=small,
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda z, axis: my_logsumexp(z, -1),
            "The argument `axis` is not used. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda z, axis: my_logsumexp(z, 1),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "The maximum alone",
            lambda z, axis: z.max(axis=axis),
            "The maximum is close when one logit lies far above the others. log(sum exp(z - m)) is still to be added: "
            "for two equal logits it is log(2).",
        ),
    ],
)


# --- 02.4 ---------------------------------------------------------------------------------------------------------


def my_log_softmax(z, axis):
    """The logarithm of softmax along an axis, finite where softmax underflows; the result has the shape of z."""
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _kept_from_zero(epsilon):
    """Adding epsilon to the probabilities, or clipping them at it: both give the same but for rounding."""
    return Specimen(
        f"The probabilities are kept away from 0 by {epsilon:.3g}",
        lambda z, axis: np.log(np.maximum(stable_softmax(z, axis), epsilon)),
        f"Adding {epsilon:.3g}, or clipping at it, avoids `-inf`, but it invents an answer: log({epsilon:.3g}) = "
        f"{np.log(epsilon):.2f}, however unlikely the class is. The exact value needs no probability: "
        "z - m - log(sum exp(z - m)).",
    )


EXERCISE_4 = Exercise(
    id="02.4",
    title="Log-softmax",
    see="What the shift does not mend",
    solution=my_log_softmax,
    probes=[
        (np.array([0.0, 0.0]), 0),
        (np.array([1.0, 0.0]), 0),
        (np.array([1000.0, 0.0]), 0),
        (np.array([-1000.0, 0.0]), 0),
        (SQUARE, 1),
        (SQUARE, 0),
        (ROW, 1),
        (APART, 1),
        (WIDE, 1),
        (WIDE, 0),
        (BLOCK, 1),
    ],
    specimens=[
        Specimen(
            "It is the logarithm of softmax, in two steps",
            lambda z, axis: np.log(stable_softmax(z, axis)),
            "A probability of e to the power -1000 is too small for float64: softmax rounds it to 0, and log(0) is "
            "`-inf`. Its logarithm, -1000, is a harmless number. So never form the probability: "
            "z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "It is the logarithm of a softmax without the shift",
            lambda z, axis: np.log(share(np.exp(z), axis)),
            "Two things go wrong. Without the shift, `inf / inf` is `nan`. And a probability that underflows to 0 has "
            "the logarithm `-inf`. One formula mends both: z - m - log(sum exp(z - m)).",
        ),
        *map(_kept_from_zero, EPSILONS),
        Specimen(
            "Only the maximum is subtracted",
            lambda z, axis: z - largest(z, axis),
            "z - m makes the largest result 0, a probability of 1. The logarithm of the sum is still to be subtracted: "
            "z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "The shift is missing, or it is not the maximum",
            lambda z, axis: z - np.log(total(np.exp(z), axis)),
            "The formula is right on paper. But `np.exp(1000)` overflows, the logarithm of the sum is `inf`, and every "
            "result becomes `-inf`. Subtract the maximum first, in both places. " + NOT_THE_MAXIMUM,
        ),
        Specimen(
            "The maximum is subtracted in one place only",
            lambda z, axis: z - _log_of_shifted_sum(z, axis),
            "Inside the sum stands z - m, outside z alone. The results are too large by m. With `shifted = z - m`, "
            "both places use `shifted`.",
            where=small,
        ),
        Specimen(
            "The maximum is subtracted twice",
            lambda z, axis: z - 2 * largest(z, axis) - _log_of_shifted_sum(z, axis),
            "Outside stands z - m. But the logarithm that is subtracted still contains m, because z alone stands in "
            "its exponentials, or because m was added back to it. The results are too small by m. With `shifted = z - "
            "m`, both places use `shifted`.",
            where=small,
        ),
        Specimen(
            "The logarithm of the sum is added",
            lambda z, axis: z - largest(z, axis) + _log_of_shifted_sum(z, axis),
            "Dividing by the sum becomes subtracting its logarithm. Here it is added: look at the sign, and at the "
            "brackets, because z - (m - a) is z - m + a. Right is z - m - log(sum exp(z - m)).",
            where=small,
        ),
        Specimen(
            "The logarithm of the sum has base 2",
            lambda z, axis: z - largest(z, axis) - _log_of_shifted_sum(z, axis) / np.log(2),
            "The exponentials have base e, so the logarithm must have it too: `np.log`.",
            where=small,
        ),
        Specimen(
            "The logarithm of softmax has base 2",
            lambda z, axis: my_log_softmax(z, axis) / np.log(2),
            "The result is in bits. This series uses the natural logarithm, `np.log`.",
            where=small,
        ),
        Specimen(
            "The logarithm of the sum has base 10",
            lambda z, axis: z - largest(z, axis) - _log_of_shifted_sum(z, axis) / np.log(10),
            "The exponentials have base e, so the logarithm must have it too: `np.log`.",
            where=small,
        ),
        Specimen(
            "It is softmax, without the logarithm",
            lambda z, axis: stable_softmax(z, axis),
            "These are probabilities. Their logarithms are wanted: numbers of 0 or below.",
            where=small,
        ),
        Specimen(
            "The sign is wrong",
            lambda z, axis: -my_log_softmax(z, axis),
            "A probability is at most 1, so its logarithm is 0 or below. The minus sign belongs to the loss, which "
            "comes later.",
            where=small,
        ),
        Specimen(
            "The sum runs along the other axis",
            lambda z, axis: z - largest(z, axis) - np.log(total(np.exp(z - largest(z, axis)), 1 - axis)),
            "The maximum runs along `axis`, the sum along the other one. Both must run along `axis`.",
            where=small_matrix,
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda z, axis: my_log_softmax(z, -1),
            "The argument `axis` is not used. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda z, axis: my_log_softmax(z, 1),
            "The argument `axis` is not used, and a vector has no axis 1. Hand it on to both `max` and `sum`.",
            where=small,
        ),
        Specimen(
            "The shift is the largest absolute value",
            lambda z, axis: z - largest(np.abs(z), axis) - np.log(total(np.exp(z - largest(np.abs(z), axis)), axis)),
            ABSOLUTE.format(result="log(0) is `-inf`"),
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, axis: z - z.max() - np.log(total(np.exp(z - z.max()), axis)),
            "One maximum serves all rows. In a row far below it the sum underflows to 0, and the results become `inf`. "
            "Each row needs its own maximum: `z.max(axis=axis, keepdims=True)`.",
        ),
        Specimen(
            "keepdims is forgotten in the maximum",
            lambda z, axis: z - z.max(axis=axis) - np.log(np.exp(z - z.max(axis=axis)).sum(axis=axis, keepdims=True)),
            KEEPDIMS.format(what="maxima", one="maximum"),
            where=small,
        ),
        Specimen(
            "keepdims is forgotten in the sum",
            lambda z, axis: z - largest(z, axis) - np.log(np.exp(z - largest(z, axis)).sum(axis=axis)),
            KEEPDIMS.format(what="sums", one="sum"),
            where=small,
        ),
        Specimen(
            "keepdims is forgotten twice",
            lambda z, axis: z - z.max(axis=axis) - np.log(np.exp(z - z.max(axis=axis)).sum(axis=axis)),
            "It is missing in the maximum and in the sum. " + KEEPDIMS.format(what="maxima", one="maximum"),
            where=small,
        ),
        Specimen(
            "The log-sum-exp is subtracted without its axis",
            lambda z, axis: z - my_logsumexp(z, axis),
            "z minus its log-sum-exp is the right formula, but the log-sum-exp no longer has the axis. "
            + KEEPDIMS.format(what="such numbers", one="number"),
            where=small,
        ),
    ],
)


# --- 02.5 ---------------------------------------------------------------------------------------------------------


def log1p_form(d):
    """log(1 + exp(-d)) to nearly all digits, for gaps d >= 0: an array gives an array of the same shape."""
    return np.log1p(np.exp(-d))


def _not_between(d):
    """Between 10 and 35 rounding takes some of the digits of exp(-d), and how it is written decides which."""
    return bool(np.all((d <= 10) | (d >= 35)))


def _below_10(d):
    return bool(np.all(d <= 10))


EXERCISE_5 = Exercise(
    id="02.5",
    title="What log1p buys",
    see="How exact is it?",
    solution=log1p_form,
    probes=[
        (np.array([0.0]),),
        (np.array([1.0]),),
        (np.array([40.0]),),
        (np.array([20.0]),),
        (np.array([35.0]),),  # a 1 leaves 6.7e-16 of exp(-35), a subtraction of 35 leaves 0
        (np.array([0.0, 2.0, 10.0, 40.0]),),
    ],
    rtol=1e-9,
    atol=0.0,  # at d = 40 the right result is 4e-18: next to any atol it would count as 0
    specimens=[
        Specimen(
            "The 1 swallows the exponential",
            lambda d: np.log(1 + np.exp(-d)),
            "Near 1, float64 numbers lie 2.2e-16 apart. From d = 37 on exp(-d) is less than half of that, so 1 + "
            "exp(-d) rounds to 1, and log(1) is 0. `np.log1p(x)` computes log(1 + x) without forming 1 + x.",
            where=_not_between,
        ),
        Specimen(
            "Two nearly equal numbers are subtracted",
            lambda d: np.log1p(np.exp(d)) - d,
            "log(1 + exp(d)) - d is right on paper. But for large d the first number is d and a tiny rest, and float64 "
            "has no digits left for the rest: near 40 its numbers lie 7.1e-15 apart. The subtraction takes away all "
            "digits but those: this is cancellation, and `np.log1p` does not help here. Use exp(-d), and nothing is "
            "left to subtract.",
            where=_not_between,
        ),
        Specimen(
            "The sign of the exponent is wrong",
            lambda d: np.log1p(np.exp(d)),
            "This is log(1 + exp(d)): it grows with d. With exp(-d) it falls towards 0.",
        ),
        Specimen(
            "The 1 is missing",
            lambda d: -d,
            "The logarithm of exp(-d) alone is -d. The 1 belongs inside the logarithm: `np.log1p`.",
        ),
        Specimen(
            "The logarithm has base 2",
            lambda d: np.log1p(np.exp(-d)) / np.log(2),
            "The natural logarithm is wanted: `np.log1p`. At d = 0 the result is log(2) = 0.6931, not 1.",
            where=_below_10,
        ),
        Specimen(
            "The logarithm has base 10",
            lambda d: np.log1p(np.exp(-d)) / np.log(10),
            "The natural logarithm is wanted: `np.log1p`. At d = 0 the result is log(2) = 0.6931.",
            where=_below_10,
        ),
        Specimen(
            "The logarithm is missing",
            lambda d: np.exp(-d),
            "log(1 + x) is close to x where x is small, and d = 40 comes out right. At d = 0 it does not: x is 1 "
            "there, and log(2) = 0.6931.",
        ),
        Specimen(
            "The minus sign is too many",
            lambda d: -np.log1p(np.exp(-d)),
            "1 + exp(-d) is above 1, so its logarithm is positive. The only minus sign is the one in the exponent.",
            where=_below_10,
        ),
        Specimen(
            "log1p of 1 + exp(-d)",
            lambda d: np.log1p(1 + np.exp(-d)),
            "`np.log1p` adds the 1 itself. Here 1 is added twice.",
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4, EXERCISE_5]
