"""An explorer of chapter 04: a logit that falls until softmax loses it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from ... import functional as F
from ...gradcheck import vjp
from ...tensor import Tensor
from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import DTYPES, Explorer, State, aligned, listed
from .learner import outcome

# -10, -88 and -709 are the first whole x at which float16, 32 and 64 lose the gradient through log(softmax); at -17,
# -103 and -745 softmax itself is 0. The stop before each is the last at which it is not lost.
FALLING = [
    *(0, -1, -3, -5, -7, -9, -10, -12, -13, -15, -16, -17, -20, -30, -50, -70),
    *(-87, -88, -95, -102, -103, -120, -150, -200, -300, -400, -500, -600, -708, -709, -720, -744, -745, -800, -1000),
]
WINDOWS = [(-25, 0.5), (-150, 2), (-1000, 10)]  # how far the curves go, and the distance of their points
P, LOG_OF_P, LOG_SOFTMAX = "p = softmax", "log(softmax)", "log_softmax"
THROUGH_LOG_OF_P, THROUGH_LOG_SOFTMAX = f"gradient of\n{LOG_OF_P}", f"gradient of\n{LOG_SOFTMAX}"
YOURS = "your\nlog_softmax"
RIGHT = {LOG_OF_P: LOG_SOFTMAX, THROUGH_LOG_OF_P: THROUGH_LOG_SOFTMAX}  # where to read what a row should be
SHOULD_BE = "\nshould be "


# --- A logit that falls -----------------------------------------------------------------------------------------


def logits(x, dtype: str) -> np.ndarray:
    """(1, 0, x) for each x (N,): shape (N, 3), rounded to dtype."""
    with np.errstate(all="ignore"):
        return np.stack(np.broadcast_arrays(1.0, 0.0, x), axis=-1).astype(dtype)


def third_class(x, dtype: str) -> dict[str, np.ndarray]:
    """What the engine makes of logits(x, dtype) for the third class (N,), and of its gradient with respect to x."""

    def gradient(log_probabilities) -> np.ndarray:
        return vjp(lambda z: log_probabilities(z)[:, 2].sum(), logits(x, dtype))[:, 2]

    def log_of_softmax(z) -> Tensor:
        return F.log(F.softmax(z))

    z = logits(x, dtype)
    with np.errstate(all="ignore"):
        return {
            P: F.softmax(z).data[:, 2],
            LOG_OF_P: log_of_softmax(z).data[:, 2],
            LOG_SOFTMAX: F.log_softmax(z).data[:, 2],
            THROUGH_LOG_OF_P: gradient(log_of_softmax),
            THROUGH_LOG_SOFTMAX: gradient(F.log_softmax),
        }


@functools.cache
def first_lost(dtype: str) -> tuple[int, int]:
    """The first of x = 0, -1, ..., -1000 with no finite gradient through log(softmax); the first with log(p) = -inf."""
    x = np.arange(0.0, -1001, -1)
    found = third_class(x, dtype)
    no_gradient, no_log = (int(x[~np.isfinite(found[name])][0]) for name in (THROUGH_LOG_OF_P, LOG_OF_P))
    return no_gradient, no_log


@functools.cache
def curves(lowest: int, step: float) -> dict[str, tuple]:
    """log_softmax over x from lowest to 0, and the logarithm of p rounded to each dtype, as charts.lines wants them."""
    x = np.arange(lowest, step, step)
    exact = third_class(x, "float64")
    found = {}
    for dtype, width in zip(DTYPES, (13, 9, 5.5)):
        with np.errstate(all="ignore"):
            found[dtype] = x, np.log(exact[P].astype(dtype).astype(np.float64)), "probabilities", width
    return found | {LOG_SOFTMAX: (x, exact[LOG_SOFTMAX], "probabilities", 1.5)}


def shown(value: float, dtype: str) -> str:
    """A number with the digits that dtype is sure of on all machines: of float16 two, or one behind the point."""
    if not (math.isfinite(value) and value):
        return number(value)
    digits = 4 if dtype != "float16" else 3 if abs(value) >= 10 else 2
    with np.errstate(all="ignore"):
        units = abs(float(value)) / float(np.spacing(np.abs(np.asarray(value, dtype=dtype))))  # few if p is almost 0
    digits = max(1, min(digits, int(math.log10(units)))) if units >= 1 else 1
    return number(float(f"{float(value):.{digits}g}"))


class LogSoftmaxState(State):
    """Logits (1, 0, x), the last of which falls: its log-probability and gradient, two ways, in three dtypes.

    One way is log(softmax), the logarithm of a probability that underflows; the other is log_softmax. log_softmax: a
    learner's own, or None; it is called for each dtype with an array of shape (3,) and axis=-1, and if that is right,
    with two rows, shape (2, 3).
    """

    def __init__(self, lowest: float = -20.0, log_softmax: Callable | None = None):
        self.lowest, self.log_softmax = lowest, log_softmax

    def results(self) -> dict[str, dict[str, float]]:
        """For each dtype, what third_class() says, one number each."""
        return {dtype: {k: v[0] for k, v in third_class([self.lowest], dtype).items()} for dtype in DTYPES}

    def cells(self) -> tuple[dict[str, list[str]], str]:
        """Of each row the words for each dtype; and what is wrong with the learner's function."""
        results = self.results()
        names = next(iter(results.values()))
        cells = {name: [_words(name, results[dtype], dtype) for dtype in DTYPES] for name in names}
        if self.log_softmax is None:
            return cells, ""
        cells[YOURS], remarks = map(list, zip(*(self._yours(self.log_softmax, dtype) for dtype in DTYPES)))
        if remarks[0] and len(set(remarks)) == 1:
            return cells, remarks[0]
        return cells, "; ".join(f"{dtype}: {remark}" for dtype, remark in zip(DTYPES, remarks) if remark)

    def _yours(self, log_softmax: Callable, dtype: str) -> tuple[str, str]:
        """What the learner's function gives for the third class, and what is wrong with that or with another."""
        z = logits([self.lowest], dtype)[0]
        l, problem = outcome(log_softmax, z.shape, z, axis=-1)
        if l is None:
            return "no result", problem
        with np.errstate(all="ignore"):
            expected = F.log_softmax(z).data
            wrong = _differs(l, expected)
        values = [shown(value, dtype).split(":")[0] for value in l]  # inf and nan as the bare words
        if not wrong.any():
            return values[2], self._for_two_rows(log_softmax, z)
        i = 2 if wrong[2] else int(wrong.argmax())
        right = shown(expected[i], dtype)
        remark = f"your function gives {values[i]} for class {i + 1}, and should give {right}"
        return f"{values[2]},{SHOULD_BE}{right}" if wrong[2] else values[2], remark

    def _for_two_rows(self, log_softmax: Callable, z: np.ndarray) -> str:
        """What is wrong with the learner's function for z (3,) above a row that lies 1000 lower; "" if nothing."""
        with np.errstate(all="ignore"):
            batch = np.stack([z, z - z.dtype.type(1000)])
            expected = F.log_softmax(batch).data
        l, problem = outcome(log_softmax, batch.shape, batch, axis=-1)
        if l is None:
            return f"right for one row of logits; for two, {problem}"
        if _differs(l, expected).any():
            return f"right for one row of logits, but not for two, shape {batch.shape}: mind the maximum of each row"
        return ""

    def view(self) -> str:
        cells, problem = self.cells()
        sentence = self._sentence(cells, problem)
        depth = [[math.nan if _is_bad(words) else 0.5 for words in row] for row in cells.values()]
        quantities = ["gradients" if "gradient" in name else "probabilities" for name in cells]
        title = f"class 3 of the logits (1, 0, {number(self.lowest)}); grey: lost or wrong"
        table = charts.heat_map(
            depth, list(cells), DTYPES, title, quantities, texts=list(cells.values()), cell=172, limit=1
        )
        return svg.beside(sentence, svg.stacked("both", table, self._curves()), caption=self._caption(problem))

    def _curves(self) -> str:
        """log p against x, with the present x marked, as far as the first of WINDOWS that holds it."""
        held = [window for window in WINDOWS if window[0] <= self.lowest]
        marker = (float(self.lowest), float(third_class([self.lowest], "float64")[LOG_SOFTMAX][0]))
        series = curves(*(held or WINDOWS[-1:])[0])
        title = f"{LOG_OF_P} in three dtypes, each as far as it goes, and {LOG_SOFTMAX}"
        return charts.lines(series, title, "x", "log p", marker=marker, width=690, height=260)

    def describe(self) -> str:
        return self._sentence(*self.cells())

    def table(self) -> str:
        cells, problem = self.cells()
        rows = [[name.replace("\n", " "), *(words.replace("\n", " ") for words in row)] for name, row in cells.items()]
        header = [f"x = {number(self.lowest)}", *DTYPES]
        return aligned(header, rows) + "\n" + self._caption(problem)

    def _sentence(self, cells: dict[str, list[str]], problem: str) -> str:
        parts = [
            f"{name}: " + listed(f"{dtype} {words}" for dtype, words in zip(DTYPES, row)) for name, row in cells.items()
        ]
        said = "; ".join([*parts, *filter(None, [problem])]).replace("\n", " ")
        return f"Class 3 of the logits (1, 0, {number(self.lowest)}). {said}."

    def _caption(self, problem: str) -> str:
        gradient, log_of_p = (listed(str(first_lost(dtype)[i]) for dtype in DTYPES) for i in (0, 1))
        lost = f"In {listed(DTYPES)}, {LOG_OF_P} is -inf from x = {log_of_p} on; its gradient is nan from {gradient} on"
        return f"{problem}. {lost}." if problem else f"{lost}."


