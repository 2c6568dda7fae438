"""Answers to the exercises of chapter 08, for test_exercises.py: right ones, and mistakes written in other ways."""

import numpy as np

from mnist_autograd import optim
from mnist_autograd.teach.topics import digits


def cosine_by_halves(step, steps, lr):
    """With (1 + cos a) / 2 = cos(a / 2)^2."""
    return lr * np.cos(np.pi / 2 * step / steps) ** 2


def shift_loop(images, down, right):
    new = np.zeros(images.shape)
    for n, i, j in np.ndindex(images.shape):
        if 0 <= i - down < images.shape[1] and 0 <= j - right < images.shape[2]:
            new[n, i, j] = images[n, i - down, j - right]
    return new


def shift_matrices(images, down, right):
    """Matrices with ones beside the diagonal move rows and columns."""
    H, W = images.shape[1:]
    return np.eye(H, k=-down) @ images @ np.eye(W, k=right)


def shift_slices(images, down, right):
    new = np.zeros_like(images)
    H, W = images.shape[1:]
    to = [slice(max(by, 0), size + min(by, 0)) for by, size in ((down, H), (right, W))]
    source = [slice(max(-by, 0), size + min(-by, 0)) for by, size in ((down, H), (right, W))]
    new[:, to[0], to[1]] = images[:, source[0], source[1]]
    return new


def shift_on_a_copy(images, down, right):
    new = images.copy()
    for i in range(images.shape[1]):
        for j in range(images.shape[2]):
            if 0 <= i - down < images.shape[1] and 0 <= j - right < images.shape[2]:
                new[:, i, j] = images[:, i - down, j - right]
    return new


def shift_by_indices(images, down, right):
    rows, columns = (np.arange(n) - by for n, by in zip(images.shape[1:], (down, right)))
    return images[:, rows % len(rows)][:, :, columns % len(columns)]


def shift_clipped(images, down, right):
    rows, columns = (np.arange(n) - by for n, by in zip(images.shape[1:], (down, right)))
    return images[:, rows.clip(0, len(rows) - 1)][:, :, columns.clip(0, len(columns) - 1)]


def shift_rolled_and_cleared(images, down, right):
    new = np.roll(np.roll(images, down, axis=1), right, axis=2)
    if down > 0:
        new[:, :down] = 0
    if right > 0:
        new[:, :, :right] = 0
    return new


def shift_in_two_moves(images, down, right):
    """Rows into zeros; then columns into a copy of that."""
    moved = shift_matrices(images, down, 0)
    new = moved.copy()
    for j in range(images.shape[2]):
        if 0 <= j - right < images.shape[2]:
            new[:, :, j] = moved[:, :, j - right]
    return new


def centre_loop(image):
    """Pixel by pixel."""
    row = column = total = 0.0
    for i, greys in enumerate(image.tolist()):
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


def centre_in_the_images_own_type(image):
    """What NumPy 2 makes of `s += image[i, j]; r += i * image[i, j]`, whatever the version."""
    if not image.any():
        return centre_loop(image)
    row = column = total = image.dtype.type(0)
    for (i, j), grey in np.ndenumerate(image):
        row = np.add(row, np.multiply(image.dtype.type(i), grey))
        column = np.add(column, np.multiply(image.dtype.type(j), grey))
        total = np.add(total, grey)
    return row / total, column / total


def centre_with_products_in_the_images_own_type(image):
    if not image.any():
        return centre_loop(image)
    i, j = np.indices(image.shape, dtype=image.dtype)
    return [float((place * image).sum() / image.sum()) for place in (i, j)]


RIGHT = {
    "08.1": [cosine_by_halves, optim.cosine, lambda step, steps, lr: lr / 2 + lr / 2 * np.cos(np.pi * step / steps)],
    "08.2": [shift_loop, shift_matrices, shift_slices],
    "08.3": [centre_loop, centre_by_average, digits.centre_of_mass],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("08.1", lambda step, steps, lr: lr + lr * np.cos(np.pi * step / steps), "The division by 2 is missing"),
    ("08.1", lambda step, steps, lr: lr * np.sin(np.pi * step / steps / 2) ** 2, "It rises"),
    ("08.1", lambda step, steps, lr: lr * np.cos(np.pi * step / steps) ** 2, "It is a whole wave"),
    ("08.1", lambda step, steps, lr: lr / steps * (steps - step), "It falls along a straight line"),
    ("08.1", lambda step, steps, lr: lr * np.sqrt((1 + np.cos(np.pi * step / steps)) / 2), "It is a quarter"),
    (
        "08.1",
        lambda step, steps, lr: 1e-4 + 0.5 * (lr - 1e-4) * (1 + np.cos(np.pi * step / steps)),
        "It ends at 0.0001",
    ),
    ("08.2", shift_by_indices, "What leaves at one edge"),
    ("08.2", shift_clipped, "The edge is repeated"),
    ("08.2", shift_on_a_copy, "Old pixels are left behind"),
    ("08.2", lambda images, down, right: shift_loop(images, right, down), "down and right are swapped"),
    ("08.2", lambda images, down, right: shift_matrices(images, -down, -right), "The direction"),
    (
        "08.2",
        lambda images, down, right: shift_loop(images.transpose(0, 2, 1), down, right).transpose(0, 2, 1),
        "down and",
    ),
    ("08.2", lambda images, down, right: shift_loop(images, down, right).astype(np.uint8), "Greys are cut"),
    ("08.2", shift_rolled_and_cleared, "What comes round is cleared at the top"),
    ("08.2", shift_in_two_moves, "Old columns are left behind"),
    ("08.3", centre_in_the_images_own_type, "All sums overflow uint8"),
    ("08.3", centre_with_products_in_the_images_own_type, "The products overflow uint8"),
    ("08.3", lambda image: centre_loop(image if int(image.sum()) else image * 0), "An image with little ink"),
    (
        "08.3",
        lambda image: centre_loop(image) if image.any() else [size // 2 for size in image.shape],
        "The middle of an empty image is H",
    ),
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
