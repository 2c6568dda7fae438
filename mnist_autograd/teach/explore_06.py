"""The explorer of chapter 06: a graph of operations, stepped forward to the loss and then backward to the inputs.

The graph is the engine's own. Each Tensor knows its inputs and their VJPs, which are called here one at a time.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import ipywidgets as widgets
import numpy as np

from .. import functional as F
from ..tensor import Tensor, undo_broadcasting
from . import charts, graphs
from . import explore_base as base
from .charts import GAP, TITLE, settled
from .explore_base import STYLE, Explorer, State, aligned, listed, outcome

# Of each operation how it is written, and its VJPs: in Python, with a and b for the inputs, y for the result and g for
# the upstream gradient. Where words follow a comma, they say what Python would not say in short.
OPERATIONS = {
    "add": ("{a} + {b}", "{g}", "{g}"),
    "subtract": ("{a} - {b}", "{g}", "-{g}"),
    "multiply": ("{a} * {b}", "{g} * {b}", "{g} * {a}"),
    "divide": ("{a} / {b}", "{g} / {b}", "-{g} * {a} / {b} ** 2"),
    "power": ("{a} ** {b}", "{g} * {b} * {a} ** ({b} - 1)", "{g} * {y} * log({a})"),
    "negative": ("-{a}", "-{g}"),
    "exp": ("exp({a})", "{g} * {y}"),
    "log": ("log({a})", "{g} / {a}"),
    "tanh": ("tanh({a})", "{g} * (1 - {y} ** 2)"),
    "sigmoid": ("sigmoid({a})", "{g} * {y} * (1 - {y})"),
    "relu": ("relu({a})", "{g} * ({a} > 0)"),
    "sqrt": ("sqrt({a})", "{g} / (2 * {y})"),
    "absolute": ("abs({a})", "{g} * sign({a})"),
    "matmul": ("{a} @ {b}", "{g} @ {b}.T", "{a}.T @ {g}"),
    "sum": ("sum({a})", "{g}, repeated"),
    "mean": ("mean({a})", "{g} / n, repeated"),
    "max": ("max({a})", "{g}, where {a} is largest"),
    "getitem": ("{a}[...]", "{g}, put back in its place"),
    "softmax": ("softmax({a})", "{y} * ({g} - sum({g} * {y}))"),
    "log_softmax": ("log_softmax({a})", "{g} - exp({y}) * sum({g})"),
    "logsumexp": ("logsumexp({a})", "{g} * softmax({a})"),
    "nll_loss": ("nll({a})", "-{g} / N, in the place of the true class"),
    "cross_entropy": ("cross_entropy({a})", "{g} * (softmax({a}) - one_hot) / N"),
}
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


# --- The engine's graph, with names -----------------------------------------------------------------------------

# What a node uses: of each input its node's number (None: a constant without a node), the Tensor, the VJP.
Uses = list[tuple[int | None, Tensor, Callable[[np.ndarray], np.ndarray]]]


@dataclass
class Node:
    """A value of the graph.

    name: of the input, or u1, u2, ..., and L for the last. formula: how it is computed, from names.
    """

    name: str
    formula: str
    tensor: Tensor
    uses: Uses = field(default_factory=list)
    contributions: list[tuple[int, np.ndarray]] = field(default_factory=list)  # (step, what was added to g there)

    @property
    def is_computed(self) -> bool:
        return bool(self.uses)


@dataclass(frozen=True)
class Step:
    """What happens in one step: nothing yet, a value is computed, or a gradient is handed to a node.

    node: which is computed or hands on. words: in a sentence. to: which receives, through which of the node's uses.
    """

    kind: str
    node: int
    words: str
    to: int | None = None
    use: int | None = None


class Graph:
    """All nodes behind a Tensor of one number, inputs first, and all steps through them.

    names: of the Tensors that are inputs, by id. A constant of one number has no node; it stands in the formulas.
    Raises what a VJP raises.
    """

    def __init__(self, root: Tensor, names: dict[int, str]):
        self.nodes: list[Node] = []
        self._numbers_of: dict[int, int] = {}
        computed = 0
        for tensor in _behind(root):
            if not tensor.requires_grad and tensor.ndim == 0:
                continue
            uses = [(self._numbers_of.get(id(t)), t, vjp) for t, vjp in tensor.inputs]
            computed += bool(uses)
            constants = sum(node.name.startswith("c") and not node.tensor.requires_grad for node in self.nodes)
            name = names.get(id(tensor)) or ("L" if tensor is root else f"u{computed}" if uses else f"c{constants + 1}")
            formula = _formula(tensor.operation, 0, uses, name, self.nodes) if uses else name
            self._numbers_of[id(tensor)] = len(self.nodes)
            self.nodes.append(Node(name, formula, tensor, uses))
        self.steps = [Step("start", 0, "The inputs are known.")]
        self._go_forward()
        self._go_backward()

    @property
    def last_forward(self) -> int:
        """The number of the step that computes the loss."""
        return sum(node.is_computed for node in self.nodes)

    def _go_forward(self) -> None:
        for i, node in enumerate(self.nodes):
            if node.is_computed:
                value = _plain(node.tensor.data)
                words = f"{node.name} = {node.formula}{self._in_numbers(node, 0, value) or ''}{_equals(value)}."
                self.steps.append(Step("forward", i, words))

    def _go_backward(self) -> None:
        """As Tensor.backward does; each contribution is a step."""
        root = len(self.nodes) - 1
        self._receive(root, np.ones(self.nodes[root].tensor.shape))
        self.steps.append(Step("seed", root, f"It starts at {self.nodes[root].name} with the gradient 1.", root))
        for i in reversed(range(len(self.nodes))):
            node = self.nodes[i]
            if not node.tensor.requires_grad:
                continue
            g = _added(contribution for _, contribution in node.contributions)
            for k, (to, tensor, vjp) in enumerate(node.uses):
                if to is not None and tensor.requires_grad:
                    handed = np.asarray(vjp(g), dtype=np.float64)
                    words = (
                        f"{node.name} hands {self.nodes[to].name} its VJP: {self._vjp_words(node, k + 1, g, handed)}"
                    )
                    if handed.shape != tensor.shape:
                        words += (
                            f" Summed from shape {handed.shape} down to {tensor.shape}, that of {self.nodes[to].name}:"
                        )
                        handed = undo_broadcasting(handed, tensor.shape)
                        words += f" {_plain(handed, signed=True)}."
                    self._receive(to, handed)
                    self.steps.append(Step("backward", i, words, to, k))

    def _receive(self, to: int, contribution: np.ndarray) -> None:
        self.nodes[to].contributions.append((len(self.steps), contribution))

    def _vjp_words(self, node: Node, k: int, g: np.ndarray, handed: np.ndarray) -> str:
        formula = _formula(node.tensor.operation, k, node.uses, node.name, self.nodes)
        value, upstream, source = _plain(handed, signed=True), _plain(g, signed=True), node.uses[0][1].data
        if formula == "g":
            return f"g{_equals(value)}."
        numbers = self._in_numbers(node, k, value, g)
        if numbers is not None:
            return f"{formula}{numbers}{_equals(value)}."
        if "/ N" in formula:
            formula += f" (N = {source.size // source.shape[-1]})"
        elif "/ n" in formula:
            formula += f" (n = {source.size // node.tensor.size})"
        if value == upstream and value.startswith("shape"):
            return f"{formula}{_equals(value)}."
        has = f"has {value}" if value.startswith("shape") else f"is {value}"
        return f"{formula}. With g{_equals(upstream)} it {has}."

    def _in_numbers(self, node: Node, k: int, value: str, g: np.ndarray | None = None) -> str | None:
        """' = ' and the formula with numbers in place of names; "" where that is the value; None where it is long."""
        arrays = [tensor.data for _, tensor, _ in node.uses] + [node.tensor.data] * (k > 0)
        template = OPERATIONS.get(node.tensor.operation or "", ("",) * (k + 1))[k]
        if any(array.size > 1 for array in arrays) or "," in template or "{" not in template:
            return None
        a, b = ([*(_operand(tensor.data) for _, tensor, _ in node.uses), ""])[:2]
        upstream = "" if g is None else _operand(g)
        words = _once(template.format(a=a, b=b, y=_operand(node.tensor.data), g=upstream))
        return "" if words == value else f" = {words}"


def _once(words: str) -> str:
    """Without the inner parentheses of relu((-2))."""
    return re.sub(r"\((\([^()]*\))\)", r"\1", words)


def _equals(value: str) -> str:
    """' = 3'; of an array that is named by its shape ', of shape (3, 6)'."""
    return f", of {value}" if value.startswith("shape") else f" = {value}"


def _behind(root: Tensor) -> list[Tensor]:
    """All Tensors behind root, constants too, each after all of its inputs. An input that is used comes first."""
    order: list[Tensor] = []
    seen, stack = set(), [(root, False)]
    while stack:
        tensor, inputs_are_done = stack.pop()
        if inputs_are_done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((t, False) for t, _ in reversed(tensor.inputs))
    return order


def _formula(operation: str | None, k: int, uses: Uses, name: str, nodes: Sequence[Node]) -> str:
    """Template k of an operation with names: 0 for how it is written, 1 and 2 for its VJPs."""
    names = [_operand(tensor.data) if i is None else nodes[i].name for i, tensor, _ in uses]
    templates = OPERATIONS.get(operation or "", ())
    if k < len(templates):
        a, b = [*names, ""][:2]
        return _once(templates[k].format(a=a, b=b, y=name, g="g"))
    return f"{operation}({listed(names)})" if k == 0 else f"that of {operation}"


def _added(contributions) -> np.ndarray:
    """The sum of what a node was handed."""
    with np.errstate(all="ignore"):
        return np.asarray(sum(contributions))


# --- Numbers ----------------------------------------------------------------------------------------------------


def _short(value: float | np.ndarray, digits: int, signed: bool) -> str:
    """A number, with its sign even where that is a plus."""
    value = settled(float(value))
    return f"{value:{'+' if signed and value > 0 else ''}.{digits}g}"


def _rows(array: np.ndarray, signed: bool = False) -> list[str]:
    """An array in lines for a box; only its shape where it has more than 2 rows or 4 columns."""
    if array.ndim > 2 or array.size > 8 or (array.ndim == 2 and array.shape[0] > 2) or array.shape[-1:] > (4,):
        return [f"shape {array.shape}".replace(",)", ")")]
    if array.ndim == 0:
        return [_short(array, 4, signed)]
    return [", ".join(_short(x, 3, signed) for x in row) for row in np.atleast_2d(array)]


def _plain(array: np.ndarray, signed: bool = False) -> str:
    """An array on one line of a sentence."""
    if array.ndim == 0:
        return _short(array, 4, signed)
    rows = _rows(array, signed)
    return rows[0] if rows[0].startswith("shape") else f"[{'; '.join(rows)}]"


def _operand(array: np.ndarray) -> str:
    """A number as it stands in a formula; of an array its shape."""
    if array.size != 1:
        return f"an array of {_rows(array)[0]}"
    words = _short(array.reshape(()), 4, False)
    return f"({words})" if words.startswith("-") else words


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
            return charts.message(problem, title, width=640, height=220)
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
        moved = charts.tag("g", "".join(elements), transform=f"translate(0 {TITLE + GAP})")
        picture = charts.titled(width, TITLE + height + 3 * GAP, title, self.describe(), moved)
        words = step.words + self._so_far(graph) + self._remarks(graph)
        words = charts.message(words, self._heading(graph), width, height=WORDS)
        return charts.stacked(self.describe(), picture, words)

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
        values = [heading, *_rows(node.tensor.data)]
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
            parts = [_operand(x) if x.ndim == 0 else _plain(x, signed=True) for x in taken]
            added = "" if parts[0].startswith("shape") else " + ".join(parts) + " = "
            words += f" Added to what is there: {added}{_plain(_added(taken), signed=True)}."
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
            g = "none" if not node.tensor.requires_grad else _plain(_added(taken), signed=True) if taken else "?"
            g += " + ?" if 0 < len(taken) < len(node.contributions) else ""
            formula = node.formula if node.is_computed else "an input" if node.tensor.requires_grad else "a constant"
            rows.append([node.name, formula, _plain(node.tensor.data) if known else "?", g])
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
    rows = _rows(_added(taken), signed=True)
    if taken[0].ndim == 0 and len(taken) > 1:
        parts = " ".join(_short(x, 4, True) for x in taken)
        return [f"g {parts}{more}" if more else f"g {parts} = {rows[0]}"]
    if taken[0].ndim == 0:
        return [f"g {rows[0]}{more}"]
    below = [INDENT + row for row in rows[1:]] + [INDENT + "+ ?"] * bool(more)
    return [f"g {rows[0]}", *below]


def _too_large(root: Tensor) -> str:
    """Why the graph behind root has no room in the figure; "" if it has."""
    tensors = [tensor for tensor in _behind(root) if tensor.requires_grad or tensor.ndim]
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
