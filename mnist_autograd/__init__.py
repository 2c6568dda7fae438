"""From softmax to a digit classifier: a small automatic-differentiation engine on NumPy, made to be read.

Start with tensor.py (the graph and backward), then functional.py (every operation with its VJP).
The notebooks in the folder notebooks/ derive it all; mnist_autograd.teach holds what only they import.
"""

from . import data, functional, gradcheck, nn, optim, recipe, training
from .memory import keep_freed_arrays
from .tensor import Tensor, no_grad

keep_freed_arrays()

__version__ = "0.1.0"
__all__ = ["Tensor", "data", "functional", "gradcheck", "nn", "no_grad", "optim", "recipe", "training"]
