"""The explorer of chapter 08 that reads a drawn digit: the pad, the steps to the network's input, and its answer."""

from __future__ import annotations

from typing import NamedTuple

import ipywidgets as widgets
import numpy as np

from ...temperature import tempered
from ..pictures import charts, svg
from ..pictures.numbers import hedged_percent, number
from ..topics import digits
from . import explorer as base
from . import learner
from .explorer import Explorer, State, aligned
from .pad import Pad

CLASSES = range(10)
DIGIT_TEMPERATURES = [0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10]
TO_DO = "Draw a digit on the pad, with the mouse, a finger or the keyboard."
PICTURE = 144  # pixels of a step's picture, and wide enough for its caption
STEPS = ("drawn", "cropped", "scaled", "centred")
WIDTH, HEIGHT = svg.GAP + 4 * (PICTURE + svg.GAP), 368  # of the bars


class Reading(NamedTuple):
    """What a model makes of a drawing.

    steps: the pictures from the pad to the network. with_steps: the probabilities (10,) from the last of them; without:
    those from the pad as it stands; None where the model gives none, and problem says why.
    """

    steps: digits.Steps
    with_steps: np.ndarray | None
    without: np.ndarray | None
    problem: str

    @property
    def answer(self) -> str:
        """The likeliest digit and its probability, or "" where there is none."""
        return "" if self.is_empty or self.with_steps is None else answer(self.with_steps)

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink."""
        return self.steps.cropped.size == 0


class DigitState(State):
    """A drawn digit, the steps from its strokes to 28 x 28 pixels, and the probabilities softmax(z / T) of a model.

    model: what chapter 08 trains, a Classifier: model.logits(X) makes logits (1, 10) of a row (1, 784).
    """

    def __init__(self, model, strokes: digits.Strokes = (), temperature: float = 1.0):
        self.model, self.strokes, self.temperature = model, strokes, temperature

    def reading(self) -> Reading:
        """The steps, and what the model makes of the drawing with and without them."""
        steps = digits.steps(self.strokes)
        with_steps, problem = self.probabilities(steps.centred)
        return Reading(steps, with_steps, self.probabilities(digits.shrunk(steps.drawn))[0], problem)

    def probabilities(self, image: np.ndarray) -> tuple[np.ndarray | None, str]:
        """What the model makes of an image (28, 28): (10,) and "", or None and what is wrong with the model."""
        # .logits is looked up in what outcome() calls, so that a model without it is said in words, too.
        z, problem = learner.outcome(
            lambda X: self.model.logits(X), (1, len(CLASSES)), digits.inputs(image), who="the model"
        )
        if z is None:
            return None, problem
        if not np.isfinite(z).all():
            return None, "the model gave logits that are not finite"
        if not self.temperature > 0:
            return None, f"the temperature is {self.temperature}, and not a positive number"
        return tempered(z[0], self.temperature), ""

    def view(self) -> str:
        return self._figure(self.reading())

    def figure_and_sentence(self) -> tuple[str, str]:
        return self.shown(self.reading())

    def shown(self, found: Reading) -> tuple[str, str]:
        """view() and describe() of a reading."""
        return self._figure(found), self._spoken(found)

    def _figure(self, found: Reading) -> str:
        return svg.stacked(self._spoken(found), self._pictures(found), self._bars(found), caption=self._caption(found))

    def _pictures(self, found: Reading) -> str:
        """Each step as a picture, with its size."""
        captions = [f"{name} {' × '.join(map(str, step.shape))}" for name, step in zip(STEPS, found.steps)]
        captions = list(STEPS) if found.is_empty else captions
        pictures = [np.zeros((1, 1)) if step.size == 0 else step for step in found.steps]
        label = ", ".join(captions)
        return charts.pictures(pictures, captions, "From the pad to the network", label, columns=4, size=PICTURE)

    def _bars(self, found: Reading) -> str:
        """The ten probabilities, with the answer as their title; as large if there is something else to say."""
        if found.is_empty:
            return svg.message(TO_DO, "Nothing is drawn yet", WIDTH, HEIGHT)
        p = found.with_steps
        if p is None:
            return svg.message(f"There is no answer: {found.problem}.", "No answer", WIDTH, HEIGHT)
        names, texts = map(str, CLASSES), list(map(hedged_percent, p))
        title, length = f"It reads {found.answer}", WIDTH - 200
        return charts.bars(p, list(names), title, "probabilities", limits=(0, 1), texts=texts, length=length)

    def _caption(self, found: Reading) -> str:
        temperature = f"Temperature T = {number(self.temperature)}."
        if found.is_empty or found.without is None:
            return temperature
        answered = answer(found.without)
        return f"{temperature} Without the steps, from the whole pad shrunk to 28 × 28, it reads {answered}."

    def describe(self) -> str:
        return self._spoken(self.reading())

    def _spoken(self, found: Reading) -> str:
        """The answer in a sentence, short enough to be read aloud while drawing."""
        caption, p = self._caption(found), found.with_steps
        if found.is_empty:
            return f"The pad is empty. {TO_DO} {caption}"
        if p is None:
            return f"There is no answer: {found.problem}. {caption}"
        second = p.argsort()[-2]
        return f"It reads {found.answer}; then {second}, {hedged_percent(p[second])}. {caption}"

    def table(self) -> str:
        found = self.reading()
        if found.is_empty or found.with_steps is None or found.without is None:
            return self._spoken(found)
        columns = found.with_steps, found.without
        rows = [[str(digit), *(hedged_percent(p[digit]) for p in columns)] for digit in CLASSES]
        return aligned(["digit", "with the steps", "without"], rows) + "\n" + self._caption(found)


def answer(p: np.ndarray) -> str:
    """The likeliest digit of p (10,), with its probability: '3, 98 %'."""
    return f"{p.argmax()}, {hedged_percent(p.max())}"


# --- Live -------------------------------------------------------------------------------------------------------


class DigitExplorer(Explorer):
    """The pad beside the figure, which follows while one draws. pad: its strokes."""

    state: DigitState

    def __init__(self, state: DigitState):
        self.pad = Pad()
        self.pad.draw(state.strokes)
        temperature = base.slider_over("temperature T", DIGIT_TEMPERATURES, state.temperature)

        def read():
            state.strokes, state.temperature = self.pad.strokes, temperature.value

        super().__init__("Draw a digit", state, {"temperature": temperature}, read)
        self.pad.observe(self._changed, names="strokes")
        # Beside each other where there is room for both, else one below the other.
        answer = widgets.VBox([temperature, self.figure], layout={"flex": "1 1 400px", "min_width": "0"})
        beside = widgets.Layout(display="flex", flex_flow="row wrap", width="100%")
        self.children = [widgets.Box([self.pad, answer], layout=beside), self.status]

    def _figure_and_sentence(self) -> tuple[str, str]:
        found = self.state.reading()
        self.pad.answer = found.answer  # beside the pen, too
        return self.state.shown(found)

    def __repr__(self) -> str:
        return "Draw a digit: a pad that needs JupyterLab. The figure below shows its steps for a drawn 3."


def draw_digit(model) -> DigitExplorer:
    """A pad to draw on, the steps from there to the model's input, and its answer under a temperature slider."""
    return DigitExplorer(DigitState(model))
