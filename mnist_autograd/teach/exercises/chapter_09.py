"""The exercises of chapter 09: names. For each the solution, the probes and the known mistakes.

Shapes: counts (C, C), how often a character (row) is followed by another (column); z logits (C,) of one choice; T the
temperature; u a number in [0, 1); word a tuple of n numbers, those of a word's letters; 0 is the mark.
"""

from __future__ import annotations

import functools

import numpy as np

from ...data import load_names
from ..topics import names
from ..topics.formulas import share, softmax, total
from .task import Exercise, Specimen

# --- Pieces -------------------------------------------------------------------------------------------------------


def _smoothed(counts):
    """(C, C): each row adds up to 1."""
    return (counts + 1) / total(counts + 1, 1)


def _pairs(word):
    """The numbers before and after, (n + 1,) each, for a word and its marks."""
    return np.append(0, word), np.append(word, 0)


def _priced(price, P=_smoothed, pairs=_pairs):
    """A function of counts and a word: price of the probabilities (n + 1,) of its characters and of its end."""
    return lambda counts, word: price(P(counts)[pairs(word)])


def _first_above(p, u):
    """The first index whose cumulative sum of p is above u."""
    return int((np.cumsum(p) <= u).sum())


def _drawn_from(p):
    """A function of z, T and u: the index drawn by u from what p(z, T) gives."""
    return lambda z, T, u: _first_above(p(z, T), u)


def _windows(padded, K, rows):
    """Stretches of K from a line, each beginning one later than the last: (rows, K)."""
    return np.stack([padded[t : t + K] for t in range(rows)])


# --- 09.1 ---------------------------------------------------------------------------------------------------------


def bigram_probabilities(counts):
    """The probability of each character (column) after each (row), with add-one smoothing: (C, C)."""
    smoothed = counts + 1
    return smoothed / smoothed.sum(axis=1, keepdims=True)


NO_KEEPDIMS = (
    "`sum(axis=1)` has shape (C,), and broadcasting lines it up with the columns. The matrix is square, so nothing "
    "stops, and each column is divided by the total of a row. `keepdims=True` keeps the shape (C, 1): one total for "
    "each row."
)

