"""Softmax at a temperature: softmax(z / T), of logits, for predictions, samples and calibration."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from . import functional as F


def tempered(z: ArrayLike, temperature: float) -> np.ndarray:
    """softmax(z / T) of logits z (..., C) in float64, shifted before the division: so no positive T is too small."""
    if not (isinstance(temperature, Real) and temperature > 0):
        raise ValueError(f"the temperature is {temperature!r}; expected a positive number")
    z = np.asarray(z, np.float64)
    with np.errstate(over="ignore"):  # what lies infinitely far below the largest has the probability 0
        return F.softmax((z - z.max(axis=-1, keepdims=True)) / temperature).data
