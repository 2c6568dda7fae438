"""The exercises of chapter 05: NLL and cross-entropy. For each the solution, the probes and the known mistakes.

Shapes: z logits, l log-probabilities, p probabilities and q soft targets (N, C); y class indices (N,).
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import largest, share, softmax, total
from .shared import APART, EPSILONS, FOUR_EXAMPLES, THREE_CLASSES, small
from .task import Exercise, Specimen


def _log_softmax(z, axis=1):
    shifted = z - largest(z, axis)
    return shifted - np.log(total(np.exp(shifted), axis))


def _at(a, y):
    """The element of each row that y names: a (N, C) and y (N,) give (N,)."""
    return a[np.arange(len(y)), y]


def _hot(z, y):
    """y as one-hot rows of the shape of z."""
    return np.eye(z.shape[1])[y]


def _filled(z, index, value=1.0):
    """Zeros of the shape of z, but value at the index."""
    a = np.zeros(z.shape)
    a[index] = value
    return a


def _finite(l, *_):
    """No class is impossible."""
    return bool(np.isfinite(l).all())


def _also_without_the_mean(specimen):
    """A mistake in a gradient, and the same where 1 / N is missing besides."""

    def times_n(*arguments):
        return specimen.function(*arguments) * len(arguments[0])

    text = f"{specimen.text} Besides, the loss is the mean over N examples, so the gradient is divided by N."
    return specimen, Specimen(f"{specimen.name}, and 1 / N is missing", times_n, text, specimen.where)


PAIRS = (
    "`{name}[np.arange(len(y)), y]` takes pairs: row 0 with y[0], row 1 with y[1], and so on, N elements in all. "
    "`{name}[y]` takes whole rows, those whose numbers stand in y, and stops where there is no row of such a number."
)
EVERY_ROW = (
    "`{name}[:, y]` has shape (N, N): every row with the target of every other row too. Each row has one target. "
    "`{name}[np.arange(len(y)), y]` pairs row n with y[n]."
)
SWAPPED = (
    "Rows come first, classes second. `{name}[y, np.arange(len(y))]` takes the row numbered y[n] and the column n. "
    "Right is `{name}[np.arange(len(y)), y]`."
)
FROM_ONE = (
    "Classes count from 0, as indices do. `y - 1` names the neighbour of the target, and for class 0 the last one."
)


def _index_slips(log_probs, where=None):
    """The mistakes of taking the targets' elements out of log_probs(x), for a loss of x (N, C) and y (N,)."""
    slips = {
        "Whole rows are taken in place of elements": (lambda l, y: l[y], PAIRS.format(name="l")),
        "Every row is taken with every target": (lambda l, y: l[:, y], EVERY_ROW.format(name="l")),
        "The two indices are swapped": (lambda l, y: l[y, np.arange(len(y))], SWAPPED.format(name="l")),
        "The classes are counted from 1": (lambda l, y: _at(l, y - 1), FROM_ONE),
    }
    for name, (taken, text) in slips.items():
        yield Specimen(name, lambda x, y, taken=taken: -taken(log_probs(x), y).mean(), text, where)


# --- 05.1 ---------------------------------------------------------------------------------------------------------


def nll(l, y):
    """The mean over the batch of -l[n, y_n]: a number."""
    return -l[np.arange(len(y)), y].mean()


EXERCISE_1 = Exercise(
    id="05.1",
    title="NLL by index",
    see="By index",
    solution=nll,
    probes=[
        (np.array([[-0.5, -1.0]]), np.array([0])),
        (np.array([[-0.5, -1.0]]), np.array([1])),
        (np.array([[-0.25, -np.inf]]), np.array([0])),
        (np.array([[-0.25, -1.5], [-3.0, -0.1]]), np.array([1, 0])),
        (np.array([[-400.0, -0.25], [-0.5, -500.0]]), np.array([0, 1])),  # the product of the probabilities underflows
        (np.array([[-1.0, -2.0, -0.5], [-3.0, -0.25, -2.5]]), np.array([0, 2])),
        (
            np.array([[-1.0, -2.0, -0.5], [-0.5, -1.5, -2.0], [-4.0, -0.1, -3.0], [-1.25, -1.0, -0.75]]),
            np.array([2, 0, 0, 1]),
        ),
    ],
    specimens=[
        *_index_slips(lambda l: l),
        Specimen(
            "The minus sign is missing",
            lambda l, y: -nll(l, y),
            "A log-probability is 0 or below. The loss is the negative log-likelihood, 0 or above: training makes it "
            "smaller.",
            where=_finite,
        ),
        Specimen(
            "It sums where it should average",
            lambda l, y: -_at(l, y).sum(),
            "This is the sum over the batch. It grows with the number of examples, so losses of batches of different "
            "sizes could not be compared. Divide by N: `.mean()`.",
            where=_finite,
        ),
        Specimen(
            "The losses are not averaged",
            lambda l, y: -_at(l, y),
            "There is one loss for each example, all of them right. Their mean is asked for, one number.",
        ),
        Specimen(
            "The mean runs over all entries of the one-hot product",
            lambda l, y: -(_hot(l, y) * l).mean(),
            "In `one_hot * l` each row has one term and C - 1 zeros. `.mean()` divides by all N * C entries, and the "
            "result is too small by the factor C. Sum along the classes first, then average over the examples.",
            where=_finite,
        ),
        Specimen(
            "The sum is divided by the number of classes",
            lambda l, y: -_at(l, y).sum() / l.shape[1],
            "The mean over N examples divides by N, the number of rows, `len(y)`. Here the number of classes divides.",
            where=_finite,
        ),
        Specimen(
            "The logarithm is taken again",
            lambda l, y: -np.log(_at(l, y)).mean(),
            "`l` holds logarithms already. They are below 0, where a second logarithm is `nan`.",
        ),
        Specimen(
            "It averages probabilities, without the logarithm",
            lambda l, y: -np.exp(_at(l, y)).mean(),
            "`np.exp(l)` turns log-probabilities back into probabilities. The loss is made of the logarithms, as they "
            "come.",
        ),
        Specimen(
            "The mean is taken before the logarithm",
            lambda l, y: -np.log(np.exp(_at(l, y)).mean()),
            "The logarithm of a mean is not the mean of logarithms. Each example has its own loss, and those are "
            "averaged.",
        ),
        Specimen(
            "log-softmax is taken once more",
            lambda l, y: nll(_log_softmax(l), y),
            "`l` is what log-softmax gave. On exact log-probabilities a second one changes nothing, but it costs time; "
            "on the check's numbers it shows. NLL takes them as they come.",
        ),
        Specimen(
            "The logarithm has base 2",
            lambda l, y: nll(l, y) / np.log(2),
            "This is the loss in bits. The series counts in nats: `l` holds natural logarithms, and nothing is left to "
            "convert.",
            where=_finite,
        ),
        Specimen(
            "The largest log-probability is taken, whatever y says",
            lambda l, y: -l.max(axis=1).mean(),
            "This is how sure the network is of its own choice. The loss asks how sure it is of the target.",
        ),
        Specimen(
            "All classes are taken, whatever y says",
            lambda l, y: -l.sum(axis=1).mean(),
            "The targets are not used. Of each row counts only the element that y names.",
        ),
        Specimen(
            "The mean of all log-probabilities",
            lambda l, y: -l.mean(),
            "The targets are not used. Of each row counts only the element that y names.",
        ),
        Specimen(
            "One-hot meets an impossible class",
            lambda l, y: -(_hot(l, y) * l).sum(axis=1).mean(),
            "A class that is impossible has the log-probability `-inf`. Where it is not the target, one-hot has a 0, "
            "and 0 times `-inf` is `nan`. An index never touches it: `l[np.arange(len(y)), y]`. The paragraph “By "
            "one-hot” has an example.",
        ),
        Specimen(
            "The probabilities are multiplied before the logarithm",
            lambda l, y: -np.log(np.prod(np.exp(_at(l, y)))) / len(y),
            "On paper the logarithm of the product is the sum of the logarithms. But the product of small "
            "probabilities underflows to 0, and -log(0) is `inf`. Average the logarithms, as they come. The paragraph "
            "“Why the logarithm” has an example.",
        ),
    ],
)


