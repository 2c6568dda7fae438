"""Names as rows of characters: encoding, contexts, bigram counts, and names drawn from a model (chapter 09).

A character is a number from 0 to 26: 0 is the mark that stands before and after each name, 1 to 26 are a to z. A model
is a function from contexts (N, K), the K characters before the one in question, to logits (N, 27).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ... import functional as F
from ...temperature import tempered

MARK = "."
CHARACTERS = MARK + string.ascii_lowercase
C = len(CHARACTERS)
LONGEST = 30  # letters of a drawn name: a model may never draw the mark
CONTEXT = 3  # characters that sample() shows to a model
DECIMALS = 6  # of a probability before a draw: float32 differs from machine to machine in the seventh digit


# --- From names to numbers ----------------------------------------------------------------------------------------


def encode(word: str) -> np.ndarray:
    """The numbers (n,) of a word's characters: encode("abz") is [1, 2, 26]."""
    numbers = [CHARACTERS.find(character) for character in word]
    if -1 in numbers:
        raise ValueError(f"encode: {word[numbers.index(-1)]!r} in {word!r:.40}; expected a to z in small letters, or .")
    return np.array(numbers, dtype=np.intp)


def decode(numbers: Iterable[int]) -> str:
    """The word of characters with these numbers: decode([1, 2, 26]) is "abz"."""
    return "".join(CHARACTERS[i] for i in numbers)


def split(words: Sequence[str], seed: int = 0, shares: Sequence[float] = (0.8, 0.1)) -> list[list[str]]:
    """The words in an order drawn from the seed, cut by these shares of their number; the rest is the last part."""
    order = np.random.default_rng(seed).permutation(len(words))
    cuts = np.cumsum([round(share * len(words)) for share in shares])
    return [[words[i] for i in part] for part in np.split(order, cuts)]


def contexts(words: Sequence[str], length: int = CONTEXT) -> tuple[np.ndarray, np.ndarray]:
    """For each character of each word, the mark at its end included, the characters before it: X (N, length), y (N,).

    Before a word there are marks: contexts(["ab"], 2) is [[0, 0], [0, 1], [1, 2]] and [1, 2, 0]. Raises ValueError for
    a word without letters (the empty line at the end of a file): a model would learn to draw it.
    """
    if length < 1:
        raise ValueError(f"contexts: the length is {length}; expected at least 1")
    if isinstance(words, str):
        raise ValueError(f"contexts: got the text {words!r:.40}; expected a list of words, [{words!r:.40}]")
    if len(words) == 0:
        raise ValueError("contexts: there are no words; expected at least one")
    for i, word in enumerate(words):
        if not word or MARK in word:
            raise ValueError(
                f"contexts: word {i} of {len(words)} is {word!r:.40}; expected at least one letter, and no {MARK!r}, "
                "which marks the end. Leave it out"
            )
    line = encode("".join(MARK * length + word for word in words) + MARK * length)
    windows = np.lib.stride_tricks.sliding_window_view(line, length + 1)
    starts = np.cumsum([0, *(len(word) + length for word in words)])[:-1]
    rows = np.concatenate([np.arange(start, start + len(word) + 1) for start, word in zip(starts, words)])
    return windows[rows, :-1], windows[rows, -1]


def bigram_counts(words: Sequence[str]) -> np.ndarray:
    """How often each character (row) is followed by each (column), the marks included: integers (27, 27)."""
    return context_counts(words, 1)


def context_counts(words: Sequence[str], length: int) -> np.ndarray:
    """How often each context of that length is followed by each character: (27 ** length, 27), see row_numbers()."""
    X, y = contexts(words, length)
    return np.bincount(C * row_numbers(X) + y, minlength=C ** (length + 1)).reshape(-1, C)


def row_numbers(X: np.ndarray) -> np.ndarray:
    """The row of context_counts() that belongs to each context (N, length): its numbers as digits to the base 27."""
    return X @ C ** np.arange(X.shape[1])[::-1]


def bigram_logits(P: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The model that looks at the last character alone: log P[last], from probabilities P (27, 27)."""
    with np.errstate(divide="ignore"):
        logits = np.log(P)
    return lambda X: logits[X[:, -1]]


# --- From a model to names ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """Names drawn from a model.

    words: without marks. ended: whether each has drawn its mark before it was LONGEST letters long. nll: of each, the
    sum of -log p over what was drawn, at temperature 1, in nats. drawn: of each, how many characters that were, the
    mark included.
    """

    words: list[str]
    ended: np.ndarray
    nll: np.ndarray
    drawn: np.ndarray

    @property
    def mean_nll(self) -> float:
        """Nats for each character drawn."""
        return float(self.nll.sum() / max(1, self.drawn.sum()))


def draw(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """One index a row of p (N, C), by the inverse of the cumulative sum at u (N,), uniform in [0, 1): integers (N,).

    The probabilities are rounded to DECIMALS first, so that a machine that differs beyond does not draw another name.
    """
    ends = np.cumsum(np.round(p, DECIMALS), axis=1)
    return (ends <= u[:, None] * ends[:, -1:]).sum(axis=1)


def sample(logits: Callable, count: int = 10, temperature: float = 1.0, seed: int = 0, prefix: str = "") -> Sample:
    """Draw names that begin with prefix, character by character, from softmax(logits / temperature).

    logits: a model of contexts (N, CONTEXT). The first names stay the same if count grows.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"sample: the temperature is {temperature}; expected a positive number")
    if MARK in prefix:
        raise ValueError(
            f"sample: the prefix is {prefix!r:.40}; expected letters alone: {MARK!r} marks the end of a name"
        )
    u = np.random.default_rng(seed).random((count, LONGEST + 1))
    line = np.tile(encode(MARK * CONTEXT + prefix), (count, 1))
    nll, drawn, open_ = np.zeros(count), np.zeros(count, int), np.ones(count, bool)
    for step in range(max(0, LONGEST + 1 - len(prefix))):
        if not open_.any():
            break
        X = np.where(open_[:, None], line[:, -CONTEXT:], 0)  # for a name that has ended, contexts that a model knows
        l = F.log_softmax(np.asarray(logits(X), np.float64)).data
        following = draw(tempered(l, temperature), u[:, step])
        nll -= np.where(open_, l[np.arange(count), following], 0)
        drawn += open_
        open_ &= following != 0
        line = np.append(line, np.where(open_, following, 0)[:, None], axis=1)
    words = [decode(row).strip(MARK)[:LONGEST] for row in line]
    return Sample(words, ~open_, nll, drawn)
