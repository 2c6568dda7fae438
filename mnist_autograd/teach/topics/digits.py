"""From the strokes of a pen to what the network has learned to read: MNIST's own preparation, one function a step.

The makers of MNIST brought each digit to a longer side of 20 pixels and kept its proportions, which made its edges
grey, and put it into a 28 x 28 image with its centre of mass in the middle (LeCun, Cortes and Burges, The MNIST
database of handwritten digits). A picture is an array (H, W) from 0 (paper) to 255 (ink), as in MNIST.

Strokes are lists of points (x, y): x from 0, the left edge of the pad, to 1, y from 0, its top, to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...data import to_inputs

PAD = 140  # pixels of the drawn picture: five in each direction for one of the network's
BOX = 20  # the longer side of a digit in MNIST
FIELD = 28  # the side of an image in MNIST
# The width of the pen, as a share of the pad. Strokes in MNIST are about 2.5 pixels wide, an eighth of the 20 that a
# digit is tall. So is this pen where a digit, its ink included, is two thirds as tall as the pad.
PEN = 1 / 12

Strokes = Sequence[Sequence[tuple[float, float]]]


# --- From strokes to a picture ----------------------------------------------------------------------------------


def drawn(strokes: Strokes, size: int = PAD, pen: float = PEN) -> np.ndarray:
    """The strokes as ink on paper: (size, size). A stroke of one point is a dot; what leaves the pad is cut off.

    A pixel's grey is how far the pen covers it: full ink up to half a pixel inside the edge of the stroke, none from
    half a pixel outside. Points that are not finite are left out, and none is farther away than ten pads.
    """
    ink, radius = np.zeros((size, size)), pen * size / 2
    for stroke in strokes:
        finite = [point for point in stroke if all(map(math.isfinite, point))]
        points = [(_on_paper(x, size), _on_paper(y, size)) for x, y in finite]
        for start, end in zip(points, points[1:] or points):
            _draw_line(ink, start, end, radius)
    return 255 * ink


def _on_paper(share: float, size: int) -> float:
    return size * min(10, max(-10, share))


def _draw_line(ink: np.ndarray, start: tuple[float, float], end: tuple[float, float], radius: float) -> None:
    """Put a line with round ends into ink (H, W), which keeps the darker of what it had and what it gets."""
    size, reach = len(ink), radius + 1
    left, right, top, bottom = (
        int(min(size, max(0, edge)))  # what the line can reach, within the pad
        for i in (0, 1)
        for edge in (min(start[i], end[i]) - reach, max(start[i], end[i]) + reach + 1)
    )
    x, y = np.arange(left, right) + 0.5, np.arange(top, bottom)[:, None] + 0.5  # the middles of the pixels
    a, b = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * a + (y - start[1]) * b) / (a * a + b * b or 1)  # 0 at the start, 1 at the end
    along = np.clip(along, 0, 1)
    distance = np.hypot(x - start[0] - along * a, y - start[1] - along * b)
    part = ink[top:bottom, left:right]
    np.maximum(part, np.clip(radius + 0.5 - distance, 0, 1), out=part)


def moved(strokes: Strokes, scale: float = 1.0, right: float = 0.0, down: float = 0.0) -> list:
    """The strokes, scaled about the top left corner of the pad, then moved; lengths are shares of the pad."""
    return [[(scale * x + right, scale * y + down) for x, y in stroke] for stroke in strokes]


# --- The steps --------------------------------------------------------------------------------------------------


def cropped(image: np.ndarray) -> np.ndarray:
    """Step 1: what lies in the smallest box that holds all ink of the image (H, W). Without ink: shape (0, 0)."""
    rows, columns = (np.flatnonzero((image > 0).any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return image[:0, :0]
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scaled(image: np.ndarray, longest: int = BOX) -> np.ndarray:
    """Step 2: the image (H, W) with its longer side brought to `longest` pixels, and the other in proportion.

    A new pixel is the mean of the area it covers of the old ones (area averaging), so that edges become grey.
    """
    if image.size == 0:
        return image
    height, width = (max(1, round(side * longest / max(image.shape))) for side in image.shape)
    return _averaging(image.shape[0], height) @ image @ _averaging(image.shape[1], width).T


def _averaging(old: int, new: int) -> np.ndarray:
    """The matrix (new, old) that makes new pixels of old ones in one direction; each of its rows adds up to 1."""
    edges = np.arange(new + 1) * old / new  # of the new pixels, measured in old ones
    ends = np.minimum(edges[1:, None], np.arange(1, old + 1))
    starts = np.maximum(edges[:-1, None], np.arange(old))
    return np.maximum(0, ends - starts) * new / old


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    """Row and column, counted from 0, at which the image (H, W) would balance: (2,). Without ink, its middle."""
    total = image.sum()
    if total == 0:
        return (np.array(image.shape) - 1) / 2
    rows, columns = (np.arange(size) for size in image.shape)
    return np.array([rows @ image.sum(axis=1), columns @ image.sum(axis=0)]) / total


def centred(image: np.ndarray, size: int = FIELD) -> np.ndarray:
    """Step 3: a field (size, size) of paper that holds the image (H, W), its centre of mass at row and column size / 2.

    The move is by whole pixels, so the centre of mass comes within half a pixel of there, as in MNIST: from 13.5 on,
    below 14.5. One whose centre of mass lies near its edge is moved less, so that no ink leaves the field.
    """
    if max(image.shape) > size:
        raise ValueError(
            f"centred: the image has shape {image.shape}; expected at most ({size}, {size}): scale it first"
        )
    field = np.zeros((size, size))
    noise = 1e-9  # of the arithmetic, in which machines differ, and which must not decide by a whole pixel
    wanted = np.ceil(size / 2 - 0.5 - centre_of_mass(image) - noise).astype(int)
    row, column = (min(max(0, at), size - side) for at, side in zip(wanted, image.shape))
    field[row : row + image.shape[0], column : column + image.shape[1]] = image
    return field


def prepared(image: np.ndarray) -> np.ndarray:
    """All three steps: an image (H, W) of any size becomes one like those of MNIST, (28, 28)."""
    return centred(scaled(cropped(image)))


def shrunk(image: np.ndarray, size: int = FIELD) -> np.ndarray:
    """What the network would get without these steps: the whole pad (H, H), shrunk to (size, size) as it stands."""
    average = _averaging(len(image), size)
    return average @ image @ average.T


def inputs(image: np.ndarray) -> np.ndarray:
    """The row (1, 784) that a network gets for an image (28, 28) of 0 to 255, rounded to whole greys as in MNIST."""
    return to_inputs(np.round(image)[None].astype(np.uint8))


class Steps(NamedTuple):
    """A drawing on its way to the network, each picture (H, W)."""

    drawn: np.ndarray
    cropped: np.ndarray
    scaled: np.ndarray
    centred: np.ndarray


def steps(strokes: Strokes) -> Steps:
    """All steps from strokes to a 28 x 28 image like those of MNIST."""
    picture = drawn(strokes)
    cut = cropped(picture)
    fitted = scaled(cut)
    return Steps(picture, cut, fitted, centred(fitted))
