"""The same in PyTorch and JAX: a table whose entries are code, each run and compared with ours.

    translation.markdown()              the table
    translation.ours(row)               the value of our entry
    translation.theirs(row)             values of the others: recorded, and live where PyTorch or JAX is installed

Neither is needed: what they gave is recorded in translation_values.json. `python -m
mnist_autograd.teach.reference.translation` records it anew, where all three of PyTorch, JAX and Optax (JAX's
optimizers) are installed.

The last line of an entry is an expression: its value is what is compared. Names in the code: z logits and g an upstream
gradient (N, C), y classes (N,), q soft targets (N, C), l log-probabilities (N, C), row one example (C,), X (N, D),
W (D, C), b (C,), rows the list that z was made of; x is a copy of z and w one of W, both of which need a gradient.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ... import functional, gradcheck, nn, optim
from ...files import atomic_write
from ...tensor import Tensor, no_grad
from . import pytorch, tables

FILE = Path(__file__).with_name("translation_values.json")
LIBRARIES = {"pytorch": ("torch",), "jax": ("jax", "optax")}


@dataclass(frozen=True)
class Row:
    """One idea in three languages; an empty entry where a library has no such thing."""

    idea: str
    ours: str
    pytorch: str
    jax: str = ""


STEPS = "o = optim.{}([w], {})\nw.grad = W; o.step(); o.step()\n{}"
OPTAX = "o = optax.{}({}); s = o.init(W)\nu, s = o.update(W, s); v = optax.apply_updates(W, u)\n"
OPTAX += "u, s = o.update(W, s); optax.apply_updates(v, u)"

ROWS = [
    Row(
        "an array that needs a gradient",
        "Tensor(rows, requires_grad=True)",
        "torch.tensor(rows, requires_grad=True)",
        "jnp.array(rows)",
    ),
    Row(
        "its gradient",
        "F.sum(x**2).backward()\nx.grad",
        "torch.sum(x**2).backward()\nx.grad",
        "jax.grad(lambda x: jnp.sum(x**2))(z)",
    ),
    Row(
        "without a graph",
        "with no_grad(): e = F.exp(x)\ne.requires_grad",
        "with torch.no_grad(): e = torch.exp(x)\ne.requires_grad",
    ),
    Row(
        "as a constant",
        "F.sum(x.detach() * x).backward()\nx.grad",
        "torch.sum(x.detach() * x).backward()\nx.grad",
        "jax.grad(lambda x: jnp.sum(jax.lax.stop_gradient(x) * x))(z)",
    ),
    Row(
        "VJP",
        "gradcheck.vjp(F.softmax, z, g)",
        "torch.autograd.grad(F.softmax(x, dim=-1), x, g)[0]",
        "f, back = jax.vjp(jax.nn.softmax, z)\nback(g)[0]",
    ),
    Row(
        "Jacobian",
        "gradcheck.jacobian(F.softmax, row)",
        "f = lambda r: F.softmax(r, dim=-1)\ntorch.autograd.functional.jacobian(f, row)",
        "jax.jacrev(jax.nn.softmax)(row)",
    ),
    Row(
        "second derivatives",
        "h = lambda r: Tensor(gradcheck.vjp(F.logsumexp, r.data))\ngradcheck.numerical_jacobian(h, row)",
        "f = lambda r: torch.logsumexp(r, dim=0)\ntorch.autograd.functional.hessian(f, row)",
        "jax.hessian(jax.nn.logsumexp)(row)",
    ),
    Row(
        "finite differences",
        "gradcheck.gradcheck(F.sigmoid, z)",
        "torch.autograd.gradcheck(torch.sigmoid, x)",
        'check_grads(jax.nn.sigmoid, (z,), 1, "rev") is None',
    ),
    Row("sum", "F.sum(z, axis=1, keepdims=True)", "torch.sum(z, dim=1, keepdim=True)", "jnp.sum(z, 1, keepdims=True)"),
    Row("maximum", "F.max(z, axis=1)", "torch.amax(z, dim=1)", "jnp.max(z, axis=1)"),
    Row("linear layer", "F.linear(X, W, b)", "F.linear(X, W.T, b)", "X @ W + b"),
    Row("activations", "F.tanh(z) + F.relu(z)", "torch.tanh(z) + F.relu(z)", "jnp.tanh(z) + jax.nn.relu(z)"),
    Row("softmax", "F.softmax(z, axis=-1)", "F.softmax(z, dim=-1)", "jax.nn.softmax(z, axis=-1)"),
    Row("log-softmax", "F.log_softmax(z, axis=-1)", "F.log_softmax(z, dim=-1)", "jax.nn.log_softmax(z, axis=-1)"),
    Row("log-sum-exp", "F.logsumexp(z, axis=-1)", "torch.logsumexp(z, dim=-1)", "jax.nn.logsumexp(z, axis=-1)"),
    Row("one-hot", "F.one_hot(y, 3)", "F.one_hot(y, 3)", "jax.nn.one_hot(y, 3)"),
    Row("NLL", "F.nll_loss(l, y)", "F.nll_loss(l, y)", "-l[jnp.arange(len(y)), y].mean()"),
    Row(
        "cross-entropy",
        "F.cross_entropy(z, y)",
        "F.cross_entropy(z, y)",
        "optax.softmax_cross_entropy_with_integer_labels(z, y).mean()",
    ),
    Row(
        "of soft targets",
        "F.cross_entropy(z, q)",
        "F.cross_entropy(z, q)",
        "optax.softmax_cross_entropy(z, q).mean()",
    ),
    Row("embedding", "F.embedding(W, y)", "F.embedding(y, W)", "W[y]"),
    Row("weights of a layer", "nn.Linear(3, 2).weight.shape", "nn.Linear(3, 2).weight.T.shape"),
    Row(
        "layers in a row",
        "net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())\nlen(net.parameters())",
        "net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())\nlen(list(net.parameters()))",
    ),
    Row(
        "two steps of SGD",
        STEPS.format("SGD", "lr=0.1, momentum=0.9", "w.data"),
        STEPS.format("SGD", "lr=0.1, momentum=0.9", "w.detach()"),
        OPTAX.format("sgd", "0.1, momentum=0.9"),
    ),
    Row(
        "two steps of Adam",
        STEPS.format("Adam", "lr=0.1", "w.data"),
        STEPS.format("Adam", "lr=0.1", "w.detach()"),
        OPTAX.format("adam", "0.1"),
    ),
]


# --- Running an entry -------------------------------------------------------------------------------------------


def inputs() -> dict[str, np.ndarray]:
    """The arrays that all entries may name."""
    rng, z = np.random.default_rng(0), np.array(pytorch.Z)
    arrays = {"z": z, "g": np.array(pytorch.G), "q": np.array(pytorch.Q), "y": np.array(pytorch.Y), "row": z[0]}
    arrays |= {"l": functional.log_softmax(z).data}
    return arrays | {"X": rng.normal(size=(2, 4)), "W": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}


def run(code: str, names: dict) -> np.ndarray:
    """The value of the last line of code, which may use names."""
    parsed = ast.parse(code)
    *_, last_line = parsed.body
    if not isinstance(last_line, ast.Expr):
        raise ValueError(f"run: the last line has no value: {ast.unparse(last_line)}")
    parsed.body.pop()
    last = ast.Expression(last_line.value)
    exec(compile(parsed, "table", "exec"), names)
    value = eval(compile(last, "table", "eval"), names)
    value = value.data if isinstance(value, Tensor) else value.detach() if hasattr(value, "detach") else value
    return np.asarray(value, np.float64)


def ours(row: Row) -> np.ndarray:
    """The value of our entry, as an array of float64."""
    names: dict[str, Any] = {
        "Tensor": Tensor,
        "no_grad": no_grad,
        "F": functional,
        "nn": nn,
        "optim": optim,
        "gradcheck": gradcheck,
    }
    names |= inputs() | {"rows": pytorch.Z}
    return run(row.ours, names | {x: Tensor(names[of], True) for x, of in (("x", "z"), ("w", "W"))})


def live(row: Row, library: str) -> np.ndarray:
    """The same from "pytorch" or "jax", which must be installed."""
    return {"pytorch": _with_pytorch, "jax": _with_jax}[library](getattr(row, library))


def _with_pytorch(code: str) -> np.ndarray:
    import torch

    names = {name: torch.tensor(array) for name, array in inputs().items()}
    names |= {"torch": torch, "F": torch.nn.functional, "nn": torch.nn, "optim": torch.optim, "rows": pytorch.Z}
    return run(code, names | {x: names[of].clone().requires_grad_() for x, of in (("x", "z"), ("w", "W"))})


def _with_jax(code: str) -> np.ndarray:
    import jax
    import optax
    from jax.test_util import check_grads

    in_float64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the older name
    with in_float64(True):
        names = {name: jax.numpy.array(array) for name, array in inputs().items()}
        names |= {"jax": jax, "jnp": jax.numpy, "optax": optax, "check_grads": check_grads, "rows": pytorch.Z}
        return run(code, names)


def is_installed(library: str) -> bool:
    return all(importlib.util.find_spec(module) for module in LIBRARIES[library])


def theirs(row: Row) -> list[np.ndarray]:
    """What PyTorch and JAX gave when it was recorded, and what they give now where they are installed."""
    libraries = [library for library in LIBRARIES if getattr(row, library)]
    recorded = [np.array(_file()["values"][row.idea][library], np.float64) for library in libraries]
    return recorded + [live(row, library) for library in libraries if is_installed(library)]


def agrees(row: Row) -> bool:
    """Whether all of them give what we give, to six digits (PyTorch makes float32 of a list)."""
    mine = ours(row)
    return all(value.shape == mine.shape and np.allclose(value, mine, rtol=0, atol=1e-6) for value in theirs(row))


@functools.cache
def _file() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def versions() -> dict[str, str]:
    """The versions that the values were recorded with."""
    return _file()["versions"]


def record() -> None:
    modules = [module for names in LIBRARIES.values() for module in names]
    found = {module: importlib.import_module(module).__version__.split("+")[0] for module in modules}
    values = {
        row.idea: {library: live(row, library).tolist() for library in LIBRARIES if getattr(row, library)}
        for row in ROWS
    }
    with atomic_write(FILE) as file:
        file.write((json.dumps({"versions": found, "values": values}, indent=1) + "\n").encode())


# --- The table --------------------------------------------------------------------------------------------------


def markdown() -> str:
    """The table, one row an idea; the lines of an entry stand below each other."""

    def cell(code):
        return "<br>".join(f"`{line}`" for line in code.split("\n")) if code else "–"

    header = ("", "here", "PyTorch", "JAX")
    return tables.table(header, [(row.idea, cell(row.ours), cell(row.pytorch), cell(row.jax)) for row in ROWS])


if __name__ == "__main__":
    record()
