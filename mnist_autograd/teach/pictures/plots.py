"""Static figures with matplotlib. A quantity has the same colour in every chapter (palette of Okabe and Ito)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from .svg import COLOURS, GREY

if TYPE_CHECKING:
    from ..topics.calibration import Reliability
    from ..topics.costs import Cost

LOOK: dict = {"font.size": 13, "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": "white"}
DASHES = ("-", "--", "-.", ":", (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))


def show_images(images: np.ndarray, captions: Sequence[str], columns: int = 5) -> Figure:
    """A tile of images (N, 28, 28), black on white as in a book, each with its caption above it."""
    if len(images) != len(captions) or len(images) == 0:
        raise ValueError(f"show_images: {len(images)} images, {len(captions)} captions; expected as many, at least one")
    figure, axes = _tile(captions, columns, (1.7, 2.0))
    for ax, image in zip(axes, images):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
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
    figure, axes = _tile(captions, columns, (2.0, 2.3))
    for ax, image in zip(axes, weights):
        ax.imshow(image, cmap=colours, vmin=-limit, vmax=limit)
        for marker, sign in ("+", 1), ("_", -1):
            y, x = (sign * image > limit / 2).nonzero()
            ax.scatter(x, y, s=7, c="white", marker=marker, linewidths=0.8)
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
    ax.set_xticks(range(len(names)), [plain(name) for name in names], rotation=90 if max(map(len, names)) > 2 else 0)
    ax.set_yticks(range(len(names)), [plain(name) for name in names])
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
            ax.plot(history["epoch"], history[f"validation_{quantity}"], "s--", color="black", label=plain(validation))
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
        ax.set_title(plain(f"{name}\n{picture.shape[0]} × {picture.shape[1]}"), fontsize=13)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    ax = axes.flat[-1]
    ax.barh(range(len(p)), p, color=COLOURS["probabilities"])
    ax.set_title(plain(title), fontsize=13)
    ax.set(xlim=(0, 1), xticks=[0, 0.5, 1], yticks=range(len(p)))
    ax.invert_yaxis()
    return figure


def plot_epochs(curves: Mapping[str, Sequence[float]], quantity: str) -> Figure:
    """One quantity of several runs by epoch, counted from 1: a curve with a marker and dashes of its own for each."""
    figure, axes = _subplots(1, 1, (8, 5.5))
    ax = axes[0, 0]
    for (name, values), marker, dashes in zip(curves.items(), itertools.cycle("os^Dvx*"), itertools.cycle(DASHES)):
        look = {"marker": marker, "linestyle": dashes, "color": "black", "mfc": "white", "ms": 8, "lw": 1.4}
        ax.plot(range(1, len(values) + 1), values, **look, label=plain(name))
    ax.set(xlabel="epoch", ylabel=plain(quantity))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, handlelength=4)
    return figure


def plot_costs(costs: Mapping[str, Cost]) -> Figure:
    """A bar for the time and one for the peak memory of each computation, the first on top; from costs.costs()."""
    figure, axes = _subplots(1, 2, (10, 0.8 + 0.6 * len(costs)))
    panels = {
        "time (ms)": [cost.seconds * 1e3 for cost in costs.values()],
        "memory at the peak (MB)": [cost.peak / 1e6 for cost in costs.values()],
    }
    for ax, (label, lengths) in zip(axes.flat, panels.items()):
        ax.bar_label(ax.barh([plain(name) for name in costs], lengths, color=GREY), fmt="%.1f", padding=4, fontsize=13)
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
            ax.loglog(sizes, values, style, color=colour, label=plain(name))
        ax.set(xlabel=plain(size), ylabel=label)
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure


FEW = 30  # a share of fewer examples is a matter of luck


def plot_reliability(found: Mapping[str, Reliability]) -> Figure:
    """A reliability diagram for each name: the share that is right by confidence, and how many examples a bin has.

    The bar of a bin with fewer than FEW examples is pale.
    """
    figure, axes = _subplots(1, len(found), (5.6 * len(found), 4.6))
    for ax, (name, bins) in zip(axes.flat, found.items()):
        width, low, held = np.diff(bins.edges), bins.edges[:-1], bins.count > 0
        bars = ax.bar(
            low, bins.accuracy, 0.9 * width, align="edge", color=COLOURS["probabilities"], label="share that is right"
        )
        for bar, count in zip(bars, bins.count):
            bar.set_alpha(0.35 if 0 < count < FEW else 1)
        ax.plot(bins.confidence[held], bins.confidence[held], "D", color="black", label="mean confidence")
        ax.plot([0, 1], [0, 1], "--", color="black", linewidth=1)
        for x, count in zip(low + 0.45 * width, bins.count):
            words = {"ha": "center", "va": "bottom", "fontsize": 11, "rotation": 90}
            ax.text(
                x,
                0.02,
                f"{count:,}" * bool(count),
                **words,
                bbox={"facecolor": "white", "pad": 1.5, "edgecolor": "none"},
            )
        ax.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))
        ax.set_title(plain(f"{name}\ncalibration error {bins.ece:.1%}"), fontsize=14)
        ax.legend(frameon=False, loc="upper left")
    return figure


def plot_tables(tables: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Square tables (C, C) of numbers from 0 as pictures beside each other: the larger, the deeper the colour.

    names: of the rows, which are those of the columns as well. The colour grows with the square root, so that small
    numbers are seen; the bar beside a table says which number is which colour.
    """
    figure, axes = _subplots(1, len(tables), (8.0 * len(tables), 7.4))
    colours = LinearSegmentedColormap.from_list("probabilities", ["white", COLOURS["probabilities"], "black"])
    for ax, (title, table) in zip(axes.flat, tables.items()):
        image = ax.imshow(table, cmap=colours, norm=PowerNorm(0.5, vmin=0, vmax=table.max()))
        figure.colorbar(image, ax=ax, shrink=0.6)
        ax.set_xticks(range(len(names)), [plain(name) for name in names])
        ax.set_yticks(range(len(names)), [plain(name) for name in names])
        ax.tick_params(length=0, labeltop=True)
        ax.set(title=plain(title), xlabel="is followed by", ylabel="character")
    return figure


