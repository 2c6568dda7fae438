"""Every exercise recognises right answers, stubs and each known mistake, and nothing handed to it makes it raise."""

import importlib
import inspect
import json
import math
import operator
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from answers.shared import shares, softmax_apply, top

from mnist_autograd import functional as F
from mnist_autograd.teach.exercises import check, progress
from mnist_autograd.teach.exercises.card import Card
from mnist_autograd.teach.exercises.catalogue import exercises
from mnist_autograd.teach.exercises.check import passed
from mnist_autograd.teach.exercises.compare import agree, run
from mnist_autograd.teach.exercises.task import Specimen
from mnist_autograd.teach.topics import names

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
EXERCISES = exercises()
BY_ID = [pytest.param(exercise, id=exercise.id) for exercise in EXERCISES.values()]
SPECIMENS = [
    pytest.param(exercise, specimen, id=f"{exercise.id} {specimen.name}")
    for exercise in EXERCISES.values()
    for specimen in exercise.specimens
]
# Answers are in tests/helpers/answers, one file a chapter.
CHAPTERS = sorted({exercise_id[:2] for exercise_id in EXERCISES})
ANSWERS = [importlib.import_module(f"answers.chapter_{chapter}") for chapter in CHAPTERS]
RIGHT = {exercise_id: right for answers in ANSWERS for exercise_id, right in answers.RIGHT.items()}
MISTAKES_WRITTEN_OTHERWISE = [mistake for answers in ANSWERS for mistake in answers.MISTAKES_WRITTEN_OTHERWISE]
UNNAMED = [mistake for answers in ANSWERS for mistake in getattr(answers, "UNNAMED", [])]
STATUSES = {"passed", "not yet", "known mistake", "error"}


@pytest.fixture(autouse=True)
def fresh_progress():
    passed.clear()
    yield
    passed.clear()


# --- Right answers, differently written -------------------------------------------------------------------------


def test_there_are_right_answers_for_every_exercise():
    assert RIGHT.keys() == EXERCISES.keys()


@pytest.mark.parametrize("exercise", BY_ID)
def test_right_answers_pass(exercise):
    for answer in [exercise.solution, *RIGHT[exercise.id]]:
        card = check(exercise.id, answer)
        assert card.status == "passed" and card.specimen is None, card


@pytest.mark.parametrize("exercise", BY_ID)
def test_a_stub_is_not_yet(exercise):
    def stub(*arguments):
        raise NotImplementedError

    card = check(exercise.id, stub)
    assert card.status == "not yet"
    assert card.text == "The function still raises NotImplementedError: write its body, then run this cell again."


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_answers_in_fewer_digits_pass(dtype):
    assert check("01.2", lambda z, axis: softmax_apply(z, axis).astype(dtype)).status == "passed"


# --- Known mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise, specimen", SPECIMENS)
def test_each_specimen_gives_its_own_diagnosis(exercise, specimen):
    card = check(exercise.id, specimen.function)
    assert (card.status, card.specimen, card.title) == ("known mistake", specimen.name, specimen.name)
    assert card.text.startswith(specimen.text) and f"“{exercise.see}”" in card.text
    assert "calling\n" in card.text and "must give" in card.text and re.search("and gave|and stopped with", card.text)


def speaks(specimen, probe):
    return specimen.where is None or specimen.where(*probe)


@pytest.mark.parametrize("exercise", BY_ID)
def test_specimens_differ_from_the_solution_and_from_each_other(exercise):
    """On a probe on which both speak: so no function can agree with two of them."""
    functions = [Specimen("solution", exercise.solution, ""), *exercise.specimens]
    for i, a in enumerate(functions):
        for b in functions[:i]:
            assert any(
                not agree(exercise, run(a.function, probe), run(b.function, probe))
                for probe in exercise.probes
                if speaks(a, probe) and speaks(b, probe)
            ), f"{a.name} / {b.name}"


@pytest.mark.parametrize("exercise", BY_ID)
def test_specimens_have_distinct_names_that_read_as_a_title(exercise):
    names = [specimen.name for specimen in exercise.specimens]
    assert len(set(names)) == len(names) >= 4
    for specimen in exercise.specimens:
        assert not specimen.name.endswith(".") and specimen.text.endswith(".")
        assert not re.search(r"\b(simply|obviously|just|easy|trivial)\b", specimen.text)


