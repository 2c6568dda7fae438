"""Exercises that know the usual mistakes.

    check("01.2", my_softmax)    a card: passed, not yet, or which known mistake this is and why
    progress("01")               a card: which exercises of the chapter have passed

A known mistake is an executable specimen: a wrong implementation with a name and an explanation. A function that
agrees with a specimen on the probe inputs, and not with the solution, has made that mistake, however it is written.

The exercises themselves are in exercises_NN.py, one a chapter. Nothing here raises, whatever it is handed, except
KeyboardInterrupt. Results stay in the kernel.
"""

from __future__ import annotations

import copy
import functools
import html
import importlib
import inspect
import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..tensor import Tensor

__all__ = ["Card", "Exercise", "Specimen", "check", "progress"]


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


def check(exercise_id: str, answer: Callable) -> Card:
    """Run answer on the exercise's probes and say what came out, as a card. Example: check("01.2", my_softmax)."""
    try:
        exercise = _exercises().get(exercise_id) if isinstance(exercise_id, str) else None
        if exercise is None:
            return _unknown("exercise", exercise_id, _exercises())
        card = _misuse(exercise, answer) or _diagnose(exercise, answer)
        if card.status == "passed":
            _passed[exercise.id] = True
        return card
    except KeyboardInterrupt:
        raise
    except BaseException:  # an answer so strange that even looking at it fails
        text = 'check could not make sense of it. Pass the function itself, as in `check("01.1", probabilities)`.'
        return Card("error", "This answer cannot be checked", text)


def progress(chapter: str) -> Card:
    """Which exercises of a chapter have passed since the kernel started. Example: progress("01")."""
    try:
        chapters = sorted({exercise_id[:2] for exercise_id in _exercises()})
        if not isinstance(chapter, str) or chapter not in chapters:
            return _unknown("chapter", chapter, chapters)
        listed = [exercise for exercise in _exercises().values() if exercise.id.startswith(f"{chapter}.")]
        count = sum(exercise.id in _passed for exercise in listed)
        lines = [f"    {_line(exercise)}" for exercise in listed]
        status = "passed" if count == len(listed) else "not yet"
        return Card(status, f"{count} of {len(listed)} passed", "\n".join(lines), label=f"Chapter {chapter}")
    except KeyboardInterrupt:
        raise
    except BaseException:
        return Card("error", "There is no such chapter", 'Name it as in `progress("01")`.')


# Exercises that have passed since the kernel started. One that passed stays passed, so that a learner may break it on
# purpose to see what happens.
_passed: dict[str, bool] = {}


@functools.cache
def _exercises() -> dict[str, Exercise]:
    """All exercises by id, of every exercises_NN.py. Imported here, because those modules import this one."""
    chapters = sorted(path.stem for path in Path(__file__).parent.glob("exercises_[0-9][0-9].py"))
    modules = (importlib.import_module(f"{__package__}.{chapter}") for chapter in chapters)
    return {exercise.id: exercise for module in modules for exercise in module.EXERCISES}


def _line(exercise) -> str:
    status = "passed" if exercise.id in _passed else "not yet"
    return f"{SIGNS[status]} {status:8} {exercise.id}  {exercise.title}"


# --- From an answer to a card -----------------------------------------------------------------------------------


def _unknown(kind, given, known) -> Card:
    shown = repr(given)[:40] if isinstance(given, (str, int, float)) else _a(given)
    return Card("error", f"There is no such {kind}", f"Known are {', '.join(known)}. This call named {shown}.")


def _misuse(exercise, answer) -> Card | None:
    """A card if the answer is no function, or one that does not take the exercise's arguments."""
    label = _label(exercise)
    if not callable(answer):
        text = (
            f'Pass the function itself, without calling it: `check("{exercise.id}", {exercise.function_name})`. '
            f"This call passed {_a(answer)}."
        )
        return Card("error", "This is not a function", text, label=label)
    try:
        parameters = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C have no signature: then the call will tell
        return None
    try:
        parameters.bind(*exercise.probes[0])
    except TypeError:
        names = _short(", ".join(parameters.parameters), 60)
        count = len(exercise.probes[0])
        text = (
            f"The check calls it with {count} argument{'s' * (count != 1)}, as `{exercise.signature}`. "
            f"Yours takes {f'`({names})`' if names else 'none'}."
        )
        return Card("error", "The arguments do not fit", text, label=label)
    return None


