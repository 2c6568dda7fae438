"""The explorers of chapter 04: their numbers are the engine's, and nothing a reader does breaks them."""

import math
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import numpy as np
import pytest
from explorers import (
    EXTREMES,
    NO_WARNINGS,
    RAISING,
    colours,
    every_control_redraws_and_leads_back,
    raises,
    shows_its_state,
    texts,
)

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore import DTYPES
from mnist_autograd.teach.explore.log_softmax import (
    FALLING,
    LOG_OF_P,
    LOG_SOFTMAX,
    THROUGH_LOG_OF_P,
    THROUGH_LOG_SOFTMAX,
    WINDOWS,
    YOURS,
    P,
    curves,
    first_lost,
    shown,
    third_class,
)
from mnist_autograd.teach.pictures.numbers import number
from mnist_autograd.teach.pictures.svg import text_width

inf, nan = math.inf, math.nan
pytestmark = NO_WARNINGS
LIVE = {"Log-softmax": explore.log_softmax, "Projection": explore.projection}
# The first whole x at which the gradient through log(softmax) is nan, and the first at which softmax is 0.
LOST = {"float16": (-10, -17), "float32": (-88, -103), "float64": (-709, -745)}


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table().replace("\n", " ")]


# --- A logit that falls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("x", FALLING)
def test_the_numbers_are_the_engines(x, dtype):
    found = explore.LogSoftmaxState(x).results()[dtype]
    z = np.array([1, 0, x], dtype=dtype)
    with np.errstate(all="ignore"):
        assert found[P] == F.softmax(z).data[2]
        for value, gradient, way in (
            (LOG_OF_P, THROUGH_LOG_OF_P, lambda z: F.log(F.softmax(z))),
            (LOG_SOFTMAX, THROUGH_LOG_SOFTMAX, F.log_softmax),
        ):
            z = Tensor(np.array([1, 0, x], dtype=dtype), requires_grad=True)
            l = way(z)[2]
            l.backward()
            np.testing.assert_array_equal([found[value], found[gradient]], [l.data, z.grad[2]])
    assert all(value.dtype == dtype for value in found.values())


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_each_dtype_loses_the_gradient_and_the_value(dtype):
    gradient, value = LOST[dtype]
    assert first_lost(dtype) == LOST[dtype]
    assert {gradient, gradient + 1, value, value + 1} <= set(FALLING)
    x = np.array(FALLING)
    found = third_class(x, dtype)
    np.testing.assert_array_equal(np.isnan(found[THROUGH_LOG_OF_P]), x <= gradient)
    np.testing.assert_array_equal(found[P] == 0, x <= value)
    np.testing.assert_array_equal(np.isneginf(found[LOG_OF_P]), x <= value)
    assert np.isfinite(found[LOG_SOFTMAX]).all()
    np.testing.assert_allclose(found[THROUGH_LOG_SOFTMAX], 1 - third_class(x, "float64")[P], atol=1e-3)


def test_the_slider_falls_from_0_to_minus_1000():
    assert sorted(set(FALLING), reverse=True) == FALLING and FALLING[0] == 0 and FALLING[-1] == -1000
    assert explore.LogSoftmaxState().lowest in FALLING


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_lost_is_said_in_words_and_grey(dtype):
    gradient, value = LOST[dtype]
    for x, words, grey in (
        (gradient + 1, [], 0),
        (gradient, ["nan: 1 / p is inf,", "inf - inf"], 1),
        (value, ["nan: 1 / p is inf,", "inf * 0", "-inf: the log of 0", "0: too small", f"for {dtype}"], 3),
    ):
        state, before = explore.LogSoftmaxState(x), DTYPES.index(dtype)
        assert all(word in form for word in words for form in said(state))
        assert colours(state.view()).count("#DDDDDD") == 3 * before + grey


