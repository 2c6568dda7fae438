"""Static figures with matplotlib. A quantity has the same colour in every chapter (palette of Okabe and Ito)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from .charts import COLOURS, GREY
from .costs import Cost

LOOK = {"font.size": 13, "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": "white"}


def show_images(images: np.ndarray, captions: Sequence[str], columns: int = 5) -> Figure:
    """A tile of images (N, 28, 28), black on white as in a book, each with its caption above it."""
    if len(images) != len(captions) or len(images) == 0:
        raise ValueError(f"show_images: {len(images)} images, {len(captions)} captions; expected as many, at least one")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    figure, axes = _subplots(rows, columns, (1.7 * columns, 2.0 * rows))
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(caption, fontsize=13)
    return figure


def show_weights(weights: np.ndarray, captions: Sequence[str], columns: int = 5) -> Figure:
    """A tile of weights (N, 28, 28), all on one scale: positive blue, negative black, each with its caption above it.

    The largest hundredth of the weights have the deepest colour. So that nobody needs the colours, a + or a - stands on
    every weight of more than half of their size.
    """
    if len(weights) != len(captions) or len(weights) == 0:
        raise ValueError(
            f"show_weights: {len(weights)} pictures, {len(captions)} captions; expected as many, at least 1"
        )
    weights = np.asarray(weights)
    limit = np.quantile(np.abs(weights), 0.99) or 1
    colours = LinearSegmentedColormap.from_list("signed", ["black", "white", COLOURS["logits"]])
    columns = min(columns, len(weights))
    rows = math.ceil(len(weights) / columns)
    figure, axes = _subplots(rows, columns, (2.0 * columns, 2.3 * rows))
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, weights, captions):
        ax.imshow(image, cmap=colours, vmin=-limit, vmax=limit)
        for marker, sign in ("+", 1), ("_", -1):
            y, x = (sign * image > limit / 2).nonzero()
            ax.scatter(x, y, s=7, c="white", marker=marker, linewidths=0.8)
        ax.set_title(caption, fontsize=13)
    return figure


def plot_confusion(matrix: np.ndarray, names: Sequence[str]) -> Figure:
    """A confusion matrix (C, C) with its numbers: a row for each true class, a column for each predicted one.

    The darker, the more mistakes. The diagonal, which holds the right answers, has a frame in place of a shade.
    """
    matrix = np.asarray(matrix)
    if matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"plot_confusion: the matrix has shape {matrix.shape}, and there are {len(names)} names; expected a row "
            "and a column for each name"
        )
    mistakes = matrix - np.diag(np.diag(matrix))
    most = mistakes.max() or 1
    size = 2.2 + 0.5 * len(names)
    figure, axes = _subplots(1, 1, (size, size))
    ax = axes[0, 0]
    ax.imshow(mistakes, cmap="Greys", vmin=0, vmax=most)
    for (i, j), count in np.ndenumerate(matrix):
        colour = "white" if mistakes[i, j] > 0.55 * most else "black"
        ax.text(j, i, f"{count}", ha="center", va="center", color=colour, weight="bold" if i == j else "normal")
        if i == j:
            ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=COLOURS["probabilities"]))
    ax.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > 2 else 0)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted class", ylabel="true class")
    return figure


def plot_history(history: dict[str, list], validation: str = "validation") -> Figure:
    """Loss and accuracy by epoch, from Trainer.history: training with solid, validation with dashed lines.

    validation: what the legend calls the second.
    """
    figure, axes = _subplots(1, 2, (10, 3.8))
    for ax, quantity, unit, colour in zip(
        axes.flat, ("loss", "accuracy"), ("nats", "share right"), (COLOURS["losses"], COLOURS["probabilities"])
    ):
        ax.plot(history["epoch"], history[f"train_{quantity}"], "o-", color=colour, label="training")
        if not np.isnan(history[f"validation_{quantity}"]).all():
            ax.plot(history["epoch"], history[f"validation_{quantity}"], "s--", color="black", label=validation)
        ax.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure


def plot_reading(pictures: Mapping[str, np.ndarray], p: np.ndarray, title: str) -> Figure:
    """Pictures (H, W) of 0 to 255 with their names and sizes; beside them, under the title, a bar for each p (C,)."""
    figure, axes = _subplots(1, len(pictures) + 1, (2.1 * (len(pictures) + 1), 2.6))
    for ax, (name, picture) in zip(axes.flat, pictures.items()):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(f"{name}\n{picture.shape[0]} × {picture.shape[1]}", fontsize=13)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    ax = axes.flat[-1]
    ax.barh(range(len(p)), p, color=COLOURS["probabilities"])
    ax.set_title(title, fontsize=13)
    ax.set(xlim=(0, 1), xticks=[0, 0.5, 1], yticks=range(len(p)))
    ax.invert_yaxis()
    return figure


def plot_epochs(curves: Mapping[str, Sequence[float]], quantity: str) -> Figure:
    """One quantity of several runs by epoch, counted from 1: a curve with a marker of its own for each."""
    figure, axes = _subplots(1, 1, (7.5, 4.2))
    ax = axes[0, 0]
    for (name, values), marker in zip(curves.items(), itertools.cycle("os^Dvx*")):
        ax.plot(range(1, len(values) + 1), values, f"{marker}-", color="black", mfc="white", lw=1, label=name)
    ax.set(xlabel="epoch", ylabel=quantity)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return figure


def plot_costs(costs: Mapping[str, Cost]) -> Figure:
    """A bar for the time and one for the peak memory of each computation, the first on top; from costs.costs()."""
    figure, axes = _subplots(1, 2, (10, 0.8 + 0.6 * len(costs)))
    panels = {
        "time (ms)": [cost.seconds * 1e3 for cost in costs.values()],
        "memory at the peak (MB)": [cost.peak / 1e6 for cost in costs.values()],
    }
    for ax, (label, lengths) in zip(axes.flat, panels.items()):
        ax.bar_label(ax.barh(list(costs), lengths, color=GREY), fmt="%.1f", padding=4, fontsize=13)
        ax.set(xlabel=label, xlim=(0, 1.2 * max(lengths)))
        ax.invert_yaxis()
    axes[0, 1].set_yticklabels([])
    return figure


def plot_costs_by_size(sizes: Sequence[int], measured: Sequence[Mapping[str, Cost]], size: str = "size") -> Figure:
    """Curves of the time and of the peak memory of each computation by size, on logarithmic scales.

    measured: for each size a cost of each computation; from costs.costs_by_size(). size: what the sizes count.
    """
    figure, axes = _subplots(1, 2, (10, 3.8))
    styles = [("o-", COLOURS["gradients"]), ("s--", "black"), ("^:", GREY)]
    for ax, quantity, label in zip(axes.flat, ("seconds", "peak"), ("time (seconds)", "memory at the peak (bytes)")):
        for name, (style, colour) in zip(measured[0], styles):
            values = [getattr(costs[name], quantity) for costs in measured]
            ax.loglog(sizes, values, style, color=colour, label=name)
        ax.set(xlabel=size, ylabel=label)
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure


def _subplots(rows: int, columns: int, size: tuple[float, float]):
    """A Figure that a cell shows when it is the cell's value, once: pyplot has already let go of it."""
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    plt.close(figure)
    return figure, axes
