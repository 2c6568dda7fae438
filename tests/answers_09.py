"""Other right answers to the exercises of chapter 09, and its known mistakes written in another way."""

import math
from itertools import pairwise

import numpy as np

from mnist_autograd import functional as F


def probabilities_row_by_row(counts):
    return [[(n + 1) / (sum(row) + len(row)) for n in row] for row in counts.tolist()]


def sample_by_loop(z, T, u):
    p, seen = F.softmax((z - z.max()) / T).data, 0.0
    for i, share in enumerate(p):
        seen += share
        if u < seen:
            return i
    return len(p) - 1


def perplexity_by_product(counts, word):
    P = np.array(probabilities_row_by_row(counts))
    return math.prod(P[a, b] for a, b in pairwise([0, *word, 0])) ** (-1 / (len(word) + 1))


def contexts_that_shift(word, K):
    context, rows = [0] * K, []
    for number in (*word, 0):
        rows.append(context)
        context = [*context[1:], number]
    return rows


RIGHT = {
    "09.1": [probabilities_row_by_row, lambda counts: F.softmax(np.log(counts + 1.0))],
    "09.3": [sample_by_loop, lambda z, T, u: (np.cumsum(F.softmax(z / T).data) <= u).sum()],
    "09.2": [
        perplexity_by_product,
        lambda counts, word: 2 ** -np.log2(np.array(probabilities_row_by_row(counts))[(0, *word), (*word, 0)]).mean(),
    ],
    "09.4": [
        contexts_that_shift,
        lambda word, K: np.lib.stride_tricks.sliding_window_view(np.array((0,) * K + word), K),
    ],
}


def nll_sum(counts, word, smoothing=1):
    P = (counts + smoothing) / (counts + smoothing).sum(axis=1, keepdims=True)
    return sum(-np.log(P[a, b]) for a, b in pairwise([0, *word, 0]))


MISTAKES_WRITTEN_OTHERWISE = [
    ("09.1", lambda counts: counts / counts.sum(axis=1).reshape(-1, 1), "Counts without smoothing"),
    ("09.1", lambda counts: [(row + 1) / (counts + 1).sum(axis=1) for row in counts], "keepdims is forgotten"),
    ("09.1", lambda counts: ((counts.T + 1) / (counts.T + 1).sum(axis=1, keepdims=True)).T, "Columns add up to 1"),
    ("09.1", lambda counts: F.log_softmax(np.log(counts + 1.0)), "The logarithm is taken"),
    ("09.3", lambda z, T, u: F.softmax(z / T).data.argmax(), "It takes the likeliest"),
    ("09.3", lambda z, T, u: sample_by_loop(z, 1.0, u), "T is applied after softmax, or not at all"),
    ("09.3", lambda z, T, u: sample_by_loop(z - T, 1.0, u), "T is applied after softmax, or not at all"),
    ("09.3", lambda z, T, u: sample_by_loop(z, 1 / T, u), "T multiplies the logits"),
    ("09.3", lambda z, T, u: np.searchsorted(np.append(0, np.cumsum(F.softmax(z / T).data)), u), "It is one too far"),
    ("09.3", lambda z, T, u: np.searchsorted(np.cumsum(F.softmax(z).data / T), u), "T is applied after softmax, and"),
    ("09.3", lambda z, T, u: (np.cumsum(F.softmax(z / T).data) < u).sum(), "On a border it takes the lower index"),
    ("09.2", lambda counts, word: np.exp(nll_sum(counts, word, 0) / (len(word) + 1)), "Counts without smoothing"),
    ("09.2", lambda counts, word: nll_sum(counts, word) / (len(word) + 1), "It is the mean NLL"),
    ("09.2", lambda counts, word: np.exp(nll_sum(counts, word)), "It is the sum in place of the mean"),
    ("09.2", lambda counts, word: np.exp(nll_sum(counts, word) / len(word)), "The sum is divided by the number"),
    ("09.4", lambda word, K: contexts_that_shift(word, K)[:-1], "The row for the end is missing"),
    ("09.4", lambda word, K: contexts_that_shift(word, K)[1:] + [[*word, 0][-K:]], "The row holds the character"),
    ("09.4", lambda word, K: [row[::-1] for row in contexts_that_shift(word, K)], "The nearest character comes first"),
]
