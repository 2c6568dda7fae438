"""Stored weights, so that a notebook need not train before it can show something.

mlp_weights.npz is what `python -m mnist_autograd --recipe --weights mlp_weights.npz` writes: 784-256-10, tanh, trained
on the first 55,000 training images, in float16. The last 5,000 are new to it, and so are the test images.
"""

from __future__ import annotations

from pathlib import Path

from ... import recipe
from ...training import Classifier

WEIGHTS = Path(__file__).with_name("mlp_weights.npz")


def mlp() -> Classifier:
    """The network of chapter 08, trained: rows (N, 784) from data.to_inputs() give logits (N, 10)."""
    model = recipe.mlp()
    recipe.load_weights(model, WEIGHTS)
    return model
