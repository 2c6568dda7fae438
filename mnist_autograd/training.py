"""The training loop: a Classifier says what to minimise, a Trainer minimises it and keeps the record.

The division of labour follows the scaffold of chapter 07 (Module, Classifier, Trainer), as in Dive into Deep Learning.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import checks, nn
from . import functional as F
from .data import minibatches
from .files import StrPath, read_arrays, write_arrays
from .optim import Optimizer
from .temperature import tempered
from .tensor import Tensor, float_array, no_grad

LARGE_INPUT = 100  # beyond it, inputs are likely to be pixels from 0 to 255
EVALUATION_BATCH = 1024  # examples at a time where no gradient is needed: bounds the memory, changes no result
POSITION = ("epoch", "step", "examples")
HISTORY = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class Classifier(nn.Module):
    """A network whose outputs are logits (N, C), with what a classifier adds: loss, probabilities, accuracy.

    Wrap a network, Classifier(net), or inherit and define forward().
    """

    def __init__(self, net: Callable[[Any], Tensor]):
        checks.check_layer("Classifier: net", net)
        self.net = net

    def forward(self, X: nn.Input) -> Tensor:
        return self.net(X)

    def loss(self, logits: nn.Input, y: nn.Input) -> Tensor:
        """Mean cross-entropy of logits (N, C) and class indices y (N,): a scalar Tensor, in nats."""
        return F.cross_entropy(logits, y)

    def accuracy(self, logits: nn.Input, y: ArrayLike) -> float:
        """The share, 0 to 1, of rows of logits (N, C) whose largest entry is the class in y (N,)."""
        z, labels = float_array(logits), np.asarray(y)
        if labels.size == 0 or z.ndim == 0 or z.shape[:-1] != labels.shape:
            raise ValueError(
                f"accuracy: logits have shape {z.shape}, y {labels.shape}; expected a class index for each row"
                + accuracy_hint(z.shape, labels.shape)
            )
        return int(np.count_nonzero(z.argmax(axis=-1) == labels)) / labels.size

    def logits(self, X: Any) -> np.ndarray:
        """Logits (N, C) as a plain array, computed batch by batch without a graph."""
        if len(X) == 0:
            raise ValueError("a classifier needs at least one example, got none")
        with no_grad():
            starts = range(0, len(X), EVALUATION_BATCH)
            z = np.concatenate([float_array(self(X[start : start + EVALUATION_BATCH])) for start in starts])
        if z.ndim < 2 or len(z) != len(X):
            raise ValueError(
                f"logits: X of shape {np.shape(X)} gave logits of shape {z.shape}; expected (N, C) for N examples (a "
                "single one is X[:1])"
            )
        return z

    def probabilities(self, X: Any, temperature: float = 1.0) -> np.ndarray:
        """softmax(z / T) of shape (N, C); T is a positive number."""
        return tempered(self.logits(X), temperature).astype(np.float32)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each example: integers (N,)."""
        classes: np.ndarray = self.logits(X).argmax(axis=-1)
        return classes


