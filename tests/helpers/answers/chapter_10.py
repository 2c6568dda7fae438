"""Right answers to the exercises of chapter 10, and mistakes in other words; test_exercises.py runs them."""

import numpy as np

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import vjp
from mnist_autograd.teach.topics import calibration


def ece_loop(p, y, bins):
    error = 0
    for low in range(bins):
        inside = [(max(row), np.argmax(row) == k) for row, k in zip(p, y) if low < max(row) * bins <= low + 1]
        if inside:
            sure, right = np.mean(inside, axis=0)
            error += len(inside) / len(y) * abs(sure - right)
    return error


def fit_by_engine(z, y, temperatures):
    return min(temperatures, key=lambda T: F.cross_entropy(Tensor(z) / T, y).item())


def fit_in_one_array(z, y, temperatures):
    T = np.array(temperatures)
    l = F.log_softmax(z / T[:, None, None]).data
    return T[(-l[:, np.arange(len(y)), y]).mean(axis=1).argmin()]


def smoothed_by_engine(z, y, eps):
    C = z.shape[1]
    return vjp(lambda z: F.cross_entropy(z, (1 - eps) * F.one_hot(y, C).data + eps / C), z)


def smoothed_loop(z, y, eps):
    p, C = F.softmax(z).data, z.shape[1]
    return [[(x - (1 - eps) * (k == i) - eps / C) / len(y) for i, x in enumerate(row)] for row, k in zip(p, y)]


def smoothed_in_place(rows):
    def gradient(z, y, eps):
        g = F.softmax(z).data.copy()
        g[rows(y), y] -= 1 - eps
        return (g - eps / z.shape[1]) / len(y)

    return gradient


RIGHT = {
    "10.1": [ece_loop, calibration.ece],
    "10.2": [fit_by_engine, fit_in_one_array],
    "10.3": [smoothed_by_engine, smoothed_loop, smoothed_in_place(lambda y: np.arange(len(y)))],
}


def mean_gap(p, y, bins):
    r = calibration.reliability(p, y, bins)
    return np.abs(r.gap[r.count > 0]).mean()


def softmax_of_all(z, y, eps):
    return smoothed_by_engine(z, y, eps) * len(y)


def ece_by_mask(inside):
    """The right loop over bins, with another idea of what is inside: inside(confidence, low, high)."""

    def error(p, y, bins):
        sure, right, found = p.max(axis=1), p.argmax(axis=1) == y, 0
        for i in range(bins):
            held = inside(sure, i / bins, (i + 1) / bins)
            if held.any():
                found += held.sum() / len(y) * abs(right[held].mean() - sure[held].mean())
        return found

    return error


def ece_of_means(p, y, bins):
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.digitize(sure, np.linspace(0, 1, bins + 1)) - 1
    return sum((place == i).mean() * abs(sure[place == i].mean() - right[place == i].mean()) for i in range(bins))


def ece_without_the_last(p, y, bins):
    gap, place = p.max(axis=1) - (p.argmax(axis=1) == y), np.ceil(p.max(axis=1) * bins)
    return sum(abs(gap[place == i].sum()) for i in range(1, bins)) / len(y)


def ece_of_first(p, y, bins):
    error = 0
    for i in range(bins):
        inside = (p.max(axis=1) > i / bins) & (p.max(axis=1) <= (i + 1) / bins)
        error += abs((p.max(axis=1) - (p.argmax(axis=1) == y))[inside].sum()) / len(y)
        break
    return error


def fit_in_place(z, y, temperatures):
    losses = []
    for T in temperatures:
        z /= T
        losses.append(F.cross_entropy(z, y).item())
    return temperatures[int(np.argmin(losses))]


def fit_with(loss):
    """The first temperature with the lowest loss(z, y, T)."""
    return lambda z, y, temperatures: min(temperatures, key=lambda T: loss(z, y, T))


def log_of_softmax(z, y, T, eps=0.0):
    e = np.exp(z / T - (z / T).max(axis=1, keepdims=True))
    return -np.log((e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y] + eps).mean()


