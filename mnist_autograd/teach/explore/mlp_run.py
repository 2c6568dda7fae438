"""The training behind the lab of chapter 08: settings that may change at any step, runs and their curves."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import NamedTuple, cast

import numpy as np

from ... import data, nn, optim, recipe
from ...tensor import no_grad
from ...training import as_examples, blas_threads, train_batch

ACTIVATIONS = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
POINTS = 4  # of a curve in an epoch
KEPT = 2  # earlier runs
SAMPLE = 500  # validation images whose hidden values are looked at
PICTURED = 16  # hidden units


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
            raise ValueError(f"the activation is {self.activation!r}; expected one of {', '.join(ACTIVATIONS)}")
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


class MlpTraining:
    """A network 784-hidden-10, its training as far as it has come, and the runs before it. It draws nothing.

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
            expected = ", ".join(vars(Settings()))
            raise TypeError(f"MLP lab: there is no setting {', '.join(sorted(unknown))}; expected {expected}")
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

    # --- What comes of it ---

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

    def weights(self) -> np.ndarray:
        """The weights into the first hidden units, as pictures (PICTURED or fewer, 28, 28)."""
        return self._net[0].weight.data[:, :PICTURED].T.reshape(-1, 28, 28)

    def history(self) -> dict[str, list]:
        """The curves under the names of Trainer.history."""
        return {name: [getattr(record, name) for record in self.run.records] for name in Record._fields}
