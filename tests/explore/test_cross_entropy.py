"""The explorer of chapter 05: its numbers are the engine's, its steps lower the loss, and nothing breaks it."""

import math
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import numpy as np
import pytest
from explorers import (
    NO_WARNINGS,
    RAISING,
    every_control_redraws_and_leads_back,
    raises,
    shows_its_state,
    texts,
    values_of,
)

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.cross_entropy import DRAWN, FARTHEST, LEARNING_RATES, START, axis_end
from mnist_autograd.teach.explore.explorer import NAMES
from mnist_autograd.teach.pictures.numbers import number
from mnist_autograd.teach.pictures.svg import COLOURS, fill

inf, nan = math.inf, math.nan
pytestmark = NO_WARNINGS
EXTREMES = [0, -0.0, 5e-324, 1e-9, 40, 710, -745, 1000, -1000, 1e15, 1e308, -1e308, inf, -inf, nan]
BUTTONS = ["take one gradient step", "take ten steps", "start again"]
POINTS = [START, (0, 0, 0), (10, -10, -10), (-10, 10, -10), (-10, -10, 10), (0.3, 4.1, -2.2), (-10, 10, 10)]


def words(svg):
    return " ".join(texts(svg))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def without_mean(z, y):
    """p - y, and no 1 / N."""
    return softmax(z) - np.eye(z.shape[1])[y]


def right(z, y):
    return without_mean(z, y) / len(z)


def stepped(steps, **settings):
    state = explore.CrossEntropyState(**settings)
    for _ in range(steps):
        state.step()
    return state


# --- Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", range(3))
@pytest.mark.parametrize("logits", POINTS)
def test_loss_probabilities_and_gradient_are_the_engines(logits, target):
    state = explore.CrossEntropyState(logits, target)
    z = Tensor([[float(x) for x in logits]], requires_grad=True)
    loss = F.cross_entropy(z, [target])
    loss.backward()
    assert state.loss() == pytest.approx(loss.item(), rel=1e-15) and state.losses == [state.loss()]
    np.testing.assert_array_equal(state.probabilities(), F.softmax(z).data[0])
    np.testing.assert_array_equal(state.gradient_of_logits(), z.grad[0])
    np.testing.assert_allclose(state.gradient_of_logits(), state.probabilities() - state.one_hot(), atol=1e-15)
    assert abs(state.gradient_of_logits().sum()) < 1e-15
    assert "p - y: sum 0" in texts(state.view())


def test_the_figure_says_the_numbers():
    state = explore.CrossEntropyState()
    said = texts(state.view())
    assert {"0.659", "0.2424", "0.09857", "-0.341", "(0.659, 0.417)", "(0, 0.417)", "losses so far"} <= set(said)
    assert "Loss 0.417 = -log 0.659; z = 2, 1, 0.1; p - y = -0.341, 0.2424, 0.09857; before the first" in words(
        state.view()
    )
    assert state.describe() == repr(state) and " at 0x" not in repr(state)
    assert state._repr_svg_() == state.view() == explore.CrossEntropyState().view()


def test_colours_and_hatching_are_those_of_the_quantities():
    fills = [e.get("fill") for e in ET.fromstring(explore.CrossEntropyState().view()).iter() if e.tag.endswith("rect")]
    for quantity in ("probabilities", "targets", "gradients"):
        assert fills.count(fill(quantity)) == 3


def test_a_bar_of_p_minus_y_is_as_long_as_the_bars_of_p_less_y():
    svg = explore.CrossEntropyState((0, 1, 0), 1).view()
    p, y, g = (
        [float(e.get("height")) for e in ET.fromstring(svg).iter() if e.get("fill") == fill(quantity)]
        for quantity in ("probabilities", "targets", "gradients")
    )
    np.testing.assert_allclose(g, np.abs(np.subtract(p, y)), atol=0.11)


