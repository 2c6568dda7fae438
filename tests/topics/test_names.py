"""Names as numbers: encoding, contexts, counts, the split, and drawing that does not depend on the last digits."""

from itertools import chain

import numpy as np
import pytest

from mnist_autograd.data import load_names
from mnist_autograd.teach.topics import names
from mnist_autograd.temperature import tempered

WORDS = ["ab", "b", "zaz"]


def smoothed(words):
    counts = names.bigram_counts(words) + 1
    return counts / counts.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def bigrams():
    return names.bigram_logits(smoothed(load_names()))


# --- From names to numbers ----------------------------------------------------------------------------------------


def test_words_become_numbers_and_come_back():
    assert names.C == 27 and names.encode(".abz").tolist() == [0, 1, 2, 26] and names.encode("").shape == (0,)
    assert all(names.decode(names.encode(word)) == word for word in ["", ".", "emma", names.CHARACTERS])


@pytest.mark.parametrize("word, wrong", [("Emma", "'E'"), ("zoë", "'ë'"), ("a b", "' '"), ("a\n", r"'\\n'")])
def test_an_unknown_character_is_named(word, wrong):
    with pytest.raises(ValueError, match=f"encode: {wrong}"):
        names.encode(word)


def contexts_by_loop(words, length):
    X, y = [], []
    for word in words:
        context = [0] * length
        for character in word + names.MARK:
            X.append(context)
            y.append(names.CHARACTERS.index(character))
            context = [*context[1:], y[-1]]
    return X, y


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_contexts_are_those_of_a_loop(length):
    for words in (WORDS, ["a"], ["zz", "a", "b"], load_names()[:500]):
        X, y = names.contexts(words, length)
        expected_X, expected_y = contexts_by_loop(words, length)
        assert X.tolist() == expected_X and y.tolist() == expected_y


def test_contexts_of_nothing_are_errors():
    with pytest.raises(ValueError, match="the length is 0; expected at least 1"):
        names.contexts(WORDS, 0)
    with pytest.raises(ValueError, match="no words"):
        names.contexts([])


@pytest.mark.parametrize("learn", [names.contexts, names.bigram_counts, lambda words: names.context_counts(words, 2)])
def test_a_word_without_letters_is_not_learned(learn):
    with pytest.raises(ValueError, match="word 1 of 2 is ''; expected at least one letter"):
        learn(["anna", ""])
    with pytest.raises(ValueError, match="word 2 of 3 is 'an.na'; expected .* which marks the end"):
        learn(["b", "a", "an.na"])
    with pytest.raises(ValueError, match=r"got the text 'anna'; expected a list of words, \['anna'\]"):
        learn("anna")


def test_no_name_goes_on_after_its_end(bigrams):
    with pytest.raises(ValueError, match="the prefix is 'an.'; expected letters alone"):
        names.sample(bigrams, 2, prefix="an.")


def test_bigram_counts():
    counts = names.bigram_counts(WORDS)
    assert counts.shape == (27, 27) and counts.sum() == 2 + 1 + 3 + len(WORDS)
    assert counts[0, 1] == counts[0, 2] == counts[0, 26] == 1 and counts[2, 0] == 2 and counts[1, 26] == 1
    assert names.bigram_counts(load_names()).sum() == 214_764


def test_longer_contexts_are_counted_by_row_number():
    assert names.row_numbers(np.array([[0, 0], [1, 2], [26, 26]])).tolist() == [0, 27 + 2, 27 * 27 - 1]
    counts, (X, y) = names.context_counts(WORDS, 2), names.contexts(WORDS, 2)
    assert counts.shape == (27 * 27, 27) and counts.sum() == len(y)
    expected = np.zeros_like(counts)
    for row, target in zip(X.tolist(), y):
        expected[27 * row[0] + row[1], target] += 1
    np.testing.assert_array_equal(counts, expected)


def test_the_split_keeps_every_word_once_and_depends_on_the_seed():
    words = load_names()[:1003]
    parts = names.split(words, seed=4)
    assert [len(part) for part in parts] == [802, 100, 101] and sorted(chain(*parts)) == words
    assert parts == names.split(words, seed=4) != names.split(words, seed=5)
    assert [len(part) for part in names.split(words, shares=[0.5])] == [502, 501]


# --- From a model to names ----------------------------------------------------------------------------------------


def test_the_logits_of_bigrams_are_the_log_probabilities_of_the_last_character():
    P = np.random.default_rng(0).dirichlet(np.ones(27), size=27)
    P[3, 4] = 0
    logits = names.bigram_logits(P)(np.array([[1, 2, 3], [3, 3, 0]]))
    assert logits[0, 4] == -np.inf
    np.testing.assert_allclose(np.exp(logits), P[[3, 0]])


