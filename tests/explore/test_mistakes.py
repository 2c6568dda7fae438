"""The explorers of chapter 07: what they say is in the arrays they are given, whatever those hold."""

import re

import ipywidgets as widgets
import numpy as np
import pytest
from explorers import NASTY, NO_WARNINGS, every_control_redraws_and_leads_back, nan, shows_its_state, texts

from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.mistakes import PAGES
from mnist_autograd.teach.pictures import charts

pytestmark = NO_WARNINGS
CLASSES = ("cat", "dog", "bird")
rng = np.random.default_rng(0)
IMAGES = rng.integers(256, size=(60, 4, 5)).astype(np.uint8)
LABELS = rng.integers(3, size=60).astype(np.uint8)
P = rng.dirichlet([1, 1, 1], size=60)
P[LABELS == 0] = P[LABELS == 0][:, [0, 1, 2]] * [1, 1, 0] + [0, 0, 0.01]  # no cat is read as a bird
P /= P.sum(axis=1, keepdims=True)
W, B = rng.normal(size=(20, 3)), np.array([0.5, -0.25, 0])


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table().replace("\n", " ")]


def mistakes_state(**keywords):
    return explore.MistakesState(IMAGES, LABELS, P, CLASSES, **keywords)


def evidence_state(**keywords):
    return explore.EvidenceState(IMAGES, LABELS, W, B, CLASSES, **keywords)


def of_pair(true, other):
    return [i for i in range(60) if LABELS[i] == true and P[i].argmax() == other]


# --- Mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("true", range(3))
@pytest.mark.parametrize("other", range(3))
def test_a_pair_holds_its_images_the_surest_first(true, other):
    state = mistakes_state(pair=(true, other))
    expected = sorted(of_pair(true, other), key=lambda i: -P[i, other])
    assert state.members().tolist() == expected
    assert state.counts[true, other] == len(expected)
    for page, i in enumerate(expected):
        state.page = page
        assert state.shown() == i
        figure, sentence, table = said(state)
        for form in (figure, sentence, table):
            assert f"{CLASSES[true]} read as {CLASSES[other]}" in form
            assert f"Image {page + 1} of {len(expected)};" in form
            assert all(f"{p:.2f}" in form for p in P[i])
        assert f"place in the data is {i}." in sentence
        (drawn,) = re.findall(r'href="([^"]*)"', state.view())
        (wanted,) = re.findall(r'href="([^"]*)"', charts.pictures(IMAGES[i][None], [""], "", ""))
        assert drawn == wanted


def test_the_number_of_mistakes_is_said_and_right_answers_are_no_mistakes():
    count = len(of_pair(1, 2))
    assert f"dog read as bird: {count} mistakes in {(LABELS == 1).sum()} images" in mistakes_state(pair=(1, 2)).table()
    right = mistakes_state(pair=(1, 1))
    assert f"is no mistake: {len(of_pair(1, 1))} of {(LABELS == 1).sum()} are read right" in right.table()
    assert f"{P[right.shown(), 1]:.2f} right" in right.table() and "true" not in right.table().replace("true:", "")


def test_a_pair_without_mistakes_says_so():
    state = mistakes_state(pair=(0, 2))
    assert of_pair(0, 2) == [] and state.shown() is None and state.pages() == ["none"]
    for form in said(state):
        assert f"cat read as bird: no mistakes. None of {(LABELS == 0).sum()} images is read so." in form
    assert "<image" not in state.view()


def test_one_mistake_is_singular_and_read_and_true_are_marked():
    state = explore.MistakesState(IMAGES[:1], [1], [[0.7, 0.3]], ["a", "b"])
    assert state.pair == (1, 0)
    for form in said(state):
        assert "b read as a: 1 mistake in 1 images" in form and "0.70 read" in form and "0.30 true" in form


def test_the_largest_pairs_come_first_and_every_pair_once():
    state = mistakes_state()
    pairs = state.largest_pairs()
    assert sorted(pairs) == [(i, j) for i in range(3) for j in range(3) if i != j]
    counts = [len(of_pair(*pair)) for pair in pairs]
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1] == 0
    assert state.pair == pairs[0]


def test_no_page_leads_astray():
    state = mistakes_state(pair=(1, 2))
    last = len(of_pair(1, 2)) - 1
    for page, place in ((-5, 0), (0, 0), (last, last), (last + 1, last), (10**9, last)):
        state.page = page
        assert state.shown() == state.members()[place] and all(said(state))


