"""From strokes to what the network reads: each step has known answers, and no drawing raises."""

import math
import random

import numpy as np
import pytest
import strokes

from mnist_autograd import data
from mnist_autograd.teach.topics import digits, pretrained

nan, inf = math.nan, math.inf


@pytest.mark.parametrize("drawing", strokes.STRANGE.values(), ids=strokes.STRANGE)
def test_no_drawing_raises(drawing):
    found = digits.steps(drawing)
    assert found.drawn.shape == (140, 140) and found.centred.shape == (28, 28)
    assert all(np.isfinite(picture).all() for picture in found)
    assert all(picture.min(initial=0) >= 0 and picture.max(initial=0) <= 255.001 for picture in found)
    assert digits.inputs(found.centred).shape == (1, 784)
    if found.drawn.any():
        assert max(found.scaled.shape) == 20
        assert found.centred.sum() == pytest.approx(found.scaled.sum())  # no ink is lost
    else:
        assert found.cropped.shape == found.scaled.shape == (0, 0) and not found.centred.any()


# --- The pen ----------------------------------------------------------------------------------------------------


def test_a_dot_has_the_area_of_its_circle():
    ink = digits.drawn([[(0.5, 0.5)]]) / 255
    radius = digits.PEN * digits.PAD / 2
    assert ink.sum() == pytest.approx(math.pi * radius**2, rel=0.02)
    np.testing.assert_allclose(digits.centre_of_mass(ink), 69.5)
    np.testing.assert_allclose(ink, ink.T)
    np.testing.assert_allclose(ink, ink[::-1])


