"""The explorer of chapter 02: which formulas survive large logits in three dtypes, and how exact they are."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np

from ... import functional as F
from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import DTYPES, Explorer, State, aligned, listed
from .learner import outcome

# 11 and 12, 88 and 89, 709 and 710 are the last logit whose exponential float16, 32 and 64 hold, and the next.
SCALES = [0, 0.1, 0.2, 0.5, 1, 2, 5, 8, 10, 11, 12, 15, 20, 30, 50, 70, 88, 89, 100, 150, 200, 300, 500, 709, 710, 1000]
EXACT = decimal.Context(prec=50, traps=[])


class StabilityState(State):
    """Softmax and its logarithm, each by several formulas, in one floating-point type, against exact values.

    The logits are scale * direction, rounded to dtype. softmax: a learner's own, or None; it is called with an array of
    that dtype and axis=-1. Errors are in ulps, units in the last place of dtype: the distance between the exact value
    and the next number the dtype holds.
    """

    def __init__(
        self,
        scale: float = 20.0,
        dtype: str = "float16",
        softmax: Callable | None = None,
        direction: Sequence[float] = (1.0, 0.5, 0.0),
    ):
        self.scale, self.dtype, self.softmax, self.direction = scale, dtype, softmax, direction

    def logits(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return (np.float64(self.scale) * np.asarray(self.direction, dtype=np.float64)).astype(self.dtype)

    def results(self) -> dict[str, np.ndarray | str]:
        """Each formula, and what it gives (C,); or, for the learner's, what is wrong."""
        z = self.logits()
        with np.errstate(all="ignore"):
            m = z.max()
            e, shifted = np.exp(z), np.exp(z - m)
            total = shifted.sum()
            results = {
                "exp(z)": e,
                "naive softmax": e / e.sum(),
                "shifted softmax": F.softmax(z).data,
                "log(shifted softmax)": np.log(shifted / total),
                "z - m - log(sum)": z - m - np.log(total),
                "z - m - log1p(others)": F.log_softmax(z).data,
            }
        if self.softmax is not None:
            array, problem = outcome(self.softmax, z.shape, z, axis=-1)
            results["your softmax"] = problem or array
        return results

    def errors(self) -> dict[str, np.ndarray]:
        """The errors in ulps (C,) of each formula except exp(z); nan where the value is infinite or nan."""
        p, l = exact(self.logits())
        return {
            name: np.array([ulps(value, true, self.dtype) for value, true in zip(values, l if "log" in name else p)])
            for name, values in self.results().items()
            if name != "exp(z)" and not isinstance(values, str)
        }

    def cells(self) -> dict[str, list[str]]:
        """Each formula's values in words, its errors in the second line."""
        results, errors = self.results(), self.errors()
        cells = {}
        for name, values in results.items():
            if isinstance(values, str):
                continue
            words = [self._reason(name, value, i) or number(value) for i, value in enumerate(values)]
            if name in errors:
                words = [w if math.isnan(e) else f"{w}\n{ulps_in_words(e)}" for w, e in zip(words, errors[name])]
            cells[name] = words
        return cells

    def _reason(self, name: str, value: float, i: int) -> str:
        """Why the value of class i is infinite, nan or 0, if there is something to say."""
        if np.isposinf(value):
            return f"inf: too large for {self.dtype}"
        if np.isneginf(value) and name == "log(shifted softmax)":
            return "-inf: the logarithm of 0"
        if name == "naive softmax" and (np.isnan(value) or value == 0):
            with np.errstate(all="ignore"):
                total = np.exp(self.logits()).sum()
            if np.isnan(value) and (total == 0 or np.isposinf(total)):
                return "nan: 0 / 0" if total == 0 else "nan: inf / inf"
            if np.isposinf(total):
                return "0: a number / inf"
        if value == 0 and "log" not in name and self._underflows(i):
            return f"0: too small for {self.dtype}"
        return ""

    def _underflows(self, i: int) -> bool:
        """Whether the probability of class i is below the least positive number of dtype."""
        probability = exact(self.logits())[0][i]
        with decimal.localcontext(EXACT):  # where comparing a nan raises nothing
            return probability < decimal.Decimal(float(np.finfo(self.dtype).smallest_subnormal))

    def view(self) -> str:
        z, cells, errors = self.logits(), self.cells(), self.errors()
        depth = [self._depth(cells[name], errors.get(name, np.zeros(len(z)))) for name in cells]
        columns = [f"z = {number(value)}" for value in z]
        explained = {
            "exp(z)": "exp(z)",
            "naive softmax": "naive softmax\nexp(z) / sum",
            "shifted softmax": "shifted softmax\nexp(z - m) / sum",
            "z - m - log(sum)": "z - m -\nlog(sum exp(z - m))",
            "z - m - log1p(others)": "z - m - log1p(sum\nof others' exp(z - m))",
        }
        rows = [explained.get(name, name) for name in cells]
        title = f"softmax in {self.dtype}, and its error in ulps: the deeper the colour, the larger (grey: inf, nan)"
        figure = charts.heat_map(depth, rows, columns, title, "gradients", texts=list(cells.values()), cell=196)
        return svg.beside(self.describe(), figure, caption=self._problem())

    @staticmethod
    def _depth(words: Sequence[str], errors: np.ndarray) -> list[float]:
        """How deep the colour of each cell of a row is: nan, which is grey, where the value is infinite or nan."""
        broken = [word.startswith(("inf", "-inf", "nan")) for word in words]
        return [math.nan if b else math.log(max(1, rounded_ulps(e))) for b, e in zip(broken, errors)]

    def describe(self) -> str:
        parts = [f"{name} gives {listed(row).replace(chr(10), ' ')}" for name, row in self.cells().items()]
        parts += filter(None, [self._problem()])
        return f"Logits {listed(map(number, self.logits()))} in {self.dtype}: {'; '.join(parts)}."

    def table(self) -> str:
        rows = [[name, *(cell.replace("\n", ", ") for cell in row)] for name, row in self.cells().items()]
        header = [self.dtype, *(f"z = {number(value)}" for value in self.logits())]
        return "\n".join(filter(None, (aligned(header, rows), self._problem())))

    def _problem(self) -> str:
        """What is wrong with the learner's softmax."""
        if self.softmax is None:
            return ""
        z = self.logits()
        return outcome(self.softmax, z.shape, z, axis=-1)[1]


