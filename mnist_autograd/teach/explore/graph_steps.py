"""The engine's graph of an expression, with names, and its backward pass step by step in formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...tensor import Tensor, undo_broadcasting
from ..pictures.numbers import settled
from .explorer import listed

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
        for tensor in behind(root):
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
                value = plain(node.tensor.data)
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
            g = added_up(contribution for _, contribution in node.contributions)
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
                        words += f" {plain(handed, signed=True)}."
                    self._receive(to, handed)
                    self.steps.append(Step("backward", i, words, to, k))

    def _receive(self, to: int, contribution: np.ndarray) -> None:
        self.nodes[to].contributions.append((len(self.steps), contribution))

    def _vjp_words(self, node: Node, k: int, g: np.ndarray, handed: np.ndarray) -> str:
        formula = _formula(node.tensor.operation, k, node.uses, node.name, self.nodes)
        value, upstream, source = plain(handed, signed=True), plain(g, signed=True), node.uses[0][1].data
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
        a, b = ([*(operand(tensor.data) for _, tensor, _ in node.uses), ""])[:2]
        upstream = "" if g is None else operand(g)
        words = _once(template.format(a=a, b=b, y=operand(node.tensor.data), g=upstream))
        return "" if words == value else f" = {words}"


def _once(words: str) -> str:
    """Without the inner parentheses of relu((-2))."""
    return re.sub(r"\((\([^()]*\))\)", r"\1", words)


def _equals(value: str) -> str:
    """' = 3'; of an array that is named by its shape ', of shape (3, 6)'."""
    return f", of {value}" if value.startswith("shape") else f" = {value}"


def behind(root: Tensor) -> list[Tensor]:
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
    names = [operand(tensor.data) if i is None else nodes[i].name for i, tensor, _ in uses]
    templates = OPERATIONS.get(operation or "", ())
    if k < len(templates):
        a, b = [*names, ""][:2]
        return _once(templates[k].format(a=a, b=b, y=name, g="g"))
    return f"{operation}({listed(names)})" if k == 0 else f"that of {operation}"


def added_up(contributions) -> np.ndarray:
    """The sum of what a node was handed."""
    with np.errstate(all="ignore"):
        return np.asarray(sum(contributions))


# --- Numbers ----------------------------------------------------------------------------------------------------


def short(value: float | np.ndarray, digits: int, signed: bool) -> str:
    """A number, with its sign even where that is a plus."""
    value = settled(float(value))
    return f"{value:{'+' if signed and value > 0 else ''}.{digits}g}"


def rows_of(array: np.ndarray, signed: bool = False) -> list[str]:
    """An array in lines for a box; only its shape where it has more than 2 rows or 4 columns."""
    if array.ndim > 2 or array.size > 8 or (array.ndim == 2 and array.shape[0] > 2) or array.shape[-1:] > (4,):
        return [f"shape {array.shape}".replace(",)", ")")]
    if array.ndim == 0:
        return [short(array, 4, signed)]
    return [", ".join(short(x, 3, signed) for x in row) for row in np.atleast_2d(array)]


def plain(array: np.ndarray, signed: bool = False) -> str:
    """An array on one line of a sentence."""
    if array.ndim == 0:
        return short(array, 4, signed)
    rows = rows_of(array, signed)
    return rows[0] if rows[0].startswith("shape") else f"[{'; '.join(rows)}]"


def operand(array: np.ndarray) -> str:
    """A number as it stands in a formula; of an array its shape."""
    if array.size != 1:
        return f"an array of {rows_of(array)[0]}"
    words = short(array.reshape(()), 4, False)
    return f"({words})" if words.startswith("-") else words
