"""What happens when a NumPy function meets a Tensor: the graph is kept, or an error says what to call instead.

Without this, `np.exp(tensor)` would either fail obscurely or quietly return an array that no gradient can pass.
NumPy asks for it by two methods, `__array_ufunc__` (NEP 13) and `__array_function__` (NEP 18).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .hints import IN_FUNCTIONAL

OPERATIONS: dict[Callable[..., Any], Callable[..., Any]] = {}  # NumPy's function: ours, entered by functional.py

# No gradient flows through these, so they return plain arrays.
PLAIN_RESULT = {
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isinf", "isfinite", "sign"),
    *("argmax", "argmin", "argsort", "shape", "ndim", "size", "count_nonzero", "array_equal", "allclose", "isclose"),
    *("array_repr", "array_str", "array2string", "zeros_like", "ones_like", "empty_like", "full_like"),
}


class NumPyProtocol:
    """Base class of Tensor. Operations in functional.py share NumPy's names, so np.exp(x) finds F.exp."""

    __slots__ = ()

    data: npt.NDArray[Any]
    requires_grad: bool

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs.get("out") is not None:
            raise TypeError(
                f"np.{ufunc.__name__}: an array cannot be changed in place by a Tensor (for a += x write a = a + x), "
                f"and ufunc methods (here: {method}) have no gradient; use x.sum() or x.max(), or x.data for numbers"
            )
        return _dispatch(ufunc, inputs, kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return _dispatch(function, args, kwargs)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if self.requires_grad:
            raise TypeError(
                "this would turn a Tensor that needs a gradient into a plain array and lose its graph; "
                "use x.data (or x.detach()) where that is what you want"
            )
        return self.data.astype(dtype or self.data.dtype, copy=bool(copy))


def _dispatch(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if function in OPERATIONS:
        return OPERATIONS[function](*args, **kwargs)
    if function.__name__ in PLAIN_RESULT or not _needs_gradient([args, kwargs]):
        return function(*_plain(args), **_plain(kwargs))
    ours = ", ".join(sorted(f"np.{known.__name__}" for known in OPERATIONS))
    advice = IN_FUNCTIONAL.get(function.__name__, f"Tensor operators, {ours}, or others of mnist_autograd.functional")
    raise TypeError(
        f"{_full_name(function)} has no gradient here, so the graph would be lost. Use {advice}; or x.data for plain "
        "numbers"
    )


def _full_name(function: Callable[..., Any]) -> str:
    """np.linalg.norm and not just norm; ufuncs have no module."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


def _needs_gradient(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_needs_gradient, value))
    if isinstance(value, dict):
        return _needs_gradient(list(value.values()))
    return isinstance(value, NumPyProtocol) and value.requires_grad


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.data if isinstance(value, NumPyProtocol) else value
