"""The explorers of chapter 04: a logit that falls until softmax loses it, and the VJP of log-softmax in a picture."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np

from .. import functional as F
from ..gradcheck import vjp
from ..tensor import Tensor
from . import charts
from . import explore_base as base
from .charts import number
from .explore_base import DTYPES, Explorer, State, aligned, listed, outcome

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
        return charts.beside(sentence, charts.stacked("both", table, self._curves()), caption=self._caption(problem))

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


# --- The VJP as a projection ------------------------------------------------------------------------------------


class ProjectionState(State):
    """Two classes: the VJP of log-softmax takes an upstream gradient g (2,) along s (2,) to where its sum is 0.

    gap: the logit of class 1 minus that of class 2.
    """

    def __init__(self, gap: float = 0.0, g: Sequence[float] = (1.0, 0.4)):
        self.gap, self.g = gap, g

    def rows(self) -> dict[str, np.ndarray]:
        """s, g, s * sum(g) and the VJP g - s * sum(g) (2,), each with its sum: (3,)."""
        g = np.asarray(self.g, dtype=np.float64)
        z = [self.gap, 0.0]
        with np.errstate(all="ignore"):
            s, projected = F.softmax(z).data, vjp(F.log_softmax, z, g)
            noise = 1e-12 * np.abs(g).max()  # a sum that is 0 comes out as 1e-17
            total, result = (np.where(np.abs(x) < noise, 0, x) for x in (g.sum(), projected))
            rows = {"s": s, "g": g, "s sum(g)": s * total, "g - s sum(g)": result}
            sums = (s.sum(), total, total, np.where(np.abs(result.sum()) < noise, 0, result.sum()))
            return {name: np.append(values, x) for (name, values), x in zip(rows.items(), sums)}

    def view(self) -> str:
        rows = self.rows()
        g, result = rows["g"][:2], rows["g - s sum(g)"][:2]
        arrows: dict[str, tuple[charts.Numbers, charts.Numbers, str]] = {
            "g": ((0, 0), g, "gradients"),
            "g - s sum(g)": ((0, 0), result, "gradients"),
            "-s sum(g)": (g, result, "probabilities"),
        }
        directions = {"sum 0": (1, -1), "the ones (1, 1)": (1, 1)}
        axes = ("class 1", "class 2")
        plane = charts.plane(arrows, "upstream gradients of two classes", axes, directions, reach=2, size=320)
        quantities = ["probabilities", "gradients", "probabilities", "gradients"]
        title = f"logit gap {number(self.gap)}; grey: negative"
        table = charts.heat_map(list(rows.values()), list(rows), [*axes, "sum"], title, quantities, limit=2)
        return charts.beside(self.describe(), plane, table, caption=self._summary())

    def describe(self) -> str:
        parts = [
            f"{name} is ({number(a)}, {number(b)}), sum {number(total)}" for name, (a, b, total) in self.rows().items()
        ]
        return f"Logit gap {number(self.gap)}: {'; '.join(parts)}. {self._summary()}"

    def table(self) -> str:
        rows = [[name, *map(number, row)] for name, row in self.rows().items()]
        return aligned([f"logit gap {number(self.gap)}", "class 1", "class 2", "sum"], rows) + "\n" + self._summary()

    def _summary(self) -> str:
        """Along what g moves."""
        total = self.rows()["g"][2]
        if not math.isfinite(total):
            return "g has no finite sum."
        if total == 0:
            return "The sum of g is 0 already: nothing moves."
        if self.gap == 0:
            return "s is along the ones: g moves at a right angle, the orthogonal projection."
        return "g moves along s, not at a right angle, until its sum is 0."


# --- Live -------------------------------------------------------------------------------------------------------


def log_softmax(log_softmax: Callable | None = None) -> Explorer:
    """One of three logits under a slider, falling to -1000: what becomes of its log-probability and gradient."""
    state = LogSoftmaxState(log_softmax=log_softmax)
    lowest = base.slider_over("logit x", FALLING, state.lowest)

    def read():
        state.lowest = float(lowest.value)

    return Explorer("Log-softmax", state, {"logit x": lowest}, read)


def projection() -> Explorer:
    """The gap of two logits and an upstream gradient under sliders: where the VJP of log-softmax takes it."""
    state = ProjectionState()
    gap = base.slider("logit gap", state.gap, 6)
    g1, g2 = (base.slider(f"g{i + 1}", x, 2) for i, x in enumerate(state.g))

    def read():
        state.gap, state.g = gap.value, (g1.value, g2.value)

    return Explorer("Projection", state, {"gap": gap, "g1": g1, "g2": g2}, read)