# --- 05.2 ---------------------------------------------------------------------------------------------------------


def one_hot(y, C):
    """Rows of C zeros with a 1 at the class: y (N,) gives (N, C)."""
    return np.eye(C)[y]


EXERCISE_2 = Exercise(
    id="05.2",
    title="One-hot",
    see="By one-hot",
    solution=one_hot,
    probes=[
        (np.array([0]), 2),
        (np.array([1]), 2),
        (np.array([2, 0]), 4),
        (np.array([1, 1]), 2),
        (np.array([2, 0, 1]), 3),
        (np.array([0, 2, 2]), 3),
        (np.array([3, 1, 0, 1]), 5),
    ],
    specimens=[
        Specimen(
            "The width is the largest class of the batch",
            lambda y, C: np.eye(y.max() + 1)[y],
            "`y.max() + 1` is the number of classes only if the last class happens to be in the batch. The width is "
            "`C`, whatever the batch holds.",
        ),
        Specimen(
            "It is transposed",
            lambda y, C: np.eye(C)[y].T,
            "Rows are examples, columns are classes: shape (N, C). `np.eye(C)[y]` takes one row for each example; with "
            "`[:, y]`, or the two indices swapped, examples become columns.",
        ),
        Specimen(
            "The classes are counted from 1",
            lambda y, C: np.eye(C)[y - 1],
            FROM_ONE,
        ),
        Specimen(
            "The identity of the batch size",
            lambda y, C: np.eye(len(y)),
            "`np.eye(len(y))` gives row n its 1 at place n, and y is not used. Start from `np.eye(C)`, whose row k is "
            "the one-hot row of class k, and take the rows that y names.",
        ),
        Specimen(
            "The identity, without taking its rows",
            lambda y, C: np.eye(C),
            "Row k of `np.eye(C)` is the one-hot row of class k. Take from it the rows that y names, one for each "
            "example.",
        ),
        Specimen(
            "Row n has its 1 at place n",
            lambda y, C: np.eye(len(y), C),
            "The shape is right, but y is not used. Row n has its 1 at place y[n].",
        ),
        Specimen(
            "All zeros",
            lambda y, C: np.zeros((len(y), C)),
            "The shape is right. Set the element y[n] of row n to 1: `a[np.arange(len(y)), y] = 1`.",
        ),
        Specimen(
            "All ones",
            lambda y, C: np.ones((len(y), C)),
            "The shape is right. A one-hot row has a single 1, at its class.",
        ),
        Specimen(
            "Ones and zeros are exchanged",
            lambda y, C: 1 - np.eye(C)[y],
            "This has a 0 at the class and 1 elsewhere. One-hot has the 1 at the class: of a product it keeps the "
            "element of that class.",
        ),
        Specimen(
            "Whole rows are set to 1",
            lambda y, C: _filled(np.zeros((len(y), C)), y),
            "`a[y] = 1` sets the rows whose numbers stand in y. `a[np.arange(len(y)), y] = 1` sets one element in each "
            "row.",
        ),
        Specimen(
            "Whole columns are set to 1",
            lambda y, C: _filled(np.zeros((len(y), C)), (slice(None), y)),
            "`a[:, y] = 1` sets every class of the batch in every row. `a[np.arange(len(y)), y] = 1` pairs row n with "
            "y[n].",
        ),
        Specimen(
            "The two indices are swapped",
            lambda y, C: _filled(np.zeros((len(y), C)), (y, np.arange(len(y)))),
            SWAPPED.format(name="a"),
        ),
        Specimen(
            "The class number stands in place of the 1",
            lambda y, C: _filled(np.zeros((len(y), C)), (np.arange(len(y)), y), y),
            "The places are right. What stands there must be 1: it stands for a probability, not for a class number.",
        ),
        Specimen(
            "The rows are added up",
            lambda y, C: np.eye(C)[y].sum(axis=0),
            "This counts how often each class occurs, shape (C,). Each example keeps a row of its own: (N, C).",
        ),
        Specimen(
            "One axis too many",
            lambda y, C: np.eye(C)[y[:, None]],
            "The result has shape (N, 1, C). Index `np.eye(C)` with y as it is, shape (N,).",
        ),
        Specimen(
            "y meets the classes along the same axis",
            lambda y, C: y == np.arange(C),
            "`y == np.arange(C)` compares shapes (N,) and (C,) from the right: example n with class n. Give y an axis "
            "of size 1 for the classes: `y[:, None] == np.arange(C)`.",
        ),
        Specimen(
            "The width is the size of the batch",
            lambda y, C: np.eye(len(y))[y],
            "`len(y)` counts examples. The width is the number of classes, `C`: with fewer examples than classes, "
            "`np.eye(len(y))` has no row for the last classes.",
        ),
        Specimen(
            "The width is the number of classes that occur",
            lambda y, C: np.eye(len(np.unique(y)))[y],
            "A class that is missing from the batch is a class all the same, and has its column. The width is `C`.",
        ),
        *(
            Specimen(
                f"The width is always {width}",
                lambda y, C, width=width: np.eye(width)[y],
                f"The number of classes is the argument `C`. A fixed {width} is right for one problem only.",
            )
            for width in (2, 3, 10)
        ),
    ],
)


# --- 05.3 ---------------------------------------------------------------------------------------------------------


def cross_entropy(z, y):
    """The mean over the batch of -log softmax(z)[n, y_n], for logits of any magnitude: a number."""
    shifted = z - z.max(axis=1, keepdims=True)
    l = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -l[np.arange(len(y)), y].mean()


def _without_keepdims(z):
    """Log-softmax with neither the maximum nor the sum kept as a column."""
    shifted = z - z.max(axis=1)
    return shifted - np.log(np.exp(shifted).sum(axis=1))


