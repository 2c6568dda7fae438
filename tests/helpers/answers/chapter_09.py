"""Other right answers to the exercises of chapter 09, and its known mistakes written in another way."""

import math
from itertools import pairwise

import numpy as np

from mnist_autograd import functional as F
from mnist_autograd.data import load_names
from mnist_autograd.teach.topics import names


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


def perplexity_without_keepdims(counts, word):
    """Right, though the table is wrong: what stands before in a name and its marks is what stands after."""
    P = (counts + 1) / (counts + 1).sum(axis=1)
    return np.exp(-np.log(P[(0, *word), (*word, 0)]).mean())


def contexts_that_shift(word, K):
    context, rows = [0] * K, []
    for number in (*word, 0):
        rows.append(context)
        context = [*context[1:], number]
    return rows


RIGHT = {
    "09.1": [probabilities_row_by_row, lambda counts: F.softmax(np.log(counts + 1.0))],
    "09.3": [
        sample_by_loop,
        lambda z, T, u: (np.cumsum(F.softmax(z / T).data) <= u).sum(),
        lambda z, T, u: np.searchsorted(np.cumsum(F.softmax(z / T).data), u, side="right"),
    ],
    "09.2": [
        perplexity_by_product,
        perplexity_without_keepdims,
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


def softmax_without_shift(z):
    return np.exp(z) / np.exp(z).sum()


def contexts_of_one_list(word, K):
    row, rows = [0] * K, []
    for number in (*word, 0):
        rows.append(row)
        row.append(number)
        del row[0]
    return rows


def contexts_filled(word, K):
    rows = [list(word[max(0, t - K) : t]) for t in range(len(word) + 1)]
    return [row + [0] * (K - len(row)) for row in rows]


def windows(marks, first=0):
    """The rows p[t : t + K] of a word behind that many marks, t from first to n."""

    def answer(word, K):
        padded = (0,) * marks(K) + tuple(word)
        return np.array([padded[t : t + K] for t in range(first, len(word) + 1)])

    return answer


def sample_sorted(z, T, u):
    p = F.softmax(z / T).data
    order = p.argsort()[::-1]
    return order[np.searchsorted(np.cumsum(p[order]), u, side="right")]


P_OF_THE_CHAPTER = (names.bigram_counts(load_names()) + 1) / (names.bigram_counts(load_names()) + 1).sum(1)[:, None]


def perplexity_by_the_chapter(counts, word):
    return np.exp(-np.log(P_OF_THE_CHAPTER[(0, *word), (*word, 0)]).mean())


def perplexity_of_a_block(counts, word):
    P = np.array(probabilities_row_by_row(counts))
    return np.exp(-np.log(P[[0, *word]][:, [*word, 0]]).mean())


MISTAKES_WRITTEN_OTHERWISE = [
    ("09.1", lambda counts: (counts + 1) / (counts.sum(axis=1, keepdims=True) + 27), "C is 27"),
    ("09.1", lambda counts: counts / counts.sum(axis=0), "It sums along axis 0, and"),
    ("09.2", perplexity_by_the_chapter, "It uses the chapter's table"),
    ("09.2", perplexity_of_a_block, "Every character is paired"),
    ("09.2", lambda counts, word: np.exp(nll_sum(counts, word) / (len(word) + 2)), "The sum is divided by n + 2"),
    ("09.3", lambda z, T, u: sample_by_loop(np.log(z), T, u), "The logits are taken for probabilities, and"),
    ("09.3", lambda z, T, u: np.searchsorted(np.cumsum(z / T), u), "The logits are taken for probabilities"),
    ("09.3", lambda z, T, u: np.searchsorted(np.cumsum(softmax_without_shift(z / T)), u), "The shift by the maximum"),
    (
        "09.3",
        lambda z, T, u: np.searchsorted(F.softmax(z / T).data, u, side="right"),
        "The cumulative sum is forgotten",
    ),
    ("09.3", lambda z, T, u: np.where(np.cumsum(F.softmax(z / T).data) > u)[0], "All indices above u"),
    ("09.3", lambda z, T, u: (np.cumsum(F.softmax(z / T).data) <= u).argmax(), "It is the last index"),
    ("09.3", sample_sorted, "The probabilities are sorted, the largest first, and"),
    ("09.4", contexts_of_one_list, "One list is changed again and again, so that all rows are the end"),
    ("09.4", contexts_filled, "Short rows are filled"),
    ("09.4", windows(lambda K: 1), "Too few marks"),
    ("09.4", windows(lambda K: K, first=1), "The first row, of marks only"),
    ("09.4", windows(lambda K: K + 1), "There is a mark too many in front, and"),
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
