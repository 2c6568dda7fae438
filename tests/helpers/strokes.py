"""Twenty digits as two people might write them: what the tests draw on the pad of chapter 08.

Each is written down as a person moves the pen: strokes of a few points, which a smooth curve joins (a point that is
given twice is a corner). Then it is put on the pad at a place and in a size of its own. They were written before the
pad could read, looked at as pictures, and not changed for being misread.
"""

from __future__ import annotations

import math
import random

# By hand and digit: where the digit lies on the pad (left, top, width, height), and its strokes within that box.
HANDS = {
    "upright": {
        0: ((0.30, 0.15, 0.42, 0.66), [[(.55, .02), (.2, .15), (.05, .5), (.2, .88), (.5, 1), (.85, .85), (.97, .5),
                                        (.85, .12), (.55, .02)]]),
        1: ((0.45, 0.20, 0.10, 0.60), [[(.7, 0), (.5, .5), (.3, 1)]]),
        2: ((0.12, 0.10, 0.40, 0.55), [[(.05, .22), (.25, .03), (.65, 0), (.92, .2), (.8, .5), (.4, .8), (.05, 1),
                                        (.05, 1), (.5, .97), (1, .98)]]),
        3: ((0.30, 0.18, 0.40, 0.62), [[(.08, .12), (.4, 0), (.8, .1), (.85, .3), (.62, .46), (.35, .48), (.35, .48),
                                        (.7, .53), (.95, .72), (.8, .93), (.45, 1), (.05, .9)]]),
        4: ((0.45, 0.30, 0.40, 0.55), [[(.35, 0), (.1, .6), (.1, .6), (.95, .58)], [(.72, .2), (.68, 1)]]),
        5: ((0.20, 0.35, 0.35, 0.50), [[(.25, .02), (.18, .45), (.18, .45), (.5, .38), (.88, .52), (.9, .8), (.6, 1),
                                        (.1, .93)], [(.25, .02), (.9, 0)]]),
        6: ((0.50, 0.10, 0.32, 0.52), [[(.75, 0), (.35, .25), (.08, .65), (.2, .95), (.6, 1), (.9, .78), (.7, .55),
                                        (.35, .58), (.12, .75)]]),
        7: ((0.25, 0.15, 0.45, 0.70), [[(.05, .03), (.5, .02), (.95, .02), (.95, .02), (.65, .45), (.4, 1)]]),
        8: ((0.15, 0.40, 0.30, 0.48), [[(.8, .15), (.5, 0), (.2, .15), (.3, .38), (.7, .58), (.88, .82), (.5, 1),
                                        (.12, .82), (.3, .58), (.7, .38), (.8, .15)]]),
        9: ((0.28, 0.12, 0.40, 0.72), [[(.85, .2), (.5, 0), (.12, .2), (.3, .45), (.65, .42), (.85, .2), (.85, .2),
                                        (.83, .6), (.75, 1)]]),
    },
    "slanted": {
        0: ((0.55, 0.45, 0.28, 0.40), [[(.7, .05), (.35, .1), (.08, .5), (.12, .9), (.42, 1), (.8, .65), (.95, .25),
                                        (.75, .03), (.55, .1)]]),
        1: ((0.30, 0.25, 0.22, 0.50), [[(.25, .22), (.8, 0), (.8, 0), (.7, .5), (.55, 1)]]),
        2: ((0.25, 0.20, 0.52, 0.62), [[(.1, .25), (.4, 0), (.8, .15), (.7, .5), (.3, .88), (.08, .95), (.1, .8),
                                        (.35, .82), (.7, 1), (1, .92)]]),
        3: ((0.10, 0.12, 0.32, 0.45), [[(.1, .02), (.85, .02), (.85, .02), (.4, .4), (.4, .4), (.8, .5), (.92, .75),
                                        (.6, 1), (.05, .92)]]),
        4: ((0.22, 0.15, 0.50, 0.70), [[(.75, 0), (.05, .65), (.05, .65), (1, .68)], [(.75, 0), (.7, .5), (.62, 1)]]),
        5: ((0.30, 0.15, 0.45, 0.65), [[(.9, .03), (.3, .03), (.3, .03), (.22, .42), (.22, .42), (.6, .38), (.9, .62),
                                        (.7, .92), (.3, 1), (.05, .88)]]),
        6: ((0.30, 0.12, 0.42, 0.72), [[(.6, 0), (.3, .4), (.1, .8), (.4, 1), (.8, .9), (.85, .68), (.5, .6),
                                        (.15, .8)]]),
        7: ((0.50, 0.40, 0.35, 0.45), [[(.02, .1), (.4, .05), (.95, 0), (.95, 0), (.7, .4), (.45, 1)],
                                       [(.3, .52), (.85, .48)]]),
        8: ((0.30, 0.15, 0.40, 0.68), [[(.5, 0), (.22, .12), (.25, .38), (.5, .46), (.75, .35), (.76, .12), (.5, 0)],
                                       [(.5, .46), (.12, .65), (.15, .92), (.5, 1), (.88, .9), (.88, .64),
                                        (.5, .46)]]),
        9: ((0.52, 0.12, 0.30, 0.44), [[(.9, .12), (.45, 0), (.08, .25), (.3, .5), (.7, .4), (.9, .12), (.9, .12),
                                        (.9, .6), (.7, .95), (.3, 1), (.1, .9)]]),
    },
}  # fmt: skip
STEPS = 8  # points of the curve from one given point to the next
TREMBLE = 0.004  # of the hand, as a share of the pad


