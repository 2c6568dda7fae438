"""Explorers: a figure that follows its sliders.

Behind each stands a state, a plain Python object which computes with the engine, or with a softmax of the learner's
own, and draws itself. `softmax()`, `simplex()` and `stability()` put sliders before it:

    explore.SoftmaxState(logits=[3, 1, 0, 0, -1])     # a still figure; print(state.table()) for the numbers
    explore.softmax(my_softmax)                       # the same, live

Whatever the learner's function does, an explorer raises nothing: it says in words what is wrong, in the figure.
"""

from __future__ import annotations

import contextlib
import decimal
import math
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets
import numpy as np

from .. import functional as F
from ..tensor import Tensor
from . import charts
from .charts import number

# About evenly spaced on a log scale, with 0.1, 0.5, 1, 2 and 10 among them.
TEMPERATURES = [
    *(0.05, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8),
    *(1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.5, 15.0, 20.0),
]
# 11 and 12, 88 and 89, 709 and 710 are the last logit whose exponential float16, 32 and 64 hold, and the next.
SCALES = [0, 0.1, 0.2, 0.5, 1, 2, 5, 8, 10, 11, 12, 15, 20, 30, 50, 70, 88, 89, 100, 150, 200, 300, 500, 709, 710, 1000]
DTYPES = ["float16", "float32", "float64"]
PRESETS = {
    "start": [2.0, 1.0, 0.0, -1.0, -2.0],
    "uniform": [0.0, 0.0, 0.0, 0.0, 0.0],
    "one leader": [8.0, 0.0, 0.0, 0.0, 0.0],
    "a tie": [3.0, 3.0, 0.0, -1.0, -2.0],
    "huge logits": [1000.0, 999.0, 998.0, 0.0, -1000.0],
}
LOGIT_REACH = 10.0
STYLE, LAYOUT = {"description_width": "100px"}, {"width": "310px"}
UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"  # but read aloud
EXACT = decimal.Context(prec=50, traps=[])


# --- A learner's function, which may do anything ----------------------------------------------------------------


def called(softmax: Callable, z: np.ndarray):
    """What softmax returns for a copy of z along its last axis, and that as an array."""
    with np.errstate(all="ignore"):
        returned = softmax(z.copy(), axis=-1)
    return returned, np.asarray(returned.data if isinstance(returned, Tensor) else returned)


def outcome(softmax: Callable, z: np.ndarray) -> tuple[np.ndarray | None, str]:
    """softmax(z, axis=-1) for logits z (C,): the array (C,) it returned and "", or None and what is wrong with it."""
    try:
        returned, array = called(softmax, z)
    except (Exception, SystemExit) as error:  # exit() in a learner's function must not end the explorer
        return None, f"your function raised {type(error).__name__}{_explanation(error)}"
    if array.dtype.kind not in "biuf":
        return None, f"your function returned {type(returned).__name__}, expected an array of {len(z)} numbers"
    if array.shape != z.shape:
        return None, f"your function returned shape {array.shape}, expected {z.shape}"
    return array.astype(array.dtype if array.dtype.kind == "f" else np.float64), ""


def _explanation(error: BaseException) -> str:
    try:
        return f": {str(error):.200}" if str(error) else ""
    except Exception:
        return ""


def probabilities_of(softmax: Callable, z: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray | None, str]:
    """As outcome, and the array must be a distribution."""
    p, problem = outcome(softmax, z)
    if problem:
        return None, problem
    for wrong, what in ((np.isnan(p), "nan"), (np.isinf(p), "inf"), (p < 0, "a negative number")):
        if wrong.any():
            return None, f"your function returned {what} for {_listed(n for n, w in zip(names, wrong) if w)}"
    with np.errstate(all="ignore"):
        total = float(p.sum())
    if not abs(total - 1) < 1e-3:
        return None, f"the probabilities sum to {number(total)}, not 1"
    return p.astype(np.float64), ""


def difference(softmax: Callable, z: np.ndarray, p: np.ndarray, names: Sequence[str]) -> str:
    """Where a learner's probabilities p (C,) of logits z (C,) are not softmax's, for z or two rows; "" if nowhere."""
    expected = F.softmax(z).data
    worst = int(np.abs(p - expected).argmax())
    if abs(p[worst] - expected[worst]) > 1e-3:
        return f"not softmax: {names[worst]} is {number(p[worst])}, and should be {number(expected[worst])}"
    batch = np.stack([z, z[::-1]])
    try:
        _, rows = called(softmax, batch)
        if rows.shape == batch.shape and np.allclose(rows, F.softmax(batch).data, atol=1e-3):
            return ""
    except (Exception, SystemExit) as error:
        return f"right for one row of logits; for two, shape {batch.shape}, it raises {type(error).__name__}"
    return f"right for one row of logits, but not for two, shape {batch.shape}: mind the axis and keepdims"


