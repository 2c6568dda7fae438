"""The explorer of chapter 06: its numbers are the engine's, its formulas give them, and nothing breaks it."""

import math
import random
import xml.etree.ElementTree as ET
from itertools import pairwise

import ipywidgets as widgets
import numpy as np
import pytest
from explorers import EXTREMES, NO_WARNINGS, RAISING, every_control_redraws_and_leads_back, shows_its_state, texts

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.graph import EXPRESSIONS, INDENT, REACH, _numbers_with_sliders
from mnist_autograd.teach.explore.graph_steps import OPERATIONS
from mnist_autograd.teach.pictures import graphs
from mnist_autograd.teach.pictures.svg import GRADIENT_TEXT
from mnist_autograd.tensor import record

inf, nan = math.inf, math.nan
pytestmark = NO_WARNINGS


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table()]


# --- The numbers are the engine's -------------------------------------------------------------------------------


def gradients_of(graph):
    return {node.name: sum(g for _, g in node.contributions) for node in graph.nodes if node.tensor.requires_grad}


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_are_the_engines(expression, seed):
    state = explore.GraphState(expression)
    rng = np.random.default_rng(seed)
    state.inputs = {name: rng.normal(size=array.shape) for name, array in state.inputs.items()}
    graph, problem = state.graph()
    assert problem == ""
    inputs = {name: Tensor(array, requires_grad=True) for name, array in state.inputs.items()}
    loss = EXPRESSIONS[expression][0](**inputs)
    loss.backward()
    found = gradients_of(graph)
    assert graph.nodes[-1].name == "L" and graph.nodes[-1].tensor.item() == loss.item()
    for name, tensor in inputs.items():
        np.testing.assert_allclose(found[name], tensor.grad, rtol=1e-12)


