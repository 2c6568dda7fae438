"""The training loop: a Classifier says what to minimise, a Trainer minimises it and keeps the record.

The division of labour follows the scaffold of chapter 07 (Module, Classifier, Trainer), as in Dive into Deep Learning.
"""

from __future__ import annotations

import itertools
import json
import math
import zipfile
from pathlib import Path

import numpy as np

from . import functional as F
from . import nn
from .data import minibatches
from .files import atomic_write
from .tensor import float_array, no_grad

EVALUATION_BATCH = 1024  # examples at a time where no gradient is needed: bounds the memory, changes no result
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
        return int(np.count_nonzero(float_array(logits).argmax(axis=-1) == np.asarray(y))) / len(y)

    def logits(self, X) -> np.ndarray:
        """Logits (N, C) as a plain array, computed batch by batch without a graph."""
        if len(X) == 0:
            raise ValueError("a classifier needs at least one example, got none")
        with no_grad():
            starts = range(0, len(X), EVALUATION_BATCH)
            return np.concatenate([float_array(self(X[start : start + EVALUATION_BATCH])) for start in starts])

    def probabilities(self, X, temperature: float = 1.0) -> np.ndarray:
        """softmax(z / T) of shape (N, C)."""
        return F.softmax(self.logits(X) / np.float32(temperature)).data

    def predict(self, X) -> np.ndarray:
        """The likeliest class of each example: integers (N,)."""
        return self.logits(X).argmax(axis=-1)


