"""The explorer of chapter 06: a graph of operations, stepped forward to the loss and then backward to the inputs.

The graph is the engine's own. Each Tensor knows its inputs and their VJPs, which are called here one at a time.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np

from ... import functional as F
from ...tensor import Tensor
from ..pictures import graphs, svg
from ..pictures.svg import GAP, TITLE
from . import explorer as base
from .explorer import STYLE, Explorer, State, aligned, listed
from .graph_steps import Graph, Step, added_up, behind, operand, plain, rows_of, short
from .learner import outcome

MOST_BOXES, MOST_LAYERS = 14, 8  # that can still be read
MOST_NUMBERS = 3  # of an input that has sliders
REACH, FAR = 5.0, 1e6  # of a slider at least; where no slider goes
INDENT = 3 * "\N{NO-BREAK SPACE}"  # of the later lines of a gradient
WORDS = 130  # pixels for the sentence below the graph, so that nothing moves from step to step


# --- Expressions ------------------------------------------------------------------------------------------------


def diamond(w=3.0, x=2.0, b=-5.0):
    u = w * x
    return u * (u + b)


def used_twice(w=1.0, x=2.0, b=-1.0):
    return (x + w) * (x + b)


def neuron(w=0.5, x=2.0, b=-0.5):
    return F.tanh(w * x + b)


def loss_of_logits(z=(2.0, 1.0, 0.1)):
    return F.nll_loss(F.log(F.softmax(z)), 0)


def rows_plus_bias(X=((1.0, 2.0, 3.0), (0.0, -1.0, 1.0)), b=(0.5, 0.0, -2.0)):
    h = X + b
    return F.sum(h * h)


# By name the function, whose parameters have the inputs as their defaults, and how it is written.
EXPRESSIONS = {
    "a diamond": (diamond, "L = u1 (u1 + b), where u1 = w x"),
    "x used twice": (used_twice, "L = (x + w) (x + b)"),
    "a neuron": (neuron, "L = tanh(w x + b)"),
    "softmax and NLL": (loss_of_logits, "L = -log softmax(z), class 1 of 3"),
    "a bias for two rows": (rows_plus_bias, "L = sum of (X + b) (X + b)"),
}


def inputs_of(function: Callable) -> dict[str, np.ndarray]:
    """The parameters of a function with their default values; 1 where there is none, or where it is no numbers."""
    return {name: np.array(1.0) if value is None else value for name, value in _defaults(function).items()}


def _defaults(function: Callable) -> dict[str, np.ndarray | None]:
    """By name the default of each parameter; None where there is none, or where it is no numbers."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {parameter.name: _numbers(parameter.default) for parameter in parameters if parameter.kind in kinds}