def test_a_pair_with_many_images_shows_the_surest_of_them():
    many = PAGES + 20
    sure = np.linspace(0.6, 0.9, many)
    state = explore.MistakesState(np.zeros((many, 2, 2)), np.zeros(many, int), np.stack([1 - sure, sure], 1), "ab")
    assert len(state.pages()) == PAGES and state.shown() == many - 1
    for form in said(state):
        assert f"{many} mistakes" in form and f"The surest {PAGES} are here" in form


def test_without_any_mistake_it_still_draws():
    state = explore.MistakesState(IMAGES[:2], [0, 1], np.eye(2), "ab")
    assert all("There are no mistakes at all." in form for form in said(state))
    assert "at all" not in mistakes_state(pair=(0, 2)).table()
    assert all(said(explore.MistakesState(IMAGES[:2], [0, 0], np.ones((2, 1)), "a")))  # a single class


@pytest.mark.parametrize("bad", [nan, float("inf"), -float("inf")])
def test_odd_probabilities_are_said_and_break_nothing(bad):
    odd = P.copy()
    odd[:, 1] = bad
    for pair in [(i, j) for i in range(3) for j in range(3)]:
        assert all(said(explore.MistakesState(IMAGES, LABELS, odd, CLASSES, pair)))


@pytest.mark.parametrize("names", [NASTY, [], ["a"], ["猫" * 40] * 3])
def test_any_names_will_do(names):
    assert all(said(explore.MistakesState(IMAGES, LABELS, P, names)))
    assert all(said(explore.EvidenceState(IMAGES, LABELS, W, B, names)))


@pytest.mark.parametrize(
    "images, labels, p, words",
    [
        (IMAGES[0], LABELS, P, r"images have shape \(4, 5\), labels \(60,\)"),
        (IMAGES, LABELS[:5], P, r"labels \(5,\)"),
        (IMAGES, LABELS, P[:, 0], r"probabilities \(60,\)"),
        (IMAGES[:0], LABELS[:0], P[:0], "N at least 1"),
        (IMAGES, LABELS + 1, P, "expected labels from 0 to 2"),
        (IMAGES, LABELS.astype(float), P, "expected labels from 0 to 2"),
        (IMAGES, LABELS, np.log(P + 1e-9), "image 0 add up to -.*expected none below 0 and a sum of 1"),
        (IMAGES, LABELS, P + [0.5, -0.5, 0], "the least is -.*expected none below 0"),
        (IMAGES[:3], LABELS[:3], P[:3].T, "add up to .*a sum of 1 in each row"),
        (IMAGES, LABELS, P * 1e308, "add up to"),
    ],
)
def test_arrays_that_do_not_fit_are_named(images, labels, p, words):
    with pytest.raises(ValueError, match=words):
        explore.MistakesState(images, labels, p, CLASSES)


# --- Evidence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(0, 60, 7))
def test_the_parts_add_up_to_the_logits(index):
    state = evidence_state(index=index)
    z = IMAGES[index].reshape(-1) / 255 @ W + B
    for state.classes in [(0, 1), (2, 0), (1, 1)]:
        sums = state.sums()
        chosen = list(state.classes)
        np.testing.assert_allclose(state.parts().sum(axis=(1, 2)) + B[chosen], z[chosen])
        np.testing.assert_allclose(sums["logit"], z[chosen])
        assert (sums["pixels for it"] >= 0).all() and (sums["pixels against it"] <= 0).all()
        for form in said(state):
            assert all(f"{value:.2f}" in form for row in sums.values() for value in row)


def test_the_image_is_counted_as_the_slider_counts_it():
    state = evidence_state(index=8)
    assert "image 9 of 60, true" in state.table() and state.describe().startswith("Image 9 of 60, true class")
    assert ("9 of 60", 8) in explore.evidence(IMAGES, LABELS, W, B, CLASSES).controls["image"].options


def test_it_starts_with_the_true_class_and_its_strongest_rival():
    for index in range(60):
        true, rival = evidence_state(index=index).classes
        z = IMAGES[index].reshape(-1) / 255 @ W + B
        assert true == LABELS[index] and rival == max(set(range(3)) - {true}, key=lambda k: z[k])


def test_the_gap_is_said_as_a_ratio():
    flat = np.zeros((1, 2, 2))
    for gap, words in (
        (np.log(300), "about 300 times"),
        (np.log(2), "about 2 times"),
        (50, "more than a million times"),
    ):
        for b, leader in (([gap, 0], "a leads"), ([0, gap], "b leads")):
            state = explore.EvidenceState(flat, [0], np.zeros((4, 2)), b, "ab", classes=(0, 1))
            assert f"{leader} by {gap:.2f}, so it is {words} as probable" in state.table()
    assert (
        "different classes" in explore.EvidenceState(flat, [0], np.zeros((4, 2)), [1, 2], "ab", classes=(1, 1)).table()
    )


