"""The explorers of chapter 07: a classifier's mistakes, pair by pair, and a logit as a sum over the pixels.

Both take arrays alone, so that any classifier can be looked at: that of chapter 08, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np

from . import charts
from . import explore_base as base
from .charts import number
from .explore_base import LAYOUT, STYLE, Explorer, State, aligned, names_of

PAGES = 100  # of one pair, at most: a slider with more stops is hard to set
PICTURE = 216  # pixels


# --- Mistakes, pair by pair -------------------------------------------------------------------------------------


class MistakesState(State):
    """The images of one true class that were read as another, one at a time, with their probabilities.

    images: (N, H, W), 0 to 255. labels: true classes (N,). probabilities: (N, C), for example those of
    Classifier.probabilities. names: of the classes. pair: (true class, class it was read as); None for the pair with
    the most mistakes. page: which image of the pair, the surest first.
    """

    def __init__(self, images, labels, probabilities, names: Sequence[str] = "0123456789", pair=None, page: int = 0):
        self.images, self.labels, self.probabilities = map(np.asarray, (images, labels, probabilities))
        shapes = [array.shape for array in (self.images, self.labels, self.probabilities)]
        fit = len({shape[:1] for shape in shapes}) == 1 and [len(shape) for shape in shapes] == [3, 1, 2]
        if not fit or 0 in shapes[0]:
            raise ValueError(
                "MistakesState: images have shape {}, labels {}, probabilities {}; expected (N, H, W), (N,) and "
                "(N, C), with N at least 1".format(*shapes)
            )
        count = shapes[2][1]
        if self.labels.dtype.kind not in "iu" or not ((self.labels >= 0) & (self.labels < count)).all():
            raise ValueError(
                f"MistakesState: expected labels from 0 to {count - 1}, as there are {count} probabilities"
            )
        sums, least = self.probabilities.sum(axis=1), self.probabilities.min(axis=1)
        odd = np.isfinite(sums) & ((least < 0) | (abs(sums - 1) > 0.01))  # nan, of a model that diverged, may be seen
        if odd.any():
            i = odd.argmax()
            raise ValueError(
                f"MistakesState: the probabilities of image {i} add up to {sums[i]:g}, the least is {least[i]:g}; "
                "expected none below 0 and a sum of 1 in each row, as Classifier.probabilities or softmax gives them"
            )
        self.names = names_of(range(count), names)
        self.read_as = self.probabilities.argmax(axis=1)
        self.counts = np.zeros((count, count), int)
        np.add.at(self.counts, (self.labels, self.read_as), 1)
        self.pair, self.page = self.largest_pairs()[0] if pair is None else tuple(pair), page

    def largest_pairs(self) -> list[tuple[int, int]]:
        """All pairs (true, read as) of two classes, those with the most mistakes first."""
        mistakes = self.counts - np.diag(np.diag(self.counts) + 1)  # -1 on the diagonal, which comes last
        order = np.argsort(-mistakes, axis=None, kind="stable")
        pairs = [divmod(int(i), len(self.names)) for i in order]
        return [(true, other) for true, other in pairs if true != other] or [(0, 0)]

    def mistaken_pairs(self) -> list[tuple[int, int]]:
        """The largest_pairs() that have a mistake."""
        return [(true, other) for true, other in self.largest_pairs() if true != other and self.counts[true, other]]

    def members(self) -> np.ndarray:
        """Where the images of the pair are, the surest first, no more than PAGES."""
        true, other = self.pair
        found = ((self.labels == true) & (self.read_as == other)).nonzero()[0]
        return found[np.argsort(-self.probabilities[found, other], kind="stable")][:PAGES]

    def pages(self) -> list[str]:
        """What the slider calls each image of the pair; one word if there is none."""
        count = len(self.members())
        return [f"{i + 1} of {count}" for i in range(count)] or ["none"]

    def shown(self) -> int | None:
        """Where the image is that is shown, None if the pair has none."""
        members = self.members()
        return int(members[min(max(int(self.page), 0), len(members) - 1)]) if len(members) else None

    def view(self) -> str:
        i, (true, other) = self.shown(), self.pair
        if i is None:
            return charts.message(self._caption(), self._pair_in_words(), width=620, height=360)
        title = f"true: {self.names[true]}"
        left = charts.pictures(
            self.images[i : i + 1], [f"read as {self.names[other]}"], title, f"image {i}", columns=1, size=PICTURE
        )
        words = [text for _, text in self._rows(i)]
        title = "probabilities"
        right = charts.bars(
            self.probabilities[i], self.names, title, title, limits=(0, 1), texts=words, length=PICTURE - 16
        )
        return charts.beside(self.describe(), left, right, caption=self._caption())

    def describe(self) -> str:
        i = self.shown()
        if i is None:
            return self._caption()
        said = "; ".join(f"{name} {words}" for name, words in self._rows(i))
        return f"{self._caption()} Its place in the data is {i}. Probabilities: {said}."

    def table(self) -> str:
        i = self.shown()
        if i is None:
            return self._caption()
        return aligned([self._pair_in_words(), "probability"], self._rows(i)) + "\n" + self._caption()

    def _rows(self, i: int) -> list[tuple[str, str]]:
        """Name and probability of each class for image i, with a word at the true class and the one read."""
        roles = {self.read_as[i]: " read", self.labels[i]: " true"}
        if self.read_as[i] == self.labels[i]:
            roles = {self.labels[i]: " right"}
        words = [f"{p:.2f}" if math.isfinite(p) else number(p) for p in self.probabilities[i].tolist()]
        return [(name, word + roles.get(k, "")) for k, (name, word) in enumerate(zip(self.names, words))]

    def _pair_in_words(self) -> str:
        true, other = (self.names[k] for k in self.pair)
        return f"{true} read as {other}"

    def _caption(self) -> str:
        true, other = self.pair
        count, total = self.counts[true, other], self.counts[true].sum()
        if true == other:
            return f"{self._pair_in_words()} is no mistake: {count} of {total} are read right. {self._page_in_words()}"
        if count == 0:
            of_all = "" if self.mistaken_pairs() else " There are no mistakes at all."
            return f"{self._pair_in_words()}: no mistakes. None of {total} images is read so.{of_all}"
        ending = "" if count == 1 else "s"
        return f"{self._pair_in_words()}: {count} mistake{ending} in {total} images. {self._page_in_words()}"

    def _page_in_words(self) -> str:
        members = self.members()
        if not len(members):
            return "No image to show."
        place = min(max(int(self.page), 0), len(members) - 1) + 1
        of_these = f" The surest {PAGES} are here." if self.counts[self.pair] > PAGES else ""
        return f"Image {place} of {len(members)}; the surest come first.{of_these}"


def mistakes(images, labels, probabilities, names: Sequence[str] = "0123456789") -> Explorer:
    """Choose a true class and the class it was read as; a slider pages through the images of this pair."""
    state = MistakesState(images, labels, probabilities, names)
    true, other = (_choice(what, state.names, k) for what, k in zip(("true class", "read as"), state.pair))
    page = widgets.SelectionSlider(options=_numbered(state.pages()), description="image", style=STYLE, layout=LAYOUT)

    def read():
        pair = true.value, other.value
        if pair != state.pair:
            state.pair = pair
            page.options = _numbered(state.pages())  # which leads back to the first
        state.page = page.value

    def go_to(place: int):
        pairs = state.mistaken_pairs() or state.largest_pairs()
        with explorer.held():
            true.value, other.value = pairs[place % len(pairs)]
            page.index = 0

    def next_pair():
        pairs = state.mistaken_pairs()
        go_to(pairs.index(state.pair) + 1 if state.pair in pairs else 0)

    pressed = base.buttons({"largest pair": lambda: go_to(0), "next pair": next_pair})
    controls = {"true class": true, "read as": other, "image": page, **pressed}
    explorer = Explorer("Mistakes", state, controls, read)
    return explorer


# --- A logit as a sum over the pixels ---------------------------------------------------------------------------


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
        pictures = charts.beside("pictures", left, right)
        return charts.beside(self.describe(), charts.stacked("both", pictures, table), caption=self._caption())

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
    stops = _numbered([f"{i + 1} of {len(state.images)}" for i in range(len(state.images))])
    index = widgets.SelectionSlider(options=stops, description="image", style=STYLE, layout=LAYOUT)
    first, second = (_choice(what, state.names, k) for what, k in zip(("class", "against"), state.classes))

    def read():
        if index.value != state.index:
            state.index = index.value
            first.value, second.value = state.rivals()
        state.classes = first.value, second.value

    return Explorer("Evidence", state, {"image": index, "class": first, "against": second}, read)


def _choice(description: str, names: Sequence[str], value: int) -> widgets.Dropdown:
    """A menu of the classes, whose value is the number of one."""
    return widgets.Dropdown(options=_numbered(names), value=value, description=description, style=STYLE, layout=LAYOUT)


def _numbered(words: Sequence[str]) -> list[tuple[str, int]]:
    return [(word, i) for i, word in enumerate(words)]
