"""Charts: figures are text, to one scale, and no number and no name breaks one."""

import base64
import io
import math
import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from explorers import EXTREMES, NASTY, NO_WARNINGS, colours, rectangles, texts

from mnist_autograd.teach.pictures import charts
from mnist_autograd.teach.pictures.numbers import number, rounded_up
from mnist_autograd.teach.pictures.svg import COLOURS, beside, message, stacked

inf, nan = math.inf, math.nan
pytestmark = NO_WARNINGS


def test_bars_are_as_long_as_their_values():
    svg = charts.bars([1, 2, -4], ["a", "b", "c"], "title", "logits", reference=(1, "uniform"))
    assert [float(r.get("width")) for r in rectangles(svg, "#0072B2")] == pytest.approx([28.3, 56.7, 113.3])
    assert {"title", "a", "b", "c", "1", "2", "-4", "uniform"} <= set(texts(svg))
    assert "a 1, b 2, c -4" in ET.fromstring(svg).get("aria-label")


def test_vertical_bars_stand_on_one_line():
    rows = rectangles(charts.bars([1, 2], ["a", "b"], "title", "losses", vertical=True, length=100), "#CC79A7")
    assert [float(r.get("height")) for r in rows] == [50, 100]
    assert len({float(r.get("y")) + float(r.get("height")) for r in rows}) == 1


def test_targets_are_hatched():
    assert len(rectangles(charts.bars([1, 0], ["a", "b"], "target", "targets"), "url(#hatching)")) == 2


@pytest.mark.parametrize("vertical", [False, True])
def test_bars_say_inf_and_nan_in_words(vertical):
    svg = charts.bars([inf, -inf, nan, 1], list("abcd"), "title", "exponentials", vertical=vertical)
    assert {"inf: too large", "-inf: minus infinity", "nan: not a number", "1"} <= set(texts(svg))
    assert len(rectangles(svg, "#E69F00")) == 1


@pytest.mark.parametrize("values", [EXTREMES, [0, 0, 0], [nan, inf], [1e308, -1e308], [5e-324], [-2, -1]])
def test_no_number_and_no_name_breaks_a_chart(values):
    names = [NASTY[i % len(NASTY)] for i in range(len(values))]
    for vertical in (False, True):
        texts(charts.bars(values, names, NASTY[0], "logits", vertical=vertical, reference=(0.5, NASTY[0])))
    texts(charts.lines({NASTY[0]: (values, values, "losses"), "b": (values, values, "logits")}, "t", *NASTY[:2]))
    texts(charts.lines({"a": (values, values, "losses")}, "title", "x", "y", marker=(values[0], values[-1])))
    texts(charts.heat_map([values, values], NASTY[:2], names, NASTY[0], "gradients"))
    texts(charts.simplex((values * 3)[:3], NASTY[:3], "title", trail=[(1, 0, 0), (0, 1, 0)]))
    texts(message(NASTY[0] * 50, NASTY[1]))


def png_of(element):
    """The pixels (H, W, 3) of an image element, read by matplotlib."""
    content = element.get("href").partition("base64,")[2]
    return (255 * plt.imread(io.BytesIO(base64.b64decode(content)))).round().astype(int)[..., :3]


def test_pictures_have_the_pixels_of_their_images():
    images = np.array([[[0, 255], [128, 0]]] * 3)
    svg = charts.pictures(images, ["a", "<b>", ""], "title", "three of them", columns=2, size=50)
    elements = [e for e in ET.fromstring(svg).iter() if e.tag.endswith("image")]
    assert len(elements) == 3 and {"title", "a", "<b>"} <= set(texts(svg))
    assert len({e.get("x") for e in elements}) == 2 == len({e.get("y") for e in elements})
    assert (png_of(elements[0]) == 255 - images[0][..., None]).all()


def test_pictures_may_differ_in_height_and_width():
    images = [np.full((3, 2), 255), np.zeros((1, 4))]
    svg = charts.pictures(images, ["tall", "wide"], "title", "two")
    elements = [e for e in ET.fromstring(svg).iter() if e.tag.endswith("image")]
    assert [png_of(e).shape for e in elements] == [(3, 2, 3), (1, 4, 3)]
    assert [png_of(e).max() for e in elements] == [0, 255]


