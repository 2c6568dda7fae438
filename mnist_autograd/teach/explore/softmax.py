"""The explorers of chapter 01: softmax with a temperature, and the simplex."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets
import numpy as np

from ... import functional as F
from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import NAMES, Explorer, State, aligned, listed, names_of
from .learner import outcome, wrong_for_two_rows

# About evenly spaced on a log scale, with 0.1, 0.5, 1, 2 and 10 among them.
SOFTMAX_TEMPERATURES = [
    *(0.05, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8),
    *(1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.5, 15.0, 20.0),
]
PRESETS = {
    "start": [2.0, 1.0, 0.0, -1.0, -2.0],
    "uniform": [0.0, 0.0, 0.0, 0.0, 0.0],
    "one leader": [8.0, 0.0, 0.0, 0.0, 0.0],
    "a tie": [3.0, 3.0, 0.0, -1.0, -2.0],
    "huge logits": [1000.0, 999.0, 998.0, 0.0, -1000.0],
}


# --- A softmax of the learner's own -----------------------------------------------------------------------------


def probabilities_of(softmax: Callable, z: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray | None, str]:
    """As outcome, and the array must be a distribution."""
    p, problem = outcome(softmax, z.shape, z, axis=-1)
    if p is None:
        return None, problem
    for wrong, what in ((np.isnan(p), "nan"), (np.isinf(p), "inf"), (p < 0, "a negative number")):
        if wrong.any():
            return None, f"your function returned {what} for {listed(n for n, w in zip(names, wrong) if w)}"
    with np.errstate(all="ignore"):
        total = float(p.sum())
    if not abs(total - 1) < 1e-3:
        return None, f"the probabilities sum to {number(total)}, not 1"
    return p.astype(np.float64), ""


def difference(softmax: Callable, z: np.ndarray, p: np.ndarray, names: Sequence[str]) -> str:
    """Where a learner's probabilities p (C,) of logits z (C,) are not softmax's, for z or two rows; "" if nowhere."""
    expected = F.softmax(z).data
    worst = int(np.abs(p - expected).argmax())
    if abs(p[worst] - expected[worst]) > 1e-3:
        return f"not softmax: {names[worst]} is {number(p[worst])}, and should be {number(expected[worst])}"
    batch = np.stack([z, z[::-1]])
    wrong = wrong_for_two_rows(softmax, F.softmax(batch).data, batch, atol=1e-3)
    return wrong and f"right for one row of logits{wrong}"


# --- States -----------------------------------------------------------------------------------------------------


class SoftmaxState(State):
    """Logits (C,) at a temperature T: exp(z / T) and the probabilities, which share what is there.

    softmax: the function explored; it is called with z / T, float64 of shape (C,), and axis=-1; one that is not
    the engine's is also called with two rows, shape (2, C), and compared with the engine's.
    """

    def __init__(
        self,
        logits: Sequence[float] = tuple(PRESETS["start"]),
        temperature: float = 1.0,
        names: Sequence[str] = (*NAMES, "fish", "frog"),
        softmax: Callable = F.softmax,
    ):
        self.logits, self.temperature, self.names, self.softmax = list(logits), temperature, list(names), softmax

    def scaled(self, temperature: float | None = None) -> np.ndarray:
        """z / T, float64 of shape (C,)."""
        with np.errstate(all="ignore"):
            T = np.float64(self.temperature if temperature is None else temperature)
            return np.asarray(self.logits, dtype=np.float64) / T

    def exponentials(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.exp(self.scaled())

    def probabilities(self) -> tuple[np.ndarray | None, str]:
        """The probabilities (C,) and "", or None and what is wrong."""
        return probabilities_of(self.softmax, self.scaled(), self.labels())

    def labels(self) -> list[str]:
        return names_of(self.logits, self.names)

    def entropy(self) -> float:
        """-sum(p * log p) in nats; nan if there are no probabilities."""
        p, _ = self.probabilities()
        return math.nan if p is None else entropy(p)

    def view(self) -> str:
        p, problem = self.probabilities()
        names, title = self.labels(), "probabilities: each exp over their sum"
        e = self.exponentials()
        texts = ["inf: too large for float64" if np.isposinf(value) else number(value) for value in e]
        left = charts.bars(e, names, "exp(z / T)", "exponentials", texts=texts)
        if p is None:
            right = svg.message(problem, title)
        else:
            uniform = 1 / len(p)
            reference = (uniform, f"uniform {number(uniform)}")
            right = charts.bars(p, names, title, "probabilities", limits=(0, 1), reference=reference)
        return svg.beside(self._sentence(p, problem), left, right, caption=self._summary(p))

    def describe(self) -> str:
        return self._sentence(*self.probabilities())

    def table(self) -> str:
        p, problem = self.probabilities()
        shares = ["-"] * len(self.logits) if p is None else map(number, p)
        rows = [
            [name, number(z), number(e), share]
            for name, z, e, share in zip(self.labels(), self.logits, self.exponentials(), shares)
        ]
        return aligned(["class", "logit z", "exp(z / T)", "probability"], rows) + "\n" + (problem or self._summary(p))

    def _summary(self, p: np.ndarray | None) -> str:
        """T, entropy and the ratio of the two largest probabilities, or how they differ from softmax's."""
        summary = f"T = {number(self.temperature)}"
        if p is None:
            return summary
        if self.softmax is not F.softmax and (wrong := difference(self.softmax, self.scaled(), p, self.labels())):
            return f"{summary}; {wrong}"
        summary += f"; entropy {number(entropy(p))} of at most log {len(p)} = {number(math.log(len(p)))} nats"
        return summary + self._ratio(p)

    def _ratio(self, p: np.ndarray) -> str:
        if len(p) < 2:
            return ""
        first, second = np.argsort(-p, kind="stable")[:2]
        names = self.labels()
        if p[second] == 0:
            return f"; {names[first]} has all, the others 0"
        ratio = number(p[first] / p[second])
        if ratio == "1":
            return f"; {names[first]} and {names[second]} are equally probable"
        return f"; {names[first]} is {ratio} times as probable as {names[second]}"

    def _sentence(self, p: np.ndarray | None, problem: str) -> str:
        if p is None:
            return f"At temperature {number(self.temperature)}: {problem}."
        shares = listed(f"{name} {number(q)}" for name, q in zip(self.labels(), p))
        return f"Probabilities: {shares}; {self._summary(p)}."