def _listed(words) -> str:
    return ", ".join(words)


# --- States -----------------------------------------------------------------------------------------------------


class State:
    """What the explorers have in common: a figure, a sentence and a table of the same numbers."""

    def view(self) -> str:
        """The figure as SVG."""
        raise NotImplementedError

    def describe(self) -> str:
        """The figure in one sentence, for those who listen to it."""
        raise NotImplementedError

    def table(self) -> str:
        """The numbers as an aligned table, to print."""
        raise NotImplementedError

    def _repr_svg_(self) -> str:
        return self.view()

    def __repr__(self) -> str:
        return self.describe()


class SoftmaxState(State):
    """Logits (C,) at a temperature T: exp(z / T) and the probabilities, which share what is there.

    softmax: the function explored; it is called with z / T, float64 of shape (C,), and axis=-1; one that is not
    the engine's is also called with two rows, shape (2, C), and compared with the engine's.
    """

    def __init__(
        self,
        logits: Sequence[float] = tuple(PRESETS["start"]),
        temperature: float = 1.0,
        names: Sequence[str] = ("cat", "dog", "bird", "fish", "frog"),
        softmax: Callable = F.softmax,
    ):
        self.logits, self.temperature, self.names, self.softmax = list(logits), temperature, list(names), softmax

    def scaled(self, temperature: float | None = None) -> np.ndarray:
        """z / T, float64 of shape (C,)."""
        with np.errstate(all="ignore"):
            T = np.float64(self.temperature if temperature is None else temperature)
            return np.asarray(self.logits, dtype=np.float64) / T

    def exponentials(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.exp(self.scaled())

    def probabilities(self) -> tuple[np.ndarray | None, str]:
        """The probabilities (C,) and "", or None and what is wrong."""
        return probabilities_of(self.softmax, self.scaled(), self.labels())

    def labels(self) -> list[str]:
        """One name a class: those given, and "class 4" where there are too few."""
        given = [str(name).strip() for name in self.names]
        return [given[i] if i < len(given) and given[i] else f"class {i + 1}" for i in range(len(self.logits))]

    def entropy(self) -> float:
        """-sum(p * log p) in nats; nan if there are no probabilities."""
        p, problem = self.probabilities()
        return math.nan if problem else entropy(p)

    def view(self) -> str:
        p, problem = self.probabilities()
        names, title = self.labels(), "probabilities: each exp over their sum"
        e = self.exponentials()
        texts = ["inf: too large for float64" if np.isposinf(value) else number(value) for value in e]
        left = charts.bars(e, names, "exp(z / T)", "exponentials", texts=texts)
        if problem:
            right = charts.message(problem, title)
        else:
            uniform = 1 / len(p)
            reference = (uniform, f"uniform {number(uniform)}")
            right = charts.bars(p, names, title, "probabilities", limits=(0, 1), reference=reference)
        return charts.beside(self._sentence(p, problem), left, right, caption=self._summary(p))

    def describe(self) -> str:
        return self._sentence(*self.probabilities())

    def table(self) -> str:
        p, problem = self.probabilities()
        rows = [
            [name, number(z), number(e), "-" if problem else number(q)]
            for name, z, e, q in zip(
                self.labels(), self.logits, self.exponentials(), [None] * len(self.logits) if problem else p
            )
        ]
        return aligned(["class", "logit z", "exp(z / T)", "probability"], rows) + "\n" + (problem or self._summary(p))

    def _summary(self, p: np.ndarray | None) -> str:
        """T, entropy and the ratio of the two largest probabilities, or how they differ from softmax's."""
        summary = f"T = {number(self.temperature)}"
        if p is None:
            return summary
        if self.softmax is not F.softmax and (wrong := difference(self.softmax, self.scaled(), p, self.labels())):
            return f"{summary}; {wrong}"
        summary += f"; entropy {number(entropy(p))} of at most log {len(p)} = {number(math.log(len(p)))} nats"
        return summary + self._ratio(p)

    def _ratio(self, p: np.ndarray) -> str:
        first, second = np.argsort(-p, kind="stable")[:2]
        names = self.labels()
        if p[second] == 0:
            return f"; {names[first]} has all, the others 0"
        ratio = number(p[first] / p[second])
        if ratio == "1":
            return f"; {names[first]} and {names[second]} are equally probable"
        return f"; {names[first]} is {ratio} times as probable as {names[second]}"

    def _sentence(self, p: np.ndarray | None, problem: str) -> str:
        if problem:
            return f"At temperature {number(self.temperature)}: {problem}."
        listed = _listed(f"{name} {number(q)}" for name, q in zip(self.labels(), p))
        return f"Probabilities: {listed}; {self._summary(p)}."


class SimplexState(SoftmaxState):
    """Three logits: their probabilities are a point of a triangle, which the temperature moves along a path.

    The path leads from T = 0.05, near the corner of the largest logit, to T = 20, near the middle.
    """

    def __init__(
        self,
        logits: Sequence[float] = (1.0, 0.5, 0.0),
        temperature: float = 1.0,
        names: Sequence[str] = ("cat", "dog", "bird"),
        softmax: Callable = F.softmax,
    ):
        super().__init__(logits, temperature, names, softmax)

    def trail(self) -> list[np.ndarray]:
        """The probabilities (3,) at each of TEMPERATURES at which there are any."""
        found = (probabilities_of(self.softmax, self.scaled(T), self.labels())[0] for T in TEMPERATURES)
        return [p for p in found if p is not None]

    def view(self) -> str:
        p, problem = self.probabilities()
        names = self.labels()
        title = "the simplex: all ways to share 1"
        bars = charts.bars(self.logits, names, "logits z", "logits")
        right = charts.message(problem, title) if problem else charts.simplex(p, names, title, self.trail(), size=240)
        return charts.beside(self._sentence(p, problem), bars, right, caption=self._summary(p))


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
            others = np.delete(shifted, z.argmax()).sum()
            largest = np.full_like(z, np.nan)
            largest[z.argmax()] = -np.log1p(others)
            results = {
                "exp(z)": e,
                "naive softmax": e / e.sum(),
                "shifted softmax": F.softmax(z).data,
                "log(shifted softmax)": np.log(shifted / total),
                "z - m - log(sum)": z - m - np.log(total),
                "-log1p(others)": largest,
            }
        if self.softmax is not None:
            array, problem = outcome(self.softmax, z)
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
        largest = int(self.logits().argmax())
        cells = {}
        for name, values in results.items():
            if isinstance(values, str):
                continue
            words = [self._reason(name, value, i) or number(value) for i, value in enumerate(values)]
            if name in errors:
                words = [w if math.isnan(e) else f"{w}\n{ulps_in_words(e)}" for w, e in zip(words, errors[name])]
            if name == "-log1p(others)":
                words = [w if i == largest else "only for the largest" for i, w in enumerate(words)]
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
            "-log1p(others)": "-log1p(sum of the\nothers' exp(z - m))",
        }
        rows = [explained.get(name, name) for name in cells]
        title = f"softmax in {self.dtype}, and its error in ulps: the deeper the colour, the larger (grey: inf, nan)"
        figure = charts.heat_map(depth, rows, columns, title, "gradients", texts=list(cells.values()), cell=196)
        return charts.beside(self.describe(), figure, caption=self._problem())

    @staticmethod
    def _depth(words: Sequence[str], errors: np.ndarray) -> list[float]:
        """How deep the colour of each cell of a row is: nan, which is grey, where the value is infinite or nan."""
        broken = [word.startswith(("inf", "-inf", "nan")) for word in words]
        return [math.nan if b else math.log(max(1, rounded_ulps(e))) for b, e in zip(broken, errors)]

    def describe(self) -> str:
        parts = [f"{name} gives {_listed(row).replace(chr(10), ' ')}" for name, row in self.cells().items()]
        parts += filter(None, [self._problem()])
        return f"Logits {_listed(map(number, self.logits()))} in {self.dtype}: {'; '.join(parts)}."

    def table(self) -> str:
        rows = [[name, *(cell.replace("\n", ", ") for cell in row)] for name, row in self.cells().items()]
        header = [self.dtype, *(f"z = {number(value)}" for value in self.logits())]
        return "\n".join(filter(None, (aligned(header, rows), self._problem())))

    def _problem(self) -> str:
        """What is wrong with the learner's softmax."""
        if self.softmax is None:
            return ""
        return outcome(self.softmax, self.logits())[1]


