"""All exercises by id, collected from every chapter_NN.py."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from .task import Exercise


@functools.cache
def exercises() -> dict[str, Exercise]:
    """All exercises by id. The chapters are imported when they are first asked for: a check of one needs them all."""
    chapters = sorted(path.stem for path in Path(__file__).parent.glob("chapter_[0-9][0-9].py"))
    modules = (importlib.import_module(f"{__package__}.{chapter}") for chapter in chapters)
    return {exercise.id: exercise for module in modules for exercise in module.EXERCISES}
