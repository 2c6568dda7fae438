"""A Tensor is a NumPy array that remembers how it was computed.

Three ideas make reverse-mode automatic differentiation (chapter 06 builds it by hand):

1.  Each operation makes a node: its value and, for every input, a function that turns the gradient with
    respect to the value into the gradient with respect to that input, a vector-Jacobian product (VJP).
2.  `backward()` visits the nodes in reverse topological order, so that a node's gradient is complete before
    it is passed on, and adds up where one value was used several times.
3.  Broadcasting repeats an input, so its gradient is summed over the repetitions (`undo_broadcasting`).

The operations themselves are in functional.py; this file knows none of their formulas.
"""

from __future__ import annotations

import contextlib
import contextvars

import numpy as np

from .numpy_protocol import NumPyProtocol

FLOAT_DTYPES = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))

# A context variable rather than a global: each thread and each asyncio task has its own, so that an evaluation
# under no_grad() in one does not stop the recording of a training that runs in another.
_recording = contextvars.ContextVar("recording", default=True)


@contextlib.contextmanager
def no_grad():
    """Compute without recording a graph: `with no_grad(): ...`, or `@no_grad()` on a function.

    It concerns the thread (or asyncio task) it is called in, and no other.
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


class Tensor(NumPyProtocol):
    """An array of any shape with a gradient of the same shape.

    data:  float16, float32 and float64 arrays keep their dtype; everything else (Python numbers, lists, arrays of
           integers) becomes float64. With requires_grad=True the array is copied, because an optimizer will change
           it in place; a constant shares the caller's array.
    grad:  None, or an ndarray of the shape and dtype of data. `backward()` adds to it; set it to None to forget.
    operation, inputs:  how the value was computed: a name and the (Tensor, vjp) pairs; None and () for a leaf.
    """

    __slots__ = ("data", "grad", "requires_grad", "operation", "inputs")

    def __init__(self, data, requires_grad: bool = False):
        if isinstance(data, Tensor) and data.requires_grad:
            raise TypeError(
                "Tensor: got a Tensor that needs a gradient; a copy would be cut off from its graph. Use it as it is, "
                "or .detach() where that is what you want"
            )
        array = float_array(data)
        self.data = array.copy() if requires_grad else array
        self.grad = None
        self.requires_grad = bool(requires_grad)
        self.operation = None
        self.inputs = ()

    def backward(self, gradient=None) -> None:
        """Add to `.grad` of every Tensor behind this one the gradient of this one (or of sum(gradient * this one)).

        gradient: the upstream gradient g, of this Tensor's shape; only a Tensor with one element has a default, 1.
        Calling it twice adds the gradient twice. Call it before the parameters are updated: VJPs read their values.
        Source: chapter 06.
        """
        gradients = {id(self): self._upstream(gradient)}  # complete once the loop reaches a node
        for node in reversed(topological_order(self)):
            g = gradients.pop(id(node))
            node.grad = g if node.grad is None else np.asarray(node.grad + g)
            for tensor, vjp in node.inputs:
                if not tensor.requires_grad:
                    continue
                try:
                    contribution = np.asarray(vjp(g), dtype=tensor.data.dtype)
                    if contribution.shape != tensor.data.shape:
                        contribution = undo_broadcasting(contribution, tensor.data.shape)
                except (ValueError, TypeError) as error:
                    raise type(error)(f"backward through {node.operation}: {error}") from error
                earlier = gradients.get(id(tensor))
                if earlier is not None:
                    contribution = np.asarray(earlier + contribution)
                elif contribution is g or contribution.base is not None:
                    contribution = contribution.copy()  # no two .grad share memory: a change to one stays in one
                gradients[id(tensor)] = contribution

    def _upstream(self, gradient):
        if not self.requires_grad:
            raise RuntimeError(
                "backward: this Tensor has no graph behind it. Either none of its inputs has requires_grad=True, "
                "or it was computed under no_grad() or from .data or .detach()"
            )
        if gradient is None:
            if self.data.size != 1:
                raise ValueError(
                    f"backward: only a Tensor with one element has a default gradient, this one has shape {self.shape};"
                    f" reduce it first (.sum() or .mean()), or pass gradient= with shape {self.shape}"
                )
            return np.array(1, self.dtype).reshape(self.shape)
        gradient = float_array(gradient.data if isinstance(gradient, Tensor) else gradient)
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
        return Tensor(self.data)

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
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def T(self) -> Tensor:
        """All axes in reverse order, as for a NumPy array."""
        return F.transpose(self)

    def __add__(self, other):
        return F.add(self, other)

    def __radd__(self, other):
        return F.add(other, self)

    def __sub__(self, other):
        return F.subtract(self, other)

    def __rsub__(self, other):
        return F.subtract(other, self)

    def __mul__(self, other):
        return F.multiply(self, other)

    def __rmul__(self, other):
        return F.multiply(other, self)

    def __truediv__(self, other):
        return F.divide(self, other)

    def __rtruediv__(self, other):
        return F.divide(other, self)

    def __pow__(self, exponent):
        return F.power(self, exponent)

    def __rpow__(self, base):
        return F.power(base, self)

    def __matmul__(self, other):
        return F.matmul(self, other)

    def __rmatmul__(self, other):
        return F.matmul(other, self)

    def __neg__(self):
        return F.negative(self)

    def __getitem__(self, index):
        return F.getitem(self, index)

    def sum(self, axis=None, keepdims: bool = False) -> Tensor:
        return F.sum(self, axis, keepdims)

    def mean(self, axis=None, keepdims: bool = False) -> Tensor:
        return F.mean(self, axis, keepdims)

    def max(self, axis=None, keepdims: bool = False) -> Tensor:
        return F.max(self, axis, keepdims)

    def exp(self) -> Tensor:
        return F.exp(self)

    def log(self) -> Tensor:
        return F.log(self)

    def tanh(self) -> Tensor:
        return F.tanh(self)

    def relu(self) -> Tensor:
        return F.relu(self)

    def sigmoid(self) -> Tensor:
        return F.sigmoid(self)

    def reshape(self, *shape) -> Tensor:
        """`x.reshape(2, 3)` or `x.reshape((2, 3))`; one size may be -1."""
        return F.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes) -> Tensor:
        """`x.transpose()` reverses the axes; `x.transpose(1, 0, 2)` or `x.transpose((1, 0, 2))` orders them."""
        return F.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def __lt__(self, other):
        return np.less(self, other)

    def __le__(self, other):
        return np.less_equal(self, other)

    def __gt__(self, other):
        return np.greater(self, other)

    def __ge__(self, other):
        return np.greater_equal(self, other)

    def __eq__(self, other):
        return np.equal(self, other)

    def __ne__(self, other):
        return np.not_equal(self, other)

    __hash__ = object.__hash__

    def __bool__(self):
        return bool(self.data)

    def __float__(self):
        return self.item()

    def __format__(self, spec):
        return format(self.item(), spec) if spec else str(self)

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __setitem__(self, index, value):
        raise TypeError(
            "a Tensor cannot be assigned to piece by piece: the graph would not know. "
            "Build the array in NumPy first, or change x.data[...] outside the graph"
        )

    def __repr__(self):
        note = f", operation={self.operation}" if self.operation else ", requires_grad=True" * self.requires_grad
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')}{note})"


def float_array(data) -> np.ndarray:
    """data as an array of float16, float32 or float64 (without a copy where it is one already)."""
    if isinstance(data, Tensor):
        return data.data
    try:
        array = np.asarray(data)  # and no subclass of arrays: matrices multiply otherwise
    except (ValueError, OverflowError) as error:
        raise TypeError(f"Tensor: expected numbers in a regular array, got {data!r:.80} ({error})") from None
    if array.dtype in FLOAT_DTYPES:
        return array
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Tensor: expected real numbers, got {data!r:.80} of dtype {array.dtype}")
    native = array.dtype.newbyteorder("=")
    return array.astype(native if native in FLOAT_DTYPES else np.float64)


def as_tensor(value, like=None) -> Tensor:
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


def record(operation: str, value, *inputs) -> Tensor:
    """The result of an operation: its value and, for each input, the pair (Tensor, vjp).

    vjp takes g, the gradient with respect to the value (same shape), and returns the gradient with respect to
    that input: a new array, g itself or a view of it. It may ignore broadcasting, which `backward()` undoes.
    """
    result = Tensor(value)
    if result.ndim == 0 and inputs and result.dtype != inputs[0][0].dtype:  # NumPy 1 computes with scalars in float64
        result.data = result.data.astype(np.result_type(*(tensor.dtype for tensor, _ in inputs)), copy=False)
    if _recording.get() and any(tensor.requires_grad for tensor, _ in inputs):
        result.requires_grad = True
        result.operation = operation
        result.inputs = inputs
    return result


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


def undo_broadcasting(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient down to the shape that its value had before it was broadcast; ValueError if it cannot be.

    A value that was used many times collects a gradient from each use. Two rules, one for each way in which
    broadcasting repeats a value:
    - axes added in front are summed away: (3,) used as (2, 3) gets the sum over axis 0;
    - axes stretched from size 1 are summed and kept: (2, 1) used as (2, 3) gets the sum over axis 1.
    Source: chapter 06.
    """
    if g.shape == shape:
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape[: g.ndim]) if size == 1 and g.shape[axis] != 1)
    g = g.sum(axis=stretched, keepdims=True)
    if g.shape != shape:
        raise ValueError(f"a gradient of shape {g.shape} does not reduce to the shape {shape} of what it belongs to")
    return g


# Last, because functional.py needs the names above: operators are methods here, their maths is there.
from . import functional as F  # noqa: E402
