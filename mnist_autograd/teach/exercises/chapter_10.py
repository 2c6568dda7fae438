"""The exercises of chapter 10: calibration and label smoothing. For each the solution, the probes and the mistakes.

Shapes: p probabilities and z logits (N, C), y class indices (N,); temperatures is a list of numbers.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..topics.formulas import share, softmax, total
from .shared import APART, FOUR_EXAMPLES, THREE_CLASSES, small
from .task import Exercise, Specimen

# --- 10.1 ---------------------------------------------------------------------------------------------------------


def expected_calibration_error(p, y, bins):
    """The mean size, over the examples, of the gap between confidence and accuracy in their bin: a number."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.ceil(confidence * bins)
    gaps = [(confidence[place == i] - right[place == i]).sum() for i in range(1, bins + 1)]
    return np.abs(gaps).sum() / len(y)


def _in_bins(p, y, bins, sure=None, right=None, ends=np.ceil):
    """For each bin with examples: how many there are, their mean confidence, and the share that is right."""
    sure = p.max(axis=1) if sure is None else sure
    right = p.argmax(axis=1) == y if right is None else right
    place = ends(sure * bins)
    held = [place == i for i in np.unique(place)]
    return (np.array(x) for x in zip(*((h.sum(), sure[h].mean(), right[h].mean()) for h in held)))


def _ece(p, y, bins, **changed):
    """The right way, with another confidence or another idea of what is right."""
    n, sure, right = _in_bins(p, y, bins, **changed)
    return (n * np.abs(sure - right)).sum() / n.sum()


def _of_gaps(reduce):
    """reduce(n, gaps, N, bins) in place of the weighted mean."""

    def error(p, y, bins):
        n, sure, right = _in_bins(p, y, bins)
        return reduce(n, sure - right, len(y), bins)

    return error


def _true_class(p, y):
    return p[np.arange(len(y)), y]


def _placed(place, kept=lambda i, bins: True, reduce=lambda sums, p, bins: np.abs(sums).sum() / len(p)):
    """Sums of (confidence - right) over the examples of each place(sure, bins) that is kept(i, bins), then reduced."""

    def error(p, y, bins):
        sure, right = p.max(axis=1), p.argmax(axis=1) == y
        at = place(sure, bins)
        return reduce(np.array([(sure - right)[at == i].sum() for i in np.unique(at) if kept(i, bins)]), p, bins)

    return error


def _up(sure, bins):
    return np.ceil(sure * bins)


def _down(sure, bins):
    return np.floor(sure * bins)


def _from_least_to_most(sure, bins):
    """The bins that np.histogram makes of itself: from the smallest confidence to the largest."""
    return np.searchsorted(np.linspace(sure.min(), sure.max(), bins + 1)[1:-1], sure)


def _equally_full(sure, bins):
    """In each bin about as many examples as in any other: bin 0 has the least sure ones."""
    place = np.empty(len(sure))
    for i, members in enumerate(np.array_split(np.argsort(sure), bins)):
        place[members] = i
    return place


def _both_ends(p, y, bins):
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    edges = np.arange(bins + 1) / bins
    held = [(low <= sure) & (sure <= high) for low, high in pairwise(edges)]
    return sum(abs((sure - right)[h].sum()) for h in held) / len(y)


def _along_examples(p, y, bins):
    sure, right = p.max(axis=0), p.argmax(axis=0) == y
    place = np.ceil(sure * bins)
    return sum(abs((sure - right)[place == i].sum()) for i in np.unique(place)) / len(y)


def _several(p, y, bins):
    return len(y) > 1


def _centres(p, y, bins):
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.ceil(sure * bins)
    return sum(abs(((i - 0.5) / bins - right[place == i]).sum()) for i in range(1, bins + 1)) / len(y)


FOUR = np.array([[0.95, 0.05], [0.93, 0.07], [0.91, 0.09], [0.35, 0.65]])
SIX = np.array(
    [
        [0.92, 0.05, 0.03],
        [0.02, 0.97, 0.01],
        [0.1, 0.15, 0.75],
        [0.72, 0.2, 0.08],
        [0.55, 0.42, 0.03],
        [0.32, 0.33, 0.35],
    ]
)