class Trainer:
    """Mini-batch training of a Classifier, with history, progress bar, interruption and checkpoints.

    augment: a function (X, rng) that returns another version of a mini-batch X (N, ...), as data.random_shifts.
    schedule: a function (step, steps) that gives the learning rate of a step; both count over all epochs, from 0.
    threads: of the matrix products in fit(); None leaves that to NumPy, which takes one for each core. Two trainings
    side by side then wait for each other: on two cores, 3.0 s an epoch of 784-256-10, with one thread each 0.6 s.
    A training alone took 0.4 s with two threads, 0.6 s with one.

    The order of examples in an epoch is drawn from (seed, epoch) alone, and rng from (seed, epoch, step). So where
    training stood is two numbers, and a resumed run goes on exactly as if it had not stopped. It needs the same
    settings; max_epochs may grow where there is no schedule.
    """

    _sums: dict[str, float]

    def __init__(
        self,
        model: Classifier,
        optimizer: Optimizer,
        max_epochs: int = 10,
        batch_size: int = 256,
        seed: int = 0,
        progress: bool = True,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
        schedule: Callable[[int, int], float] | None = None,
        threads: int | None = 1,
    ):
        self.model = model
        self.optimizer = optimizer
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.seed = seed
        self.progress = progress
        self.augment = augment
        self.schedule = schedule
        self.threads = threads
        self._check()
        self.history: dict[str, list[float]] = {name: [] for name in HISTORY}
        self.epoch = 0  # epochs completed
        self.examples = 0  # of the data that fit() was last called with
        self._start_epoch()

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        on_epoch_end: Callable[[Trainer], object] | None = None,
    ) -> dict[str, list[float]]:
        """Train until max_epochs epochs are completed, and return the history.

        X, y: examples (N, ...) and class indices (N,). validation: another pair (X, y), evaluated after each epoch.
        checkpoint: a file to save to, before the first and after each epoch. on_epoch_end: called with the Trainer.

        The training figures of an epoch are means over its batches, taken as the model changes; the validation
        figures are those of the model at its end. Ctrl-C (in Jupyter: the stop button) ends training after the step
        under way; fit() called again goes on from there as if it had not stopped. Raises FloatingPointError where the
        loss is not finite. Warns where X looks like pixels that were not scaled.
        """
        X, y, validation = self._checked(X, y, validation, checkpoint, on_epoch_end)
        self._remark(X)
        self.examples = len(X)
        if checkpoint is not None:
            self.save(checkpoint)  # a file that cannot be written is an error now, not after an epoch of work
        try:
            with (
                blas_threads(self.threads),
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

    def evaluate(self, X: ArrayLike, y: ArrayLike) -> dict[str, float]:
        """Mean loss (nats) and accuracy (0 to 1) of the model as it is."""
        X, y = as_examples("evaluate", X, y)
        logits = self.model.logits(X)
        with no_grad():
            return {"loss": self.model.loss(logits, y).item(), "accuracy": self.model.accuracy(logits, y)}

    def predict(self, X: Any) -> np.ndarray:
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
        self.epoch, self.step, self.examples = counts["epoch"], counts["step"], counts["examples"]
        self._sums, self.history = sums, history

    def _check(self) -> None:
        """Errors now instead of late or never; fit() asks again, because attributes may be changed."""
        check_pair(self.model, self.optimizer)
        for name, least in (("max_epochs", 0), ("batch_size", 1), ("seed", 0)):
            setattr(self, name, checks.whole_number("Trainer", name, getattr(self, name), least))
        if self.threads is not None:
            self.threads = checks.whole_number("Trainer", "threads", self.threads, 1)
        checks.check_function("Trainer: augment", self.augment, ("X", "rng"), "data.random_shifts")
        cosine = "functools.partial(optim.cosine, lr=0.1)"
        checks.check_function("Trainer: schedule", self.schedule, ("step", "steps"), cosine)

    def _checked(
        self, X: Any, y: Any, validation: Any, checkpoint: Any, on_epoch_end: Any
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        """What fit() was given: the examples as arrays, or an error before anything is trained."""
        self._check()
        X, y = as_examples("fit", X, y)
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise TypeError(
                    f"fit: validation is {checks.kind(validation)}; expected a pair, validation=(X_val, y_val); the "
                    "number of epochs is set by Trainer(..., max_epochs=10)"
                )
            validation = as_examples("fit: validation", *validation)
        if checkpoint is not None and not isinstance(checkpoint, (str, os.PathLike)):
            raise TypeError(
                f"fit: checkpoint is {checks.kind(checkpoint)}; expected the name of a file, for example 'run.npz'"
            )
        checks.check_function("fit: on_epoch_end", on_epoch_end, ("trainer",), "print")
        if self.step > 0 and len(X) != self.examples:
            raise ValueError(
                f"fit: the epoch under way was begun with {self.examples} examples, now there are {len(X)}; "
                "go on with the same data"
            )
        return X, y, validation

    def _remark(self, X: np.ndarray) -> None:
        """Say what is allowed but hardly meant: inputs that were not scaled, no epoch left."""
        largest = X[:EVALUATION_BATCH].max(initial=0)
        if largest > LARGE_INPUT and not any(isinstance(module, nn.Embedding) for module in self.model.modules()):
            warnings.warn(
                f"fit: X goes up to {largest:g}; a network learns best from inputs around 0 to 1: "
                "data.to_inputs(images) scales pixels",
                stacklevel=3,
            )
        if 0 < self.max_epochs <= self.epoch:
            print(
                f"Nothing is left to train, since max_epochs = {self.max_epochs} is reached. To go on, raise it: "
                f"trainer.max_epochs = {2 * self.epoch}. To start over, make a new model, optimizer and Trainer."
            )

    def _settings(self) -> dict[str, object]:
        """What a run must have in common with the one that it goes on from; of functions, whether there is one."""
        return {
            "seed": self.seed,
            "batch_size": self.batch_size,
            "augment": self.augment is not None,
            "schedule": self.schedule is not None,
            "max_epochs": self.max_epochs if self.schedule is not None else None,  # a schedule counts on its end
        }

    def _run_epoch(self, X: np.ndarray, y: np.ndarray, bar: Any, check_interrupt: Callable[[], None]) -> None:
        batches = minibatches(X, y, self.batch_size, rng=[self.seed, self.epoch])
        self.optimizer.zero_grad()  # of what somebody else may have computed before
        steps = -(-len(X) // self.batch_size)
        for X_batch, y_batch in itertools.islice(batches, self.step, None):
            if self.augment is not None:
                # 1 more than the step: trailing zeros do not change a seed, and step 0 would reuse that of the order.
                X_batch = self.augment(X_batch, np.random.default_rng([self.seed, self.epoch, self.step + 1]))
                if np.shape(X_batch)[:1] != y_batch.shape[:1]:
                    raise ValueError(
                        f"fit: augment returned shape {np.shape(X_batch)} for a batch of {len(y_batch)} examples; "
                        "expected as many"
                    )
            if self.schedule is not None:
                self.optimizer.lr = scheduled(self.schedule, self.epoch * steps + self.step, self.max_epochs * steps)
            try:
                loss, accuracy = train_batch(self.model, self.optimizer, X_batch, y_batch)
            except FloatingPointError as error:
                raise FloatingPointError(
                    f"fit, epoch {self.epoch + 1}, step {self.step + 1}: {error}. The model's parameters may be beyond "
                    "repair: begin again with a new model, optimizer and Trainer"
                ) from None
            n = len(y_batch)
            self._sums["seen"] += n
            self._sums["loss"] += n * loss
            self._sums["right"] += n * accuracy
            self.step += 1
            bar.update()
            check_interrupt()

    def _end_epoch(self, validation: tuple[np.ndarray, np.ndarray] | None) -> None:
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

    def _progress_bar(self, steps_per_epoch: int) -> Any:
        from tqdm.auto import tqdm

        return tqdm(
            desc="Training",
            unit="step",
            total=self.max_epochs * steps_per_epoch,
            initial=self.epoch * steps_per_epoch + self.step,
            disable=not self.progress,
        )


def check_pair(model: Any, optimizer: Any) -> None:
    """An error unless model is a Classifier and optimizer holds parameters of it, or of nothing that can be told."""
    if not isinstance(model, Classifier):
        hint = "the model comes first, then the optimizer" if isinstance(optimizer, Classifier) else "wrap the network"
        raise TypeError(
            f"Trainer: model is {checks.kind(model)}; expected a Classifier; {hint}: "
            "Trainer(Classifier(net), optimizer)"
        )
    if isinstance(optimizer, type) or not (hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad")):
        raise TypeError(
            f"Trainer: optimizer is {checks.kind(optimizer)}; expected an optimizer, for example "
            "optim.SGD(model.parameters(), lr=0.1)"
        )
    own = {id(tensor) for tensor in model.named_tensors().values()}
    foreign = [p for p in getattr(optimizer, "params", ()) if id(p) not in own]
    if own and foreign:
        raise ValueError(
            f"Trainer: {len(foreign)} of the optimizer's {len(optimizer.params)} parameters are not in the model, so "
            "it would not learn. If the model was made again after the optimizer, make the optimizer again too, with "
            "model.parameters(). A Module's parameters lie in its attributes"
        )


def accuracy_hint(logits: tuple[int, ...], y: tuple[int, ...]) -> str:
    """What may be meant by logits and y of such shapes."""
    if logits == y[:-1]:
        return "; the arguments may be swapped: accuracy(logits, y)"
    if logits != y:
        return ""
    return "; of predicted classes: (predicted == y).mean()" if len(y) < 2 else "; of one-hot y: y.argmax(axis=-1)"


def scheduled(schedule: Callable[[int, int], Any], step: int, steps: int) -> float:
    """The learning rate that a schedule gives a step."""
    lr = schedule(step, steps)
    if not (isinstance(lr, Real) and 0 <= float(lr) < math.inf):
        raise ValueError(
            f"fit: the schedule's learning rate for step {step} of {steps} is {lr!r}; expected a finite number, "
            "0 or more"
        )
    return float(lr)


def train_batch(model: Classifier, optimizer: Optimizer, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
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
    # The graph is freed on return; the gradients too, so that the next step finds the memory of both in the cache.
    optimizer.zero_grad()
    return value, accuracy


_blas_limits: list[Any] = []  # one for each block of blas_threads() that is running, in whatever thread
_blas_lock = threading.Lock()


@contextlib.contextmanager
def blas_threads(n: int | None) -> Iterator[None]:
    """Let the library behind X @ W use n threads while a block runs (None: as before); Trainer says why.

    The limit holds for the whole process. Where blocks overlap, that of the first holds, and the last to end lifts it.
    """
    from threadpoolctl import threadpool_limits

    if n is None:
        yield
        return
    with _blas_lock:
        _blas_limits.append(_blas_limits[0] if _blas_limits else threadpool_limits(n, user_api="blas"))
    try:
        yield
    finally:
        with _blas_lock:
            limit = _blas_limits.pop()
            if not _blas_limits:
                limit.restore_original_limits()


@contextlib.contextmanager
def held_back_interrupt() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back while the block runs; it yields a function that raises KeyboardInterrupt if it was pressed.

    So no step is left half done. A second Ctrl-C gets through at once. Threads other than the main one, and programs
    that treat the signal in their own way, are left alone.
    """
    pressed: list[int] = []

    def handler(signum: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(signum)

    def check() -> None:
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


def as_examples(where: str, X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Finite examples X (N, ...) and as many labels y (N,) as arrays; an error in the name of where if they are not."""
    X = _numbers(where, "X", X, "images as rows: data.to_inputs(images)")
    y = _numbers(where, "y", y, "classes from 0")
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or len(X) == 0:
        hint = "; the examples are to be rows: X.T" if X.ndim == 2 and y.shape == X.shape[1:] else ""
        raise ValueError(
            f"{where}: X has shape {X.shape}, y {y.shape}; expected as many labels as examples, at least 1{hint}"
        )
    if X.ndim == 1 and y.ndim > 1:
        raise ValueError(
            f"{where}: X has shape {X.shape}, y {y.shape}; the arguments may be swapped: X first, y second"
        )
    with np.errstate(all="ignore"):
        total = X.sum()  # nan and infinity stay in a sum; one that overflows is looked into
    if not np.isfinite(total) and not np.isfinite(X).all():
        example = np.argwhere(~np.isfinite(X))[0][0]
        raise ValueError(f"{where}: X holds nan or infinity, first in example {example}; expected finite numbers")
    return X, y


def _numbers(where: str, name: str, values: ArrayLike, expected: str) -> np.ndarray:
    try:
        array = np.asarray(values)
        kind = f"{checks.kind(values)}, of dtype {array.dtype}"
    except ValueError as error:  # lists of different lengths
        array, kind = np.array(None), f"{checks.kind(values)}, but no regular array ({error})"
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} is {kind}; expected numbers, {expected}")
    return array


def _below(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
