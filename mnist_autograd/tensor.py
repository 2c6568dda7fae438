"""A Tensor is a NumPy array that remembers how it was computed.

Three ideas make reverse-mode automatic differentiation (chapter 06 builds it by hand):

1.  Each operation makes a node: its value and, for every input, a function that turns the gradient with
    respect to the value into the gradient with respect to that input, a vector-Jacobian product (VJP).
2.  `backward()` visits the nodes in reverse topological order, so that a node's gradient is complete before
    it is passed on, and adds up where one value was used several times.
3.  Broadcasting repeats an input, so its gradient is summed over the repetitions (`undo_broadcasting`).

This file knows no operation: functional.py holds the formulas and makes them operators and methods of Tensor. VJPs
compute with plain arrays, so a gradient has no graph of its own: there are no second derivatives.
"""

from __future__ import annotations

import contextlib
import contextvars
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from . import hints
from .numpy_protocol import NumPyProtocol

Array: TypeAlias = npt.NDArray[Any]
TensorLike: TypeAlias = "Tensor | npt.ArrayLike"
VJP: TypeAlias = Callable[[Array], Array]
Axis: TypeAlias = int | tuple[int, ...] | None

FLOAT_DTYPES = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))
LONGEST_CHAIN = 50  # results computed from results that backward() had passed: a longer chain of them is a slip


class NoGrad(contextlib.ContextDecorator):
    """Compute without recording a graph: `with no_grad(): ...`, or `@no_grad()` on a function.

    It concerns the thread (or asyncio task) that it is used in, and no other.
    """

    # A context variable rather than a global: each thread and each asyncio task has its own, so that an evaluation
    # in one does not stop the recording of a training that runs in another.
    depth: contextvars.ContextVar[int] = contextvars.ContextVar("depth", default=0)

    def __call__(self, function: Any = None) -> Any:  # so `with no_grad:` and `@no_grad` mean the same
        return self if function is None else super().__call__(function)

    def __enter__(self) -> None:
        self.depth.set(self.depth.get() + 1)

    def __exit__(self, *exception: object) -> None:
        self.depth.set(max(0, self.depth.get() - 1))  # closed in another context than it was entered in


no_grad = NoGrad()