@pytest.mark.parametrize("exercise", BY_ID)
def test_probes_are_ordered_by_size_and_the_solution_is_finite_on_them(exercise):
    sizes = [
        sum(np.size(argument) for argument in probe if isinstance(argument, np.ndarray)) for probe in exercise.probes
    ]
    assert sizes == sorted(sizes) and sizes[0] <= 4  # two numbers an array
    for probe in exercise.probes:
        assert np.isfinite(run(exercise.solution, probe).value).all()


@pytest.mark.parametrize("exercise_id, answer, name", MISTAKES_WRITTEN_OTHERWISE)
def test_a_mistake_is_recognised_however_it_is_written(exercise_id, answer, name):
    card = check(exercise_id, answer)
    assert card.status == "known mistake" and card.specimen.startswith(name), card


@pytest.mark.parametrize("exercise_id, answer", UNNAMED)
def test_a_mistake_without_a_name_neither_passes_nor_gets_another_ones(exercise_id, answer):
    assert check(exercise_id, answer).status in ("not yet", "error")


def test_forgotten_keepdims_shows_the_wrong_square_and_explains_numpys_message():
    text = check("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis)).text
    assert "my_softmax(np.array([[0., 1.], [3., 2.]]), 1)" in text  # no error there, but a wrong result
    assert "ValueError: operands could not be broadcast together with shapes (2,3) (2,)" in text
    assert "Here 3 meets 2, and NumPy stops." in text


@pytest.mark.parametrize(
    "exercise_id, answer, words",
    [
        ("01.2", lambda z, axis: softmax_apply(z, 1), "The argument `axis` is not used"),
        ("01.5", lambda p: -(p[p > 0] * np.log(p[p > 0])).sum(axis=-1), "a mask such as `p[p > 0]`"),
        (
            "02.2",
            lambda z, axis: shares(np.exp(z - z.argmax(axis=axis, keepdims=True)), axis),
            "`z.argmax` is the place",
        ),
        ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-9), "log(1e-09) = -20.72"),
        ("02.5", lambda d: np.log1p(np.exp(d)) - d, "this is cancellation"),
    ],
)
def test_a_card_names_the_cause(exercise_id, answer, words):
    assert words in check(exercise_id, answer).text


@pytest.mark.parametrize("exercise_id", ["01.2", "02.2", "02.3", "02.4"])
def test_an_axis_of_size_1_must_stay(exercise_id):
    exercise = EXERCISES[exercise_id]
    card = check(exercise_id, lambda z, axis: exercise.solution(z, axis).squeeze())
    assert card.status != "passed"
    assert f"{exercise.function_name}(np.array([[0., 1., 2., 3.]]), 1)" in card.text


def divided_in_place(counts):
    counts += 1
    counts /= counts.sum(axis=1, keepdims=True)
    return counts


