"""What to write here where a reader reaches for one of PyTorch's names: the words of error messages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

INSTEAD_OF_METHODS = {
    **dict.fromkeys(("numpy", "cpu", "values"), "x.data"),
    **dict.fromkeys(("cuda", "mps"), "x as it is: everything runs on the CPU"),
    **dict.fromkeys(("to", "type", "astype", "float", "double", "half"), "Tensor(x.data.astype(dtype))"),
    **dict.fromkeys(("long", "int", "bool"), "x.data.astype(dtype), a plain array"),
    **dict.fromkeys(("clone", "copy"), "x.data.copy(), or x * 1 to keep the graph"),
    "tolist": "x.data.tolist()",
    **{name: f"x.data.{name}(axis), a plain array" for name in ("argmax", "argmin", "argsort", "any", "all", "cumsum")},
    **dict.fromkeys(("topk", "sort"), "np.sort(x.data), a plain array"),
    **dict.fromkeys(("view", "flatten", "ravel", "squeeze", "unsqueeze", "expand_dims"), "x.reshape(shape)"),
    **dict.fromkeys(("expand", "repeat", "tile", "broadcast_to"), "x + np.zeros(shape): operators broadcast"),
    **dict.fromkeys(("permute", "swapaxes", "movedim"), "x.transpose(axes)"),
    "t": "x.T",
    **dict.fromkeys(("mm", "bmm", "matmul", "dot", "mv"), "x @ other"),
    **{name: f"x {sign} other" for name, sign in {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}.items()},
    **dict.fromkeys(("add_", "sub_", "mul_", "div_", "copy_", "fill_"), "x.data[...] = values, outside the graph"),
    "zero_": "x.data[...] = 0",
    **{name: f"functional.{name}(x, axis)" for name in ("softmax", "log_softmax", "logsumexp")},
    "min": "-(-x).max(axis)",
    "norm": "(x * x).sum(axis).sqrt()",
    "var": "((x - x.mean(axis, keepdims=True)) ** 2).mean(axis)",
    "std": "((x - x.mean(axis, keepdims=True)) ** 2).mean(axis).sqrt()",
    "prod": "x.log().sum(axis).exp() for positive x",
    "zero_grad": "x.grad = None, or an optimizer's zero_grad()",
    "requires_grad_": "x.requires_grad = True",
    "retain_grad": "x.grad: every Tensor behind backward() has one",
    **dict.fromkeys(("eval", "train"), "nothing: there are no modes; no_grad() computes without a graph"),
    "grad_fn": "x.operation and x.inputs",
    "is_leaf": "x.operation is None",
    "device": "nothing: everything runs on the CPU",
}
INSTEAD_OF_FUNCTIONS = {
    **dict.fromkeys(("conv1d", "conv2d", "max_pool2d", "avg_pool2d"), "PyTorch: convolutions are left out on purpose"),
    "dropout": "x * (rng.random(x.shape) >= p) / (1 - p)",
    "leaky_relu": "functional.maximum(x, 0.01 * x)",
    "layer_norm": "(x - mean) / (variance + 1e-5) ** 0.5, with x.mean(axis, keepdims=True)",
    **dict.fromkeys(("mse_loss", "l1_loss"), "((x - y) ** 2).mean()"),
    **dict.fromkeys(
        ("binary_cross_entropy", "binary_cross_entropy_with_logits"), "cross_entropy with the logits (z, 0)"
    ),
    **dict.fromkeys(("cat", "hstack", "vstack"), "functional.concatenate(arrays, axis)"),
    **dict.fromkeys(("min", "minimum"), "-functional.max(-x), or -functional.maximum(-a, -b)"),
    **dict.fromkeys(("clip", "clamp"), "functional.maximum(x, low), and -functional.maximum(-x, -high)"),
    **dict.fromkeys(("squeeze", "expand_dims", "unsqueeze", "flatten"), "functional.reshape(x, shape)"),
    "abs": "functional.absolute(x)",
    **{name: INSTEAD_OF_METHODS[name] for name in ("var", "std", "argmax", "topk", "norm")},
}
INSTEAD_OF_ARGUMENTS = {
    "dim": "axis=, as in NumPy",
    "keepdim": "keepdims=, as in NumPy",
    "label_smoothing": "smoothed probabilities as the target",
    "ignore_index": "cross_entropy(z[keep], y[keep]) with keep = y != index",
    "weight": 'reduction="none", and weigh the losses',
}


def instead(owner: str, name: str, table: dict[str, str]) -> AttributeError:
    """The error for a name that owner ("a Tensor", "functional") lacks."""
    advice = f"; write {table[name]}" if name in table else ""
    return AttributeError(f"{owner} has no {name!r}{advice}")


def numpy_words(operation: Callable[P, R]) -> Callable[P, R]:
    """A decorator: PyTorch's names of arguments, such as dim=, give an error that says NumPy's."""

    @functools.wraps(operation)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return operation(*args, **kwargs)
        except TypeError as error:
            for name in kwargs.keys() & INSTEAD_OF_ARGUMENTS.keys():
                error.add_note(f"{operation.__name__}: there is no {name}= here; write {INSTEAD_OF_ARGUMENTS[name]}")
            raise

    return checked