EXERCISE_1 = Exercise(
    id="10.1",
    title="Expected calibration error",
    see="The gap, as one number",
    solution=expected_calibration_error,
    probes=[
        (np.array([[0.95, 0.05]]), np.array([0]), 10),
        (np.array([[0.65, 0.35]]), np.array([1]), 10),
        (np.array([[1.0, 0.0]]), np.array([1]), 10),
        (np.array([[0.95, 0.05], [0.07, 0.93]]), np.array([0, 0]), 10),
        (np.array([[0.95, 0.05], [0.35, 0.65]]), np.array([1, 1]), 10),
        (np.array([[0.95, 0.05], [0.35, 0.65]]), np.array([0, 1]), 10),
        (np.array([[0.75, 0.25], [0.8, 0.2]]), np.array([1, 0]), 4),
        (FOUR, np.array([0, 1, 1, 1]), 10),
        (FOUR, np.array([0, 0, 1, 0]), 5),
        (SIX, np.array([0, 1, 2, 1, 0, 1]), 10),
        (SIX, np.array([0, 0, 2, 0, 1, 2]), 4),
    ],
    specimens=[
        Specimen(
            "The bins are not weighted: the mean over the bins that hold something",
            _of_gaps(lambda n, gaps, N, bins: np.abs(gaps).mean()),
            "A bin with 1 example counts here as much as one with 1000. The error is expected over examples: each bin "
            "counts by its share of them, n / N.",
        ),
        Specimen(
            "The bins are not weighted: the mean over all bins, the empty ones too",
            _of_gaps(lambda n, gaps, N, bins: np.abs(gaps).sum() / bins),
            "Empty bins have a gap of 0 and make the mean small, and a bin with 1 example counts as much as one with "
            "1000. Each bin counts by its share of the examples, n / N.",
        ),
        Specimen(
            "The bins are not weighted: the gaps are added",
            _of_gaps(lambda n, gaps, N, bins: np.abs(gaps).sum()),
            "A sum of gaps grows with the number of bins. Each gap is multiplied by the share of the examples that lie "
            "in its bin, n / N; these shares add up to 1.",
        ),
        Specimen(
            "The sum is not divided by the number of examples",
            _of_gaps(lambda n, gaps, N, bins: (n * np.abs(gaps)).sum()),
            "n times the gap, added up, grows with the batch. The weight of a bin is its share of the examples, n / N.",
        ),
        Specimen(
            "Signed gaps, which cancel",
            _of_gaps(lambda n, gaps, N, bins: (n * gaps).sum() / N),
            "Too sure in one bin and too timid in another must not cancel. Take the absolute value of the gap in each "
            "bin, before you add. Without it the bins play no part: the sum is mean confidence minus accuracy.",
            where=_several,
        ),
        Specimen(
            "Signed gaps, accuracy minus confidence",
            _of_gaps(lambda n, gaps, N, bins: -(n * gaps).sum() / N),
            "Too sure in one bin and too timid in another must not cancel, and an error is not negative. Take the "
            "absolute value of the gap in each bin, before you add.",
            where=_several,
        ),
        Specimen(
            "The absolute value comes last",
            _of_gaps(lambda n, gaps, N, bins: abs((n * gaps).sum()) / N),
            "Added first, the gaps of different bins cancel, and the bins play no part. Take the absolute value in "
            "each bin, then add.",
            where=_several,
        ),
        Specimen(
            "The absolute value of each example, without bins",
            lambda p, y, bins: np.abs(p.max(axis=1) - (p.argmax(axis=1) == y)).mean(),
            "One example is right or wrong, never right by 90 %. Its distance from its confidence says nothing about "
            "calibration. Only the mean over the examples of a bin can be compared with their confidence.",
        ),
        Specimen(
            "The largest gap in place of the mean",
            _of_gaps(lambda n, gaps, N, bins: np.abs(gaps).max()),
            "This is the maximum calibration error. It is often the gap of a bin with very few examples. The expected "
            "one is the mean over the examples.",
        ),
        Specimen(
            "Squared gaps",
            _of_gaps(lambda n, gaps, N, bins: (n * gaps**2).sum() / N),
            "The error is the mean of the absolute gaps. Squares shrink small gaps: 0.1 becomes 0.01.",
        ),
        Specimen(
            "The confidence is the mean of all probabilities",
            lambda p, y, bins: _ece(p, y, bins, sure=p.mean(axis=1)),
            "The mean of the probabilities of an example is 1 / C, whatever the network says. Its confidence is the "
            "largest of them: `p.max(axis=1)`.",
        ),
        Specimen(
            "The confidence is the probability of the true class",
            lambda p, y, bins: _ece(p, y, bins, sure=_true_class(p, y)),
            "The classifier does not know the true class when it says how sure it is. Its confidence is its largest "
            "probability: `p.max(axis=1)`.",
        ),
        Specimen(
            "The share of wrong answers",
            lambda p, y, bins: _ece(p, y, bins, right=p.argmax(axis=1) != y),
            "Confidence is compared with the share that is right: `p.argmax(axis=1) == y`.",
        ),
        Specimen(
            "All bins get the accuracy of the whole",
            lambda p, y, bins: _ece(p, y, bins, right=np.full(len(y), (p.argmax(axis=1) == y).mean())),
            "Each bin has its own accuracy: the share of *its* examples that is right. Select them first, then take "
            "the mean.",
        ),
        Specimen(
            "The probabilities of all classes are binned",
            lambda p, y, bins: _ece(p, y, bins, sure=p.ravel(), right=np.eye(p.shape[1])[y].ravel()),
            "Every class of every example goes into a bin here. That is another measure, of all probabilities. This "
            "one looks at the answer alone: one confidence, the largest, for each example.",
        ),
        Specimen(
            "The middle of the bin in place of the mean confidence",
            _centres,
            "Where the examples lie in a bin matters: in the bin from 0.9 to 1 they may all be near 0.99. Compare the "
            "accuracy with their mean confidence.",
        ),
        Specimen(
            "A confidence of exactly 1 is in no bin",
            _placed(_down, lambda i, bins: i < bins),
            "Bins that are closed below, `low <= confidence < high`, or `np.floor(confidence * bins)`, or "
            "`np.digitize` with the edges, leave out a confidence of exactly 1. Here bins are closed above: "
            "`low < confidence <= high`, or `np.ceil(confidence * bins)`, which gives 1 to bins.",
        ),
        Specimen(
            "A confidence on an edge goes to the bin above",
            _placed(lambda sure, bins: np.minimum(_down(sure, bins), bins - 1)),
            "That is a convention that is also in use. Here a bin holds what is above its lower end, up to its upper "
            "end, so with 4 bins 0.75 is in the third: `low < confidence <= high`, or `np.ceil(confidence * bins)`.",
        ),
        Specimen(
            "A confidence on an edge is counted in both bins",
            _both_ends,
            "`(low <= confidence) & (confidence <= high)` holds in two bins for an edge between them. Close one end "
            "only: `low < confidence <= high`.",
        ),
        Specimen(
            "The confidence is rounded to the nearest edge",
            _placed(lambda sure, bins: np.round(sure * bins)),
            "`np.round` puts 0.93 and 0.97 into different bins of ten: it cuts in the middle of each bin. "
            "`np.ceil(confidence * bins)` cuts at the edges.",
        ),
        Specimen(
            "The last bin is lost",
            _placed(_up, lambda i, bins: i < bins),
            "`np.ceil(confidence * bins)` numbers the bins from 1 to bins, and `range(bins)` stops at bins - 1. The "
            "last bin is the fullest of a classifier that is sure: `range(1, bins + 1)`.",
        ),
        Specimen(
            "The bins reach from the smallest confidence to the largest",
            _placed(_from_least_to_most),
            "`np.histogram(confidence, bins)` chooses the edges by the data. The bins of the task divide the line from "
            "0 to 1: `np.linspace(0, 1, bins + 1)`.",
        ),
        Specimen(
            "The bins are equally full",
            _placed(_equally_full),
            "That is a variant that is also in use. Here the bins are equally wide, and some are empty.",
        ),
        Specimen(
            "The mean of an empty bin is nan",
            lambda p, y, bins: np.nan,
            "Some bins hold nothing. `np.mean` of nothing is nan (0 / 0), and one nan makes the whole sum nan. Leave "
            "out a bin that holds nothing, `if inside.any():`, or add (confidence - right) in place of taking means.",
        ),
        Specimen(
            "It is always 0",
            lambda p, y, bins: 0.0,
            "Two ways lead here. A `return` inside the loop looks at the first bin only, which is empty. Or no example "
            "gets into a bin, as confidences from 0 to 1 are compared with the numbers of bins.",
        ),
        *(
            Specimen(
                f"Only the {which} bin that holds something counts",
                _placed(
                    _up, reduce=lambda sums, p, bins, which=which: abs(sums[{"first": 0, "last": -1}[which]]) / len(p)
                ),
                f"The sum runs over all bins. {why}",
            )
            for which, why in (
                ("first", "A `return` inside the loop ends it early."),
                ("last", "It begins at 0 once, before the loop, and each bin is added with `+=`."),
            )
        ),
        Specimen(
            "It is divided by the number of bins",
            _placed(_up, reduce=lambda sums, p, bins: np.abs(sums).sum() / bins),
            "n times the gap, added up over the bins, is a sum over examples. Its mean divides by how many examples "
            "there are: `len(y)`.",
        ),
        Specimen(
            "Maximum and argmax run along the examples",
            _along_examples,
            "The classes lie along axis 1. Each example has one confidence: `p.max(axis=1)`, and one answer, "
            "`p.argmax(axis=1)`. Along axis 0 there is one of each for every class, which does not line up with y.",
            where=lambda p, y, bins: len(y) > 1,
        ),
        *(
            Specimen(
                f"Always {always} bins, whatever bins says",
                lambda p, y, bins, always=always: _ece(p, y, always),
                "The argument `bins` is not used.",
            )
            for always in (10, 15)
        ),
        Specimen(
            "One bin too few",
            lambda p, y, bins: _ece(p, y, bins - 1),
            "`np.linspace(0, 1, bins)` gives as many *edges* as there should be bins. B bins have B + 1 edges: "
            "`np.linspace(0, 1, bins + 1)`.",
        ),
        Specimen(
            "It is given in percent",
            lambda p, y, bins: 100 * _ece(p, y, bins),
            "Confidence and accuracy are shares from 0 to 1, and so is their gap. Nothing is multiplied by 100.",
        ),
    ],
)