def test_a_finite_value_that_is_wrong_says_what_it_should_be_and_is_grey():
    for x, dtype, words in ((-15, "float16", "-16.6, should be -16.3"), (-16, "float16", "-16.6, should be -17.3")):
        state = explore.LogSoftmaxState(x)
        assert f"{LOG_OF_P}: {dtype} {words}" in repr(state) and words in state.table()
        assert words in said(state)[0] and colours(state.view()).count("#DDDDDD") == 2
    assert "float64 -744.4, should be -745.3" in repr(explore.LogSoftmaxState(-744))
    for x in FALLING:
        if x not in (-15, -16, -744):
            assert "should be" not in repr(explore.LogSoftmaxState(x))


def test_a_wrong_cell_of_the_learner_is_grey():
    state = explore.LogSoftmaxState(-16, log_of_softmax)
    assert "-16.6, should be -17.3" in repr(state) and colours(state.view()).count("#DDDDDD") == 3
    state = explore.LogSoftmaxState(-9, lambda z, axis: z)
    assert colours(state.view()).count("#DDDDDD") == 3


def test_the_caption_says_where():
    figure, _, table = said(explore.LogSoftmaxState())
    for form in (figure, table):
        assert "log(softmax) is -inf from x = -17, -103, -745 on; its gradient is nan from -10, -88, -709 on" in form


@pytest.mark.parametrize("x", [0, -16, -17, -102, -103, -744, -745, -1000])
def test_the_curves_end_where_p_is_0_and_log_softmax_goes_on(x):
    for lowest, step in WINDOWS:
        series = curves(lowest, step)
        for dtype in DTYPES:
            at, log_p = series[dtype][:2]
            assert at[0] == lowest and at[-1] == 0
            assert abs(at[np.isfinite(log_p)][0] - max(lowest, LOST[dtype][1])) <= step + 1
        np.testing.assert_allclose(series[LOG_SOFTMAX][1], at - math.log(1 + math.e) * (at < -5), atol=1.6)
        assert np.isfinite(series[LOG_SOFTMAX][1]).all()
    svg = explore.LogSoftmaxState(x).view()
    assert f"({x}, {number(third_class([x], 'float64')[LOG_SOFTMAX][0])})" in texts(svg)


def test_digits_are_those_the_dtype_is_sure_of():
    pairs = [(0.21194, "float16"), (0.21194, "float32"), (6e-8, "float16"), (1.4e-45, "float32"), (2.0e-5, "float16")]
    assert [shown(*pair) for pair in pairs] == ["0.21", "0.2119", "6e-08", "1e-45", "2e-05"]
    assert [shown(x, "float16") for x in (0.0, -21.31, -1001.5, -inf)] == [
        *("0", "-21.3", "-1000", "-inf: minus infinity")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("exp_by, log_by", [(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5), (0.5, 0.5)])
def test_nothing_shown_depends_on_the_last_bit_of_exp_or_log(exp_by, log_by, monkeypatch):
    states = [explore.LogSoftmaxState(x) for x in FALLING]
    states += [
        explore.ProjectionState(gap, g) for gap in (-6, -0.7, 0, 3.3) for g in ((1, 0.4), (-2, 1.9), (0.3, -0.3))
    ]
    expected = [(state.view(), state.table(), repr(state)) for state in states]

    def off(function, by):
        """function with its error moved by a share of an ulp, before it is rounded."""

        def other(x):
            x = np.asarray(x)
            return (function(x.astype(np.longdouble)) * (1 + by * np.finfo(x.dtype).eps)).astype(x.dtype)

        return other

    monkeypatch.setattr(np, "exp", off(np.exp, exp_by))
    monkeypatch.setattr(np, "log", off(np.log, log_by))
    for cached in (curves, first_lost):
        cached.cache_clear()
    for state, forms in zip(states, expected):
        assert (state.view(), state.table(), repr(state)) == forms
    for cached in (curves, first_lost):
        cached.cache_clear()


@pytest.mark.parametrize("x", [*EXTREMES, 5, 1000, 70000, -70000, -1e39])
@pytest.mark.parametrize("function", [None, F.log_softmax])
def test_no_logit_raises(x, function):
    assert all(said(explore.LogSoftmaxState(x, function)))
    assert " at 0x" not in repr(explore.LogSoftmaxState(x, function))


def test_an_impossible_class_is_said():
    assert "float16 -inf: so is x in float16, float32 -7e+04" in repr(explore.LogSoftmaxState(-70000))


# --- A learner's log-softmax ------------------------------------------------------------------------------------


def log_of_softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.log(e / e.sum(axis=axis, keepdims=True))


def right(z, axis=-1):
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def ruins_its_input(z, axis=-1):
    z -= z.max(axis=axis, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=axis, keepdims=True))
    return z


