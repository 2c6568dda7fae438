"""A pad to draw on, for mouse, pen, touch and keyboard: pad.js in the page, this class in Python.

What the two exchange are strokes, lists of points from 0 to 1, and not pixels. They are small: twenty messages a
second are no burden. They fit a screen of any resolution. Every browser smooths edges in its own way, NumPy in one. And
a test, or a cell of a notebook, can write them down by hand.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from ..topics import digits

HERE = Path(__file__).parent


class Pad(anywidget.AnyWidget):
    """What has been drawn, as strokes: pad.strokes follows the pen, and what is put there appears on the pad.

    strokes: a list of strokes, each a list of points [x, y], from 0 at the top left to 1. pen: the width of the pen, as
    a share of the pad, always that of digits.drawn. answer: a few words to show below the pad.
    """

    # The text of the files, not their paths: of a path, anywidget wants to watch the file for changes.
    _esm = (HERE / "pad.js").read_text(encoding="utf-8")
    _css = (HERE / "pad.css").read_text(encoding="utf-8")
    strokes = traitlets.List(traitlets.List(traitlets.List(traitlets.Float()))).tag(sync=True)
    pen = traitlets.Float(digits.PEN, read_only=True).tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)

    def draw(self, strokes: digits.Strokes) -> None:
        """Show these strokes in place of what is there; points may be tuples or arrays."""
        self.strokes = [[[float(x), float(y)] for x, y in stroke] for stroke in strokes]

    def __repr__(self) -> str:
        return f"Pad with {len(self.strokes)} strokes"
