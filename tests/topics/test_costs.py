"""Measured costs: the right order, and the right memory."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from mnist_autograd.teach.pictures import plots
from mnist_autograd.teach.topics.costs import Cost, costs, costs_by_size

MEGABYTE = 2**20


def test_costs_measures_the_quickest_run_and_the_memory_held_at_once(monkeypatch):
    clock, naps = [0], iter([5, 1, 5, 0])  # a clock that no busy machine disturbs
    monkeypatch.setattr("mnist_autograd.teach.topics.costs.time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def one_after_another():
        clock[0] += next(naps)
        for _ in range(3):
            np.ones(MEGABYTE, np.uint8)

    measured = costs({"one": one_after_another, "three": lambda: np.ones((3, MEGABYTE), np.uint8)}, repeats=3)
    assert (measured["one"].seconds, measured["three"].seconds) == (1, 0)
    assert measured["one"].peak == pytest.approx(MEGABYTE, rel=0.1)
    assert measured["three"].peak == pytest.approx(3 * MEGABYTE, rel=0.1)
    assert not tracemalloc.is_tracing()


def test_costs_counts_what_it_adds_and_leaves_a_trace_running():
    tracemalloc.start()
    try:
        kept = np.ones(MEGABYTE, np.uint8)
        measured = costs({"one": lambda: np.ones(MEGABYTE, np.uint8)}, repeats=1)
        assert measured["one"].peak == pytest.approx(kept.nbytes, rel=0.1) and tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_costs_by_size_gives_a_cost_for_each_size_and_way():
    runs = []

    def once(size, value):
        runs.append(size)
        return np.full(size, value, np.uint8)

    def twice(size, value):
        return np.full(size, value, np.uint8), np.full(size, value, np.uint8)

    sizes = [MEGABYTE, 2 * MEGABYTE]
    measured = costs_by_size([once, twice], sizes, lambda size: (size, 7), lambda size: 3 * MEGABYTE // size)
    assert [list(by_way) for by_way in measured] == [["once", "twice"]] * 2
    assert all(0 < cost.seconds < 10 for by_way in measured for cost in by_way.values())
    for size, by_way in zip(sizes, measured):
        assert [by_way["once"].peak, by_way["twice"].peak] == pytest.approx([size, 2 * size], rel=0.1)
    assert [runs.count(size) for size in sizes] == [3 + 1, 1 + 1]  # the timed runs, and one for the memory


def test_plot_costs_draws_a_bar_each_and_writes_its_length():
    figure = plots.plot_costs({"fused": Cost(0.002, 3_000_000), "separate": Cost(0.004, 5_000_000)})
    time_axes, memory_axes = figure.axes
    for axes, lengths, unit in [(time_axes, [2, 4], "ms"), (memory_axes, [3, 5], "MB")]:
        assert [bar.get_width() for bar in axes.patches] == lengths and unit in axes.get_xlabel()
        assert [text.get_text() for text in axes.texts] == [f"{length:.1f}" for length in lengths]
    assert [label.get_text() for label in time_axes.get_yticklabels()] == ["fused", "separate"]
