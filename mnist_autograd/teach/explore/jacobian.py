"""The explorer of chapter 03: the Jacobian of softmax, its VJP, and a shortcut on which finite differences decide."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np

from ... import functional as F
from ...gradcheck import jacobian as engine_jacobian
from ...gradcheck import numerical_jacobian
from ...gradcheck import vjp as engine_vjp
from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import Explorer, State, aligned, listed, names_of
from .learner import outcome, wrong_for_two_rows

G_REACH = 2.0
PRESETS = {  # logits, g
    "start": ([2.0, 1.0, 0.1], [0.5, -1.0, 2.0]),
    "uniform": ([0.0, 0.0, 0.0], [0.5, -1.0, 2.0]),
    "certain": ([10.0, -10.0, -10.0], [0.5, -1.0, 2.0]),
    "equal g": ([2.0, 1.0, 0.1], [1.0, 1.0, 1.0]),
    "g for cat alone": ([2.0, 1.0, 0.1], [1.0, 0.0, 0.0]),
}


def signed(value: float, decimals: int = 6) -> str:
    """The number with its sign, + or -; 0 has none."""
    value = round(float(value), decimals)
    return ("+" if 0 < value < math.inf else "") + number(value)


# --- State ------------------------------------------------------------------------------------------------------


class JacobianState(State):
    """Logits z (C,) and an upstream gradient g (C,): the Jacobian of softmax, and three ways to the gradient by z.

    vjp: a learner's own vjp(s, g, axis), or None for the engine's. It is called with s and g, float64 of shape (C,),
    and axis=-1; where that is right, also with two rows, shape (2, C).
    """

    def __init__(
        self,
        logits: Sequence[float] = tuple(PRESETS["start"][0]),
        g: Sequence[float] = tuple(PRESETS["start"][1]),
        vjp: Callable | None = None,
    ):
        if len(logits) != len(g):
            raise ValueError(f"one g for each logit, please: there are {len(logits)} logits and {len(g)} in g")
        self.logits, self.g, self.learners_vjp = list(logits), list(g), vjp

    def labels(self) -> list[str]:
        return names_of(self.logits)

    def z_and_g(self) -> tuple[np.ndarray, np.ndarray]:
        """Both float64 of shape (C,)."""
        return np.asarray(self.logits, dtype=np.float64), np.asarray(self.g, dtype=np.float64)

    @np.errstate(all="ignore")
    def probabilities(self) -> np.ndarray:
        """s = softmax(z), shape (C,)."""
        return F.softmax(self.z_and_g()[0]).data

    @np.errstate(all="ignore")
    def jacobian(self) -> np.ndarray:
        """J_ij = ds_i / dz_j, shape (C, C), by the engine."""
        return engine_jacobian(F.softmax, self.z_and_g()[0])

    @np.errstate(all="ignore")
    def vjp(self) -> np.ndarray:
        """J^T g = s * (g - sum(g * s)), shape (C,), by the engine."""
        return engine_vjp(F.softmax, *self.z_and_g())

    @np.errstate(all="ignore")
    def shortcut(self) -> np.ndarray:
        """s * (1 - s) * g, shape (C,): the diagonal of J alone."""
        s, (_, g) = self.probabilities(), self.z_and_g()
        return s * (1 - s) * g

    @np.errstate(all="ignore")
    def finite_difference(self) -> np.ndarray:
        """The central differences of the number sum(g * softmax(z)) by z, shape (C,)."""
        z, g = self.z_and_g()
        m = z.max()  # taken off: it changes no probability, and leaves a small step its digits
        return numerical_jacobian(lambda t: (F.softmax(t) * g).sum(), z - m if math.isfinite(m) else z)

    def results(self) -> tuple[dict[str, np.ndarray], str]:
        """The VJP or the learner's, the shortcut and the finite differences, each (C,); and "".

        Or, where something is wrong with the learner's: without it, and what is wrong.
        """
        results, problem = {"VJP": self.vjp()}, ""
        if self.learners_vjp is not None:
            array, problem = self._learners_result(self.learners_vjp)
            results = {} if array is None else {"yours": array}
        return results | {"shortcut": self.shortcut(), "finite diff.": self.finite_difference()}, problem

    def _learners_result(self, vjp: Callable) -> tuple[np.ndarray | None, str]:
        s, (_, g) = self.probabilities(), self.z_and_g()
        array, problem = outcome(vjp, s.shape, s, g, axis=-1)
        if array is None:
            return None, problem
        if np.isfinite([s, g]).all():  # else it has no chance
            for wrong, what in ((np.isnan(array), "nan"), (np.isinf(array), "inf")):
                if wrong.any():
                    return None, f"your function returned {what} for {listed(np.array(self.labels())[wrong])}"
        return array.astype(np.float64), ""

    # --- In words

    def decimals(self) -> int:
        """How many decimals are beyond the rounding errors of finite differences, which grow with g."""
        largest = max((abs(value) for value in self.g if math.isfinite(value)), default=0)
        return 6 - max(0, math.ceil(math.log10(largest)) - 2 if largest else 0)

    def shown(self, value: float) -> str:
        """A gradient with its sign; 0 where it is within the rounding errors."""
        return signed(value, self.decimals())

    def verdict(self) -> str:
        """What finite differences say of the VJP and of the shortcut."""
        return self._verdict(self.results()[0])

    def _verdict(self, results: dict[str, np.ndarray]) -> str:
        if not np.isfinite([self.probabilities(), self.z_and_g()[1], *results.values()]).all():
            return "No verdict: not all of these numbers are finite."
        within, sentences = f"within 1e{-self.decimals()}", []
        for name, words in (("VJP", "the VJP"), ("yours", "your VJP")):
            if name in results:
                off = self._off(results, name)
                said = f"refute {words}: it is {off}" if off else f"agree with {words} {within}"
                vjp = self.learners_vjp if name == "yours" else None
                wrong = "" if off or vjp is None else self._wrong_for_two_rows(vjp)
                sentences.append(f"Finite differences {said}{wrong}.")
        off = self._off(results, "shortcut")
        agrees = f"agrees too, {within}: here the entries of J off its diagonal add nothing"
        sentences.append(f"The shortcut s*(1-s)*g {'is ' + off if off else agrees}.")
        return " ".join(sentences)

    def _off(self, results: dict[str, np.ndarray], name: str) -> str:
        """Where a result differs most from the finite differences, and where it does not; "" if nowhere."""
        pairs = zip(results[name], results["finite diff."])
        errors = [round(abs(float(a) - float(b)), self.decimals()) for a, b in pairs]  # rounded: a tie must stay one
        if not any(errors):
            return ""
        right = [label for label, error in zip(self.labels(), errors) if not error]
        worst = max(errors)
        return f"off by {number(worst)} for {self.labels()[errors.index(worst)]}" + (
            f", but right for {listed(right)}" if right else ""
        )

    def _wrong_for_two_rows(self, vjp: Callable) -> str:
        """What goes wrong, after "agree with your VJP within 1e-6", where it gets s and g of shape (2, C); or ""."""
        s, (_, g) = self.probabilities(), self.z_and_g()
        S = np.stack([s, np.full_like(s, 1 / len(s))])
        G = np.stack([g, np.arange(1.0, len(g) + 1)])  # whose sum(g * s) is never 0, so that adding up both rows shows
        expected = S * (G - (G * S).sum(axis=-1, keepdims=True))
        wrong = wrong_for_two_rows(vjp, expected, S, G, atol=10.0 ** -self.decimals())
        return wrong and f", for one row{wrong}"

    def _caption(self, results: dict[str, np.ndarray]) -> str:
        _, g = self.z_and_g()
        with np.errstate(all="ignore"):
            dot = (g * self.probabilities()).sum()
        return f"g = ({listed(map(signed, g))}), sum(g * s) = {self.shown(dot)}. {self._verdict(results)}"

    # --- In pictures

    def view(self) -> str:
        results, problem = self.results()
        names, J = self.labels(), self.jacobian()
        of_z = [f"{name}, z = {number(z)}" for name, z in zip(names, self.logits)]
        s = charts.bars(self.probabilities(), of_z, "s = softmax(z)", "probabilities", limits=(0, 1))
        rows = np.column_stack([J, J.sum(axis=1)]).round(6)
        matrix = charts.heat_map(
            rows,
            [f"s {name}" for name in names],
            [*(f"by z {name}" for name in names), "row sum"],
            "J = diag(s) - s s^T",
            "gradients",
            texts=[[signed(value).split(":")[0] for value in row] for row in rows],
            cell=92,
            limit=0.25,  # the largest that s * (1 - s) can be
        )
        title = f"gradient of sum(g * s), in {'two' if problem else 'three'} ways"
        answers = self._bars(results, title)
        if problem:  # in place of the learner's bars; the others stay
            answers = svg.stacked(title, svg.message(problem, "yours"), answers)
        left, caption = svg.stacked("s, J", s, matrix), self._caption(results)
        return svg.beside(self._sentence(results, problem), left, answers, caption=caption)

    def _bars(self, results: dict[str, np.ndarray], title: str) -> str:
        """For each class, a bar for each result."""
        first = next(iter(results))
        names = [f"{label}: {name}" if name == first else name for label in self.labels() for name in results]
        values = [values[i] for i in range(len(self.logits)) for values in results.values()]
        rounded = [round(float(value), self.decimals()) for value in values]
        words = [self.shown(value) for value in values]
        return charts.bars(rounded, names, title, "gradients", limits=(-0.5, 0.5), texts=words, group=len(results))

    def describe(self) -> str:
        return self._sentence(*self.results())

    def _sentence(self, results: dict[str, np.ndarray], problem: str) -> str:
        def shares(values, words=self.shown):
            return listed(f"{name} {words(value)}" for name, value in zip(self.labels(), values))

        parts = [f"s: {shares(self.probabilities(), number)}"]
        parts += [f"J, row {name}: {listed(map(signed, row))}" for name, row in zip(self.labels(), self.jacobian())]
        parts += [f"{name}: {shares(values)}" for name, values in results.items()]
        return f"{'; '.join([*parts, *filter(None, [problem])])}. {self._caption(results)}"

    def table(self) -> str:
        results, problem = self.results()
        names, J = self.labels(), self.jacobian()
        header = ["class", "z", "s", *(f"J by {name}" for name in names), "row sum", "g", *results]
        rows = [
            [name, number(z), number(s), *map(signed, [*row, row.sum(), g]), *map(self.shown, of_class)]
            for name, z, s, row, g, *of_class in zip(
                names, self.logits, self.probabilities(), J, self.g, *results.values()
            )
        ]
        return "\n".join(filter(None, (aligned(header, rows), problem, self._caption(results))))


# --- Live -------------------------------------------------------------------------------------------------------


def jacobian(vjp: Callable | None = None) -> Explorer:
    """Three logits and three components of g under sliders: the Jacobian, the VJP, and a shortcut that is none."""
    state = JacobianState(vjp=vjp)
    narrow = {"style": {"description_width": "70px"}, "layout": {"width": "270px"}}
    sliders = {
        f"{symbol} {name}": base.slider(f"{symbol} {name}", value, reach, **narrow)
        for symbol, values, reach in (("logit", state.logits, base.LOGIT_REACH), ("g", state.g, G_REACH))
        for name, value in zip(state.labels(), values)
    }

    def read():
        values = [slider.value for slider in sliders.values()]
        state.logits, state.g = values[: len(values) // 2], values[len(values) // 2 :]

    def load(logits, g):
        explorer.show(sliders.values(), [*logits, *g])

    presets = base.buttons({name: functools.partial(load, *preset) for name, preset in PRESETS.items()})
    explorer = Explorer("Jacobian", state, {**sliders, **presets}, read)
    explorer.children[0].layout.max_width = "850px"  # at most three sliders a row: those of z above those of g
    return explorer