def _diagnose(exercise, answer) -> Card:
    """Run the answer on every probe and compare it with the solution, then with every specimen."""
    label = _label(exercise)
    name = exercise.function_name
    given = [_run(answer, probe) for probe in exercise.probes]
    right = [_run(exercise.solution, probe) for probe in exercise.probes]
    wrong = [i for i, (a, b) in enumerate(zip(given, right)) if not _agree(exercise, a, b)]
    notes = [CHANGED] if any(outcome.changed_input for outcome in given) else []

    if not wrong:
        text = f"It agrees with the solution on all {len(right)} inputs that the check tries."
        return Card("passed", f"{name} is right", "\n\n".join([text, *notes]), label=label)
    if any(outcome.raised(NotImplementedError) for outcome in given):
        text = "The function still raises NotImplementedError: write its body, then run this cell again."
        return Card("not yet", f"{name} is not written yet", text, label=label)

    see = f"See the paragraph “{exercise.see}”."
    specimen = _recognise(exercise, given)
    if specimen is not None:  # where it speaks, its text explains what is shown
        wrong = [i for i in wrong if _speaks(specimen, exercise.probes[i])] or wrong
    shown = [_counterexample(exercise, i, given[i], right[i]) for i in _worth_showing(wrong, given)]
    if specimen is not None:
        explained = [_explain(exercise, given[i].error) for i in wrong if given[i].error is not None][:1]
        text = "\n\n".join([specimen.text, *shown, *filter(None, explained), *notes, see])
        return Card("known mistake", specimen.name, text, specimen.name, label)

    first = given[wrong[0]]
    if first.error is not None:
        text = "\n\n".join(filter(None, [shown[0], _explain(exercise, first.error), *notes, see]))
        return Card("error", f"{name} stops with {_an(type(first.error).__name__)}", text, label=label)
    title = f"{name} is right on {len(right) - len(wrong)} of {len(right)} inputs"
    what = _what_happened(first, right[wrong[0]])
    introduction = "This is the smallest input on which it differs from the solution."
    text = "\n\n".join(filter(None, [introduction, shown[0], what, *notes, see]))
    return Card("not yet", title, text, label=label)


def _recognise(exercise, given) -> Specimen | None:
    """The one specimen that agrees with the answer wherever it speaks; None if there is none."""
    found = [specimen for specimen in exercise.specimens if _is_like(exercise, given, specimen)]
    return found[0] if len(found) == 1 else None


def _is_like(exercise, given, specimen) -> bool:
    return all(
        _agree(exercise, outcome, _run(specimen.function, probe))
        for outcome, probe in zip(given, exercise.probes)
        if _speaks(specimen, probe)
    )


def _speaks(specimen, probe) -> bool:
    return specimen.where is None or specimen.where(*probe)


CHANGED = (
    "One thing more: the function changes its input. The caller's array or list is not what it was. "
    "For example, `x -= 1` writes into the array x; `x = x - 1` makes a new one. `copy.deepcopy(x)` copies lists too."
)


# --- Running a function, and comparing what comes out -----------------------------------------------------------


@dataclass(frozen=True)
class _Outcome:
    """What a function did on a probe: exactly one of value (an array), error and unusable (in words) is not None."""

    value: np.ndarray | None = None
    error: BaseException | None = None
    unusable: str | None = None
    changed_input: bool = False

    def raised(self, kind) -> bool:
        return isinstance(self.error, kind)


def _run(function, probe) -> _Outcome:
    """Call function on copies of the probe's arguments. Catches all but KeyboardInterrupt, SystemExit included."""
    arguments = copy.deepcopy(probe)  # lists in lists, too: what one answer changes must not reach the next
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return _Outcome(error=error)
        try:
            value, unusable = _as_numbers(result)
        except KeyboardInterrupt:
            raise
        except BaseException:
            value, unusable = None, f"{_a(result)}, which does not turn into an array of numbers"
            if isinstance(result, (list, tuple)):
                unusable += ": are its parts of different lengths, or several results in one?"
        return _Outcome(value=value, unusable=unusable, changed_input=not _is_same(probe, arguments))


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
            return None, f"{_a(result)} with more than {LARGEST_RESULT} elements"
        result = _without_tensors(result)
    elif not isinstance(result, (bool, int, float)) and not hasattr(result, "__array__"):
        return None, f"{_a(result)}, which is no number and no array"
    array = np.asarray(result)
    if array.dtype.kind not in "biuf":
        return None, f"{_a(result)} that holds no real numbers"
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


def _agree(exercise, a: _Outcome, b: _Outcome) -> bool:
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


# --- Words ------------------------------------------------------------------------------------------------------


def _worth_showing(wrong, given) -> list[int]:
    """The smallest probe with a wrong result and the smallest that stopped with an exception, as far as there are."""
    first_result = [i for i in wrong if given[i].error is None][:1]
    first_error = [i for i in wrong if given[i].error is not None][:1]
    return sorted(first_result + first_error)


def _counterexample(exercise, i, given, right) -> str:
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
        return _message(outcome.error)
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


def _what_happened(given, right) -> str:
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


BROADCAST = re.compile(r"shapes (\([\d, ]*\))(?: and)? (\([\d, ]*\))")