def _words(name: str, found: dict[str, float], dtype: str) -> str:
    """A number of third_class(), or why there is none."""
    value, p = found[name], found[P]
    if name == P and value == 0:
        return f"0: too small\nfor {dtype}"
    if name == LOG_OF_P and np.isneginf(value):
        return "-inf: the log of 0"
    if name == LOG_SOFTMAX and np.isneginf(value):
        return f"-inf: so is x\nin {dtype}"
    if name == THROUGH_LOG_OF_P and np.isnan(value):
        with np.errstate(all="ignore"):
            infinite = np.isposinf(np.reciprocal(p))  # not 1 / p, which NumPy 1 computes in float64
        if infinite:  # g = 1 / p of the logarithm goes into s * (g - sum(g * s)) of softmax
            return "nan: 1 / p is inf,\n" + ("inf * 0" if p == 0 else "inf - inf")
    words = shown(value, dtype).replace(": ", ":\n")
    right = found[RIGHT.get(name, name)]
    return f"{words},{SHOULD_BE}{shown(right, dtype)}" if math.isfinite(value) and _differs(value, right) else words


def _differs(value, right):
    """Where value (a number or an array) is not right (of the dtype in question), by more than rounding."""
    near = {"rtol": 4 * float(np.finfo(right.dtype).eps), "atol": 0.1, "equal_nan": True}
    with np.errstate(all="ignore"):
        return ~np.isclose(np.asarray(value, dtype=float), right.astype(float), **near)


def _is_bad(words: str) -> bool:
    """Whether the words of a cell tell of a number that is lost or wrong."""
    return words.startswith(("0:", "nan", "inf", "-inf", "no result")) or SHOULD_BE in words


# --- Live -------------------------------------------------------------------------------------------------------


def log_softmax(log_softmax: Callable | None = None) -> Explorer:
    """One of three logits under a slider, falling to -1000: what becomes of its log-probability and gradient."""
    state = LogSoftmaxState(log_softmax=log_softmax)
    lowest = base.slider_over("logit x", FALLING, state.lowest)

    def read():
        state.lowest = float(lowest.value)

    return Explorer("Log-softmax", state, {"logit x": lowest}, read)
