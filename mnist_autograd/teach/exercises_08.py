"""The exercises of chapter 08: an MLP on MNIST. For each the solution, the probes and the known mistakes.

Shapes: image (H, W), numbers from 0 (paper) upwards (ink).
"""

from __future__ import annotations

import numpy as np

from .exercises import Exercise, Specimen

# --- 08.3 ---------------------------------------------------------------------------------------------------------


def centre_of_mass(image):
    """Row and column, counted from 0, of the centre of mass of an image (H, W): (2,). Without ink, the middle."""
    total = image.sum()
    if total == 0:
        return (np.array(image.shape) - 1) / 2
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()]) / total


def _inked(image):
    """Whether there is ink. What a mistake does with an empty image is another mistake."""
    return bool(image.any())


def _several(image):
    """Whether there is ink, on several rows and columns: elsewhere it depends on the wording what fits."""
    return _inked(image) and min(image.shape) > 1


def _sums(image):
    """The places, weighted with the ink, added up: rows and columns (2,)."""
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()])


def _middle(image):
    return (np.array(image.shape) - 1) / 2


def _with_row_sums_across(image):
    rows, columns = (np.arange(size) for size in image.shape)
    return np.array([rows @ image.sum(axis=0), columns @ image.sum(axis=1)]) / image.sum()


def _of_the_box(image):
    places = np.argwhere(image > 0)
    return (places.min(axis=0) + places.max(axis=0)) / 2