EXERCISE_1 = Exercise(
    id="09.1",
    title="Probabilities from counts",
    see="From counts to probabilities",
    solution=bigram_probabilities,
    atol=0.0,  # so that 0 is not 1e-12
    probes=[
        (np.array([[1, 0], [2, 4]]),),
        (np.array([[0, 0], [3, 1]]),),
        (np.array([[0, 3, 1], [1, 0, 0], [2, 2, 4]]),),
        (np.array([[0, 3, 1], [0, 0, 0], [9, 0, 0]]),),
        (np.array([[0, 5, 2, 1], [3, 1, 4, 0], [1, 0, 0, 0], [2, 6, 0, 7]]),),
    ],
    specimens=[
        Specimen(
            "Counts without smoothing: what was never seen gets probability 0",
            lambda counts: counts / total(counts, 1),
            "A bigram that is not among the counts gets the probability 0. Its negative logarithm is infinite, and one "
            "such bigram in a single name makes the mean loss of all names infinite. A row of zeros gives `0 / 0`, "
            "`nan`. Add 1 to every count first.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda counts: (counts + 1) / (counts + 1).sum(axis=1),
            NO_KEEPDIMS,
        ),
        Specimen(
            "keepdims and smoothing are forgotten",
            lambda counts: counts / counts.sum(axis=1),
            NO_KEEPDIMS + " Besides, the smoothing is missing: add 1 to every count.",
        ),
        Specimen(
            "It sums along axis 0, and the smoothing is forgotten",
            lambda counts: counts / total(counts, 0),
            "A row belongs to the character that stands before, and must add up to 1: sum along axis 1. And what was "
            "never seen must not get the probability 0: add 1 to every count first.",
        ),
        Specimen(
            "C is 27, whatever the table says",
            lambda counts: (counts + 1) / (total(counts, 1) + 27),
            "27 is the C of the chapter's own table. Here the tables are smaller: take the sum of `counts + 1`, or C "
            "from `counts.shape`.",
        ),
        Specimen(
            "Columns add up to 1 in place of rows",
            lambda counts: (counts + 1) / total(counts + 1, 0),
            "A row belongs to the character that stands before, and the columns are what may follow. One of them "
            "follows for certain, so each row must add up to 1: sum along axis 1. A sum along axis 0 answers another "
            "question: which character stood before.",
        ),
        Specimen(
            "The whole table adds up to 1",
            lambda counts: (counts + 1) / (counts + 1).sum(),
            "That is the probability of a pair among all pairs. Asked for is the probability of the second character "
            "when the first is known: each row must add up to 1.",
        ),
        Specimen(
            "1 is added to the counts and not to the totals",
            lambda counts: (counts + 1) / total(counts, 1),
            "The row then adds up to more than 1, by C over its total. Add 1 to the counts first, and take the totals "
            "of what that gives.",
        ),
        Specimen(
            "The totals grow by 1 in place of C",
            lambda counts: (counts + 1) / (total(counts, 1) + 1),
            "Every one of the C counts in a row has grown by 1, so the total of the row grows by C. Take the sum of "
            "the smoothed counts, and the row adds up to 1.",
        ),
        Specimen(
            "1 is added to the totals alone",
            lambda counts: counts / (total(counts, 1) + 1),
            "That avoids `0 / 0`, and leaves the probability of what was never seen at 0. Add 1 to every count, and "
            "take the totals of those.",
        ),
        Specimen(
            "C is added to the totals and nothing to the counts",
            lambda counts: counts / (total(counts, 1) + len(counts)),
            "The totals are right. The counts above them need their 1 as well: what was never seen still gets 0.",
        ),
        Specimen(
            "1 is added after the division",
            lambda counts: np.nan_to_num(counts / total(counts, 1)) + 1,
            "Probabilities between 0 and 1 become numbers between 1 and 2. Smoothing adds 1 to the counts, before they "
            "are divided.",
            where=lambda counts: counts.sum(axis=1).all(),
        ),
        Specimen(
            "1 is added after the division, and the rows are divided again",
            lambda counts: share(np.nan_to_num(counts / total(counts, 1)) + 1),
            "Every row adds up to 1, but next to shares below 1 an added 1 is huge: seen or not, all characters become "
            "nearly alike. Smoothing adds 1 to the counts, before they are divided.",
            where=lambda counts: counts.sum(axis=1).all(),
        ),
        Specimen(
            "1 is added only where the count is 0",
            lambda counts: np.maximum(counts, 1) / total(np.maximum(counts, 1), 1),
            "A bigram seen once is then as likely as one that was never seen. Add-one smoothing adds 1 to every count, "
            "and keeps their order.",
        ),
        *(
            Specimen(
                f"{tiny:g} is added in place of 1",
                lambda counts, tiny=tiny: (counts + tiny) / total(counts + tiny, 1),
                f"Any positive number keeps the loss finite. But the smaller it is, the dearer is a bigram that was "
                f"never seen: after a row with 1,000 counts it costs about {-np.log(tiny / 1000):.0f} nats. The task "
                "says add-one smoothing.",
            )
            for tiny in (0.5, 0.1, 0.01, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
        ),
        Specimen(
            "The table is transposed",
            lambda counts: _smoothed(counts).T,
            "The result must lie as the counts do: the character before picks the row, the one after it the column.",
        ),
        Specimen(
            "Whole numbers are divided as whole numbers",
            lambda counts: (counts + 1) // total(counts + 1, 1),
            "`//` drops all digits behind the point, and every probability below 1 becomes 0. Divide with `/`.",
        ),
        Specimen(
            "It is softmax of the counts",
            lambda counts: softmax(counts.astype(float)),
            "Softmax takes exponentials: a bigram seen 10 times more than another would be about 22,000 times as "
            "likely. Counts are no logits. Divide them by their total; their logarithms would be logits.",
        ),
        Specimen(
            "The logarithm is taken",
            lambda counts: np.log(_smoothed(counts)),
            "These are log-probabilities. Asked for are the probabilities themselves.",
        ),
    ],
)


# --- 09.2 ---------------------------------------------------------------------------------------------------------


def perplexity(counts, word):
    """exp of the mean NLL of a word's letters and of its end, from bigram counts with add-one smoothing: a number."""
    P = (counts + 1) / (counts + 1).sum(axis=1, keepdims=True)
    before, after = (0, *word), (*word, 0)
    return np.exp(-np.log(P[before, after]).mean())


def _mean_price(p):
    return np.exp(-np.log(p).mean())


@functools.cache
def _counts_of_the_list():
    return names.bigram_counts(load_names())


TWO = np.array([[1, 3], [2, 5]])
THREE = np.array([[0, 4, 1], [2, 1, 5], [3, 1, 0]])  # 0, 0 and 2, 2 were never seen

EXERCISE_2 = Exercise(
    id="09.2",
    title="The perplexity of a name",
    see="The price of a name",
    solution=perplexity,
    probes=[
        (TWO, (1,)),
        (TWO, (1, 1)),
        (THREE, (1,)),
        (THREE, (1, 2)),
        (THREE, (2, 1)),
        (THREE, (1, 2, 1, 1)),
        (THREE, (1, 2, 2, 1)),
    ],
    specimens=[
        Specimen(
            "Counts without smoothing: an unseen bigram makes the loss infinite",
            _priced(_mean_price, P=lambda counts: counts / total(counts, 1)),
            "The word (1, 2, 2, 1) holds the bigram 2, 2, which was never counted. Its probability is 0, the logarithm "
            "of that is -inf, and one infinite price makes the mean infinite. Add 1 to all counts first.",
            where=lambda counts, word: bool((counts[_pairs(word)] == 0).any()),
        ),
        Specimen(
            "1 is added only where the count is 0",
            _priced(_mean_price, P=lambda counts: np.maximum(counts, 1) / total(np.maximum(counts, 1), 1)),
            "A bigram seen once is then as likely as one that was never seen. Add 1 to every count.",
        ),
        Specimen(
            "1 is added to the counts and not to the totals",
            _priced(_mean_price, P=lambda counts: (counts + 1) / total(counts, 1)),
            "The probabilities of a row then add up to more than 1. Take the totals of the smoothed counts.",
        ),
        Specimen(
            "Columns add up to 1 in place of rows",
            _priced(_mean_price, P=lambda counts: (counts + 1) / total(counts + 1, 0)),
            "The columns are what may follow, so a row must add up to 1: sum along axis 1.",
        ),
        Specimen(
            "C is 27, whatever the table says",
            _priced(_mean_price, P=lambda counts: (counts + 1) / (total(counts, 1) + 27)),
            "27 is the C of the chapter's own table. Here the alphabet is smaller: take the sum of `counts + 1`, or C "
            "from `counts.shape`.",
        ),
        Specimen(
            "It uses the chapter's table P in place of counts",
            _priced(_mean_price, P=lambda counts: _smoothed(_counts_of_the_list())),
            "The chapter's `P` and `prices` know the 27 characters of the list. The function is handed other counts: "
            "make its own table from those, as in exercise 09.1.",
        ),
        Specimen(
            "The whole table adds up to 1",
            _priced(_mean_price, P=lambda counts: (counts + 1) / (counts + 1).sum()),
            "Those are probabilities of pairs. When the first character is known, its row must add up to 1.",
        ),
        Specimen(
            "Before and after are exchanged",
            _priced(_mean_price, pairs=lambda word: _pairs(word)[::-1]),
            "The character before picks the row, the one after it the column: `P[before, after]`.",
        ),
        Specimen(
            "The end of the word is left out",
            _priced(_mean_price, pairs=lambda word: (np.append(0, word[:-1]).astype(int), np.array(word))),
            "A name pays for its end, too: after the last letter stands the mark, 0. Without it, a model that never "
            "ends a name would pay nothing for that.",
        ),
        Specimen(
            "The end of the word is left out, and still divided for",
            lambda counts, word: np.exp(
                -np.log(_smoothed(counts)[np.append(0, word[:-1]).astype(int), np.array(word)]).sum() / (len(word) + 1)
            ),
            "n + 1 is the right number to divide by, but the sum above it has n prices: that of the end, the mark "
            "after the last letter, is missing.",
        ),
        Specimen(
            "The start of the word is left out",
            _priced(_mean_price, pairs=lambda word: (np.array(word), np.append(word[1:], 0).astype(int))),
            "The first letter has its price as well: it follows the mark, 0, in front of the name.",
        ),
        Specimen(
            "Both marks are left out",
            _priced(_mean_price, pairs=lambda word: (np.array(word[:-1], int), np.array(word[1:], int))),
            "A word of n letters has n + 1 bigrams: 0 and its first letter, the n - 1 inside, its last letter and 0. "
            "For a word of one letter nothing is left, and the mean of nothing is `nan`.",
        ),
        Specimen(
            "It is the mean NLL: the exponential is missing",
            _priced(lambda p: -np.log(p).mean()),
            "The mean NLL counts nats. Its exponential, the perplexity, counts equally likely characters.",
        ),
        Specimen(
            "The minus sign is missing",
            _priced(lambda p: np.exp(np.log(p).mean())),
            "This is 1 over the perplexity: the (geometric) mean probability. NLL is minus the log-probability, and a "
            "perplexity is never below 1.",
        ),
        Specimen(
            "It is the sum in place of the mean",
            _priced(lambda p: np.exp(-np.log(p).sum())),
            "That grows with every letter, so long names look worse than short ones. Divide the sum by the number of "
            "bigrams, n + 1.",
        ),
        Specimen(
            "The sum is divided by the number of letters",
            lambda counts, word: np.exp(-np.log(_smoothed(counts)[_pairs(word)]).sum() / len(word)),
            "n letters have n + 1 bigrams, because the end counts. `.mean()` divides by their true number.",
        ),
        Specimen(
            "The sum is divided by n + 2, the number of characters with both marks",
            lambda counts, word: np.exp(-np.log(_smoothed(counts)[_pairs(word)]).sum() / (len(word) + 2)),
            "n letters and two marks make n + 2 characters, and between them n + 1 pairs. A price belongs to a pair, "
            "so divide by n + 1. `.mean()` does that.",
        ),
        Specimen(
            "Every character is paired with every other",
            lambda counts, word: _mean_price(_smoothed(counts)[np.ix_(*_pairs(word))]),
            "`P[before][:, after]` is a block of (n + 1) x (n + 1) numbers: every row with every column. Index once "
            "with two tuples of the same length, `P[before, after]`, and NumPy reads them in pairs.",
        ),
        Specimen(
            "The letters are shifted by 1",
            lambda counts, word: _mean_price(_smoothed(counts)[_pairs(np.array(word) - 1)]),
            "The word comes as numbers already: 1 is the first letter, and 0 the mark. Nothing needs to be subtracted.",
        ),
        Specimen(
            "It is 1 over the mean probability",
            _priced(lambda p: 1 / p.mean()),
            "The mean is taken of the logarithms, not of the probabilities: a single impossible character must make "
            "the perplexity infinite, and in a mean of probabilities it hardly shows.",
        ),
        Specimen(
            "It is the mean of 1 / p",
            _priced(lambda p: (1 / p).mean()),
            "The mean is taken of -log p, and the exponential comes last. The mean of 1 / p is larger, except where "
            "all p are equal.",
        ),
        Specimen(
            "It is the probability of the name",
            _priced(lambda p: p.prod()),
            "The product of its probabilities is how likely the name is. The perplexity is 1 over its (n + 1)-th root.",
        ),
        Specimen(
            "The logarithm has base 2 and the exponential base e",
            _priced(lambda p: np.exp(-np.log2(p).mean())),
            "Both must have the same base: `np.log` and `np.exp`, or `np.log2` and 2.",
        ),
        Specimen(
            "The logarithm has base 10 and the exponential base e",
            _priced(lambda p: np.exp(-np.log10(p).mean())),
            "Both must have the same base: `np.log` and `np.exp`.",
        ),
        Specimen(
            "The exponential has base 2 and the logarithm base e",
            _priced(lambda p: 2 ** -np.log(p).mean()),
            "Both must have the same base: nats go with `np.exp`, bits (base 2) with 2.",
        ),
        Specimen(
            "What stands before is not looked at",
            lambda counts, word: _mean_price(((counts + 1).sum(axis=0) / (counts + 1).sum())[[*word, 0]]),
            "Those are the frequencies of single characters. A bigram model uses the row of the character before.",
        ),
    ],
)


# --- 09.3 ---------------------------------------------------------------------------------------------------------


def sample(z, T, u):
    """The index drawn from softmax(z / T) by u: the first whose cumulative probability is above u."""
    ends = np.cumsum(np.exp((z - z.max()) / T))
    return np.searchsorted(ends / ends[-1], u, side="right")  # the last end is 1 exactly, and above every u


def _inside(z, T, u):
    """u lies on no border, and is not 0: which side of a border counts does not matter."""
    return u > 0 and bool(np.abs(np.cumsum(softmax(z / T)) - u).min() > 1e-9)


Z = np.array([2.0, 1.0, 0.0])  # probabilities at T = 1: 0.665, 0.245, 0.09
FOUR = np.array([0.0, 1.5, -1.0, 0.5])
EQUAL = np.zeros(4)  # four times 0.25, exactly

EXERCISE_3 = Exercise(
    id="09.3",
    title="Draw a character",
    see="Drawing a character",
    solution=sample,
    probes=[
        (np.array([0.0, 1.0]), 1.0, 0.2),  # the first has 0.269
        (np.array([0.0, 1.0]), 1.0, 0.5),
        (np.array([1.0, 0.0]), 1.0, 0.9),  # 0.731
        (np.array([1.0, 0.0]), 0.2, 0.9),  # 0.993
        (np.array([1.0, 0.0]), 5.0, 0.6),  # 0.55
        (np.array([0.0, 0.0]), 1.0, 0.5),  # on the border
        (np.array([0.0, 0.0]), 1.0, 0.0),
        (np.array([1000.0, 999.0]), 1.0, 0.6),  # 0.731
        (np.array([1000.0, 999.0]), 1.0, 0.9),
        (np.array([999.0, 1000.0]), 0.2, 0.5),  # 0.007
        (np.array([1000.0, 999.0, 0.0]), 1.0, 0.9),
        (Z, 1.0, 0.0),
        (Z, 1.0, 0.6),
        (Z, 1.0, 0.7),
        (Z, 1.0, 0.92),
        (Z, 2.0, 0.6),  # 0.506, 0.307, 0.186
        (Z, 2.0, 0.85),
        (Z, 0.5, 0.8),  # 0.867, 0.117, 0.016
        (Z, 0.5, 0.95),
        (Z, 0.5, 0.99),
        (FOUR, 1.0, 0.1),
        (FOUR, 1.0, 0.3),
        (FOUR, 1.0, 0.75),
        (FOUR, 1.0, 0.99),
        (FOUR, 3.0, 0.5),
        (FOUR, 3.0, 0.65),
        (FOUR, 0.3, 0.5),
        (FOUR, 0.3, 0.97),
        (EQUAL, 1.0, 0.25),
        (EQUAL, 1.0, 0.75),
        (EQUAL, 7.0, 0.6),
    ],
    specimens=[
        Specimen(
            "It takes the likeliest, whatever u is",
            lambda z, T, u: z.argmax(),
            "`argmax` always gives the same character, and so every name would be the same. Sampling takes each index "
            "as often as its probability says: u decides which.",
        ),
        Specimen(
            "T is applied after softmax, or not at all: it has no effect",
            _drawn_from(lambda z, T: softmax(z)),
            "Dividing all probabilities by T and then by their sum gives them back, as if T were not there. T divides "
            "the logits, before the exponential: `z / T`.",
        ),
        Specimen(
            "T is applied after softmax, and the result does not add up to 1",
            _drawn_from(lambda z, T: softmax(z) / T),
            "Dividing the probabilities by T changes them all by the same factor; they then add up to 1 / T. For T "
            "above 1 the sum may never reach u, and the index runs off the end. T divides the logits: `z / T`.",
            where=_inside,
        ),
        Specimen(
            "Softmax is taken twice",
            _drawn_from(lambda z, T: softmax(softmax(z) / T)),
            "The probabilities, divided by T, are used as logits. They all lie between 0 and 1, so what comes out is "
            "too much alike. T divides the logits, and softmax comes once.",
            where=_inside,
        ),
        Specimen(
            "The powers of the probabilities do not add up to 1",
            _drawn_from(lambda z, T: softmax(z) ** (1 / T)),
            "`softmax(z) ** (1 / T)` has the right proportions. But powers of probabilities do not add up to 1: divide "
            "them by their sum.",
            where=_inside,
        ),
        Specimen(
            "T multiplies the logits",
            _drawn_from(lambda z, T: softmax(z * T)),
            "A high temperature must make the probabilities more alike, so it has to shrink the logits: `z / T`.",
        ),
        Specimen(
            "T multiplies the probabilities",
            _drawn_from(lambda z, T: softmax(z) * T),
            "The probabilities then add up to T in place of 1. T divides the logits, before the exponential: `z / T`.",
            where=_inside,
        ),
        Specimen(
            "The shift by the maximum is missing",
            _drawn_from(lambda z, T: np.exp(z / T) / np.exp(z / T).sum()),
            "`np.exp(1000)` overflows, and `inf / inf` is `nan`: no comparison with `nan` is true. Subtract the "
            "maximum of the logits first.",
            where=_inside,
        ),
        Specimen(
            "The logits are divided by T, and the maximum is not",
            _drawn_from(lambda z, T: share(np.exp(z / T - z.max()))),
            "`z / T - z.max()` shifts by too much or too little: for T below 1 it can still overflow, and for T above "
            "1 all exponentials can become 0. Shift first, then divide: `(z - z.max()) / T`.",
        ),
        Specimen(
            "The shift is by the minimum",
            _drawn_from(lambda z, T: share(np.exp((z - z.min()) / T))),
            "Then the smallest exponent is 0 and the largest may be as large as it likes: it overflows. With the "
            "maximum, no exponent is above 0.",
        ),
        Specimen(
            "The logits are clipped",
            _drawn_from(lambda z, T: share(np.exp(np.clip(z, -50, 50) / T))),
            "Clipping makes 1000 and 999 the same number, and so equally likely. A shift, `z - z.max()`, keeps all "
            "differences.",
        ),
        Specimen(
            "The maximum is subtracted after the division by T",
            _drawn_from(lambda z, T: np.exp(z / T - z.max()) / np.exp(z - z.max()).sum()),
            "The shift must be the same above and below the fraction bar, and T must divide both: "
            "`np.exp((z - z.max()) / T)`, divided by the sum of the same.",
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            _drawn_from(lambda z, T: np.exp((z - z.max()) / T)),
            "The cumulative sum must end at 1, so that every u in [0, 1) finds its place and none is left over. Divide "
            "the exponentials by their sum.",
            where=_inside,
        ),
        Specimen(
            "The cumulative sum is forgotten",
            lambda z, T, u: np.searchsorted(softmax(z / T), u),
            "`searchsorted` looks for u among numbers that grow, and the probabilities themselves need not. The ends "
            "of the pieces are `np.cumsum(p)`.",
            where=_inside,
        ),
        Specimen(
            "The logits are taken for probabilities",
            _drawn_from(lambda z, T: z / T),
            "Logits may be negative, and need not add up to 1. Softmax of `z / T` makes probabilities of them, before "
            "the cumulative sum.",
            where=lambda z, T, u: _inside(z, T, u) and bool((z >= 0).all() and z.any()),
        ),
        Specimen(
            "The logits are taken for probabilities, and their logarithm for logits",
            _drawn_from(lambda z, T: share(z ** (1 / T))),
            "The logarithm of z would undo the exponential of softmax. z holds logits already: shift them, divide them "
            "by T, and take the exponential.",
            where=lambda z, T, u: _inside(z, T, u) and bool((z >= 0).all() and z.any()),
        ),
        Specimen(
            "It is the last index whose cumulative sum is not above u",
            lambda z, T, u: int((np.cumsum(softmax(z / T)) < u).argmax()),
            "`argmax` of True and False finds the first True. With `<` that is index 0, or none, and then it says 0, "
            "too. Ask for what is above u: `(np.cumsum(p) > u).argmax()`.",
            where=_inside,
        ),
        Specimen(
            "All indices above u are returned",
            lambda z, T, u: np.flatnonzero(np.cumsum(softmax(z / T)) > u),
            "`np.where` and `np.flatnonzero` find every index whose cumulative sum is above u. Asked for is the first "
            "of them: `[0]`.",
        ),
        Specimen(
            "It is one too far",
            lambda z, T, u: _first_above(softmax(z / T), u) + 1,
            "The number of cumulative sums that are not above u is the index already. Counting starts at 0. A 0 in "
            "front of the cumulative sum has the same effect.",
            where=_inside,
        ),
        Specimen(
            "It is one too early",
            lambda z, T, u: _first_above(softmax(z / T), u) - 1,
            "Below the first cumulative sum the index is 0, not -1 (which in Python is the last). The index is the "
            "number of cumulative sums that are not above u.",
            where=_inside,
        ),
        Specimen(
            "On a border it takes the lower index",
            lambda z, T, u: np.searchsorted(np.cumsum(softmax(z / T)), u),
            "u lies in [0, 1): 0 is possible, 1 is not. So index 0 owns the numbers from 0 up to its probability, and "
            'that border belongs to the next. `np.searchsorted` needs `side="right"` for it. Without it, u = 0 could '
            "pick a character whose probability is 0.",
            where=lambda z, T, u: u > 0,
        ),
        Specimen(
            "u is counted from the other end",
            lambda z, T, u: _first_above(softmax(z / T), 1 - u),
            "`1 - u` is uniform as well, so the names would be as good. But the task says which u gives which index: "
            "the first whose cumulative probability is above u.",
            where=_inside,
        ),
        *(
            Specimen(
                f"The probabilities are sorted, the {first} first{end}",
                lambda z, T, u, place=place, sign=sign: place(np.argsort(sign * z, kind="stable"), z, T, u),
                "The pieces lie on the line in the order of the characters, 0 first, whatever their lengths are: u "
                "falls into another piece after sorting. Leave the order alone.",
                where=lambda z, T, u: _inside(z, T, u) and len(set(z)) == len(z),
            )
            for first, sign in (("largest", -1), ("smallest", 1))
            for end, place in (
                ("", lambda order, z, T, u: _first_above(softmax(z / T)[order], u)),
                (
                    ", and the place is translated back",
                    lambda order, z, T, u: order[_first_above(softmax(z / T)[order], u)],
                ),
            )
        ),
        Specimen(
            "It is the first probability above u, not the first cumulative one",
            lambda z, T, u: int((softmax(z / T) > u).argmax()),
            "Each index owns a piece of the line from 0 to 1 that is as long as its probability. The pieces lie one "
            "behind the other: their ends are `np.cumsum(p)`.",
        ),
        Specimen(
            "The probability is returned in place of the index",
            lambda z, T, u: softmax(z / T)[min(_first_above(softmax(z / T), u), len(z) - 1)],
            "Asked for is the number of the character that was drawn.",
        ),
        Specimen(
            "Shares of the logits are taken, without exponentials",
            _drawn_from(lambda z, T: z / T / (z / T).sum()),
            "Logits may be negative, so their shares of the sum are no probabilities. Softmax takes the exponentials "
            "first.",
            where=lambda z, T, u: _inside(z, T, u) and z.any(),
        ),
        Specimen(
            "u is scaled to an index",
            lambda z, T, u: int(u * len(z)),
            "That draws every index equally often: it is the limit of a large T, whatever the logits say.",
        ),
    ],
)


# --- 09.4 ---------------------------------------------------------------------------------------------------------


def contexts(word, K):
    """The K characters before each letter of a word and before its end, with marks (0) before the word: (n + 1, K)."""
    padded = (0,) * K + tuple(word)
    return np.array([padded[t : t + K] for t in range(len(word) + 1)])


def _padded(word, K):
    return np.append(np.zeros(K, int), np.array(word, int))


def _rows(word):
    return range(len(word) + 1)


EXERCISE_4 = Exercise(
    id="09.4",
    title="Contexts of a name",
    see="Three characters of context",
    solution=contexts,
    probes=[((5,), 1), ((5,), 2), ((5, 7), 1), ((5, 7), 2), ((5, 7), 3), ((5, 7, 9), 2), ((5, 7, 9, 4), 3)],
    specimens=[
        Specimen(
            "The row for the end is missing",
            lambda word, K: _windows(_padded(word, K), K, len(word)),
            "The model must learn where names end, so the end is predicted as well, from the last K letters. A word of "
            "n letters has n + 1 rows.",
        ),
        Specimen(
            "There is a row too many, after the end",
            lambda word, K: _windows(np.append(_padded(word, K), 0), K, len(word) + 2),
            "After the end of a name nothing is predicted. A word of n letters has n + 1 rows, and the last one holds "
            "its last K letters.",
        ),
        Specimen(
            "The row holds the character that it should predict",
            lambda word, K: _windows(np.append(_padded(word, K), 0)[1:], K, len(word) + 1),
            "Everything is one too late: the last number of a row is the answer itself. A model that sees it learns to "
            "copy, reaches a loss of 0, and can write nothing. The first row holds marks only.",
        ),
        Specimen(
            "The marks stand after the word in place of before it",
            lambda word, K: _windows(np.append(np.array(word), np.zeros(K, int)), K, len(word) + 1),
            "Before the first letter nothing is known: that is what the marks say. They stand in front of the word.",
        ),
        Specimen(
            "There are no marks: only full rows are kept",
            lambda word, K: np.array([word[t : t + K] for t in range(len(word) - K + 1)]),
            "Then the first K letters of a name are never predicted, and a name shorter than K has no row at all. Put "
            "K marks in front.",
        ),
        Specimen(
            "Too few marks stand in front, so rows have different lengths",
            lambda word, K: np.stack([np.array((0, *word)[max(0, t + 1 - K) : t + 1]) for t in range(len(word) + 1)]),
            "Some rows hold fewer than K numbers (near the beginning or near the end: print them one by one), and "
            "NumPy makes no array of rows that differ in length. With K marks in front, every stretch "
            "`padded[t : t + K]` is full.",
        ),
        Specimen(
            "The first row, of marks only, is missing",
            lambda word, K: _windows(_padded(word, K)[1:], K, len(word)),
            "The first letter is predicted as well, from K marks: row 0 is `padded[0 : K]`. Let t begin at 0, and put "
            "K marks in front, not K - 1.",
        ),
        Specimen(
            "There is a mark too many in front",
            lambda word, K: _windows(_padded(word, K + 1), K, len(word) + 2),
            "With K + 1 marks two rows hold marks only. K marks are enough: then row 0 is all marks, and row 1 ends "
            "with the first letter.",
        ),
        Specimen(
            "There is a mark too many in front, and the last row is missing",
            lambda word, K: _windows(_padded(word, K + 1), K, len(word) + 1),
            "The number of rows is right, but with K + 1 marks everything comes one row too late: two rows hold marks "
            "only, and the one that predicts the end is not there.",
        ),
        Specimen(
            "Short rows are filled with marks on the right",
            lambda word, K: np.stack(
                [np.append(np.array(word[max(0, t - K) : t], int), np.zeros(max(0, K - t), int)) for t in _rows(word)]
            ),
            "The last number of a row is the character right before the one to predict. So the marks that fill a short "
            "row stand on its left, where the time before the name is.",
        ),
        Specimen(
            "One list is changed again and again, so that all rows are the last",
            lambda word, K: np.tile(contexts(word, K)[-1], (len(word) + 1, 1)),
            "`append` stores the list itself and no copy, so every row is the same list, and shows what it held last. "
            "Append a copy, `row.copy()`, or make a new list each time: `row = row[1:] + [number]`.",
        ),
        Specimen(
            "One list is changed again and again, so that all rows are the end",
            lambda word, K: np.tile(contexts((*word, 0), K)[-1], (len(word) + 1, 1)),
            "`append` stores the list itself and no copy, so every row is the same list, and shows what it held last: "
            "the mark at the end, too. Append a copy, `row.copy()`, or make a new list each time.",
        ),
        Specimen(
            "The nearest character comes first",
            lambda word, K: contexts(word, K)[:, ::-1],
            "The order is that of reading: the last number of a row is the character right before the one to predict.",
        ),
        Specimen(
            "The marks are -1",
            lambda word, K: _windows(np.append(np.full(K, -1), np.array(word)), K, len(word) + 1),
            "The mark is the character 0, and has its own row in every table. As an index, -1 would take the row of "
            "the last letter, z.",
        ),
        Specimen(
            "The first letter stands in for the marks",
            lambda word, K: _windows(np.append(np.full(K, word[0]), np.array(word)), K, len(word) + 1),
            "That tells the first row which letter comes, which is what it should predict. Put marks, 0, in front.",
        ),
        Specimen(
            "Rows and columns are exchanged",
            lambda word, K: contexts(word, K).T,
            "One example is one row, as in all chapters: shape (n + 1, K).",
        ),
        Specimen(
            "The target is the last column",
            lambda word, K: np.column_stack([contexts(word, K), (*word, 0)]),
            "The rows hold inputs alone. What should be predicted from them, the letters and then 0, is y.",
        ),
        Specimen(
            "K is 3, whatever it says",
            lambda word, K: contexts(word, 3),
            "A fixed number stands in the function. The argument K says how many characters a row holds.",
        ),
        Specimen(
            "K is 1, whatever it says",
            lambda word, K: contexts(word, 1),
            "These are the rows of a bigram model. The argument K says how many characters a row holds.",
        ),
        Specimen(
            "The rows begin with the K letters after, not before",
            lambda word, K: contexts(word[::-1], K)[::-1],
            "These rows look ahead: each holds what comes after. A name is written from left to right, and what comes "
            "later is not known yet.",
        ),
        Specimen(
            "Every row is the first K letters",
            lambda word, K: np.tile(np.append(np.array(word), np.zeros(K, int))[:K], (len(word) + 1, 1)),
            "The window has to move: row t holds the K characters before character t.",
        ),
        Specimen(
            "The windows do not overlap",
            lambda word, K: np.resize(_padded(word, K), (len(word) // K + 1, K)),
            "The next row begins one character later, not K. Each letter appears in up to K rows.",
        ),
    ],
)


EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4]
