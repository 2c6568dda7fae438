"""What the static figures show, in numbers: their pixels depend on the version of matplotlib."""

import numpy as np
import pytest

from mnist_autograd.teach.pictures import plots
from mnist_autograd.teach.topics import calibration
from mnist_autograd.teach.topics.costs import Cost


def test_show_images_tiles_every_image_under_its_caption():
    images = np.arange(7 * 28 * 28).reshape(7, 28, 28) % 256
    figure = plots.show_images(images, [f"label {i}" for i in range(7)], columns=3)
    shown = [ax for ax in figure.axes if ax.images]
    assert len(figure.axes) == 9 and len(shown) == 7
    for i, ax in enumerate(shown):
        np.testing.assert_array_equal(ax.images[0].get_array(), images[i])
        assert ax.images[0].get_clim() == (0, 255) and ax.get_title() == f"label {i}"
    assert not any(ax.axison for ax in figure.axes)


def test_show_images_wants_a_caption_for_each():
    with pytest.raises(ValueError, match="2 images, 1 captions"):
        plots.show_images(np.zeros((2, 28, 28)), ["one"])


def test_show_weights_draws_every_sign_on_one_scale():
    weights = np.zeros((3, 28, 28))
    weights[0, 2, 5], weights[0, 7, 1], weights[1, 3, 3] = 1, -1, 0.2
    weights[2] = -0.6
    figure = plots.show_weights(weights, ["a", "b", "c"], columns=2)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == ["a", "b", "c"] and len(figure.axes) == 4
    low, high = shown[0].images[0].get_clim()
    assert low == -high and all(ax.images[0].get_clim() == (low, high) for ax in shown)
    for ax, picture in zip(shown, weights):
        np.testing.assert_array_equal(ax.images[0].get_array(), picture)
        plus, minus = (points.get_offsets().tolist() for points in ax.collections)  # x before y
        for marked, sign in ((plus, 1), (minus, -1)):
            assert sorted(marked) == sorted([x, y] for y, x in zip(*(sign * picture > high / 2).nonzero()))
    assert shown[0].collections[0].get_offsets().tolist() == [[5, 2]]
    assert shown[0].collections[1].get_offsets().tolist() == [[1, 7]]
    colours = shown[0].images[0].get_cmap()
    assert colours(0.0)[:3] == (0, 0, 0) and colours(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)


def test_show_weights_of_zeros_and_of_the_wrong_number():
    assert plots.show_weights(np.zeros((1, 2, 2)), ["none"]).axes[0].images[0].get_clim() == (-1, 1)
    with pytest.raises(ValueError, match="2 pictures, 1 captions"):
        plots.show_weights(np.zeros((2, 28, 28)), ["one"])


def test_plot_confusion_writes_every_count_where_it_belongs():
    matrix = np.array([[900, 3, 0], [12, 800, 1], [4, 5, 70]])
    figure = plots.plot_confusion(matrix, ["cat", "dog", "bird"])
    (ax,) = figure.axes
    assert "true" in ax.get_ylabel() and "predicted" in ax.get_xlabel()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "bird"]
    written = {text.get_position(): text for text in ax.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (j, i): str(count) for (i, j), count in np.ndenumerate(matrix)
    }
    assert [place for place, text in written.items() if text.get_weight() == "bold"] == [(0, 0), (1, 1), (2, 2)]
    assert [place for place, text in written.items() if text.get_color() == "white"] == [(0, 1)]  # on the darkest
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0, 3, 0], [12, 0, 1], [4, 5, 0]])
    frames = [patch.get_xy() for patch in ax.patches]
    assert frames == [(i - 0.46, i - 0.46) for i in range(3)]


def test_plot_confusion_wants_a_name_for_each_class():
    with pytest.raises(ValueError, match=r"shape \(2, 2\), and there are 3 names"):
        plots.plot_confusion(np.eye(2), ["a", "b", "c"])
    assert len(plots.plot_confusion(np.eye(2, dtype=int), ["a", "b"]).axes[0].texts) == 4  # without a mistake


def test_plot_epochs_tells_its_curves_apart_without_colour():
    figure = plots.plot_epochs({"slow": [0.1, 0.2, 0.3], "fast": [0.5, 0.4, 0.6]}, "accuracy")
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "accuracy")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["slow", "fast"]
    for line, values in zip(ax.lines, ([0.1, 0.2, 0.3], [0.5, 0.4, 0.6])):
        np.testing.assert_array_equal(line.get_xydata(), list(zip([1, 2, 3], values)))
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert len({line.get_linestyle() for line in ax.lines}) == 2