# --- 10.2 ---------------------------------------------------------------------------------------------------------


def fit_temperature(z, y, temperatures):
    """The one of a list of temperatures at which the mean NLL of the logits z / T is lowest: a number."""
    losses = [(np.logaddexp.reduce(z / T, axis=1) - z[np.arange(len(y)), y] / T).mean() for T in temperatures]
    return temperatures[np.argmin(losses)]


def _nll(z, y):
    """The mean NLL of logits of any magnitude."""
    return (np.logaddexp.reduce(z, axis=1) - _true_class(z, y)).mean()


def _nll_of(p, y):
    """The mean NLL of probabilities: inf where that of a true class is 0."""
    return -np.log(_true_class(p, y)).mean()


def _nll_of_terms(z, y, T, U):
    """Log-sum-exp of z / T minus the true logits of z / U, in the mean."""
    return (np.logaddexp.reduce(z / T, axis=1) - _true_class(z, y) / U).mean()


def _losses(z, y, temperatures):
    return np.array([_nll(z / T, y) for T in temperatures])


def _chosen(score, best=np.argmin):
    """The temperature with the best score(z, y, T)."""
    return lambda z, y, temperatures: temperatures[best([score(z, y, T) for T in temperatures])]


def _until_it_rises(z, y, temperatures):
    """The temperature before the first at which the loss is higher."""
    losses = _losses(z, y, temperatures)
    rises = np.flatnonzero(np.diff(losses) > 0)
    return temperatures[rises[0] if len(rises) else -1]


