"""Calibration: does what a classifier calls 98 % sure come true 98 times in 100? (chapter 10)

Shapes: p probabilities (N, C), z logits (N, C), y class indices (N,). The confidence of an example is its largest
probability. Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import functional as F

BINS = 10
COLDEST, HOTTEST = 1e-3, 1e3  # where fit_temperature looks


@dataclass(frozen=True)
class Reliability:
    """Examples by confidence, in bins of equal width: bin i holds those from above edges[i] up to edges[i + 1].

    edges: (B + 1,). count, confidence, accuracy: (B,), how many there are, their mean confidence and the share of them
    that is right; both are nan where there are none.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """Confidence minus accuracy (B,): positive where the classifier is too sure; 0 in an empty bin."""
        return np.where(self.count > 0, self.confidence - self.accuracy, 0)

    @property
    def ece(self) -> float:
        """The expected calibration error: the mean size of the gap over all examples, from 0 to 1."""
        return float(self.count @ np.abs(self.gap) / self.count.sum())


def reliability(p, y, bins: int = BINS) -> Reliability:
    """How often classifications of which the classifier is about equally sure are right."""
    p, y = checked("reliability", p, y)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("reliability: got numbers outside 0 to 1, or nan; expected probabilities, F.softmax of logits")
    if bins != int(bins) or bins < 1:
        raise ValueError(f"reliability: got {bins} bins; expected a whole number, at least 1")
    edges = np.arange(bins + 1) / bins
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    # The bin of a confidence: how many of the inner edges lie below it.
    place = np.searchsorted(edges[1:-1], confidence, side="left")
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        means = [np.bincount(place, what, bins) / count for what in (confidence, right)]
    return Reliability(edges, count, *means)


def ece(p, y, bins: int = BINS) -> float:
    """The expected calibration error: the sum over bins of (share of examples) * abs(accuracy - confidence)."""
    return reliability(p, y, bins).ece


def nll(z, y, T: float = 1.0) -> float:
    """The mean cross-entropy of the logits z / T, in nats."""
    return F.cross_entropy(np.asarray(z, np.float64) / T, y).item()


def slope(z, y, beta: float) -> float:
    """The derivative of the NLL of the logits beta * z with respect to beta = 1 / T: the mean of sum(p z) - z_y."""
    z = np.asarray(z, np.float64)
    p = F.softmax(beta * z).data
    return float(((p * z).sum(axis=1) - z[np.arange(len(y)), y]).mean())


def fit_temperature(z, y) -> float:
    """The temperature T at which the NLL of z / T is lowest. Use examples that the network was not trained on.

    The NLL is convex in beta = 1 / T: its slope grows from one side of the minimum to the other. So bisection finds
    where it is 0. ValueError where the NLL only falls as T goes to 0 (every example is right) or grows (the true
    class has on average no larger a logit than the others).
    """
    z, y = checked("fit_temperature", z, y)
    if not np.isfinite(z).all():
        raise ValueError(
            "fit_temperature: got logits that are nan or infinite; expected finite ones: leave out the rest"
        )
    cold, hot = np.log(COLDEST), np.log(HOTTEST)
    if slope(z, y, 1 / COLDEST) <= 0 or slope(z, y, 1 / HOTTEST) >= 0:
        raise ValueError(
            f"fit_temperature: the NLL of these {len(y)} examples has no lowest point between T = {COLDEST:g} and "
            f"{HOTTEST:g}; expected some wrong classifications, and true classes whose logits are larger on average"
        )
    for _ in range(50):
        middle = (cold + hot) / 2
        cold, hot = (cold, middle) if slope(z, y, np.exp(-middle)) < 0 else (middle, hot)
    return float(np.exp((cold + hot) / 2))


def overconfident(factor: float = 2.0, N: int = 2000, C: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, C) that are factor times too large, and classes (N,): a classifier whose truth is known.

    The classes are drawn from softmax(z / factor), so at T = factor the probabilities are right by construction.
    """
    rng = np.random.default_rng(seed)
    honest = rng.normal(size=(N, C)) + 8 * rng.random((N, 1)) * np.eye(C)[rng.integers(C, size=N)]
    drawn = (F.softmax(honest).data.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1)
    return factor * honest, np.minimum(drawn, C - 1)  # the last sum may be a little less than 1


def checked(what: str, scores, y) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, C) and class indices (N,) as arrays; ValueError, in the name of what, where they do not fit."""
    scores, y = np.asarray(scores), np.asarray(y)
    if scores.ndim != 2 or y.shape != scores.shape[:1] or y.size == 0:
        raise ValueError(
            f"{what}: got shapes {scores.shape} and {y.shape}; expected (N, C) and class indices (N,), N at least 1"
        )
    if not np.isin(y, np.arange(scores.shape[1])).all():
        raise ValueError(f"{what}: got the labels {np.unique(y)}; expected whole numbers 0 to {scores.shape[1] - 1}")
    return scores, y