# In Python the words of a formula have these meanings.
MEANINGS = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": lambda x: F.softmax(x).data,
    "log_softmax": lambda x: F.log_softmax(x).data,
    "logsumexp": lambda x: F.logsumexp(x).data,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "one_hot": np.array([1.0, 0.0, 0.0]),
    "N": 1,
    "cross_entropy": lambda x: F.cross_entropy(x, 0).data,
    "nll": lambda x: F.nll_loss(x, 0).data,
}
LOGITS = np.array([0.5, 1.5, -1.0])
MATRIX = np.array([[0.5, 2.0], [1.5, 1.0]])
CASES = {  # the inputs of each operation, and the operation
    **{
        name: ([np.array(1.5), np.array(0.75)], getattr(F, name))
        for name in ("add", "subtract", "multiply", "divide", "power")
    },
    **{name: ([np.array(0.75)], getattr(F, name)) for name in ("negative", "exp", "log", "tanh")},
    **{name: ([np.array(0.75)], getattr(F, name)) for name in ("sigmoid", "relu", "sqrt", "absolute")},
    **{name: ([LOGITS], getattr(F, name)) for name in ("sum", "mean", "max", "logsumexp", "softmax", "log_softmax")},
    "matmul": ([MATRIX, MATRIX.T + 1], F.matmul),
    "getitem": ([LOGITS], lambda x: x[1]),
    "nll_loss": ([LOGITS], lambda x: F.nll_loss(x, 0)),
    "cross_entropy": ([LOGITS], lambda x: F.cross_entropy(x, 0)),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_formula_of_an_operation_gives_what_the_engine_gives(operation):
    """Those in words, after a comma, are excepted; there are few."""
    arrays, function = CASES[operation]
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    value = function(*tensors)
    assert value.operation == operation and len(OPERATIONS[operation]) == 1 + len(arrays)
    names = {"g": np.full(value.shape, 0.75), "y": value.data} | dict(zip("ab", arrays))
    places = {name: name for name in names}
    expected = [value.data, *(vjp(names["g"]) for _, vjp in value.inputs)]
    for template, right in zip(OPERATIONS[operation], expected):
        if "," not in template and "[...]" not in template:
            np.testing.assert_allclose(eval(template.format(**places), MEANINGS | names), right, rtol=1e-12)


def test_few_formulas_are_in_words():
    assert sum("," in template for templates in OPERATIONS.values() for template in templates) == 5


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_sentence_with_numbers_is_an_equation(expression):
    """As rounded to four digits: whatever stands between two = signs is the same number."""
    graph, _ = explore.GraphState(expression).graph()
    found = 0
    for step in graph.steps:
        if "[" not in step.words and " = " in step.words and step.kind in ("forward", "backward"):
            parts = step.words.rstrip(".").split(" = ")
            numbers = [part for part in parts if not set("uwxbgLz") & set(part.replace("tanh", ""))]
            values = [eval(part, {"tanh": np.tanh}) for part in numbers]
            np.testing.assert_allclose(values, values[-1], rtol=1e-3)
            found += len(values) > 1
    assert found >= 3 or expression in ("softmax and NLL", "a bias for two rows")


# --- The steps --------------------------------------------------------------------------------------------------


def box(state, name):
    """The lines of the box with this heading, at the state's step."""
    graph, _ = state.graph()
    (i,) = [i for i, node in enumerate(graph.nodes) if node.name == name]
    return state._box(graph, i)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_step_reveals_one_thing(expression):
    state = explore.GraphState(expression, step=0)
    graph, _ = state.graph()
    computed = [node for node in graph.nodes if node.is_computed]
    uses = sum(len(node.uses) for node in graph.nodes)
    assert len(graph.steps) == 1 + len(computed) + 1 + uses and state.last_step() == len(graph.steps) - 1
    assert state.first_step() == len(computed)
    before = None
    for state.step in range(len(graph.steps)):
        unknown = state.table().splitlines()[1:-1]
        count = sum(line.count("?") for line in unknown)
        if state.step == 0:
            assert count == 2 * len(graph.nodes) - (len(graph.nodes) - len(computed))
        assert before is None or count <= before
        before = count
        assert f"Step {state.step} of {len(graph.steps) - 1}" in state.describe()
    assert before == 0


def test_the_contributions_of_a_value_used_twice_appear_one_by_one():
    state = explore.GraphState()
    lines = {}
    for state.step in range(4, 11):
        lines[state.step] = box(state, "u1").lines[-1]
    assert lines[4] == "g ?" and lines[5] == lines[6] == "g +1 + ?"
    assert lines[7] == lines[10] == "g +1 +6 = +7"
    assert "u1 is not complete: 1 more to come." in explore.GraphState(step=5).table()
    assert "L hands u1 its VJP: g * u2 = 1 * 1 = +1." in explore.GraphState(step=5).table()
    assert "Added to what is there: 1 + 6 = +7." in explore.GraphState(step=7).table()


def test_what_is_active_is_thick_and_what_is_unknown_is_dashed_and_asks():
    start = ET.fromstring(explore.GraphState(step=0).view())
    boxes = [e for e in start.iter() if e.tag.endswith("rect") and e.get("rx")]
    assert len(boxes) == 6 and sum(e.get("stroke-dasharray") is not None for e in boxes) == 3
    assert not any(float(e.get("stroke-width")) > 2 for e in boxes)
    later = ET.fromstring(explore.GraphState(step=7).view())
    boxes = [e for e in later.iter() if e.tag.endswith("rect") and e.get("rx")]
    assert sum(float(e.get("stroke-width")) > 2 for e in boxes) == 2
    arrows = [e for e in later.iter() if e.tag.endswith("polyline") and e.get("stroke-width") == "5"]
    assert len(arrows) == 1 and arrows[0].get("stroke") == "#D55E00"
    (x1, *_, x2) = [float(point.split(",")[0]) for point in arrows[0].get("points").split()]
    assert x1 > x2  # it points back


def test_broadcasting_is_undone_in_words():
    state = explore.GraphState("a bias for two rows", step=9)
    assert "Summed from shape (2, 3) down to (3,), that of b: [+4, +2, 0]." in " ".join(said(state)[1:])
    assert box(state, "b").lines == ["b", "0.5, 0, -2", "g +4, +2, 0"]


def test_an_array_that_is_not_complete_asks_below_its_rows():
    state = explore.GraphState("a bias for two rows", step=6)
    rows = [INDENT + row for row in ("+0.5, -1, -1", "+ ?")]
    assert box(state, "u1").lines[3:] == ["g +1.5, +2, +1", *rows]
    gradient = [text for text in ET.fromstring(state.view()).iter() if text.get("fill") == GRADIENT_TEXT]
    assert {"".join(text.itertext()) for text in gradient} >= {"g +1.5, +2, +1", *rows}
    assert (
        "Added to what is there: [+1.5, +2, +1; +0.5, -1, -1] + [+1.5"
        in explore.GraphState(state.expression, step=7).table()
    )


def test_steps_beyond_the_ends_show_the_ends():
    assert explore.GraphState(step=-3).view() == explore.GraphState(step=0).view()
    end, beyond = explore.GraphState(step=10).view(), explore.GraphState(step=11).view()
    assert texts(beyond) == [text.replace("Step 10 of 10, backward", "The end, after step 10") for text in texts(end)]


def test_a_box_keeps_its_size_from_step_to_step():
    for expression in EXPRESSIONS:
        state = explore.GraphState(expression)
        sizes = set()
        for step in range(state.last_step() + 1):
            state.step = step
            graph, _ = state.graph()
            sizes.add(tuple((b.width, b.height) for b in (state._box(graph, i) for i in range(len(graph.nodes)))))
            sizes.add(ET.fromstring(state.view()).get("viewBox"))
        assert len(sizes) == 2, expression


# --- A learner's function ---------------------------------------------------------------------------------------


def test_defaults_are_the_inputs_and_names_are_kept():
    state = explore.GraphState(function=lambda speed=2, time=[1.0, 3.0]: F.sum(speed * time))
    graph, _ = state.graph()
    assert [node.name for node in graph.nodes] == ["speed", "time", "u1", "L"] and graph.nodes[-1].tensor.item() == 8
    assert explore.GraphState(function=lambda x: x * x).inputs["x"] == 1
    assert explore.GraphState(function=lambda x="a", y=None, z=Tensor(4.0): z, x=3).inputs == {"x": 3, "y": 1, "z": 4}


def test_constants_of_one_number_stand_in_formulas_and_arrays_have_a_box():
    state = explore.GraphState(function=lambda x=2.0: F.sum(-3.0 * x * np.array([1.0, 2.0])), step=99)
    graph, _ = state.graph()
    assert [node.formula for node in graph.nodes] == ["x", "(-3) * x", "c1", "u1 * c1", "sum(u2)"]
    assert box(state, "c1").lines == ["c1", "1, 2", "a constant"]
    assert gradients_of(graph)["x"] == -9


def test_an_operation_without_a_formula_is_named():
    X = np.ones((2, 3))

    def layer(W=np.ones((3, 1)), b=(0.5,)):
        return F.sum(F.linear(X, W, b).reshape(2))

    table = explore.GraphState(function=layer, step=99).table()
    assert "linear(c1, W, b)" in table and "reshape(u1)" in table
    steps = " ".join(step.words for step in explore.GraphState(function=layer).graph()[0].steps)
    assert "u1 hands W its VJP: that of linear. With g = " in steps


def test_an_input_that_is_the_result_and_one_that_is_not_used():
    state = explore.GraphState(function=lambda x=2.0, y=3.0: x, step=9)
    assert all(said(state)) and box(state, "x").lines == ["x", "2", "g +1"]


REMARKS = {
    "relu(x) = relu(-2) = 0.": lambda x=-2.0: F.relu(x),
    "its VJP: -g = -1.": lambda x=2.0: -x,
    "L = -x = -2.": lambda x=2.0: -x,
    "(N = 1). With g = +1 it is": lambda z=(1.0, 2.0): F.nll_loss(z, 0),
    "(n = 3). With g = +1 it is": lambda z=(1.0, 2.0, 3.0): F.mean(z),
    "g * x, of shape (3, 6).": lambda x=np.ones((3, 6)): F.sum(x * x),
    "With g = +1 it has shape (3, 6).": lambda x=np.ones((3, 6)): F.sum(x),
    "Without a number as its default: x, y; 1 is taken.": lambda x, y="a": x * y,
    "The result does not depend on y.": lambda x=1.0, y=2.0: x * x,
    "nan is no number: log(x) has no value here": lambda x=-1.0: F.log(x),
}


@pytest.mark.parametrize("remark", REMARKS)
def test_what_needs_a_word_gets_one(remark):
    state = explore.GraphState(function=REMARKS[remark], step=0)
    every, last = [], state.last_step()
    for state.step in range(last + 1):
        every.append(state.table())
        assert "+nan" not in " ".join(said(state))
    assert any(remark in words for words in every)
    assert not any("Without a number" in words for words in every) or remark.startswith("Without")


def test_an_input_that_is_given_a_number_is_not_remarked_on_and_an_unknown_one_is_refused():
    assert "Without" not in explore.GraphState(function=lambda x: x * x, x=3.0).table()
    assert "Without" in explore.GraphState(function=lambda x: x * x, x="a").table()
    with pytest.raises(TypeError, match="there is no input 'q': this expression has w, x, b"):
        explore.GraphState(q=3)


PROBLEMS = {
    "your function has no inputs: give it parameters": lambda: Tensor(1.0),
    **RAISING,
    "your function returned float, expected a Tensor": lambda x=1.0: 2.0,
    "your function returned NoneType, expected a Tensor": lambda x=1.0: None,
    "your function returned ndarray, expected a Tensor": lambda x=1.0: x.data,
    "with no graph behind it": lambda x=1.0: Tensor(3.0),
    "no graph behind it: its inputs do not reach it": lambda x=1.0: x.detach() * 2,
    "your function returned shape (2,), and a backward pass starts at one number": lambda x=(1.0, 2.0): x * x,
    "the graph has 101 nodes": lambda x=1.0: explore_chain(x, 100),
    "the graph has 10 nodes in 10 layers, and the figure has room for 14 in 8": lambda x=1.0: explore_chain(x, 9),
    "a VJP raised ZeroDivisionError": lambda x=1.0: record("own", x.data, (x, lambda g: 1 / 0)),
    "a VJP raised ValueError: a gradient of shape (2,)": lambda x=(1.0, 2.0, 3.0): record(
        "own", np.array(1.0), (x, lambda g: np.ones(2))
    ),
    "your function raised TypeError": 3,
}


def explore_chain(x, length):
    for _ in range(length):
        x = x + 1.0
    return x


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_wrong_is_said_in_the_figure(problem):
    state = explore.GraphState(function=PROBLEMS[problem])
    for form in said(state):
        assert problem in " ".join(form.split())
    assert state.last_step() == 0


def test_a_function_that_recovers_is_drawn_again():
    works = []

    def function(x=1.0):
        return x * x if works else 1 / 0

    state = explore.GraphState(function=function, step=0)
    assert "ZeroDivisionError" in state.describe()
    works.append(True)
    assert "L = " in " ".join(texts(state.view()))


@pytest.mark.parametrize("value", EXTREMES)
def test_no_input_raises(value):
    for expression in EXPRESSIONS:
        state = explore.GraphState(expression)
        for name, array in state.inputs.items():
            state.inputs[name] = np.full(array.shape, value)
        for state.step in (0, 5, 99):
            assert all(said(state))


def test_a_huge_input_is_named_by_its_shape():
    state = explore.GraphState(function=lambda x=np.ones((50, 60)): F.sum(x), step=99)
    assert box(state, "x").lines == ["x", "shape (50, 60)", "g shape (50, 60)"]


# --- The drawing ------------------------------------------------------------------------------------------------


def random_graph(seed):
    draw = random.Random(seed)
    count = draw.randint(2, 10)
    edges = []
    for node in range(1, count):
        starts = draw.sample(range(node), min(node, draw.randint(0, 3)))
        edges += [(start, node) for start in starts]
    used = {start for start, _ in edges}
    edges += [(node, count) for node in range(count) if node not in used]  # all lead to the last
    return count + 1, edges


@pytest.mark.parametrize("seed", range(30))
def test_layers_put_each_node_right_of_its_starts_and_boxes_do_not_overlap(seed):
    count, edges = random_graph(seed)
    depth = graphs.layers(count, edges)
    assert min(depth) == 0 and all(depth[start] < depth[end] for start, end in edges)
    boxes = [graphs.Box([f"node {i}", "1"]) for i in range(count)]
    width, height, elements = graphs.drawing(boxes, [graphs.Arrow(*edge) for edge in edges])
    found = ET.fromstring("<svg>" + "".join(elements) + "</svg>")
    places = [tuple(float(e.get(k)) for k in ("x", "y", "width", "height")) for e in found.iter("rect")]
    assert len(places) == count
    for i, (x, y, w, h) in enumerate(places):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for a, b, c, d in places[:i]:
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y
    lines = [e.get("points") for e in found.iter("polyline") if e.get("stroke")]
    assert len(lines) == len(edges)
    for points in lines:
        corners = [tuple(map(float, point.split(","))) for point in points.split()]
        assert [x for x, _ in corners] == sorted(x for x, _ in corners)
        for (x1, y1), (x2, y2) in pairwise(corners):
            for t in np.linspace(0.02, 0.98, 25):
                at = x1 + t * (x2 - x1), y1 + t * (y2 - y1)
                assert not any(x < at[0] < x + w and y < at[1] < y + h for x, y, w, h in places)


def test_a_leaf_stands_beside_its_first_user():
    assert graphs.layers(5, [(0, 1), (1, 2), (3, 2), (2, 4)]) == [0, 1, 2, 1, 3]
    assert graphs.layers(1, []) == [0]


# --- Live -------------------------------------------------------------------------------------------------------


def test_every_control_redraws_and_leads_back():
    assert every_control_redraws_and_leads_back(explore.graph())


def test_the_controls_follow_the_expression():
    explorer = explore.graph()
    names = {"a diamond": "w x b", "softmax and NLL": "z1 z2 z3", "a bias for two rows": "b1 b2 b3"}
    for expression, described in names.items():
        explorer.controls["expression"].value = expression
        sliders = [explorer.controls[f"input {i}"] for i in (1, 2, 3)]
        assert [slider.description for slider in sliders] == described.split()
        assert explorer.figure.value == explore.GraphState(expression).view()
        explorer.controls["step"].value = explorer.state.last_step()
        sliders[0].value = 1.5
        assert shows_its_state(explorer) and f"{described.split()[0][0]} " in explorer.state.describe()
        assert next(iter(explorer.state.inputs[described[0]].flat)) == 1.5
    assert explorer.controls["step"].options == tuple((str(step), step) for step in range(11))


def test_sliders_reach_each_input_of_every_expression():
    for expression in EXPRESSIONS:
        found = _numbers_with_sliders(explore.GraphState(expression))
        assert len(found) == 3 and all(abs(value) <= REACH for *_, value in found)
    sliders = [slider for name, slider in explore.graph().controls.items() if name.startswith("input")]
    assert [(slider.min, slider.max) for slider in sliders] == [(-10, 10)] * 3


def test_a_learners_function_is_live_with_a_slider_for_each_number():
    explorer = explore.graph(lambda w=20.0, x=(1.0, 2.0), X=((1, 2), (3, 4)): F.sum(w * x * X))
    assert list(explorer.controls) == ["step", "w", "x1", "x2"]
    assert explorer.controls["w"].max == 40
    assert every_control_redraws_and_leads_back(explorer)


@pytest.mark.parametrize("value", EXTREMES)
def test_a_number_that_no_slider_reaches_has_none(value):
    explorer = explore.graph(lambda x=value, w=2.0: w * x)
    assert list(explorer.controls) == (["step", "x", "w"] if abs(value) < 10 else ["step", "w"])
    explorer.controls["step"].value = 2
    assert shows_its_state(explorer)


@pytest.mark.parametrize("function", PROBLEMS.values(), ids=PROBLEMS)
def test_a_live_explorer_survives_any_function(function):
    explorer = explore.graph(function)
    for control in explorer.controls.values():
        for value in control.options if isinstance(control, widgets.SelectionSlider) else [-1.0, 2.0]:
            control.value = value[1] if isinstance(value, tuple) else value
            assert shows_its_state(explorer)


def test_a_live_explorer_starts_as_the_still_figure_below_it():
    explorer, state = explore.graph(), explore.GraphState()
    assert explorer.figure.value == state.view() == state._repr_svg_()
    assert repr(state) == state.describe() and " at 0x" not in repr(state)
    words = explorer._repr_mimebundle_()["text/plain"]
    assert words == "Graph explorer: move its sliders in JupyterLab. The figure below shows how it starts."