# --- Numbers ----------------------------------------------------------------------------------------------------


def entropy(p: np.ndarray) -> float:
    """-sum(p * log p) in nats, where 0 * log 0 is 0."""
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def exact(z: np.ndarray) -> tuple[list[decimal.Decimal], list[decimal.Decimal]]:
    """Softmax and log-softmax of z (C,) to 50 digits."""
    with decimal.localcontext(EXACT):
        z = [decimal.Decimal(float(value)) for value in z]
        top = int(np.argmax([float(value) for value in z]))
        shifted = [value - z[top] for value in z]
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


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text: the first column to the left, the others to the right."""
    cells = [list(map(charts.printable, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    padded = [[row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))] for row in cells]
    return "\n".join("  ".join(row).rstrip() for row in padded)


# --- Sliders ----------------------------------------------------------------------------------------------------


class Explorer(widgets.VBox):
    """A state behind its controls: at every change, what the controls say goes into the state, and it is drawn again.

    controls: a widget each, by name. read: a function that copies their values into the state.
    The parts are attributes: state, controls, figure (the SVG) and status (the same in a sentence, read aloud).
    """

    def __init__(self, title: str, state: State, controls: Mapping[str, widgets.Widget], read: Callable[[], None]):
        self.title, self.state, self.controls, self._read, self._held = title, state, dict(controls), read, False
        self.figure, self.status = widgets.HTML(), widgets.HTML()
        for control in self.controls.values():
            if control.has_trait("value"):
                control.observe(self._changed, names="value")
        wrapping = widgets.Layout(display="flex", flex_flow="row wrap", width="100%")
        super().__init__([widgets.Box(list(self.controls.values()), layout=wrapping), self.figure, self.status])
        self._changed()

    @contextlib.contextmanager
    def held(self):
        """Change several controls, and draw once."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._changed()

    def _changed(self, _change=None) -> None:
        if self._held:
            return
        self._read()
        self.figure.value = self.state.view()
        sentence = charts.escape(charts.printable(self.state.describe()))
        self.status.value = f'<div role="status" aria-live="polite" style="{UNSEEN}">{sentence}</div>'

    def __repr__(self) -> str:
        # What a page without widgets shows, for example GitHub; ipywidgets cuts it after 110 characters.
        return f"{self.title} explorer: move its sliders in JupyterLab. The figure below shows how it starts."


