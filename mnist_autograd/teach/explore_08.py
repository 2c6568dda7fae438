"""The explorer of chapter 08: a network that is trained live, in small slices, while its controls are moved."""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Integral, Real
from typing import NamedTuple, cast

import ipywidgets as widgets
import numpy as np

from .. import data, nn, optim, recipe
from ..tensor import no_grad
from ..training import as_examples, blas_threads, train_batch
from . import charts
from . import explore_base as base
from .explore_base import Explorer, State, aligned

HIDDEN = [4, 16, 64, 128, 256, 512]
ACTIVATIONS = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
LEARNING_RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 1.0, 10.0]
MOMENTA = [0.0, 0.5, 0.9, 0.95, 0.99]
BATCH_SIZES = [16, 32, 64, 128, 256, 512, 1024]
WEIGHT_DECAYS = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
SHIFTS = [0, 1, 2]
EPOCHS = [1, 2, 5, 10, 20]
POINTS = 4  # of a curve in an epoch
SAMPLE = 500  # validation images whose hidden values are looked at
SATURATED = 0.97  # where |tanh| is larger, its slope 1 - tanh^2 is below 0.06: such a value hardly learns
KEPT = 2  # earlier runs
PICTURED = 16  # hidden units
SLICE, PAUSE, FRAME = 0.06, 0.01, 0.25  # seconds: of training, for the browser's messages, between two pictures
WIDTH = 760
TANH_EDGES = [-1, -SATURATED, -0.5, 0, 0.5, SATURATED, 1]
RELU_EDGES = [0, 0.5, 1, 2, 4, math.inf]


@dataclass(frozen=True)
class Settings:
    """What can be set of a run. shifts: by how many pixels each image is moved at random, at most."""

    hidden: int = 256
    activation: str = "tanh"
    lr: float = 0.1
    momentum: float = 0.9
    batch_size: int = 256
    weight_decay: float = 0.0
    shifts: int = 0

    def __post_init__(self):
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"the activation is {self.activation!r}; expected one of {base.listed(ACTIVATIONS)}")
        _check("hidden", self.hidden, lambda v: isinstance(v, Integral) and v >= 1, "a whole number, 1 or more")
        _check("batch_size", self.batch_size, lambda v: isinstance(v, Integral) and v >= 1, "a whole number, 1 or more")
        _check("shifts", self.shifts, lambda v: isinstance(v, Integral) and v >= 0, "a whole number, 0 or more")
        _check("lr", self.lr, lambda v: 0 < v < math.inf, "a positive number")
        _check("momentum", self.momentum, lambda v: 0 <= v < 1, "a number from 0 to below 1")
        _check("weight_decay", self.weight_decay, lambda v: 0 <= v < math.inf, "a number, 0 or more")

    def network(self) -> str:
        return f"784-{self.hidden}-10, {self.activation}"

    def parameters(self) -> int:
        return 784 * self.hidden + self.hidden + self.hidden * 10 + 10

    def training(self) -> str:
        shifts = f"shifts of up to {self.shifts} pixel{'s' * (self.shifts > 1)}" if self.shifts else "no shifts"
        return (
            f"learning rate {self.lr:g}, momentum {self.momentum:g}, batch size {self.batch_size}, "
            f"weight decay {self.weight_decay:g}, {shifts}"
        )


def _check(name: str, value, is_right, expected: str) -> None:
    if not (isinstance(value, Real) and is_right(value)):
        raise ValueError(f"{name} is {value!r}; expected {expected}")


class Record(NamedTuple):
    """A point of the curves. The training figures are means since the last one; losses in nats, accuracies 0 to 1."""

    epoch: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass
class Run:
    """One training: its number, its settings at the end, whether they were moved on the way, and its curves."""

    number: int
    settings: Settings
    moved: bool = False
    records: list[Record] = field(default_factory=list)

    def curve(self, name: str, scale: float = 1) -> tuple[list[float], list[float]]:
        return [r.epoch for r in self.records], [scale * getattr(r, name) for r in self.records]

    def words(self) -> str:
        moved = ", moved on the way" if self.moved else ""
        last = self.records[-1]
        result = f"{last.validation_accuracy:.1%} of the validation images after {last.epoch:.2f} epochs"
        return f"run {self.number}: {result}; {self.settings.network()}, {self.settings.training()}{moved}"


