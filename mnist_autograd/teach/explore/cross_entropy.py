"""The explorer of chapter 05: the loss of one example, its gradient p - y, and gradient steps on the logits."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence

import ipywidgets as widgets
import numpy as np

from ... import functional as F
from ...gradcheck import vjp
from ..pictures import charts, numbers, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import NAMES, Explorer, State, aligned, listed, names_of
from .learner import outcome

START = (2.0, 1.0, 0.1)
LEARNING_RATES = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
FARTHEST = 1e6  # no step takes a logit beyond: a browser's slider needs a range whose width is a float, too
NOISE = 1e-10  # below it, 1 - p and the loss have fewer than the digits shown: in float64, 1 + 1e-16 is 1
CURVE_TOP = 6.0  # the largest loss on the curve -log p
CURVE = np.linspace(CURVE_TOP, 0, 61)
DRAWN = 100  # at most so many of the losses are drawn, evenly spaced


# --- The gradient, by the engine and by a learner's function ----------------------------------------------------


def engines_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient (N, C) of the mean loss with respect to logits z (N, C); y (N,) are the true classes."""
    with np.errstate(all="ignore"):
        return vjp(lambda logits: F.cross_entropy(logits, y), z)


def verdict(gradient: Callable, z: np.ndarray, target: int, g: np.ndarray) -> str:
    """How a learner's gradient g (C,) of logits z (C,) compares with the engine's, for z and for a batch of two."""
    names, expected = names_of(z), engines_gradient(z[None], np.array([target]))[0]
    worst = int(np.abs(g - expected).argmax())
    if not abs(g[worst] - expected[worst]) <= 1e-3:
        return f"your gradient is {shown(g[worst])} for {names[worst]}, and should be {shown(expected[worst])}"
    batch, targets = np.stack([z, z[::-1]]), np.array([target, (target + 1) % len(z)])
    rows, problem = outcome(gradient, batch.shape, batch, targets)
    right = engines_gradient(batch, targets)
    if rows is None:
        return f"your gradient is right for one example; for two, {problem}"
    if np.allclose(rows, right, atol=1e-3):
        return "your gradient is right, for one example and for two"
    if np.allclose(rows, 2 * right, atol=1e-3):
        return "your gradient is right for one example; for two it is twice too large: the loss is a mean, divide by N"
    return f"your gradient is right for one example, but not for two, shape {batch.shape}"


# --- Numbers ----------------------------------------------------------------------------------------------------


def shown(value: float) -> str:
    """A loss or a gradient in four digits, all of which are true."""
    return number(0.0 if abs(value) < NOISE else value)


def above_bars(values: Iterable[float], say: Callable = number) -> list[str]:
    """What stands above vertical bars: where four digits have no room, two."""
    texts = [(value, say(value)) for value in values]
    return [f"{numbers.settled(v):.2g}" if len(text) > 8 and math.isfinite(v) else text for v, text in texts]


