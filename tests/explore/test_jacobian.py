"""The explorer of chapter 03: its numbers are the engine's, and no slider and no function of a learner's breaks it."""

import itertools
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from explorers import RAISING, every_control_redraws_and_leads_back, shows_its_state, texts

from mnist_autograd import functional as F
from mnist_autograd.gradcheck import numerical_jacobian
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.jacobian import PRESETS, signed
from mnist_autograd.teach.pictures.numbers import number

inf, nan = math.inf, math.nan
EXTREMES = [0, -0.0, 5e-324, 1e-9, 1e15, 1e308, -1e308, inf, -inf, nan]
POINTS = [
    *PRESETS.values(),
    ([-10, 10, 9.9], [-2, 2, -1.9]),
    ([0.3, -0.2, 4.1], [-0.1, 0, 1.7]),
    ([0, 0, 0], [0, 0, 0]),
]


def right(s, g, axis):
    return s * (g - (g * s).sum(axis=axis, keepdims=True))


def said(state):
    """All that the state says, in each of its forms; each must say the verdict."""
    forms = [" ".join(texts(state.view())), state.describe(), state.table()]
    assert all(state.verdict() in form for form in forms)
    return "\n".join(forms)


# --- Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z, g", POINTS)
def test_the_numbers_are_those_of_the_formulas_and_of_finite_differences(z, g):
    state = explore.JacobianState(z, g)
    s = F.softmax(np.array(z, dtype=float)).data
    J = np.diag(s) - np.outer(s, s)
    np.testing.assert_allclose(state.probabilities(), s)
    np.testing.assert_allclose(state.jacobian(), J, atol=1e-15)
    np.testing.assert_allclose(state.jacobian(), numerical_jacobian(F.softmax, z), atol=1e-8)
    np.testing.assert_allclose(state.vjp(), right(s, np.array(g), -1), atol=1e-15)
    np.testing.assert_allclose(state.vjp(), J.T @ g, atol=1e-15)
    np.testing.assert_allclose(state.shortcut(), np.diag(J) * g, atol=1e-15)
    np.testing.assert_allclose(state.finite_difference(), state.vjp(), atol=1e-8)
    assert "Finite differences agree with the VJP within 1e-6." in said(state)


def test_the_figure_and_the_table_show_the_numbers():
    state = explore.JacobianState()
    figure, table = texts(state.view()), state.table()
    shown = [*map(number, state.probabilities()), *map(signed, state.jacobian().flat)]
    shown += [signed(v) for v in (*state.vjp(), *state.shortcut())]
    assert set(shown) <= set(figure) and all(words in table for words in shown)
    assert {"+0.2247", "-0.1598", "-0.3113", "-0.1837"} <= set(shown)  # signs are written
    assert figure.count("row sum") == 1 and figure.count("0") == 3  # the three row sums
    assert {"cat, z = 2", "cat: VJP", "shortcut", "finite diff.", "s cat", "by z cat"} <= set(figure)
    assert "g = (+0.5, -1, +2), sum(g * s) = +0.2842." in table


def test_what_is_0_prints_as_0_and_not_as_a_rounding_error():
    for z, g in POINTS:
        assert not re.search(
            r"e-(0[7-9]|[1-9]\d)", re.sub(r"s: .*?; J|, z = \S+", "", explore.JacobianState(z, g).describe())
        )
    state = explore.JacobianState(*PRESETS["equal g"])
    assert "VJP: cat 0, dog 0, bird 0; shortcut: cat +0.2247" in state.describe()
    assert "finite diff.: cat 0, dog 0, bird 0." in state.describe()


@pytest.mark.parametrize(
    "z, g, words",
    [
        (*PRESETS["start"], "is off by 0.1277 for dog."),
        (*PRESETS["uniform"], "is off by 0.2778 for dog."),
        (*PRESETS["certain"], "agrees too, within 1e-6: here the entries of J off its diagonal add nothing."),
        (*PRESETS["equal g"], "is off by 0.2247 for cat."),
        (*PRESETS["g for cat alone"], "is off by 0.1598 for dog, but right for cat."),
        ([0, 0, 0], [1, -1, 0], "is off by 0.1111 for cat, but right for bird."),  # a tie: the first, on any machine
        ([2, 1, 0.1], [0, 0, 0], "agrees too, within 1e-6: here the entries of J off its diagonal add nothing."),
    ],
)
def test_the_verdict_on_the_shortcut(z, g, words):
    assert f"The shortcut s*(1-s)*g {words}" in said(explore.JacobianState(z, g))


