"""The exercises of chapter 10: calibration and label smoothing. For each the solution, the probes and the mistakes.

Shapes: p probabilities and z logits (N, C), y class indices (N,); temperatures is a list of K numbers, and the losses
at them are (K,).
"""

from __future__ import annotations

import numpy as np

from .exercises import Exercise, Specimen
from .exercises_base import APART, share, small, softmax, total

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


def _without_sure_ones(p, y, bins):
    """Bins from below: a confidence of exactly 1 belongs to none of them."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.floor(sure * bins)
    return sum(abs((sure - right)[place == i].sum()) for i in range(bins)) / len(y)


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
        ),
        Specimen(
            "Signed gaps, accuracy minus confidence",
            _of_gaps(lambda n, gaps, N, bins: -(n * gaps).sum() / N),
            "Too sure in one bin and too timid in another must not cancel, and an error is not negative. Take the "
            "absolute value of the gap in each bin, before you add.",
        ),
        Specimen(
            "The absolute value comes last",
            _of_gaps(lambda n, gaps, N, bins: abs((n * gaps).sum()) / N),
            "Added first, the gaps of different bins cancel, and the bins play no part. Take the absolute value in "
            "each bin, then add.",
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
            _without_sure_ones,
            "`np.floor(1.0 * bins)` is `bins`, one more than the last bin from 0 to bins - 1. Let bins end where they "
            "are closed: above i / bins, up to (i + 1) / bins. `np.ceil(confidence * bins)` gives 1 to bins.",
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


def _losses(z, y, temperatures):
    return np.array([-np.log(_true_class(softmax(z / T), y)).mean() for T in temperatures])


def _chosen(score, best=np.argmin):
    """The temperature with the best score(z, y, T)."""
    return lambda z, y, temperatures: temperatures[best([score(z, y, T) for T in temperatures])]


def _nll_of(p, y):
    return -np.log(_true_class(p, y)).mean()


def _accuracy(z, y, T):
    return (z.argmax(axis=1) == y).mean()


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
        (np.array([[4.0, 0.0], [3.0, 0.0]]), np.array([0, 1]), LIST),
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
        ),
        Specimen(
            "The loss in place of the temperature",
            lambda z, y, temperatures: _losses(z, y, temperatures).min(),
            "`min` gives the lowest loss. Asked for is the temperature at which it occurs: `np.argmin` gives its "
            "place.",
        ),
        Specimen(
            "All the losses in place of the temperature",
            _losses,
            "These are the losses at all temperatures. Asked for is the temperature with the lowest.",
        ),
        Specimen(
            "The highest loss is chosen",
            _chosen(lambda z, y, T: _nll_of(softmax(z / T), y), np.argmax),
            "The NLL is a loss: the lowest is the best. It comes from `np.argmax`, or from a minus sign too few.",
        ),
        Specimen(
            "The largest accuracy is chosen",
            _chosen(_accuracy, np.argmax),
            "The accuracy is the same at every temperature: dividing all logits by one positive number does not "
            "change which is the largest. `np.argmax` of equal numbers is 0, so the first temperature is returned, "
            "whatever the data says. Choose by the NLL.",
        ),
        Specimen(
            "The smallest temperature, whatever the data says",
            lambda z, y, temperatures: min(temperatures),
            "Three ways lead here. `min(temperatures)` looks at no loss. Probabilities divided by T after softmax have "
            "the loss -log p + log T, which is lowest at the smallest T: divide the logits. And a loss that asks for "
            "the largest probability, in place of that of the true class, thinks that the classifier is always right.",
        ),
        Specimen(
            "The largest temperature",
            lambda z, y, temperatures: max(temperatures),
            "The largest temperature makes the classifier as undecided as it can be. The NLL says whether it should.",
        ),
        Specimen(
            "The logits are multiplied by T",
            _chosen(lambda z, y, T: _nll_of(softmax(z * T), y)),
            "A temperature divides: `z / T`. A high one makes probabilities more equal. What is found here is near "
            "1 / T of the right one.",
            where=lambda z, y, temperatures: small(z),
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
            where=lambda z, y, temperatures: small(z),
        ),
        Specimen(
            "The softmax overflows",
            _chosen(lambda z, y, T: _nll_of(share(np.exp(z / T)), y)),
            "Of logits in the thousands `np.exp` is `inf`, and `inf / inf` is nan. `np.argmin` takes the first nan for "
            "the lowest. Use log-softmax with its shift, or `np.logaddexp.reduce`.",
        ),
        Specimen(
            "The true class is taken to be 0",
            _chosen(lambda z, y, T: _nll_of(softmax(z / T), 0 * y)),
            "The loss asks for the probability of the true class of each example: `l[np.arange(len(y)), y]`.",
            where=lambda z, y, temperatures: small(z),
        ),
    ],
)


# --- 10.3 ---------------------------------------------------------------------------------------------------------


def choose_and_measure(validation_nll, test_nll, temperatures):
    """The temperature with the lowest NLL on the validation images, and the NLL on the test images there: (2,)."""
    best = np.argmin(validation_nll)
    return np.array([temperatures[best], test_nll[best]])


A, B = np.array([0.5, 0.4, 0.45]), np.array([0.52, 0.47, 0.46])

EXERCISE_3 = Exercise(
    id="10.3",
    title="Choose here, measure there",
    see="One number to divide by",
    solution=choose_and_measure,
    probes=[
        (np.array([0.5, 0.4]), np.array([0.45, 0.47]), [1.0, 2.0]),
        (np.array([0.4, 0.5]), np.array([0.47, 0.45]), [2.0, 1.0]),
        (A, B, [1.0, 1.5, 3.0]),
        (A[[2, 0, 1]], B[[2, 0, 1]], [3.0, 1.0, 1.5]),
        (np.array([0.9, 0.7, 0.6, 0.8]), np.array([0.85, 0.62, 0.75, 0.95]), [4.0, 0.5, 1.0, 2.0]),
    ],
    specimens=[
        Specimen(
            "The test images are used to choose",
            lambda v, t, T: np.array([T[np.argmin(t)], t.min()]),
            "The temperature that looks best on the test images is chosen, and the same images measure it. So they "
            "are part of the training, and the number is too good: among many choices some look good by chance. Choose "
            "on the validation images.",
        ),
        Specimen(
            "Chosen on the validation images, but the best number of the test images is reported",
            lambda v, t, T: np.array([T[np.argmin(v)], t.min()]),
            "The two numbers do not belong together: this NLL was measured at another temperature. Report what the "
            "test images say at the temperature that was chosen: `test_nll[best]`.",
        ),
        Specimen(
            "The NLL of the validation images is reported",
            lambda v, t, T: np.array([T[np.argmin(v)], v.min()]),
            "The images that chose the temperature also measure it. Their NLL is the lowest of several, and so a "
            "little too good. Report `test_nll[best]`.",
        ),
        Specimen(
            "The test images choose, the validation images measure",
            lambda v, t, T: np.array([T[np.argmin(t)], v[np.argmin(t)]]),
            "The roles are exchanged. Test images measure, and do nothing else.",
        ),
        Specimen(
            "Both sets choose together",
            lambda v, t, T: np.array([T[np.argmin(v + t)], t[np.argmin(v + t)]]),
            "The test images have a say in the choice here, so they cannot measure it without bias. Choose on the "
            "validation images alone.",
        ),
        Specimen(
            "The place in the list in place of the temperature",
            lambda v, t, T: np.array([np.argmin(v), t[np.argmin(v)]]),
            "`np.argmin` gives the place. The temperature stands in that place of the list: `temperatures[best]`.",
        ),
        Specimen(
            "The highest NLL is chosen",
            lambda v, t, T: np.array([T[np.argmax(v)], t[np.argmax(v)]]),
            "The NLL is a loss: the lowest is the best. Use `np.argmin`.",
        ),
        Specimen(
            "The two numbers are exchanged",
            lambda v, t, T: np.array([t[np.argmin(v)], T[np.argmin(v)]]),
            "First the temperature, then the NLL.",
        ),
        Specimen(
            "The temperature alone",
            lambda v, t, T: T[np.argmin(v)],
            "The NLL of the test images at this temperature is asked for as well: two numbers.",
        ),
        Specimen(
            "The NLL alone",
            lambda v, t, T: t[np.argmin(v)],
            "The temperature is asked for as well: two numbers, the temperature first.",
        ),
        Specimen(
            "The smallest temperature",
            lambda v, t, T: np.array([min(T), t[np.argmin(T)]]),
            "The lowest NLL is asked for, not the lowest temperature: `np.argmin(validation_nll)`.",
        ),
        Specimen(
            "The mean over all temperatures is reported",
            lambda v, t, T: np.array([T[np.argmin(v)], t.mean()]),
            "Only one temperature will be used. Report what the test images say at that one: `test_nll[best]`.",
        ),
        Specimen(
            "The gap between both sets is reported",
            lambda v, t, T: np.array([T[np.argmin(v)], (t - v)[np.argmin(v)]]),
            "Asked for is the NLL of the test images at the temperature that was chosen, `test_nll[best]`, not how far "
            "it is from that of the validation images.",
        ),
    ],
)


# --- 10.4 ---------------------------------------------------------------------------------------------------------


def smoothed_gradient(z, y, eps):
    """The gradient of the mean cross-entropy with smoothed labels: (p - (1 - eps) y - eps / C) / N, shape (N, C)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    q = (1 - eps) * np.eye(z.shape[1])[y] + eps / z.shape[1]
    return (p - q) / len(y)