def _in_one_row(image):
    place = np.arange(image.size) @ image.ravel() / image.sum()
    return np.array([place // image.shape[1], place % image.shape[1]])


EXERCISE_3 = Exercise(
    id="08.3",
    title="The centre of mass",
    see="Prepared as MNIST is",
    solution=centre_of_mass,
    probes=[
        (np.array([[1.0, 3.0]]),),
        (np.array([[2.0], [6.0]]),),
        (np.array([[0.0, 0.0, 0.0]]),),
        (np.array([[0.0, 8.0], [0.0, 0.0]]),),
        (np.array([[0.0, 0.0], [2.0, 6.0]]),),
        (np.array([[0.0, 0.0], [0.0, 0.0]]),),
        (np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 2.0]]),),
        (np.array([[0.0, 0.0], [0.0, 4.0], [0.0, 1.0], [3.0, 0.0]]),),
        (np.array([[255.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 128.0, 127.0]]),),
        (np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 9.0, 1.0, 0.0], [0.0, 0.0, 2.0, 8.0]]),),
    ],
    specimens=[
        Specimen(
            "Row and column are swapped",
            lambda image: centre_of_mass(image)[::-1],
            "The first number must be the row, which says how far down, and the second the column, how far to the "
            "right. That is the order of `image[row, column]` and of `image.shape`. A point (x, y) has the other "
            "order.",
            where=_inked,
        ),
        Specimen(
            "Rows are weighted with the sums of columns",
            _with_row_sums_across,
            "`image.sum(axis=0)` adds up over the rows and leaves one number for each column, shape (W,). The weight "
            "of a row is `image.sum(axis=1)`, shape (H,). On a square image nothing stops, but row and column are "
            "swapped.",
            where=_several,
        ),
        Specimen(
            "An empty image divides 0 by 0",
            lambda image: _sums(image) / image.sum(),
            "Right wherever there is ink. Of an empty pad the sum is 0, and `0 / 0` is `nan`: look at the sum first.",
        ),
        Specimen(
            "An empty image gives row 0, column 0",
            lambda image: _sums(image) / (image.sum() or 1),
            "Right wherever there is ink. Of an empty image the middle is asked for, so that a shift of its centre to "
            "the middle moves nothing. (0, 0) is its top left corner.",
        ),
        Specimen(
            "The middle of an empty image is half a pixel off",
            lambda image: centre_of_mass(image) if image.any() else np.array(image.shape) / 2,
            "Right wherever there is ink. Rows count from 0: of 3 rows, 0, 1 and 2, the middle one is 1, which is (3 "
            "- 1) / 2 and not 3 / 2.",
        ),
        Specimen(
            "It is the darkest pixel",
            lambda image: np.array(np.unravel_index(image.argmax(), image.shape)),
            "`argmax` finds one pixel, the darkest. The centre of mass is a mean over all pixels, in which each "
            "counts as much as it has ink.",
            where=_inked,
        ),
        Specimen(
            "It is the darkest row and the darkest column",
            lambda image: np.array([image.sum(axis=1).argmax(), image.sum(axis=0).argmax()]),
            "`argmax` finds the row with the most ink, and drops the others. The centre of mass is a mean over all "
            "rows, in which each counts as much as it has ink: `rows @ image.sum(axis=1) / image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "It is the middle of the bounding box",
            _of_the_box,
            "The middle between the first and the last row with ink does not ask how much ink there is. A 9, heavy at "
            "its top, has its centre of mass above the middle of its box.",
            where=_inked,
        ),
        Specimen(
            "It is the middle of the image, wherever the ink is",
            _middle,
            "This is where the centre of mass shall be brought. Where it is now depends on the ink: weight each row, "
            "and each column, with the ink in it.",
            where=_inked,
        ),
        Specimen(
            "Every pixel with ink counts the same",
            lambda image: np.argwhere(image > 0).mean(axis=0),
            "A light grey pixel at an edge counts as much as a black one here. Multiply each place by its grey value, "
            "and divide by the sum of the grey values.",
            where=_inked,
        ),
        Specimen(
            "It is the centre of the paper",
            lambda image: centre_of_mass(255 - image),
            "In MNIST 255 is ink and 0 is paper, so the image itself is the weight. `255 - image` weighs the paper.",
            where=_inked,
        ),
        Specimen(
            "It divides by the number of pixels",
            lambda image: _sums(image) / image.size,
            "This is what `.mean()` does, too. A weighted mean divides by the sum of the weights: `image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "It divides by the number of pixels with ink",
            lambda image: _sums(image) / (image > 0).sum(),
            "The pixels are weighted with their ink, so the sum of the weights is `image.sum()`. Their number would "
            "be right if each had the weight 1.",
            where=_inked,
        ),
        Specimen(
            "It divides by 255",
            lambda image: _sums(image) / 255,
            "That makes the ink of a black pixel 1, and the result depends on how much ink there is. A weighted mean "
            "divides by the sum of the weights, `image.sum()`: then 255 would cancel.",
            where=_inked,
        ),
        Specimen(
            "It divides by the darkest grey",
            lambda image: _sums(image) / image.max(),
            "That makes the ink of the darkest pixel 1, and the result depends on how much ink there is. A weighted "
            "mean divides by the sum of the weights, `image.sum()`: then the maximum would cancel.",
            where=_inked,
        ),
        Specimen(
            "The sums are not divided",
            _sums,
            "Twice as much ink at the same places has the same centre of mass, but twice these sums. Divide them by "
            "`image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "Rows and columns are counted from 1",
            lambda image: centre_of_mass(image) + 1,
            "Python counts from 0, and so does the check: ink in the first row alone has its centre in row 0.",
            where=_inked,
        ),
        Specimen(
            "Half a pixel is added",
            lambda image: centre_of_mass(image) + 0.5,
            "The middle of the first pixel is 0.5 pixels from the edge of the image. But here places are counted as "
            "rows and columns, from 0: ink in the first row alone has its centre in row 0.",
            where=_inked,
        ),
        Specimen(
            "It is rounded to a pixel",
            lambda image: np.round(centre_of_mass(image)),
            "The centre of mass may lie between two pixels. Round when you shift, not before.",
            where=_inked,
        ),
        Specimen(
            "It is cut to whole numbers",
            lambda image: centre_of_mass(image).astype(int),
            "`//`, `int` and an array of integers drop what stands behind the point. The centre of mass may lie "
            "between two pixels: divide with `/`, and keep floats.",
            where=_inked,
        ),
        Specimen(
            "It is measured from the middle of the image",
            lambda image: centre_of_mass(image) - _middle(image),
            "This is how far the centre of mass lies from the middle. Asked for is the place itself, counted from the "
            "top left pixel.",
            where=_inked,
        ),
        Specimen(
            "It is the shift that brings the centre to the middle",
            lambda image: _middle(image) - centre_of_mass(image),
            "This is the next step. Asked for is where the centre of mass is now, counted from the top left pixel.",
            where=_inked,
        ),
        Specimen(
            "It is the centre of all rows laid end to end",
            _in_one_row,
            "The mean place in the row of all pixels does not split into a row and a column: two pixels at the right "
            "edge of rows 0 and 1 have their mean in the middle of row 1. Take one mean for rows and one for columns.",
            where=_inked,
        ),
    ],
)

EXERCISES = [EXERCISE_3]