FAR = np.array([[1000.0, 0.0]])
TWO_EXAMPLES = np.array([[0.0, 1.0], [3.0, 1.0]])


def _kept_from_zero(epsilon):
    """Adding epsilon to the probabilities, or clipping them at it: both give the same but for rounding."""
    return Specimen(
        f"The probabilities are kept away from 0 by {epsilon:.3g}",
        lambda z, y: -np.log(np.maximum(_at(softmax(z), y), epsilon)).mean(),
        f"Adding {epsilon:.3g}, or clipping at it, avoids `inf`. But no loss can be larger than -log({epsilon:.3g}) = "
        f"{-np.log(epsilon):.2f} then, however wrong the logits are, and where it is clipped, its gradient is 0: "
        "nothing is learnt. The paragraph “Clipping” shows it. The exact loss needs no probability: "
        "-(z - m - log(sum exp(z - m))) at the target.",
    )


EXERCISE_3 = Exercise(
    id="05.3",
    title="Cross-entropy from logits",
    see="From logits",
    solution=cross_entropy,
    probes=[
        (np.array([[0.0, 0.0]]), np.array([0])),
        (np.array([[2.0, 0.0]]), np.array([1])),
        (FAR, np.array([0])),
        (FAR, np.array([1])),
        (TWO_EXAMPLES, np.array([1, 0])),
        (TWO_EXAMPLES, np.array([1, 1])),  # the sum over a permutation of columns hides a mistake in them
        (APART, np.array([0, 1])),
        (THREE_CLASSES, np.array([1, 2])),
        (FOUR_EXAMPLES, np.array([2, 0, 1, 1])),
    ],
    atol=1e-6,  # a probability clipped at 1 - 1e-7 counts as 1
    specimens=[
        Specimen(
            "Softmax is applied twice",
            lambda z, y: cross_entropy(softmax(z), y),
            "Cross-entropy takes logits and applies log-softmax itself. Probabilities put in its place lie between 0 "
            "and 1, so their gaps are at most 1, and even a perfect network gets a loss well above 0.",
        ),
        *map(_kept_from_zero, (1e-7, *EPSILONS)),
        Specimen(
            "It is the logarithm of softmax, in two steps",
            lambda z, y: -np.log(_at(softmax(z), y)).mean(),
            "A probability of e to the power -1000 is too small for float64: softmax rounds it to 0, and -log(0) is "
            "`inf`. The loss is 1000, a harmless number. Use log-softmax: z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "One-hot meets an infinite logarithm",
            lambda z, y: -(_hot(z, y) * np.log(softmax(z))).sum(axis=1).mean(),
            "Softmax rounds a small probability to 0, and log(0) is `-inf`. At the target that gives `inf`. At another "
            "class one-hot has a 0, and 0 times `-inf` is `nan`. Use log-softmax, which is finite: "
            "z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "It is the logarithm of a softmax without the shift",
            lambda z, y: -np.log(_at(share(np.exp(z)), y)).mean(),
            "Two things go wrong. Without the shift, `inf / inf` is `nan`. And a probability that underflows to 0 has "
            "the loss `inf`, at another target. Log-softmax mends both: z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "The shift is missing",
            lambda z, y: -_at(z - np.log(total(np.exp(z))), y).mean(),
            "The formula is right on paper. But `np.exp(1000)` overflows, and the loss becomes `inf`. Subtract the "
            "maximum of each row first: log-softmax is z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, y: -_at(z - z.max() - np.log(total(np.exp(z - z.max()))), y).mean(),
            "One maximum serves all rows. In a row far below it every exponential underflows to 0, and log(0) is "
            "`-inf`. Each row needs its own: `z.max(axis=1, keepdims=True)`.",
        ),
        Specimen(
            "The maximum is subtracted in one place only",
            lambda z, y: cross_entropy(z, y) - z.max(axis=1).mean(),
            "Inside the sum stands z - m, outside z alone. With `shifted = z - m`, both places use `shifted`.",
            where=small,
        ),
        Specimen(
            "It sums where it should average",
            lambda z, y: cross_entropy(z, y) * len(y),
            "This is the sum over the batch. It grows with the number of examples. Divide by N: `.mean()`.",
            where=small,
        ),
        Specimen(
            "The losses are not averaged",
            lambda z, y: -_at(_log_softmax(z), y),
            "There is one loss for each example, all of them right. Their mean is asked for, one number.",
            where=small,
        ),
        Specimen(
            "The mean runs over all entries of the one-hot product",
            lambda z, y: cross_entropy(z, y) / z.shape[1],
            "In `one_hot * l` each row has one term and C - 1 zeros. `.mean()` divides by all N * C entries. Sum along "
            "the classes first, then average over the examples.",
            where=small,
        ),
        Specimen(
            "The minus sign is missing",
            lambda z, y: -cross_entropy(z, y),
            "A log-probability is 0 or below. The loss is its negative, 0 or above.",
            where=small,
        ),
        Specimen(
            "The logarithm has base 2",
            lambda z, y: cross_entropy(z, y) / np.log(2),
            "The result is in bits. This series uses the natural logarithm, `np.log`.",
            where=small,
        ),
        Specimen(
            "The logarithm has base 10",
            lambda z, y: cross_entropy(z, y) / np.log(10),
            "This series uses the natural logarithm, `np.log`, the inverse of `np.exp`.",
            where=small,
        ),
        Specimen(
            "Softmax runs along the examples",
            lambda z, y: -_at(_log_softmax(z, axis=0), y).mean(),
            "The sum of the exponentials runs along axis 0, over the batch. The classes are along axis 1.",
            where=small,
        ),
        Specimen(
            "Softmax runs over the whole array",
            lambda z, y: cross_entropy(z, y) - np.log(np.exp(z).sum(axis=1)).mean() + np.log(np.exp(z).sum()),
            "All examples share one sum of exponentials. Each row has its own: `.sum(axis=1, keepdims=True)`.",
            where=small,
        ),
        *_index_slips(_log_softmax, where=small),
        Specimen(
            "The logits are taken for log-probabilities",
            lambda z, y: -_at(z, y).mean(),
            "Logits are no log-probabilities yet: their exponentials do not add up to 1. Log-softmax comes first.",
            where=small,
        ),
        Specimen(
            "The logarithm is missing",
            lambda z, y: -_at(softmax(z), y).mean(),
            "This averages probabilities. The loss is made of their logarithms.",
            where=small,
        ),
        Specimen(
            "One minus the probability",
            lambda z, y: 1 - _at(softmax(z), y).mean(),
            "1 - p is at most 1, however wrong the network is. Cross-entropy is -log p, and has no upper limit.",
            where=small,
        ),
        Specimen(
            "All classes are taken, whatever y says",
            lambda z, y: -_log_softmax(z).sum(axis=1).mean(),
            "The targets are not used. Of each row counts only the element that y names.",
            where=small,
        ),
        Specimen(
            "The squared error of the probabilities",
            lambda z, y: ((softmax(z) - _hot(z, y)) ** 2).sum(axis=1).mean(),
            "This is the mean of the squared distance between p and the one-hot target, another loss. Cross-entropy is "
            "-log p at the target.",
            where=small,
        ),
        *(
            Specimen(
                f"keepdims is forgotten in the {where}",
                mistake,
                f"Without `keepdims=True` the {where} of the rows has shape (N,). NumPy lines it up with the columns: "
                "on a square array column n gets the number of row n, on others it stops. With it the shape is (N, 1).",
                where=small,
            )
            for where, mistake in {
                "sum": lambda z, y: -_at(z - np.log(np.exp(z).sum(axis=1)), y).mean(),
                "maximum": lambda z, y: cross_entropy(z - z.max(axis=1), y),
                "maximum and in the sum": lambda z, y: -_at(_without_keepdims(z), y).mean(),
            }.items()
        ),
        Specimen(
            "The logarithm of the sum is added",
            lambda z, y: -_at(z - largest(z) + np.log(total(np.exp(z - largest(z)))), y).mean(),
            "The logarithm of a quotient is a difference: z - m minus the logarithm of the sum. Or the brackets around "
            "m + log(...) are missing.",
            where=small,
        ),
        Specimen(
            "The logarithm of the sum is added, without the shift",
            lambda z, y: -_at(z + np.log(total(np.exp(z))), y).mean(),
            "The logarithm of a quotient is a difference: z minus the logarithm of the sum. And the shift by the "
            "maximum is missing.",
            where=small,
        ),
        Specimen(
            "One-hot meets log-probabilities without the shift",
            lambda z, y: -(_hot(z, y) * (z - np.log(total(np.exp(z))))).sum(axis=1).mean(),
            "Without the shift `np.exp(1000)` overflows and every log-probability of the row is `-inf`; 0 times `-inf` "
            "is `nan`. Subtract the maximum of each row first: log-softmax is z - m - log(sum exp(z - m)).",
        ),
        Specimen(
            "The maximum is subtracted twice",
            lambda z, y: cross_entropy(z, y) + z.max(axis=1).mean(),
            "Where z - m stands outside the sum, it must stand inside as well. With `shifted = z - m`, both places use "
            "`shifted`.",
            where=small,
        ),
        Specimen(
            "The mean of the exponentials in place of their sum",
            lambda z, y: cross_entropy(z, y) - np.log(z.shape[1]),
            "Log-softmax has the logarithm of a sum over the classes. Their mean is too small by the factor C, and the "
            "loss by log C. The only mean runs over the examples.",
            where=small,
        ),
        Specimen(
            "The sum is divided by the number of classes",
            lambda z, y: cross_entropy(z, y) * len(y) / z.shape[1],
            "The mean over N examples divides by N, the number of rows, `len(y)`. Here the number of classes divides.",
            where=small,
        ),
    ],
)