def _numbers(value) -> np.ndarray | None:
    """A value as an array of at least one number, or None."""
    if value is None:
        return None
    try:
        array = np.array(value.data if isinstance(value, Tensor) else value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.size else None


# --- The state --------------------------------------------------------------------------------------------------


class GraphState(State):
    """An expression as a graph, after some of the steps that lead forward to its value and backward to its gradients.

    expression: a name of EXPRESSIONS. function: a learner's own, in its place, of Tensors; its parameters' defaults are
    the inputs, and it returns a Tensor of one number. inputs: other values for them, by name; TypeError for a name that
    it does not have. step: how many steps have been taken; by default, all that lead forward.
    """

    assumed: list[str]  # the inputs without a default

    def __init__(
        self, expression: str = "a diamond", function: Callable | None = None, step: int | None = None, **inputs
    ):
        self.function = function
        self.choose(expression)
        for name, value in inputs.items():
            if name not in self.inputs:
                known = listed(self.inputs) or "none"
                raise TypeError(f"there is no input {name!r}: this expression has {known}. Give one of these a value.")
            array = _numbers(value)
            self.inputs[name] = np.array(1.0) if array is None else array
            self.assumed = [other for other in self.assumed if other != name or array is None]
        self.step = self.first_step() if step is None else step

    def choose(self, expression: str) -> None:
        """Another expression, with its own inputs, after its forward pass."""
        self.expression = expression
        self.inputs = inputs_of(self._function)
        self.assumed = [name for name, value in _defaults(self._function).items() if value is None]
        self.step = self.first_step()

    @property
    def _function(self) -> Callable:
        return EXPRESSIONS[self.expression][0] if self.function is None else self.function

    def first_step(self) -> int:
        """The step that computes the loss."""
        graph, _ = self.graph()
        return graph.last_forward if graph else 0

    def last_step(self) -> int:
        graph, _ = self.graph()
        return len(graph.steps) - 1 if graph else 0

    def graph(self) -> tuple[Graph | None, str]:
        """The graph and "", or None and what is wrong with the learner's function."""
        kept = {}

        def trace(*arrays):
            kept["inputs"] = [Tensor(array, requires_grad=True) for array in arrays]
            kept["root"] = self._function(*kept["inputs"])
            return 0.0

        _, problem = outcome(trace, (), *self.inputs.values())
        if problem:
            return None, problem
        root, names = kept["root"], {id(t): name for name, t in zip(self.inputs, kept["inputs"])}
        if not isinstance(root, Tensor):
            what = f"your function returned {type(root).__name__}, expected a Tensor"
            return None, f"{what}: compute with operators and the functions of mnist_autograd.functional"
        if not root.requires_grad and not self.inputs:
            return None, "your function has no inputs: give it parameters, as in `lambda w=3.0: w * w`"
        if not root.requires_grad:
            return None, "your function returned a Tensor with no graph behind it: its inputs do not reach it"
        if root.size != 1:
            shape = f"your function returned shape {root.shape}, and a backward pass starts at one number"
            return None, f"{shape}: end with .sum() or .mean()"
        problem = _too_large(root)
        if problem:
            return None, problem
        made = {}

        def follow():
            made["graph"] = Graph(root, names)
            return 0.0

        _, problem = outcome(follow, ())
        return made.get("graph"), problem.replace("your function", "a VJP", 1)

    # What has been reached at the present step

    def _step(self, graph: Graph) -> int:
        return max(0, min(int(self.step), len(graph.steps) - 1))

    def view(self) -> str:
        graph, problem = self.graph()
        title = self._title()
        if graph is None:
            return svg.message(problem, title, width=640, height=220)
        step = graph.steps[self._step(graph)]
        boxes = [self._box(graph, i) for i in range(len(graph.nodes))]
        arrows = [
            graphs.Arrow(to, i, self._look(step, i, k))
            for i, node in enumerate(graph.nodes)
            for k, (to, _, _) in enumerate(node.uses)
            if to is not None
        ]
        width, height, elements = graphs.drawing(boxes, arrows)
        width = max(width, 640)
        moved = svg.tag("g", "".join(elements), transform=f"translate(0 {TITLE + GAP})")
        picture = svg.titled(width, TITLE + height + 3 * GAP, title, self.describe(), moved)
        words = step.words + self._so_far(graph) + self._remarks(graph)
        words = svg.message(words, self._heading(graph), width, height=WORDS)
        return svg.stacked(self.describe(), picture, words)

    def _look(self, step: Step, node: int, use: int) -> str:
        """Of the arrow for one use of a value by a node, at a step."""
        if step.kind == "forward" and step.node == node:
            return "forward"
        return "backward" if step.kind == "backward" and (step.node, step.use) == (node, use) else ""

    def _box(self, graph: Graph, i: int) -> graphs.Box:
        node, now = graph.nodes[i], self._step(graph)
        step = graph.steps[now]
        heading = f"{node.name} = {node.formula}" if node.is_computed else node.name
        known = not node.is_computed or now >= self._computed_at(graph, i)
        values = [heading, *rows_of(node.tensor.data)]
        every = [contribution for _, contribution in node.contributions]
        taken = sum(at <= now for at, _ in node.contributions)
        if node.tensor.requires_grad:
            gradients = [_gradient_lines(every[:count], len(every)) for count in range(len(every) + 1)]
        else:
            gradients, taken = [["a constant"]], 0
        lines = [*(values if known else [heading, "?"]), *gradients[taken]]
        active = i in (step.node, step.to) and step.kind != "start"
        return graphs.Box(lines, [[*values, *later] for later in gradients], dashed=not known, active=active)

    def _computed_at(self, graph: Graph, i: int) -> int:
        return sum(node.is_computed for node in graph.nodes[: i + 1])

    def _title(self) -> str:
        if self.function is not None:
            return "Your function"
        return EXPRESSIONS[self.expression][1]

    def _heading(self, graph: Graph) -> str:
        now, last = self._step(graph), len(graph.steps) - 1
        if self.step > last:
            return f"The end, after step {last}"
        way = {"start": "start", "forward": "forward"}.get(graph.steps[now].kind, "backward")
        return f"Step {now} of {last}, {way}"

    def _so_far(self, graph: Graph) -> str:
        """What a node that was handed a gradient in this step has now, and whether more is to come."""
        now = self._step(graph)
        to = graph.steps[now].to
        if to is None:
            return ""
        node = graph.nodes[to]
        taken = [contribution for at, contribution in node.contributions if at <= now]
        missing = len(node.contributions) - len(taken)
        words = ""
        if len(taken) > 1:
            parts = [operand(x) if x.ndim == 0 else plain(x, signed=True) for x in taken]
            added = "" if parts[0].startswith("shape") else " + ".join(parts) + " = "
            words += f" Added to what is there: {added}{plain(added_up(taken), signed=True)}."
        if missing:
            words += f" {node.name} is not complete: {missing} more to come."
        return words

    def _sentence(self, graph: Graph) -> str:
        words = f"{graph.steps[self._step(graph)].words}{self._so_far(graph)}{self._remarks(graph)}"
        return f"{self._heading(graph)}: {words}"

    def _remarks(self, graph: Graph) -> str:
        """On inputs without a number, inputs that are not used, and the first value that is no number."""
        words = ""
        if self.assumed:
            words += f" Without a number as its default: {listed(self.assumed)}; 1 is taken."
        unused = [name for name in self.inputs if all(name != node.name for node in graph.nodes)]
        if unused:
            words += f" The result does not depend on {listed(unused)}."
        lost = [node for i, node in enumerate(graph.nodes) if self._step(graph) >= self._computed_at(graph, i)]
        lost = [node for node in lost if node.is_computed and np.isnan(node.tensor.data).any()]
        if lost:
            words += f" nan is no number: {lost[0].formula} has no value here, and a slope means nothing."
        return words

    def describe(self) -> str:
        graph, problem = self.graph()
        if graph is None:
            return f"{self._title()}: {problem}."
        known = listed(" ".join(row[:1] + row[2:]) for row in self._table_rows(graph))
        return f"{self._title()}. {self._sentence(graph)} Value and gradient: {known}."

    def _table_rows(self, graph: Graph) -> list[list[str]]:
        rows = []
        for i, node in enumerate(graph.nodes):
            now = self._step(graph)
            known = not node.is_computed or now >= self._computed_at(graph, i)
            taken = [contribution for at, contribution in node.contributions if at <= now]
            g = "none" if not node.tensor.requires_grad else plain(added_up(taken), signed=True) if taken else "?"
            g += " + ?" if 0 < len(taken) < len(node.contributions) else ""
            formula = node.formula if node.is_computed else "an input" if node.tensor.requires_grad else "a constant"
            rows.append([node.name, formula, plain(node.tensor.data) if known else "?", g])
        return rows

    def table(self) -> str:
        graph, problem = self.graph()
        if graph is None:
            return f"{self._title()}: {problem}."
        return aligned(["node", "formula", "value", "g"], self._table_rows(graph)) + "\n" + self._sentence(graph)


def _gradient_lines(taken: Sequence[np.ndarray], count: int) -> list[str]:
    """The lines of a box for its gradient, of which `taken` contributions out of count have come."""
    if not taken:
        return ["g ?"]
    more = " + ?" if len(taken) < count else ""
    rows = rows_of(added_up(taken), signed=True)
    if taken[0].ndim == 0 and len(taken) > 1:
        parts = " ".join(short(x, 4, True) for x in taken)
        return [f"g {parts}{more}" if more else f"g {parts} = {rows[0]}"]
    if taken[0].ndim == 0:
        return [f"g {rows[0]}{more}"]
    below = [INDENT + row for row in rows[1:]] + [INDENT + "+ ?"] * bool(more)
    return [f"g {rows[0]}", *below]


def _too_large(root: Tensor) -> str:
    """Why the graph behind root has no room in the figure; "" if it has."""
    tensors = [tensor for tensor in behind(root) if tensor.requires_grad or tensor.ndim]
    room = f"and the figure has room for {MOST_BOXES} in {MOST_LAYERS} layers: try a smaller expression"
    if len(tensors) > MOST_BOXES:  # said before the layers are counted, which takes long for a large one
        return f"the graph has {len(tensors):,} nodes, {room}"
    numbers = {id(tensor): i for i, tensor in enumerate(tensors)}
    edges = [(numbers[id(t)], i) for i, x in enumerate(tensors) for t, _ in x.inputs if id(t) in numbers]
    deep = max(graphs.layers(len(tensors), edges)) + 1
    return f"the graph has {len(tensors)} nodes in {deep} layers, {room}" if deep > MOST_LAYERS else ""


# --- Live -------------------------------------------------------------------------------------------------------


def graph(function: Callable | None = None) -> Explorer:
    """An expression as a graph, its inputs under sliders, and a slider that steps forward and backward through it.

    function: your own, of Tensors, such as `lambda w=3, x=2: w * x + x`. Its defaults are the inputs' first values.
    """
    state = GraphState(function=function)
    numbers = _numbers_with_sliders(state)
    reaches = [max(REACH, 2 * abs(value)) for *_, value in numbers]
    if function is None:  # sliders that serve all expressions have the same ends
        reaches = [max(reaches)] * len(reaches)
    sliders = [base.slider(name, value, reach) for (name, _, _, value), reach in zip(numbers, reaches)]
    # The same steps for all expressions, the longest too: the page does not follow a slider whose end moves.
    every = [state] if function is not None else map(GraphState, EXPRESSIONS)
    step = base.slider_over("step", range(max(each.last_step() for each in every) + 1), state.step)
    controls = {"step": step, **{slider.description: slider for slider in sliders}}
    if function is None:
        chosen = widgets.Dropdown(options=list(EXPRESSIONS), description="expression", style=STYLE)
        controls = {"expression": chosen, "step": step}
        controls |= {f"input {i}": slider for i, slider in enumerate(sliders, start=1)}

    def read():
        nonlocal numbers
        if function is None and chosen.value != state.expression:
            state.choose(chosen.value)
            numbers = _numbers_with_sliders(state)
            with explorer.held():
                for slider, (name, _, _, value) in zip(sliders, numbers):
                    slider.description, slider.value = name, value
                step.value = state.step
        state.step = step.value
        for slider, (_, name, index, _) in zip(sliders, numbers):
            state.inputs[name][index] = slider.value

    explorer = Explorer("Graph", state, controls, read)
    return explorer


def _numbers_with_sliders(state: GraphState) -> list[tuple[str, str, tuple, float]]:
    """(description, input, index, value) of every number of the inputs that are small enough."""
    found = []
    for name, array in state.inputs.items():
        if array.size <= MOST_NUMBERS:
            for index, value in np.ndenumerate(array):
                if not abs(value) < FAR:
                    continue
                place = "".join(str(i + 1) for i in index)
                found.append((name + place, name, index, float(value)))
    return found
