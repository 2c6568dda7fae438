"""Augmentation: images moved by a few pixels, which are new images of the same digits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def shift(images: ArrayLike, down: ArrayLike, right: ArrayLike) -> NDArray[Any]:
    """Images (N, 28, 28), or rows (N, 784), moved by whole pixels; what enters at an edge is 0, background.

    down, right: pixels, negative for up and left; a whole number, or one for each image (N,). No more than the image
    has. Any square size will do. Source: chapter 08.
    """
    images = np.asarray(images)
    side = math.isqrt(images.shape[-1]) if images.ndim == 2 else images.shape[-1] if images.ndim == 3 else 0
    if images.shape[1:] not in ((side, side), (side * side,)):
        raise ValueError(f"shift: got shape {images.shape}; expected square images (N, 28, 28) or rows (N, 784)")
    down, right = np.asarray(down), np.asarray(right)
    for name, by in (("down", down), ("right", right)):
        if by.dtype.kind not in "iu" or by.shape not in ((), (len(images),)) or (np.abs(by) > side).any():
            raise ValueError(
                f"shift: {name} is {str(by):.60}; expected a whole number of pixels from {-side} to {side}, or one for "
                f"each of the {len(images)} images"
            )
    reach = int(max(np.abs(down).max(initial=0), np.abs(right).max(initial=0)))
    framed = np.zeros((len(images), side + 2 * reach, side + 2 * reach), images.dtype)
    framed[:, reach : reach + side, reach : reach + side] = images.reshape(-1, side, side)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (side, side), axis=(1, 2))  # no copy: (N, ., ., 28, 28)
    moved: NDArray[Any] = windows[np.arange(len(images)), reach - down, reach - right]
    return moved.reshape(images.shape)


def random_shifts(images: Any, rng: Any, reach: int = 1) -> NDArray[Any]:
    """Each image (N, 28, 28), or row (N, 784), moved by -reach to reach pixels down and right, drawn from rng.

    rng: a seed or a NumPy Generator. Its form is that of the Trainer's argument augment=. Source: chapter 08.
    """
    down, right = np.random.default_rng(rng).integers(-reach, reach + 1, (2, len(images)))
    return shift(images, down, right)
