"""Optimizers: how parameters move against their gradients. Parameters are updated in place."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .tensor import Tensor


class Optimizer:
    """Base class: holds the parameters and, for each, the arrays in `slots` that the method remembers.

    lr and the other settings are plain attributes and may be changed between steps (a learning-rate schedule).
    """

    slots: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float):
        self.params = list(params)
        name = type(self).__name__
        if not self.params:
            raise ValueError(f"{name}: got no parameters; pass model.parameters()")
        for p in self.params:
            if not (isinstance(p, Tensor) and p.requires_grad):
                raise TypeError(f"{name}: expected Tensors with requires_grad=True, got {type(p).__name__}")
        if not lr > 0:
            raise ValueError(f"{name}: the learning rate lr is {lr}; expected a positive number")
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        for slot in self.slots:
            setattr(self, slot, [np.zeros_like(p.data) for p in self.params])

    def zero_grad(self) -> None:
        """Forget all gradients; without it, the next backward() adds to them."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        self.steps += 1
        for i, p in enumerate(self.params):
            if p.grad is not None:
                g = p.grad + self.weight_decay * p.data if self.weight_decay else p.grad
                self.update(p, g, *(getattr(self, slot)[i] for slot in self.slots))

    def update(self, p: Tensor, g: np.ndarray, *remembered: np.ndarray) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs a method update(self, p, g, ...)")

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all that the next step depends on, but for the parameters and the settings."""
        state = {f"{slot}.{i}": a.copy() for slot in self.slots for i, a in enumerate(getattr(self, slot))}
        return {"steps": np.array(self.steps)} | state

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Set all of it, or nothing: names and shapes are checked first."""
        own, name = self.state_dict(), type(self).__name__
        if state.keys() != own.keys():
            raise ValueError(f"{name}: got the state {sorted(state)}; expected {sorted(own)}: another optimizer's?")
        for key, array in own.items():
            if np.shape(state[key]) != array.shape:
                raise ValueError(f"{name}: {key} has shape {np.shape(state[key])}; expected {array.shape}")
        self.steps = int(state["steps"])
        for slot in self.slots:
            for i, array in enumerate(getattr(self, slot)):
                array[...] = state[f"{slot}.{i}"]


class SGD(Optimizer):
    """Gradient descent with momentum: v = momentum * v + g; p = p - lr * v (g includes weight_decay * p).

    Source: chapter 08; Sutskever et al., 2013, for momentum.
    """

    slots = ("velocity",)

    def __init__(self, params, lr: float, momentum: float = 0.0, weight_decay: float = 0.0):
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum

    def update(self, p, g, velocity):
        if self.momentum:
            velocity *= self.momentum
            velocity += g
            g = velocity
        p.data -= self.lr * g


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square, both corrected for starting at 0.

    Source: chapter 09; Kingma and Ba, 2015.
    """

    slots = ("mean", "square")

    def __init__(self, params, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0):
        super().__init__(params, lr, weight_decay)
        self.betas = betas
        self.eps = eps

    def update(self, p, g, mean, square):
        beta1, beta2 = self.betas
        mean *= beta1
        mean += (1 - beta1) * g
        square *= beta2
        square += (1 - beta2) * g * g
        corrected_mean = mean / (1 - beta1**self.steps)
        corrected_square = square / (1 - beta2**self.steps)
        p.data -= self.lr * corrected_mean / (np.sqrt(corrected_square) + self.eps)