# --- 05.4 ---------------------------------------------------------------------------------------------------------


def cross_entropy_gradient(z, y):
    """The gradient of the mean cross-entropy with respect to the logits, (p - one_hot(y)) / N: (N, C)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def _through_softmax(p, g):
    """The right VJP of softmax."""
    return p * (g - total(g * p))


def _softmax_without_keepdims(z):
    """Neither the maximum nor the sum is kept as a column."""
    e = np.exp(z - z.max(axis=1))
    return e / e.sum(axis=1)


ONLY_TARGET = (
    "The entry of the target is right, and the others are 0. But when the target's probability grows, the others must "
    "shrink: their gradient is p. They are lost with `s * (1 - s)`, which is only the diagonal of the softmax "
    "Jacobian, and also when the 1 is subtracted from p at the target and nothing else is returned."
)

EXERCISE_4 = Exercise(
    id="05.4",
    title="The gradient of cross-entropy",
    see="The gradient, line by line",
    solution=cross_entropy_gradient,
    probes=[
        (np.array([[0.0, 0.0]]), np.array([0])),
        (np.array([[2.0, 0.0]]), np.array([1])),
        (FAR, np.array([1])),
        (FAR, np.array([0])),
        (TWO_EXAMPLES, np.array([1, 0])),
        (APART, np.array([0, 1])),
        (THREE_CLASSES, np.array([1, 2])),
        (FOUR_EXAMPLES, np.array([2, 0, 1, 1])),
    ],
    specimens=[
        Specimen(
            "1 / N is missing",
            lambda z, y: softmax(z) - _hot(z, y),
            "This is the gradient of the sum of the losses. The loss is the mean over N examples, so each of them "
            "counts 1 / N: divide by `len(y)`.",
            where=small,
        ),
        *_also_without_the_mean(
            Specimen(
                "The sign is wrong",
                lambda z, y: (_hot(z, y) - softmax(z)) / len(y),
                "y - p points downhill, the way a gradient step goes. The gradient points uphill: p - y. A step "
                "subtracts it.",
                where=small,
            )
        ),
        Specimen(
            "It is divided by all N * C entries",
            lambda z, y: (softmax(z) - _hot(z, y)) / z.size,
            "The mean runs over N examples, not over N * C numbers: each example has one loss. Divide by `len(y)`.",
            where=small,
        ),
        Specimen(
            "It is divided by the number of classes",
            lambda z, y: (softmax(z) - _hot(z, y)) / z.shape[1],
            "The mean runs over N examples: divide by `len(y)`, the number of rows. Here the number of classes "
            "divides.",
            where=small,
        ),
        Specimen(
            "It is divided by N twice",
            lambda z, y: (softmax(z) - _hot(z, y)) / len(y) ** 2,
            "1 / N comes once, from the mean over the batch.",
            where=small,
        ),
        Specimen(
            "Only p is divided by N",
            lambda z, y: softmax(z) / len(y) - _hot(z, y),
            "The whole difference is divided: (p - y) / N. Look at the brackets.",
            where=small,
        ),
        Specimen(
            "Only the target is divided by N",
            lambda z, y: softmax(z) - _hot(z, y) / len(y),
            "The whole difference is divided: (p - y) / N. Look at the brackets.",
            where=small,
        ),
        *_also_without_the_mean(
            Specimen(
                "s * (1 - s) is multiplied on top",
                lambda z, y: (softmax(z) - _hot(z, y)) / len(y) * softmax(z) * (1 - softmax(z)),
                "p - y is the gradient with respect to the logits: the softmax is in it already. A second derivative "
                "of softmax counts it twice. And `s * (1 - s)` is only the diagonal of that derivative. The paragraph "
                "“The homework puzzle” has the whole story.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The softmax derivative is applied on top",
                lambda z, y: _through_softmax(softmax(z), (softmax(z) - _hot(z, y)) / len(y)),
                "p - y is the gradient with respect to the logits: the softmax is in it already. Its VJP, applied once "
                "more, counts it twice. The paragraph “The homework "
                "puzzle” has the whole story.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The other classes are forgotten",
                lambda z, y: (softmax(z) - 1) * _hot(z, y) / len(y),
                ONLY_TARGET,
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The gradient with respect to the probabilities",
                lambda z, y: -_hot(z, y) / softmax(z) / len(y),
                "-y / p is the gradient with respect to p. From there it has still to pass through the softmax; what "
                "comes out is p - y.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The gradient with respect to the log-probabilities",
                lambda z, y: -_hot(z, y) / len(y),
                "-y is the gradient with respect to l. From there it has still to pass through the log-softmax, which "
                "adds p.",
                where=small,
            )
        ),
        Specimen(
            "Two gradients are multiplied that may overflow",
            lambda z, y: _through_softmax(softmax(z), -_hot(z, y) / softmax(z) / len(y)),
            "-y / p, then the VJP of softmax, is right on paper. But where p underflows to 0, it is 0 times infinity, "
            "`nan`. The product is p - y, and needs no division. The paragraph “Clipping” has an example.",
        ),
        Specimen(
            "The gradient of a clipped loss",
            lambda z, y: cross_entropy_gradient(z, y) * (_at(softmax(z), y) > 1e-100)[:, None],
            "Where the probability of the target is very small, this gives 0: the examples that are most wrong teach "
            "nothing. The gradient is p - y there too. The paragraph “Clipping” shows it.",
        ),
        *_also_without_the_mean(
            Specimen(
                "Nothing is subtracted",
                lambda z, y: softmax(z) / len(y),
                "This pushes all logits down, the target's too. At the target, 1 is subtracted from p.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "1 is subtracted everywhere",
                lambda z, y: (softmax(z) - 1) / len(y),
                "`p - 1` subtracts from every class. Only the target's element loses 1: `p[np.arange(len(y)), y] -= "
                "1`.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The class numbers are subtracted as they stand",
                lambda z, y: (softmax(z) - y) / len(y),
                "y holds class numbers, shape (N,). NumPy subtracts them column by column if N = C, and stops if not. "
                "In p - y each is a one-hot row: a 1 at the target, 0 elsewhere. Make those rows first.",
                where=small,
            )
        ),
        Specimen(
            "The class number is subtracted",
            lambda z, y: (softmax(z) - y[:, None]) / len(y),
            "y is a class number here. What is subtracted from p is its one-hot row: a 1 at the target, 0 elsewhere.",
            where=small,
        ),
        Specimen(
            "1 is subtracted from whole rows",
            lambda z, y: (softmax(z) - _filled(z, y)) / len(y),
            "`p[y] -= 1` changes the rows whose numbers stand in y. `p[np.arange(len(y)), y] -= 1` changes one element "
            "in each row.",
            where=small,
        ),
        Specimen(
            "1 is subtracted from whole columns",
            lambda z, y: (softmax(z) - _filled(z, (slice(None), y))) / len(y),
            "`p[:, y] -= 1` changes every class of the batch in every row. `p[np.arange(len(y)), y] -= 1` pairs row n "
            "with y[n].",
            where=small,
        ),
        Specimen(
            "The two indices are swapped",
            lambda z, y: (softmax(z) - _filled(z, (y, np.arange(len(y))))) / len(y),
            SWAPPED.format(name="p"),
            where=small,
        ),
        Specimen(
            "The classes are counted from 1",
            lambda z, y: cross_entropy_gradient(z, y - 1),
            FROM_ONE,
            where=small,
        ),
        Specimen(
            "1 is added at the target",
            lambda z, y: (softmax(z) + _hot(z, y)) / len(y),
            "This would push the target down hardest. At the target, 1 is subtracted from p.",
            where=small,
        ),
        Specimen(
            "The logits stand in place of the probabilities",
            lambda z, y: (z - _hot(z, y)) / len(y),
            "z - y compares scores with a probability of 1. Take the softmax of z first.",
            where=small,
        ),
        Specimen(
            "The log-probabilities stand in place of the probabilities",
            lambda z, y: (_log_softmax(z) - _hot(z, y)) / len(y),
            "The gradient of log-sum-exp is the softmax itself, without a logarithm.",
            where=small,
        ),
        Specimen(
            "Softmax runs along the examples",
            lambda z, y: (softmax(z, axis=0) - _hot(z, y)) / len(y),
            "The sum of the exponentials runs along axis 0, over the batch. The classes are along axis 1.",
            where=small,
        ),
        Specimen(
            "The gradients of the examples are added up",
            lambda z, y: cross_entropy_gradient(z, y).sum(axis=0),
            "A gradient has the shape of what it belongs to: z has shape (N, C), and each logit has its own.",
            where=small,
        ),
        Specimen(
            "The shift is missing",
            lambda z, y: (share(np.exp(z)) - _hot(z, y)) / len(y),
            "`np.exp(1000)` overflows, and `inf / inf` is `nan`. Subtract the maximum of each row before `np.exp`.",
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, y: (share(np.exp(z - z.max())) - _hot(z, y)) / len(y),
            "One maximum serves all rows. In a row far below it every exponential underflows to 0, and `0 / 0` is "
            "`nan`. Each row needs its own: `z.max(axis=1, keepdims=True)`.",
        ),
        *(
            Specimen(
                f"keepdims is forgotten in the {where}",
                mistake,
                f"Without `keepdims=True` the {where} of the rows has shape (N,). NumPy lines it up with the columns: "
                "on a square array column n gets the number of row n, on others it stops. With it the shape is (N, 1).",
                where=small,
            )
            for where, mistake in {
                "sum": lambda z, y: (np.exp(z) / np.exp(z).sum(axis=1) - _hot(z, y)) / len(y),
                "maximum": lambda z, y: cross_entropy_gradient(z - z.max(axis=1), y),
                "maximum and in the sum": lambda z, y: (_softmax_without_keepdims(z) - _hot(z, y)) / len(y),
            }.items()
        ),
        *_also_without_the_mean(
            Specimen(
                "Softmax runs over the whole array",
                lambda z, y: (np.exp(z) / np.exp(z).sum() - _hot(z, y)) / len(y),
                "All examples share one sum of exponentials. Each row has its own: `.sum(axis=1, keepdims=True)`.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "-1 replaces p at the target",
                lambda z, y: np.where(_hot(z, y) == 1, -1, softmax(z)) / len(y),
                "`p[...] = -1` writes -1 there, and p is lost. `p[...] -= 1` subtracts 1 from it.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "Softmax is applied twice",
                lambda z, y: (softmax(softmax(z)) - _hot(z, y)) / len(y),
                "z holds logits. One softmax makes probabilities of them, a second one nearly equal probabilities.",
                where=small,
            )
        ),
        Specimen(
            "The logits are clipped",
            lambda z, y: cross_entropy_gradient(np.clip(z, -500, 500), y),
            "Clipping avoids the overflow, but logits beyond the bounds become equal, and their difference is lost: "
            "1000 and 999 both become 500. Subtracting the maximum of each row keeps all differences.",
        ),
    ],
)


# --- 05.5 ---------------------------------------------------------------------------------------------------------


def soft_gradient(z, q):
    """The gradient of the mean of -sum(q * l) with respect to the logits, (p * sum(q) - q) / N: (N, C)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (p * q.sum(axis=1, keepdims=True) - q) / len(z)


