"""What PyTorch gives for the inputs of chapters 03 to 05: recorded, and live where it is installed.

    pytorch.recorded("softmax").vjp     an array, from pytorch_values.json
    pytorch.live("softmax").vjp         the same from the PyTorch at hand
    pytorch.cases("softmax")            a list: the recorded values, and the live ones where PyTorch is installed
    pytorch.version()                   the version that the file was recorded with

`python -m mnist_autograd.teach.reference.pytorch` records the file anew. Each case is one function below: read there
how its values were made. All are float64; a test records them again where PyTorch is installed.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ...files import atomic_write

FILE = Path(__file__).with_name("pytorch_values.json")

Z = [[2.0, 1.0, 0.1], [-1.5, 0.5, 3.0]]  # logits (N, C) = (2, 3); the first row is the worked example
G = [[0.5, -1.0, 2.0], [1.0, 0.25, -0.75]]  # an upstream gradient of the same shape
Y = [0, 1]  # class indices (N,)
Q = [[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]]  # soft targets (N, C)


def softmax(torch, z, g):
    """Softmax along the last axis, its VJP with g, and the Jacobian of the first row."""
    s = torch.softmax(z, dim=-1)
    jacobian = torch.autograd.functional.jacobian(lambda row: torch.softmax(row, dim=-1), z[0].detach())
    return {"value": s, "vjp": torch.autograd.grad(s, z, g)[0], "jacobian": jacobian}


def log_softmax(torch, z, g):
    """Log-softmax along the last axis, its VJP with g, and the Jacobian of the first row."""
    l = torch.log_softmax(z, dim=-1)
    jacobian = torch.autograd.functional.jacobian(lambda row: torch.log_softmax(row, dim=-1), z[0].detach())
    return {"value": l, "vjp": torch.autograd.grad(l, z, g)[0], "jacobian": jacobian}


def logsumexp(torch, z, g):
    """Log-sum-exp along the last axis, and its VJP with the first column of g."""
    value = torch.logsumexp(z, dim=-1)
    return {"value": value, "vjp": torch.autograd.grad(value, z, g[:, 0])[0]}


def cross_entropy(torch, z, g):
    """torch.nn.functional.cross_entropy of class indices Y, in three reductions, and two of their gradients."""
    y = torch.tensor(Y)
    losses = {how: torch.nn.functional.cross_entropy(z, y, reduction=how) for how in ("none", "sum", "mean")}
    gradients = {f"gradient_of_{how}": torch.autograd.grad(losses[how], z)[0] for how in ("sum", "mean")}
    return losses | gradients


def soft_cross_entropy(torch, z, g):
    """torch.nn.functional.cross_entropy of probabilities Q, and the gradients of the mean for logits and targets."""
    q = torch.tensor(Q, dtype=torch.float64, requires_grad=True)
    mean = torch.nn.functional.cross_entropy(z, q)
    gradient, gradient_of_targets = torch.autograd.grad(mean, (z, q))
    return {"mean": mean, "gradient": gradient, "gradient_of_targets": gradient_of_targets}


def nll_of_probabilities(torch, z, g):
    """-log p[y] with p = softmax(z), the mean: its gradients for p and, through the softmax, for z."""
    p = torch.softmax(z, dim=-1)
    mean = -torch.log(p[torch.arange(len(Y)), torch.tensor(Y)]).mean()
    for_p, for_z = torch.autograd.grad(mean, (p, z))
    return {"mean": mean, "gradient_of_p": for_p, "gradient": for_z}


CASES = {
    f.__name__: f for f in (softmax, log_softmax, logsumexp, cross_entropy, soft_cross_entropy, nll_of_probabilities)
}


def recorded(case: str) -> SimpleNamespace:
    """The recorded values of a case, float64 arrays, and its inputs z, g, y and q."""
    return _case(_file()["values"], case)


def live(case: str) -> SimpleNamespace:
    """The same, computed now by the PyTorch at hand."""
    return _case({case: compute(case)}, case)


def cases(case: str) -> list[SimpleNamespace]:
    """The recorded values, and the live ones where PyTorch is installed."""
    return [recorded(case), live(case)] if is_installed() else [recorded(case)]


def is_installed() -> bool:
    return importlib.util.find_spec("torch") is not None


def compute(case: str) -> dict[str, list]:
    """The values of a case from PyTorch, as nested lists."""
    import torch

    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    g = torch.tensor(G, dtype=torch.float64)
    return {name: value.detach().tolist() for name, value in CASES[case](torch, z, g).items()}


def _case(values, case) -> SimpleNamespace:
    if case not in CASES:
        raise ValueError(f"there is no case {case!r}; expected one of {', '.join(map(repr, CASES))}")
    arrays = {name: np.array(value, np.float64) for name, value in values[case].items()}
    return SimpleNamespace(z=np.array(Z), g=np.array(G), y=np.array(Y), q=np.array(Q), **arrays)


@functools.cache
def _file() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def version() -> str:
    """The version of PyTorch that the file was recorded with."""
    return _file()["pytorch"]


def record() -> None:
    import torch

    content = {"pytorch": torch.__version__.split("+")[0], "values": {case: compute(case) for case in CASES}}
    with atomic_write(FILE) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    record()