def test_the_table_is_aligned():
    assert explore.CrossEntropyState().table() == (
        "class  logit z        p  y    p - y\n"
        "cat          2    0.659  1   -0.341\n"
        "dog          1   0.2424  0   0.2424\n"
        "bird       0.1  0.09857  0  0.09857\n"
        "Loss 0.417 = -log 0.659; z = 2, 1, 0.1; p - y = -0.341, 0.2424, 0.09857; before the first step; "
        "learning rate 1.\n"
        "Losses so far: 0.417."
    )
    own = explore.CrossEntropyState(gradient=right).table().splitlines()
    assert own[0].endswith("p - y  your gradient") and own[1].split()[-2:] == ["-0.341", "-0.341"]


def test_a_far_loss_is_said_in_words_and_stays_finite():
    state = explore.CrossEntropyState((-1000, 0, 0))
    assert state.loss() == pytest.approx(1000 + math.log(2)) and state.probabilities()[0] == 0
    assert "loss: 1001, off this curve" in texts(state.view())
    assert "Loss 1001 by log-softmax; p of cat is 0, too small for float64, and -log 0 is inf" in state.describe()
    assert not any(text.startswith("(0,") and text != "(0, 1001)" for text in texts(state.view()))


def test_a_probability_near_1_does_not_claim_that_its_loss_is_minus_log_1():
    assert "Loss 2.285e-05 = -log (1 - 2.285e-05)" in explore.CrossEntropyState((10, -1.0, -2.0)).describe()


def test_rounding_errors_are_shown_as_0():
    state = explore.CrossEntropyState((36, 0, -1))
    assert 0 < abs(state.gradient_of_logits()[0]) < 1e-15 and state.loss() < 1e-15
    assert "Loss 0 = -log 1" in state.describe() and "p - y = 0, 0, 0" in state.describe()
    assert all(number(value) not in state.view() for value in state.losses)


@pytest.mark.parametrize("nudge", [1, -1])
def test_last_bits_do_not_show(nudge):
    logits = [float(np.nextafter(z, nudge * inf)) for z in START]
    assert explore.CrossEntropyState(logits).view() == explore.CrossEntropyState().view()
    assert explore.CrossEntropyState(logits).table() == explore.CrossEntropyState().table()


@pytest.mark.parametrize(
    ("value", "end"), [(0.417, 0.5), (1, 1), (20.000000004, 20), (20.1, 50), (0.0021, 0.005), (51, 100), (0, 1)]
)
def test_an_axis_ends_at_a_round_number(value, end):
    assert axis_end(value) == pytest.approx(end)


@pytest.mark.parametrize("value", [inf, -inf, nan, -3, 1e-10, 1e308])
def test_an_axis_ends_somewhere_for_any_loss(value):
    assert axis_end(value) > 0


@pytest.mark.parametrize("target", [-1, 3, nan, inf, 0.5, "cat"])
def test_a_target_that_is_no_class_is_refused(target):
    with pytest.raises(ValueError, match="expected a class from 0 to 2"):
        explore.CrossEntropyState(target=target)


def test_other_numbers_of_classes():
    assert "class 4" in texts(explore.CrossEntropyState((1, 2, 3, 4), 3).view())
    assert explore.CrossEntropyState((5.0,)).loss() == 0
    texts(explore.CrossEntropyState((5.0,)).view())


# --- Steps ------------------------------------------------------------------------------------------------------


def test_a_step_goes_against_the_gradient_and_lowers_the_loss():
    state = explore.CrossEntropyState(learning_rate=0.5)
    expected = np.array(START) - 0.5 * state.gradient_of_logits()
    state.step()
    np.testing.assert_array_equal(state.logits, expected)
    assert state.losses == [pytest.approx(0.417, abs=1e-4), state.loss()] and state.losses[1] < state.losses[0]
    assert sum(state.logits) == pytest.approx(sum(START))


@pytest.mark.parametrize("target", range(3))
@pytest.mark.parametrize("rate", [*LEARNING_RATES, 1000])
def test_no_learning_rate_overshoots_because_one_logit_rises_and_the_others_fall(rate, target):
    state = explore.CrossEntropyState(target=target, learning_rate=rate)
    for _ in range(20):
        before, g = np.array(state.logits), state.gradient_of_logits()
        state.step()
        moves = np.array(state.logits) - before
        assert moves[target] >= 0 and (np.delete(moves, target) <= 0).all()
        assert state.losses[-1] < state.losses[-2] or (abs(g[target]) < 1e-6 and state.losses[-1] == state.losses[-2])