EXERCISE_5 = Exercise(
    id="05.5",
    title="The gradient for soft targets",
    see="The gradient for soft targets",
    solution=soft_gradient,
    probes=[
        (np.array([[1.0, 0.0]]), np.array([[0.25, 0.75]])),
        (np.array([[1.0, 0.0]]), np.array([[2.0, 1.0]])),
        (np.array([[0.0, 2.0]]), np.array([[0.0, 0.0]])),
        (FAR, np.array([[0.5, 1.0]])),
        (TWO_EXAMPLES, np.array([[0.5, 1.0], [2.0, 0.25]])),
        (APART, np.array([[0.5, 0.5], [1.0, 0.5]])),
        (THREE_CLASSES, np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 2.0]])),
        (FOUR_EXAMPLES, np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.25], [1.0, 0.2, 0.3]])),
    ],
    specimens=[
        *_also_without_the_mean(
            Specimen(
                "The sum of the targets is taken for 1",
                lambda z, q: (softmax(z) - q) / len(z),
                "p - q is right where each row of q adds up to 1. In general log-sum-exp stands in the loss sum(q) "
                "times, and its gradient, p, with it: p * sum(q) - q.",
                where=small,
            )
        ),
        Specimen(
            "1 / N is missing",
            lambda z, q: softmax(z) * total(q) - q,
            "This is the gradient of the sum of the losses. The loss is the mean over N examples: divide by `len(z)`.",
            where=small,
        ),
        Specimen(
            "It is divided by all N * C entries",
            lambda z, q: (softmax(z) * total(q) - q) / z.size,
            "The mean runs over N examples, not over N * C numbers. Divide by `len(z)`.",
            where=small,
        ),
        *_also_without_the_mean(
            Specimen(
                "The sign is wrong",
                lambda z, q: (q - softmax(z) * total(q)) / len(z),
                "This points downhill, the way a gradient step goes. The gradient points uphill: p * sum(q) - q.",
                where=small,
            )
        ),
        Specimen(
            "The targets of the whole batch are added up",
            lambda z, q: (softmax(z) * q.sum() - q) / len(z),
            "`q.sum()` is one number for the whole batch. Each example has its own sum: `q.sum(axis=1, "
            "keepdims=True)`.",
            where=small,
        ),
        Specimen(
            "The targets are added up along the examples",
            lambda z, q: (softmax(z) * q.sum(axis=0) - q) / len(z),
            "`q.sum(axis=0)` adds over the batch, one sum for each class. Each example has its own sum, along axis 1.",
            where=small,
        ),
        Specimen(
            "keepdims is forgotten in the sum of the targets",
            lambda z, q: (softmax(z) * q.sum(axis=1) - q) / len(z),
            "The sums have shape (N,). NumPy lines them up with the columns: on a square array column n gets the sum "
            "of row n, on others it stops. With `keepdims=True` their shape is (N, 1), one for each row.",
            where=small,
        ),
        Specimen(
            "The mean of the targets in place of their sum",
            lambda z, q: (softmax(z) * q.mean(axis=1, keepdims=True) - q) / len(z),
            "Each of the C terms of the loss brings its q times log-sum-exp: they add up. The mean divides them by C.",
            where=small,
        ),
        Specimen(
            "Both terms are multiplied by the sum",
            lambda z, q: (softmax(z) - q) * total(q) / len(z),
            "Only p is multiplied by the sum of the targets. Of -sum(q * z), the other part of the loss, the gradient "
            "is -q as it stands.",
            where=small,
        ),
        Specimen(
            "The targets are made to add up to 1",
            lambda z, q: (softmax(z) - q / np.where(total(q) == 0, 1, total(q))) / len(z),
            "Dividing q by its sum makes another loss: an example with larger targets would no longer count more. Take "
            "q as it is, and multiply p by the sum.",
            where=lambda z, q: small(z, q) and bool((total(q) > 0).all()),  # 0 / 0 may be handled or not
        ),
        *_also_without_the_mean(
            Specimen(
                "Each class is treated as if it were the target",
                lambda z, q: (softmax(z) - 1) * q / len(z),
                "(p - 1) * q keeps only what each class does to itself. Its logit also lowers the log-probabilities of "
                "all the other classes: p * (sum of q) in all, minus q.",
                where=small,
            )
        ),
        Specimen(
            "The largest target takes all",
            lambda z, q: (softmax(z) - _hot(z, q.argmax(axis=1))) / len(z),
            "`argmax` makes a class index of the soft target, and what it says of the other classes is lost.",
            where=small,
        ),
        Specimen(
            "The targets are not subtracted",
            lambda z, q: softmax(z) * total(q) / len(z),
            "This is the gradient of the log-sum-exp part alone. Of -sum(q * z), the other part of the loss, the "
            "gradient is -q.",
            where=small,
        ),
        *_also_without_the_mean(
            Specimen(
                "The gradient with respect to the log-probabilities",
                lambda z, q: -q / len(z),
                "-q is the gradient with respect to l. From there it has still to pass through log-softmax: g - p * "
                "sum(g).",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The gradient with respect to the probabilities",
                lambda z, q: -q / softmax(z) / len(z),
                "-q / p is the gradient with respect to p. From there it has still to pass through softmax.",
                where=small,
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The gradient with respect to the targets",
                lambda z, q: -_log_softmax(z) / len(z),
                "-l is the gradient with respect to q. Asked is for the one with respect to z.",
                where=small,
            )
        ),
        Specimen(
            "Softmax runs along the examples",
            lambda z, q: (softmax(z, axis=0) * total(q) - q) / len(z),
            "The sum of the exponentials runs along axis 0, over the batch. The classes are along axis 1.",
            where=small,
        ),
        Specimen(
            "The shift is missing",
            lambda z, q: (share(np.exp(z)) * total(q) - q) / len(z),
            "`np.exp(1000)` overflows, and `inf / inf` is `nan`. Subtract the maximum of each row before `np.exp`.",
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, q: (share(np.exp(z - z.max())) * total(q) - q) / len(z),
            "One maximum serves all rows. In a row far below it every exponential underflows to 0, and `0 / 0` is "
            "`nan`. Each row needs its own: `z.max(axis=1, keepdims=True)`.",
        ),
        Specimen(
            "It is divided by the number of classes",
            lambda z, q: (softmax(z) * total(q) - q) / z.shape[1],
            "The mean runs over N examples: divide by `len(z)`. Here the number of classes divides.",
            where=small,
        ),
        Specimen(
            "It is divided by the sum of all targets",
            lambda z, q: (softmax(z) * total(q) - q) / q.sum(),
            "The mean runs over N examples, whatever their targets add up to. Divide by `len(z)`.",
            where=lambda z, q: small(z, q) and bool(q.sum() > 0),
        ),
        Specimen(
            "The logits stand in place of the probabilities",
            lambda z, q: (z * total(q) - q) / len(z),
            "The gradient of log-sum-exp is the softmax of z. Take that first.",
            where=small,
        ),
    ],
)


