"""Layers: a Module holds parameters and maps an array to a Tensor.

Weights have shape (in_features, out_features), so that a layer reads as in the chapters, z = X @ W + b. (PyTorch
stores the transpose.) Parameters are float32.
"""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from . import checks, hints
from . import functional as F
from .tensor import Tensor, as_tensor, cut_graphs

Input: TypeAlias = "Tensor | ArrayLike"
Seed: TypeAlias = "int | Sequence[int] | np.random.Generator | None"

if not TYPE_CHECKING:  # which is to go on finding misspelt names

    def __getattr__(name: str) -> NoReturn:
        raise hints.missing(f"module {__name__!r}", name, hints.IN_NN, sys.modules[__name__])


class Module:
    """Base class: assign parameters (Tensors that need a gradient) and Modules to attributes, define forward().

    Its state is every Tensor in its attributes, and in those of the Modules in them. Parameters are the ones that need
    a gradient; the others are constants and parameters that were frozen by `p.requires_grad = False`. What forward()
    computes is no state: keep it as a plain array, z.data, if at all.
    """

    def __init__(self, *arguments: Never, **settings: Never):
        if arguments or settings:
            name = type(self).__name__
            raise TypeError(f"{name}() takes no arguments; make the layer first, then give it its input: {name}()(x)")

    def forward(self, x: Any) -> Any:
        """The layer's output, a Tensor, for the input x."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, x: Any) -> Any:
        result = self.forward(x)
        if result is None:
            raise TypeError(f"{type(self).__name__}: forward() gave None; end it with return and the result")
        return result

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise hints.missing(f"{type(self).__name__!r} object", name, hints.ON_A_MODULE, self)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse what would silently be no parameter any more."""
        if _is_parameter(vars(self).get(name)) and not (_is_parameter(value) or value is None):
            given = checks.kind(value)
            if isinstance(value, Tensor):
                given = f"computed by {value.operation}" if value.operation else "a constant"
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter, and the optimizer would lose it: the new value is "
                f"{given}. Change its values, .{name}.data[...] = array, or assign Tensor(array, requires_grad=True) "
                "and make the optimizer anew"
            )
        super().__setattr__(name, value)

    def children(self) -> Iterator[tuple[str, Module]]:
        """(name, Module) of each Module in an attribute, or in a list, tuple or dictionary that is one."""
        return ((name, value) for name, value in _leaves(vars(self)) if isinstance(value, Module))

    def modules(self) -> list[Module]:
        """This Module and all that are inside it, each once."""
        found: dict[int, Module] = {}
        waiting = [self]
        while waiting:
            module = waiting.pop()
            if id(module) not in found:
                found[id(module)] = module
                waiting.extend(child for _, child in module.children())
        return list(found.values())

    def named_tensors(self) -> dict[str, Tensor]:
        """The whole state by dotted name, in order of assignment; what is shared appears once, by its first name."""
        return dict(self._state(set()))

    def named_parameters(self) -> dict[str, Tensor]:
        """Those of named_tensors() that need a gradient."""
        return {name: tensor for name, tensor in self.named_tensors().items() if tensor.requires_grad}

    def parameters(self) -> list[Tensor]:
        return list(self.named_parameters().values())

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of the whole state by name: parameters, frozen ones and constants."""
        return {name: tensor.data.copy() for name, tensor in self.named_tensors().items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Set the whole state, or nothing: names, shapes and numbers are checked first."""
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict: the state is {checks.kind(state)}; expected a dictionary of arrays, as "
                "state_dict() or np.load(path) gives"
            )
        own = self.named_tensors()
        if state.keys() != own.keys():
            missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ValueError(f"load_state_dict: missing {missing}, unknown {unknown}; expected {sorted(own)}")
        arrays = {name: np.array(state[name], tensor.dtype) for name, tensor in own.items()}
        for name, tensor in own.items():
            if arrays[name].shape != tensor.shape:
                hint = "; PyTorch stores the transpose, .T" if arrays[name].T.shape == tensor.shape else ""
                raise ValueError(
                    f"load_state_dict: {name} has shape {arrays[name].shape}; expected {tensor.shape}{hint}"
                )
        for name, tensor in own.items():
            if tensor.requires_grad:
                tensor.data[...] = arrays[name]
                cut_graphs(tensor)
            else:
                tensor.data = arrays[name]  # a constant may share its array with others

    def _state(self, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
        """seen: the ids of what was met before. It does not count again, and so a child may hold its parent."""
        seen.add(id(self))
        for name, value in _leaves(vars(self)):
            if id(value) in seen:
                continue
            if isinstance(value, Module):
                yield from ((f"{name}.{inner}", tensor) for inner, tensor in value._state(seen))
            elif isinstance(value, Tensor) and value.operation is None:
                seen.add(id(value))
                yield name, value

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        inner = ", ".join(repr(child) for _, child in self.children())
        return f"{type(self).__name__}({inner})"


def _leaves(values: Mapping[Any, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """(name, value) of all that lies in a dictionary and in the dictionaries, lists and tuples inside it."""
    for key, value in values.items():
        if isinstance(value, (list, tuple)):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_parameter(value: object) -> bool:
    return isinstance(value, Tensor) and value.requires_grad and value.operation is None


def _expected(shape: tuple[int, ...], features: int) -> str:
    return f"x has shape {shape}; expected (..., {features}){checks.misfit(shape, features)}"


class Linear(Module):
    """z = X @ W + b: x (..., in_features) gives (..., out_features). Without b if bias is False.

    Weights are uniform in ±sqrt(6 / (in + out)), which keeps the spread of values and gradients alike from layer to
    layer (Glorot and Bengio, 2010, for tanh); the bias is 0. rng: a seed or a NumPy Generator.
    """

    def __init__(self, in_features: int, out_features: int, rng: Seed = None, bias: bool = True):
        in_features = checks.whole_number("Linear", "in_features", in_features, 1)
        out_features = checks.whole_number("Linear", "out_features", out_features, 1)
        bound = math.sqrt(6 / (in_features + out_features))
        weight = checks.generator("Linear", rng).uniform(-bound, bound, (in_features, out_features))
        self.weight = Tensor(weight.astype(np.float32), requires_grad=True)
        self.bias = Tensor(np.zeros(out_features, np.float32), requires_grad=True) if bias else None

    def forward(self, x: Input) -> Tensor:
        x = as_tensor(x, like=self.weight)
        if x.shape[-1:] != self.weight.shape[:1]:
            raise ValueError(f"{self}: {_expected(x.shape, len(self.weight))}")
        return F.matmul(x, self.weight) if self.bias is None else F.linear(x, self.weight, self.bias)

    def __repr__(self) -> str:
        return "Linear({}, {}{})".format(*self.weight.shape, ", bias=False" if self.bias is None else "")


class Embedding(Module):
    """A table of num_embeddings rows: integers of any shape (...) give (..., embedding_dim). Rows are N(0, 1)."""

    def __init__(self, num_embeddings: int, embedding_dim: int, rng: Seed = None):
        num_embeddings = checks.whole_number("Embedding", "num_embeddings", num_embeddings, 1)
        embedding_dim = checks.whole_number("Embedding", "embedding_dim", embedding_dim, 1)
        rows = checks.generator("Embedding", rng).standard_normal((num_embeddings, embedding_dim))
        self.weight = Tensor(rows.astype(np.float32), requires_grad=True)

    def forward(self, x: Input) -> Tensor:
        return F.embedding(self.weight, x)

    def __repr__(self) -> str:
        return "Embedding({}, {})".format(*self.weight.shape)


class LayerNorm(Module):
    """Each example's features shifted to mean 0 and scaled to variance 1, then times weight plus bias: (..., features).

    eps is added to the variance, so that equal features are no division by 0. Source: Ba, Kiros and Hinton, 2016.
    """

    def __init__(self, features: int, eps: float = 1e-5):
        features = checks.whole_number("LayerNorm", "features", features, 1)
        self.eps = eps
        self.weight = Tensor(np.ones(features, np.float32), requires_grad=True)
        self.bias = Tensor(np.zeros(features, np.float32), requires_grad=True)

    def forward(self, x: Input) -> Tensor:
        x = as_tensor(x, like=self.weight)
        if x.shape[-1:] != self.weight.shape:
            raise ValueError(f"{self}: {_expected(x.shape, len(self.weight))}")
        centred = x - F.mean(x, axis=-1, keepdims=True)
        variance = F.mean(centred * centred, axis=-1, keepdims=True)
        return centred * (variance + self.eps) ** -0.5 * self.weight + self.bias

    def __repr__(self) -> str:
        return f"LayerNorm({len(self.weight)})"


class Flatten(Module):
    """(N, ...) to (N, D): images to rows."""

    def forward(self, x: Input) -> Tensor:
        x = as_tensor(x)
        if x.ndim == 0:
            raise ValueError("Flatten: got a single number; expected a batch of examples (N, ...)")
        return F.reshape(x, (len(x), math.prod(x.shape[1:])))


class Tanh(Module):
    def forward(self, x: Input) -> Tensor:
        return F.tanh(x)


class ReLU(Module):
    def forward(self, x: Input) -> Tensor:
        return F.relu(x)


class Sigmoid(Module):
    def forward(self, x: Input) -> Tensor:
        return F.sigmoid(x)


class Sequential(Module):
    """Layers applied one after the other: Modules, or other functions of a Tensor such as F.tanh."""

    def __init__(self, *layers: Callable[[Any], Any]):
        for i, layer in enumerate(layers):
            checks.check_layer(f"Sequential: layer {i}", layer)
        self.layers = layers

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, index: Any) -> Any:
        """A layer by its number, counted from 0; for a slice, a Sequential of the same layers."""
        try:
            return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]
        except (IndexError, TypeError) as error:
            raise type(error)(
                f"Sequential: there is no layer {index!r}; expected a number from 0 to {len(self) - 1}, or a slice"
            ) from None

    def __len__(self) -> int:
        return len(self.layers)

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"Sequential({', '.join(getattr(layer, '__name__', repr(layer)) for layer in self.layers)})"
