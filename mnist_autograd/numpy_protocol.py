"""What happens when a NumPy function meets a Tensor: the graph is kept, or an error says what to call instead.

Without this, `np.exp(tensor)` would either fail obscurely or quietly return an array that no gradient can pass.
NumPy asks for it by two methods, `__array_ufunc__` (NEP 13) and `__array_function__` (NEP 18).
"""

from __future__ import annotations

import numpy as np

# Their results are no floats that a gradient could flow through, so a plain array is what everybody wants.
PLAIN_RESULT = {
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isinf", "isfinite", "sign"),
    *("argmax", "argmin", "argsort", "shape", "ndim", "size", "count_nonzero", "array_equal", "allclose", "isclose"),
    *("array_repr", "array_str", "array2string", "zeros_like", "ones_like", "empty_like", "full_like"),
}


class NumPyProtocol:
    """Base class of Tensor. Operations in functional.py bear NumPy's names, so np.exp(x) finds F.exp."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or kwargs.get("out") is not None:
            raise TypeError(
                f"np.{ufunc.__name__}: an array cannot be changed in place by a Tensor (for a += x write a = a + x), "
                f"and ufunc methods (here: {method}) have no gradient; use x.sum() or x.max(), or x.data for numbers"
            )
        return _dispatch(ufunc, inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _dispatch(function, args, kwargs)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise TypeError(
                "this would turn a Tensor that needs a gradient into a plain array and lose its graph; "
                "use x.data (or x.detach()) where that is what you want"
            )
        return self.data.astype(dtype or self.data.dtype, copy=bool(copy))


def _dispatch(function, args, kwargs):
    from . import functional as F

    name = function.__name__
    if name in F.__all__ and getattr(np, name, None) is function:
        return getattr(F, name)(*args, **kwargs)
    if name in PLAIN_RESULT or not _needs_gradient([args, kwargs]):
        return function(*_plain(args), **_plain(kwargs))
    raise TypeError(
        f"{_full_name(function)} has no gradient here, so the graph would be lost. Use Tensor operators or one of "
        f"mnist_autograd.functional's operations ({', '.join(sorted(F.__all__))}), or x.data for plain numbers"
    )


def _full_name(function) -> str:
    """np.linalg.norm and not just norm; ufuncs have no module."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


def _needs_gradient(value) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_needs_gradient, value))
    if isinstance(value, dict):
        return _needs_gradient(list(value.values()))
    return isinstance(value, NumPyProtocol) and value.requires_grad


def _plain(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.data if isinstance(value, NumPyProtocol) else value
