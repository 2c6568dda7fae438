"""Optimizers: how parameters move against their gradients. Parameters are updated in place."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from . import hints
from .tensor import Array, Tensor, cut_graphs

if not TYPE_CHECKING:  # which is to go on finding misspelt names

    def __getattr__(name):
        raise hints.missing(f"module {__name__!r}", name, hints.IN_OPTIM, sys.modules[__name__])


class Optimizer:
    """Base class: holds the parameters and, in `memory`, the arrays that the method remembers for each of them.

    lr and the other settings are plain attributes and may be changed between steps (a learning-rate schedule).
    """

    remembers: tuple[str, ...] = ()  # names of those arrays, in the order in which update() takes them

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float):
        name = type(self).__name__
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"{name}: expected a list of parameters, got {type(params).__name__}; pass model.parameters()"
            )
        self.params = list(params)
        if not self.params:
            raise ValueError(f"{name}: got no parameters; pass model.parameters()")
        for p in self.params:
            if not (isinstance(p, Tensor) and p.requires_grad and p.operation is None):
                raise TypeError(
                    f"{name}: expected Tensors made with requires_grad=True, got {type(p).__name__}"
                    + (f" computed by {p.operation}" if isinstance(p, Tensor) and p.operation else "")
                )
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{name}: a parameter is listed twice and would be moved twice")
        _check(name, "learning rate lr", lr, lambda v: 0 < v < np.inf, "a positive number")
        _check(name, "weight_decay", weight_decay, lambda v: 0 <= v < np.inf, "0 or a positive number")
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        self.memory = {what: [np.zeros_like(p.data) for p in self.params] for what in self.remembers}
        self.scratch = [np.empty_like(p.data) for p in self.params]  # what a step computes in

    def zero_grad(self) -> None:
        """Forget all gradients; without it, the next backward() adds to them."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Update every parameter that has a gradient. Raises RuntimeError if none has."""
        if all(p.grad is None for p in self.params):
            raise RuntimeError(
                f"{type(self).__name__}: none of the {len(self.params)} parameters has a gradient. Call "
                "loss.backward() before step(), and do not call zero_grad() in between. Or the model's cell was run "
                "again, and these are parameters of the old one: then make the optimizer anew"
            )
        self.steps += 1
        for p, scratch, *remembered in zip(self.params, self.scratch, *self.memory.values()):
            if p.grad is None:
                continue
            g = p.grad
            if self.weight_decay:
                g = np.multiply(p.data, self.weight_decay, out=scratch)
                g += p.grad
            self.update(p, g, scratch, *remembered)
            cut_graphs(p)

    def update(self, p: Tensor, g: Array, scratch: Array, *remembered: Array) -> None:
        """Move p.data in place. g: its gradient, which must stay as it is unless it is scratch; scratch: work space."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update(self, p, g, scratch, ...)")

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all that the next step depends on, but for the parameters and the settings."""
        state = {f"{what}.{i}": a.copy() for what, arrays in self.memory.items() for i, a in enumerate(arrays)}
        return {"steps": np.array(self.steps)} | state

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Set all of it, or nothing: names, shapes and numbers are checked first."""
        own, name = self.state_dict(), type(self).__name__
        if state.keys() != own.keys():
            raise ValueError(f"{name}: got the state {sorted(state)}; expected {sorted(own)}: another optimizer's?")
        for key, array in own.items():
            if np.shape(state[key]) != array.shape:
                raise ValueError(f"{name}: {key} has shape {np.shape(state[key])}; expected {array.shape}")
        new = {key: np.asarray(state[key], array.dtype) for key, array in own.items()}
        self.steps = int(new["steps"])
        for what, arrays in self.memory.items():
            for i, array in enumerate(arrays):
                array[...] = new[f"{what}.{i}"]


class SGD(Optimizer):
    """Gradient descent with momentum: v = momentum * v + g; p = p - lr * v (g includes weight_decay * p).

    Source: chapter 08; Sutskever et al., 2013, for momentum.
    """

    remembers = ("velocity",)

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.0, weight_decay: float = 0.0):
        super().__init__(params, lr, weight_decay)
        _check("SGD", "momentum", momentum, lambda v: 0 <= v < 1, "a number from 0 to below 1")
        self.momentum = momentum

    def update(self, p: Tensor, g: Array, scratch: Array, *remembered: Array) -> None:
        (velocity,) = remembered
        if self.momentum:
            velocity *= self.momentum
            velocity += g
            g = velocity
        p.data -= np.multiply(g, self.lr, out=scratch)


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square, both corrected for starting at 0.

    weight_decay adds weight_decay * p to the gradient before all else (it is not AdamW's, which shrinks p directly).
    Source: chapter 09; Kingma and Ba, 2015.
    """

    remembers = ("mean", "square")

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(params, lr, weight_decay)
        for beta in betas:
            _check("Adam", "beta", beta, lambda v: 0 <= v < 1, "a number from 0 to below 1")
        self.betas = betas
        self.eps = eps

    def update(self, p: Tensor, g: Array, scratch: Array, *remembered: Array) -> None:
        mean, square = remembered
        beta1, beta2 = self.betas
        square *= beta2
        square += (1 - beta2) * g * g
        mean *= beta1
        mean += np.multiply(g, 1 - beta1, out=scratch)  # the last use of g, which may be scratch itself
        np.sqrt(square / (1 - beta2**self.steps), out=scratch)
        scratch += self.eps
        p.data -= self.lr / (1 - beta1**self.steps) * mean / scratch


def cosine(step: int, steps: int, lr: float) -> float:
    """A learning rate that falls from lr to 0 along half a wave: lr * (1 + cos(pi * step / steps)) / 2.

    step: how many of the run's steps are done, 0 to steps. The Trainer takes it as schedule=, with lr bound by
    functools.partial. Source: chapter 08; Loshchilov and Hutter, 2017.
    """
    if not 0 <= step <= steps or steps == 0:
        raise ValueError(f"cosine: step is {step} of {steps}; expected 0 to the number of steps, at least 1")
    return lr * (1 + math.cos(math.pi * step / steps)) / 2


def _check(optimizer: str, what: str, value: object, is_right: Callable[[float], bool], expected: str) -> None:
    if not (isinstance(value, Real) and is_right(float(value))):
        raise ValueError(f"{optimizer}: the {what} is {value!r}; expected {expected}")
