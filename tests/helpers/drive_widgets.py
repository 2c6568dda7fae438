"""Moves every control that a notebook made through its least, its largest and random values, and presses every button.

It runs inside the notebook's kernel, after all of its cells. A value that is set from Python calls the callbacks at
once, so an exception in one ends this cell, and with it the test. It prints how many controls it moved.
"""

import gc
import random

import ipywidgets

ONLY_SHOWN = (ipywidgets.HTML, ipywidgets.Label, ipywidgets.IntProgress, ipywidgets.FloatProgress)
WORDS = ["", "<b>&", "a, b", "x" * 200, "猫, 犬, , 鳥,,,,,"]
draw = random.Random(0)


def values(control):
    """What to try: the ends and points between; every option; words that a reader might type."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if hasattr(control, "min"):
        between = [draw.uniform(control.min, control.max) for _ in range(5)]
        return [type(control.value)(value) for value in (control.min, control.max, *between)]
    return [True, False] if isinstance(control.value, bool) else WORDS


widgets = [thing for thing in gc.get_objects() if issubclass(type(thing), ipywidgets.DOMWidget)]
buttons = [widget for widget in widgets if isinstance(widget, ipywidgets.Button)]
controls = [widget for widget in widgets if widget.has_trait("value") and not isinstance(widget, ONLY_SHOWN)]
for control in controls:
    start = control.value
    for value in [*values(control), start]:
        control.value = value
for button in buttons:
    button.click()
    for control in controls:  # whatever a button has set must be movable again
        control.value = values(control)[0]

print(len(controls) + len(buttons), "controls")
