"""The explorer of chapter 08: a network that is trained live, in small slices, while its controls are moved."""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Callable, Mapping
from itertools import pairwise

import ipywidgets as widgets
import numpy as np

from ..pictures import charts, numbers, svg
from . import explorer as base
from .explorer import Explorer, State, aligned
from .mlp_run import ACTIVATIONS, PICTURED, MlpTraining

HIDDEN = [4, 16, 64, 128, 256, 512]
LEARNING_RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 1.0, 10.0]
MOMENTA = [0.0, 0.5, 0.9, 0.95, 0.99]
BATCH_SIZES = [16, 32, 64, 128, 256, 512, 1024]
WEIGHT_DECAYS = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
SHIFTS = [0, 1, 2]
EPOCHS = [1, 2, 5, 10, 20]
SATURATED = 0.97  # where |tanh| is larger, its slope 1 - tanh^2 is below 0.06: such a value hardly learns
SLICE, PAUSE, FRAME = 0.06, 0.01, 0.25  # seconds: of training, for the browser's messages, between two pictures
WIDTH = 760
TANH_EDGES = [-1, -SATURATED, -0.5, 0, 0.5, SATURATED, 1]
RELU_EDGES = [0, 0.5, 1, 2, 4, math.inf]


class MlpLabState(MlpTraining, State):
    """A network 784-hidden-10, its training as far as it has come, and the runs before it: in figures and words.

    The arguments are those of MlpTraining. advance() takes steps while `running`; in between, set() may be called.
    """

    def saturation(self, h: np.ndarray | None = None) -> tuple[float, str]:
        """The share of hidden values that hardly learn, or of units that never answer, and what that is in words.

        h: hidden_values(), where they are at hand.
        """
        h = self.hidden_values() if h is None else h
        if self.settings.activation == "tanh":
            share = float((np.abs(h) > SATURATED).mean())
            return share, f"{share:.0%} of the hidden values saturated (beyond ±{SATURATED:g})"
        share = float((h == 0).all(axis=0).mean())
        return share, f"{share:.0%} of the units dead (0 for all of {len(h)} images)"

    def histogram(self, h: np.ndarray | None = None) -> tuple[list[str], list[float]]:
        """Ranges of hidden values in words, and the share of values in each. h: as for saturation()."""
        h = self.hidden_values() if h is None else h
        edges, names, counts = TANH_EDGES, [], []
        if self.settings.activation == "ReLU":
            edges, names, counts = RELU_EDGES, ["0"], [np.count_nonzero(h == 0)]
        for low, high in pairwise(edges):
            names.append(f"{low:g} to {high:g}" if high < math.inf else f"above {low:g}")
            counts.append(np.count_nonzero((low < h) & (h <= high)))
        if self.settings.activation == "tanh":
            counts[0] += np.count_nonzero(h == -1)  # in float32, tanh does reach -1
        return names, [count / h.size for count in counts]

    def news(self) -> str:
        """What it is doing, in a sentence."""
        if self.problem:
            return self.problem
        where = f"epoch {self.progress():.2f} of {self.epochs}"
        if self.running:
            return f"Running: {where}; only pause stops it."  # not the kernel's interruption
        if self.steps == 0:
            return f"{self.note or 'Not started.'} It will stop after {self.epochs} epoch{'s' * (self.epochs > 1)}."
        return f"{'Paused' if self.epoch < self.epochs else 'Finished'}: {where}. {self.note}".strip()

    def measured(self) -> str:
        """Losses and accuracies as they were last measured."""
        if not self.run.records:
            return "Not measured yet"
        r = self.run.records[-1]
        training = f"{r.train_loss:.3f} nats, {r.train_accuracy:.1%} right"
        validation = f"{r.validation_loss:.3f} nats, {r.validation_accuracy:.1%} right"
        return f"After {r.epoch:.2f} epochs: training {training}; validation {validation}"

    def describe(self) -> str:
        return self._spoken(self.saturation()[1])

    def _spoken(self, saturation: str) -> str:
        words = [f"{self.settings.network()}: {self.settings.parameters():,} parameters, {self.settings.training()}"]
        words += [self.news().rstrip("."), self.measured()]
        words.append(saturation)
        words += [f"Before: {run.words()}" for run in self.earlier]
        return ". ".join(words) + "."

    def table(self, decimals: int = 2) -> str:
        """Loss and accuracy at the end of each epoch, losses to so many decimals, accuracies in percent."""
        header = ["epoch", "training loss", "validation loss", "training accuracy", "validation accuracy"]
        percent = f".{max(0, decimals - 1)}%"
        rows = [
            [f"{r.epoch:.0f}", *(f"{x:.{decimals}f}" for x in (r.train_loss, r.validation_loss))]
            + [format(x, percent) for x in (r.train_accuracy, r.validation_accuracy)]
            for r in self.run.records
            if r.epoch == int(r.epoch)
        ]
        return aligned(header, rows)

    def view(self) -> str:
        return self.figure_and_sentence()[0]

    def figure_and_sentence(self) -> tuple[str, str]:
        h = self.hidden_values()
        saturation, (names, shares) = self.saturation(h)[1], self.histogram(h)
        sentence = self._spoken(saturation)
        histogram = charts.bars(
            shares,
            names,
            "Hidden values",
            "logits",
            limits=(0, 0.5),
            texts=[f"{share:.0%}" for share in shares],
            length=80,
        )
        whole = f"Weights of the first {PICTURED} hidden units: blue above 0, black below"
        pictures = charts.pictures(
            self.weights(),
            [""] * PICTURED,
            whole if len(self.weights()) == PICTURED else "Weights",  # a row of few pictures has no room for more
            f"weights of {len(self.weights())} hidden units as pictures",
            columns=PICTURED,
            size=39,
            quantity="logits",
        )
        figure = svg.stacked(
            sentence,
            self._header(saturation),
            svg.beside("loss and accuracy", self._curves("loss"), self._curves("accuracy")),
            svg.beside("runs and hidden values", self._runs(), histogram),
            pictures,
            caption=". ".join(f"{run.words()[0].upper()}{run.words()[1:]}" for run in self.earlier),
        )
        return figure, sentence

    def _header(self, saturation: str) -> str:
        """The configuration and the news, in lines of text."""
        first = f"{self.settings.network()}: {self.settings.parameters():,} parameters"
        rows = [self.settings.training(), f"{self.news()} {saturation.capitalize()}.", f"{self.measured()}."]
        rows = [line for row in rows for line in svg.wrapped(row[0].upper() + row[1:], WIDTH - 2 * svg.GAP)]
        texts = [svg.text(svg.GAP, 48 + 22 * i, row) for i, row in enumerate(rows)]
        mark = svg.tag("rect", x=0, y=32, width=4, height=22 * len(rows), fill=svg.COLOURS["gradients"])
        return svg.titled(
            WIDTH, 48 + 22 * len(rows), first, " ".join(rows), *texts, *([mark] if self.problem or self.note else [])
        )

    def _curves(self, what: str) -> str:
        """Training solid, validation dashed; the axes reach the end of the run."""
        scale, unit = (1, "nats") if what == "loss" else (100, "%")
        quantity = "losses" if what == "loss" else "probabilities"
        series = {
            "training": (*self.run.curve(f"train_{what}", scale), quantity),
            "validation": (*self.run.curve(f"validation_{what}", scale), "targets"),
        }
        return charts.lines(
            series,
            what.capitalize(),
            "epoch",
            unit,
            width=WIDTH / 2,
            height=260,
            including=self._corners(series, what),
        )

    def _runs(self) -> str:
        """The validation accuracy of this run and of those before it."""
        series = {}
        for i, run in enumerate([self.run, *self.earlier]):
            quantity = "targets" if i else "probabilities"
            series[f"run {run.number}"] = (*run.curve("validation_accuracy", 100), quantity)
        return charts.lines(
            series,
            "Validation accuracy of the last runs",
            "epoch",
            "%",
            width=480,
            height=240,
            including=self._corners(series, "accuracy"),
        )

    def _corners(self, series: Mapping[str, tuple], what: str) -> list[tuple[float, float]]:
        """Two corners of a chart: losses begin at 0, accuracies end at 100 %, and the middle is a round number, too."""
        values = [y for _, ys, *_ in series.values() for y in ys if math.isfinite(y)]
        if what == "loss":
            low, high = 0.0, 2 * numbers.rounded_up(max([0.5, *values]) / 2)
        else:
            low, high = max(0, 100 - 2 * numbers.rounded_up((100 - min([90, *values])) / 2)), 100
        return [(0, low), (self.epochs, high)]