def test_pictures_of_weights_show_their_sign():
    (image,) = (
        e
        for e in ET.fromstring(charts.pictures([[[2.0, -2.0, 0.0, nan]]], [""], "t", "l", quantity="gradients")).iter()
        if e.tag.endswith("image")
    )
    assert png_of(image).tolist() == [[[0xD5, 0x5E, 0], [0, 0, 0], [255] * 3, [0xDD] * 3]]


def test_large_weights_have_a_sign_for_those_who_see_no_colour():
    svg = charts.pictures([[[2.0, -2.0, 0.9, nan]]], [""], "t", "l", quantity="gradients", size=80)
    (signs,) = re.findall(r'<path d="([^"]*)"', svg)
    (x,) = (float(e.get("x")) for e in ET.fromstring(svg).iter() if e.tag.endswith("image"))
    strokes = [(float(at), kind) for at, kind in re.findall(r"M([\d.]+) [\d.]+([hv])", signs)]
    assert strokes == [(x + 4, "h"), (x + 10, "v"), (x + 24, "h")]  # a cross on the first, a line on the second
    assert "<path" not in charts.pictures([[[255, 0]]], [""], "t", "l")


def test_names_are_escaped_and_cut():
    svg = charts.bars([1, 2], ["<b>&", "W" * 40], "title", "logits")
    assert "<b>" not in svg and "<b>&" in texts(svg)
    assert any(re.fullmatch("W+…", t) for t in texts(svg))


def test_values_are_rounded_up_to_a_round_number():
    values = [0.3, 0.5, 1, 1.1, 2.235, 5.0000001, 9.9, 10, 197.3]
    assert [rounded_up(x) for x in values] == pytest.approx([0.5, 0.5, 1, 2, 5, 10, 10, 10, 200])


def test_numbers_do_not_show_the_last_bits():
    assert [number(x) for x in (0.30000000000000004, 0.3, 2 / 3, -0.0, 1234567)] == [
        *("0.3", "0.3", "0.6667", "0", "1.235e+06")
    ]
    a, b = (charts.bars([x, 1], ["a", "b"], "title", "logits") for x in (0.12345, np.nextafter(0.12345, 1)))
    assert a == b


def test_lines_have_gaps_and_a_marker():
    svg = charts.lines({"loss": ([0, 1, 2, 3, 4], [4, 1, nan, 1, 4], "losses")}, "title", "T", "nats", marker=(1, 1))
    assert sum(e.get("stroke") == "#CC79A7" for e in ET.fromstring(svg).iter()) == 2
    assert {"T", "nats", "(1, 1)", "0", "2", "4"} <= set(texts(svg))


def test_heat_map_shades_by_size():
    svg = charts.heat_map([[0, 1], [-1, nan]], ["r", "s"], ["a", "b"], "title", "gradients")
    fills = [e.get("fill") for e in ET.fromstring(svg).iter() if e.tag.endswith("rect")][1:]
    assert fills[0] == "#FFFFFF" and fills[3] == "#DDDDDD" and len(set(fills)) == 4
    assert {"0", "1", "-1"} <= set(texts(svg))


def test_simplex_puts_the_point_between_the_corners():
    def circle(p):
        svg = charts.simplex(p, ["a", "b", "c"], "title")
        found = next(e for e in ET.fromstring(svg).iter() if e.tag.endswith("circle"))
        return np.array([float(found.get("cx")), float(found.get("cy"))])

    corners = [circle(p) for p in np.eye(3)]
    np.testing.assert_allclose(circle([0.2, 0.3, 0.5]), np.array([0.2, 0.3, 0.5]) @ corners, atol=0.1)


def test_charts_stand_beside_each_other():
    a, b = (charts.bars([i], [str(i)], "title", "logits") for i in (1, 2))
    assert texts(beside("label", a, b, caption="the caption"))[-1] == "the caption"
    root = ET.fromstring(beside("label", a, b, caption="the caption"))
    assert next(e.get("x") for e in root if e.tag.endswith("svg")) == "0"
    assert float(root.get("width")) == 2 * float(ET.fromstring(a).get("width"))


def test_charts_stand_below_each_other():
    a, b = (charts.bars([1] * n, ["x"] * n, "title", "logits") for n in (1, 2))
    root = ET.fromstring(stacked("label", a, b, caption="the caption"))
    heights = [float(ET.fromstring(chart).get("height")) for chart in (a, b)]
    assert [float(e.get("y")) for e in root if e.tag.endswith("svg")] == [0, heights[0]]
    assert float(root.get("height")) > sum(heights) and float(root.get("width")) == float(ET.fromstring(a).get("width"))
    assert texts(stacked("label", a, b, caption="the caption"))[-1] == "the caption"


