"""Explorers: a figure that follows its sliders.

Behind each stands a state, a plain Python object which computes with the engine, or with a function of the learner's
own, and draws itself. A function of the same name in small letters puts sliders before it:

    explore.SoftmaxState(logits=[3, 1, 0, 0, -1])     # a still figure; print(state.table()) for the numbers
    explore.softmax(my_softmax)                       # the same, live

This module only collects them, for notebooks; explore.softmax is in softmax.py, and so on.
"""

# ruff: noqa: F401
from .cross_entropy import CrossEntropyState, cross_entropy
from .draw_digit import DigitState, draw_digit
from .evidence import EvidenceState, evidence
from .explorer import DTYPES
from .graph import GraphState, graph
from .jacobian import JacobianState, jacobian
from .log_softmax import LogSoftmaxState, log_softmax
from .mistakes import MistakesState, mistakes
from .mlp_lab import MlpLabState, mlp_lab
from .names import NamesState, names
from .projection import ProjectionState, projection
from .reliability import TEMPERATURES, ReliabilityState, reliability
from .softmax import SimplexState, SoftmaxState, simplex, softmax
from .stability import StabilityState, stability, ulps, ulps_in_words