class SimplexState(SoftmaxState):
    """Three logits: their probabilities are a point of a triangle, which the temperature moves along a path.

    The path leads from T = 0.05, near the corner of the largest logit, to T = 20, near the middle.
    """

    def __init__(
        self,
        logits: Sequence[float] = (1.0, 0.5, 0.0),
        temperature: float = 1.0,
        names: Sequence[str] = NAMES,
        softmax: Callable = F.softmax,
    ):
        super().__init__(logits, temperature, names, softmax)

    def trail(self) -> list[np.ndarray]:
        """The probabilities (3,) at each of SOFTMAX_TEMPERATURES at which there are any."""
        found = (probabilities_of(self.softmax, self.scaled(T), self.labels())[0] for T in SOFTMAX_TEMPERATURES)
        return [p for p in found if p is not None]

    def view(self) -> str:
        p, problem = self.probabilities()
        names = self.labels()
        title = "the simplex: all ways to share 1"
        bars = charts.bars(self.logits, names, "logits z", "logits")
        right = svg.message(problem, title) if p is None else charts.simplex(p, names, title, self.trail(), size=240)
        return svg.beside(self._sentence(p, problem), bars, right, caption=self._summary(p))


def entropy(p: np.ndarray) -> float:
    """-sum(p * log p) in nats, where 0 * log 0 is 0."""
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


# --- Live -------------------------------------------------------------------------------------------------------


def softmax(softmax: Callable = F.softmax) -> Explorer:
    """Five logits, a temperature and names under controls: exponentials, probabilities, entropy."""
    state = SoftmaxState(softmax=softmax)
    sliders = _logit_sliders(state)
    names = widgets.Text(", ".join(state.names), description="class names", style=base.STYLE, layout={"width": "610px"})
    temperature = _temperature_slider(state)

    def read():
        _read_sliders(state, sliders, temperature)
        state.names = names.value.split(",")
        for slider, name in zip(sliders.values(), state.labels()):
            slider.description = svg.shortened(name, 90)

    def load(logits):
        explorer.show(sliders.values(), logits, reach=max(base.LOGIT_REACH, *map(abs, logits)))

    presets = base.buttons({name: functools.partial(load, logits) for name, logits in PRESETS.items()})
    controls = {**sliders, "temperature": temperature, "names": names, **presets}
    explorer = Explorer("Softmax", state, controls, read)
    return explorer


def simplex(softmax: Callable = F.softmax) -> Explorer:
    """Three logits and a temperature under sliders: the point of the triangle and its path."""
    state = SimplexState(softmax=softmax)
    sliders, temperature = _logit_sliders(state), _temperature_slider(state)
    controls = {**sliders, "temperature": temperature}
    return Explorer("Simplex", state, controls, lambda: _read_sliders(state, sliders, temperature))


def _logit_sliders(state: SoftmaxState) -> dict[str, widgets.FloatSlider]:
    """A slider for each logit, described by the name of its class."""
    named = enumerate(zip(state.labels(), state.logits), start=1)
    return {f"logit {i}": base.slider(name, logit) for i, (name, logit) in named}


def _temperature_slider(state: SoftmaxState) -> widgets.SelectionSlider:
    return base.slider_over("temperature T", SOFTMAX_TEMPERATURES, state.temperature)


def _read_sliders(state: SoftmaxState, sliders: Mapping[str, widgets.FloatSlider], temperature) -> None:
    state.logits, state.temperature = [slider.value for slider in sliders.values()], temperature.value