def test_groups_of_bars_have_gaps_between():
    root = ET.fromstring(charts.bars([1, 2, 3, 4], list("abcd"), "title", "gradients", group=2))
    tops = [float(e.get("y")) for e in root.iter() if e.get("fill") == COLOURS["gradients"]]
    assert np.diff(tops).tolist() == [32, 48, 32]


def test_a_heat_map_with_a_limit_is_pale_where_all_is_small():
    pale, deep = (charts.heat_map([[0.1]], ["r"], ["c"], "title", "gradients", limit=limit) for limit in (1, 0))
    assert charts._tint(COLOURS["gradients"], 0.1) in pale
    assert charts._tint(COLOURS["gradients"], 1) in deep


def test_axes_reach_what_they_are_to_include():
    svg = charts.lines({"a": ([1, 2], [1, 2], "losses")}, "title", "x", "y", including=[(0, 0), (4, 8), (nan, inf)])
    assert {"0", "2", "4", "8"} <= set(texts(svg))


def test_the_words_at_a_marker_stand_clear_of_a_falling_curve():
    svg = charts.lines({"a": ([0, 1], [1, 0], "losses")}, "title", "x", "y", marker=(0.6, 0.4))
    marked = next(e for e in ET.fromstring(svg).iter() if e.text == "(0.6, 0.4)")
    circle = next(e for e in ET.fromstring(svg).iter() if e.tag.endswith("circle"))
    assert marked.get("text-anchor") == "start" and float(marked.get("x")) == float(circle.get("cx")) + 10


def test_curves_may_have_a_width_and_rows_of_a_heat_map_a_colour():
    svg = charts.lines({"a": ([0, 1], [0, 1], "logits", 9), "b": ([0, 1], [1, 0], "logits")}, "t", "x", "y", (0, 0))
    look = [(e.get("stroke-width"), e.get("stroke-dasharray")) for e in ET.fromstring(svg).iter() if e.get("points")]
    assert ("9", "") in look and ("2.5", "8 4") in look
    tints = colours(charts.heat_map([[1], [1]], ["r", "s"], ["c"], "title", ["probabilities", "gradients"]))[1:]
    assert tints == [charts._tint(COLOURS[q], 1) for q in ("probabilities", "gradients")]
    assert colours(charts.heat_map([[1], [1]], ["r", "s"], ["c"], "title", "gradients"))[1:] == [tints[1]] * 2


# --- The plane --------------------------------------------------------------------------------------------------


def heads(svg):
    """The tip of each arrow."""
    found = [e for e in ET.fromstring(svg).iter() if e.tag.endswith("polyline")]
    return {e.get("fill"): tuple(map(float, e.get("points").split()[0].split(","))) for e in found}


def test_the_plane_has_one_scale_and_its_arrows_end_where_they_should():
    arrows = {"a": ((0, 0), (1, 0), "logits"), "b": ((0, 0), (0, 1), "losses"), "c": ((1, 0), (0, -1), "gradients")}
    svg = charts.plane(arrows, "title", reach=2)
    tips = heads(svg)
    a, b, c = (np.array(tips[COLOURS[q]]) for q in ("logits", "losses", "gradients"))
    middle = np.array([b[0], a[1]])
    assert (a - middle)[0] == pytest.approx(-(b - middle)[1], abs=0.2) == pytest.approx(340 / 4.4, abs=0.2)
    np.testing.assert_allclose(c - middle, middle - b, atol=0.2)
    assert {"a", "b", "c", "x", "y", "2", "-1"} <= set(texts(svg))
    assert "c from (1, 0) to (0, -1)" in ET.fromstring(svg).get("aria-label")


@pytest.mark.parametrize("value", EXTREMES)
def test_no_vector_breaks_the_plane(value):
    arrows = {NASTY[i]: ((0, 0), (value, 0.5), "logits") for i in range(len(NASTY))}
    svg = charts.plane(arrows, NASTY[0], tuple(NASTY[:2]), {NASTY[1]: (1, -1), NASTY[2]: (0, 1), NASTY[3]: (-1e308, 1)})
    texts(svg)
    texts(charts.plane({}, "empty"))
