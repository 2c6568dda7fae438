"""Explorers: a figure that follows its sliders.

Behind each stands a state, a plain Python object which computes with the engine, or with a function of the learner's
own, and draws itself. A function of the same name in small letters puts sliders before it:

    explore.SoftmaxState(logits=[3, 1, 0, 0, -1])     # a still figure; print(state.table()) for the numbers
    explore.softmax(my_softmax)                       # the same, live

This module only collects them, for notebooks; those of chapter 01 are in explore_01.py, and so on.
"""

# ruff: noqa: F401
from .explore_01 import SimplexState, SoftmaxState, simplex, softmax
from .explore_02 import StabilityState, stability, ulps, ulps_in_words
from .explore_03 import JacobianState, jacobian
from .explore_04 import LogSoftmaxState, ProjectionState, log_softmax, projection
from .explore_05 import CrossEntropyState, cross_entropy
from .explore_06 import GraphState, graph
from .explore_07 import EvidenceState, MistakesState, evidence, mistakes
from .explore_08 import MlpLabState, mlp_lab
from .explore_09 import NamesState, names
from .explore_10 import TEMPERATURES, ReliabilityState, reliability
from .explore_base import DTYPES
from .explore_pad import DigitState, draw_digit
