"""The explorer of chapter 10: its numbers are those of calibration.py, and nothing a reader does breaks it."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from explorers import EXTREMES, NO_WARNINGS, every_control_redraws_and_leads_back, rectangles, shows_its_state, texts

from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.reliability import BINS, HIGH, TEMPERATURES
from mnist_autograd.teach.pictures.numbers import percent
from mnist_autograd.teach.pictures.svg import COLOURS
from mnist_autograd.teach.topics import calibration

pytestmark = NO_WARNINGS
Z, Y = calibration.overconfident()


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table().replace("\n", " ")]


@pytest.mark.parametrize("bins", BINS)
@pytest.mark.parametrize("T", TEMPERATURES)
def test_the_numbers_are_those_of_calibration(T, bins):
    found, nll, accuracy = explore.ReliabilityState(T=T, bins=bins).result()
    expected = calibration.reliability(F.softmax(Z / T).data, Y, bins)
    np.testing.assert_array_equal(found.count, expected.count)
    np.testing.assert_allclose(found.gap, expected.gap, atol=1e-12)
    assert nll == pytest.approx(calibration.nll(Z, Y, T))
    assert accuracy == (Z.argmax(axis=1) == Y).mean()


def test_every_form_says_the_error_the_nll_and_the_accuracy():
    for form in said(explore.ReliabilityState()):
        for words in ("T = 1: expected calibration error 15.2 %", "NLL 1.238", "accuracy 68.8 %", "1267", "89"):
            assert words in form
    for form in said(explore.ReliabilityState(T=2)):
        assert "expected calibration error 1.1 %" in form and "accuracy 68.8 %" in form


def test_the_sliders_stop_at_1_and_at_the_right_temperature():
    assert 1 in TEMPERATURES and 2 in TEMPERATURES and sorted(set(TEMPERATURES)) == TEMPERATURES
    assert calibration.BINS in BINS


@pytest.mark.parametrize("T, bins", [(1, 10), (2, 10), (0.1, 10), (10, 1), (1, 5)])
def test_a_bar_is_as_tall_as_its_share_and_the_mark_is_at_the_confidence(T, bins):
    state = explore.ReliabilityState(T=T, bins=bins)
    svg, (found, _, _) = state.view(), state.result()
    held = found.count > 0
    bars = rectangles(svg, COLOURS["probabilities"])[:-1]  # the last is the key
    np.testing.assert_allclose([float(bar.get("height")) for bar in bars], found.accuracy[held] * HIGH, atol=1)
    lines = [e for e in ET.fromstring(svg).iter() if e.tag.endswith("line") and e.get("stroke-width") == "4"][:-1]
    bottom = max(float(bar.get("y")) + float(bar.get("height")) for bar in bars)
    heights = [bottom - float(mark.get("y1")) for mark in lines]
    np.testing.assert_allclose(heights, found.confidence[held] * HIGH, atol=1)
    assert [t for t in texts(svg) if t.isdigit()].count("0") >= (~held).sum()


def test_it_takes_a_networks_logits_in_float32():
    z = np.array([[4.0, 0.0], [3.0, 0.0], [0.5, 0.0]], np.float32)
    state = explore.ReliabilityState(z, [0, 1, 0])
    found, _, accuracy = state.result()
    assert found.count.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 2] and accuracy == pytest.approx(2 / 3)
    assert "66.7 %" in state.describe()


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="reliability explorer: got shapes"):
        explore.ReliabilityState(Z, Y[:3])


@pytest.mark.parametrize("T", EXTREMES)
@pytest.mark.parametrize("z", [Z, np.array([[1e308, -1e308]]), np.zeros((3, 4)), np.array([[math.nan, 0]])])
def test_no_temperature_raises(T, z):
    state = explore.ReliabilityState(z, Y[: len(z)] % 2, T=T)
    assert all(said(state))
    if not (T > 0):
        assert all("No probabilities at the temperature" in form for form in said(state))


def test_logits_that_are_not_finite_are_named():
    assert all("the logits hold nan" in form for form in said(explore.ReliabilityState([[math.nan, 0]], [0])))


def test_percent():
    assert [percent(x) for x in (0, 1, 0.1234, -0.0001, math.nan)] == ["0.0", "100.0", "12.3", "0.0", "–"]
    assert percent(0.666, 0) == "67"


@pytest.mark.slow
@pytest.mark.parametrize("exp_by", [0.5, -0.5])
def test_nothing_shown_depends_on_the_last_bit_of_exp(exp_by, monkeypatch):
    states = [explore.ReliabilityState(T=T, bins=bins) for T in TEMPERATURES for bins in BINS]
    expected = [(state.view(), state.table(), repr(state)) for state in states]
    exp = np.exp

    def off(x):
        x = np.asarray(x)
        return (exp(x.astype(np.longdouble)) * (1 + exp_by * np.finfo(x.dtype).eps)).astype(x.dtype)

    monkeypatch.setattr(np, "exp", off)
    for state, forms in zip(states, expected):
        assert (state.view(), state.table(), repr(state)) == forms


# --- Live -------------------------------------------------------------------------------------------------------


def test_every_control_redraws_and_leads_back():
    assert every_control_redraws_and_leads_back(explore.reliability())


def test_a_live_explorer_starts_as_the_still_figure_below_it():
    explorer, state = explore.reliability(), explore.ReliabilityState()
    assert explorer.figure.value == state.view() == state._repr_svg_()
    assert repr(state) == state.describe() and " at 0x" not in repr(state)
    words = explorer._repr_mimebundle_()["text/plain"]
    assert words == "Reliability explorer: move its sliders in JupyterLab. The figure below shows how it starts."


def test_it_shows_the_logits_it_is_given():
    explorer = explore.reliability(2 * Z, Y)
    explorer.controls["temperature"].value = 4
    assert shows_its_state(explorer)
    assert explorer.state.result()[0].ece == pytest.approx(explore.ReliabilityState(T=2).result()[0].ece)
