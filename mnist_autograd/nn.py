"""Layers: a Module holds parameters and maps an array to a Tensor.

Weights have shape (in_features, out_features), so that a layer reads as in the chapters, z = X @ W + b. (PyTorch
stores the transpose.) Parameters are float32.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import functional as F
from .tensor import Tensor


class Module:
    """Base class: assign parameters (Tensors that need a gradient) and Modules to attributes, define forward()."""

    def forward(self, x) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, x) -> Tensor:
        return self.forward(x)

    def children(self) -> Iterator[tuple[str, Module]]:
        """(name, Module) of each Module in an attribute, or in a list, tuple or dictionary that is one."""
        return ((name, value) for name, value in _leaves(vars(self)) if isinstance(value, Module))

    def named_parameters(self) -> dict[str, Tensor]:
        """Parameters by dotted name, in order of assignment; one that is shared appears once, by its first name."""
        found, seen = {}, set()
        for name, value in _leaves(vars(self)):
            inner = value.named_parameters().items() if isinstance(value, Module) else [("", value)]
            for inner_name, p in inner:
                if isinstance(p, Tensor) and p.requires_grad and id(p) not in seen:
                    seen.add(id(p))
                    found[f"{name}.{inner_name}".rstrip(".")] = p
        return found

    def parameters(self) -> list[Tensor]:
        return list(self.named_parameters().values())

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of the parameters by name."""
        return {name: p.data.copy() for name, p in self.named_parameters().items()}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Set all parameters, or none: names and shapes are checked first."""
        parameters = self.named_parameters()
        if state.keys() != parameters.keys():
            raise ValueError(f"load_state_dict: got parameters {sorted(state)}; expected {sorted(parameters)}")
        for name, p in parameters.items():
            if np.shape(state[name]) != p.shape:
                raise ValueError(f"load_state_dict: {name} has shape {np.shape(state[name])}; expected {p.shape}")
        arrays = {name: np.asarray(state[name], p.dtype) for name, p in parameters.items()}
        for name, p in parameters.items():
            p.data[...] = arrays[name]

    def __repr__(self):
        inner = ", ".join(repr(child) for _, child in self.children())
        return f"{type(self).__name__}({inner})"


def _leaves(values: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """(name, value) of all that lies in a dictionary and in the dictionaries, lists and tuples inside it."""
    for key, value in values.items():
        if isinstance(value, (list, tuple)):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


class Linear(Module):
    """z = X @ W + b: x (..., in_features) gives (..., out_features).

    Weights are uniform in ±sqrt(6 / (in + out)), which keeps the spread of values and gradients alike from layer to
    layer (Glorot and Bengio, 2010, for tanh); the bias is 0. rng: a seed or a NumPy Generator.
    """

    def __init__(self, in_features: int, out_features: int, rng=None):
        if in_features < 1 or out_features < 1:
            raise ValueError(
                f"Linear: got {in_features} inputs and {out_features} outputs; expected at least 1 of each"
            )
        bound = np.sqrt(6 / (in_features + out_features))
        weight = np.random.default_rng(rng).uniform(-bound, bound, (in_features, out_features))
        self.weight = Tensor(weight.astype(np.float32), requires_grad=True)
        self.bias = Tensor(np.zeros(out_features, np.float32), requires_grad=True)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)

    def __repr__(self):
        return "Linear({}, {})".format(*self.weight.shape)


class Embedding(Module):
    """A table of num_embeddings rows: integers of any shape (...) give (..., embedding_dim). Rows are N(0, 1)."""

    def __init__(self, num_embeddings: int, embedding_dim: int, rng=None):
        rows = np.random.default_rng(rng).standard_normal((num_embeddings, embedding_dim))
        self.weight = Tensor(rows.astype(np.float32), requires_grad=True)

    def forward(self, x):
        return F.embedding(self.weight, x)

    def __repr__(self):
        return "Embedding({}, {})".format(*self.weight.shape)


class Flatten(Module):
    """(N, ...) to (N, D): images to rows."""

    def forward(self, x):
        return F.reshape(x, (len(x), -1))


class Tanh(Module):
    def forward(self, x):
        return F.tanh(x)


class ReLU(Module):
    def forward(self, x):
        return F.relu(x)


class Sigmoid(Module):
    def forward(self, x):
        return F.sigmoid(x)


class Sequential(Module):
    """Layers applied one after the other."""

    def __init__(self, *layers: Module):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, index):
        return self.layers[index]

    def __len__(self):
        return len(self.layers)