# --- 05.6 ---------------------------------------------------------------------------------------------------------


def loss_node_gradient(p, y):
    """The gradient of the mean of -log p[n, y_n] with respect to p: -1 / (N p) at the target, 0 elsewhere: (N, C)."""
    g = np.zeros(p.shape)
    n = np.arange(len(y))
    g[n, y] = -1 / (len(y) * p[n, y])
    return g


EXERCISE_6 = Exercise(
    id="05.6",
    title="The gradient of the loss node",
    see="The homework puzzle",
    solution=loss_node_gradient,
    probes=[
        (np.array([[0.75, 0.25]]), np.array([0])),
        (np.array([[0.75, 0.25]]), np.array([1])),
        (np.array([[1e-15, 1.0]]), np.array([0])),
        (np.array([[0.4, 0.6], [0.2, 0.8]]), np.array([1, 0])),
        (np.array([[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]]), np.array([1, 2])),
        (
            np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.25, 0.25, 0.5], [0.1, 0.7, 0.2]]),
            np.array([2, 0, 1, 1]),
        ),
    ],
    specimens=[
        *_also_without_the_mean(
            Specimen(
                "The answer of the fused node, p - y",
                lambda p, y: (p - _hot(p, y)) / len(y),
                "(p - y) / N is the gradient with respect to the logits: a softmax derivative is in it. The loss node "
                "alone sees probabilities: of -log p the derivative is -1 / p.",
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "-1 / p in every class",
                lambda p, y: -1 / (len(y) * p),
                "The loss reads one element of each row, that of the target. Its gradient with respect to all others "
                "is 0.",
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The sign is wrong",
                lambda p, y: -loss_node_gradient(p, y),
                "The loss falls when the probability of the target grows, so its gradient there is negative: -1 / p.",
            )
        ),
        Specimen(
            "1 / N is missing",
            lambda p, y: loss_node_gradient(p, y) * len(y),
            "This is the gradient of the sum of the losses. The loss is the mean over N examples: divide by `len(y)`.",
        ),
        Specimen(
            "It is divided by all N * C entries",
            lambda p, y: loss_node_gradient(p, y) / p.shape[1],
            "The mean runs over N examples, not over N * C numbers. Divide by `len(y)`.",
        ),
        Specimen(
            "The probability itself, with a minus sign",
            lambda p, y: -_hot(p, y) * p / len(y),
            "The derivative of log p is 1 / p, not p. Multiplying one-hot by p keeps the right element; divide by it.",
        ),
        Specimen(
            "The loss in place of its gradient",
            lambda p, y: -_hot(p, y) * np.log(p) / len(y),
            "-log p at the target is the loss. Its derivative is -1 / p.",
        ),
        Specimen(
            "The derivative of the logarithm is missing",
            lambda p, y: -_hot(p, y) / len(y),
            "This is the gradient with respect to the log-probabilities. With respect to p, the chain rule brings "
            "the derivative of the logarithm: 1 / p.",
        ),
        Specimen(
            "One number for each example",
            lambda p, y: -1 / (len(y) * _at(p, y)),
            "These are the right numbers, but a gradient has the shape of what it belongs to: p has shape (N, C). The "
            "classes that the loss does not read have gradient 0.",
        ),
        Specimen(
            "The probabilities are clipped",
            lambda p, y: loss_node_gradient(np.maximum(p, 1e-12), y),
            "Clipping p at a small number limits the gradient. The derivative of -log p is -1 / p, however small p is. "
            "The paragraph “Clipping” shows what clipping costs.",
        ),
        Specimen(
            "The gradient of a clipped loss",
            lambda p, y: loss_node_gradient(p, y) * (p > 1e-12),
            "Where p lies below the clip, the loss is constant and its gradient 0: nothing is learnt there. The "
            "derivative of -log p is -1 / p, however small p is. The paragraph “Clipping” shows it.",
        ),
        Specimen(
            "Whole rows are filled",
            lambda p, y: _filled(p, y, (-1 / (len(y) * _at(p, y)))[:, None]),
            "`g[y] = ...` fills the rows whose numbers stand in y. `g[np.arange(len(y)), y] = ...` fills one element "
            "in each row.",
        ),
        Specimen(
            "The two indices are swapped",
            lambda p, y: _filled(p, (y, np.arange(len(y))), -1 / (len(y) * p[y, np.arange(len(y))])),
            SWAPPED.format(name="g"),
        ),
        Specimen(
            "The classes are counted from 1",
            lambda p, y: loss_node_gradient(p, y - 1),
            FROM_ONE,
        ),
        *_also_without_the_mean(
            Specimen(
                "The class numbers stand in the formula as they are",
                lambda p, y: -y / (len(y) * p),
                "In -y / p, y stands for one-hot rows. Here it holds class numbers, shape (N,): NumPy lines them up "
                "with the columns of a square array, and stops on others. Make the rows first, or use the index.",
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The class number in place of one-hot",
                lambda p, y: -y[:, None] / (len(y) * p),
                "In -y / p, y stands for a one-hot row: 1 at the target, 0 elsewhere. Here it is a class number.",
            )
        ),
        *_also_without_the_mean(
            Specimen(
                "The other classes get 1 / (1 - p)",
                lambda p, y: np.where(_hot(p, y) == 1, -1 / p, 1 / np.where(p == 1, np.inf, 1 - p)) / len(y),
                "This belongs to a loss that asks of every class by itself whether it is the target (binary "
                "cross-entropy). Here the loss reads the target alone: all others get 0.",
                where=lambda p, y: bool((p < 1).all()),
            )
        ),
        Specimen(
            "The probabilities are squared",
            lambda p, y: -_hot(p, y) / p**2 / len(y),
            "1 / p squared is the size of the derivative of 1 / p. The derivative of log p is 1 / p.",
        ),
        *_also_without_the_mean(
            Specimen(
                "The other entries keep their probabilities",
                lambda p, y: np.where(_hot(p, y) == 1, loss_node_gradient(p, y), p),
                "The targets are right, but the result was written into p, or a copy of it, and the other entries "
                "stayed. They must be 0. Start from zeros: `g = np.zeros(p.shape)`.",
            )
        ),
        Specimen(
            "Whole columns are filled",
            lambda p, y: _filled(p, (slice(None), y), -1 / (len(y) * p[:, y])),
            "`g[:, y] = ...` fills every class of the batch in every row. `g[np.arange(len(y)), y] = ...` pairs row n "
            "with y[n].",
        ),
        Specimen(
            "Whole columns are filled, each with one number",
            lambda p, y: _filled(p, (slice(None), y), -1 / (len(y) * _at(p, y))),
            "The numbers are right, the places are not: `g[:, y] = ...` fills every class of the batch in every row. "
            "`g[np.arange(len(y)), y] = ...` pairs row n with y[n].",
        ),
        Specimen(
            "It is divided by the number of classes",
            lambda p, y: loss_node_gradient(p, y) * len(y) / p.shape[1],
            "The mean runs over N examples: divide by `len(y)`. Here the number of classes divides.",
        ),
        Specimen(
            "A small number is added to the probabilities",
            lambda p, y: loss_node_gradient(p + 1e-12, y),
            "Adding 1e-12 changes the gradient where p is small. The derivative of -log p is -1 / p, however small p "
            "is. The paragraph “Clipping” shows what it costs.",
        ),
        *_also_without_the_mean(
            Specimen(
                "p (1 - p) is multiplied on top",
                lambda p, y: -_hot(p, y) * (1 - p) / len(y),
                "This is the answer of the second student. p (1 - p) belongs to the softmax node, and is only a part "
                "of its derivative. The loss node alone has -y / p.",
            )
        ),
    ],
)