HOSTILE = {
    **RAISING,
    "your function raised TypeError": lambda z: z,
    "your function returned NoneType, expected an array of shape (3,)": lambda z, axis: None,
    "your function returned str": lambda z, axis: "abc",
    "your function returned ndarray, expected": lambda z, axis: z * 1j,
    "your function returned shape (), expected (3,)": lambda z, axis: z.sum(),
    "your function returned shape (1, 3), expected (3,)": lambda z, axis: z[None],
    "your function gives nan for class 3, and should give -21.3": lambda z, axis: z * nan,
    "your function gives inf for class 3": lambda z, axis: np.abs(z) + inf,
    "your function gives 1e+308 for class 3": lambda z, axis: np.full(z.shape, 1e308),
    "your function gives -20 for class 3, and should give -21.3": lambda z, axis: z,
    "your function gives 7 for class 2, and should give -1.3": lambda z, axis: np.where(z == 0, 7, right(z, axis)),
    "float16: your function gives -inf for class 3, and should give -21.3. In float16": log_of_softmax,
    "float16: your function raised KeyError: 'x'. In float16": lambda z, axis: (
        raises(KeyError("x"))(z) if z.dtype == np.float16 else right(z)
    ),
}


@pytest.mark.parametrize("problem", HOSTILE)
def test_the_figure_says_what_is_wrong_and_recovers(problem):
    state = explore.LogSoftmaxState(log_softmax=HOSTILE[problem])
    figure, sentence, table = said(state)
    for form in (figure, table):
        assert problem in form
    assert problem.split(". In")[0] in sentence
    state.log_softmax = right
    assert state.view() == explore.LogSoftmaxState(log_softmax=F.log_softmax).view()


@pytest.mark.parametrize("function", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("x", [0, -95.0, -1000, inf, nan])
def test_no_function_breaks_it_anywhere(function, x):
    assert all(said(explore.LogSoftmaxState(x, function)))


@pytest.mark.parametrize("function", [right, ruins_its_input, lambda z, axis: list(right(z)), F.log_softmax])
@pytest.mark.parametrize("x", FALLING)
def test_a_right_function_gets_a_row_and_no_remark(x, function):
    state, other = explore.LogSoftmaxState(x, function), explore.LogSoftmaxState(x)
    cells, problem = state.cells()
    assert problem == "" and cells.pop(YOURS) == cells[LOG_SOFTMAX]
    assert cells == other.cells()[0]


def test_a_learners_function_gets_what_was_promised():
    seen = []

    def spy(z, axis=None):
        seen.append((type(z), z.dtype.name, z.tolist(), axis))
        return right(z)

    explore.LogSoftmaxState(log_softmax=spy).view()
    one, lower = [1.0, 0.0, -20.0], [-999.0, -1000.0, -1020.0]
    assert [(kind, dtype, axis) for kind, dtype, _, axis in seen] == [
        (np.ndarray, dtype, -1) for dtype in DTYPES for _ in range(2)
    ]
    assert [z for _, _, z, _ in seen] == [one, [one, lower]] * 3


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda z, axis: z - z.max() - np.log(np.exp(z - z.max()).sum(axis=axis, keepdims=True)), "mind the maximum"),
        (lambda z, axis: z - np.log(np.exp(z).sum(axis=axis, keepdims=True)), "mind the maximum"),
        (lambda z, axis: z - np.logaddexp.reduce(z, axis=axis), "for two, your function raised ValueError"),
        (lambda z, axis: right(z, 0), "mind the maximum"),
    ],
)
def test_what_one_row_does_not_show_two_rows_do(function, words):
    for form in said(explore.LogSoftmaxState(-5, function)):
        assert "right for one row of logits" in form and words in form