def _accuracy(z, y, T):
    return (z.argmax(axis=1) == y).mean()


def _ece_at(z, y, T):
    return _ece(softmax(z / T), y, 10)


def _mean_gap(z, y, T):
    return abs(softmax(z / T).max(axis=1).mean() - _accuracy(z, y, T))


LIST = [0.5, 1.0, 2.0, 4.0, 8.0]
MIXED = [4.0, 0.5, 8.0, 2.0, 1.0]
TWICE = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
THREE = np.array([[6.0, 0.0, 1.0], [0.0, 5.0, 3.0], [4.0, 3.0, 0.0], [2.0, 1.0, 8.0], [1.0, 3.0, 2.0]])

EXERCISE_2 = Exercise(
    id="10.2",
    title="Fit the temperature",
    see="One number to divide by",
    solution=fit_temperature,
    probes=[
        (np.array([[1.0, 0.0]]), np.array([0]), LIST),
        (np.array([[1.0, 0.0]]), np.array([1]), LIST),
        (np.array([[1.0, 0.0]]), np.array([1]), MIXED),
        (np.array([[9000.0, 0.0]]), np.array([1]), [1.0, 2.0, 4.0, 8.0]),
        (np.array([[4.0, 0.0], [3.0, 0.0]]), np.array([0, 1]), LIST),
        (np.array([[7.0, 0.0], [2.0, 0.0]]), np.array([0, 1]), LIST),
        (np.array([[-4.0, -9.0], [-3.0, -6.0]]), np.array([0, 1]), LIST),
        (TWICE, np.array([0, 0, 0, 1]), LIST),
        (TWICE * 2, np.array([0, 0, 0, 1]), MIXED),
        (TWICE * 0.25, np.array([0, 0, 0, 1]), LIST),
        (np.array([[6000.0, 0.0], [5000.0, 0.0], [3000.0, 0.0], [2.0, 0.0]]), np.array([0, 0, 0, 1]), MIXED),
        (THREE, np.array([0, 1, 1, 2, 1]), LIST),
        (THREE, np.array([0, 2, 1, 2, 1]), MIXED),
        (THREE * 3, np.array([0, 1, 1, 2, 1]), MIXED),
    ],
    specimens=[
        Specimen(
            "The place in the list in place of the temperature",
            lambda z, y, temperatures: np.argmin(_losses(z, y, temperatures)),
            "`np.argmin` gives the place of the lowest loss. The temperature stands in that place of the list: "
            "`temperatures[...]`.",
            where=small,
        ),
        Specimen(
            "The loss in place of the temperature",
            lambda z, y, temperatures: _losses(z, y, temperatures).min(),
            "`min` gives the lowest loss. Asked for is the temperature at which it occurs: `np.argmin` gives its "
            "place.",
            where=small,
        ),
        Specimen(
            "All the losses in place of the temperature",
            _losses,
            "These are the losses at all temperatures. Asked for is the temperature with the lowest.",
            where=small,
        ),
        Specimen(
            "The highest loss is chosen",
            _chosen(lambda z, y, T: _nll(z / T, y), np.argmax),
            "The NLL is a loss: the lowest is the best. It comes from `np.argmax`, or from a minus sign too few.",
            where=small,
        ),
        Specimen(
            "The first temperature of the list, whatever the data says",
            lambda z, y, temperatures: temperatures[0],
            "`np.argmin` and `np.argmax` of equal numbers are 0. So the largest accuracy leads here: it is the same at "
            "every temperature, as dividing all logits by one positive number does not change which is the largest. So "
            "does a list of losses that was sorted, and a `return` inside the loop. Choose by the NLL.",
        ),
        Specimen(
            "The last temperature of the list, whatever the data says",
            lambda z, y, temperatures: temperatures[-1],
            "After the loop, T is the last of the list. Keep the losses, and return the temperature of the lowest.",
        ),
        Specimen(
            "The smallest temperature, whatever the data says",
            lambda z, y, temperatures: min(temperatures),
            "Three ways lead here. `min(temperatures)` looks at no loss. Probabilities divided by T after softmax have "
            "the loss -log p + log T, which is lowest at the smallest T: divide the logits. And a loss that asks for "
            "the largest probability, in place of that of the true class, thinks that the classifier is always right.",
        ),
        Specimen(
            "The largest temperature, whatever the data says",
            lambda z, y, temperatures: max(temperatures),
            "Two ways lead here. `max(temperatures)` looks at no loss. And the NLL of z, divided by T, falls as T "
            "grows: divide the logits, and not the loss.",
            where=small,
        ),
        *(
            Specimen(
                f"Only {divided} is divided by T",
                _chosen(lambda z, y, T, a=a, b=b: _nll_of_terms(z, y, T**a, T**b)),
                f"The loss has two terms, and both belong to z / T. Here {forgotten} is that of z. Begin with "
                "`scaled = z / T`, and use z no more.",
                where=small,
            )
            for a, b, divided, forgotten in (
                (1, 0, "log-sum-exp", "the logit of the true class"),
                (0, 1, "the logit of the true class", "log-sum-exp"),
            )
        ),
        Specimen(
            "The logits are divided again and again",
            lambda z, y, temperatures: temperatures[np.argmin(_losses(z, y, np.cumprod(temperatures)))],
            "`z = z / T` (or `z /= T`) inside the loop overwrites z, so the next temperature divides what was divided "
            "before. Give the quotient a name of its own: `scaled = z / T`.",
            where=small,
        ),
        Specimen(
            "The temperatures were sorted, and the place is looked up in the unsorted list",
            lambda z, y, temperatures: temperatures[np.argmin(_losses(z, y, sorted(temperatures)))],
            "The place belongs to the list that the losses were computed from. Go through `temperatures` as they come.",
            where=small,
        ),
        Specimen(
            "The search stops where the loss first rises",
            _until_it_rises,
            "The list need not be sorted, so the lowest loss may stand behind a higher one. Compute all losses, then "
            "choose.",
            where=small,
        ),
        Specimen(
            "The lowest calibration error is chosen",
            _chosen(_ece_at),
            "The ECE jumps where an example moves from bin to bin, and many temperatures can share the lowest. The "
            "task is the NLL.",
            where=small,
        ),
        Specimen(
            "The squared distance from the one-hot rows is chosen",
            _chosen(lambda z, y, T: ((softmax(z / T) - np.eye(z.shape[1])[y]) ** 2).mean()),
            "That is the Brier score, another measure of probabilities. The task is the NLL, the mean of -log p of the "
            "true class.",
            where=small,
        ),
        Specimen(
            "Every example pays for the classes of all examples",
            _chosen(lambda z, y, T: -np.log(softmax(z / T)[:, y]).mean()),
            "`l[:, y]` has shape (N, N): of each row the columns of all labels. `l[np.arange(len(y)), y]` takes one "
            "entry a row.",
            where=small,
        ),
        Specimen(
            "Softmax runs along the examples",
            _chosen(lambda z, y, T: _nll_of(softmax(z / T, 0), y)),
            "The classes lie along axis 1: each row adds up to 1.",
            where=small,
        ),
        Specimen(
            "The logarithm of a probability that is 0",
            _chosen(lambda z, y, T: _nll_of(softmax(z / T), y)),
            "Softmax of [9000, 0] is [1, 0], rounded, and the logarithm of 0 is -inf at every temperature. A small "
            "number added before the logarithm makes the loss the same at every temperature. Take log-softmax, or "
            "log-sum-exp minus the logit of the true class: neither rounds to 0.",
        ),
        Specimen(
            "The logits are multiplied by T",
            _chosen(lambda z, y, T: _nll(z * T, y)),
            "A temperature divides: `z / T`. A high one makes probabilities more equal. What is found here is near "
            "1 / T of the right one.",
            where=small,
        ),
        Specimen(
            "The temperature is applied after softmax, and softmax is taken once more",
            _chosen(lambda z, y, T: _nll_of(softmax(softmax(z) / T), y)),
            "Softmax of probabilities: their gaps are at most 1, so the result is far too undecided. Divide the "
            "logits, then take softmax once.",
        ),
        Specimen(
            "The logarithm is missing",
            _chosen(lambda z, y, T: -_true_class(softmax(z / T), y).mean()),
            "This chooses the largest mean probability of the true class. It hardly minds a few answers that are sure "
            "and wrong. The NLL is the mean of -log p.",
            where=small,
        ),
        Specimen(
            "The mean confidence is brought to the accuracy",
            _chosen(_mean_gap),
            "That is a way to lower the calibration error with a single bin. The task is the NLL, which looks at the "
            "probability of the true class of every example.",
        ),
        Specimen(
            "The median in place of the mean",
            _chosen(lambda z, y, T: np.median(-np.log(_true_class(softmax(z / T), y)))),
            "The median does not see the few examples that are sure and wrong. They are what a temperature mends. "
            "Take the mean.",
            where=small,
        ),
        Specimen(
            "The softmax overflows",
            _chosen(lambda z, y, T: _nll_of(share(np.exp(z / T)), y)),
            "Of logits in the thousands `np.exp` is `inf`, and `inf / inf` is nan. `np.argmin` takes the first nan for "
            "the lowest. Use log-softmax with its shift, or `np.logaddexp.reduce`.",
        ),
        Specimen(
            "The true class is taken to be 0",
            _chosen(lambda z, y, T: _nll(z / T, 0 * y)),
            "The loss asks for the probability of the true class of each example: `l[np.arange(len(y)), y]`.",
            where=small,
        ),
    ],
)


