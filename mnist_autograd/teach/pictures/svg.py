"""SVG as text: elements, frames and captions, in the colours and sizes that all charts share. Lengths are pixels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from .numbers import settled

Numbers = Sequence[float] | np.ndarray
COLOURS = {
    "logits": "#0072B2",
    "exponentials": "#E69F00",
    "probabilities": "#009E73",
    "targets": "#000000",
    "losses": "#CC79A7",
    "gradients": "#D55E00",
}
GRADIENT_TEXT = "#A34700"  # the colour of gradients, darker: text on white needs more contrast
FONT_SIZE = 15
TITLE, ROW, GAP = 40, 32, 8  # the height of a title and of a row of text, the space between neighbours
RESPONSIVE = ' style="max-width:100%;height:auto"'
GREY = "#666666"
HALO = {"stroke": "white", "stroke_width": 4, "paint_order": "stroke"}  # of text that may lie on a line


def printable(text) -> str:
    """text without the control characters that XML forbids."""
    text = str(text)
    if text.isprintable():  # which is quick to find out
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Cn") else c for c in text)


def escape(text) -> str:
    """text as XML: names come from the learner."""
    for character, entity in ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"):
        text = text.replace(character, entity)
    return text


def text_width(text: str) -> float:
    """About how wide a sans-serif font draws text: no browser is at hand to ask."""
    return FONT_SIZE * sum(_ems(c) for c in text)


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF" or character in "mwMW@%—":
        return 1.0
    return 0.7 if character.isupper() else 0.3 if character in "iljtfr .,:;|'/()-" else 0.56


def shortened(text: str, width: float) -> str:
    """text, cut with an ellipsis where it is wider."""
    text = printable(text)
    if text_width(text) <= width:
        return text
    while text and text_width(text + "…") > width:
        text = text[:-1]
    return text + "…"


# --- Elements ---------------------------------------------------------------------------------------------------


def tag(name: str, content: str = "", **attributes) -> str:
    """One element around content that is XML already; stroke_width=2 becomes stroke-width="2"."""
    written = "".join(f' {key.replace("_", "-")}="{escape(attribute(v))}"' for key, v in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def attribute(value) -> str:
    return printable(value) if isinstance(value, str) else f"{round(settled(value), 1) + 0.0:g}"


def text(x: float, y: float, content: str, **attributes) -> str:
    """Text whose baseline starts at x, y, or as text_anchor says."""
    return tag("text", escape(printable(content)), x=x, y=y, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes) -> str:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, **({"stroke": GREY} | attributes))


def path(points: Sequence[tuple[float, float]], **attributes) -> str:
    """Straight lines from point to point, not filled unless attributes say so."""
    written = " ".join(f"{attribute(x)},{attribute(y)}" for x, y in points)
    return tag("polyline", points=written, **({"fill": "none"} | attributes))


def fill(quantity: str) -> str:
    """The colour of a quantity; targets are hatched."""
    return "url(#hatching)" if quantity == "targets" else COLOURS[quantity]


HATCHING = (
    '<defs><pattern id="hatching" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="white"></rect><rect width="3" height="6" fill="black"></rect></pattern></defs>'
)


def frame(width: float, height: float, label: str, *elements: str) -> str:
    """The SVG around a chart: white, as wide as the page allows, and read aloud as label."""
    body = "".join(elements)
    background = tag("rect", width=width, height=height, fill="white")
    svg = tag(
        "svg",
        background + (HATCHING if "#hatching" in body else "") + body,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {attribute(width)} {attribute(height)}",
        role="img",
        aria_label=label,
        font_family="Helvetica, Arial, sans-serif",
        font_size=FONT_SIZE,
        fill="black",
    )
    return svg.replace(">", RESPONSIVE + ">", 1)


def titled(width: float, height: float, title: str, label: str, *elements: str) -> str:
    """A frame with a title in its first line."""
    heading = text(GAP, 24, shortened(title, 1.05 * width), font_weight="bold")
    return frame(width, height, f"{title}: {label}", heading, *elements)


def beside(label: str, *charts: str, caption: str = "") -> str:
    """Charts in a row as one picture, with a caption below."""
    return _joined(label, charts, caption, down=False)


def stacked(label: str, *charts: str, caption: str = "") -> str:
    """Charts one below the other as one picture, with a caption below."""
    return _joined(label, charts, caption, down=True)


def _joined(label: str, charts: Sequence[str], caption: str, down: bool) -> str:
    width, height, elements = 0.0, 0.0, []
    for chart in charts:
        w, h = map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', chart)[0])
        place = f'y="{attribute(height)}"' if down else f'x="{attribute(width)}"'
        elements.append(chart.replace(RESPONSIVE, "", 1).replace("<svg ", f"<svg {place} ", 1))
        width, height = (max(width, w), height + h) if down else (width + w, max(height, h))
    lines_of_caption = wrapped(caption, width - 2 * GAP)
    for i, words in enumerate(lines_of_caption):
        elements.append(text(GAP, height + 22 + 22 * i, words))
    return frame(width, height + 22 * len(lines_of_caption) + GAP * bool(lines_of_caption), label, *elements)


def message(words: str, title: str = "", width: float = 360, height: float = 0) -> str:
    """Words where a chart would be."""
    rows = wrapped(words, width - 4 * GAP)
    height = max(height, TITLE + 22 * len(rows) + 2 * GAP)
    mark = tag("rect", x=GAP, y=TITLE, width=4, height=22 * len(rows) + 4, fill=COLOURS["gradients"])
    texts = [text(3 * GAP, TITLE + 18 + 22 * i, row) for i, row in enumerate(rows)]
    return titled(width, height, title, words, mark, *texts)


def wrapped(words: str, width: float) -> list[str]:
    """Words in lines of at most width; a longer word is cut."""
    width *= 0.87  # the fonts that stand in for Helvetica and Arial are up to 15 % wider
    rows: list[str] = []
    for word in printable(words).split():
        if rows and text_width(f"{rows[-1]} {word}") <= width:
            rows[-1] += f" {word}"
        else:
            rows.append(shortened(word, width))
    return rows
