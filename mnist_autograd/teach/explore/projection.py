"""An explorer of chapter 04: the VJP of log-softmax as a projection."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ... import functional as F
from ...gradcheck import vjp
from ..pictures import charts, svg
from ..pictures.numbers import number
from . import explorer as base
from .explorer import Explorer, State, aligned


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
        arrows: dict[str, tuple[svg.Numbers, svg.Numbers, str]] = {
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
        return svg.beside(self.describe(), plane, table, caption=self._summary())

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


def projection() -> Explorer:
    """The gap of two logits and an upstream gradient under sliders: where the VJP of log-softmax takes it."""
    state = ProjectionState()
    gap = base.slider("logit gap", state.gap, 6)
    g1, g2 = (base.slider(f"g{i + 1}", x, 2) for i, x in enumerate(state.g))

    def read():
        state.gap, state.g = gap.value, (g1.value, g2.value)

    return Explorer("Projection", state, {"gap": gap, "g1": g1, "g2": g2}, read)