class Trainer:
    """Mini-batch training of a Classifier, with history, progress bar, interruption and checkpoints.

    The order of examples in an epoch is drawn from (seed, epoch) alone. So where training stood is two numbers, and
    a resumed run goes on exactly as if it had not stopped.
    """

    def __init__(
        self, model: Classifier, optimizer, max_epochs: int = 10, batch_size: int = 256, seed: int = 0, progress=True
    ):
        self.model = model
        self.optimizer = optimizer
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.seed = seed
        self.progress = progress
        self.history = {name: [] for name in HISTORY}
        self.epoch = 0  # epochs completed
        self._start_epoch()

    def fit(self, X, y, validation=None, checkpoint=None, on_epoch_end=None) -> dict[str, list]:
        """Train until max_epochs epochs are completed, and return the history.

        X, y: examples (N, ...) and class indices (N,). validation: another pair (X, y), evaluated after each epoch.
        checkpoint: a file to save to after each epoch. on_epoch_end: called with the Trainer after each epoch.

        The training figures of an epoch are means over its batches, taken as the model changes; the validation
        figures are those of the model at its end. Ctrl-C (in Jupyter: the stop button) ends training with the model and
        the history kept; fit() called again goes on from there. Raises FloatingPointError where the loss is not finite.
        """
        X, y = _examples("fit", X, y)
        if validation is not None:
            validation = _examples("fit: validation", *validation)
        try:
            with self._progress_bar(steps_per_epoch=-(-len(X) // self.batch_size)) as bar:
                while self.epoch < self.max_epochs:
                    self._run_epoch(X, y, bar)
                    self._end_epoch(validation)
                    if checkpoint is not None:
                        self.save(checkpoint)
                    if on_epoch_end is not None:
                        on_epoch_end(self)
        except KeyboardInterrupt:
            print(
                f"Interrupted after {self.epoch} of {self.max_epochs} epochs and {self.step} steps. The model keeps "
                "what it has learned; call fit() again to go on."
            )
            if checkpoint is not None:
                self.save(checkpoint)
        return self.history

    def evaluate(self, X, y) -> dict[str, float]:
        """Mean loss (nats) and accuracy (0 to 1) of the model as it is."""
        X, y = _examples("evaluate", X, y)
        logits = self.model.logits(X)
        with no_grad():
            return {"loss": self.model.loss(logits, y).item(), "accuracy": self.model.accuracy(logits, y)}

    def predict(self, X) -> np.ndarray:
        """The likeliest class of each example: integers (N,)."""
        return self.model.predict(X)

    def save(self, path) -> None:
        """Write a checkpoint: an .npz of plain arrays (nothing is pickled), complete or not at all."""
        progress = {name: getattr(self, name) for name in ("epoch", "step", "seed", "batch_size")}
        arrays = {"trainer": np.array(json.dumps(progress)), "totals": np.array(self._totals)}
        arrays |= {f"model/{name}": a for name, a in self.model.state_dict().items()}
        arrays |= {f"optimizer/{name}": a for name, a in self.optimizer.state_dict().items()}
        arrays |= {f"history/{name}": np.array(values, np.float64) for name, values in self.history.items()}
        with atomic_write(path) as file:
            np.savez(file, **arrays)

    def load(self, path) -> None:
        """Go back to a checkpoint: model, optimizer, history, seed and batch size.

        The model and the optimizer must be made as they were. Raises ValueError, and changes nothing, if the file is
        damaged or belongs to others.
        """
        before = self.model.state_dict()
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                arrays = dict(file)
            progress = json.loads(arrays["trainer"].item())
            epoch, step, seed, batch_size = (int(progress[k]) for k in ("epoch", "step", "seed", "batch_size"))
            totals = [float(total) for total in arrays["totals"]]
            history = {name: arrays[f"history/{name}"].tolist() for name in HISTORY}
        except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no checkpoint of a Trainer, or is damaged ({error})") from None
        try:
            self.model.load_state_dict(_below("model/", arrays))
            self.optimizer.load_state_dict(_below("optimizer/", arrays))
        except ValueError as error:
            self.model.load_state_dict(before)
            raise ValueError(f"{path} is a checkpoint of another model or optimizer: {error}") from None
        self.epoch, self.step, self.seed, self.batch_size, self._totals = epoch, step, seed, batch_size, totals
        self.history = history | {"epoch": [int(n) for n in history["epoch"]]}

    def _run_epoch(self, X, y, bar) -> None:
        batches = minibatches(X, y, self.batch_size, rng=[self.seed, self.epoch])
        for X_batch, y_batch in itertools.islice(batches, self.step, None):
            # `loss` keeps its graph until the next step has made another. Freed earlier, its memory would go back to
            # the operating system and be fetched again at every step, which makes an epoch half as long again.
            loss, accuracy = self._train_batch(X_batch, y_batch)
            n = len(y_batch)
            self._totals = [total + n * new for total, new in zip(self._totals, (1, loss.item(), accuracy))]
            self.step += 1
            bar.update()

    def _train_batch(self, X, y):
        """One step of gradient descent on a mini-batch: its loss (a Tensor) and accuracy before the step."""
        logits = self.model(X)
        loss = self.model.loss(logits, y)
        if not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"fit: the loss is {loss.item()} in epoch {self.epoch + 1}, step {self.step + 1}. The usual causes are "
                f"a learning rate that is too high (it is {self.optimizer.lr}) and inputs that are not scaled"
            )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss, self.model.accuracy(logits, y)

    def _end_epoch(self, validation) -> None:
        n, loss, correct = self._totals
        result = self.evaluate(*validation) if validation is not None else {"loss": np.nan, "accuracy": np.nan}
        row = (self.epoch + 1, loss / n, correct / n, result["loss"], result["accuracy"])
        for name, value in zip(HISTORY, row):
            self.history[name].append(value)
        self.epoch += 1
        self._start_epoch()

    def _start_epoch(self) -> None:
        self.step = 0  # steps taken in the epoch that is under way
        self._totals = [0.0, 0.0, 0.0]  # its examples, their summed loss, and how many of them were right

    def _progress_bar(self, steps_per_epoch: int):
        from tqdm.auto import tqdm

        return tqdm(
            desc="Training",
            unit="step",
            total=self.max_epochs * steps_per_epoch,
            initial=self.epoch * steps_per_epoch + self.step,
            disable=not self.progress,
        )


def _examples(where, X, y):
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y) or len(X) == 0:
        raise ValueError(
            f"{where}: X has {len(X)} examples, y {len(y)}; expected as many labels as examples, at least 1"
        )
    return X, y


def _below(prefix: str, arrays: dict) -> dict:
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