def softmax(softmax: Callable = F.softmax) -> Explorer:
    """Five logits, a temperature and names under controls: exponentials, probabilities, entropy."""
    state = SoftmaxState(softmax=softmax)
    sliders = _logit_sliders(state)
    names = widgets.Text(", ".join(state.names), description="class names", style=STYLE, layout={"width": "610px"})
    presets = {name: widgets.Button(description=name, layout={"width": "auto"}) for name in PRESETS}
    temperature = _temperature_slider(state)

    def read():
        _read_sliders(state, sliders, temperature)
        state.names = names.value.split(",")
        for slider, name in zip(sliders.values(), state.labels()):
            slider.description = charts.shortened(name, 90)

    controls = {**sliders, "temperature": temperature, "names": names, **presets}
    explorer = Explorer("Softmax", state, controls, read)

    def load(button):
        logits = PRESETS[button.description]
        reach = max(LOGIT_REACH, *map(abs, logits))
        with explorer.held():
            for slider, logit in zip(sliders.values(), logits):
                with slider.hold_sync():  # in one message: a new range alone makes the browser send its old value back
                    slider.min, slider.max = -reach, reach
                    slider.value = logit

    for button in presets.values():
        button.on_click(load)
    return explorer


def simplex(softmax: Callable = F.softmax) -> Explorer:
    """Three logits and a temperature under sliders: the point of the triangle and its path."""
    state = SimplexState(softmax=softmax)
    sliders, temperature = _logit_sliders(state), _temperature_slider(state)
    controls = {**sliders, "temperature": temperature}
    return Explorer("Simplex", state, controls, lambda: _read_sliders(state, sliders, temperature))


def stability(softmax: Callable | None = None) -> Explorer:
    """The size of three logits and their dtype under controls: which formulas survive, and how exact they are."""
    state = StabilityState(softmax=softmax)
    scale = _slider_over("largest logit", SCALES, state.scale)
    narrow = {"button_width": "80px"}
    dtype = widgets.ToggleButtons(
        options=DTYPES, value=state.dtype, description="dtype", style=narrow, layout={"width": "420px"}
    )

    def read():
        state.scale, state.dtype = scale.value, dtype.value

    return Explorer("Stability", state, {"scale": scale, "dtype": dtype}, read)


def _logit_sliders(state: SoftmaxState) -> dict[str, widgets.FloatSlider]:
    """A slider for each logit, described by the name of its class."""
    look = {"step": 0.1, "readout_format": ".1f", "style": STYLE, "layout": LAYOUT}
    return {
        f"logit {i + 1}": widgets.FloatSlider(logit, min=-LOGIT_REACH, max=LOGIT_REACH, description=name, **look)
        for i, (logit, name) in enumerate(zip(state.logits, state.labels()))
    }


def _temperature_slider(state: SoftmaxState) -> widgets.SelectionSlider:
    return _slider_over("temperature T", TEMPERATURES, state.temperature)


def _slider_over(description: str, values: Sequence[float], value: float) -> widgets.SelectionSlider:
    """A slider that stops at the values listed, and nowhere between."""
    options = [(f"{stop:g}", stop) for stop in values]
    return widgets.SelectionSlider(options=options, value=value, description=description, style=STYLE, layout=LAYOUT)


def _read_sliders(state: SoftmaxState, sliders: Mapping[str, widgets.FloatSlider], temperature) -> None:
    state.logits, state.temperature = [slider.value for slider in sliders.values()], temperature.value