@pytest.mark.parametrize("rate", LEARNING_RATES)
def test_200_steps_at_any_rate(rate):
    state = stepped(200, learning_rate=rate)
    assert len(state.losses) == 201 and all(a > b for a, b in zip(state.losses, state.losses[1:]))
    assert "after 200 steps" in words(state.view()) and "(200, " in words(state.view())
    assert "Losses so far: ..., " in state.table()


def test_steps_are_counted_and_other_logits_start_anew():
    state = stepped(1)
    assert "after 1 step;" in state.describe()
    state.step()
    assert "after 2 steps;" in state.describe() and len(state.losses) == 3
    state.start_from(START, 1)
    assert "before the first step" in state.describe() and state.losses == [explore.CrossEntropyState(START, 1).loss()]


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    state = stepped(0)
    state.losses = [1 / (i + 1) for i in range(1003)]
    curve = COLOURS["losses"]
    drawn = [e.get("points").split() for e in ET.fromstring(state.view()).iter() if e.get("stroke") == curve]
    assert len(drawn) == 2 and len(drawn[1]) <= DRAWN + 1 and "(1002, " in words(state.view())


@pytest.mark.parametrize("rate", [1.0, 0.0, -1.0, 1e308, inf, nan])
@pytest.mark.parametrize("gradient", [None, right])
@pytest.mark.parametrize("value", EXTREMES)
def test_no_state_raises(value, gradient, rate):
    for target in range(2):
        state = explore.CrossEntropyState((value, 1.0, 0.1), target, rate, gradient)
        for _ in range(2):
            state.step()
            texts(state.view())
            assert state.describe() and state.table()
        assert len(state.losses) == 1 or abs(np.array(state.logits)).max() <= FARTHEST


def test_a_step_that_would_go_too_far_is_refused_in_words():
    state = stepped(1, learning_rate=1e308)
    assert state.logits == list(START) and len(state.losses) == 1
    assert "no step is possible: it would put cat's logit at 3.41e+307, and this explorer ends at 1,000,000" in words(
        state.view()
    )
    state = stepped(1, logits=(nan, 0, 0))
    assert "no step is possible: cat's logit is nan: not a number" in state.describe() and len(state.losses) == 1


# --- A learner's gradient ---------------------------------------------------------------------------------------


HOSTILE = {
    **RAISING,
    "your function raised ValueError: " + "W" * 20: raises(ValueError("W" * 500)),
    "your function raised ValueError": lambda z, y: [[1, 2], [3]],
    "your function raised TypeError": lambda z: z,
    "your function returned NoneType, expected an array of shape (1, 3)": lambda z, y: None,
    "your function returned str": lambda z, y: "abc",
    "your function returned ndarray, expected": lambda z, y: z * 1j,
    "your function returned shape (3,), expected (1, 3)": lambda z, y: z[0],
    "your function returned shape (), expected (1, 3)": lambda z, y: 1.0,
    "your function returned nan for cat, nan for dog, nan for bird": lambda z, y: z * nan,
    "your function returned inf for dog": lambda z, y: np.array([[0, inf, 0]]),
    "your function returned -inf for bird": lambda z, y: np.array([[0, 0, -inf]], dtype=np.float16),
}


@pytest.mark.parametrize("problem", HOSTILE)
def test_the_figure_says_what_is_wrong_takes_no_step_and_recovers(problem):
    state = stepped(3, gradient=HOSTILE[problem])
    assert state.logits == list(START) and len(state.losses) == 1
    said = [state.describe(), state.table(), state.gradient_of_logits()]
    assert all(problem.replace("W", "") in text.replace("W", "") for text in said)
    seen = "".join(texts(state.view())).replace(" ", "")
    assert seen.count(problem.split(": W")[0].replace(" ", "")) >= 1
    assert "no step is possible" in state.describe()
    state.gradient = None
    state.step()
    assert state.view() == stepped(1).view()