@pytest.mark.parametrize("size", [28, 140, 500])
def test_a_line_has_the_area_of_its_shape_at_every_resolution(size):
    ink = digits.drawn([[(0.2, 0.5), (0.8, 0.5)]], size) / 255
    pen = digits.PEN
    assert ink.sum() / size**2 == pytest.approx(0.6 * pen + math.pi * pen**2 / 4, rel=0.03)
    assert ink[size // 2, size // 2] == 1 and ink[0, 0] == 0


def test_x_goes_right_and_y_goes_down():
    row, column = digits.centre_of_mass(digits.drawn([[(0.8, 0.2)]]))
    assert row == pytest.approx(0.2 * 140 - 0.5, abs=0.1) and column == pytest.approx(0.8 * 140 - 0.5, abs=0.1)


def test_ink_on_ink_is_no_darker_and_the_order_does_not_matter():
    cross = [[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]]
    np.testing.assert_array_equal(digits.drawn(cross), digits.drawn([*cross[::-1], *cross]))
    there_and_back = [[(0.2, 0.2), (0.8, 0.8), (0.2, 0.2)]]
    np.testing.assert_allclose(digits.drawn(there_and_back), digits.drawn(cross[:1]))


def test_edges_are_grey():
    ink = digits.drawn([[(0.2, 0.3), (0.83, 0.57)]])
    assert len(np.unique(ink.round())) > 20 and ink.min() == 0 and ink.max() == 255


def test_strokes_are_scaled_and_moved():
    assert digits.moved([[(0.5, 1)], []], scale=0.5, right=0.25, down=0.1) == [[(0.5, 0.6)], []]


# --- The steps --------------------------------------------------------------------------------------------------


def test_cropping_finds_the_smallest_box():
    image = np.zeros((9, 7))
    image[2, 3] = image[5, 1] = 1
    np.testing.assert_array_equal(digits.cropped(image), image[2:6, 1:4])
    np.testing.assert_array_equal(digits.cropped(np.ones((3, 4))), np.ones((3, 4)))
    assert digits.cropped(np.zeros((3, 4))).size == 0


@pytest.mark.parametrize(
    "shape, scaled",
    [((100, 50), (20, 10)), ((50, 100), (10, 20)), ((7, 7), (20, 20)), ((200, 1), (20, 1)), ((1, 1), (20, 20))],
)
def test_the_longer_side_becomes_20_and_the_proportions_stay(shape, scaled):
    image = np.full(shape, 200.0)
    found = digits.scaled(image)
    assert found.shape == scaled
    np.testing.assert_allclose(found, 200)  # an even grey stays as it is


def test_a_new_pixel_is_the_mean_of_the_area_it_covers():
    image = np.arange(40.0 * 40).reshape(40, 40)
    np.testing.assert_allclose(digits.scaled(image), image.reshape(20, 2, 20, 2).mean(axis=(1, 3)))
    row = np.array([[0.0, 30, 60]])  # one and a half old pixels each: 0 and half of 30, half of 30 and 60
    np.testing.assert_allclose(digits.scaled(row, longest=2), [[10, 50]])


@pytest.mark.parametrize("shape", [(33, 20), (20, 47), (13, 11), (140, 140)])
def test_scaling_keeps_the_mean_grey(shape):
    image = np.random.default_rng(0).uniform(0, 255, shape)
    assert digits.scaled(image).mean() == pytest.approx(image.mean())


def test_the_centre_of_mass_is_weighted_with_the_ink():
    image = np.zeros((5, 4))
    image[1, 0], image[3, 2] = 1, 3
    np.testing.assert_allclose(digits.centre_of_mass(image), [2.5, 1.5])
    np.testing.assert_allclose(digits.centre_of_mass(np.zeros((5, 4))), [2, 1.5])


@pytest.mark.parametrize("row", [0, 3, 20])
@pytest.mark.parametrize("column", [0, 8, 20])
def test_a_square_in_a_corner_ends_up_in_the_middle(row, column):
    image = np.zeros((28, 28))
    image[row : row + 7, column : column + 7] = 255
    found = digits.centred(digits.cropped(image))
    np.testing.assert_allclose(digits.centre_of_mass(found), [14, 14])
    np.testing.assert_array_equal(digits.cropped(found), np.full((7, 7), 255))


@pytest.mark.parametrize("name", strokes.ALL)
def test_a_digit_ends_up_within_half_a_pixel_of_where_mnist_has_it(name):
    found = digits.steps(strokes.ALL[name][1])
    assert np.abs(digits.centre_of_mass(found.centred) - 14).max() <= 0.5
    np.testing.assert_allclose(digits.cropped(found.centred).sum(), found.scaled.sum())


def test_no_ink_leaves_the_field():
    image = np.zeros((20, 20))
    image[:, 0], image[0, :], image[19, 19] = 255, 255, 1
    assert digits.centred(image).sum() == image.sum()
    with pytest.raises(ValueError, match=r"shape \(29, 3\); expected at most \(28, 28\): scale it first"):
        digits.centred(np.ones((29, 3)))


def test_without_the_steps_the_whole_pad_is_shrunk():
    pad = digits.drawn(strokes.ALL["3 upright"][1])
    np.testing.assert_allclose(digits.shrunk(pad), pad.reshape(28, 5, 28, 5).mean(axis=(1, 3)))


@pytest.mark.parametrize("name", ["3 upright", "8 slanted"])
def test_place_and_size_make_hardly_a_difference(name):
    """The same digit elsewhere and smaller, with a pen as much thinner, becomes nearly the same image."""
    drawing = strokes.ALL[name][1]
    moved = digits.moved(drawing, scale=0.5, right=0.3, down=0.2)
    images = [digits.drawn(drawing, 560), digits.drawn(moved, 560, digits.PEN / 2)]
    a, b = (digits.prepared(image) for image in images)
    # The centre of mass may lie so close to the border between two pixels that the one image is moved by one more.
    shifts = [np.roll(b, (i, j), axis=(0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert min(np.abs(a - shift).mean() for shift in shifts) < 0.05 * a.mean()


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "test"])
def test_images_of_mnist_come_out_as_they_went_in(split):
    """So the steps are those of its makers, half pixels included. A few of its images have a longer side of 19."""
    images = data.load("mnist", split).images[:10_000]
    usual = [image for image in images if max(digits.cropped(image).shape) == 20]
    assert len(usual) >= 9990
    assert sum(np.allclose(digits.prepared(image), image) for image in usual) == len(usual)


def test_the_last_bit_of_arithmetic_does_not_move_an_image_by_a_pixel():
    image = np.full((20, 20), 200.0)  # its centre of mass is exactly between two rows and two columns
    expected = digits.centred(image)
    for noise in (1e-12, -1e-12):
        other = image.copy()
        other[0] += noise * np.arange(20)
        other[-1] -= noise * np.arange(20)
        np.testing.assert_allclose(digits.centred(other), expected, atol=1e-9)


# --- Handwriting ------------------------------------------------------------------------------------------------


def test_the_twenty_digits_are_drawn_by_two_hands_at_different_places_and_sizes():
    assert sorted(digit for digit, _ in strokes.ALL.values()) == sorted([*range(10)] * 2)
    boxes = [np.concatenate([np.array(stroke) for stroke in drawing]) for _, drawing in strokes.ALL.values()]
    tall = [np.ptp(box[:, 1]) for box in boxes]
    assert min(tall) < 0.45 and max(tall) > 0.65
    assert np.ptp([box[:, 0].mean() for box in boxes]) > 0.4 and np.ptp([box[:, 1].mean() for box in boxes]) > 0.25


def test_of_twenty_digits_at_least_eighteen_are_read():
    model = pretrained.mlp()
    wrong = [
        name
        for name, (digit, drawing) in strokes.ALL.items()
        if model.predict(digits.inputs(digits.steps(drawing).centred)) != digit
    ]
    assert len(wrong) <= 2, wrong


def test_other_sizes_places_and_slants_of_them_are_read_too():
    model, draw = pretrained.mlp(), random.Random(0)
    right = []
    for digit, drawing in strokes.ALL.values():
        for _ in range(10):
            slant, scale = draw.uniform(-0.3, 0.3), draw.uniform(0.6, 1.1)
            leaning = [[(x + slant * (0.5 - y), y) for x, y in stroke] for stroke in drawing]
            image = digits.steps(digits.moved(leaning, scale, draw.uniform(-0.1, 0.2), draw.uniform(-0.1, 0.2))).centred
            right.append(model.predict(digits.inputs(image))[0] == digit)
    assert np.mean(right) > 0.9