@pytest.mark.parametrize("validated", [True, False])
def test_plot_history_draws_training_and_validation(validated):
    validation = [0.4, 0.3] if validated else [np.nan, np.nan]
    history = {"epoch": [1, 2], "train_loss": [2.0, 1.0], "train_accuracy": [0.5, 0.9]}
    history |= {"validation_loss": validation, "validation_accuracy": validation}
    figure = plots.plot_history(history, validation="test")
    for ax, quantity in zip(figure.axes, ("loss", "accuracy")):
        assert quantity in ax.get_ylabel()
        assert [line.get_label() for line in ax.lines] == (["training", "test"] if validated else ["training"])
        np.testing.assert_array_equal(
            ax.lines[0].get_xydata(), [[1, history[f"train_{quantity}"][0]], [2, history[f"train_{quantity}"][1]]]
        )
        if validated:
            np.testing.assert_array_equal(ax.lines[1].get_ydata(), validation)
            assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()  # colour is not the only sign


def test_plot_costs_by_size_draws_time_and_memory_of_each_way_on_logarithmic_scales():
    seconds = {"matrix": [1e-5, 1e-3, 1e-1], "formula": [1e-6, 2e-6, 1e-5]}
    memory = {"matrix": [400, 40_000, 4_000_000], "formula": [40, 400, 4_000]}
    measured = [{way: Cost(seconds[way][i], memory[way][i]) for way in seconds} for i in range(3)]
    figure = plots.plot_costs_by_size([10, 100, 1000], measured, size="classes")
    for ax, costs, unit in zip(figure.axes, (seconds, memory), ("seconds", "bytes")):
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert ax.get_xlabel() == "classes" and unit in ax.get_ylabel()
        assert [line.get_label() for line in ax.lines] == [text.get_text() for text in ax.get_legend().get_texts()]
        assert len({line.get_linestyle() for line in ax.lines}) == 2  # colour is not the only sign
        for line, (name, values) in zip(ax.lines, costs.items()):
            assert line.get_label() == name
            np.testing.assert_array_equal(line.get_xydata(), list(zip([10, 100, 1000], values)))


def test_plot_reliability_draws_a_bar_and_a_mark_for_each_bin_that_holds_something():
    p = np.array([[0.95, 0.05], [0.93, 0.07], [0.91, 0.09], [0.35, 0.65]])
    found = calibration.reliability(p, [0, 0, 1, 1])
    figure = plots.plot_reliability({"one": found, "two": found})
    assert len(figure.axes) == 2
    for ax, name in zip(figure.axes, ("one", "two")):
        assert ax.get_title() == f"{name}\ncalibration error {found.ece:.1%}"
        heights = [bar.get_height() for bar in ax.patches]
        np.testing.assert_array_equal(heights, found.accuracy)
        assert [bar.get_alpha() for bar in ax.patches] == [0.35 if count else 1 for count in found.count]
        np.testing.assert_allclose(ax.lines[0].get_xydata(), [[0.65, 0.65], [0.93, 0.93]])
        assert [text.get_text() for text in ax.texts if text.get_text()] == ["1", "3"]


def test_a_figure_is_shown_once():
    """pyplot must not hold a figure that a cell shows as its value, or the notebook shows it twice."""
    import matplotlib.pyplot as plt

    plots.show_images(np.zeros((1, 28, 28)), ["one"])
    assert plt.get_fignums() == []


def test_plot_reading_shows_each_picture_in_its_own_size_and_a_bar_for_each_probability():
    pictures = {"tall": np.full((20, 8), 100.0), "wide": np.full((5, 9), 255.0)}
    p = np.array([0.1, 0.7, 0.2])
    figure = plots.plot_reading(pictures, p, "reads 1, 70 %")
    *shown, bars = figure.axes
    for ax, (name, picture) in zip(shown, pictures.items()):
        np.testing.assert_array_equal(ax.images[0].get_array(), picture)
        assert ax.images[0].get_clim() == (0, 255)
        assert ax.get_title() == f"{name}\n{picture.shape[0]} × {picture.shape[1]}"
    assert bars.get_title() == "reads 1, 70 %" and bars.get_xlim() == (0, 1)
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], p)