@pytest.mark.parametrize(
    "gradient",
    [
        right,
        lambda z, y: right(z, y).tolist(),
        lambda z, y: Tensor(right(z, y)),
        lambda z, y: right(z, y).astype(np.float32),
        lambda z, y: print(z) or right(z, y),
    ],
)
def test_arrays_lists_and_tensors_are_all_right(gradient):
    state = stepped(2, gradient=gradient)
    assert "your gradient is right, for one example and for two" in words(state.view())
    np.testing.assert_allclose(state.logits, stepped(2).logits, atol=1e-6)


def only_for_one(z, y):
    if len(z) > 1:
        raise IndexError("two")
    return right(z, y)


def takes_columns(z, y):
    p = softmax(z)
    p[:, y] -= 1
    return p / len(z)


def softmax_of_all(z, y):
    e = np.exp(z - z.max())
    return (e / e.sum() - np.eye(3)[y]) / len(z)


@pytest.mark.parametrize(
    ("gradient", "verdict"),
    [
        (without_mean, "right for one example; for two it is twice too large: the loss is a mean, divide by N"),
        (lambda z, y: -right(z, y), "your gradient is 0.341 for cat, and should be -0.341"),
        (lambda z, y: softmax(z), "your gradient is 0.659 for cat, and should be -0.341"),
        (takes_columns, "right for one example, but not for two, shape (2, 3)"),
        (softmax_of_all, "right for one example, but not for two, shape (2, 3)"),
        (only_for_one, "right for one example; for two, your function raised IndexError: two"),
        (lambda z, y: right(z, y)[:1], "for two, your function returned shape (1, 3), expected (2, 3)"),
        (lambda z, y: np.full(z.shape, 1e308), "your gradient is 1e+308 for cat, and should be -0.341"),
    ],
)
def test_a_plausible_but_wrong_gradient_is_told_from_the_right_one(gradient, verdict):
    state = explore.CrossEntropyState(gradient=gradient)
    assert verdict in state.describe() and verdict in words(state.view()) and verdict in state.table()


def test_a_step_goes_where_the_learners_gradient_leads():
    state = stepped(3, gradient=lambda z, y: -right(z, y))
    assert state.losses == sorted(state.losses) and "off this curve" not in words(state.view())
    assert "off this curve" in words(stepped(200, gradient=lambda z, y: -right(z, y)).view())


def test_the_function_gets_what_was_promised_and_may_spoil_it():
    seen = []

    def spy(z, y):
        seen.append((type(z), z.dtype, z.shape, y.dtype.kind, y.shape))
        g = right(z, y)
        z[:], y[:] = 0, 0
        return g

    state = stepped(1, gradient=spy, target=2)
    state.view()
    assert {(kind, str(dtype), shape, y, n) for kind, dtype, shape, y, n in seen} == {
        (np.ndarray, "float64", (1, 3), "i", (1,)),
        (np.ndarray, "float64", (2, 3), "i", (2,)),
    }
    np.testing.assert_allclose(state.logits, stepped(1, target=2).logits)


# --- Live -------------------------------------------------------------------------------------------------------


def sliders_of(explorer):
    return [explorer.controls[f"logit {name}"] for name in NAMES]


def test_the_controls():
    explorer = explore.cross_entropy()
    assert list(explorer.controls) == [*(f"logit {name}" for name in NAMES), "true class", "learning rate", *BUTTONS]
    assert all(control.description for control in explorer.controls.values())
    assert [(s.min, s.max, s.value) for s in sliders_of(explorer)] == [(-10, 10, z) for z in START]
    assert values_of(explorer.controls["learning rate"]) == LEARNING_RATES
    assert LEARNING_RATES[0] == 0.1 and LEARNING_RATES[-1] == 20
    assert explorer.figure.value == explore.CrossEntropyState().view()


@pytest.mark.slow
@pytest.mark.parametrize("gradient", [None, right, without_mean, *list(HOSTILE.values())[:4]])
def test_every_control_redraws_and_leads_back(gradient):
    assert every_control_redraws_and_leads_back(explore.cross_entropy(gradient), home="start again")


