"""What the static figures show, in numbers: their pixels depend on the version of matplotlib."""

import numpy as np
import pytest

from mnist_autograd.teach import plots
from mnist_autograd.teach.costs import Cost


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