def one_term(z, y, T):
    return (np.log(np.exp(z / T).sum(axis=1)) - z[np.arange(len(y)), y]).mean()


MISTAKES_WRITTEN_OTHERWISE = [
    ("10.1", mean_gap, "The bins are not weighted: the mean over the bins that"),
    (
        "10.1",
        lambda p, y, bins: np.abs(calibration.reliability(p, y, bins).gap).mean(),
        "The bins are not weighted: th",
    ),
    ("10.1", lambda p, y, bins: np.abs(calibration.reliability(p, y, bins).gap).max(), "The largest gap"),
    ("10.1", lambda p, y, bins: p.max(axis=1).mean() - (p.argmax(axis=1) == y).mean(), "Signed gaps, which cancel"),
    ("10.1", lambda p, y, bins: calibration.ece(p, y), "Always 10 bins"),
    ("10.1", lambda p, y, bins: len(y) * ece_loop(p, y, bins), "The sum is not divided"),
    (
        "10.1",
        lambda p, y, bins: (
            sum(
                abs(
                    (p.max(1) - (p.argmax(1) == y))[
                        np.digitize(p.max(1), np.linspace(0, 1, bins), right=True) == i
                    ].sum()
                )
                for i in range(bins + 1)
            )
            / len(y)
        ),
        "One bin too few",
    ),
    ("10.2", lambda z, y, T: T[0], "The first temperature"),
    ("10.2", lambda z, y, T: np.argmin([F.cross_entropy(z / t, y).item() for t in T]), "The place in the list"),
    ("10.2", lambda z, y, T: min(F.cross_entropy(z / t, y).item() for t in T), "The loss in place of the temperature"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.nll_loss(F.log(F.softmax(z) / t), y).item()), "The smallest temp"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.cross_entropy(z / t, z.argmax(1)).item()), "The smallest temp"),
    ("10.2", lambda z, y, T: max(T, key=lambda t: F.cross_entropy(z / t, y).item()), "The highest loss is chosen"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.cross_entropy(z * t, y).item()), "The logits are multiplied by T"),
    ("10.3", lambda z, y, eps: softmax_of_all(z, y, eps), "1 / N is missing"),
    ("10.3", lambda z, y, eps: vjp(lambda z: F.cross_entropy(z, y), z), "The labels are not smoothed"),
    (
        "10.3",
        lambda z, y, eps: (1 - eps) * vjp(lambda z: F.cross_entropy(z, y), z),
        "The gradient for hard targets, times",
    ),
    ("10.1", ece_of_means, "The mean of an empty bin is nan"),
    ("10.1", ece_without_the_last, "The last bin is lost"),
    ("10.1", ece_of_first, "It is always 0"),
    ("10.1", ece_by_mask(lambda c, low, high: (c >= low) & (c < high)), "A confidence of exactly 1 is in no bin"),
    ("10.1", ece_by_mask(lambda c, low, high: (c >= low) & (c <= high)), "A confidence on an edge is counted in both"),
    (
        "10.1",
        ece_by_mask(lambda c, low, high: (c >= low) & ((c < high) | (high == 1))),
        "A confidence on an edge goes to the bin above",
    ),
    ("10.2", fit_in_place, "The logits are divided again"),
    ("10.2", fit_with(log_of_softmax), "The logarithm of a probability that is 0"),
    ("10.2", fit_with(lambda z, y, T: log_of_softmax(z, y, T, 1e-12)), "The logarithm of a probability that is 0"),
    ("10.2", fit_with(lambda z, y, T: F.cross_entropy(z, y).item() / T), "The largest temperature"),
    ("10.2", fit_with(one_term), "Only log-sum-exp is divided"),
    ("10.2", fit_with(lambda z, y, T: calibration.ece(F.softmax(z / T).data, y)), "The lowest calibration error"),
    ("10.2", lambda z, y, T: sorted(T, key=T.index)[-1], "The last temperature"),
    ("10.3", smoothed_in_place(lambda y: slice(None)), "The columns of all labels"),
    ("10.3", lambda z, y, eps: softmax_of_all(z, y, 0), "The labels are not smoothed, and 1 / N is missing"),
]
