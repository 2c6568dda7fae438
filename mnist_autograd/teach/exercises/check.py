"""Exercises that know the usual mistakes.

    check("01.2", my_softmax)    a card: passed, not yet, or which known mistake this is and why
    progress("01")               a card: which exercises of the chapter have passed

A known mistake is an executable specimen: a wrong implementation with a name and an explanation. A function that
agrees with a specimen on the probe inputs, and not with the solution, has made that mistake, however it is written.

The exercises themselves are in chapter_NN.py, one a chapter. Nothing here raises, whatever it is handed, except
KeyboardInterrupt. Results stay in the kernel.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from .card import SIGNS, Card
from .catalogue import exercises
from .compare import agree, run
from .errors_in_words import explain
from .task import Specimen
from .words import CHANGED, counterexample, kind_of, label_of, short, what_happened, with_article, worth_showing


def check(exercise_id: str, answer: Callable) -> Card:
    """Run answer on the exercise's probes and say what came out, as a card. Example: check("01.2", my_softmax)."""
    try:
        exercise = exercises().get(exercise_id) if isinstance(exercise_id, str) else None
        if exercise is None:
            return _unknown("exercise", exercise_id, exercises())
        card = _misuse(exercise, answer) or _diagnose(exercise, answer)
        if card.status == "passed":
            passed[exercise.id] = True
        return card
    except KeyboardInterrupt:
        raise
    except BaseException:  # an answer so strange that even looking at it fails
        text = 'check could not make sense of it. Pass the function itself, as in `check("01.1", probabilities)`.'
        return Card("error", "This answer cannot be checked", text)


def progress(chapter: str) -> Card:
    """Which exercises of a chapter have passed since the kernel started. Example: progress("01")."""
    try:
        chapters = sorted({exercise_id[:2] for exercise_id in exercises()})
        if not isinstance(chapter, str) or chapter not in chapters:
            return _unknown("chapter", chapter, chapters)
        listed = [exercise for exercise in exercises().values() if exercise.id.startswith(f"{chapter}.")]
        count = sum(exercise.id in passed for exercise in listed)
        lines = [f"    {_line(exercise)}" for exercise in listed]
        status = "passed" if count == len(listed) else "not yet"
        return Card(status, f"{count} of {len(listed)} passed", "\n".join(lines), label=f"Chapter {chapter}")
    except KeyboardInterrupt:
        raise
    except BaseException:
        return Card("error", "There is no such chapter", 'Name it as in `progress("01")`.')


# Exercises that have passed since the kernel started. One that passed stays passed, so that a learner may break it on
# purpose to see what happens.
passed: dict[str, bool] = {}


def _line(exercise) -> str:
    status = "passed" if exercise.id in passed else "not yet"
    return f"{SIGNS[status]} {status:8} {exercise.id}  {exercise.title}"


# --- From an answer to a card -----------------------------------------------------------------------------------


def _unknown(kind, given, known) -> Card:
    shown = repr(given)[:40] if isinstance(given, (str, int, float)) else kind_of(given)
    return Card("error", f"There is no such {kind}", f"Known are {', '.join(known)}. This call named {shown}.")


def _misuse(exercise, answer) -> Card | None:
    """A card if the answer is no function, or one that does not take the exercise's arguments."""
    label = label_of(exercise)
    if not callable(answer):
        text = (
            f'Pass the function itself, without calling it: `check("{exercise.id}", {exercise.function_name})`. '
            f"This call passed {kind_of(answer)}."
        )
        return Card("error", "This is not a function", text, label=label)
    try:
        parameters = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C have no signature: then the call will tell
        return None
    try:
        parameters.bind(*exercise.probes[0])
    except TypeError:
        names = short(", ".join(parameters.parameters), 60)
        count = len(exercise.probes[0])
        text = (
            f"The check calls it with {count} argument{'s' * (count != 1)}, as `{exercise.signature}`. "
            f"Yours takes {f'`({names})`' if names else 'none'}."
        )
        return Card("error", "The arguments do not fit", text, label=label)
    return None


def _diagnose(exercise, answer) -> Card:
    """Run the answer on every probe and compare it with the solution, then with every specimen."""
    label = label_of(exercise)
    name = exercise.function_name
    given = [run(answer, probe) for probe in exercise.probes]
    right = [run(exercise.solution, probe) for probe in exercise.probes]
    wrong = [i for i, (a, b) in enumerate(zip(given, right)) if not agree(exercise, a, b)]
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
    shown = [counterexample(exercise, i, given[i], right[i]) for i in worth_showing(wrong, given)]
    if specimen is not None:
        explained = [explain(exercise, given[i].error) for i in wrong if given[i].error is not None][:1]
        text = "\n\n".join([specimen.text, *shown, *filter(None, explained), *notes, see])
        return Card("known mistake", specimen.name, text, specimen.name, label)

    first = given[wrong[0]]
    if first.error is not None:
        text = "\n\n".join(filter(None, [shown[0], explain(exercise, first.error), *notes, see]))
        return Card("error", f"{name} stops with {with_article(type(first.error).__name__)}", text, label=label)
    title = f"{name} is right on {len(right) - len(wrong)} of {len(right)} inputs"
    what = what_happened(first, right[wrong[0]])
    introduction = "This is the smallest input on which it differs from the solution."
    text = "\n\n".join(filter(None, [introduction, shown[0], what, *notes, see]))
    return Card("not yet", title, text, label=label)


def _recognise(exercise, given) -> Specimen | None:
    """The one specimen that agrees with the answer wherever it speaks; None if there is none."""
    found = [specimen for specimen in exercise.specimens if _is_like(exercise, given, specimen)]
    return found[0] if len(found) == 1 else None


def _is_like(exercise, given, specimen) -> bool:
    return all(
        agree(exercise, outcome, run(specimen.function, probe))
        for outcome, probe in zip(given, exercise.probes)
        if _speaks(specimen, probe)
    )


def _speaks(specimen, probe) -> bool:
    return specimen.where is None or specimen.where(*probe)