@pytest.mark.parametrize("bad", [nan, float("inf"), 1e308])
def test_odd_weights_break_nothing(bad):
    with np.errstate(all="ignore"):
        assert all(said(explore.EvidenceState(IMAGES, LABELS, W * bad, B, CLASSES)))


@pytest.mark.parametrize(
    "images, labels, w, b, words",
    [
        (IMAGES[0], LABELS, W, B, r"images have shape \(4, 5\)"),
        (IMAGES, LABELS[:3], W, B, r"labels \(3,\)"),
        (IMAGES, LABELS, W.T, B, r"W has shape \(3, 20\), b \(3,\); expected \(20, C\)"),
        (IMAGES, LABELS, W, B[:2], r"b \(2,\)"),
        (IMAGES, LABELS, W[:, :1], B[:1], "at least two classes"),
        (IMAGES, LABELS + 1, W, B, "expected labels from 0 to 2"),
    ],
)
def test_weights_that_do_not_fit_are_named(images, labels, w, b, words):
    with pytest.raises(ValueError, match=words):
        explore.EvidenceState(images, labels, w, b, CLASSES)


# --- Live -------------------------------------------------------------------------------------------------------


def mistakes():
    return explore.mistakes(IMAGES, LABELS, P, CLASSES)


def evidence_of_six():
    return explore.EvidenceState(IMAGES[:6], LABELS[:6], W, B, CLASSES)


def evidence():
    return explore.evidence(IMAGES[:6], LABELS[:6], W, B, CLASSES)


def test_every_control_of_the_mistakes_redraws_and_leads_back():
    assert every_control_redraws_and_leads_back(mistakes(), home="largest pair")


def test_every_control_of_the_evidence_redraws_and_leads_back():
    assert every_control_redraws_and_leads_back(evidence())


def test_a_new_pair_starts_at_its_first_image():
    explorer = mistakes()
    controls = explorer.controls
    controls["true class"].value, controls["read as"].value = 1, 2
    count = len(of_pair(1, 2))
    controls["image"].value = count - 1
    assert f"Image {count} of {count};" in explorer.state.table()
    controls["read as"].value = 0
    assert controls["image"].value == 0 and len(controls["image"].options) == len(of_pair(1, 0))
    assert f"Image 1 of {len(of_pair(1, 0))};" in explorer.state.table() and shows_its_state(explorer)
    controls["true class"].value, controls["read as"].value = 0, 2
    assert [words for words, _ in controls["image"].options] == ["none"] and "no mistakes" in explorer.figure.value


def test_next_pair_goes_through_all_pairs_with_mistakes_in_order():
    explorer = mistakes()
    pairs = [pair for pair in explorer.state.largest_pairs() if of_pair(*pair)]
    assert (0, 2) not in pairs and len(pairs) == 5
    seen = []
    for _ in range(len(pairs) + 1):
        seen.append(explorer.state.pair)
        assert (explorer.controls["true class"].value, explorer.controls["read as"].value) == seen[-1]
        explorer.controls["next pair"].click()
        assert shows_its_state(explorer)
    assert seen == [*pairs, pairs[0]]
    explorer.controls["true class"].value = explorer.controls["read as"].value = 1  # right answers
    explorer.controls["next pair"].click()
    assert explorer.state.pair == pairs[0]
    perfect = explore.mistakes(IMAGES[:2], [0, 1], np.eye(2), "ab")
    for button in ("next pair", "largest pair", "next pair"):
        perfect.controls[button].click()
        assert "no mistakes at all" in perfect.figure.value


def test_a_new_image_starts_with_its_true_class_and_its_rival():
    explorer = evidence()
    explorer.controls["class"].value = explorer.controls["against"].value
    assert "different classes" in explorer.figure.value
    for index in (3, 5, 0):
        explorer.controls["image"].value = index
        assert explorer.state.classes == evidence_state(index=index).classes and shows_its_state(explorer)
        assert [explorer.controls[name].value for name in ("class", "against")] == list(explorer.state.classes)


@pytest.mark.parametrize("make, state", [(mistakes, mistakes_state), (evidence, evidence_of_six)])
def test_a_live_explorer_starts_as_the_still_one(make, state):
    explorer, still = make(), state()
    assert explorer.figure.value == still.view() == still._repr_svg_() and repr(still) == still.describe()
    kinds = (widgets.Dropdown, widgets.SelectionSlider, widgets.Button)
    assert all(isinstance(control, kinds) for control in explorer.controls.values())