def test_a_step_moves_the_sliders_and_draws_once():
    explorer, drawn = explore.cross_entropy(), []
    explorer.figure.observe(lambda change: drawn.append(change.new), names="value")
    for _ in range(3):
        explorer.controls["take one gradient step"].click()
    expected = stepped(3)
    assert explorer.state.logits == expected.logits and explorer.state.losses == expected.losses
    assert [s.value for s in sliders_of(explorer)] == [round(z, 1) for z in expected.logits]
    assert all(s.continuous_update for s in sliders_of(explorer))
    explorer.controls["take ten steps"].click()
    assert len(drawn) == 4 and explorer.state.losses == stepped(13).losses
    explorer.controls["start again"].click()
    assert [s.value for s in sliders_of(explorer)] == list(START) and len(explorer.state.losses) == 1
    assert len(drawn) == 5 and shows_its_state(explorer)


def test_what_a_browser_sends_back_is_no_move_by_hand():
    explorer = explore.cross_entropy()
    explorer.controls["logit bird"].value = 0.09999999999999964
    explorer.controls["take one gradient step"].click()
    explorer.controls["logit cat"].value = 2.3000000000000007
    assert explorer.state.logits == stepped(1).logits and len(explorer.state.losses) == 2


@pytest.mark.parametrize(("name", "value"), [("logit cat", 2.4), ("logit dog", 1.0), ("true class", 1)])
def test_a_move_by_hand_starts_the_losses_anew_and_leaves_the_other_logits(name, value):
    explorer = explore.cross_entropy()
    explorer.controls["take one gradient step"].click()
    before = list(explorer.state.logits)
    explorer.controls[name].value = value
    assert explorer.state.losses == [explorer.state.loss()]
    assert sum(a != b for a, b in zip(before, explorer.state.logits)) == (name != "true class")


def test_the_learning_rate_changes_midway():
    explorer = explore.cross_entropy()
    explorer.controls["take one gradient step"].click()
    explorer.controls["learning rate"].value = 20.0
    assert len(explorer.state.losses) == 2 and explorer.state.learning_rate == 20
    explorer.controls["take one gradient step"].click()
    assert len(explorer.state.losses) == 3 and shows_its_state(explorer)


def test_sliders_widen_and_narrow_again():
    explorer = explore.cross_entropy()
    explorer.controls["learning rate"].value = 20.0
    explorer.controls["true class"].value = 2
    explorer.controls["take one gradient step"].click()
    assert {(s.min, s.max) for s in sliders_of(explorer)} == {(-20, 20)}
    assert [s.value for s in sliders_of(explorer)] == [round(z, 1) for z in explorer.state.logits]
    assert len(explorer.state.losses) == 2
    explorer.controls["start again"].click()
    assert {(s.min, s.max) for s in sliders_of(explorer)} == {(-10, 10)} and explorer.state.target == 2
    assert explorer.state.logits == list(START) and explorer.state.learning_rate == 20


@pytest.mark.slow
@pytest.mark.parametrize("gradient", [None, lambda z, y: -right(z, y), lambda z, y: 10 * z, lambda z, y: 1e308 * z])
def test_200_presses_at_the_largest_rate(gradient):
    explorer = explore.cross_entropy(gradient)
    explorer.controls["learning rate"].value = LEARNING_RATES[-1]
    for i in range(200):
        explorer.controls["take one gradient step"].click()
        assert i % 20 or shows_its_state(explorer)
    assert all(-FARTHEST <= z <= FARTHEST for z in explorer.state.logits)
    for _ in range(20):
        explorer.controls["take ten steps"].click()
    for control in explorer.controls.values():
        if isinstance(control, widgets.FloatSlider):
            control.value = control.min
            assert shows_its_state(explorer)


def test_a_page_without_widgets_reads_a_sentence():
    said = explore.cross_entropy()._repr_mimebundle_()["text/plain"]
    assert said == "Cross-entropy explorer: move its sliders in JupyterLab. The figure below shows how it starts."