class MlpLabState(State):
    """A network 784-hidden-10, its training as far as it has come, and the runs before it.

    X, y and X_validation, y_validation: rows (N, 784) with labels (N,). epochs: where a run stops by itself. The other
    arguments are those of Settings. advance() takes steps while `running`; in between, set() may be called.
    """

    running: bool
    note: str  # on what the controls did

    def __init__(self, X, y, X_validation, y_validation, epochs: int = 10, seed: int = 0, **settings):
        self.X, self.y = as_examples("MLP lab", X, y)
        self.X_validation, self.y_validation = as_examples("MLP lab: validation", X_validation, y_validation)
        _check("epochs", epochs, lambda v: v >= 0, "0 or more")
        unknown = settings.keys() - vars(Settings()).keys()
        if unknown:
            expected = base.listed(vars(Settings()))
            raise TypeError(f"MLP lab: there is no setting {base.listed(sorted(unknown))}; expected {expected}")
        self.epochs, self.seed = epochs, seed
        self.settings = Settings(**settings)
        self.earlier: list[Run] = []  # the newest first
        self.run = Run(1, self.settings)
        self._new_network()

    # --- What the controls do ---

    def set(self, epochs: int | None = None, **settings) -> None:
        """Other settings, at once; with another network training stops, and would begin anew."""
        self.epochs = self.epochs if epochs is None else epochs
        self.running &= self.epoch < self.epochs
        before, self.settings = self.settings, Settings(**{**vars(self.settings), **settings})
        if self.settings == before:
            return
        if self.settings.network() != before.network():
            begun, note = self.steps > 0, self.note
            self._shelve()
            self._new_network()
            self.note = note
            if begun:
                self.note = "That is another network, with new random weights: press start to train it."
        else:
            self.run.moved |= self.steps > 0
        self.run.settings = self.settings

    def start(self) -> None:
        """Go on; after a failure with a new network."""
        if self.problem:
            self.reset()
        self.note = ""
        if self.epoch >= self.epochs:
            self.note = "All epochs are done: give it more, or press reset."
        self.running = self.epoch < self.epochs

    def pause(self) -> None:
        """Stop after the step under way; start() goes on from there."""
        self.running = False

    def reset(self) -> None:
        """A new network with the settings as they are; the curves so far stay as those of an earlier run."""
        self._shelve()
        self._new_network()

    def advance(self, seconds: float = math.inf, steps: float = math.inf) -> int:
        """Take steps while running: at least one, then until the time or the number is used up. How many it took."""
        deadline, taken = time.monotonic() + seconds, 0
        try:
            with np.errstate(all="ignore"), blas_threads(1):  # as the Trainer does, and for its reason
                while self.running and taken < steps and (taken == 0 or time.monotonic() < deadline):
                    self._step()
                    taken += 1
        except Exception as error:  # in a background task nobody would see it
            self.fail(error)
        return taken

    def fail(self, error: Exception) -> None:
        """Stop, and say why in the figure."""
        self.problem = f"Training stopped. {type(error).__name__}: {error}. Press start to begin anew."
        self.running = False

    def train(self, progress: bool = True) -> None:
        """start(), and all epochs in one go."""
        from tqdm.auto import tqdm

        self.start()
        with tqdm(desc="Training", unit="epoch", total=self.epochs, initial=self.epoch, disable=not progress) as bar:
            while self.running:
                self.advance(seconds=0.1)
                bar.update(self.epoch - bar.n)

    # --- Training ---

    def _new_network(self) -> None:
        self.model = recipe.mlp(self.settings.hidden, ACTIVATIONS[self.settings.activation], self.seed)
        self.optimizer = optim.SGD(self.model.parameters(), self.settings.lr)
        self.epoch = self.steps = 0  # epochs completed, steps taken
        self.running, self.note, self.problem = False, "", ""
        self._sums = np.zeros(3)  # examples, loss and right answers since the last record
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        # How many steps the epoch has had, how many of its examples are used, and the order of all.
        self._step_of_epoch, self._at = 0, 0
        self._order: np.ndarray | None = None

    def _shelve(self) -> None:
        if self.run.records:
            self.earlier = [self.run, *self.earlier][:KEPT]
            self.run = Run(self.run.number + 1, self.settings)
        else:
            self.run = Run(self.run.number, self.settings)

    def _step(self) -> None:
        """One step, as in the Trainer, whose settings stay as they are while this one's may change at every step."""
        now = self.settings
        if self._order is None:
            self._order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.X))
        chosen = self._order[self._at : self._at + now.batch_size]
        X, y = self.X[chosen], self.y[chosen]
        if now.shifts:
            X = data.random_shifts(
                X, np.random.default_rng([self.seed, self.epoch, self._step_of_epoch + 1]), now.shifts
            )
        self.optimizer.lr, self.optimizer.momentum = now.lr, now.momentum
        self.optimizer.weight_decay = now.weight_decay
        loss, accuracy = train_batch(self.model, self.optimizer, X, y)
        self._sums += [len(y), len(y) * loss, len(y) * accuracy]
        self.steps += 1
        self._step_of_epoch += 1
        self._advance_to(self._at + len(chosen))

    def _advance_to(self, at: int) -> None:
        """Note that so many examples of the epoch are used: a record at each quarter, the next epoch at its end."""
        quarter, self._at = POINTS * self._at // len(self.X), at
        if POINTS * at // len(self.X) > quarter:
            self._record()
        if at == len(self.X):
            self.epoch += 1
            self._begin_epoch()
            self.running = self.epoch < self.epochs

    def _record(self) -> None:
        seen, loss, right = self._sums
        logits = self.model.logits(self.X_validation)
        with no_grad():
            validation_loss = self.model.loss(logits, self.y_validation).item()
        accuracy = self.model.accuracy(logits, self.y_validation)
        means = float(loss / seen), float(right / seen)
        self.run.records.append(Record(self.progress(), *means, validation_loss, accuracy))
        self._sums = np.zeros(3)

    # --- What it says ---

    def progress(self) -> float:
        """Epochs done, with the part of the one under way."""
        return self.epoch + self._at / len(self.X)

    @property
    def _net(self) -> nn.Sequential:
        return cast(nn.Sequential, self.model.net)  # as recipe.mlp makes it

    def hidden_values(self) -> np.ndarray:
        """h of the first validation images: (SAMPLE, hidden)."""
        with no_grad(), np.errstate(all="ignore"):
            return self._net[1](self._net[0](self.X_validation[:SAMPLE])).data

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

    def weights(self) -> np.ndarray:
        """The weights into the first hidden units, as pictures (PICTURED or fewer, 28, 28)."""
        return self._net[0].weight.data[:, :PICTURED].T.reshape(-1, 28, 28)

    def history(self) -> dict[str, list]:
        """The curves under the names of Trainer.history."""
        return {name: [getattr(record, name) for record in self.run.records] for name in Record._fields}

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
        figure = charts.stacked(
            sentence,
            self._header(saturation),
            charts.beside("loss and accuracy", self._curves("loss"), self._curves("accuracy")),
            charts.beside("runs and hidden values", self._runs(), histogram),
            pictures,
            caption=". ".join(f"{run.words()[0].upper()}{run.words()[1:]}" for run in self.earlier),
        )
        return figure, sentence

    def _header(self, saturation: str) -> str:
        """The configuration and the news, in lines of text."""
        first = f"{self.settings.network()}: {self.settings.parameters():,} parameters"
        rows = [self.settings.training(), f"{self.news()} {saturation.capitalize()}.", f"{self.measured()}."]
        rows = [line for row in rows for line in charts.wrapped(row[0].upper() + row[1:], WIDTH - 2 * charts.GAP)]
        texts = [charts.text(charts.GAP, 48 + 22 * i, row) for i, row in enumerate(rows)]
        mark = charts.tag("rect", x=0, y=32, width=4, height=22 * len(rows), fill=charts.COLOURS["gradients"])
        return charts.titled(
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
            low, high = 0.0, 2 * charts.rounded_up(max([0.5, *values]) / 2)
        else:
            low, high = max(0, 100 - 2 * charts.rounded_up((100 - min([90, *values])) / 2)), 100
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
