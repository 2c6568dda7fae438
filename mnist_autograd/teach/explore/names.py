"""The explorer of chapter 09: names drawn from a model at any temperature, and what may follow a prefix."""

from __future__ import annotations

import functools
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np

from ...data import load_names
from ...temperature import tempered
from ..pictures import svg
from ..pictures.numbers import number, whole_percent
from ..topics.names import CHARACTERS, CONTEXT, LONGEST, MARK, C, Sample, encode, sample
from . import explorer as base
from .explorer import Explorer, State, aligned, listed
from .learner import outcome

NAMES_TEMPERATURES = [
    0.01,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1,
    1.1,
    1.2,
    1.3,
    1.5,
    1.7,
    2,
    3,
    5,
    10,
    30,
    100,
]
COUNTS = [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
SEEDS = list(range(21))
KNOWN, NEW = "★", "○"  # before a name that is in the data, and before one that is not
OPEN = "→"  # behind a name that has not ended; "…" is a name too wide for the figure
SMALLEST = 11  # pixels: the font of a name shrinks so far before the name is cut
COLUMNS = 2  # of names in the figure
WIDTH = 690  # of the figure, in pixels


@functools.cache
def known_names() -> frozenset[str]:
    return frozenset(load_names())


class _NoLogits(Exception):
    """What is wrong with a model's answer, in words."""


class NamesState(State):
    """Names that begin with prefix, drawn from a model, and the probabilities of what follows the prefix.

    logits: the model, a function of contexts (N, 3), the numbers of the last three characters, to logits (N, 27).
    """

    def __init__(self, logits: Callable, temperature: float = 1.0, seed: int = 0, count: int = 10, prefix: str = ""):
        self.logits, self.temperature, self.seed, self.count, self.prefix = logits, temperature, seed, count, prefix

    # --- Numbers ------------------------------------------------------------------------------------------------

    def start(self) -> tuple[str, str]:
        """The prefix as far as names can begin with it, and what is wrong with the one given, or ""."""
        given = str(self.prefix).strip().lower()
        wrong = next((character for character in given if character not in CHARACTERS[1:]), None)
        if wrong is not None:
            return given[: given.index(wrong)], f"the prefix is cut before {svg.printable(wrong)!r}: a to z only"
        if len(given) >= LONGEST:
            return given[: LONGEST - 1], f"the prefix is cut: names end after {LONGEST} letters"
        return given, ""

    def following(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (27,) of what follows the prefix: at the temperature, and at temperature 1."""
        z = self._asked(encode(MARK * CONTEXT + self.start()[0])[None, -CONTEXT:])
        return tempered(z, self.temperature)[0], tempered(z, 1.0)[0]

    def sample(self) -> Sample:
        return sample(self._asked, self.count, self.temperature, self.seed, self.start()[0])

    def lines(self) -> list[str]:
        """The names, each after its sign; what is wrong, where there are none."""
        _, drawn, problem = self._results()
        return [problem] if drawn is None else [f"{sign} {word}" for sign, word, _ in self._rows(drawn)]

    def _asked(self, X: np.ndarray) -> np.ndarray:
        """The model's logits (N, 27) for contexts X (N, 3); _NoLogits, in words, where they cannot be used."""
        z, problem = outcome(self.logits, (len(X), C), X)
        if z is None:
            raise _NoLogits(problem + f" for {len(X)} contexts" * ("expected" in problem and len(X) > 1))
        wrong = np.isnan(z) | np.isposinf(z)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            following = CHARACTERS[column] if column else "the end"
            raise _NoLogits(f"your function gives the logit {z[row, column]:g} for {following} after {_shown(X[row])}")
        impossible = np.isneginf(z).all(axis=1)
        if impossible.any():
            after = _shown(X[impossible.argmax()])
            raise _NoLogits(f"your function gives every character the logit -inf after {after}: none can be drawn")
        return z.astype(np.float64)

    def _results(self) -> tuple[tuple[np.ndarray, np.ndarray] | None, Sample | None, str]:
        """following(), sample() and what is wrong; None for what there is not."""
        try:
            both = self.following()
        except _NoLogits as problem:
            return None, None, str(problem)
        try:
            differs = not np.array_equal(both, self.following())
            notes = ["your function gives different answers to the same question"] * differs
            return both, self.sample(), "; ".join(filter(None, [self.start()[1], *notes]))
        except _NoLogits as problem:
            return both, None, str(problem)

    # --- In pictures --------------------------------------------------------------------------------------------

    def view(self) -> str:
        both, drawn, problem = self._results()
        parts = []
        if both is not None:
            parts.append(self._letters(*both))
        parts.append(svg.message(problem, "names", width=WIDTH) if drawn is None else self._names(drawn))
        caption = self._summary(drawn, problem) if drawn else ""
        return svg.stacked(self._sentence(both, drawn, problem), *parts, caption=caption)

    def _letters(self, p: np.ndarray, p_at_1: np.ndarray) -> str:
        """A bar and a percentage for each character, and a line where temperature 1 would put the end of the bar."""
        step, bottom, tall, left = 25, 160, 100, svg.GAP
        largest = max(p.max(), p_at_1.max())
        elements = []
        for i, (character, share, at_1) in enumerate(zip(CHARACTERS, p, p_at_1)):
            x, high, line = left + i * step, share / largest * tall, bottom - at_1 / largest * tall
            elements.append(
                svg.tag("rect", x=x, y=bottom - high, width=step - 5, height=high, fill=svg.fill("probabilities"))
            )
            elements.append(svg.line(x - 1, line, x + step - 4, line, stroke="black", stroke_width=2))
            middle = x + (step - 5) / 2
            elements.append(svg.text(middle, bottom + 20, character, text_anchor="middle", font_weight="bold"))
            elements.append(svg.text(middle, bottom + 40, whole_percent(share), text_anchor="middle", font_size=13))
        elements.append(svg.line(left - 2, bottom, left + C * step, bottom, stroke="black"))
        elements.append(svg.line(left - 2, bottom - tall, left + C * step, bottom - tall))
        scale = f"{whole_percent(largest)} %"  # the bars reach as high as the largest, whatever that is
        elements.append(svg.text(left + C * step, bottom - tall - 4, scale, text_anchor="end", font_size=13))
        title = f"what follows {self._after()}, in percent; line: at temperature 1"
        label = listed(f"{character} {whole_percent(share)}" for character, share in zip(CHARACTERS, p))
        return svg.titled(WIDTH, bottom + 52, title, label, *elements)

    def _names(self, drawn: Sample) -> str:
        width, elements = WIDTH / COLUMNS, []
        for i, (sign, word, nll) in enumerate(self._rows(drawn)):
            x, y = svg.GAP + i % COLUMNS * width, svg.TITLE + 18 + i // COLUMNS * 26
            weight = {"font_weight": "bold"} if sign == KNOWN else {}
            elements.append(svg.text(x + 8, y, sign, text_anchor="middle"))
            scale = min(1, max(SMALLEST / svg.FONT_SIZE, (width - 110) / svg.text_width(word)))
            shown = svg.shortened(word, (width - 110) / scale)
            elements.append(svg.text(x + 22, y, shown, font_size=svg.FONT_SIZE * scale, **weight))
            elements.append(svg.text(x + width - 24, y, nll, text_anchor="end"))
        title = f"names at T = {self.temperature:g}, seed {self.seed}; {self._priced()} at T = 1"
        rows = -(-len(drawn.words) // COLUMNS)
        label = listed(map(" ".join, self._rows(drawn)))
        return svg.titled(WIDTH, svg.TITLE + 26 * rows + svg.GAP, title, label, *elements)

    # --- In words -----------------------------------------------------------------------------------------------

    def describe(self) -> str:
        return self._sentence(*self._results())

    def table(self) -> str:
        _, drawn, problem = self._results()
        if drawn is None:
            return f"{problem[0].upper()}{problem[1:]}."
        rows = [[f"{sign} {word}", nll] for sign, word, nll in self._rows(drawn)]
        header = [f"temperature {self.temperature:g}, seed {self.seed}", self._priced()]
        return aligned(header, rows) + "\n" + self._summary(drawn, problem)

    def _sentence(self, both, drawn: Sample | None, problem: str) -> str:
        parts = []
        if both is not None:
            p = both[0]
            likeliest = listed(f"{CHARACTERS[i]} {whole_percent(p[i])}" for i in np.argsort(-np.round(p, 6))[:5])
            parts.append(f"Temperature {self.temperature:g}. In percent, after {self._after()}: {likeliest}.")
        if drawn is None:
            return " ".join([*parts, f"{problem[0].upper()}{problem[1:]}."])
        words = (f"{word} (in the data)" if sign == KNOWN else word for sign, word, _ in self._rows(drawn))
        return " ".join([*parts, f"Names: {listed(words)}. {self._summary(drawn, problem)}"])

    def _rows(self, drawn: Sample) -> list[tuple[str, str, str]]:
        """Of each name: the sign, the name as it is shown, and its mean NLL."""
        means = drawn.nll / np.maximum(1, drawn.drawn)
        return [
            (KNOWN if word in known_names() and done else NEW, (word or "(empty)") + OPEN * (not done), f"{mean:.2f}")
            for word, done, mean in zip(drawn.words, drawn.ended, means)
        ]

    def _summary(self, drawn: Sample, problem: str) -> str:
        signs = [sign for sign, *_ in self._rows(drawn)]
        mean = drawn.mean_nll
        with np.errstate(over="ignore"):
            perplexity = np.exp(mean)
        parts = [
            f"{KNOWN} {signs.count(KNOWN)} of {len(signs)} in the data, {NEW} {signs.count(NEW)} new",
            f"over all characters mean NLL {number(round(mean, 2))}, perplexity {number(float(f'{perplexity:.3g}'))}",
        ]
        if not drawn.ended.all():
            parts.append(f"{OPEN} cut after {LONGEST} letters")
        return "; ".join([*parts, *filter(None, [problem])]) + "."

    def _priced(self) -> str:
        """What the numbers beside the names are: the prefix was not drawn, and costs nothing."""
        return f"mean NLL after {self._after()}" if self.start()[0] else "mean NLL"

    def _after(self) -> str:
        prefix = self.start()[0]
        if not prefix:
            return "the start"
        return f"“{prefix}”" if len(prefix) <= 12 else f"“…{prefix[-11:]}”"


def _shown(context: np.ndarray) -> str:
    return f"“{''.join(CHARACTERS[i] for i in context)}”" if context.any() else "the start"


# --- Live -------------------------------------------------------------------------------------------------------


def names(logits: Callable) -> Explorer:
    """Temperature, seed, number of names and a prefix under controls, for any model of contexts (N, 3)."""
    state = NamesState(logits)
    temperature = base.slider_over("temperature", NAMES_TEMPERATURES, state.temperature)
    seed = base.slider_over("seed", SEEDS, state.seed)
    count = base.slider_over("how many", COUNTS, state.count)
    prefix = widgets.Text(
        value="", description="begin with", placeholder="letters a to z", style=base.STYLE, layout=base.LAYOUT
    )

    def read():
        state.temperature, state.seed, state.count = float(temperature.value), int(seed.value), int(count.value)
        state.prefix = prefix.value

    controls = {"temperature": temperature, "seed": seed, "how many": count, "begin with": prefix}
    return Explorer("Names", state, controls, read)