# --- The projection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [-6, -1.3, 0, 0.1, 6, 40])
@pytest.mark.parametrize("g", [(1, 0.4), (-2, 2), (0, 0), (2, 2), (-0.1, 1.7)])
def test_the_projection_is_the_engines_vjp(gap, g):
    state = explore.ProjectionState(gap, g)
    rows = state.rows()
    s, g, along, result = rows.values()
    np.testing.assert_array_equal(s[:2], F.softmax(np.array([gap, 0.0])).data)
    np.testing.assert_allclose(result[:2], g[:2] - s[:2] * g[:2].sum(), atol=1e-15)
    np.testing.assert_allclose(along, s * g[:2].sum(), atol=1e-15)
    np.testing.assert_allclose(g[2], g[:2].sum(), atol=1e-15)
    assert s[2] == pytest.approx(1) and result[2] == 0
    assert (along == 0).all() == (g[2] == 0)  # however small a probability, its share is shown
    for form in said(state):
        assert all(number(value) in form for row in rows.values() for value in row)


def test_without_a_gap_it_is_the_orthogonal_projection():
    assert "the orthogonal projection" in repr(explore.ProjectionState())
    rows = explore.ProjectionState(0, (1.7, -0.2)).rows()
    assert rows["s sum(g)"][:2] @ rows["g - s sum(g)"][:2] == pytest.approx(0)
    rows = explore.ProjectionState(2, (1.7, -0.2)).rows()
    assert abs(rows["s sum(g)"][:2] @ rows["g - s sum(g)"][:2]) > 0.1
    assert "not at a right angle" in repr(explore.ProjectionState(2))
    assert "nothing moves" in repr(explore.ProjectionState(2, (0.3, -0.3)))


def test_a_sum_of_rounding_errors_is_0():
    assert explore.ProjectionState(0, (0.1 + 0.2, -0.3)).rows()["g"][2] == 0
    assert "e-1" not in explore.ProjectionState(1.1, (0.7, 0.1)).view()


@pytest.mark.parametrize("gap", EXTREMES)
@pytest.mark.parametrize("g", [(x, y) for x in EXTREMES for y in (0.4, -x)])
def test_no_projection_raises(gap, g):
    assert all(said(explore.ProjectionState(gap, g)))


def test_names_of_arrows_keep_apart():
    for g in ((a, b) for a in (-2, -1.5, -0.5, 0, 1, 2) for b in (-2, -1, -0.1, 0, 0.5, 2)):
        for gap in (-6, 0, 2):
            found = ET.fromstring(explore.ProjectionState(gap, g).view())
            names = [e for e in found.iter() if e.tag.endswith("text") and e.get("paint-order")]
            boxes = [(float(e.get("x")), float(e.get("y")), text_width(e.text)) for e in names]
            assert len(boxes) == 3
            for i, (x, y, width) in enumerate(boxes):
                assert x >= 16 and x + width <= 336
                for u, v, other in boxes[:i]:
                    assert abs(y - v) > 14 or x + width <= u or u + other <= x, (gap, g)


# --- Live -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIVE)
def test_every_control_redraws_and_leads_back(name):
    assert every_control_redraws_and_leads_back(LIVE[name]())


@pytest.mark.slow
@pytest.mark.parametrize("function", HOSTILE.values(), ids=HOSTILE)
def test_a_live_explorer_survives_any_function(function):
    explorer = explore.log_softmax(function)
    for x in FALLING:
        explorer.controls["logit x"].value = x
        assert shows_its_state(explorer)


def test_a_live_explorer_starts_as_the_still_figure_below_it():
    for name, state in (("Log-softmax", explore.LogSoftmaxState()), ("Projection", explore.ProjectionState())):
        explorer = LIVE[name]()
        assert explorer.figure.value == state.view() == state._repr_svg_()
        assert repr(state) == state.describe() and " at 0x" not in repr(state)
        words = explorer._repr_mimebundle_()["text/plain"]
        assert words == f"{name} explorer: move its sliders in JupyterLab. The figure below shows how it starts."
        assert all(isinstance(c, (widgets.FloatSlider, widgets.SelectionSlider)) for c in explorer.controls.values())
