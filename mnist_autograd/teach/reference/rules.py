"""Every operation with its VJPs, as NumPy code that is proved, and as formulas that are typeset from the same code.

A Rule says in NumPy what an operation computes and what its VJPs are. `is_proved` runs that code against the engine and
against finite differences; `markdown` typesets it. So the table of chapter 10 cannot say what has not been proved, and
a test compares the table in the notebook with what is typeset here.

Names in the code: g the upstream gradient, f the value of the operation, N examples, C classes, m the largest of each
row, s (or p) softmax, l log-softmax, and the functions of NAMESPACE. Sums of rows keep their axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import functional as F
from ...gradcheck import numerical_jacobian, vjp
from ...tensor import Tensor, undo_broadcasting
from ..topics.formulas import largest, softmax, total
from . import tables
from .typeset import latex


@dataclass(frozen=True)
class Rule:
    """An operation of mnist_autograd.functional.

    inputs: a name to an array, an example of what is differentiated. forward: NumPy code of the value f.
    vjps: a name of each input to NumPy code of the gradient with respect to it, before broadcasting is undone.
    engine: the operation of the inputs, as Tensors. chapter: where it is derived.
    """

    operation: str
    chapter: str
    inputs: dict[str, np.ndarray]
    forward: str
    vjps: dict[str, str]
    engine: Callable

    def names(self) -> dict:
        """All that the code may name, with the value f and an upstream gradient g of its shape."""
        names = NAMESPACE | OTHERS | {name: array.copy() for name, array in self.inputs.items()}
        if "z" in names:
            names |= {"m": largest(names["z"]), "s": softmax(names["z"]), "p": softmax(names["z"])}
            if "l" not in names:
                names["l"] = names["z"] - names["m"] - np.log(total(np.exp(names["z"] - names["m"])))
        names["f"] = np.asarray(eval(self.forward, names))
        names["g"] = np.random.default_rng(1).normal(size=names["f"].shape)
        return names


# --- The code's own words ---------------------------------------------------------------------------------------


def reshape(x, shape):
    return x.reshape(shape)


def one_hot(i, size):
    """Rows of the identity: integers (N,) give (N, size)."""
    return np.eye(size)[i]


N, C, D, V = 3, 4, 5, 6
NAMESPACE = {
    **{f.__name__: f for f in (total, largest, softmax, reshape, one_hot)},
    **{name: getattr(np, name) for name in ("exp", "log", "tanh", "sqrt", "abs", "sign", "ones", "maximum")},
    **{name: getattr(np, name) for name in ("where", "concatenate", "stack")},
    "every": np.sum,
    "over_n": lambda x: x.sum(axis=0),
}
NAMESPACE |= {"N": N, "C": C, "V": V, "new": (C, N), "old": (N, C)}
_rng = np.random.default_rng(0)
_x, _a, _z = _rng.normal(size=(N, C)), _rng.normal(size=(N, C)), 3 * _rng.normal(size=(N, C))
_X, _W, _table = _rng.normal(size=(N, D)), _rng.normal(size=(D, C)), _rng.normal(size=(V, C))
_positive, _b, _q = _rng.uniform(0.5, 2, (N, C)), _rng.uniform(0.5, 2, C), _rng.uniform(size=(N, C))
_l = np.log(softmax(_z))
# Indices, classes and a condition: nothing to differentiate.
OTHERS = {"i": np.array([4, 1, 4]), "y": np.array([2, 0, 3]), "c": _b > 1}


# --- The rules --------------------------------------------------------------------------------------------------


def _binary(operation, forward, for_a, for_b):
    """A rule of two inputs that broadcast, (N, C) and (C,)."""
    inputs = {"a": _positive if operation in ("power", "maximum") else _a, "b": _b}
    return Rule(operation, "06", inputs, forward, {"a": for_a, "b": for_b}, getattr(F, operation))


def _unary(operation, forward, for_x, chapter="06", x=_x, engine=None):
    return Rule(operation, chapter, {"x": x}, forward, {"x": for_x}, engine or getattr(F, operation))


def _of_logits(operation, chapter, forward, for_z, **arguments):
    return Rule(operation, chapter, {"z": _z}, forward, {"z": for_z}, lambda z: getattr(F, operation)(z, **arguments))


RULES = [
    _binary("add", "a + b", "g", "g"),
    _binary("subtract", "a - b", "g", "-g"),
    _binary("multiply", "a * b", "g * b", "g * a"),
    _binary("divide", "a / b", "g / b", "-(g * a / b**2)"),
    _binary("power", "a**b", "g * b * a ** (b - 1)", "g * f * log(a)"),
    _unary("negative", "-x", "-g"),
    _unary("exp", "exp(x)", "g * f"),
    _unary("log", "log(x)", "g / x", x=_positive),
    _unary("tanh", "tanh(x)", "g * (1 - f**2)"),
    _unary("sigmoid", "1 / (1 + exp(-x))", "g * f * (1 - f)"),
    _unary("relu", "maximum(x, 0)", "g * (x > 0)"),
    _unary("sqrt", "sqrt(x)", "g / (2 * f)", x=_positive),
    _unary("absolute", "abs(x)", "g * sign(x)"),
    _binary("maximum", "maximum(a, b)", "g * (a > b)", "g * (b > a)"),
    Rule(
        operation="where",
        chapter="06",
        inputs={"a": _a, "b": _b},
        forward="where(c, a, b)",
        vjps={"a": "g * c", "b": "g * (1 - c)"},
        engine=lambda a, b: F.where(OTHERS["c"], a, b),
    ),
    Rule("matmul", "07", {"X": _X, "W": _W}, "X @ W", {"X": "g @ W.T", "W": "X.T @ g"}, F.matmul),
    Rule(
        operation="linear",
        chapter="07",
        inputs={"X": _X, "W": _W, "b": _b},
        forward="X @ W + b",
        vjps={"X": "g @ W.T", "W": "X.T @ g", "b": "over_n(g)"},
        engine=F.linear,
    ),
    _unary("sum", "total(x)", "g * ones(C)", engine=lambda x: F.sum(x, axis=-1, keepdims=True)),
    _unary("mean", "total(x) / C", "g * ones(C) / C", engine=lambda x: F.mean(x, axis=-1, keepdims=True)),
    _unary("max", "largest(x)", "g * (x == f) / total(x == f)", engine=lambda x: F.max(x, axis=-1, keepdims=True)),
    _unary("reshape", "reshape(x, new)", "reshape(g, old)", engine=lambda x: F.reshape(x, (C, N))),
    _unary("transpose", "x.T", "g.T"),
    Rule("getitem", "06", {"x": _table}, "x[i]", {"x": "one_hot(i, V).T @ g"}, lambda x: x[OTHERS["i"]]),
    Rule("embedding", "09", {"W": _table}, "W[i]", {"W": "one_hot(i, V).T @ g"}, lambda W: F.embedding(W, OTHERS["i"])),
    Rule(
        operation="concatenate",
        chapter="06",
        inputs={"a": _table, "b": _a},
        forward="concatenate([a, b])",
        vjps={"a": "g[:V]", "b": "g[V:]"},
        engine=lambda a, b: F.concatenate([a, b]),
    ),
    Rule(
        operation="stack",
        chapter="06",
        inputs={"a": _x, "b": _a},
        forward="stack([a, b])",
        vjps={"a": "g[0]", "b": "g[1]"},
        engine=lambda a, b: F.stack([a, b]),
    ),
    Rule("one_hot", "05", {}, "one_hot(y, C)", {}, lambda: F.one_hot(OTHERS["y"], C)),
    _of_logits("logsumexp", "04", "m + log(total(exp(z - m)))", "g * s", keepdims=True),
    _of_logits("softmax", "03", "exp(z - m) / total(exp(z - m))", "s * (g - total(g * s))"),
    _of_logits("log_softmax", "04", "z - m - log(total(exp(z - m)))", "g - s * total(g)"),
    Rule(
        operation="nll_loss",
        chapter="05",
        inputs={"l": _l, "q": _q},
        forward="-(every(q * l) / N)",
        vjps={"l": "-(g * q / N)", "q": "-(g * l / N)"},
        engine=F.nll_loss,
    ),
    Rule(
        operation="cross_entropy",
        chapter="05",
        inputs={"z": _z, "q": _q},
        forward="-(every(q * l) / N)",
        vjps={"z": "g * (p * total(q) - q) / N", "q": "-(g * l / N)"},
        engine=F.cross_entropy,
    ),
]


def rule(operation: str) -> Rule:
    """The rule of an operation, by its name in mnist_autograd.functional."""
    for found in RULES:
        if found.operation == operation:
            return found
    raise ValueError(f"rule: there is none for {operation!r}; expected one of {', '.join(r.operation for r in RULES)}")


# --- Proof ------------------------------------------------------------------------------------------------------


def differences(one: Rule) -> dict[str, tuple[float, float]]:
    """How far the code of a rule is from the engine, and from finite differences of the engine's value.

    By what was compared: "f" (finite differences have no say in it: 0), then each input. Shapes must agree as well.
    """
    names = one.names()
    found = {"f": (_distance(names["f"], one.engine(*map(Tensor, one.inputs.values())).data), 0.0)}
    for name, array in one.inputs.items():

        def of_one(t, name=name):
            return one.engine(*(t if other == name else Tensor(x) for other, x in one.inputs.items()))

        by_code = undo_broadcasting(eval(one.vjps[name], names), array.shape)
        numeric = np.tensordot(names["g"], numerical_jacobian(of_one, array), names["g"].ndim)
        found[name] = _distance(by_code, vjp(of_one, array, names["g"])), _distance(by_code, numeric)
    return found


def _distance(a, b) -> float:
    return float(np.abs(a - b).max()) if np.shape(a) == np.shape(b) else np.inf


def is_proved(one: Rule, to_engine: float = 1e-12, to_differences: float = 1e-7) -> bool:
    """Whether the code of a rule gives what the engine gives, and what finite differences give."""
    return all(a < to_engine and b < to_differences for a, b in differences(one).values())


def proof(*operations: str) -> str:
    """The code of these rules and what came of it, as an aligned table of text. AssertionError where one is wrong."""
    rows = []
    for one in map(rule, operations):
        if not is_proved(one):
            raise AssertionError(
                f"{one.operation}: the code, the engine and finite differences differ: {differences(one)}"
            )
        rows.append((one.operation, "f", one.forward))
        rows += [("", f"for {name}", code) for name, code in one.vjps.items()]
    wide = [max(len(row[i]) for row in rows) for i in (0, 1)]
    return "\n".join(f"{a.ljust(wide[0])}  {b.ljust(wide[1])}  {code}  ✓" for a, b, code in rows)


# --- The table --------------------------------------------------------------------------------------------------


def markdown() -> str:
    """All rules as a table in Markdown: operation, inputs, value, gradients, chapter."""
    rows = []
    for one in RULES:
        inputs = "<br>".join(rf"${name} \; {shape(array)}$" for name, array in one.inputs.items()) or r"$y \; (N,)$"
        gradients = "<br>".join(rf"${name}\colon {latex(code)}$" for name, code in one.vjps.items()) or "none"
        value = f"${latex(one.forward)}$"
        rows.append((f"`{one.operation}`", inputs, value, gradients, one.chapter))
    header = ("operation", "inputs", "value $f$", "gradient with respect to each input", "ch.")
    return tables.table(header, rows)


def shape(array) -> str:
    """The shape in letters: an array of shape (3, 4) is (N, C)."""
    letters = {size: letter for letter, size in {"N": N, "C": C, "D": D, "V": V}.items()}
    sizes = ", ".join(letters[size] for size in array.shape)
    return f"({sizes}{',' * (array.ndim == 1)})"