def strokes(hand: str, digit: int) -> list[list[tuple[float, float]]]:
    """The digit as points of the pad, from 0 to 1."""
    (left, top, width, height), written = HANDS[hand][digit]
    shake = random.Random(f"{hand} {digit}")
    return [
        [
            (left + width * x + shake.gauss(0, TREMBLE), top + height * y + shake.gauss(0, TREMBLE))
            for x, y in _smooth(points)
        ]
        for points in written
    ]


def _smooth(points):
    """A Catmull-Rom curve through the points: at each, it runs as the line from the one before to the one after."""
    padded = [points[0], *points, points[-1]]
    for p, a, b, n in zip(padded, padded[1:], padded[2:], padded[3:]):
        if a != b:
            yield from (_between(p, a, b, n, i / STEPS) for i in range(STEPS))
    yield points[-1]


def _between(p, a, b, n, t):
    """The curve from a (t = 0) to b (t = 1), with p before and n after them."""
    return tuple(
        a[i]
        + t
        * (
            (b[i] - p[i]) / 2
            + t * (p[i] - 2.5 * a[i] + 2 * b[i] - n[i] / 2 + t * (1.5 * (a[i] - b[i]) + (n[i] - p[i]) / 2))
        )
        for i in (0, 1)
    )


ALL = {f"{digit} {hand}": (digit, strokes(hand, digit)) for hand in HANDS for digit in range(10)}

# What nobody would draw, and a page may still send.
STRANGE = {
    "nothing": [],
    "empty strokes": [[], []],
    "a dot": [[(0.5, 0.5)]],
    "a dot twice": [[(0.5, 0.5), (0.5, 0.5)]],
    "a dot in a corner": [[(1, 1)]],
    "an edge": [[(0, 0), (0, 1)]],
    "a line through everything": [[(-5, -5), (5, 5)]],
    "a line outside": [[(2, 2), (3, 3)]],
    "a dot just outside": [[(1.05, 0.5)]],
    "nan": [[(math.nan, 0.5), (0.5, math.inf), (-math.inf, math.nan)]],
    "nan between": [[(0.2, 0.5), (math.nan, 0.5), (0.8, 0.5)]],
    "far away": [[(1e308, -1e308), (-1e308, 1e308)]],
    "whole numbers": [[(0, 0), (1, 1)]],
    "all over": [[(x / 40, (x * y) % 1) for x in range(40) for y in (0.3, 0.7)]],
    "everywhere": [[(0, y / 20), (1, y / 20)] for y in range(21)],
}