# --- Exact values, and errors counted in units in the last place ------------------------------------------------


def exact(z: np.ndarray) -> tuple[list[decimal.Decimal], list[decimal.Decimal]]:
    """Softmax and log-softmax of z (C,) to 50 digits."""
    with decimal.localcontext(EXACT):
        top = int(z.argmax())
        shifted = [decimal.Decimal(float(value)) - decimal.Decimal(float(z[top])) for value in z]
        e = [value.exp() for value in shifted]
        others = sum(e[:top] + e[top + 1 :], decimal.Decimal(0))
        # log(1 + x) loses the digits of a small x; of its series, the terms left out are below 1e-60 of the sum.
        log_total = others - others**2 / 2 + others**3 / 3 if others < decimal.Decimal("1e-20") else (1 + others).ln()
        return [value / (1 + others) for value in e], [value - log_total for value in shifted]


def ulps(value: float, true: decimal.Decimal, dtype: str) -> float:
    """How many units in the last place of dtype lie between value and the true one; nan if value is not finite."""
    if not (math.isfinite(value) and true.is_finite()):
        return math.nan
    with np.errstate(all="ignore"):
        unit = np.spacing(np.abs(np.float64(true).astype(dtype)))
    with decimal.localcontext(EXACT):
        return float(abs(decimal.Decimal(float(value)) - true) / decimal.Decimal(float(unit)))


def rounded_ulps(error: float) -> float:
    """0 up to 4 ulps, else one significant digit: the rest depends on the machine's exp and log."""
    return 0.0 if error <= 4 else float(f"{error:.1g}")


def ulps_in_words(error: float) -> str:
    rounded = rounded_ulps(error)
    if rounded == 0:
        return "within 4 ulps"
    return f"about {rounded:,.0f} ulps" if rounded < 1e6 else f"about {rounded:.0e} ulps"


def stability(softmax: Callable | None = None) -> Explorer:
    """The size of three logits and their dtype under controls: which formulas survive, and how exact they are."""
    state = StabilityState(softmax=softmax)
    scale = base.slider_over("largest logit", SCALES, state.scale)
    narrow = {"button_width": "80px"}
    dtype = widgets.ToggleButtons(
        options=DTYPES, value=state.dtype, description="dtype", style=narrow, layout={"width": "420px"}
    )

    def read():
        state.scale, state.dtype = scale.value, dtype.value

    return Explorer("Stability", state, {"scale": scale, "dtype": dtype}, read)