class Tensor(NumPyProtocol):
    """An array of any shape with a gradient of the same shape.

    data:  float16, float32 and float64 arrays keep their dtype; everything else (Python numbers, lists, arrays of
           integers) becomes float64. With requires_grad=True the array is copied, because an optimizer will change
           it in place; a constant shares the caller's array.
    grad:  None, or an ndarray of the shape and dtype of data. `backward()` adds to it; set it to None to forget.
    operation, inputs:  how the value was computed: a name and the (Tensor, vjp) pairs; None and () for a leaf.
    is_mask:  whether it was made of Booleans, which select where it is an index.
    chain, users:  what record() and cut_graphs() keep count of.
    """

    __slots__ = ("__weakref__", "chain", "data", "grad", "inputs", "is_mask", "operation", "requires_grad", "users")

    def __init__(self, data: TensorLike, requires_grad: bool = False):
        if isinstance(data, Tensor) and data.requires_grad:
            raise TypeError(
                "Tensor: got a Tensor that needs a gradient; a copy would be cut off from its graph. Use it as it is, "
                "or .detach() where that is what you want"
            )
        array = real_array(data)
        self.is_mask: bool = data.is_mask if isinstance(data, Tensor) else array.dtype.kind == "b"
        array = float_array(array)
        self.data: Array = array.copy() if requires_grad else array
        self.grad: Array | None = None
        self.requires_grad = bool(requires_grad)
        self.operation: str | None = None
        self.inputs: tuple[tuple[Tensor, VJP], ...] = ()
        self.chain = 0
        self.users: list[weakref.ref[Tensor]] = []

    def backward(self, gradient: TensorLike | None = None) -> None:
        """Add to `.grad` of every Tensor behind this one the gradient of this one (or of sum(gradient * this one)).

        gradient: the upstream gradient g, of this Tensor's shape; only a Tensor with one element has a default, 1.
        Calling it twice adds the gradient twice. Call it before the parameters are updated: VJPs read their values.
        Source: chapter 06.
        """
        order = topological_order(self)
        self._refuse_stale(order)
        gradients = {id(self): self._upstream(gradient)}  # complete once the loop reaches a node
        for node in reversed(order):
            g = gradients.pop(id(node))
            node.grad = g if node.grad is None else np.asarray(node.grad + g)
            for tensor, vjp in node.inputs:
                if not tensor.requires_grad:
                    continue
                try:
                    contribution = np.asarray(vjp(g), dtype=tensor.data.dtype)
                    if contribution.shape != tensor.data.shape:
                        contribution = undo_broadcasting(contribution, tensor.data.shape)
                except Exception as error:
                    error.add_note(f"This happened in backward through {node.operation}.")
                    raise
                earlier = gradients.get(id(tensor))
                if earlier is not None:
                    contribution = np.asarray(earlier + contribution)
                elif contribution is g or contribution.base is not None:
                    contribution = contribution.copy()  # no two .grad share memory: a change to one stays in one
                gradients[id(tensor)] = contribution
        for leaf in order:
            if leaf.operation is None:
                _note_use(leaf, self)

    def _refuse_stale(self, order: list[Tensor]) -> None:
        if not self.requires_grad:
            raise RuntimeError(
                "backward: this Tensor has no graph behind it. Either none of its inputs has requires_grad=True, "
                "or it was computed under no_grad() or from .data or .detach()"
            )
        if self.chain > LONGEST_CHAIN:
            raise RuntimeError(
                f"backward: the graph still includes {self.chain} results that backward() has passed before, and each "
                "step makes it longer. Write W.data -= lr * W.grad instead of W = W - lr * W.grad (or let an optimizer "
                "do it), and h = h.detach() where a value goes on into the next step"
            )
        if any(node.operation and not node.inputs for node in order):
            raise RuntimeError(
                "backward: an optimizer's step(), or load_state_dict(), has changed parameters since they were used "
                "here, so the gradient may be wrong. Compute the loss anew, and call backward() before step(); a value "
                "that goes on from one step to the next needs .detach()"
            )

    def _upstream(self, gradient: TensorLike | None) -> Array:
        if gradient is None:
            if self.data.size != 1:
                raise ValueError(
                    f"backward: only a Tensor with one element has a default gradient, this one has shape {self.shape};"
                    f" reduce it first (.sum() or .mean()), or pass gradient= with shape {self.shape}"
                )
            return np.array(1, self.dtype).reshape(self.shape)
        gradient = float_array(gradient)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: gradient has shape {gradient.shape}, the Tensor {self.shape}; both must agree")
        return gradient.astype(self.dtype)

    def item(self) -> float:
        """The only element as a Python float."""
        if self.data.size != 1:
            raise ValueError(f"item: needs a Tensor with one element, got shape {self.shape}; use .data for an array")
        return float(self.data.reshape(()))

    def detach(self) -> Tensor:
        """The same values (shared memory) as a constant: no gradient flows through it."""
        result = Tensor(self.data)
        result.is_mask = self.is_mask
        return result

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return self.item()

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len: a Tensor with shape () is one number; .item() gives it")
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a Tensor cannot be assigned to piece by piece: the graph would not know. "
            "Build the array in NumPy first, or change x.data[...] outside the graph"
        )

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if self.operation:
            raise TypeError(
                f"a Tensor computed by {self.operation} cannot be copied or pickled, since its graph is made of "
                "functions; use x.data (or x.detach()) for its values"
            )
        return Tensor, (self.data != 0 if self.is_mask else self.data, self.requires_grad)

    def __repr__(self) -> str:
        note = f", operation={self.operation}" if self.operation else ", requires_grad=True" * self.requires_grad
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')}{note})"

    if not TYPE_CHECKING:  # which is to go on finding misspelt names

        def __getattr__(self, name):  # only for what Tensor lacks
            raise hints.missing("a Tensor", name, hints.ON_A_TENSOR, self)

    if TYPE_CHECKING:  # functional.py makes its operations the operators and methods of Tensor

        def __add__(self, other: TensorLike) -> Tensor: ...
        def __radd__(self, other: TensorLike) -> Tensor: ...
        def __sub__(self, other: TensorLike) -> Tensor: ...
        def __rsub__(self, other: TensorLike) -> Tensor: ...
        def __mul__(self, other: TensorLike) -> Tensor: ...
        def __rmul__(self, other: TensorLike) -> Tensor: ...
        def __truediv__(self, other: TensorLike) -> Tensor: ...
        def __rtruediv__(self, other: TensorLike) -> Tensor: ...
        def __pow__(self, exponent: TensorLike) -> Tensor: ...
        def __rpow__(self, base: TensorLike) -> Tensor: ...
        def __matmul__(self, other: TensorLike) -> Tensor: ...
        def __rmatmul__(self, other: TensorLike) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __lt__(self, other: TensorLike) -> npt.NDArray[np.bool_]: ...
        def __le__(self, other: TensorLike) -> npt.NDArray[np.bool_]: ...
        def __gt__(self, other: TensorLike) -> npt.NDArray[np.bool_]: ...
        def __ge__(self, other: TensorLike) -> npt.NDArray[np.bool_]: ...
        def exp(self) -> Tensor: ...
        def log(self) -> Tensor: ...
        def tanh(self) -> Tensor: ...
        def sigmoid(self) -> Tensor: ...
        def relu(self) -> Tensor: ...
        def sqrt(self) -> Tensor: ...
        def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def reshape(self, *shape: Any) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        @property
        def T(self) -> Tensor: ...


