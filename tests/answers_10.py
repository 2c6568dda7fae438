"""Right answers to the exercises of chapter 10, and mistakes in other words; test_exercises.py runs them."""

import numpy as np

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import vjp
from mnist_autograd.teach import calibration


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


def measure_sorted(validation_nll, test_nll, temperatures):
    return list(min(zip(validation_nll, temperatures, test_nll))[1:])


def smoothed_by_engine(z, y, eps):
    C = z.shape[1]
    return vjp(lambda z: F.cross_entropy(z, (1 - eps) * F.one_hot(y, C).data + eps / C), z)


def smoothed_loop(z, y, eps):
    p, C = F.softmax(z).data, z.shape[1]
    return [[(x - (1 - eps) * (k == i) - eps / C) / len(y) for i, x in enumerate(row)] for row, k in zip(p, y)]


RIGHT = {
    "10.1": [ece_loop, calibration.ece],
    "10.2": [fit_by_engine, fit_in_one_array],
    "10.3": [measure_sorted, lambda v, t, T: [T[v.argmin()], t[v.argmin()]]],
    "10.4": [smoothed_by_engine, smoothed_loop],
}


def mean_gap(p, y, bins):
    r = calibration.reliability(p, y, bins)
    return np.abs(r.gap[r.count > 0]).mean()


def softmax_of_all(z, y, eps):
    return smoothed_by_engine(z, y, eps) * len(y)


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
    ("10.2", lambda z, y, T: T[0], "The largest accuracy is chosen"),
    ("10.2", lambda z, y, T: np.argmin([F.cross_entropy(z / t, y).item() for t in T]), "The place in the list"),
    ("10.2", lambda z, y, T: min(F.cross_entropy(z / t, y).item() for t in T), "The loss in place of the temperature"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.nll_loss(F.log(F.softmax(z) / t), y).item()), "The smallest temp"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.cross_entropy(z / t, z.argmax(1)).item()), "The smallest temp"),
    ("10.2", lambda z, y, T: max(T, key=lambda t: F.cross_entropy(z / t, y).item()), "The highest loss is chosen"),
    ("10.2", lambda z, y, T: min(T, key=lambda t: F.cross_entropy(z * t, y).item()), "The logits are multiplied by T"),
    ("10.3", lambda v, t, T: min(zip(t, T))[::-1], "The test images are used to choose"),
    ("10.3", lambda v, t, T: (T[v.argmin()], min(v)), "The NLL of the validation images"),
    ("10.4", lambda z, y, eps: softmax_of_all(z, y, eps), "1 / N is missing"),
    ("10.4", lambda z, y, eps: vjp(lambda z: F.cross_entropy(z, y), z), "The labels are not smoothed"),
    (
        "10.4",
        lambda z, y, eps: (1 - eps) * vjp(lambda z: F.cross_entropy(z, y), z),
        "The gradient for hard targets, times",
    ),
]