def test_each_index_owns_a_piece_as_long_as_its_probability():
    p = np.array([[0.5, 0.0, 0.25, 0.25]])
    for u, index in [(0, 0), (0.499, 0), (0.5, 2), (0.74, 2), (0.75, 3), (1 - 1e-16, 3)]:
        assert names.draw(p, np.array([u])) == [index]
    drawn = names.draw(np.repeat(p, 100_000, axis=0), np.random.default_rng(0).random(100_000))
    np.testing.assert_allclose(np.bincount(drawn) / 100_000, p[0], atol=0.01)


def test_what_rounds_to_0_is_never_drawn_even_where_the_sum_falls_short_of_1():
    p = np.array([[1 - 4e-7, 4e-7]])
    assert names.draw(p, np.array([1 - 1e-16])) == [0]


def test_differences_in_the_seventh_digit_draw_the_same(bigrams):
    noise = np.random.default_rng(1)

    def shaken(X):
        return bigrams(X) * (1 + noise.uniform(-1e-7, 1e-7, (len(X), 27)))

    assert names.sample(bigrams, 200, 1.0, seed=3).words == names.sample(shaken, 200, 1.0, seed=3).words


def test_samples_are_repeatable_and_the_first_stay_when_more_are_drawn(bigrams):
    few, many = names.sample(bigrams, 5, seed=2), names.sample(bigrams, 50, seed=2)
    assert many.words[:5] == few.words and many.words != names.sample(bigrams, 50, seed=3).words
    np.testing.assert_allclose(many.nll[:5], few.nll)


def test_the_nll_of_a_sample_is_that_of_its_names_under_the_model(bigrams):
    drawn = names.sample(bigrams, 40, temperature=1.5, seed=0)
    assert drawn.ended.any() and not drawn.ended.all()
    for word, ended, nll, count in zip(drawn.words, drawn.ended, drawn.nll, drawn.drawn):
        if ended:
            X, y = names.contexts([word], 3)
            assert count == len(y) == len(word) + 1
            assert nll == pytest.approx(-bigrams(X)[np.arange(len(y)), y].sum())
        else:
            assert len(word) == names.LONGEST
    assert drawn.mean_nll == pytest.approx(drawn.nll.sum() / drawn.drawn.sum())


def test_names_begin_with_the_prefix(bigrams):
    drawn = names.sample(bigrams, 20, seed=0, prefix="emm")
    assert all(word.startswith("emm") for word in drawn.words) and len(set(drawn.words)) > 10
    X, y = names.contexts([drawn.words[0]], 3)
    assert drawn.nll[0] == pytest.approx(-bigrams(X)[np.arange(len(y)), y][3:].sum())  # the prefix costs nothing


def test_the_limits_of_the_temperature(bigrams):
    assert len(set(names.sample(bigrams, 50, 1e-3, seed=1).words)) == 1
    letters = names.encode("".join(names.sample(bigrams, 2000, 1e6, seed=1).words))
    shares = np.bincount(letters, minlength=27)[1:] / len(letters)
    np.testing.assert_allclose(shares, 1 / 26, atol=0.005)
    z = np.array([[3.0, 1.0, -np.inf]])
    np.testing.assert_allclose(tempered(z, 1e-300), [[1, 0, 0]])
    np.testing.assert_allclose(tempered(z, 2), [[1 / (1 + np.exp(-1)), 1 / (1 + np.e), 0]])


@pytest.mark.parametrize("temperature", [0, -1, np.inf, np.nan])
def test_a_temperature_that_is_none_is_refused(bigrams, temperature):
    with pytest.raises(ValueError, match="expected a positive number"):
        names.sample(bigrams, 1, temperature)


def test_a_model_is_only_asked_about_contexts_that_can_occur():
    """Names that have ended are not continued: a table of the contexts that were seen is a model."""
    seen = {tuple(row) for row in names.contexts(["abc", "abd"], 3)[0].tolist()}

    def logits(X):
        assert {tuple(row) for row in X.tolist()} <= seen
        table = {(0, 0, 0): 1, (0, 0, 1): 2, (0, 1, 2): 3, (1, 2, 3): 0, (1, 2, 4): 0}
        z = np.full((len(X), 27), -np.inf)
        for row, context in zip(z, X.tolist()):
            row[table[tuple(context)]] = 0
            if tuple(context) == (0, 1, 2):
                row[4] = 0
        return z

    assert set(names.sample(logits, 30, seed=0).words) == {"abc", "abd"}