def _hot(z, y):
    return np.eye(z.shape[1])[y]


def _towards(target):
    """(p - target(y, eps, C)) / N, with y as one-hot rows."""
    return lambda z, y, eps: (softmax(z) - target(_hot(z, y), eps, z.shape[1])) / len(y)


def _smooth(z, y, eps):
    return (1 - eps) * _hot(z, y) + eps / z.shape[1]


def _moderate(z, y, eps):
    return small(z)


WIDE = np.array([[0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
TALL = np.array([[0.0, 1.0, 2.0], [2.0, 0.0, -1.0], [0.5, 0.0, 3.0], [1.0, -2.0, 0.0]])

EXERCISE_4 = Exercise(
    id="10.4",
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
        (WIDE, np.array([1, 2]), 0.1),
        (TALL, np.array([2, 0, 1, 1]), 0.3),
    ],
    specimens=[
        Specimen(
            "1 / N is missing",
            lambda z, y, eps: softmax(z) - _smooth(z, y, eps),
            "The loss is the mean over N examples, so each of them counts 1 / N: divide by `len(y)`.",
            where=_moderate,
        ),
        Specimen(
            "The sign is wrong",
            lambda z, y, eps: (_smooth(z, y, eps) - softmax(z)) / len(y),
            "The gradient points uphill: what is, minus what should be. A step subtracts it.",
            where=_moderate,
        ),
        Specimen(
            "It is divided by all N * C entries",
            lambda z, y, eps: (softmax(z) - _smooth(z, y, eps)) / z.size,
            "The mean runs over N examples, not over N * C numbers: divide by `len(y)`.",
            where=_moderate,
        ),
        Specimen(
            "The labels are not smoothed",
            _towards(lambda y, eps, C: y),
            "This is the gradient for hard targets, (p - y) / N. Put (1 - eps) y + eps / C in the place of y.",
            where=_moderate,
        ),
        Specimen(
            "eps / C is missing",
            _towards(lambda y, eps, C: (1 - eps) * y),
            "(1 - eps) y adds up to 1 - eps. The rest, eps, is shared out among all C classes: + eps / C. Without it "
            "the gradient of an example does not add up to 0.",
            where=_moderate,
        ),
        Specimen(
            "The gradient for hard targets, times 1 - eps",
            lambda z, y, eps: (1 - eps) * (softmax(z) - _hot(z, y)) / len(y),
            "A factor makes every step shorter, and moves nothing to where p should go: it is 0 at p = y, as before. "
            "Only the target changes: (1 - eps) y + eps / C.",
            where=_moderate,
        ),
        Specimen(
            "eps / C is added, and nothing taken from the true class",
            _towards(lambda y, eps, C: y + eps / C),
            "These targets add up to 1 + eps. What is shared out must come from somewhere: (1 - eps) y.",
            where=_moderate,
        ),
        Specimen(
            "Every class gets all of eps",
            _towards(lambda y, eps, C: (1 - eps) * y + eps),
            "These targets add up to more than 1. eps is shared out among the C classes: eps / C for each.",
            where=_moderate,
        ),
        Specimen(
            "eps is shared out among the other classes only",
            _towards(lambda y, eps, C: (1 - eps) * y + eps / (C - 1) * (1 - y)),
            "That is a variant that is also in use. In ours all C classes share, the true one too: it gets "
            "1 - eps + eps / C.",
            where=_moderate,
        ),
        Specimen(
            "eps and 1 - eps are exchanged",
            _towards(lambda y, eps, C: eps * y + (1 - eps) / C),
            "eps is the small part that is shared out. The true class keeps 1 - eps.",
            where=_moderate,
        ),
        Specimen(
            "eps is shared out by the number of examples",
            lambda z, y, eps: (softmax(z) - (1 - eps) * _hot(z, y) - eps / len(y)) / len(y),
            "The C classes share eps, not the N examples: `eps / z.shape[1]`.",
            where=_moderate,
        ),
        Specimen(
            "The probabilities are smoothed in place of the targets",
            lambda z, y, eps: ((1 - eps) * softmax(z) + eps / z.shape[1] - _hot(z, y)) / len(y),
            "The network's probabilities stay as they are. What they should be is smoothed.",
            where=_moderate,
        ),
        Specimen(
            "The class numbers stand in the formula as they are",
            lambda z, y, eps: (softmax(z) - (1 - eps) * y - eps / z.shape[1]) / len(y),
            "In the formula, y is a one-hot row. The argument holds class numbers, of shape (N,): take "
            "`np.eye(C)[y]`. On a square array nothing stops; elsewhere NumPy cannot line the shapes up.",
            where=_moderate,
        ),
        Specimen(
            "The identity has the size of the batch",
            lambda z, y, eps: (softmax(z) - (1 - eps) * np.eye(len(y))[y] - eps / z.shape[1]) / len(y),
            "`np.eye(len(y))` has one row for each example. There must be one for each class: `np.eye(z.shape[1])[y]`. "
            "On a square array both are the same; elsewhere shapes do not fit, or a class has no row.",
            where=_moderate,
        ),
        Specimen(
            "The class numbers are made a column",
            lambda z, y, eps: (softmax(z) - (1 - eps) * y[:, None] - eps / z.shape[1]) / len(y),
            "In the formula, y is a one-hot row. The argument holds class numbers. As a column each is subtracted from "
            "all classes of its example. Take `np.eye(C)[y]`.",
            where=_moderate,
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
            where=_moderate,
        ),
        Specimen(
            "The gradient goes through softmax once more",
            lambda z, y, eps: (
                softmax(z)
                * (softmax(z) - _smooth(z, y, eps) - total(softmax(z) * (softmax(z) - _smooth(z, y, eps))))
                / len(y)
            ),
            "p - q has arrived at the logits: the derivative of softmax is in it already.",
            where=_moderate,
        ),
        Specimen(
            "The gradient with respect to the log-probabilities",
            lambda z, y, eps: -_smooth(z, y, eps) / len(y),
            "-q / N belongs to l. The VJP of log-softmax turns it into (p - q) / N, for z.",
            where=_moderate,
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4]
