"""Kaggle's CSV files: images to read, and answers to submit."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .datasets import SOURCES, Dataset
from .files import StrPath, atomic_write, regular


def read_kaggle(path: StrPath) -> Dataset:
    """A CSV file of images with a line of headings, as Kaggle's train.csv or test.csv (whose labels are None).

    Columns may stand in any order: the 784 pixels row by row, called pixel0 to pixel783 (Digit Recognizer), pixel1 to
    pixel784 (Fashion-MNIST) or 1x1 to 28x28 (MNIST in CSV); label, or none; and a column that numbers the rows, called
    Id, ImageId, index or nothing, as pandas writes it. It is not used.
    Raises ValueError, which names the first wrong column or number.
    """
    with open(regular(path), encoding="utf-8-sig", errors="replace") as file:
        columns = [name.strip().strip('"').lower() for name in file.readline().split(",")]
        places, others = _kaggle_columns(columns, path)
        unused: dict[int | str, Callable[[str], int]] = {i: lambda text: 0 for i in others}  # need not be numbers
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # about a file without rows, which is refused below
                # As floats, because 12.0 is a whole number, too; they tell 256 from 0, which bytes would not.
                table = np.loadtxt(
                    file, np.float32, delimiter=",", converters=unused, comments=None, quotechar='"', ndmin=2
                )
        except ValueError as error:
            raise ValueError(f"{path}: expected {len(columns)} whole numbers in every row ({error})") from None
    if table.shape[1:] != (len(columns),):
        rows = f"rows of {table.shape[-1]} numbers" if table.size else "no rows"
        raise ValueError(f"{path}: found {rows}; expected {len(columns)} whole numbers from 0 to 255 in every row")
    is_right = (table >= 0) & (table <= 255) & (table == np.floor(table))  # false for nan
    if not is_right.all():
        row, column = np.argwhere(~is_right)[0]
        raise ValueError(
            f"{path}: row {row + 1} has {table[row, column]:g} in the column {columns[column]!r}; expected a whole "
            "number from 0 to 255"
        )
    images = table[:, [places[i] for i in range(784)]].astype(np.uint8).reshape(-1, 28, 28)
    labels = table[:, columns.index("label")].astype(np.uint8) if "label" in columns else None
    if labels is not None and (labels > 9).any():
        raise ValueError(f"{path}: found the label {labels.max()}; expected digits from 0 to 9")
    return Dataset(images, labels, SOURCES["mnist"].classes)


def write_submission(path: StrPath, labels: ArrayLike) -> None:
    """Kaggle's answer file: the columns ImageId, counted from 1, and Label."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not ((labels >= 0) & (labels <= 9)).all():
        raise ValueError(
            f"write_submission: expected predicted digits from 0 to 9 of shape (N,), got shape {labels.shape} of "
            f"{labels.dtype}; model.predict(X) gives them"
        )
    rows = ["ImageId,Label", *(f"{i},{label}" for i, label in enumerate(labels, start=1))]
    with atomic_write(path) as file:
        file.write(("\n".join(rows) + "\n").encode("ascii"))


def read_submission(path: StrPath) -> NDArray[np.uint8]:
    """The labels (N,) of a submission file, whose form is checked."""
    header, *rows = regular(path).read_text(encoding="utf-8-sig", errors="replace").splitlines() or [""]
    if header != "ImageId,Label":
        raise ValueError(f"{path}: the first line is {header!r:.60}; expected 'ImageId,Label'")
    for i, row in enumerate(rows, start=1):
        image_id, _, label = row.partition(",")
        if image_id != str(i) or label not in SOURCES["mnist"].classes:
            raise ValueError(f"{path}: line {i + 1} is {row!r:.60}; expected '{i},' and a digit")
    return np.array([int(row.partition(",")[2]) for row in rows], dtype=np.uint8)


def _kaggle_columns(columns: list[str], path: StrPath) -> tuple[dict[int, int], list[int]]:
    """Where each pixel stands: its number from 0, counted row by row, to its column; and the columns not to be used."""
    styles = (
        {f"pixel{i}": i for i in range(784)},
        {f"pixel{i + 1}": i for i in range(784)},
        {f"{i // 28 + 1}x{i % 28 + 1}": i for i in range(784)},
    )
    style = max(styles, key=lambda style: sum(name in style for name in columns))  # the first of those that fit best
    expected = f"expected label, or none, and {' to '.join(list(style)[:: len(style) - 1])}, in any order"
    others = [i for i, name in enumerate(columns) if name not in style and name != "label"]
    for i, name in enumerate(columns):
        if name in columns[:i]:
            raise ValueError(f"{path}: column {i + 1} is {name!r:.40}, and so is one before it; {expected}")
        if i in others and not re.fullmatch("|index|id|imageid|unnamed: 0", name):
            raise ValueError(f"{path}: column {i + 1} of {len(columns)} is {name!r:.40}; {expected}")
    places = {style[name]: i for i, name in enumerate(columns) if name in style}
    if len(places) < len(style):
        missing = next(name for name, i in style.items() if i not in places)
        raise ValueError(f"{path}: none of its {len(columns)} columns is {missing!r}; {expected}")
    return places, others