def test_the_shortcut_is_right_for_a_class_only_where_the_others_cancel():
    """VJP - shortcut = -s_i * (sum of s_j * g_j over the other classes j)."""
    for z, g in POINTS:
        state = explore.JacobianState(z, g)
        sg = state.probabilities() * g
        np.testing.assert_allclose(state.vjp() - state.shortcut(), -state.probabilities() * (sg.sum() - sg), atol=1e-15)


def test_the_matrix_pales_where_certain_probabilities_barely_move():
    figures = {name: explore.JacobianState(*preset).view() for name, preset in PRESETS.items()}
    assert figures["certain"].count('fill="#FFFFFF"') == 12  # the matrix and its row sums
    assert figures["uniform"].count('fill="#FFFFFF"') == 3


@pytest.mark.parametrize("value", EXTREMES)
@pytest.mark.parametrize("vjp", [None, right])
def test_no_number_raises(value, vjp):
    for i, which in itertools.product(range(3), ("logits", "g", "both")):
        state = explore.JacobianState(vjp=vjp)
        for values in (state.logits, state.g) if which == "both" else [getattr(state, which)]:
            values[i] = value
        assert ("No verdict" in said(state)) == (
            not np.isfinite([state.probabilities(), state.g, state.vjp(), state.shortcut()]).all()
        )
        assert " refute " not in state.verdict()
    assert said(explore.JacobianState([value] * 3, [value] * 3, vjp))


def test_rounding_errors_grow_with_g_and_so_does_what_counts_as_agreement():
    assert "within 1e-6" in explore.JacobianState(g=[100, 0, 0]).verdict()
    assert "within 1e-5" in explore.JacobianState(g=[101, 0, 0]).verdict()
    assert "agree with the VJP within 1e5" in explore.JacobianState(g=[1e13, 3, 3]).verdict()


def test_any_number_of_classes():
    state = explore.JacobianState([1, 2, 3, 4, 5], [1, 0, 0, 0, 0])
    assert state.jacobian().shape == (5, 5) and "class 5" in said(state)
    assert said(explore.JacobianState([1, 2], [1, 0]))
    with pytest.raises(ValueError, match="2 logits and 3 in g"):
        explore.JacobianState([1, 2])


def test_the_text_is_the_same_every_time_and_in_another_process_with_another_kernel():
    state = explore.JacobianState()
    assert repr(state) == state.describe() == repr(explore.JacobianState()) and " at 0x" not in repr(state)
    code = "from mnist_autograd.teach import explore; s = explore.JacobianState(); print(s.table()); print(s.view())"
    environment = os.environ | {"OPENBLAS_CORETYPE": "Haswell"}
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout == f"{state.table()}\n{state.view()}\n"


# --- A learner's function ---------------------------------------------------------------------------------------


HOSTILE = {
    **RAISING,
    "your function raised ValueError": lambda s, g, axis: [[1, 2], [3]],
    "your function raised TypeError": lambda s, g: s,
    "your function returned NoneType, expected an array of shape (3,)": lambda s, g, axis: None,
    "your function returned str, expected": lambda s, g, axis: "abc",
    "your function returned ndarray, expected": lambda s, g, axis: s * 1j,
    "your function returned shape (3, 3), expected (3,)": lambda s, g, axis: np.outer(s, g),
    "your function returned shape (), expected (3,)": lambda s, g, axis: (s * g).sum(),
    "your function returned nan for cat, dog, bird": lambda s, g, axis: s * nan,
    "your function returned inf for dog": lambda s, g, axis: np.where(g < 0, -inf, s),
}


@pytest.mark.parametrize("problem", HOSTILE)
def test_what_is_wrong_stands_in_the_figure_and_it_recovers(problem):
    state = explore.JacobianState(vjp=HOSTILE[problem])
    forms = [" ".join(texts(state.view())), state.describe(), state.table()]
    assert all(problem in form for form in forms)
    assert {"yours", "cat: shortcut", "finite diff."} <= set(texts(state.view()))  # the other bars stay
    assert "Finite differences" not in said(state) and "The shortcut s*(1-s)*g is off by 0.1277" in said(state)
    state.learners_vjp = None
    assert state.view() == explore.JacobianState().view()


