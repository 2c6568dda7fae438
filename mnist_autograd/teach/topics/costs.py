"""What a computation costs, measured: time, and memory at its peak."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Cost:
    """seconds: of the quickest run; what slowed the others down was something else. peak: bytes, held at once."""

    seconds: float
    peak: int


def costs(computations: Mapping[str, Callable[[], object]], repeats: int = 20) -> dict[str, Cost]:
    """The cost of each, by name. They take turns, so that a busy moment of the machine hits all alike.

    Memory is measured in a run of its own, because counting slows it down; what was there before does not count.
    """
    seconds = dict.fromkeys(computations, float("inf"))
    for _ in range(repeats):
        for name, compute in computations.items():
            start = time.perf_counter()
            compute()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return {name: Cost(seconds[name], _peak(compute)) for name, compute in computations.items()}


def costs_by_size(
    ways: Sequence[Callable],
    sizes: Iterable[int],
    inputs: Callable[[int], tuple],
    repeats: Callable[[int], int] = lambda size: 20,
) -> list[dict[str, Cost]]:
    """For each size, the cost of every way, by the way's __name__.

    ways: functions that do the same. inputs: gives their arguments for a size. repeats: how often a size is run.
    """
    measured = []
    for size in sizes:
        arguments = inputs(size)
        measured.append(costs({way.__name__: partial(way, *arguments) for way in ways}, repeats(size)))
    return measured


def _peak(compute: Callable[[], object]) -> int:
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        compute()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not was_tracing:
            tracemalloc.stop()
