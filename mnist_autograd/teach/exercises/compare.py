"""Running a function that may do anything, and comparing what comes out."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass

import numpy as np

from ...tensor import Tensor
from .words import kind_of


@dataclass(frozen=True)
class Outcome:
    """What a function did on a probe: exactly one of value (an array), error and unusable (in words) is not None."""

    value: np.ndarray | None = None
    error: BaseException | None = None
    unusable: str | None = None
    changed_input: bool = False

    def raised(self, kind) -> bool:
        return isinstance(self.error, kind)


def run(function, probe) -> Outcome:
    """Call function on copies of the probe's arguments. Catches all but KeyboardInterrupt, SystemExit included."""
    arguments = copy.deepcopy(probe)  # lists in lists, too: what one answer changes must not reach the next
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Outcome(error=error)
        try:
            value, unusable = _as_numbers(result)
        except KeyboardInterrupt:
            raise
        except BaseException:
            value, unusable = None, f"{kind_of(result)}, which does not turn into an array of numbers"
            if isinstance(result, (list, tuple)):
                unusable += ": are its parts of different lengths, or several results in one?"
        return Outcome(value=value, unusable=unusable, changed_input=not _is_same(probe, arguments))


def _is_same(old, new) -> bool:
    """Whether arrays, and lists of any depth, hold what they held. A learner's function may have put in anything."""
    try:
        if isinstance(old, (list, tuple)):
            return type(old) is type(new) and len(old) == len(new) and all(map(_is_same, old, new))
        if isinstance(old, np.ndarray):
            return isinstance(new, np.ndarray) and np.array_equal(old, new)
        return bool(old == new) if isinstance(old, (int, float, str)) else True
    except KeyboardInterrupt:
        raise
    except BaseException:  # what cannot be compared was not there before
        return False


LARGEST_RESULT = 10_000  # no probe has a result of more than a few numbers


def _as_numbers(result):
    """(an array of floats, None), or (None, why not in words). Copies, in case the function keeps and changes it."""
    if result is None:
        return None, "None: is the return missing?"
    if isinstance(result, Tensor):
        result = result.data
    elif isinstance(result, (list, tuple)):
        if not _is_small(result):
            return None, f"{kind_of(result)} with more than {LARGEST_RESULT} elements"
        result = _without_tensors(result)
    elif not isinstance(result, (bool, int, float)) and not hasattr(result, "__array__"):
        return None, f"{kind_of(result)}, which is no number and no array"
    array = np.asarray(result)
    if array.dtype.kind not in "biuf":
        return None, f"{kind_of(result)} that holds no real numbers"
    if array.size > LARGEST_RESULT:
        return None, f"an array of shape {array.shape}"
    return array.astype(array.dtype if array.dtype.kind == "f" else np.float64, copy=True), None


def _is_small(nested) -> bool:
    """Whether nested lists hold at most LARGEST_RESULT elements; stops counting there."""
    waiting, count = [nested], 0
    while waiting:
        item = waiting.pop()
        count += 1
        if isinstance(item, (list, tuple)):
            if count + len(waiting) + len(item) > LARGEST_RESULT:
                return False
            waiting.extend(item)
    return True


def _without_tensors(nested):
    """Nested lists with the values of the Tensors in them."""
    if isinstance(nested, (list, tuple)):
        return [_without_tensors(item) for item in nested]
    return nested.data if isinstance(nested, Tensor) else nested


def agree(exercise, a: Outcome, b: Outcome) -> bool:
    """The same exception, or the same shape and nearly the same numbers; nan agrees with nan, inf with inf."""
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error)
    if a.value is None or b.value is None or a.value.shape != b.value.shape:
        return False
    # sqrt(eps) / 10 is 1e-9 in float64, 3e-5 in float32 and 3e-3 in float16: half of the digits, and one more.
    room = max(np.sqrt(np.finfo(value.dtype).eps) / 10 for value in (a.value, b.value))
    rtol = max(exercise.rtol, room)
    atol = max(exercise.atol, room) if exercise.atol else 0.0
    with np.errstate(all="ignore"):
        return bool(np.allclose(a.value.astype(float), b.value.astype(float), rtol=rtol, atol=atol, equal_nan=True))
