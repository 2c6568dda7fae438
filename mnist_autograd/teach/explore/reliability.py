"""The explorer of chapter 10: a reliability diagram, and the temperature that mends it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import functional as F
from ..pictures import svg
from ..pictures.numbers import number, percent
from ..pictures.svg import GAP, GREY, TITLE
from ..topics import calibration
from . import explorer as base
from .explorer import Explorer, State, aligned

TEMPERATURES = [
    *(0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.1, 2.2, 2.4),
    *(2.6, 2.8, 3, 3.5, 4, 5, 7, 10),
]
BINS = (1, 2, 5, 10)
LEFT, SIDE, HIGH = 104, 510, 250  # the margin, the width and the height of the diagram


class ReliabilityState(State):
    """How often classifications are right, by how sure the classifier is of them, at a temperature T.

    logits (N, C) and labels (N,); None: a made-up classifier whose logits are twice what they should be. bins: how many
    classes of confidence there are, of equal width.
    """

    def __init__(self, logits=None, labels=None, T: float = 1.0, bins: int = calibration.BINS):
        if logits is None:
            logits, labels = calibration.overconfident()
        self.logits, self.labels = calibration.checked("reliability explorer", logits, labels)
        self.T, self.bins = T, bins

    def result(self) -> tuple[calibration.Reliability, float, float] | None:
        """The bins, the NLL and the accuracy at this temperature; None where there are no probabilities."""
        with np.errstate(all="ignore"):
            l = F.log_softmax(self.logits / np.float64(self.T)).data
            p = np.exp(l)
        if not (self.T > 0 and np.isfinite(p).all()):
            return None
        nll = -l[np.arange(len(self.labels)), self.labels].mean()
        return (
            calibration.reliability(p, self.labels, self.bins),
            float(nll),
            float((p.argmax(axis=1) == self.labels).mean()),
        )

    def view(self) -> str:
        return self.figure_and_sentence()[0]

    def describe(self) -> str:
        return self._spoken(self.result())

    def figure_and_sentence(self) -> tuple[str, str]:
        result = self.result()
        sentence = self._spoken(result)
        if result is None:
            return svg.message(sentence, "reliability"), sentence
        title = f"right answers by confidence, T = {number(self.T)}" + "; dashed: both equal" * (self.bins > 1)
        return svg.beside(sentence, diagram(result[0], title), caption=self._summary(result)), sentence

    def _spoken(self, result) -> str:
        if result is None and self.T > 0 and not np.isfinite(self.logits).all():
            return "No probabilities: the logits hold nan or infinity; they must be finite numbers."
        if result is None:
            return (
                f"No probabilities at the temperature {number(self.T)}: it must be a positive number, and not extreme."
            )
        parts = [
            f"{low} to {high} % sure: {count} examples, on average {percent(sure)} % sure, {percent(right)} % right"
            for low, high, count, sure, right in _rows(result[0])
            if count
        ]
        return f"{self._summary(result)} {'; '.join(parts)}."

    def table(self) -> str:
        result = self.result()
        if result is None:
            return self._spoken(result)
        rows = [
            [f"{low} to {high} %", str(count), percent(sure), percent(right), percent(sure - right)]
            for low, high, count, sure, right in _rows(result[0])
        ]
        header = [f"T = {number(self.T)}", "examples", "sure (%)", "right (%)", "gap (%)"]
        return aligned(header, rows) + "\n" + self._summary(result)

    def _summary(self, result) -> str:
        bins, nll, accuracy = result
        return (
            f"T = {number(self.T)}: expected calibration error {percent(bins.ece)} %, NLL {number(nll)}, "
            f"accuracy {percent(accuracy)} %."
        )


def _rows(bins: calibration.Reliability):
    """Of each bin its ends in words, how many examples it has, their mean confidence and the share that is right."""
    ends = [percent(end, 0) for end in bins.edges]
    return zip(ends, ends[1:], bins.count.tolist(), bins.confidence.tolist(), bins.accuracy.tolist())


def diagram(bins: calibration.Reliability, title: str) -> str:
    """A bar for the share of right answers in each bin, a mark at the mean confidence, and how many examples."""
    width, bottom = SIDE / len(bins.count), TITLE + 24 + HIGH

    def x(i: float) -> float:
        return LEFT + i * width

    def y(share: float) -> float:
        return bottom - share * HIGH

    elements = [svg.text(LEFT - 8, y(1) - 14, "right (%)", text_anchor="end")]
    elements += [svg.text(GAP, *place) for place in ((bottom + 22, "sure (%)"), (bottom + 46, "examples"))]
    for share in (0, 0.5, 1):
        elements.append(svg.line(LEFT, y(share), LEFT + SIDE, y(share), stroke="#DDDDDD"))
        elements.append(svg.text(LEFT - 8, y(share) + 5, percent(share, 0), text_anchor="end", fill=GREY))
    marks = []
    for i, (count, sure, right) in enumerate(zip(bins.count, bins.confidence, bins.accuracy)):
        middle = x(i + 0.5)
        elements.append(svg.text(middle, bottom + 46, str(count), text_anchor="middle"))
        if not count:
            continue
        box = {"x": x(i) + 3, "width": width - 6, "y": y(right), "height": right * HIGH}
        elements.append(svg.tag("rect", fill=svg.COLOURS["probabilities"], **box))
        marks.append(svg.line(x(i) + 3, y(sure), x(i + 1) - 3, y(sure), stroke="black", stroke_width=4))
        # The figure stands inside a tall bar, at its foot, where neither the mark nor the diagonal is.
        marks.append(svg.text(middle, bottom - 8, percent(right, 0), text_anchor="middle", **svg.HALO))
    for i, end in enumerate(bins.edges):
        elements.append(svg.text(x(i), bottom + 22, percent(end, 0), text_anchor="middle", fill=GREY))
    look = {"stroke": "black", "stroke_dasharray": "6 5"}
    if len(bins.count) > 1:  # of a single bin the place says nothing
        elements.append(svg.line(LEFT, bottom, LEFT + SIDE, y(1), **look))
    elements += marks
    key = bottom + 68
    elements.append(svg.tag("rect", x=LEFT, y=key - 11, width=22, height=12, fill=svg.COLOURS["probabilities"]))
    elements.append(svg.text(LEFT + 30, key, "share that is right"))
    elements.append(svg.line(LEFT + 190, key - 5, LEFT + 212, key - 5, stroke="black", stroke_width=4))
    elements.append(svg.text(LEFT + 220, key, "mean confidence"))
    label = "; ".join(
        f"{low} to {high} %: {count} examples" + f", sure {percent(sure)} %, right {percent(right)} %" * (count > 0)
        for low, high, count, sure, right in _rows(bins)
    )
    return svg.titled(LEFT + SIDE + 3 * GAP, key + GAP, title, label, *elements)


# --- Live -------------------------------------------------------------------------------------------------------


def reliability(logits: Sequence | np.ndarray | None = None, labels=None) -> Explorer:
    """Temperature and number of bins under sliders: what becomes of the bars, the calibration error and the NLL."""
    state = ReliabilityState(logits, labels)
    temperature = base.slider_over("temperature", TEMPERATURES, state.T)
    bins = base.slider_over("bins", BINS, state.bins)

    def read():
        state.T, state.bins = float(temperature.value), int(bins.value)

    return Explorer("Reliability", state, {"temperature": temperature, "bins": bins}, read)