@pytest.mark.parametrize(
    "exercise_id, answer, words",
    [
        ("01.1", lambda z: [math.exp(z)] * 2, "Use `np.exp` or `np.log`, which work on arrays."),
        ("02.2", lambda z, axis: shares(np.exp(z - max(z)), axis), "use `z.max(axis=..., keepdims=True)`"),
        ("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis)[:, None], "`keepdims=True` in the sum keeps"),
        ("01.2", lambda z, axis: np.exp(z).sum(axis=2), "use its argument `axis` there"),
        ("04.4", lambda v, axis: v - top(v, axis, "sum") / v.shape[1], "and no `.shape[1]`"),
        ("05.1", lambda l, y: -l[np.arange(2), y].mean(), "take the size from the arguments"),
        ("05.1", lambda l, y: -l[[0, 0, 0], np.append(y, 0)], "Row numbers that pair with y"),
        ("05.2", lambda y, C: np.zeros(len(y), C), "The shape is one argument, a tuple"),
        ("03.4", lambda s, g, axis: (g * s).sum(axis=axis, keepdim=True), "NumPy writes `axis` and `keepdims`."),
        ("09.1", divided_in_place, "Make a new array, as in"),
        ("09.2", lambda counts, word: names.contexts([word], 1), "text meets numbers"),
        ("09.4", lambda word, K: np.array([(".",) * K + word, word + "."]), "text meets numbers"),
        ("09.4", lambda word, K: np.array([word[t - K : t] for t in range(len(word) + 1)]), "rows of one length"),
        ("03.5", lambda s: np.diag(s[:, :, None]), "`np.diag` takes a vector or a matrix"),
        ("06.1", lambda inputs: [max(used) for used in inputs], "`max(numbers, default=-1)` gives -1 there"),
        ("03.5", lambda s: np.fill_diagonal(np.zeros((7, *s.shape)), s), "`np.fill_diagonal` fills the places"),
        ("03.5", lambda s: np.einsum("ni,nj->nij", s, np.eye(7)), "in `np.einsum` a letter has one size"),
        (
            "07.2",
            lambda images, y, C, lr, steps: operator.itruediv(images, 255),
            "Make a new array, as in `x = x / 255`",
        ),
        ("07.2", lambda images, *_: images @ np.zeros((784, 10)), "no fixed ones such as 784"),
        ("07.3", lambda validation, test: test[validation.index(max(validation))], "arrays have not"),
    ],
)
def test_messages_are_explained(exercise_id, answer, words):
    text = check(exercise_id, answer).text
    assert "The message in words:" in text and words in text


# --- Counterexamples --------------------------------------------------------------------------------------------


def counterexample(card):
    """The call, what was expected and what came out, of the first that the card shows; read back from its text."""
    shown = r"calling\n +(.*?)\n +must give.*?\n(.*?)\n +and gave.*?\n(.*?)(?:\n\n|$)"
    call, expected, gave = re.search(shown, card.text, re.DOTALL).groups()
    return call.strip(), expected, gave


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_counterexample_is_right_and_the_smallest(exercise):
    """An answer that is wrong by 0.25 everywhere, and one that is wrong on the last probe only."""
    numbers = {"np": np, "nan": np.nan, "inf": np.inf}
    last = len(exercise.probes) - 1
    for first_wrong in (0, last):
        count = iter(range(len(exercise.probes)))

        def answer(*arguments, count=count, first_wrong=first_wrong):
            return exercise.solution(*arguments) + 0.25 * (next(count) >= first_wrong)

        card = check(exercise.id, answer)
        assert card.status == "not yet"
        assert card.title == f"{exercise.function_name} is right on {first_wrong} of {last + 1} inputs"
        call, expected, gave = counterexample(card)
        right = exercise.solution(*exercise.probes[first_wrong])
        assert call.startswith(f"{exercise.function_name}(")
        called = eval(call, numbers | {exercise.function_name: exercise.solution})
        np.testing.assert_allclose(called, right, rtol=1e-12)
        np.testing.assert_allclose(eval(expected.strip(), numbers), right, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(eval(gave.strip(), numbers), right + 0.25, rtol=1e-4, atol=1e-4)


def test_a_difference_after_the_fourth_digit_is_shown():
    _, expected, gave = counterexample(check("01.1", lambda z: F.softmax(z).data + 1e-5))
    assert expected != gave


@pytest.mark.parametrize(
    "exercise_id, answer, call",
    [
        ("01.2", lambda z, axis: F.softmax(z, 1 - axis), "my_softmax(np.array([[0., 1.], [3., 2.]]), 1)"),
        ("02.2", lambda z, axis: shares(np.exp(z / top(z, axis)), axis), "stable_softmax(np.array([2., 0.]), 0)"),
        ("02.2", lambda z, axis: shares(np.exp(z + top(z, axis)), axis), "stable_softmax(np.array([1000.,    0.]), 0)"),
    ],
)
def test_the_counterexample_is_one_that_the_text_explains(exercise_id, answer, call):
    card = check(exercise_id, answer)
    assert card.status == "known mistake" and "e-" not in card.text.split("calling")[1].split("See the")[0]
    assert counterexample(card)[0] == call and "AxisError" not in card.text


def test_nan_from_a_division_of_0_by_0_is_said():
    text = check("01.1", lambda z: np.exp(z / z.sum())).text
    assert "It comes from `0 / 0`" in text and "a sum that cancels" in text


@pytest.mark.parametrize(
    "value, word",
    [(np.nan, "not a number"), (np.inf, "overflow"), (-np.inf, "logarithm of 0")],
)
def test_what_happened_at_huge_logits_is_said(value, word):
    def answer(z, axis):
        return np.where(np.abs(z) > 900, value, F.log_softmax(z, axis).data)

    card = check("02.4", answer)
    assert card.status == "not yet" and word in card.text
    assert counterexample(card)[0] == "my_log_softmax(np.array([1000.,    0.]), 0)"


def test_a_wrong_shape_is_said():
    card = check("02.3", lambda z, axis: np.zeros((2, 1)))
    assert "(shape ())" in card.text and "(shape (2, 1))" in card.text


def test_cards_do_not_depend_on_print_options():
    expected = repr(check("01.1", lambda z: z))
    with np.printoptions(precision=1, suppress=True, threshold=1, formatter={"float": lambda x: "?"}):
        assert repr(check("01.1", lambda z: z)) == expected


# --- Answers that are no answers --------------------------------------------------------------------------------


class RaisingArray:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    def __repr__(self):
        raise RuntimeError("no repr")

    __hash__ = None


class RaisingMessage(Exception):
    def __str__(self):
        raise RuntimeError("no message")


class RaisingEverywhere:
    def __getattribute__(self, name):
        raise RuntimeError("no attribute")


def raising(error):
    def answer(*arguments):
        raise error

    return answer


def recursion(*arguments):
    return recursion(*arguments)


def generator(*arguments):
    yield 1


async def coroutine(*arguments):
    return 1


def endless_list():
    nested = []
    nested.append(nested)
    return nested


HOSTILE_VALUES = {
    "None": None,
    "number": 3,
    "huge number": 10**400,
    "complex": 1j,
    "string": "0.5",
    "bytes": b"0.5",
    "ragged": [[1, 2], [3]],
    "strings": ["a", "b"],
    "dict": {1: 2},
    "range": range(10**12),
    "long list": [0.0] * 10**6,
    "list in itself": endless_list(),
    "huge array": np.broadcast_to(0.0, (10**6, 10**6)),
    "empty": np.zeros((0, 3)),
    "objects": np.array([None, {}]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": np.zeros(2, dtype=[("a", float)]),
    "masked": np.ma.masked_all(2),
    "raising array": RaisingArray(),
    "raising everywhere": RaisingEverywhere(),
    "list of them": [RaisingArray(), RaisingEverywhere()],
    "class": RaisingArray,
    "ellipsis": ...,
    "module": np,
}
HOSTILE_ANSWERS = {
    **{f"value {name}": value for name, value in HOSTILE_VALUES.items()},
    **{f"returns {name}": lambda *a, value=value: value for name, value in HOSTILE_VALUES.items()},
    "no arguments": lambda: 1,
    "many arguments": lambda a, b, c, d, e: 1,
    "keyword only": lambda *, a: 1,
    "SystemExit": raising(SystemExit(1)),
    "GeneratorExit": raising(GeneratorExit()),
    "MemoryError": raising(MemoryError()),
    "BaseException": raising(BaseException("base")),
    "StopIteration": raising(StopIteration()),
    "raising message": raising(RaisingMessage()),
    "long message": raising(ValueError("x" * 10**6)),
    "recursion": recursion,
    "generator": generator,
    "coroutine": coroutine,
    "print": lambda *a: print(end=""),
    "ufunc": np.exp,
    "class with __call__": type("Called", (), {"__call__": lambda self, *a: a[0]})(),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a coroutine that nobody awaited
@pytest.mark.parametrize("exercise", BY_ID)
def test_nothing_makes_check_raise(exercise):
    for name, answer in HOSTILE_ANSWERS.items():
        card = check(exercise.id, answer)
        assert isinstance(card, Card) and card.status in STATUSES - {"passed"}, name
        for text in (repr(card), card._repr_html_()):
            assert len(text) < 10_000 and " at 0x" not in text, name
        assert repr(card) == repr(check(exercise.id, answer)), name


def test_an_unknown_id_lists_the_known_ones():
    for given in (None, 3, "9.9", "01", [], {}, np.zeros(3), RaisingArray(), "x" * 10**6):
        card = check(given, len)
        assert card.status == "error" and ", ".join(EXERCISES) in card.text and len(card.text) < 400
        assert check(RaisingEverywhere(), len).status == "error"


def test_an_unknown_chapter_lists_the_known_ones():
    for given in (None, 1, "1", "01.1", [], RaisingArray()):
        card = progress(given)
        assert card.status == "error" and "01, 02" in card.text
    assert progress(RaisingEverywhere()).status == "error"


def test_an_answer_that_is_no_function_is_told_how_to_call_check():
    assert 'check("01.2", my_softmax)' in check("01.2", np.zeros(3)).text


def test_wrong_arguments_are_told_the_right_ones():
    card = check("01.2", lambda z: z)
    assert card.status == "error" and "`my_softmax(z, axis)`" in card.text and "`(z)`" in card.text
    assert "Yours takes none." in check("01.2", lambda: 1).text


def test_an_exception_is_shown_without_addresses_and_paths():
    card = check("01.1", raising(OSError("<object at 0x7f12ab> in /home/me/secret/file.py")))
    assert card.status == "error" and card.title == "probabilities stops with an OSError"
    assert "0x7f12ab" not in card.text and "secret" not in card.text and "file.py" in card.text


def test_names_without_a_value_are_explained():
    card = check("01.1", lambda z: numpie.exp(z))  # noqa: F821
    assert card.status == "error" and "NameError: name 'numpie' is not defined" in card.text


def test_keyboard_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check("01.1", raising(KeyboardInterrupt()))


def test_html_from_the_learner_is_escaped():
    attack = "<script>alert('x')</script>"
    named = type("<b>Evil</b>", (Exception,), {})
    for answer in (raising(ValueError(attack)), raising(named(attack)), named(), type("<b>", (), {})()):
        shown = check("01.1", answer)._repr_html_()
        assert "<script" not in shown and "<b>" not in shown
    assert "&lt;script&gt;" in check("01.1", raising(ValueError(attack)))._repr_html_()
    assert "<script" not in check(attack, len)._repr_html_()


def changing_softmax(z, axis):
    z -= z.max(axis=axis, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=axis, keepdims=True)
    return z


def test_a_function_that_changes_its_input_is_told_so_and_leaves_the_probes_as_they_are():
    before = [probe[0].copy() for probe in EXERCISES["02.2"].probes]
    card = check("02.2", changing_softmax)
    assert card.status == "passed" and "changes its input" in card.text
    for old, probe in zip(before, EXERCISES["02.2"].probes):
        np.testing.assert_array_equal(old, probe[0])

    def overwriting(z, axis):
        z[...] = 0.5
        return z

    assert check("02.2", overwriting).status == "not yet"


def depths_that_use_the_inputs_up(inputs):
    """Right, and it empties the caller's lists."""
    users = [[user for user, used in enumerate(inputs) if k in used] for k in range(len(inputs))]
    depth, waiting = [0] * len(inputs), [k for k, used in enumerate(inputs) if not used]
    while waiting:
        k = waiting.pop()
        for user in users[k]:
            depth[user] = max(depth[user], depth[k] + 1)
            while k in inputs[user]:
                inputs[user].remove(k)
            if not inputs[user]:
                waiting.append(user)
    return depth


def test_a_function_that_changes_lists_in_its_input_is_told_so_and_leaves_the_probes_as_they_are():
    """It once emptied the probes, and after that every answer passed."""
    before = repr(EXERCISES["06.1"].probes)
    card = check("06.1", depths_that_use_the_inputs_up)
    assert card.status == "passed" and "changes its input" in card.text
    assert repr(EXERCISES["06.1"].probes) == before
    assert check("06.1", lambda inputs: [0] * len(inputs)).status == "known mistake"
    assert "changes its input" not in check("06.1", EXERCISES["06.1"].solution).text

    def putting_in(inputs):
        inputs[0] = RaisingEverywhere()
        return [0] * len(inputs)

    card = check("06.1", putting_in)
    assert card.status == "known mistake" and "changes its input" in card.text


def test_an_example_that_is_shown_has_the_type_that_was_tried():
    shown = check("08.3", lambda image: EXERCISES["08.3"].solution(image) + (image.dtype == np.uint8)).text
    assert re.search(r"centre_of_mass\(np\.array\(\[\[.*\]\], np\.uint8\)\)", shown)
    label = check("05.1", lambda *given: 7).text
    assert "np.array(" in label and "int64" not in label


def test_a_result_that_is_overwritten_later_is_kept_as_it_was():
    buffer = np.zeros(2)

    def answer(z):
        buffer[:] = 7
        return buffer if len(z) == 2 else z

    assert "[7., 7.]" in check("01.1", answer).text


def test_warnings_are_silent_and_settings_restored():
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert check("02.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)).specimen
        assert np.geterr()["over"] == "raise"


# --- Progress and cards -----------------------------------------------------------------------------------------


def test_progress_counts_what_has_passed_and_keeps_it():
    assert progress("01").title == "0 of 5 passed" and progress("01").status == "not yet"
    check("01.1", EXERCISES["01.1"].solution)
    check("01.3", math.log)
    check("01.3", math.exp)  # broken on purpose, afterwards
    assert progress("01").title == "2 of 5 passed"
    assert re.findall(r"(passed|not yet) +(\S+)", progress("01").text) == [
        ("passed", "01.1"),
        ("not yet", "01.2"),
        ("passed", "01.3"),
        ("not yet", "01.4"),
        ("not yet", "01.5"),
    ]
    for exercise in EXERCISES.values():
        check(exercise.id, exercise.solution)
    assert progress("02").title == "5 of 5 passed" and progress("02").status == "passed"


CARDS = {
    "passed": lambda: check("01.3", math.log),
    "not yet": lambda: check("01.3", lambda r: 7),
    "known mistake": lambda: check("01.3", math.log2),
    "error": lambda: check("01.3", None),
}


@pytest.mark.parametrize("status, sign, edge", [*zip(CARDS, "✓○✗!", ("#009E73", "#767676", "#D55E00", "#D55E00"))])
def test_a_card_says_its_status_in_a_word_a_sign_and_a_colour(status, sign, edge):
    card = CARDS[status]()
    heading = f"{sign} {status.capitalize()} · 01.3 The gap for a ratio"
    assert card.status == status and repr(card).startswith(f"{heading}\n{card.title}\n\n")
    shown = card._repr_html_()
    assert 'role="status"' in shown and heading in shown and f"border-left:4px solid {edge}" in shown
    assert "background:#ffffff" in shown
    assert shown.count("<") == shown.count(">") and "`" not in shown


def test_plain_text_says_the_same_as_html():
    card = check("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis))
    html_text = re.sub(r"<[^>]*>", " ", card._repr_html_())
    for entity, sign in [("&#x27;", "'"), ("&quot;", '"'), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")]:
        html_text = html_text.replace(entity, sign)
    assert re.sub(r"[\s`]", "", html_text) == re.sub(r"[\s`]", "", repr(card))


# --- The notebooks ----------------------------------------------------------------------------------------------


def cells_of_chapter(exercise):
    """The cells of the exercise's notebook by id; skips the test while there is no such notebook."""
    found = sorted(NOTEBOOKS.glob(f"{exercise.id[:2]}-*.ipynb"))
    if not found:
        pytest.skip(f"there is no notebook of chapter {exercise.id[:2]} yet")
    cells = json.loads(found[0].read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def defined_by(code, name):
    namespace = {"np": np}
    exec(code, namespace)
    return namespace[name]


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_notebooks_solution_passes(exercise):
    source = cells_of_chapter(exercise)[f"solution-{exercise.id.replace('.', '-')}"]
    (code,) = re.findall(r"```python\n(.*?)```", source, re.DOTALL)
    solution = defined_by(code, exercise.function_name)
    assert check(exercise.id, solution).status == "passed"
    assert inspect.signature(solution).parameters.keys() == inspect.signature(exercise.solution).parameters.keys()


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_notebooks_stub_is_not_yet(exercise):
    source = cells_of_chapter(exercise)[f"stub-{exercise.id.replace('.', '-')}"]
    namespace = {"np": np, "check": check, "progress": progress}
    exec(source, namespace)
    assert check(exercise.id, namespace[exercise.function_name]).status == "not yet"


@pytest.mark.parametrize("exercise", BY_ID)
def test_the_paragraph_that_explains_it_is_a_heading_of_the_notebook(exercise):
    text = "\n".join(cells_of_chapter(exercise).values())
    assert exercise.see in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)


def test_an_axis_of_size_1_that_is_not_summed_must_stay():
    def squeezed(z, axis):
        m = z.max(axis=axis, keepdims=True)
        return np.squeeze(m) + np.log(np.exp(z - m).sum(axis=axis))

    assert check("02.3", squeezed).status != "passed"


def test_the_sign_for_powers_is_explained():
    assert "Powers are written with `**`" in check("01.1", lambda z: np.e ^ z).text