def plot_points(panels: Mapping[str, np.ndarray], names: Sequence[str], marked: str, kind: str) -> Figure:
    """Points (C, 2) of each panel, by name; those whose name is in marked, which kind calls them, are triangles."""
    figure, axes = _subplots(1, len(panels), (6.4 * len(panels), 5.6))
    chosen = np.array([name in marked for name in names])
    for ax, (title, points) in zip(axes.flat, panels.items()):
        for which, look, label in ((chosen, "^", plain(kind)), (~chosen, "o", "others")):
            ax.plot(*points[which].T, look, color=COLOURS["logits"] if look == "^" else GREY, label=label)
        for name, point, place in zip(map(plain, names), points, _free_places(points)):
            ax.annotate(name, point, place, textcoords="offset points", fontsize=15, ha="center", va="center_baseline")
        ax.set(title=plain(title), xticks=[], yticks=[])
        ax.legend(frameon=False, fontsize=13)
    return figure


def _free_places(points: np.ndarray, reach: float = 13) -> list[tuple[float, float]]:
    """For each of points (C, 2), where its label has most room: an offset in typographic points, one of eight.

    The panel is taken to be 400 typographic points wide and high. Labels that have their place count as points.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    spots = (points - low) / np.where(high > low, high - low, 1) * 400
    angles = np.arange(8) * np.pi / 4 + np.pi / 4
    around = reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    taken, places = spots, []
    for spot in spots:
        room = np.linalg.norm((spot + around)[:, None] - taken, axis=2).min(axis=1)
        best = around[np.argmax(np.round(room, 3))]
        taken = np.vstack([taken, spot + best])
        places.append(tuple(best))
    return places


def show_columns(columns: Mapping[str, Sequence[str]]) -> Figure:
    """Lists of words beside each other, each below its heading: for words that differ from machine to machine."""
    longest = max(map(len, columns.values()))
    figure, axes = _subplots(1, len(columns), (3.0 * len(columns), 0.6 + 0.32 * longest))
    for ax, (heading, words) in zip(axes.flat, columns.items()):
        ax.axis("off")
        ax.set_title(plain(heading), loc="left", fontweight="bold", fontsize=15)
        ax.text(0, 1, plain("\n".join(words)), va="top", fontsize=15, linespacing=1.5, transform=ax.transAxes)
    return figure


def plain(words: object) -> str:
    """A text that matplotlib shows as it is: between two $ it would look for a formula."""
    return str(words).replace("$", r"\$")


def _tile(captions: Sequence[str], columns: int, size: tuple[float, float]):
    """A Figure, and an Axes without a frame for each caption, which stands above it. size: of one, in inches."""
    columns = min(columns, len(captions))
    rows = math.ceil(len(captions) / columns)
    figure, axes = _subplots(rows, columns, (size[0] * columns, size[1] * rows))
    for ax in axes.flat:
        ax.axis("off")
    for ax, caption in zip(axes.flat, captions):
        ax.set_title(plain(caption), fontsize=13)
    return figure, axes.flat


def _subplots(rows: int, columns: int, size: tuple[float, float]):
    """A Figure that a cell shows when it is the cell's value, once: pyplot has already let go of it."""
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    plt.close(figure)
    return figure, axes
