"""What the tests of all explorers and charts use: the texts of a figure, what might break one, moves of controls."""

import math
import random
import re
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import pytest

from mnist_autograd.teach.pictures.svg import escape, printable

inf, nan = math.inf, math.nan
NASTY = ["<b>&", "W" * 30, "猫", "", 'a"b\x00\ud800', "-->"]
EXTREMES = [0, -0.0, 1, -1, 5e-324, 1e308, -1e308, inf, -inf, nan]
# Of the oldest ipywidgets with a new ipykernel, one remark is not ours.
NO_WARNINGS = pytest.mark.filterwarnings("error", "ignore:.*ipykernel.comm.Comm:DeprecationWarning")


def texts(svg):
    """The texts of an SVG, in order; fails if it is not XML."""
    root = ET.fromstring(svg)
    assert root.get("role") == "img" and root.get("aria-label")
    first = next(element for element in root.iter() if element.tag.endswith("rect"))
    assert first.get("fill") == "white"
    # Not in words, nor in the letters that stand for a picture's bytes.
    coordinates = re.sub(r">[^<]*<|(aria-label|href)=\"[^\"]*\"", "", svg)
    assert "nan" not in coordinates, "a coordinate is not a number"
    return [element.text for element in root.iter() if element.tag.endswith("text")]


def rectangles(svg, colour):
    return [e for e in ET.fromstring(svg).iter() if e.tag.endswith("rect") and e.get("fill") == colour]


def colours(svg):
    return [e.get("fill") for e in ET.fromstring(svg).iter() if e.tag.endswith("rect")]


# --- A learner's function ---------------------------------------------------------------------------------------


def raises(error):
    def function(*_, **__):
        raise error

    return function


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


RAISING = {  # what stands in the figure, and why
    "your function raised NotImplementedError: write me": raises(NotImplementedError("write me")),
    "your function raised SystemExit": raises(SystemExit()),
    "your function raised Unprintable": raises(Unprintable()),
    "your function raised RecursionError": raises(RecursionError("<&>\x00\x1b[31m")),
}


# --- Live explorers ---------------------------------------------------------------------------------------------


def values_of(control):
    """Every kind of value a reader can give to a control."""
    if isinstance(control, widgets.FloatSlider):
        draw = random.Random(0)
        return [control.min, control.max, 0, *(round(draw.uniform(control.min, control.max), 1) for _ in range(5))]
    if isinstance(control, widgets.Text):
        return ["", "a", "a,b,c,d,e,f,g", ",,,", *NASTY[:4]]
    return [option[1] if isinstance(option, tuple) else option for option in control.options]


def shows_its_state(explorer):
    texts(explorer.figure.value)
    sentence = escape(printable(explorer.state.describe()))
    assert explorer.figure.value == explorer.state.view()
    assert 'role="status" aria-live="polite"' in explorer.status.value and sentence in explorer.status.value
    return True


def every_control_redraws_and_leads_back(explorer, home=None):
    """Each control through all of its values, and each button; home: the button that leads back to the start."""
    start = explorer.figure.value
    assert shows_its_state(explorer)
    for control in explorer.controls.values():
        assert control.description
        if isinstance(control, widgets.Button):
            control.click()
            assert shows_its_state(explorer)
            explorer.controls[home].click()
            continue
        before, views = control.value, set()
        for value in values_of(control):
            control.value = value
            assert shows_its_state(explorer)
            views.add(explorer.figure.value)
        assert len(views) > 1
        control.value = before
    assert explorer.figure.value == start
    return True