def real_array(data: TensorLike) -> Array:
    """data as an array of Booleans, whole numbers or floats (without a copy where it is one already)."""
    if isinstance(data, Tensor):
        return data.data
    try:
        array = np.asarray(data)  # and no subclass of arrays: matrices multiply otherwise
    except (ValueError, OverflowError) as error:
        raise TypeError(f"Tensor: expected numbers in a regular array, got {data!r:.80} ({error})") from None
    if array.dtype.kind not in "biuf":
        hint = "; a .grad is None before backward()" if data is None else ""
        raise TypeError(f"Tensor: expected real numbers, got {data!r:.80} of dtype {array.dtype}{hint}")
    return array


def float_array(data: TensorLike) -> Array:
    """data as an array of float16, float32 or float64: the dtype it has, or else float64."""
    array = real_array(data)
    if array.dtype in FLOAT_DTYPES:
        return array
    native = array.dtype.newbyteorder("=")
    return array.astype(native if native in FLOAT_DTYPES else np.float64)


def as_tensor(value: TensorLike, like: TensorLike | None = None) -> Tensor:
    """value itself if it is a Tensor, else a constant.

    Only an array of floats has a dtype of its own; a number or a list takes that of the Tensor `like`, so that
    2 * x stays float32 where x is.
    """
    if isinstance(value, Tensor):
        return value
    constant = Tensor(value)
    if isinstance(like, Tensor) and not (isinstance(value, np.ndarray) and value.dtype in FLOAT_DTYPES):
        constant.data = constant.data.astype(like.dtype)
    return constant


def record(operation: str, value: npt.ArrayLike, *inputs: tuple[Tensor, VJP]) -> Tensor:
    """The result of an operation: its value and, for each input, the pair (Tensor, vjp).

    vjp takes g, the gradient with respect to the value (same shape), and returns the gradient with respect to
    that input: a new array, g itself or a view of it. It may ignore broadcasting, which `backward()` undoes.
    """
    result = Tensor(value)
    if no_grad.depth.get() > 0:
        return result
    for tensor, _ in inputs:
        if tensor.requires_grad:
            result.requires_grad, result.operation, result.inputs = True, operation, inputs
            if tensor.operation is None:
                _note_use(tensor, result)
            else:  # in a loop of W = W - lr * W.grad, each W is computed from one that has its gradient already
                result.chain = max(result.chain, tensor.chain + (tensor.grad is not None))
    return result


def _note_use(parameter: Tensor, result: Tensor) -> None:
    """Remember, while it lives, a result whose graph cut_graphs() will end."""
    users = parameter.users
    if users and users[-1]() is result:
        return
    users.append(weakref.ref(result))
    if len(users) >= 64 and len(users).bit_count() == 1:  # 64, 128, 256, ...: where nothing cuts them, forget the dead
        users[:] = [user for user in users if user() is not None]


def cut_graphs(parameter: Tensor) -> None:
    """End the graphs that lead to a parameter whose values have just been changed in place.

    Their VJPs would read the new values, so a backward() through them is an error from now on. And the arrays that
    they hold are free, so that a list of losses keeps numbers and not the activations of every step. Optimizers and
    load_state_dict() call it; a change of .data by hand goes unnoticed.
    """
    users, parameter.users = parameter.users, []
    for user in users:
        if (result := user()) is not None:
            result.inputs = ()


def topological_order(root: Tensor) -> list[Tensor]:
    """All Tensors behind root that need a gradient, each after all of its inputs; root is the last.

    Depth-first with a stack of our own: recursion would end at a chain of about 1,000 operations.
    """
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_are_done = stack.pop()
        if inputs_are_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((tensor, False) for tensor, _ in node.inputs if tensor.requires_grad)
    return order


def undo_broadcasting(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient down to the shape that its value had before it was broadcast; ValueError if it cannot be.

    A value that was used many times collects a gradient from each use. Two rules, one for each way in which
    broadcasting repeats a value:
    - axes added in front are summed away: (3,) used as (2, 3) gets the sum over axis 0;
    - axes stretched from size 1 are summed and kept: (2, 1) used as (2, 3) gets the sum over axis 1.
    Source: chapter 06.
    """
    if g.shape == shape:
        return g
    precise = np.promote_types(g.dtype, np.float32)  # a sum of float16 that is kept in float16 ends at 2,048 ones
    g = g.sum(axis=tuple(range(g.ndim - len(shape))), dtype=precise)
    stretched = tuple(axis for axis, size in enumerate(shape[: g.ndim]) if size == 1 and g.shape[axis] != 1)
    g = g.sum(axis=stretched, keepdims=True)
    if g.shape != shape:
        raise ValueError(f"a gradient of shape {g.shape} does not reduce to the shape {shape} of what it belongs to")
    return g
