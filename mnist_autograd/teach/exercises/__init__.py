"""Exercises that know the usual mistakes: check("01.2", my_softmax), and progress("01").

This module only hands on what notebooks call; solutions.py has the solutions by name.
"""

from .check import check, progress

__all__ = ["check", "progress"]
