"""States and live explorers, without a browser: figures are text; callbacks run when a value is set."""

import decimal
import math
import re

import numpy as np
import pytest
from explorers import EXTREMES, NASTY, RAISING, every_control_redraws_and_leads_back, raises, texts

from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.softmax import PRESETS, SOFTMAX_TEMPERATURES
from mnist_autograd.teach.explore.stability import SCALES, exact
from mnist_autograd.teach.pictures.numbers import number

inf, nan = math.inf, math.nan


# --- States -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", SOFTMAX_TEMPERATURES)
def test_softmax_state_shows_the_engines_probabilities(temperature):
    state = explore.SoftmaxState(temperature=temperature)
    p, problem = state.probabilities()
    expected = F.softmax(np.array(state.logits) / temperature).data
    np.testing.assert_array_equal(p, expected)
    assert problem == "" and all(number(q) in texts(state.view()) for q in expected)
    for said in (state.describe(), state.table()):
        assert all(number(q) in said for q in expected)


def test_temperatures_and_scales_are_on_the_sliders():
    assert {0.05, 0.1, 0.5, 1, 2, 10, 20} <= set(SOFTMAX_TEMPERATURES)
    assert sorted(SOFTMAX_TEMPERATURES) == SOFTMAX_TEMPERATURES
    assert {0, 11, 12, 100, 710, 1000} <= set(SCALES)


def test_entropy_is_between_0_and_log_5():
    assert explore.SoftmaxState([7] * 5).entropy() == pytest.approx(math.log(5))
    assert explore.SoftmaxState([1000, 0, 0, 0, 0]).entropy() == 0
    p = F.softmax(np.array([2.0, 1, 0, -1, -2])).data
    assert explore.SoftmaxState().entropy() == pytest.approx(-(p * np.log(p)).sum())
    assert "log 5 = 1.609 nats" in explore.SoftmaxState().view()


def test_a_gap_of_2_is_a_ratio_of_7_39():
    assert "cat is 7.389 times as probable as dog" in explore.SoftmaxState([3, 1, 0, 0, 0]).describe()


def test_huge_logits_overflow_in_words():
    view = explore.SoftmaxState(PRESETS["huge logits"]).view()
    assert texts(view).count("inf: too large for float64") == 3 and "0.6652" in texts(view)


@pytest.mark.parametrize("kind", [explore.SoftmaxState, explore.SimplexState])
@pytest.mark.parametrize("value", EXTREMES)
@pytest.mark.parametrize("temperature", [1, 0, -1, inf, nan])
def test_no_state_raises(kind, value, temperature):
    state = kind(temperature=temperature, names=NASTY)
    state.logits[1] = value
    texts(state.view())
    assert state.describe() and state.table() and state._repr_svg_() == state.view()


