"""Counterexamples, results and errors in words, for a card."""

from __future__ import annotations

import re
import textwrap

import numpy as np

CHANGED = (
    "One thing more: the function changes its input. The caller's array or list is not what it was. "
    "For example, `x -= 1` writes into the array x; `x = x - 1` makes a new one. `copy.deepcopy(x)` copies lists too."
)


def worth_showing(wrong, given) -> list[int]:
    """The smallest probe with a wrong result and the smallest that stopped with an exception, as far as there are."""
    first_result = [i for i in wrong if given[i].error is None][:1]
    first_error = [i for i in wrong if given[i].error is not None][:1]
    return sorted(first_result + first_error)


def counterexample(exercise, i, given, right) -> str:
    """The call, what was expected and what came out, indented by four: the card shows that as it stands."""
    expected, yours = _array(right.value), _given(given)
    if expected == yours:  # the difference begins after the fourth digit
        expected, yours = _array(right.value, precision=17), _given(given, precision=17)
    call = f"{exercise.function_name}({', '.join(map(_argument, exercise.probes[i]))})"
    came_out = "and gave" if given.error is None else "and stopped with"
    lines = ["calling", _indented(call), "must give", _indented(expected), came_out, _indented(yours)]
    if given.value is not None and given.value.shape != right.value.shape:
        lines[2] += f" (shape {right.value.shape})"
        lines[4] += f" (shape {given.value.shape})"
    return textwrap.indent("\n".join(lines), "    ")


def _indented(text) -> str:
    return textwrap.indent(text, "  ")


def _argument(value) -> str:
    """As one would type it: np.array([1., 0.]), np.array([2, 0]), np.array([2, 0], np.uint8), 2.0 or np.float16."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
        kind = "" if value.dtype == np.array(0).dtype else f", np.{value.dtype.name}"
        return f"np.array({value.tolist()}{kind})"
    if isinstance(value, np.ndarray):
        return f"np.array({_array(value)})" if value.ndim < 2 else f"np.array({_array(value, one_line=True)})"
    return f"np.{value.__name__}" if isinstance(value, type) else repr(value)


def _given(outcome, precision=4) -> str:
    if outcome.error is not None:
        return message_of(outcome.error)
    return outcome.unusable if outcome.value is None else _array(outcome.value, precision)


def _array(array, precision=4, one_line=False) -> str:
    """The array in few digits, whatever print options are set."""
    array = array.astype(np.float64)
    size = np.abs(array[np.isfinite(array) & (array != 0)])
    plain = size.size == 0 or (size.min() >= 1e-4 and size.max() < 1e8)  # else digits would be lost: 1e-18 is not 0
    options = {"precision": precision, "suppress": plain, "threshold": 40, "edgeitems": 3, "floatmode": "maxprec_equal"}
    options |= {"linewidth": 90, "sign": "-", "nanstr": "nan", "infstr": "inf", "formatter": None}
    with np.printoptions(**options):
        text = np.array2string(array + 0.0, separator=", ")  # + 0.0 turns -0 into 0
    # An empty line, which NumPy puts between the matrices of a stack, would end the card's paragraph.
    return re.sub(r"\s*\n\s*", " ", text) if one_line else re.sub(r"\n\s*\n", "\n", text)


def what_happened(given, right) -> str:
    """One sentence on a result that is unusable, of the wrong shape, nan or infinite; else nothing."""
    if given.value is None:
        return ""
    if given.value.shape != right.value.shape:
        return f"The result has shape {given.value.shape}; it must have shape {right.value.shape}."
    values = given.value[np.isfinite(right.value)]
    if np.isnan(values).any():
        return (
            "`nan` means “not a number”. It comes from `0 / 0`, `inf / inf`, `inf - inf` or `0 * inf`: look for a step "
            "that gave 0 or `inf`. A 0 may be a sum that cancels or an exponential that underflowed; an `inf` is an "
            "overflow or a division by 0."
        )
    if np.isposinf(values).any():
        return "`inf` means overflow, a number too large for its dtype, or a division by 0: look for such a step."
    if np.isneginf(values).any():
        return "`-inf` is the logarithm of 0, or an overflow with a minus sign: look for a step that gave 0 or `inf`."
    return ""


def message_of(error) -> str:
    """'ValueError: ...' in at most 300 characters, without what differs from run to run."""
    try:
        text = str(error)[:2000]
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    text = re.sub(r"0x[0-9a-fA-F]+", "0x…", text)
    text = re.sub(r"(?<![\w/\\])(?:[A-Za-z]:)?[/\\](?:[^\s/\\'\"]+[/\\])+", "…/", text)
    name = short(type(error).__name__, 60)
    return f"{name}: {short(text, 300)}" if text else name


def short(text: str, length: int) -> str:
    """On one line, and no longer than length."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def kind_of(value) -> str:
    """The kind of a value in words: 'a list', 'an int', 'None'. Not its repr, which may be long, or raise."""
    return "None" if value is None else with_article(short(type(value).__name__, 40))


def with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in tuple('aeiou') else 'a'} {noun}"


def label_of(exercise) -> str:
    """What stands beside the status on a card: '01.2 Softmax along an axis'."""
    return f"{exercise.id} {exercise.title}"
