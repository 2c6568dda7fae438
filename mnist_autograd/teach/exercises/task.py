"""What an exercise is: a task, how to tell whether a function solves it, and what usually goes wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Specimen:
    """A known mistake.

    name:      what is wrong, as a short sentence without a full stop.
    function:  the mistake, executable; it takes the same arguments as the solution.
    text:      why it is wrong, for the learner. `code` stands between backticks.
    where:     on which probes the specimen speaks; None: on all. Elsewhere any result agrees with it, so that a second
               mistake (log2, and no care for p = 0) does not hide the first.
    """

    name: str
    function: Callable
    text: str
    where: Callable[..., bool] | None = None


@dataclass(frozen=True)
class Exercise:
    """A task, how to tell whether a function solves it, and what usually goes wrong.

    see:         the heading in the chapter's notebook that explains it.
    solution:    the right function; its name and its arguments are those the learner is asked for.
    probes:      tuples of arguments, the smallest first: the first that fails is shown as the counterexample.
    rtol, atol:  how closely results must agree in float64; answers in float32 and float16 get more room.
    """

    id: str
    title: str
    see: str
    solution: Callable
    probes: Sequence[tuple]
    specimens: Sequence[Specimen]
    rtol: float = 1e-6
    atol: float = 1e-8

    @property
    def function_name(self) -> str:
        return self.solution.__name__

    @property
    def signature(self) -> str:
        """For example 'my_softmax(z, axis)'."""
        return f"{self.function_name}({', '.join(inspect.signature(self.solution).parameters)})"