def test_tables_are_shown_beside_each_other_with_their_names():
    tables = {"first": np.eye(3), "second": np.full((3, 3), 2.0)}
    figure = plots.plot_tables(tables, "abc")
    panels, bars = figure.axes[:2], figure.axes[2:]
    assert [ax.get_title() for ax in panels] == ["first", "second"]
    assert [bar.get_ylim() for bar in bars] == [(0, 1), (0, 2)]
    for ax, table in zip(panels, tables.values()):
        np.testing.assert_array_equal(ax.images[0].get_array(), table)
        assert [label.get_text() for label in ax.get_yticklabels()] == list("abc")


def test_points_are_named_and_the_marked_ones_are_triangles():
    points = np.arange(8.0).reshape(4, 2)
    (ax,) = plots.plot_points({"letters": points}, "abce", marked="ae", kind="vowels").axes
    vowels, others = ax.lines
    assert (vowels.get_marker(), others.get_marker()) == ("^", "o") and vowels.get_label() == "vowels"
    np.testing.assert_array_equal(vowels.get_xydata(), points[[0, 3]])
    assert [text.get_text() for text in ax.texts] == list("abce")


def test_labels_of_points_that_lie_together_do_not():
    points = np.array([[0.0, 0.0], [0.01, 0.0], [0.0, 0.01], [1.0, 1.0]])
    (ax,) = plots.plot_points({"letters": points}, "abce", marked="ae", kind="vowels").axes
    places = np.array([text.xyann for text in ax.texts[:3]])
    assert all(np.linalg.norm(places[i] - places[j]) > 9 for i in range(3) for j in range(i))


def test_columns_of_words_stand_below_their_headings():
    figure = plots.show_columns({"T = 1": ["ann", "bo"], "T = 2": ["xq"]})
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["T = 1", "T = 2"]
    assert [ax.texts[0].get_text() for ax in figure.axes] == ["ann\nbo", "xq"]


HALVES = ("train", "validation")


def drawn_texts(figure):
    figure.canvas.draw()
    ticks = [text for ax in figure.axes for text in ax.get_yticklabels()]  # which a categorical axis makes anew
    return {text.get_text().replace(r"\$", "$") for text in [*figure.findobj(plots.plt.Text), *ticks]}


def figures_of(name):
    """Every figure that shows words of its caller, with these."""
    bins = calibration.reliability(np.array([[0.9, 0.1]]), np.array([0]))
    costs = {name: Cost(1.0, 1), "other": Cost(2.0, 2)}
    yield plots.show_images(np.zeros((1, 28, 28)), [name])
    yield plots.show_weights(np.ones((1, 28, 28)), [name])
    yield plots.plot_confusion(np.eye(2, dtype=int), [name, "b"])
    yield plots.plot_history({"epoch": [1]} | {f"{s}_{q}": [1.0] for s in HALVES for q in ("loss", "accuracy")}, name)
    yield plots.plot_reading({"a": np.zeros((2, 2))}, np.ones(2) / 2, name)
    yield plots.plot_epochs({name: [1.0, 2.0]}, "loss")
    yield plots.plot_epochs({"a": [1.0, 2.0]}, name)
    yield plots.plot_costs(costs)
    yield plots.plot_costs_by_size([1, 2], [costs, costs])
    yield plots.plot_costs_by_size([1, 2], [costs, costs], name)
    yield plots.plot_reliability({name: bins})
    yield plots.plot_tables({"a": np.ones((2, 2))}, [name, "b"])
    yield plots.plot_tables({name: np.ones((2, 2))}, ["a", "b"])
    yield plots.plot_points({"a": np.eye(2)}, [name, "b"], ["b"], "kind")
    yield plots.plot_points({name: np.eye(2)}, ["a", "b"], ["b"], "kind")
    yield plots.plot_points({"a": np.eye(2)}, ["a", "b"], ["b"], name)
    yield plots.show_columns({name: ["a"]})
    yield plots.show_columns({"a": [name]})


@pytest.mark.parametrize("name", [r"$\frac$", "$", "5 $ or 6 $", "^_{"])
def test_names_are_shown_as_they_are_and_no_formulas(name):
    for i, figure in enumerate(figures_of(name)):
        assert any(name in text for text in drawn_texts(figure)), i