# --- Live -------------------------------------------------------------------------------------------------------


class Lab(Explorer):
    """The controls of a MlpLabState, and a task on the kernel's event loop that trains while it is running.

    The task hands the loop back between slices, so that messages of sliders and buttons get through.
    """

    # A weak reference. There is one lab: when its cell is run again, the former one ends and its network is freed.
    latest: Callable[[], Lab | None] = staticmethod(lambda: None)
    state: MlpLabState

    def __init__(self, state: MlpLabState, controls, read):
        former = Lab.latest()
        if former is not None:
            former.close()
        Lab.latest = weakref.ref(self)
        self.task: asyncio.Task | None = None
        super().__init__("MLP lab", state, controls, read)

    def start(self) -> None:
        if self.comm is None:  # closed
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.state.note = "Start works in a notebook, whose kernel trains in the background."
        else:
            self.state.start()
            if self.state.running and (self.task is None or self.task.done()):
                self.task = loop.create_task(self._train())
        self._changed()

    def pause(self) -> None:
        self.state.pause()
        self._changed()

    def reset(self) -> None:
        self.state.reset()
        self._changed()

    async def _train(self) -> None:
        """Slices of training and, at most every FRAME seconds, a picture; the sentence once an epoch."""
        drawn, said = time.monotonic(), self.state.epoch
        try:
            while self.state.running:
                self.state.advance(seconds=SLICE)
                if time.monotonic() - drawn > FRAME:
                    self.figure.value, drawn = self.state.view(), time.monotonic()
                if self.state.epoch > said:
                    said = self.state.epoch
                    self._changed()
                await asyncio.sleep(PAUSE)
        except Exception as error:  # of drawing; those of training are caught where they arise
            self.state.fail(error)
        self._changed()

    def close(self) -> None:
        """Stop for good; without its parts' callbacks, which ipywidgets would keep, nothing holds the network."""
        if hasattr(self, "state"):
            self.state.pause()
            for part in (*self.controls.values(), *self.children):
                part.close()
        super().close()