@pytest.mark.parametrize(
    "wrong, words",
    [
        (lambda s, g, axis: s * (1 - s) * g, "refute your VJP: it is off by 0.1277 for dog."),
        (lambda s, g, axis: g - (g * s).sum(axis=axis, keepdims=True), "refute your VJP: it is off by 1.547 for bird."),
        (lambda s, g, axis: np.full(3, 1e308), "refute your VJP: it is off by 1e+308 for cat."),
        (lambda s, g, axis: [-1e308, 1e308, 0], "refute your VJP: it is off by 1e+308 for cat."),
        (lambda s, g, axis: [0, 0, False], "refute your VJP: it is off by 0.3113 for dog."),
        (lambda s, g, axis: s * (g - (g * s).sum()), "for one row, but not for two, shape (2, 3): mind the axis"),
        (lambda s, g, axis: s * (g - (g * s).sum(0)), "for one row, but not for two, shape (2, 3): mind the axis"),
        (lambda s, g, axis: s * (g - g @ s), "for one row; for two, shape (2, 3), it raises ValueError."),
        (lambda s, g, axis: s * (g - (g * s).sum(axis)), "for one row; for two, shape (2, 3), it raises ValueError."),
        (lambda s, g, axis: right(s, g, axis) if s.ndim == 1 else sys.exit(), "for two, shape (2, 3), it raises Sys"),
        (lambda s, g, axis: right(s, g, axis) if s.ndim == 1 else nan, "but not for two"),
        (lambda s, g, axis: right(s, g, axis) if s.ndim == 1 else "abc", "but not for two"),
        (lambda s, g, axis: right(s, g, axis) if s.ndim == 1 else np.full((2, 3), "a"), "it raises"),
    ],
)
def test_finite_differences_judge_a_learners_function(wrong, words):
    assert words in said(explore.JacobianState(vjp=wrong)) and "cat: yours" in texts(
        explore.JacobianState(vjp=wrong).view()
    )


def ruins_its_input(s, g, axis):
    g -= (g * s).sum(axis=axis, keepdims=True)
    s *= g
    return s


@pytest.mark.parametrize("function", [right, ruins_its_input, lambda s, g, axis: right(s, g, axis).tolist()])
@pytest.mark.parametrize("z, g", POINTS)
def test_a_right_function_is_called_right_everywhere(function, z, g):
    verdict = explore.JacobianState(z, g, function).verdict()
    assert verdict.startswith("Finite differences agree with your VJP within 1e-6. The shortcut")


@pytest.mark.parametrize("z, g", POINTS)
def test_adding_up_both_rows_is_noticed_everywhere(z, g):
    state = explore.JacobianState(z, g, lambda s, g, axis: s * (g - (g * s).sum()))
    assert "not for two, shape (2, 3)" in state.verdict()


def test_a_learners_function_gets_what_was_promised():
    seen = []

    def spy(s, g, axis=None):
        seen.append((*((type(x), x.dtype, x.shape) for x in (s, g)), axis))
        return right(s, g, axis)

    explore.JacobianState([1, 2, 3], [1, 0, 0], spy).view()
    expected = [(np.ndarray, np.dtype("float64"), shape) for shape in ((3,), (2, 3))]
    assert set(seen) == {(one, one, -1) for one in expected}


# --- Live -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "function", [None, right, HOSTILE["your function raised SystemExit"], lambda s, g, axis: s - g]
)
def test_every_control_redraws_and_leads_back(function):
    explorer = explore.jacobian(function)
    assert len(explorer.controls) == 6 + len(PRESETS)
    assert every_control_redraws_and_leads_back(explorer, home="start")


def test_no_corner_of_the_sliders_raises_or_is_misjudged():
    for z in itertools.product((-10, 0.3, 10), repeat=3):
        for g in itertools.product((-2, 0, 2), repeat=3):
            assert (
                explore.JacobianState(z, g, right)
                .verdict()
                .startswith("Finite differences agree with your VJP within 1e-6.")
            )


def test_logits_move_the_matrix_and_g_moves_the_vjp_alone():
    explorer = explore.jacobian()
    J, vjp = explorer.state.jacobian(), explorer.state.vjp()
    explorer.controls["g dog"].value = 1.5
    np.testing.assert_array_equal(explorer.state.jacobian(), J)
    assert not np.allclose(explorer.state.vjp(), vjp)
    explorer.controls["logit dog"].value = 3
    assert not np.allclose(explorer.state.jacobian(), J)


def test_presets_draw_once():
    explorer, drawn = explore.jacobian(), []
    explorer.figure.observe(lambda change: drawn.append(change.new), names="value")
    for name, (z, g) in PRESETS.items():
        explorer.controls[name].click()
        assert (explorer.state.logits, explorer.state.g) == (z, g) and shows_its_state(explorer)
    assert len(drawn) == len(PRESETS) - 1  # the first is what it shows already


def test_a_page_without_widgets_reads_a_sentence():
    read = explore.jacobian()._repr_mimebundle_()["text/plain"]
    assert read == "Jacobian explorer: move its sliders in JupyterLab. The figure below shows how it starts."