def test_the_simplex_trail_ends_in_the_corner_and_near_the_middle():
    trail = explore.SimplexState().trail()
    np.testing.assert_allclose(trail[0], [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(trail[-1], [1 / 3] * 3, atol=0.02)


def test_exact_values_have_their_digits():
    p, l = exact(np.array([1000.0, 500.0, 0.0]))
    with decimal.localcontext(decimal.Context(prec=400)):
        others = decimal.Decimal(-500).exp() + decimal.Decimal(-1000).exp()
        assert abs(-(1 + others).ln() / l[0] - 1) < decimal.Decimal("1e-45")
        assert abs(1 / (1 + others) / p[0] - 1) < decimal.Decimal("1e-45")
    np.testing.assert_allclose([float(x) for x in exact(np.zeros(3))[1]], [-math.log(3)] * 3, rtol=1e-15)


@pytest.mark.parametrize(
    "value, true, dtype, error",
    [
        (1.0, "1", "float64", 0),
        (1 + 2**-52, "1", "float64", 1),
        (1 + 2**-10, "1", "float16", 1),
        (0.0, "1", "float32", 2**23),
        (1.0, "1.5", "float16", 512),
        (0.0, "1e-400", "float64", 0),
        (inf, "1", "float64", nan),
    ],
)
def test_ulps(value, true, dtype, error):
    assert explore.ulps(value, decimal.Decimal(true), dtype) == pytest.approx(error, nan_ok=True, abs=1e-70)


@pytest.mark.parametrize("dtype, fits, overflows", [("float16", 11, 12), ("float32", 88, 89), ("float64", 709, 710)])
def test_the_naive_formula_breaks_where_exp_overflows(dtype, fits, overflows):
    assert "nan" not in explore.StabilityState(fits, dtype).describe()
    state = explore.StabilityState(overflows, dtype)
    assert {f"inf: too large for {dtype}", "nan: inf / inf", "0: a number / inf"} <= set(texts(state.view()))
    errors = state.errors()
    assert np.isnan(errors["naive softmax"][0]) and errors["z - m - log1p(others)"].max() < 4
    assert errors["shifted softmax"].max() < 4 and errors["z - m - log(sum)"][0] > 100


@pytest.mark.parametrize("dtype", explore.DTYPES)
def test_the_engines_log_softmax_has_its_digits_at_every_scale(dtype):
    errors = {scale: explore.StabilityState(scale, dtype).errors()["z - m - log1p(others)"] for scale in SCALES}
    assert max(error.max() for error in errors.values()) < 4, errors


def test_stability_says_0_over_0_and_log_of_0():
    assert "nan: 0 / 0" in texts(explore.StabilityState(2000, direction=(-1, -1.5, -2), dtype="float32").view())
    assert "-inf: the logarithm of 0" in texts(explore.StabilityState(1000, "float64").view())


def test_stability_shows_a_learners_softmax():
    svg = explore.StabilityState(12, "float16", lambda z, axis: np.exp(z) / np.exp(z).sum()).view()
    assert "your softmax" in texts(svg) and "nan: not a number" in texts(svg)


@pytest.mark.parametrize("dtype", explore.DTYPES)
@pytest.mark.parametrize("scale", [*SCALES, *EXTREMES])
def test_no_scale_raises(scale, dtype):
    state = explore.StabilityState(scale, dtype, F.softmax)
    texts(state.view())
    assert state.table()


# --- A learner's function ---------------------------------------------------------------------------------------


def ruins_its_input(z, axis=-1):
    z -= z.max(axis=axis, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=axis, keepdims=True)
    return z


HOSTILE = {
    **RAISING,
    "your function raised KeyError: 'x'": raises(KeyError("x")),
    "your function raised ValueError": lambda z, axis: [[1, 2], [3]],
    "your function raised TypeError": lambda z: z,
    "your function returned NoneType": lambda z, axis: None,
    "your function returned str": lambda z, axis: "abc",
    "your function returned ndarray, expected": lambda z, axis: z * 1j,
    "your function returned shape (N, 1), expected (N,)": lambda z, axis: z[:, None],
    "your function returned shape (), expected (N,)": lambda z, axis: 1.0,
    "your function returned nan for cat": lambda z, axis: z * nan,
    "your function returned inf for cat": lambda z, axis: np.abs(z) + inf,
    "your function returned a negative number": lambda z, axis: -F.softmax(z).data,
    "the probabilities sum to 2, not 1": lambda z, axis: 2 * F.softmax(z).data,
    "the probabilities sum to inf: too large, not 1": lambda z, axis: np.full(z.shape, 1e308),
}


@pytest.mark.parametrize("kind", [explore.SoftmaxState, explore.SimplexState])
@pytest.mark.parametrize("problem", HOSTILE)
def test_a_states_figure_says_what_is_wrong_and_recovers(kind, problem):
    state = kind(softmax=HOSTILE[problem])
    expected = problem.replace("N", str(len(state.logits))) if "shape" in problem else problem
    for said in (" ".join(texts(state.view())), state.describe(), state.table()):
        assert expected in said
    state.softmax = F.softmax
    assert state.view() == kind().view()


@pytest.mark.parametrize("function", HOSTILE.values(), ids=HOSTILE)
def test_stability_survives_any_function(function):
    state = explore.StabilityState(softmax=function)
    texts(state.view())
    assert "your" in state.describe() and state.table()


@pytest.mark.parametrize(
    "right",
    [F.softmax, ruins_its_input, lambda z, axis: list(F.softmax(z).data), lambda z, axis: print(z) or F.softmax(z)],
)
def test_tensors_arrays_and_lists_are_all_right(right):
    state = explore.SoftmaxState(softmax=right)
    assert state.view() == explore.SoftmaxState().view() and state.logits == PRESETS["start"]


def test_a_learners_function_gets_what_was_promised():
    seen = []

    def spy(z, axis=None):
        seen.append((type(z), z.dtype, z.shape, axis))
        return F.softmax(z, axis=axis)

    explore.SoftmaxState(softmax=spy).view()
    assert set(seen) == {(np.ndarray, np.dtype("float64"), shape, -1) for shape in ((5,), (2, 5))}


# --- Live explorers ---------------------------------------------------------------------------------------------

LIVE = {"softmax": explore.softmax, "simplex": explore.simplex, "stability": explore.stability}


@pytest.mark.slow
@pytest.mark.parametrize("function", [None, *list(HOSTILE.values())[:3], lambda z, axis: np.exp(z) / np.exp(z).sum()])
@pytest.mark.parametrize("name", LIVE)
def test_every_control_redraws_and_leads_back(name, function):
    explorer = LIVE[name](function) if function else LIVE[name]()
    assert every_control_redraws_and_leads_back(explorer, home="start")


def test_presets_widen_the_sliders_and_draw_once():
    explorer, drawn = explore.softmax(), []
    explorer.figure.observe(lambda change: drawn.append(change.new), names="value")
    for name, logits in PRESETS.items():
        explorer.controls[name].click()
        assert explorer.state.logits == logits
        assert explorer.controls["logit 1"].max == max(10, *map(abs, logits))
    assert len(drawn) == len(PRESETS) - 1  # the first is what it shows already


def test_names_reach_the_sliders():
    explorer = explore.softmax()
    explorer.controls["names"].value = "ant, bee"
    descriptions = [explorer.controls[f"logit {i}"].description for i in range(1, 6)]
    assert descriptions == ["ant", "bee", "class 3", "class 4", "class 5"]


@pytest.mark.parametrize("name", LIVE)
def test_a_page_without_widgets_reads_a_sentence(name):
    said = LIVE[name]()._repr_mimebundle_()["text/plain"]
    assert said == f"{name.title()} explorer: move its sliders in JupyterLab. The figure below shows how it starts."


def test_the_text_beside_a_still_figure_says_the_same_and_names_no_address():
    state = explore.SoftmaxState()
    assert repr(state) == state.describe() and " at 0x" not in repr(state)


@pytest.mark.parametrize("softmax", [F.softmax, lambda z, axis: F.softmax(z)])
def test_one_class_has_no_ratio(softmax):
    state = explore.SoftmaxState(logits=[1.0], names=["a"], softmax=softmax)
    for said in (" ".join(texts(state.view())), state.describe(), state.table()):
        assert "entropy 0 of at most log 1 = 0 nats" in said and "times" not in said


def test_a_tie_is_called_one():
    assert "cat and dog are equally probable" in explore.SoftmaxState([3, 3, 0, 0, 0]).describe()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda z, axis: np.exp2(z) / np.exp2(z).sum(axis=axis, keepdims=True),
            "not softmax: cat is 0.5161, and should",
        ),
        (lambda z, axis: np.exp(z) / np.exp(z).sum(), r"not for two, shape \(2, 5\)"),
        (lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis), r"for two, shape \(2, 5\), it raises ValueError"),
        (lambda z, axis: np.exp(z) / np.exp(z).sum(axis=0, keepdims=True), r"not for two, shape \(2, 5\)"),
    ],
)
def test_a_plausible_but_wrong_softmax_is_told_from_the_right_one(wrong, words):
    state = explore.SoftmaxState(softmax=wrong)
    assert re.search(words, state.describe()) and re.search(words, state.view())
    right = explore.SoftmaxState(softmax=lambda z, axis: F.softmax(z, axis=axis).data)
    assert right.view() == explore.SoftmaxState().view()