# --- 10.3 ---------------------------------------------------------------------------------------------------------


def smoothed_gradient(z, y, eps):
    """The gradient of the mean cross-entropy with smoothed labels: (p - (1 - eps) y - eps / C) / N, shape (N, C)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    q = (1 - eps) * np.eye(z.shape[1])[y] + eps / z.shape[1]
    return (p - q) / len(y)


def _hot(z, y):
    return np.eye(z.shape[1])[y]


def _all_columns(z, y, eps):
    gradient = softmax(z) - eps / z.shape[1]
    gradient[:, y] -= 1 - eps
    return gradient / len(y)


def _towards(target):
    """(p - target(y, eps, C)) / N, with y as one-hot rows."""
    return lambda z, y, eps: (softmax(z) - target(_hot(z, y), eps, z.shape[1])) / len(y)


def _smooth(z, y, eps):
    return (1 - eps) * _hot(z, y) + eps / z.shape[1]


EXERCISE_3 = Exercise(
    id="10.3",
    title="The gradient of label smoothing",
    see="Label smoothing",
    solution=smoothed_gradient,
    probes=[
        (np.array([[0.0, 0.0]]), np.array([0]), 0.2),
        (np.array([[2.0, 0.0]]), np.array([1]), 0.1),
        (np.array([[1000.0, 0.0]]), np.array([0]), 0.1),
        (np.array([[0.0, 1.0], [3.0, 1.0]]), np.array([1, 0]), 0.3),
        (np.array([[0.0, 1.0], [3.0, 1.0]]), np.array([1, 0]), 0.0),
        (APART, np.array([0, 1]), 0.1),
        (THREE_CLASSES, np.array([1, 2]), 0.1),
        (FOUR_EXAMPLES, np.array([2, 0, 1, 1]), 0.3),
    ],
    specimens=[
        Specimen(
            "1 / N is missing",
            lambda z, y, eps: softmax(z) - _smooth(z, y, eps),
            "The loss is the mean over N examples, so each of them counts 1 / N: divide by `len(y)`.",
            where=small,
        ),
        Specimen(
            "The sign is wrong",
            lambda z, y, eps: (_smooth(z, y, eps) - softmax(z)) / len(y),
            "The gradient points uphill: what is, minus what should be. A step subtracts it.",
            where=small,
        ),
        *(
            Specimen(
                f"{name}, and 1 / N is missing",
                lambda z, y, eps, wrong=wrong: wrong(softmax(z), _hot(z, y), eps, z.shape[1]),
                f"Two things. {text} And the loss is the mean over N examples: divide by `len(y)`.",
                where=small,
            )
            for name, wrong, text in (
                (
                    "The labels are not smoothed",
                    lambda p, y, eps, C: p - y,
                    "p - y is the gradient for hard targets: put (1 - eps) y + eps / C in the place of y.",
                ),
                (
                    "eps / C is missing",
                    lambda p, y, eps, C: p - (1 - eps) * y,
                    "What is taken from the true class, eps, is shared out among all C classes: + eps / C.",
                ),
                (
                    "The sign is wrong",
                    lambda p, y, eps, C: (1 - eps) * y + eps / C - p,
                    "The gradient is what is, p, minus what should be, q.",
                ),
            )
        ),
        *(
            Specimen(
                f"Only {divided} is divided by N",
                lambda z, y, eps, a=a, b=b: softmax(z) / len(y) ** a - _smooth(z, y, eps) / len(y) ** b,
                "A division comes before a subtraction. The mean divides the whole difference: `(p - q) / len(y)`, in "
                "parentheses.",
                where=small,
            )
            for divided, a, b in (("p", 1, 0), ("the target", 0, 1))
        ),
        Specimen(
            "It is divided by the number of classes",
            lambda z, y, eps: (softmax(z) - _smooth(z, y, eps)) / z.shape[1],
            "The mean runs over N examples: divide by `len(y)`, and not by C.",
            where=small,
        ),
        Specimen(
            "It is divided by all N * C entries",
            lambda z, y, eps: (softmax(z) - _smooth(z, y, eps)) / z.size,
            "The mean runs over N examples, not over N * C numbers: divide by `len(y)`.",
            where=small,
        ),
        Specimen(
            "The labels are not smoothed",
            _towards(lambda y, eps, C: y),
            "This is the gradient for hard targets, (p - y) / N. Put (1 - eps) y + eps / C in the place of y.",
            where=small,
        ),
        Specimen(
            "eps / C is missing",
            _towards(lambda y, eps, C: (1 - eps) * y),
            "(1 - eps) y adds up to 1 - eps. The rest, eps, is shared out among all C classes: + eps / C. Without it "
            "the gradient of an example does not add up to 0.",
            where=small,
        ),
        Specimen(
            "The gradient for hard targets, times 1 - eps",
            lambda z, y, eps: (1 - eps) * (softmax(z) - _hot(z, y)) / len(y),
            "A factor makes every step shorter, and moves nothing to where p should go: it is 0 at p = y, as before. "
            "Only the target changes: (1 - eps) y + eps / C.",
            where=small,
        ),
        Specimen(
            "eps / C is added, and nothing taken from the true class",
            _towards(lambda y, eps, C: y + eps / C),
            "These targets add up to 1 + eps. What is shared out must come from somewhere: (1 - eps) y.",
            where=small,
        ),
        Specimen(
            "eps / C is added to p, not subtracted",
            _towards(lambda y, eps, C: (1 - eps) * y - eps / C),
            "p - q = p - (1 - eps) y - eps / C: both terms of the target are subtracted. Without parentheses around q "
            "its last sign turns.",
            where=small,
        ),
        Specimen(
            "The true class gets 1 - eps, without its share of eps",
            _towards(lambda y, eps, C: np.where(y == 1, 1 - eps, eps / C)),
            "All C classes share eps, the true one too: it gets 1 - eps + eps / C. Without it the target does not add "
            "up to 1.",
            where=small,
        ),
        Specimen(
            "Every class gets all of eps",
            _towards(lambda y, eps, C: (1 - eps) * y + eps),
            "These targets add up to more than 1. eps is shared out among the C classes: eps / C for each.",
            where=small,
        ),
        Specimen(
            "eps is shared out among the other classes only",
            _towards(lambda y, eps, C: (1 - eps) * y + eps / (C - 1) * (1 - y)),
            "That is a variant that is also in use. In ours all C classes share, the true one too: it gets "
            "1 - eps + eps / C.",
            where=small,
        ),
        Specimen(
            "eps and 1 - eps are exchanged",
            _towards(lambda y, eps, C: eps * y + (1 - eps) / C),
            "eps is the small part that is shared out. The true class keeps 1 - eps.",
            where=small,
        ),
        Specimen(
            "eps is shared out by the number of examples",
            lambda z, y, eps: (softmax(z) - (1 - eps) * _hot(z, y) - eps / len(y)) / len(y),
            "The C classes share eps, not the N examples: `eps / z.shape[1]`.",
            where=small,
        ),
        Specimen(
            "The probabilities are smoothed in place of the targets",
            lambda z, y, eps: ((1 - eps) * softmax(z) + eps / z.shape[1] - _hot(z, y)) / len(y),
            "The network's probabilities stay as they are. What they should be is smoothed.",
            where=small,
        ),
        Specimen(
            "The class numbers stand in the formula as they are",
            lambda z, y, eps: (softmax(z) - (1 - eps) * y - eps / z.shape[1]) / len(y),
            "In the formula, y is a one-hot row. The argument holds class numbers, of shape (N,): take "
            "`np.eye(C)[y]`. On a square array nothing stops; elsewhere NumPy cannot line the shapes up.",
            where=small,
        ),
        Specimen(
            "The identity has the size of the batch",
            lambda z, y, eps: (softmax(z) - (1 - eps) * np.eye(len(y))[y] - eps / z.shape[1]) / len(y),
            "`np.eye(len(y))` has one row for each example. There must be one for each class: `np.eye(z.shape[1])[y]`. "
            "On a square array both are the same; elsewhere shapes do not fit, or a class has no row.",
            where=small,
        ),
        Specimen(
            "The number of classes is taken from the labels",
            lambda z, y, eps: (softmax(z) - _smooth(z[:, : y.max() + 1], y, eps)) / len(y),
            "`y.max() + 1` is too small where the last class does not occur in the batch. C is `z.shape[1]`.",
            where=small,
        ),
        Specimen(
            "Class numbers and labels are compared in one row",
            lambda z, y, eps: (softmax(z) - (1 - eps) * (np.arange(z.shape[1]) == y) - eps / z.shape[1]) / len(y),
            "`np.arange(C) == y` pairs class k with example k. As a column, `y[:, None]` of shape (N, 1), each label "
            "meets all C classes: `np.arange(C) == y[:, None]` has the shape (N, C).",
            where=small,
        ),
        Specimen(
            "The columns of all labels are lowered in every row",
            _all_columns,
            "`g[:, y] -= ...` changes the columns of all labels, in each row. `g[np.arange(len(y)), y] -= ...` changes "
            "one entry a row.",
            where=small,
        ),
        Specimen(
            "The class numbers are made a column",
            lambda z, y, eps: (softmax(z) - (1 - eps) * y[:, None] - eps / z.shape[1]) / len(y),
            "In the formula, y is a one-hot row. The argument holds class numbers. As a column each is subtracted from "
            "all classes of its example. Take `np.eye(C)[y]`.",
            where=small,
        ),
        Specimen(
            "The shift is missing",
            lambda z, y, eps: (share(np.exp(z)) - _smooth(z, y, eps)) / len(y),
            "`np.exp(1000)` overflows, and `inf / inf` is nan. Subtract the maximum of each row first, as chapter 02 "
            "does.",
        ),
        Specimen(
            "The shift is the maximum of the whole array",
            lambda z, y, eps: (share(np.exp(z - z.max())) - _smooth(z, y, eps)) / len(y),
            "One maximum serves all examples. A row that lies 1000 lower loses all its exponentials, and `0 / 0` is "
            "nan. Each row has its own: `z.max(axis=1, keepdims=True)`.",
        ),
        Specimen(
            "Softmax runs along the examples",
            lambda z, y, eps: (softmax(z, 0) - _smooth(z, y, eps)) / len(y),
            "The classes lie along axis 1: each row adds up to 1.",
            where=small,
        ),
        Specimen(
            "The gradient goes through softmax once more",
            lambda z, y, eps: (
                softmax(z)
                * (softmax(z) - _smooth(z, y, eps) - total(softmax(z) * (softmax(z) - _smooth(z, y, eps))))
                / len(y)
            ),
            "p - q has arrived at the logits: the derivative of softmax is in it already.",
            where=small,
        ),
        Specimen(
            "The gradient with respect to the log-probabilities",
            lambda z, y, eps: -_smooth(z, y, eps) / len(y),
            "-q / N belongs to l. The VJP of log-softmax turns it into (p - q) / N, for z.",
            where=small,
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3]