# NumPy's and Python's commonest messages: the kind of exception and a pattern in its message -> words.
IN_WORDS = {
    (ValueError, "truth value of an array"): (
        "Python's `max`, `if` and `and` ask for one True or False, and a comparison of arrays gives one for each "
        "element. For a maximum use `z.max(axis=..., keepdims=True)`, for a choice in each element `np.where`."
    ),
    (ValueError, r"max\(\) (iterable argument|arg) is"): (
        "an empty list has no largest element. `max(numbers, default=-1)` gives -1 there."
    ),
    (ValueError, "Input must be 1- or 2-d"): (
        "`np.diag` takes a vector or a matrix, and this array has another number of axes."
    ),
    (ValueError, "All dimensions of input must be of equal length"): (
        "of an array with three axes `np.fill_diagonal` fills the places [i, i, i], so all three must be of one size. "
        "It cannot fill a diagonal for each example."
    ),
    (ValueError, "remapped shapes"): (
        "in `np.einsum` a letter has one size, and here one letter names two axes of different sizes."
    ),
    (ValueError, "matmul.* mismatch"): (
        "in `A @ B`, A must have as many columns as B has rows. Take sizes from the arguments, as in "
        "`X.shape[1]`, and no fixed ones such as 784; or one of the two needs its `.T`."
    ),
    (ValueError, "inhomogeneous"): (
        "an array has rows of one length, and these rows differ. Print them one by one, and look for one that is too "
        "short or empty."
    ),
    (TypeError, r"str.* \(not .(tuple|int).*\)|tuple \(not .str.\)|unsupported operand.*str"): (
        "text meets numbers. Compare with the docstring: which of the arguments are numbers already?"
    ),
    (IndexError, "invalid index to scalar variable"): (
        "a single number has no axes to index. The sum of a vector is such a number. `keepdims=True` in the sum keeps "
        "the axis with size 1, for every number of axes; then no index such as `[:, None]` is needed."
    ),
    (IndexError, "out of bounds"): (
        "along an axis of size n the indices run from 0 to n - 1. If a fixed number stands in your function, as in "
        "`np.arange(2)`, take the size from the arguments, as in `np.arange(len(y))`."
    ),
    (IndexError, "indexing arrays"): (
        "two index arrays are read in pairs, so they must be of one length. Row numbers that pair with y are "
        "`np.arange(len(y))`."
    ),
    (IndexError, "tuple index out of range"): (
        "`.shape` is a tuple with one number for each axis. That of a vector has `.shape[0]` and no `.shape[1]`."
    ),
    (TypeError, "only (0-dimensional|length-1|size-1) arrays can be converted"): (
        "the functions of `math`, such as `math.exp`, and `float` take one number, and this is an array of several. "
        "Use `np.exp` or `np.log`, which work on arrays."
    ),
    (TypeError, "bitwise_xor"): "`^` combines the bits of whole numbers. Powers are written with `**`.",
    (TypeError, "Cannot interpret .* as a data type"): (
        "the second argument of `np.zeros` and `np.ones` is the kind of number. The shape is one argument, a tuple: "
        "`np.zeros((rows, columns))`."
    ),
    (TypeError, "Cannot cast ufunc .* output"): (
        "`/=`, `-=` and `+=` write into the array on their left. It holds whole numbers, and the result has digits "
        "behind the point. Make a new array, as in `x = x / 255`, or start with floats, as `np.zeros` makes them."
    ),
    (AttributeError, "ndarray.* no attribute 'index'"): (
        "lists have `index`, arrays have not. The place of the largest element is `x.argmax()`."
    ),
    (TypeError, "'(keepdim|dim)'"): "`dim` and `keepdim` are PyTorch's names. NumPy writes `axis` and `keepdims`.",
    (NameError, ""): "this name has no value yet. Is it misspelt, or was a cell above not run?",
    (RecursionError, ""): "the function calls itself again and again. Does it use its own name inside?",
}


def _explain(exercise, error) -> str:
    """The message in words, where it is a common one; nothing for others."""
    message = _message(error)
    shapes = BROADCAST.search(message)
    if isinstance(error, ValueError) and "broadcast" in message and shapes:
        words = _explain_broadcast(*shapes.groups())
    elif isinstance(error, np.exceptions.AxisError):
        words = "an array of dimension n has the axes 0 to n - 1, or from the end -1 to -n."
        if "axis" in inspect.signature(exercise.solution).parameters:
            words += " If a fixed axis stands in your function, use its argument `axis` there."
    else:
        keys = (key for key in IN_WORDS if isinstance(error, key[0]) and re.search(key[1], message))
        words = next((IN_WORDS[key] for key in keys), "")
    return words and f"The message in words: {words}"


