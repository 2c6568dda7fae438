"""An explorer of chapter 07: a logit as a sum over the pixels. It takes arrays alone, as mistakes.py does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np

from ..pictures import charts, svg
from .explorer import LAYOUT, STYLE, Explorer, State, aligned, choice, names_of, numbered


class EvidenceState(State):
    """What each pixel of an image adds to the logits of two classes: x * W, pixel by pixel.

    images: (N, H, W), 0 to 255. labels: true classes (N,). W: weights (H * W, C), b: bias (C,), of a model whose
    inputs are pixels from 0 to 1. index: which image. classes: the two that are compared; None for the true class and
    the one with the largest logit among the others.
    """

    def __init__(self, images, labels, W, b, names: Sequence[str] = "0123456789", index: int = 0, classes=None):
        self.images, self.labels, self.W, self.b = map(np.asarray, (images, labels, W, b))
        pixels = math.prod(self.images.shape[1:])
        if self.images.ndim != 3 or 0 in self.images.shape or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"EvidenceState: images have shape {self.images.shape}, labels {self.labels.shape}; expected "
                "(N, H, W) and (N,), with N at least 1"
            )
        if self.b.ndim != 1 or self.W.shape != (pixels, len(self.b)) or len(self.b) < 2:
            raise ValueError(
                f"EvidenceState: W has shape {self.W.shape}, b {self.b.shape}; expected ({pixels}, C) and (C,), with "
                "at least two classes"
            )
        if self.labels.dtype.kind not in "iu" or not ((self.labels >= 0) & (self.labels < len(self.b))).all():
            raise ValueError(
                f"EvidenceState: expected labels from 0 to {len(self.b) - 1}, as b has {len(self.b)} numbers"
            )
        self.names, self.index = names_of(self.b, names), index
        self.classes = self.rivals() if classes is None else tuple(classes)

    def x(self) -> np.ndarray:
        """The image as the model sees it: (H * W,), from 0 to 1."""
        return self.images[self.index].reshape(-1) / 255

    def rivals(self) -> tuple[int, int]:
        """The true class, and the class with the largest logit among the others."""
        true, z = int(self.labels[self.index]), self.x() @ self.W + self.b
        z[true] = -np.inf
        return true, int(z.argmax())

    def parts(self) -> np.ndarray:
        """What each pixel adds to the logit of each of the two classes: (2, H, W)."""
        return (self.x()[:, None] * self.W[:, list(self.classes)]).T.reshape(2, *self.images.shape[1:])

    def sums(self) -> dict[str, np.ndarray]:
        """For each of the two classes (2,): the positive parts, the negative ones, the bias, and the logit."""
        parts = self.parts().reshape(2, -1)
        sums = {
            "pixels for it": np.maximum(parts, 0).sum(axis=1),
            "pixels against it": np.minimum(parts, 0).sum(axis=1),
        }
        sums["bias"] = self.b[list(self.classes)]
        return sums | {"logit": sum(sums.values())}

    def view(self) -> str:
        first, second = (self.names[k] for k in self.classes)
        size = 190
        title = f"true: {self._true()}"
        left = charts.pictures(self.images[self.index][None], ["pixels x"], title, "the image", columns=1, size=size)
        title = "x * W: + blue for, − black against"
        right = charts.pictures(self.parts(), [first, second], title, "its evidence", size=size, quantity="logits")
        cells = [[f"{value:.2f}" for value in row] for row in self.sums().values()]
        names = list(self.sums())
        table = charts.heat_map(
            list(self.sums().values()),
            names,
            [first, second],
            "logit = for + against + bias",
            "logits",
            texts=cells,
            cell=198,
        )
        pictures = svg.beside("pictures", left, right)
        return svg.beside(self.describe(), svg.stacked("both", pictures, table), caption=self._caption())

    def describe(self) -> str:
        columns = zip(*([f"{name} {value:.2f}" for value in row] for name, row in self.sums().items()))
        said = "; ".join(f"{self.names[k]}: {', '.join(column)}" for k, column in zip(self.classes, columns))
        return f"{self._which().capitalize()}, true class {self._true()}. {said}. {self._caption()}"

    def table(self) -> str:
        rows = [[name, *(f"{value:.2f}" for value in row)] for name, row in self.sums().items()]
        header = [f"{self._which()}, true: {self._true()}", *(self.names[k] for k in self.classes)]
        return aligned(header, rows) + "\n" + self._caption()

    def _which(self) -> str:
        """As the slider says it."""
        return f"image {self.index + 1} of {len(self.images)}"

    def _true(self) -> str:
        return self.names[self.labels[self.index]]

    def _caption(self) -> str:
        """The gap of the two logits, as a ratio of probabilities."""
        (a, b), (first, second) = self.sums()["logit"], (self.names[k] for k in self.classes)
        if self.classes[0] == self.classes[1]:
            return "Choose two different classes to compare them."
        if not math.isfinite(a - b):
            return "The logits are not finite."
        if a == b:
            return f"{first} and {second} are equally probable."
        if a < b:
            a, b, first, second = b, a, second, first
        ratio = float(f"{math.exp(min(a - b, 20)):.1g}")
        times = f"about {ratio:,g} times" if ratio < 1e6 else "more than a million times"
        return f"{first} leads by {a - b:.2f}, so it is {times} as probable as {second}."


def evidence(images, labels, W, b, names: Sequence[str] = "0123456789") -> Explorer:
    """Choose an image and two classes: what each pixel adds to their logits.

    A new image starts with its true class and that one's strongest rival.
    """
    state = EvidenceState(images, labels, W, b, names)
    stops = numbered([f"{i + 1} of {len(state.images)}" for i in range(len(state.images))])
    index = widgets.SelectionSlider(options=stops, description="image", style=STYLE, layout=LAYOUT)
    first, second = (choice(what, state.names, k) for what, k in zip(("class", "against"), state.classes))

    def read():
        if index.value != state.index:
            state.index = index.value
            first.value, second.value = state.rivals()
        state.classes = first.value, second.value

    return Explorer("Evidence", state, {"image": index, "class": first, "against": second}, read)
