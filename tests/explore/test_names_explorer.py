"""The explorer of chapter 09: it says what the model says, and nothing a reader or a model does breaks it."""

import math

import numpy as np
import pytest
from explorers import (
    NASTY,
    NO_WARNINGS,
    RAISING,
    every_control_redraws_and_leads_back,
    rectangles,
    shows_its_state,
    texts,
)

from mnist_autograd import functional as F
from mnist_autograd import nn
from mnist_autograd.data import load_names
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.names import COUNTS, KNOWN, NAMES_TEMPERATURES, NEW, OPEN, SEEDS
from mnist_autograd.teach.pictures.numbers import whole_percent
from mnist_autograd.teach.pictures.svg import COLOURS
from mnist_autograd.teach.topics import names
from mnist_autograd.training import Classifier

inf, nan = math.inf, math.nan
pytestmark = NO_WARNINGS
COUNTED = names.bigram_counts(load_names())
P = (COUNTED + 1) / (COUNTED + 1).sum(axis=1, keepdims=True)
BIGRAMS = names.bigram_logits(P)


def uniform(X):
    return np.zeros((len(X), 27))


def filled(value, at=(..., 5)):
    """A model whose logits are 0, and value at an index."""

    def model(X):
        z = np.zeros((len(X), 27))
        z[at] = value
        return z

    return model


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table().replace("\n", " ")]


# --- What it says -------------------------------------------------------------------------------------------------


def test_the_bars_are_the_probabilities_of_what_follows_the_prefix():
    for prefix, last in (("", 0), ("q", 17), ("emm", 13)):
        p, p_at_1 = explore.NamesState(BIGRAMS, temperature=2.0, prefix=prefix).following()
        np.testing.assert_allclose(p_at_1, P[last])
        np.testing.assert_allclose(p, np.sqrt(P[last]) / np.sqrt(P[last]).sum())


def test_bars_are_as_tall_as_their_probabilities_to_a_pixel():
    state = explore.NamesState(BIGRAMS, temperature=1.0)
    bars = rectangles(state.view(), COLOURS["probabilities"])
    heights = np.array([float(bar.get("height")) for bar in bars])
    assert len(bars) == 27
    np.testing.assert_allclose(heights / heights.max(), P[0] / P[0].max(), atol=0.01)


def test_percentages_are_whole_and_small_ones_say_so():
    shown = texts(explore.NamesState(BIGRAMS).view())
    assert shown[0] == "what follows the start, in percent; line: at temperature 1"
    assert shown[1:7] == [".", "<1", "a", "14", "b", "4"]
    assert "after “q”: u 68" in explore.NamesState(BIGRAMS, prefix="q").describe()
    assert whole_percent(0) == "0" and whole_percent(0.004) == "<1" and whole_percent(0.006) == "1"


def test_a_name_that_is_in_the_data_has_a_sign_and_is_counted():
    state = explore.NamesState(BIGRAMS, temperature=0.7, seed=0, count=20)
    known = set(load_names())
    assert state.sample().ended.all()
    words = state.sample().words
    expected = [f"{KNOWN if word in known else NEW} {word}" for word in words]
    count = sum(word in known for word in words)
    assert state.lines() == expected and 0 < count < 20
    for form in said(state):
        assert f"{KNOWN} {count} of 20 in the data, {NEW} {20 - count} new" in form
    shown = texts(state.view())
    assert shown.count(KNOWN) == count and shown.count(NEW) == 20 - count
    assert all(f"{word} (in the data)" in state.describe() for word in words if word in known)


def test_the_mean_nll_and_the_perplexity_are_those_of_the_sample():
    state = explore.NamesState(BIGRAMS, seed=1, count=12)
    drawn = state.sample()
    mean = drawn.nll.sum() / drawn.drawn.sum()
    for form in said(state):
        assert f"mean NLL {mean:.2f}" in form and f"perplexity {np.exp(mean):.1f}" in form
    for word, nll, count in zip(drawn.words, drawn.nll, drawn.drawn):
        assert f"{word} {nll / count:.2f}" in " ".join(state.table().split())


def test_a_name_that_does_not_end_is_cut_and_an_empty_one_is_named():
    state = explore.NamesState(filled(-inf, (..., 0)), count=2)
    assert all(word.endswith(OPEN) and len(word) == 2 + names.LONGEST + 1 for word in state.lines())
    assert all(f"{OPEN} cut after 30 letters" in form for form in said(state))
    assert explore.NamesState(filled(50, (..., 0)), count=2).lines() == [f"{NEW} (empty)"] * 2


def test_a_long_name_is_shown_whole_so_that_names_with_a_long_prefix_differ():
    state = explore.NamesState(BIGRAMS, temperature=100.0, prefix="abcdefghijklmnopqrstuvw")
    words = [line[2:] for line in state.lines()]
    assert len(set(words)) > 1 and set(words) <= set(texts(state.view()))


def test_the_mean_nll_is_that_of_what_follows_the_prefix():
    state = explore.NamesState(BIGRAMS, prefix="emma")
    drawn = state.sample()
    assert all(count <= len(word) - 3 for word, count in zip(drawn.words, drawn.drawn))
    assert "mean NLL after “emma”" in state.table() and any("NLL after “emma”" in text for text in texts(state.view()))