def mlp_lab(X, y, X_validation, y_validation, **settings) -> Lab:
    """A network under controls: start it, move them while it learns, and lay its runs over each other.

    The arguments are those of MlpLabState. There is one lab: a new one closes the one before.
    """
    state = MlpLabState(X, y, X_validation, y_validation, **settings)
    now = state.settings
    sliders = {
        "hidden": base.slider_over("hidden units", HIDDEN, now.hidden),
        "activation": widgets.Dropdown(
            options=list(ACTIVATIONS),
            value=now.activation,
            description="activation",
            style=base.STYLE,
            layout=base.LAYOUT,
        ),
        "lr": base.slider_over("learning rate", LEARNING_RATES, now.lr),
        "momentum": base.slider_over("momentum", MOMENTA, now.momentum),
        "batch_size": base.slider_over("batch size", BATCH_SIZES, now.batch_size),
        "weight_decay": base.slider_over("weight decay", WEIGHT_DECAYS, now.weight_decay),
        "shifts": base.slider_over("shifts, pixels", SHIFTS, now.shifts),
        "epochs": base.slider_over("stop after", EPOCHS, state.epochs),
    }

    def read():
        state.set(**{name: control.value for name, control in sliders.items()})

    actions = {name: lambda name=name: getattr(lab, name)() for name in ("start", "pause", "reset")}
    lab: Lab = Lab(state, {**sliders, **base.buttons(actions)}, read)
    return lab