def axis_end(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, ..., 0.1, 0.2, ...: where an axis may end."""
    if not (0 < value < math.inf):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 5) if value < 1.001 * step * power), 10 * power)


# --- The state --------------------------------------------------------------------------------------------------


class CrossEntropyState(State):
    """Logits (C,) and the true class: the loss -log p, its gradient p - y, and gradient steps on the logits.

    losses: the one at the start, then one after each step. gradient: a learner's function of logits z (N, C) and true
    classes y (N,) that returns the gradient (N, C) of the mean loss; None: the engine's. Steps use it for N = 1; it is
    compared with the engine's for N = 1 and N = 2.

    No learning rate is too large for one example: p - y is negative for the true class and positive for the others, so
    each step raises that logit, lowers the others, and with them the loss.
    """

    def __init__(
        self,
        logits: Sequence[float] = START,
        target: int = 0,
        learning_rate: float = 1.0,
        gradient: Callable | None = None,
    ):
        self.learning_rate, self.gradient = learning_rate, gradient
        self.start_from(logits, target)

    def start_from(self, logits: Sequence[float], target: int) -> None:
        """Put other logits, or another true class: the list of losses starts anew."""
        if target not in range(len(logits)):
            raise ValueError(f"start_from: target is {target}; expected a class from 0 to {len(logits) - 1}")
        self.logits, self.target = [float(z) for z in logits], int(target)
        self.losses = [self.loss()]

    def loss(self) -> float:
        """-log p of the true class, by way of log-softmax: finite even where p is 0."""
        with np.errstate(all="ignore"):
            return F.cross_entropy(np.array(self.logits), self.target).item()

    def probabilities(self) -> np.ndarray:
        """p, shape (C,)."""
        with np.errstate(all="ignore"):
            return F.softmax(np.array(self.logits)).data

    def one_hot(self) -> np.ndarray:
        """y, shape (C,)."""
        return F.one_hot(self.target, len(self.logits)).data

    def gradient_of_logits(self) -> np.ndarray | str:
        """The gradient (C,) that a step uses, or what is wrong."""
        z, y, names = np.array([self.logits]), np.array([self.target]), names_of(self.logits)
        for name, logit in zip(names, self.logits):
            if not math.isfinite(logit):
                return f"{name}'s logit is {number(logit)}"
        if self.gradient is None:
            return engines_gradient(z, y)[0]
        g, problem = outcome(self.gradient, z.shape, z, y)
        if g is None:
            return problem
        bad = [f"{value:g} for {name}" for name, value in zip(names, g[0]) if not math.isfinite(value)]
        return f"your function returned {listed(bad)}" if bad else g[0].astype(np.float64)

    def step(self) -> None:
        """One gradient step on the logits; none where that is not possible, and describe() says why."""
        z = self._stepped(self.gradient_of_logits())
        if not isinstance(z, str):
            self.logits = z.tolist()
            self.losses.append(self.loss())

    def _stepped(self, g: np.ndarray | str) -> np.ndarray | str:
        """The logits (C,) after a step along -g, or why there is none."""
        if isinstance(g, str):
            return g
        with np.errstate(all="ignore"):
            z = np.array(self.logits) - np.float64(self.learning_rate) * g
        for name, value in zip(names_of(z), z):
            if not abs(value) <= FARTHEST:
                return f"it would put {name}'s logit at {number(value)}, and this explorer ends at {FARTHEST:,.0f}"
        return z

    # --- In pictures --------------------------------------------------------------------------------------------

    def view(self) -> str:
        g = self.gradient_of_logits()
        summary = self._summary(g)
        first = svg.beside("the loss", self._curve(), self._losses_so_far())
        second = svg.beside("p, y and the gradient", *self._bars(g))
        return svg.stacked(self._sentence(summary), first, second, caption=summary)

    def _curve(self) -> str:
        """The loss as a point of the curve -log p."""
        name, loss, p = names_of(self.logits)[self.target], self.loss(), self._p()
        beyond = not loss <= CURVE_TOP
        y_label = f"loss: {number(loss)}, off this curve" if beyond else "loss"
        return charts.lines(
            {"-log p": (np.exp(-CURVE), CURVE, "losses")},
            f"the loss: -log p of {name}",
            f"p of {name}",
            y_label,
            marker=None if beyond else (p, 0.0 if loss < NOISE else loss),
            including=[(0, 0)],
            width=380,
            height=220,
        )

    def _losses_so_far(self) -> str:
        steps = len(self.losses) - 1
        at = sorted({*range(0, steps, math.ceil(steps / DRAWN) or 1), steps})
        losses = [0.0 if self.losses[i] < NOISE else self.losses[i] for i in at]
        return charts.lines(
            {"loss": (at, losses, "losses")},
            "losses so far",
            "step",
            "loss",
            marker=(steps, losses[-1]),
            including=[(0, 0), (max(2, steps + steps % 2), axis_end(max(losses)))],
            width=352,
            height=220,
        )

    def _bars(self, g: np.ndarray | str) -> list[str]:
        """p, y and the gradient, to one scale: a bar of the third is as long as the first less the second."""
        p, y, names = self.probabilities(), self.one_hot(), names_of(self.logits)
        title = "p - y" if self.gradient is None else "your gradient"
        if isinstance(g, str):
            third = svg.message(g, title, width=244)
        else:
            with np.errstate(all="ignore"):
                title = f"{title}: sum {shown(g.sum())}"
            texts = above_bars(g, shown)
            third = charts.bars(g, names, title, "gradients", texts=texts, limits=(-1, 1), length=140, vertical=True)
        upright = functools.partial(charts.bars, names=names, limits=(0, 1), length=70, vertical=True)
        return [
            upright(p, title="p: probabilities", quantity="probabilities", texts=above_bars(p)),
            upright(y, title="y: one-hot", quantity="targets"),
            third,
        ]

    # --- In words -----------------------------------------------------------------------------------------------

    def describe(self) -> str:
        return self._sentence(self._summary(self.gradient_of_logits()))

    def table(self) -> str:
        g = self.gradient_of_logits()
        p, y = self.probabilities(), self.one_hot()
        columns = [names_of(p), map(number, self.logits), map(number, p), map(number, y), map(shown, p - y)]
        header = ["class", "logit z", "p", "y", "p - y"]
        if self.gradient is not None:
            header.append("your gradient")
            columns.append(["-"] * len(p) if isinstance(g, str) else map(shown, g))
        rows = [list(row) for row in zip(*columns)]
        return "\n".join([aligned(header, rows), self._summary(g), self._list_of_losses()])

    def _sentence(self, summary: str) -> str:
        names = names_of(self.logits)
        shares = listed(f"{name} {number(p)}" for name, p in zip(names, self.probabilities()))
        return f"True class {names[self.target]}; p = {shares}. {summary} {self._list_of_losses()}"

    def _summary(self, g: np.ndarray | str) -> str:
        parts = [self._loss_in_words(), f"z = {listed(map(number, self.logits))}"]
        if not isinstance(g, str):
            parts.append(f"{'p - y' if self.gradient is None else 'your gradient'} = {listed(map(shown, g))}")
        parts.append(f"{self._count()}; learning rate {number(self.learning_rate)}")
        if isinstance(z := self._stepped(g), str):
            parts.append(f"no step is possible: {z}")
        if self.gradient is not None and not isinstance(g, str):
            parts.append(verdict(self.gradient, np.array(self.logits), self.target, g))
        return "; ".join(parts) + "."

    def _loss_in_words(self) -> str:
        loss, p = self.loss(), self._p()
        if not math.isfinite(loss):
            return f"Loss {number(loss)}"
        if p == 0:
            name = names_of(self.logits)[self.target]
            return f"Loss {number(loss)} by log-softmax; p of {name} is 0, too small for float64, and -log 0 is inf"
        nearly_one = number(p) == "1" and loss >= NOISE
        return f"Loss {shown(loss)} = -log {f'(1 - {number(1 - p)})' if nearly_one else number(p)}"

    def _count(self) -> str:
        steps = len(self.losses) - 1
        return f"after {steps} step{'s' * (steps > 1)}" if steps else "before the first step"

    def _list_of_losses(self) -> str:
        """The last five losses."""
        return f"Losses so far: {'..., ' * (len(self.losses) > 5)}{listed(map(shown, self.losses[-5:]))}."

    def _p(self) -> float:
        """The probability of the true class."""
        return float(self.probabilities()[self.target])


# --- Live -------------------------------------------------------------------------------------------------------


def shows(slider: widgets.FloatSlider, z: float) -> bool:
    """Whether a slider stands where its logit is, and so has not been moved by hand.

    A slider has one decimal, the state all digits; and a browser that draws a slider anew sends its value back, rounded
    to the slider's step with an error in the last digits.
    """
    return min(abs(slider.value - z), abs(slider.value - round(z, base.DECIMALS))) < 1e-6


def cross_entropy(gradient: Callable | None = None) -> Explorer:
    """Three logits, the true class and a learning rate under controls, and buttons that take gradient steps."""
    state = CrossEntropyState(gradient=gradient)
    sliders = {f"logit {name}": base.slider(name, z) for name, z in zip(NAMES, state.logits)}
    classes = [(name, i) for i, name in enumerate(NAMES)]
    target = widgets.Dropdown(
        options=classes, value=state.target, description="true class", style=base.STYLE, layout=base.LAYOUT
    )
    rate = base.slider_over("learning rate", LEARNING_RATES, state.learning_rate)

    def read():
        logits = [z if shows(slider, z) else slider.value for slider, z in zip(sliders.values(), state.logits)]
        state.learning_rate = rate.value
        if (logits, target.value) != (state.logits, state.target):  # moved by hand
            state.start_from(logits, target.value)

    def show_logits():
        values, reach = [round(z, base.DECIMALS) for z in state.logits], base.LOGIT_REACH
        while reach < max(map(abs, values)):
            reach *= 2
        explorer.show(sliders.values(), values, reach)

    def take(steps: int):
        for _ in range(steps):
            state.step()
        show_logits()

    def start_again():
        state.start_from(START, state.target)
        show_logits()

    steps = {"take one gradient step": lambda: take(1), "take ten steps": lambda: take(10), "start again": start_again}
    controls = {**sliders, "true class": target, "learning rate": rate, **base.buttons(steps)}
    explorer = Explorer("Cross-entropy", state, controls, read)
    return explorer