def _explain_broadcast(first: str, second: str) -> str:
    """Why two shapes, given as '(2,3)' and '(2,)', do not broadcast."""
    a, b = ([int(size) for size in re.findall(r"\d+", shape)] for shape in (first, second))
    text = (
        f"“operands” are the two arrays, here of shapes {first} and {second}. To “broadcast” is to repeat the smaller "
        "one until both have the same shape. NumPy compares the sizes from the right; two sizes fit if they are "
        "equal, or if one of them is 1."
    )
    clash = next(((m, n) for m, n in zip(reversed(a), reversed(b)) if m != n and 1 not in (m, n)), None)
    return text if clash is None else f"{text} Here {clash[0]} meets {clash[1]}, and NumPy stops."


def _message(error) -> str:
    """'ValueError: ...' in at most 300 characters, without what differs from run to run."""
    try:
        text = str(error)[:2000]
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    text = re.sub(r"0x[0-9a-fA-F]+", "0x…", text)
    text = re.sub(r"(?<![\w/\\])(?:[A-Za-z]:)?[/\\](?:[^\s/\\'\"]+[/\\])+", "…/", text)
    name = _short(type(error).__name__, 60)
    return f"{name}: {_short(text, 300)}" if text else name


def _short(text: str, length: int) -> str:
    """On one line, and no longer than length."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _a(value) -> str:
    """The kind of a value in words: 'a list', 'an int', 'None'. Not its repr, which may be long, or raise."""
    return "None" if value is None else _an(_short(type(value).__name__, 40))


def _an(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in tuple('aeiou') else 'a'} {noun}"


def _label(exercise) -> str:
    """What stands beside the status on a card: '01.2 Softmax along an axis'."""
    return f"{exercise.id} {exercise.title}"


# --- The card ---------------------------------------------------------------------------------------------------

SIGNS = {"passed": "✓", "not yet": "○", "known mistake": "✗", "error": "!"}
EDGES = {"passed": "#009E73", "not yet": "#767676", "known mistake": "#D55E00", "error": "#D55E00"}
# Text on white needs more contrast than the edge beside it: these are darker shades of the same colours.
WORDS = {"passed": "#00664B", "not yet": "#595959", "known mistake": "#A34700", "error": "#A34700"}

# JupyterLab's own rules colour paragraphs and code by its theme; the card stays black on white in both.
PLAIN = "color:#1a1a1a;background:transparent;"
CARD = (
    "background:#ffffff;color:#1a1a1a;color-scheme:light;border:1px solid #d0d0d0;border-left:4px solid {edge};"
    "border-radius:3px;padding:10px 16px;margin:4px 0;max-width:46em;font-family:system-ui,sans-serif;"
    "font-size:15px;line-height:1.5"
)
CODE = "color:#1a1a1a;background:#f0f0f0;padding:0 3px;border-radius:2px;font-family:monospace;font-size:14px"
BLOCK = (
    "color:#1a1a1a;background:#f5f5f5;padding:8px 12px;margin:8px 0;border-radius:2px;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-family:monospace;font-size:14px;line-height:1.4"
)


@dataclass(frozen=True, repr=False)
class Card:
    """What the learner sees: a card in a notebook, the same as plain text elsewhere.

    status:    'passed', 'not yet', 'known mistake' or 'error'.
    text:      paragraphs, separated by empty lines; one that is indented by four spaces is shown as it stands.
    specimen:  the name of the known mistake, or None.
    label:     the exercise's number and title, or the chapter's.
    """

    status: str
    title: str
    text: str
    specimen: str | None = None
    label: str = ""

    @property
    def _heading(self) -> str:
        word = f"{SIGNS[self.status]} {self.status.capitalize()}"
        return f"{word} · {self.label}" if self.label else word

    def __repr__(self) -> str:
        paragraphs = [part if part.startswith("    ") else textwrap.fill(part, 100) for part in self.text.split("\n\n")]
        return "\n\n".join([f"{self._heading}\n{self.title}", *paragraphs])

    def _repr_html_(self) -> str:
        return (
            f'<div role="status" style="{CARD.format(edge=EDGES[self.status])}">'
            f'<div style="color:{WORDS[self.status]};font-weight:600">{html.escape(self._heading)}</div>'
            f'<div style="{PLAIN}font-weight:600;font-size:17px">{html.escape(self.title)}</div>'
            + "".join(map(_paragraph, self.text.split("\n\n")))
            + "</div>"
        )


def _paragraph(part: str) -> str:
    """HTML of one paragraph, with everything escaped first; `code` becomes <code>."""
    if part.startswith("    "):
        return f'<pre style="{BLOCK}">{html.escape(textwrap.dedent(part))}</pre>'
    escaped = re.sub("`([^`]+)`", rf'<code style="{CODE}">\1</code>', html.escape(part))
    return f'<p style="{PLAIN}margin:8px 0">{escaped}</p>'