# --- 05.7 ---------------------------------------------------------------------------------------------------------


def nll_along(l, y, axis):
    """-l at the class that y names, with the classes along axis: one loss an example, so the shape of y."""
    return -np.take_along_axis(l, np.expand_dims(y, axis), axis).squeeze(axis)


def _hot_along(l, y, axis):
    """y as one-hot, the classes along axis: the shape of l."""
    return np.moveaxis(np.eye(l.shape[axis])[y], -1, axis)


STACK = np.array(
    [
        [[-0.5, -1.0], [-2.0, -0.25], [-3.0, -4.0]],
        [[-1.5, -0.1], [-0.2, -2.5], [-0.3, -0.7]],
    ]
)


EXERCISE_7 = Exercise(
    id="05.7",
    title="Any class axis",
    see="Any class axis",
    solution=nll_along,
    probes=[
        (np.array([[-0.5, -1.0]]), np.array([1]), 1),
        (np.array([[-0.5], [-1.0]]), np.array([1]), 0),
        (np.array([[-0.25, -np.inf]]), np.array([0]), 1),
        (np.array([[-0.5, -1.0], [-2.0, -0.25]]), np.array([1, 0]), 1),
        (np.array([[-0.5, -1.0], [-2.0, -0.25]]), np.array([0, 1]), 0),
        (np.array([[-0.5, -1.0, -1.5], [-2.0, -0.25, -3.0]]), np.array([2, 0]), -1),
        (np.array([[-0.5, -1.0, -1.5], [-2.0, -0.25, -3.0]]), np.array([1, 0, 1]), 0),
        (STACK, np.array([[2, 0], [1, 2]]), 1),
        (STACK, np.array([[0, 1, 1], [1, 1, 0]]), 2),
        (STACK, np.array([[0, 1], [1, 1], [0, 0]]), 0),
    ],
    specimens=[
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda l, y, axis: nll_along(l, y, 1),
            "The argument `axis` is not used. It says where the classes are.",
        ),
        Specimen(
            "Axis 0 is used, whatever axis says",
            lambda l, y, axis: nll_along(l, y, 0),
            "The argument `axis` is not used. It says where the classes are.",
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda l, y, axis: nll_along(l, y, -1),
            "The argument `axis` is not used. It says where the classes are.",
        ),
        Specimen(
            "Pairs of two indices",
            lambda l, y, axis: -l[np.arange(len(y)), y],
            "`l[np.arange(len(y)), y]` is right for two axes with the classes along the second. `np.take_along_axis` "
            "does the same along any axis.",
        ),
        Specimen(
            "The class axis is still there",
            lambda l, y, axis: -np.take_along_axis(l, np.expand_dims(y, axis), axis),
            "The numbers are right, but the class axis is still there with size 1. Remove it: `.squeeze(axis)`.",
        ),
        Specimen(
            "squeeze without an axis",
            lambda l, y, axis: nll_along(l, y, axis).squeeze(),
            "`squeeze()` removes every axis of size 1, also that of a single example. Name the axis: `.squeeze(axis)`.",
        ),
        Specimen(
            "The minus sign is missing",
            lambda l, y, axis: -nll_along(l, y, axis),
            "A log-probability is 0 or below. The loss is its negative.",
        ),
        Specimen(
            "The losses are averaged",
            lambda l, y, axis: nll_along(l, y, axis).mean(),
            "One loss for each example is asked for here, in the shape of y.",
        ),
        Specimen(
            "The losses are added up",
            lambda l, y, axis: nll_along(l, y, axis).sum(),
            "One loss for each example is asked for here, in the shape of y.",
        ),
        Specimen(
            "Every place is taken with every target",
            lambda l, y, axis: -np.take(l, y, axis=axis),
            "`np.take` takes all the classes in y at every place. `np.take_along_axis` pairs each place with its own.",
        ),
        Specimen(
            "y has no class axis yet",
            lambda l, y, axis: -np.take_along_axis(l, y, axis),
            "`np.take_along_axis` wants indices with as many axes as `l` has. Put the class axis back with size 1: "
            "`np.expand_dims(y, axis)`.",
        ),
        Specimen(
            "The largest log-probability is taken, whatever y says",
            lambda l, y, axis: -l.max(axis=axis),
            "This is how sure the network is of its own choice. The loss asks how sure it is of the target.",
        ),
        Specimen(
            "All classes are added up, whatever y says",
            lambda l, y, axis: -l.sum(axis=axis),
            "The targets are not used. Only the class that y names counts.",
        ),
        Specimen(
            "The classes are counted from 1",
            lambda l, y, axis: nll_along(l, (y - 1) % l.shape[axis], axis),
            FROM_ONE,
        ),
        Specimen(
            "The logarithm is taken again",
            lambda l, y, axis: -np.log(-nll_along(l, y, axis)),
            "`l` holds logarithms already. They are below 0, where a second logarithm is `nan`.",
        ),
        Specimen(
            "One-hot meets an impossible class",
            lambda l, y, axis: -np.where(_hot_along(l, y, axis) == 1, l, 0 * l).sum(axis=axis),
            "A class that is impossible has the log-probability `-inf`. Where it is not the target, one-hot has a 0, "
            "and 0 times `-inf` is `nan`. `np.take_along_axis` never touches it. The paragraph “By one-hot” has an "
            "example.",
        ),
        Specimen(
            "The classes of one-hot are along the last axis",
            lambda l, y, axis: -(np.eye(l.shape[axis])[y] * l).sum(axis=axis),
            "`np.eye(C)[y]` puts the classes last, while those of `l` are along `axis`. `np.moveaxis(..., -1, axis)` "
            "would bring them there; `np.take_along_axis` needs no one-hot.",
            where=_finite,
        ),
        Specimen(
            "The array is reshaped, without moving the class axis",
            lambda l, y, axis: -_at(l.reshape(-1, l.shape[axis]), y.ravel()).reshape(y.shape),
            "`reshape` cuts the numbers into rows in the order of memory: the rows hold one example each only if the "
            "classes are along the last axis. Move them there first: `np.moveaxis(l, axis, -1)`.",
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4, EXERCISE_5, EXERCISE_6, EXERCISE_7]
