"""Answers to the exercises of chapter 08, for test_exercises.py: right ones, and mistakes written in other ways."""

import numpy as np

from mnist_autograd.teach import digits


def centre_loop(image):
    """Pixel by pixel."""
    row = column = total = 0.0
    for i, greys in enumerate(image):
        for j, grey in enumerate(greys):
            row, column, total = row + i * grey, column + j * grey, total + grey
    if total == 0:
        return (len(image) - 1) / 2, (len(image[0]) - 1) / 2
    return row / total, column / total


def centre_by_average(image):
    """An average of places with weights; an empty image gets the weight 1 everywhere, which gives its middle."""
    weights = image.ravel() if image.any() else np.ones(image.size)
    return np.average(list(np.ndindex(image.shape)), axis=0, weights=weights)


def moments(image):
    return (np.indices(image.shape) * image).sum(axis=(1, 2))


def loop_with_whole_numbers(image):
    centre = np.zeros(2, dtype=int)
    centre[:] = centre_loop(image)
    return centre


RIGHT = {"08.3": [centre_loop, centre_by_average, digits.centre_of_mass]}

MISTAKES_WRITTEN_OTHERWISE = [
    ("08.3", lambda image: tuple(reversed(centre_loop(image))), "Row and column are swapped"),
    (
        "08.3",
        lambda image: [(np.arange(n) * image.sum(axis=k)).sum() / image.sum() for k, n in enumerate(image.shape)],
        "Rows are weighted",
    ),
    ("08.3", lambda image: centre_loop(image) if image.sum() else (0, 0), "An empty image gives row 0"),
    ("08.3", lambda image: [x / max(image.sum(), 1e-9) for x in moments(image)], "An empty image gives row 0"),
    ("08.3", lambda image: np.argwhere(image == image.max())[0], "It is the darkest pixel"),
    ("08.3", lambda image: [np.flatnonzero(image.any(axis=k)).mean() for k in (1, 0)], "It is the middle of the b"),
    ("08.3", lambda image: np.mean(np.nonzero(image), axis=1), "Every pixel with ink counts the same"),
    ("08.3", lambda image: (np.indices(image.shape) * image).mean(axis=(1, 2)), "It divides by the number of pixels"),
    ("08.3", lambda image: moments(image / 255), "It divides by 255"),
    ("08.3", lambda image: np.array(centre_loop(image)) // 1, "It is cut to whole numbers"),
    ("08.3", loop_with_whole_numbers, "It is cut to whole numbers"),
]
