"""What all explorers are made of: a State that draws itself, and the Explorer with its controls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import ipywidgets as widgets

from ..pictures import svg

NAMES = ("cat", "dog", "bird")
DTYPES = ["float16", "float32", "float64"]
LOGIT_REACH = 10.0
DECIMALS = 1  # of a slider
STYLE, LAYOUT = {"description_width": "100px"}, {"width": "310px"}
UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"  # but read aloud


def listed(words) -> str:
    return ", ".join(words)


def names_of(z: svg.Numbers, names: Sequence[str] = NAMES) -> list[str]:
    """One name for each class of z (C,): those given, and "class 4" where there are too few."""
    given = [str(name).strip() for name in names]
    return [given[i] if i < len(given) and given[i] else f"class {i + 1}" for i in range(len(z))]


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

    def figure_and_sentence(self) -> tuple[str, str]:
        """view() and describe(), for an Explorer; one that computes much for both does it once here."""
        return self.view(), self.describe()

    def _repr_svg_(self) -> str:
        return self.view()

    def __repr__(self) -> str:
        return self.describe()


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text: the first column to the left, the others to the right."""
    cells = [list(map(svg.printable, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    padded = [[row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))] for row in cells]
    return "\n".join("  ".join(row).rstrip() for row in padded)


# --- Controls ---------------------------------------------------------------------------------------------------


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

    def show(self, sliders: Iterable[widgets.FloatSlider], values: Iterable[float], reach: float | None = None) -> None:
        """Put a value on each slider, which then goes from -reach to reach if that is given, and draw once."""
        with self.held():
            for slider, value in zip(sliders, values):
                with slider.hold_sync():  # in one message, on which the browser sends nothing back
                    slider.continuous_update = False
                    if reach:
                        slider.min, slider.max = -reach, reach
                    slider.value = value
                slider.continuous_update = True

    def _changed(self, _change=None) -> None:
        if self._held:
            return
        self._read()
        self.figure.value, sentence = self._figure_and_sentence()
        said = svg.escape(svg.printable(sentence))
        self.status.value = f'<div role="status" aria-live="polite" style="{UNSEEN}">{said}</div>'

    def _figure_and_sentence(self) -> tuple[str, str]:
        return self.state.figure_and_sentence()

    def __repr__(self) -> str:
        # What a page without widgets shows, for example GitHub; ipywidgets cuts it after 110 characters.
        return f"{self.title} explorer: move its sliders in JupyterLab. The figure below shows how it starts."


def slider(description: str, value: float, reach: float = LOGIT_REACH, **look) -> widgets.FloatSlider:
    """A slider from -reach to reach."""
    look = {"style": STYLE, "layout": LAYOUT} | look
    digits = {"step": 10**-DECIMALS, "readout_format": f".{DECIMALS}f"}
    return widgets.FloatSlider(value, min=-reach, max=reach, description=description, **digits, **look)


def slider_over(description: str, values: Sequence[float], value: float) -> widgets.SelectionSlider:
    """A slider that stops at the values listed, and nowhere between."""
    if value not in values:
        raise ValueError(
            f"the slider of {description} has no stop at {value!r}; it stops at {listed(map(str, values))}"
        )
    options = [(f"{stop:g}", stop) for stop in values]
    return widgets.SelectionSlider(options=options, value=value, description=description, style=STYLE, layout=LAYOUT)


def buttons(actions: Mapping[str, Callable[[], None]]) -> dict[str, widgets.Button]:
    """A button for each action, by name."""
    made = {name: widgets.Button(description=name, layout={"width": "auto"}) for name in actions}
    for name, button in made.items():
        button.on_click(lambda _, name=name: actions[name]())
    return made


def choice(description: str, names: Sequence[str], value: int) -> widgets.Dropdown:
    """A menu of the classes, whose value is the number of one."""
    return widgets.Dropdown(options=numbered(names), value=value, description=description, style=STYLE, layout=LAYOUT)


def numbered(words: Sequence[str]) -> list[tuple[str, int]]:
    return [(word, i) for i, word in enumerate(words)]
