"""The training loop: a Classifier says what to minimise, a Trainer minimises it and keeps the record.

The division of labour follows the scaffold of chapter 07 (Module, Classifier, Trainer), as in Dive into Deep Learning.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import signal
import threading

import numpy as np

from . import functional as F
from . import nn
from .data import minibatches
from .files import StrPath, read_arrays, write_arrays
from .tensor import float_array, no_grad

EVALUATION_BATCH = 1024  # examples at a time where no gradient is needed: bounds the memory, changes no result
POSITION = ("epoch", "step", "examples")
HISTORY = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class Classifier(nn.Module):
    """A network whose outputs are logits (N, C), with what a classifier adds: loss, probabilities, accuracy.

    Wrap a network, Classifier(net), or inherit and define forward().
    """

    def __init__(self, net: nn.Module):
        self.net = net

    def forward(self, X):
        return self.net(X)

    def loss(self, logits, y):
        """Mean cross-entropy of logits (N, C) and class indices y (N,): a scalar Tensor, in nats."""
        return F.cross_entropy(logits, y)

    def accuracy(self, logits, y) -> float:
        """The share, 0 to 1, of rows of logits (N, C) whose largest entry is the class in y (N,)."""
        predicted, y = float_array(logits).argmax(axis=-1), np.asarray(y)
        if predicted.shape != y.shape or y.size == 0:
            raise ValueError(
                f"accuracy: logits have shape {logits.shape}, y {y.shape}; expected a class index for each row"
            )
        return int(np.count_nonzero(predicted == y)) / y.size

    def logits(self, X) -> np.ndarray:
        """Logits (N, C) as a plain array, computed batch by batch without a graph."""
        if len(X) == 0:
            raise ValueError("a classifier needs at least one example, got none")
        with no_grad():
            starts = range(0, len(X), EVALUATION_BATCH)
            return np.concatenate([float_array(self(X[start : start + EVALUATION_BATCH])) for start in starts])

    def probabilities(self, X, temperature: float = 1.0) -> np.ndarray:
        """softmax(z / T) of shape (N, C); T is a positive number."""
        return tempered(self.logits(X), temperature).astype(np.float32)

    def predict(self, X) -> np.ndarray:
        """The likeliest class of each example: integers (N,)."""
        return self.logits(X).argmax(axis=-1)


class Trainer:
    """Mini-batch training of a Classifier, with history, progress bar, interruption and checkpoints.

    augment: a function (X, rng) that returns another version of a mini-batch X (N, ...), as data.random_shifts.
    schedule: a function (step, steps) that gives the learning rate of a step; both count over all epochs, from 0.

    The order of examples in an epoch is drawn from (seed, epoch) alone, and rng from (seed, epoch, step). So where
    training stood is two numbers, and a resumed run goes on exactly as if it had not stopped. It needs the same
    settings; max_epochs may grow where there is no schedule.
    """

    def __init__(
        self,
        model: Classifier,
        optimizer,
        max_epochs: int = 10,
        batch_size: int = 256,
        seed: int = 0,
        progress=True,
        augment=None,
        schedule=None,
    ):
        for name, value, least in (("max_epochs", max_epochs, 0), ("batch_size", batch_size, 1), ("seed", seed, 0)):
            if value != int(value) or value < least:
                raise ValueError(f"Trainer: {name} is {value}; expected a whole number, at least {least}")
        self.model = model
        self.optimizer = optimizer
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.seed = seed
        self.progress = progress
        self.augment = augment
        self.schedule = schedule
        self.history = {name: [] for name in HISTORY}
        self.epoch = 0  # epochs completed
        self.examples = 0  # of the data that fit() was last called with
        self._start_epoch()

    def fit(self, X, y, validation=None, checkpoint=None, on_epoch_end=None) -> dict[str, list]:
        """Train until max_epochs epochs are completed, and return the history.

        X, y: examples (N, ...) and class indices (N,). validation: another pair (X, y), evaluated after each epoch.
        checkpoint: a file to save to, before the first and after each epoch. on_epoch_end: called with the Trainer.

        The training figures of an epoch are means over its batches, taken as the model changes; the validation
        figures are those of the model at its end. Ctrl-C (in Jupyter: the stop button) ends training after the step
        under way; fit() called again goes on from there as if it had not stopped. Raises FloatingPointError where the
        loss is not finite.
        """
        X, y = as_examples("fit", X, y)
        if validation is not None:
            validation = as_examples("fit: validation", *validation)
        if self.step > 0 and len(X) != self.examples:
            raise ValueError(
                f"fit: the epoch under way was begun with {self.examples} examples, now there are {len(X)}; "
                "go on with the same data"
            )
        self.examples = len(X)
        if checkpoint is not None:
            self.save(checkpoint)  # a file that cannot be written is an error now, not after an epoch of work
        try:
            with (
                self._progress_bar(steps_per_epoch=-(-len(X) // self.batch_size)) as bar,
                held_back_interrupt() as check,
            ):
                while self.epoch < self.max_epochs:
                    self._run_epoch(X, y, bar, check)
                    self._end_epoch(validation)
                    if checkpoint is not None:
                        self.save(checkpoint)
                    if on_epoch_end is not None:
                        on_epoch_end(self)
        except KeyboardInterrupt:
            print(
                f"Interrupted after {self.epoch} of {self.max_epochs} epochs and {self.step} steps. The model keeps "
                "what it has learned; fit() goes on from here."
            )
            if checkpoint is not None:
                self.save(checkpoint)
        return self.history

    def evaluate(self, X, y) -> dict[str, float]:
        """Mean loss (nats) and accuracy (0 to 1) of the model as it is."""
        X, y = as_examples("evaluate", X, y)
        logits = self.model.logits(X)
        with no_grad():
            return {"loss": self.model.loss(logits, y).item(), "accuracy": self.model.accuracy(logits, y)}

    def predict(self, X) -> np.ndarray:
        """The likeliest class of each example: integers (N,)."""
        return self.model.predict(X)

    def save(self, path: StrPath) -> None:
        """Write a checkpoint: an .npz of plain arrays (nothing is pickled), complete or not at all."""
        position = {name: getattr(self, name) for name in POSITION} | self._sums | {"settings": self._settings()}
        arrays = {"position": np.array(json.dumps(position))}
        arrays |= {f"model/{name}": a for name, a in self.model.state_dict().items()}
        arrays |= {f"optimizer/{name}": a for name, a in self.optimizer.state_dict().items()}
        arrays |= {f"history/{name}": np.array(values, np.float64) for name, values in self.history.items()}
        write_arrays(path, arrays)

    def load(self, path: StrPath) -> None:
        """Go back to a checkpoint: model, optimizer, history and how far training had got.

        Model, optimizer and Trainer must be made as they were. Raises ValueError, and changes nothing, if the file is
        damaged or belongs to others, or to a run with other settings; OSError if it cannot be opened.
        """
        arrays = read_arrays(path)
        try:
            for name in ("position", *(f"history/{name}" for name in HISTORY)):
                if name not in arrays:
                    raise ValueError(f"it has no {name}")
            position = json.loads(arrays["position"].item())
            counts = {name: int(position[name]) for name in POSITION}
            sums = {name: float(position[name]) for name in self._sums}
            if "settings" not in position:
                raise ValueError("it does not say with which settings it was made; begin anew")
            settings = dict(position["settings"])
            history = {name: [float(value) for value in arrays[f"history/{name}"]] for name in HISTORY}
            history["epoch"] = [int(epoch) for epoch in history["epoch"]]
            if min(counts.values()) < 0 or {len(values) for values in history.values()} != {counts["epoch"]}:
                raise ValueError("its parts contradict each other")
        except Exception as error:  # what is read as JSON and as numbers may be anything
            raise ValueError(f"{path} is no checkpoint of a Trainer, or is damaged ({error})") from None
        for name, own in self._settings().items():
            if settings.get(name) != own:
                raise ValueError(
                    f"{path} was made with {name} {settings.get(name)}, this Trainer has {own}; a run "
                    "can only be resumed as it was begun"
                )
        before = self.model.state_dict()
        try:
            self.model.load_state_dict(_below("model/", arrays))
            self.optimizer.load_state_dict(_below("optimizer/", arrays))
        except (ValueError, TypeError) as error:
            self.model.load_state_dict(before)
            raise ValueError(f"{path} is a checkpoint of another model or optimizer: {error}") from None
        self.__dict__ |= counts
        self._sums, self.history = sums, history

    def _settings(self) -> dict[str, object]:
        """What a run must have in common with the one that it goes on from; of functions, whether there is one."""
        return {
            "seed": self.seed,
            "batch_size": self.batch_size,
            "augment": self.augment is not None,
            "schedule": self.schedule is not None,
            "max_epochs": self.max_epochs if self.schedule is not None else None,  # a schedule counts on its end
        }

    def _run_epoch(self, X, y, bar, check_interrupt) -> None:
        batches = minibatches(X, y, self.batch_size, rng=[self.seed, self.epoch])
        self.optimizer.zero_grad()  # of what somebody else may have computed before
        steps = -(-len(X) // self.batch_size)
        for X_batch, y_batch in itertools.islice(batches, self.step, None):
            if self.augment is not None:
                # 1 more than the step: for a seed, a 0 at the end is as nothing, and the order would be drawn from it.
                X_batch = self.augment(X_batch, np.random.default_rng([self.seed, self.epoch, self.step + 1]))
            if self.schedule is not None:
                self.optimizer.lr = self._scheduled(self.epoch * steps + self.step, self.max_epochs * steps)
            try:
                loss, accuracy = train_batch(self.model, self.optimizer, X_batch, y_batch)
            except FloatingPointError as error:
                raise FloatingPointError(f"fit, epoch {self.epoch + 1}, step {self.step + 1}: {error}") from None
            n = len(y_batch)
            self._sums["seen"] += n
            self._sums["loss"] += n * loss
            self._sums["right"] += n * accuracy
            self.step += 1
            bar.update()
            check_interrupt()

    def _scheduled(self, step: int, steps: int) -> float:
        lr = self.schedule(step, steps)
        if not 0 <= lr < math.inf:
            raise ValueError(
                f"fit: the schedule's learning rate for step {step} of {steps} is {lr}; expected a finite number, "
                "0 or more"
            )
        return lr

    def _end_epoch(self, validation) -> None:
        n = self._sums["seen"]
        result = self.evaluate(*validation) if validation is not None else {"loss": np.nan, "accuracy": np.nan}
        row = (self.epoch + 1, self._sums["loss"] / n, self._sums["right"] / n, result["loss"], result["accuracy"])
        for name, value in zip(HISTORY, row):
            self.history[name].append(value)
        self.epoch += 1
        self._start_epoch()

    def _start_epoch(self) -> None:
        self.step = 0  # steps taken in the epoch that is under way
        self._sums = {"seen": 0, "loss": 0.0, "right": 0.0}  # over its steps

    def _progress_bar(self, steps_per_epoch: int):
        from tqdm.auto import tqdm

        return tqdm(
            desc="Training",
            unit="step",
            total=self.max_epochs * steps_per_epoch,
            initial=self.epoch * steps_per_epoch + self.step,
            disable=not self.progress,
        )


def tempered(z, temperature: float) -> np.ndarray:
    """softmax(z / T) of logits z (..., C) in float64, shifted before the division: so no positive T is too small."""
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}; expected a positive number")
    z = np.asarray(z, np.float64)
    with np.errstate(over="ignore"):  # what lies infinitely far below the largest has the probability 0
        return F.softmax((z - z.max(axis=-1, keepdims=True)) / temperature).data


def train_batch(model: Classifier, optimizer, X, y) -> tuple[float, float]:
    """One step of gradient descent on a mini-batch X (N, ...), y (N,): its loss (nats) and accuracy before the step.

    Raises FloatingPointError, and takes no step, where the loss is not finite.
    """
    logits = model(X)
    loss = model.loss(logits, y)
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(
            f"the loss is {value}. The usual causes are a learning rate that is too high (it is {optimizer.lr}) and "
            "inputs that are not scaled"
        )
    accuracy = model.accuracy(logits, y)
    loss.backward()
    optimizer.step()
    # The graph goes as this returns; the gradients too, so that the next step finds the memory of both in the cache.
    optimizer.zero_grad()
    return value, accuracy


@contextlib.contextmanager
def held_back_interrupt():
    """Hold Ctrl-C back while the block runs; it yields a function that raises KeyboardInterrupt if it was pressed.

    So no step is left half done. A second Ctrl-C gets through at once. Threads other than the main one, and programs
    that treat the signal in their own way, are left alone.
    """
    pressed = []

    def handler(signum, frame):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(signum)

    def check():
        if pressed:
            raise KeyboardInterrupt

    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def as_examples(where: str, X, y) -> tuple[np.ndarray, np.ndarray]:
    """Examples X (N, ...) and labels y (N,) as arrays; ValueError, in the name of where, if they are not as many."""
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or len(X) == 0:
        raise ValueError(
            f"{where}: X has shape {X.shape}, y {y.shape}; expected as many labels as examples, at least 1"
        )
    return X, y


def _below(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
