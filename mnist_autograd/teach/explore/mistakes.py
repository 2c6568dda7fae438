"""An explorer of chapter 07: a classifier's mistakes, pair by pair.

It takes arrays alone, so that any classifier can be looked at: that of chapter 08, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np

from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import LAYOUT, STYLE, Explorer, State, aligned, choice, names_of, numbered

PAGES = 100  # of one pair, at most: a slider with more stops is hard to set
PICTURE = 216  # pixels


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
            return svg.message(self._caption(), self._pair_in_words(), width=620, height=360)
        title = f"true: {self.names[true]}"
        left = charts.pictures(
            self.images[i : i + 1], [f"read as {self.names[other]}"], title, f"image {i}", columns=1, size=PICTURE
        )
        words = [text for _, text in self._rows(i)]
        title = "probabilities"
        right = charts.bars(
            self.probabilities[i], self.names, title, title, limits=(0, 1), texts=words, length=PICTURE - 16
        )
        return svg.beside(self.describe(), left, right, caption=self._caption())

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
    true, other = (choice(what, state.names, k) for what, k in zip(("true class", "read as"), state.pair))
    page = widgets.SelectionSlider(options=numbered(state.pages()), description="image", style=STYLE, layout=LAYOUT)

    def read():
        pair = true.value, other.value
        if pair != state.pair:
            state.pair = pair
            page.options = numbered(state.pages())  # which leads back to the first
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
