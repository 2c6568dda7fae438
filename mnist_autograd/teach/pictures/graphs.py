"""A drawing of a graph: boxes of text in layers by depth, from left to right, joined by arrows.

The usual layout for such graphs, in small: an edge that crosses layers keeps a free lane in each, and a layer is
ordered by where its neighbours lie. That is enough for the dozen boxes that one can read at a time. Lengths are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from . import svg
from .svg import COLOURS, GAP, GREY

LINE, PADDING, BETWEEN, ACROSS, LANE = 21, 9, 16, 40, 22  # of text, inside a box, below and beside it; a lane's height
Slot = int | tuple[int]  # a number for a box; (start,) for the lane of edges from there


@dataclass(frozen=True)
class Box:
    """Lines of text, the first in bold. From a line that starts with "g " on they are a gradient, and have its colour.

    room: other lines that it must have room for, so that it keeps its size while its text changes.
    dashed: not known yet. active: emphasised.
    """

    lines: Sequence[str]
    room: Sequence[Sequence[str]] = ()
    dashed: bool = False
    active: bool = False

    @property
    def width(self) -> float:
        words = [1.1 * _width(line) for lines in (self.lines, *self.room) for line in lines[1:]]
        bold = 1.2 * _width(self.lines[0])
        return 10 * math.ceil((max(bold, *words) + 2 * PADDING) / 10)  # in steps, so that it seldom changes

    @property
    def height(self) -> float:
        return LINE * max(map(len, (self.lines, *self.room))) + PADDING


def _width(line: str) -> float:
    """About how wide a line is; the signs that are many here are wider than charts takes them to be."""
    return svg.text_width(line) + 0.25 * svg.FONT_SIZE * sum(c in "+=" for c in line)


@dataclass(frozen=True)
class Arrow:
    """From the box `start` to the box `end` (numbers). look: "", "forward" or "backward", which points to start."""

    start: int
    end: int
    look: str = ""


def layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each of count nodes, from the edges (start, end): one more than the deepest start that leads to it.

    A node without a start stands beside the first that it leads to. The edges must come in an order in which those
    that lead to a node come before those that leave it.
    """
    depth, has_start = [0] * count, {end for _, end in edges}
    for start, end in edges:
        depth[end] = max(depth[end], depth[start] + 1)
    for node in set(range(count)) - has_start:
        depth[node] = min((depth[end] for start, end in edges if start == node), default=1) - 1
    return depth


def drawing(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[float, float, list[str]]:
    """The width, the height and the elements of the picture, whose upper left corner is at 0, 0."""
    depth = layers(len(boxes), [(arrow.start, arrow.end) for arrow in arrows])
    columns = _ordered(depth, arrows)
    widths = [max((boxes[slot].width for slot in column if isinstance(slot, int)), default=0) for column in columns]
    tall = [sum(_height(boxes, slot) + BETWEEN for slot in column) - BETWEEN for column in columns]
    places, left = {}, float(GAP)
    for i, column in enumerate(columns):
        y = (max(tall) - tall[i]) / 2
        for slot in column:
            places[slot, i] = left, y, widths[i], _height(boxes, slot)
            y += _height(boxes, slot) + BETWEEN
        left += widths[i] + ACROSS
    elements = []
    for arrow in sorted(arrows, key=lambda arrow: bool(arrow.look)):  # the emphasised ones on top
        elements += _line(_route(arrow, arrows, depth, places), arrow.look)
    for i, box in enumerate(boxes):
        elements += _box(box, *places[i, depth[i]])
    return left - ACROSS + GAP, max(tall), elements


def _ordered(depth: Sequence[int], arrows: Sequence[Arrow]) -> list[list[Slot]]:
    """The slots of each layer, from top to bottom."""
    columns: list[list[Slot]] = [[i for i, d in enumerate(depth) if d == layer] for layer in range(max(depth) + 1)]
    for start in dict.fromkeys(arrow.start for arrow in arrows):
        furthest = max(depth[arrow.end] for arrow in arrows if arrow.start == start)
        for layer in range(depth[start] + 1, furthest):
            columns[layer].append((start,))
    steps = [step for arrow in arrows for step in _steps(arrow, depth)]
    count = len(columns)
    for layer in [*range(1, count), *range(count - 2, -1, -1), *range(1, count)]:
        middle: dict[Slot, list[float]] = {}
        for a, b in steps:
            for here, there in ((a, b), (b, a)):
                if here[1] == layer:
                    column = columns[there[1]]
                    middle.setdefault(here[0], []).append(column.index(there[0]) / len(column))
        if middle:
            columns[layer].sort(key={slot: sum(at) / len(at) for slot, at in middle.items()}.__getitem__)
    return columns


def _steps(arrow: Arrow, depth: Sequence[int]):
    """The pieces of an arrow from layer to layer, each a pair of (slot, layer)."""
    inner = [((arrow.start,), layer) for layer in range(depth[arrow.start] + 1, depth[arrow.end])]
    points = [(arrow.start, depth[arrow.start]), *inner, (arrow.end, depth[arrow.end])]
    return list(pairwise(points))


def _height(boxes: Sequence[Box], slot: Slot) -> float:
    return boxes[slot].height if isinstance(slot, int) else LANE


def _route(arrow: Arrow, arrows: Sequence[Arrow], depth: Sequence[int], places) -> list[tuple[float, float]]:
    """The corners of an arrow: each that ends in a box does so in a place of its own, in the order of their starts."""
    points = []
    for (slot, layer), _ in _steps(arrow, depth):
        left, y, width, height = places[slot, layer]
        if isinstance(slot, tuple):
            points.append((left, y + height / 2))
        points.append((left + width, y + height / 2))
    left, y, _, height = places[arrow.end, depth[arrow.end]]
    coming = [other for other in arrows if other.end == arrow.end]
    coming.sort(key=lambda other: places[_steps(other, depth)[-1][0]][1])
    place = next(i for i, other in enumerate(coming) if other is arrow)
    return [*points, (left, y + height * (place + 1) / (len(coming) + 1))]


def _line(points: list[tuple[float, float]], look: str):
    """An arrow along points: thin and grey, or thick and in a colour; a backward one has its head at the start."""
    colour = {"": GREY, "forward": "#000000", "backward": COLOURS["gradients"]}[look]
    if look == "backward":
        points = points[::-1]
    (x, y), (a, b) = points[-1], points[-2]
    length, head = math.dist((x, y), (a, b)) or 1, 14 if look else 10
    a, b = (x - a) / length, (y - b) / length
    base = (x - head * a, y - head * b)
    corners = [(base[0] + side * 0.5 * head * b, base[1] - side * 0.5 * head * a) for side in (1, -1)]
    yield svg.path([*points[:-1], base], stroke=colour, stroke_width=5 if look else 1.5)
    yield svg.path([(x, y), *corners], fill=colour)


def _box(box: Box, x: float, y: float, width: float, height: float):
    look = {"fill": "white", "stroke": "black"} | ({"stroke_dasharray": "5 4"} if box.dashed and not box.active else {})
    stroke = 4 if box.active else 1.2
    yield svg.tag("rect", x=x, y=y, width=width, height=height, rx=5, stroke_width=stroke, **look)
    of_gradient = False
    for i, words in enumerate(box.lines):
        of_gradient = of_gradient or (i > 0 and words.startswith("g "))
        look = {"font_weight": "bold"} if i == 0 else {"fill": svg.GRADIENT_TEXT} if of_gradient else {}
        yield svg.text(x + PADDING, y + LINE * (i + 1) - 2, svg.shortened(words, width), **look)
