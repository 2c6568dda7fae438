"""Charts as SVG text, from numbers: small and quick enough to be drawn again at every step of a slider.

Every chart is opaque, so that it reads the same in a light and in a dark page, and says its values three times: in
shape, in figures, and in the aria-label for those who listen. Lengths are pixels. Numbers have four significant digits,
so that the text is the same on machines whose arithmetic differs in the last bit.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from .numbers import number, settled
from .svg import (
    COLOURS,
    GAP,
    GREY,
    HALO,
    ROW,
    TITLE,
    Numbers,
    attribute,
    fill,
    line,
    path,
    shortened,
    tag,
    text,
    text_width,
    titled,
)


def bars(
    values: Numbers,
    names: Sequence[str],
    title: str,
    quantity: str,
    *,
    limits: tuple[float, float] = (0, 0),
    reference: tuple[float, str] | None = None,
    texts: Sequence[str] | None = None,
    vertical: bool = False,
    length: float = 0,
    group: int = 0,
) -> str:
    """A bar, a name and a figure for each value; words instead of the bar where the value is infinite or nan.

    quantity: what COLOURS calls it. limits: values that the axis spans at least. reference: a value and the name of the
    line drawn across all bars there. texts: what to write instead of the figures. length: of the axis, in pixels.
    group: how many bars stand together, with a gap before the next; 0 for no gaps.
    """
    values = [settled(value) for value in values]
    texts = [number(value) for value in values] if texts is None else texts
    finite = [value for value in (*values, *limits, *(reference or ())[:1]) if math.isfinite(value)]
    largest = max((abs(value) for value in finite), default=0) or 1  # divided by first: a range may exceed the floats
    low, high = min(0, *(v / largest for v in finite)), max(0, *(v / largest for v in finite))
    length = length or (150 if vertical else 170)
    before, step, thick = (TITLE + ROW, 76, 44) if vertical else (112, ROW, 22)

    def position(value: float) -> float:
        return (value / largest - low) / ((high - low) or 1) * length

    def gaps(i: int) -> float:
        """The room that the gaps before bar i take."""
        return 2 * GAP * (i // group) if group else 0

    def place(start: float, end: float, across: float, size: float) -> dict:
        """A rectangle from start to end along the bars."""
        start, end = sorted((start, end))
        if vertical:
            return {"x": across, "y": before + length - end, "width": size, "height": end - start}
        return {"x": before + start, "y": across, "width": end - start, "height": size}

    elements, first = [], GAP if vertical else TITLE
    for i, (value, name, words) in enumerate(zip(values, names, texts)):
        across = first + i * step + (step - thick) / 2 + gaps(i)
        if math.isfinite(value):
            elements.append(tag("rect", **place(position(0), position(value), across, thick), fill=fill(quantity)))
        elements += (_vertical_words if vertical else _horizontal_words)(
            across, thick, before, length, name, words, math.isfinite(value)
        )
    span = len(values) * step + gaps(len(values) - 1)
    marks = [(position(0), {"stroke": "black"})]
    if reference:
        at = position(reference[0])
        marks.append((at, {"stroke": "black", "stroke_dasharray": "5 4"}))
        name = shortened(reference[1], 150)
        if vertical:
            elements.append(text(first + span + 4, before + length - at + 5, name))
        else:
            elements.append(text(before + at, first + span + 18, name, text_anchor="middle"))
    for at, look in marks:
        box = place(at, at, first, span)
        elements.append(line(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"], **look))
    label = ", ".join(f"{name} {words}" for name, words in zip(names, texts))
    label += f"; the dashed line is {reference[1]}" if reference else ""
    if vertical:
        return titled(first + span + (110 if reference else GAP), before + length + ROW, title, label, *elements)
    return titled(before + length + 88, first + span + (ROW if reference else GAP), title, label, *elements)


def _horizontal_words(across, thick, before, length, name, words, finite):
    """Name to the left; the figure at the right edge, or words where the bar would be."""
    y = across + thick - 6
    yield text(before - GAP, y, shortened(name, before - 2 * GAP), text_anchor="end")
    if finite:
        yield text(before + length + 80, y, words, text_anchor="end")
    else:
        yield text(before + 6, y, words)


def _vertical_words(across, thick, before, length, name, words, finite):
    """Name below; the figure above, or words that climb where the bar would be."""
    x = across + thick / 2
    yield text(x, before + length + 22, shortened(name, 74), text_anchor="middle")
    if finite:
        yield text(x, before - 12, words, text_anchor="middle")
    else:
        y = before + length - 6
        yield text(x + 5, y, words, transform=f"rotate(-90 {attribute(x + 5)} {attribute(y)})")


def lines(
    series: Mapping[str, tuple],
    title: str,
    x_label: str,
    y_label: str,
    marker: tuple[float, float] | None = None,
    width: float = 460,
    height: float = 300,
    including: Sequence[tuple[float, float]] = (),
) -> str:
    """Curves: series maps a name to x, y and the quantity that colours it; marker is a point with its values.

    A fourth entry is the width of the curve, which is then solid: curves that lie on each other stay visible if the
    wider are drawn first. A curve has gaps where it is infinite or nan. including: points that the axes reach, with
    nothing drawn there.
    """
    left, right, top, bottom = 76, width - 20, TITLE + GAP + 30 * (len(series) > 1), height - 54
    points = {name: [(settled(x), settled(y)) for x, y in zip(xs, ys)] for name, (xs, ys, *_) in series.items()}
    widths = {name: given[3] if len(given) > 3 else 2.5 for name, given in series.items()}
    every = [p for curve in points.values() for p in curve] + ([marker] if marker else []) + list(including)
    every = [p for p in every if all(map(math.isfinite, p))] or [(0, 0)]
    (x_low, x_high), (y_low, y_high) = (_range([p[i] for p in every]) for i in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + (x / 2 - x_low / 2) / (x_high / 2 - x_low / 2) * (right - left),
            bottom - (y / 2 - y_low / 2) / (y_high / 2 - y_low / 2) * (bottom - top),
        )

    elements = [path([(left, top), (left, bottom), (right, bottom)], stroke=GREY)]
    for i in range(3):
        x, y = (low * (1 - i / 2) + high * (i / 2) for low, high in ((x_low, x_high), (y_low, y_high)))
        elements.append(text(place(x, 0)[0], bottom + 20, number(x), text_anchor=("start", "middle", "end")[i]))
        elements.append(text(left - 6, place(0, y)[1] + 5, number(y), text_anchor="end"))
    elements.append(text((left + right) / 2, height - 12, x_label, text_anchor="middle"))
    elements.append(text(left, top - 4, y_label))
    for i, (name, curve) in enumerate(points.items()):
        dashes = "" if len(series[name]) > 3 else ("", "8 4", "2 3")[i % 3]
        look = {"stroke": COLOURS[series[name][2]], "stroke_width": widths[name], "stroke_dasharray": dashes}
        elements += [path([place(*p) for p in piece], **look) for piece in _finite_pieces(curve)]
        if len(points) > 1:
            x, y = left + 130 * i, TITLE + GAP
            elements += [line(x, y - 5, x + 30, y - 5, **look), text(x + 36, y, shortened(name, 88))]
    label = "; ".join(f"{name} from {_pair(curve[0])} to {_pair(curve[-1])}" for name, curve in points.items() if curve)
    if marker and all(map(math.isfinite, marker)):
        x, y = place(*marker)
        elements.append(tag("circle", cx=x, cy=y, r=6, stroke="white"))
        anchor, shift = ("end", -10.0) if x > (left + right) / 2 else ("start", 10.0)
        if any(curve and curve[0][1] > curve[-1][1] for curve in points.values()):  # it falls: to the right is space
            anchor, shift = "start", min(10, right + 10 - 1.15 * text_width(_pair(marker)) - x)
        lift = max([10, *(2.2 * wide for wide in widths.values())])
        elements.append(text(x + shift, max(y - lift, top + 24 - lift), _pair(marker), text_anchor=anchor, **HALO))
    label += f"; marked {_pair(marker)}" if marker else ""
    return titled(width, height, title, f"{x_label}, {y_label}: {label}", *elements)


def _pair(point) -> str:
    return f"({number(point[0])}, {number(point[1])})"


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The least and the largest value, apart even if they are equal."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low - (abs(low) or 1), high + (abs(high) or 1))


def _finite_pieces(curve):
    """The curve, split where it is not finite."""
    piece = []
    for point in [*curve, (math.nan, math.nan)]:
        if all(map(math.isfinite, point)):
            piece.append(point)
        elif piece:
            yield piece
            piece = []


def heat_map(
    values: Sequence[Numbers] | np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    quantity: str | Sequence[str],
    texts: Sequence[Sequence[str]] | None = None,
    cell: float = 84,
    limit: float = 0,
) -> str:
    """A matrix with its numbers in its cells: the larger, the deeper the colour; negative numbers are greyer.

    quantity: of all rows, or of each. texts: what the cells say instead, in one or more lines. cell: their width.
    limit: a size that gets the deepest colour, unless there is a larger one.
    """
    texts = [[number(value).replace(": ", ":\n") for value in row] for row in values] if texts is None else texts
    sizes = [abs(value) for row in values for value in row if math.isfinite(value)]
    largest = max([limit, *sizes]) or 1
    quantities = [quantity] * len(rows) if isinstance(quantity, str) else quantity
    left = GAP * 2 + min(260, 1.1 * max(text_width(part) for name in ("", *rows) for part in str(name).split("\n")))
    high = max([1, *(part.count("\n") + 1 for part in (*rows, *(words for row in texts for words in row)))])
    high, top = 20 * high + 14, TITLE + ROW
    elements = [
        text(left + (j + 0.5) * cell, top - 10, shortened(name, cell), text_anchor="middle")
        for j, name in enumerate(columns)
    ]
    for i, (name, row) in enumerate(zip(rows, values)):
        y = top + i * high
        elements += _lines_of_text(left - GAP, y, high, name, left - GAP, text_anchor="end")
        for j, value in enumerate(row):
            x = left + j * cell
            colour = _tint("#000000" if value < 0 else COLOURS[quantities[i]], abs(value) / largest)
            elements.append(tag("rect", x=x, y=y, width=cell - 2, height=high - 2, fill=colour))
            elements += _lines_of_text(x + cell / 2 - 1, y, high - 2, texts[i][j], cell - 4, text_anchor="middle")
    label = "; ".join(
        f"{name} " + ", ".join(f"{column} {words}" for column, words in zip(columns, row))
        for name, row in zip(rows, texts)
    )
    width, height = left + cell * len(columns) + GAP, top + high * len(rows) + GAP
    return titled(width, height, title, label.replace("\n", " "), *elements)


def _lines_of_text(x, y, height, content, width, **attributes):
    """Lines of text, centred between y and y + height."""
    parts = str(content).split("\n")
    for i, part in enumerate(parts):
        baseline = y + height / 2 + 5 + 20 * (i - (len(parts) - 1) / 2)
        yield text(x, baseline, shortened(part, width), **attributes)


def _tint(colour: str, share: float) -> str:
    """colour mixed with white, so that black text stays legible on it; grey for infinite and nan."""
    if not math.isfinite(share):
        return "#DDDDDD"
    share = settled(share) * (0.35 if colour == "#000000" else 0.7)
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02X}" for channel in channels)


def pictures(
    images: Sequence | np.ndarray,
    captions: Sequence[str],
    title: str,
    label: str,
    *,
    columns: int = 10,
    size: float = 84,
    quantity: str = "",
) -> str:
    """Images (N, H, W) in rows, each as large as size, with its caption above it; they may differ in height and width.

    Without a quantity they are images of 0 (white) to 255 (black). With one, they are numbers of any size, such as
    weights: 0 is white, positive ones have the colour of the quantity, negative ones are black, and on those of more
    than half of the largest size stands a white + or -. label: what they show.
    """
    images, top = [np.asarray(image, float) for image in images], 24 * any(captions)
    sizes = [np.abs(image[np.isfinite(image)]).max(initial=0) for image in images]
    scale = max(sizes, default=0) or 1 if quantity else 255
    colour = COLOURS[quantity] if quantity else "#000000"
    columns = max(1, min(columns, len(images)))
    elements = []
    for i, (image, caption) in enumerate(zip(images, captions)):
        x, y = GAP + i % columns * (size + GAP), TITLE + i // columns * (size + GAP + top)
        elements.append(text(x + size / 2, y + 16, shortened(caption, size + GAP), text_anchor="middle"))
        look = {"image_rendering": "pixelated", "href": _png(image / scale, colour)}
        elements.append(tag("image", x=x, y=y + top, width=size, height=size, **look))
        if quantity:
            elements.append(tag("path", d=_signs(image / scale, x, y + top, size), stroke="white", stroke_width=1.2))
        elements.append(tag("rect", x=x, y=y + top, width=size, height=size, fill="none", stroke=GREY))
    rows = math.ceil(len(images) / columns)
    return titled(GAP + columns * (size + GAP), TITLE + rows * (size + GAP + top), title, label, *elements)


def _signs(image: np.ndarray, x: float, y: float, size: float) -> str:
    """The d of a path: a + on each number above 1/2, a - on each below -1/2, of an image (H, W) drawn at (x, y)."""
    high, wide = (size / count for count in image.shape)
    arm = min(high, wide) * 0.3
    moves = []
    for i, j in np.argwhere(np.abs(np.where(np.isfinite(image), image, 0)) > 0.5):
        middle, centre = x + (j + 0.5) * wide, y + (i + 0.5) * high
        moves.append(f"M{middle - arm:.1f} {centre:.1f}h{2 * arm:.1f}")
        if image[i, j] > 0:
            moves.append(f"M{middle:.1f} {centre - arm:.1f}v{2 * arm:.1f}")
    return "".join(moves)


def _png(image: np.ndarray, colour: str) -> str:
    """An image (H, W) of -1 to 1 as the address of a PNG: 1 has the colour, 0 is white, -1 black, nan grey."""
    strength = np.clip(np.abs(np.where(np.isfinite(image), image, 0)), 0, 1)[..., None]
    full = np.where(image[..., None] < 0, 0, [int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.where(np.isfinite(image)[..., None], 255 + (full - 255) * strength, 0xDD).round().astype(np.uint8)
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: the row is not filtered
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, three channels
    chunks = b"IHDR" + header, b"IDAT" + zlib.compress(rows), b"IEND"
    parts = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()


def simplex(
    point: Numbers,
    names: Sequence[str],
    title: str,
    trail: Sequence[Numbers] = (),
    size: float = 300,
) -> str:
    """Three probabilities as a point of a triangle: in a corner its class has all, in the middle all have a third.

    trail: points (p1, p2, p3) to join by a path.
    """
    left, top, tall = 80, TITLE + 44, size * math.sqrt(3) / 2
    corners = [(left, top + tall), (left + size / 2, top), (left + size, top + tall)]

    def place(p: Numbers) -> tuple[float, float]:
        x, y = (sum(share * corner[i] for share, corner in zip(p, corners)) for i in (0, 1))
        return x, y

    elements = [path([*corners, corners[0]], stroke="black", fill="#F2F2F2")]
    for (x, y), name, share, below in zip(corners, names, point, (True, False, True)):
        words = f"{shortened(name, 100)} {number(share)}"
        elements.append(text(x, y + 24 if below else y - 12, words, text_anchor="middle"))
    elements.append(path([place(p) for p in trail], stroke=COLOURS["logits"], stroke_width=2.5))
    x, y = place((1 / 3, 1 / 3, 1 / 3))
    elements += [line(x - 5, y, x + 5, y), line(x, y - 5, x, y + 5)]  # the middle
    if all(0 <= share <= 1 for share in point):
        x, y = place(point)
        elements.append(tag("circle", cx=x, cy=y, r=8, fill=COLOURS["probabilities"], stroke="black"))
    label = ", ".join(f"{name} {number(share)}" for name, share in zip(names, point))
    label += ", on a path" if len(trail) else ""
    return titled(size + 2 * left, top + tall + 40, title, label, *elements)


def plane(
    arrows: Mapping[str, tuple[Numbers, Numbers, str]],
    title: str,
    axes: tuple[str, str] = ("x", "y"),
    directions: Mapping[str, tuple[float, float]] | None = None,
    reach: float = 1,
    size: float = 340,
) -> str:
    """Vectors of two numbers as arrows, with one scale on both axes.

    arrows: a name to where the arrow starts, where it ends, and the quantity that colours it; one that is not finite is
    named in the label only. directions: a name to a vector other than 0: a line through 0 along it, solid for the first
    and dashed for others. reach: how far both axes go at least, to either side.
    """
    drawn = {name: arrow for name, arrow in arrows.items() if all(math.isfinite(x) for end in arrow[:2] for x in end)}
    reach = max([reach, *(abs(x) for start, end, _ in drawn.values() for x in (*start, *end))])
    left, top, half = 2 * GAP, TITLE + ROW, size / 2
    middle = left + half, top + half

    def place(x: float, y: float, whole: float = 1.1 * reach) -> tuple[float, float]:
        return middle[0] + settled(x / whole) * half, middle[1] - settled(y / whole) * half

    rules = [((left, middle[1]), (left + size, middle[1])), ((middle[0], top), (middle[0], top + size))]
    elements = [tag("rect", x=left, y=top, width=size, height=size, fill="white", stroke=GREY)]
    elements += [line(*start, *end) for start, end in rules]
    elements.append(text(left + size + 6, middle[1] + 5, axes[0], fill=GREY))
    elements.append(text(middle[0], top - 8, axes[1], text_anchor="middle", fill=GREY))
    for x in (-reach, -reach / 2, reach / 2, reach):
        (across, _), (_, up) = place(x, 0), place(0, x)
        elements += [line(across, middle[1] - 4, across, middle[1] + 4), line(middle[0] - 4, up, middle[0] + 4, up)]
        elements.append(text(across, middle[1] + 20, number(x), text_anchor="middle", fill=GREY))
        elements.append(text(middle[0] - 9, up + 5, number(x), text_anchor="end", fill=GREY))
    for i, (name, (a, b)) in enumerate((directions or {}).items()):
        longest = math.copysign(max(abs(a), abs(b)), a)  # so that the end with the name is on the right
        start, end = place(-a, -b, longest), place(a, b, longest)
        rules.append((start, end))
        elements.append(line(*start, *end, stroke="black", stroke_width=1.5, stroke_dasharray="6 5" if i else ""))
        x, y = end
        elements.append(text(x + 6, y - 8 if y < middle[1] else y + 20, name, text_anchor="end"))
    ends = {name: (place(*start), place(*end)) for name, (start, end, _) in drawn.items()}
    for name, (start, end) in ends.items():
        elements += _arrow(start, end, COLOURS[drawn[name][2]])
    busy = [(*point, 1) for rule in rules for point in _along(*rule)]
    busy += [(place(x, 0)[0], middle[1] + y, 4) for x in (-reach, -reach / 2, reach / 2, reach) for y in (7, 12, 17)]
    elements += _names_of_arrows(ends, busy, (left, top, left + size, top + size))
    label = "; ".join(f"{name} from {_pair(start)} to {_pair(end)}" for name, (start, end, _) in arrows.items())
    width = left + size + 2 * GAP + text_width(axes[0])
    return titled(width, top + size + ROW, title, f"{axes[0]}, {axes[1]}: {label}", *elements)


def _arrow(start: tuple[float, float], end: tuple[float, float], colour: str):
    """A line with a head at its end, or a dot where there is no length."""
    length = math.dist(start, end)
    if length < 1:
        yield tag("circle", cx=end[0], cy=end[1], r=5, fill=colour)
        return
    a, b = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    head = min(15, 0.6 * length)
    x, y, aside = end[0] - a * head, end[1] - b * head, 0.45 * head
    yield line(*start, x, y, stroke=colour, stroke_width=4)
    yield path([end, (x - b * aside, y + a * aside), (x + b * aside, y - a * aside)], fill=colour)


def _names_of_arrows(ends: Mapping[str, tuple], busy: Sequence, box: tuple[float, float, float, float]):
    """The name of each arrow beside it, on the side away from the others, where it hides little.

    busy: points (x, y, weight) not to hide; the arrows and their names come on top. box: what no name leaves.
    """
    corners = [corner for pair in ends.values() for corner in pair]
    centre = [sum(values) / len(corners) for values in zip(*corners)]
    busy = [*busy, *((*point, 5) for pair in ends.values() for point in _along(*pair))]
    for name, pair in ends.items():
        width, at = text_width(name), [(a + 2 * b) / 3 for a, b in zip(*pair)]
        away = math.dist(at, centre) or 1
        places = {}
        for a, b in COMPASS:
            outwards = (a * (at[0] - centre[0]) + b * (at[1] - centre[1])) / away
            for far in (14, 24, 40):
                corner = at[0] + far * a - width * (1 - a) / 2, at[1] + far * b + 5
                places[corner] = round(_hidden(*corner, width, busy, box) + far / 4 - 12 * outwards, 3)
        x, y = min(places, key=places.__getitem__)
        busy += [(x + width * i / 8, y - 5 * j, 20) for i in range(9) for j in range(3)]
        yield text(x, y, name, **HALO)


def _along(start: tuple[float, float], end: tuple[float, float]):
    """Points from start to end, evenly spaced."""
    for i in range(41):
        yield tuple(a + (b - a) * i / 40 for a, b in zip(start, end))


def _hidden(x: float, y: float, width: float, busy: Sequence, box: tuple[float, float, float, float]) -> float:
    """The weight of the busy points that a text at x, y hides; far too much where it leaves the box."""
    left, right, top, bottom = x - 3, x + width + 3, y - 15, y + 5
    inside = box[0] < left and right < box[2] and box[1] < top and bottom < box[3]
    return sum(w for a, b, w in busy if left < a < right and top < b < bottom) + 1000 * (not inside)


COMPASS = [(1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7)]