def test_the_scale_of_the_bars_is_that_of_the_largest():
    assert "14 %" in texts(explore.NamesState(BIGRAMS).view())
    assert "100 %" in texts(explore.NamesState(BIGRAMS, temperature=0.01).view())


def test_both_ends_of_the_temperature():
    assert explore.NamesState(BIGRAMS, NAMES_TEMPERATURES[0], count=20).lines() == [f"{NEW} a"] * 20
    p, _ = explore.NamesState(BIGRAMS, NAMES_TEMPERATURES[-1]).following()
    np.testing.assert_allclose(p, 1 / 27, atol=0.003)


def test_a_trained_network_is_a_model():
    net = nn.Sequential(nn.Embedding(27, 4, rng=0), nn.Flatten(), nn.Linear(12, 27, rng=1))
    for model in (Classifier(net).logits, net, lambda X: F.log_softmax(net(X))):
        state = explore.NamesState(model)
        assert state.sample().words == explore.NamesState(Classifier(net).logits).sample().words


# --- What readers type --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix, start", [("Emma", "emma"), (" q ", "q"), ("zoë", "zo"), ("x9y", "x"), (".a", "")])
def test_a_prefix_is_used_as_far_as_it_goes(prefix, start):
    state = explore.NamesState(BIGRAMS, prefix=prefix)
    words, problem = state.start()
    assert words == start and bool(problem) == (start != prefix.strip().lower())
    assert all(line[2:].startswith(start) for line in state.lines())
    if problem:
        assert all("a to z only" in form for form in said(state))


@pytest.mark.parametrize("prefix", [*NASTY, "x" * 29, "x" * 30, "x" * 400, "é", "a\nb", "🙂" * 50])
def test_no_prefix_breaks_it(prefix):
    for temperature in (NAMES_TEMPERATURES[0], 1, NAMES_TEMPERATURES[-1]):
        state = explore.NamesState(BIGRAMS, temperature, prefix=prefix)
        assert len(said(state)) == 3 and len(state.sample().words) == 10


# --- What models do -----------------------------------------------------------------------------------------------

BAD_MODELS = RAISING | {
    "your function returned shape (1, 26), expected (1, 27)": lambda X: np.zeros((len(X), 26)),
    "your function returned NoneType, expected an array of shape (1, 27)": lambda X: None,
    "your function gives the logit nan for e after the start": filled(nan),
    "your function gives the logit nan for the end after the start": filled(nan, (..., 0)),
    "your function gives the logit inf for e after the start": filled(inf),
    "your function gives every character the logit -inf after the start: none can be drawn": filled(-inf, ...),
}


@pytest.mark.parametrize("words", BAD_MODELS)
def test_what_a_model_does_wrong_is_said_in_words(words):
    state = explore.NamesState(BAD_MODELS[words])
    for form in said(state):
        assert words.lower() in form.lower()
    assert state.lines()[0].startswith(words[:40])


def test_a_model_that_fails_later_still_shows_what_follows_the_prefix():
    def model(X):
        if X[:, -1].any():
            raise KeyError("no row")
        return filled(-inf, (..., 0))(X)

    state = explore.NamesState(model)
    for form in said(state):
        assert "our function raised KeyError: 'no row'" in form
    assert len(rectangles(state.view(), COLOURS["probabilities"])) == 27


def test_a_model_that_forgets_the_number_of_contexts_is_told_it():
    for form in said(explore.NamesState(lambda X: np.zeros((1, 27)))):
        assert "expected (10, 27) for 10 contexts" in form


def test_a_model_that_answers_at_random_is_told_so():
    random = np.random.default_rng(0)
    for form in said(explore.NamesState(lambda X: random.normal(size=(len(X), 27)))):
        assert "your function gives different answers to the same question" in form
    assert "different answers" not in explore.NamesState(BIGRAMS).describe()


def test_a_model_may_change_its_input_without_harm():
    def model(X):
        z = BIGRAMS(X)
        X[:] = 0
        return z

    assert explore.NamesState(model).lines() == explore.NamesState(BIGRAMS).lines()


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_logits_of_any_size_are_drawn_from(scale):
    state = explore.NamesState(lambda X: scale * BIGRAMS(X))
    assert len(said(state)) == 3


# --- Live ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [BIGRAMS, *BAD_MODELS.values()], ids=["bigrams", *BAD_MODELS])
def test_every_control_redraws_the_figure(model):
    explorer = explore.names(model)
    if model is BIGRAMS:
        assert every_control_redraws_and_leads_back(explorer)
    for control in explorer.controls.values():
        assert control.description and shows_its_state(explorer)


def test_the_sliders_stop_where_the_chapter_says():
    assert NAMES_TEMPERATURES[0] == 0.01 and NAMES_TEMPERATURES[-1] == 100 and 1 in NAMES_TEMPERATURES
    assert sorted(set(SEEDS)) == SEEDS
    controls = explore.names(BIGRAMS).controls
    assert list(controls) == ["temperature", "seed", "how many", "begin with"]
    assert controls["temperature"].value == 1 and controls["how many"].value in COUNTS


def test_a_page_without_widgets_is_told_where_to_look():
    assert repr(explore.names(uniform)).startswith("Names explorer: move its sliders in JupyterLab")
