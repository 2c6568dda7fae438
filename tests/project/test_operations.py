"""An operation is at home in every room: a test whose message lists what a new one still lacks."""

import json
from pathlib import Path

import pytest
from operation_cases import cases

from mnist_autograd import functional as F
from mnist_autograd.teach.explore.graph_steps import OPERATIONS
from mnist_autograd.teach.reference import rules
from mnist_autograd.teach.reference.typeset import latex

CHAPTER_10 = Path(__file__).resolve().parent.parent.parent / "notebooks" / "10-where-next.ipynb"
# The graph explorer writes these as calls, with no VJP in a formula: they move or choose numbers, or make a constant.
WRITTEN_AS_CALLS = {
    "concatenate",
    "embedding",
    "linear",
    "maximum",
    "one_hot",
    "reshape",
    "stack",
    "transpose",
    "where",
}


def missing(name):
    """What an operation lacks, in the order of CONTRIBUTING.md: a sentence for each room."""
    found = []
    if name not in F.__all__:
        found.append("its name in __all__, mnist_autograd/functional.py")
    if name not in {case for case, *_ in cases()} | {"one_hot"}:
        found.append("a case in cases(), tests/helpers/operation_cases.py")
    rule = next((rule for rule in rules.RULES if rule.operation == name), None)
    if rule is None:
        found.append("a Rule in RULES, mnist_autograd/teach/reference/rules.py")
    else:
        found += problems_of(rule)
    if name not in OPERATIONS.keys() | WRITTEN_AS_CALLS:
        found.append("how it is written, and its VJPs, in OPERATIONS, mnist_autograd/teach/explore/graph_steps.py")
    if f"`{name}`" not in page():
        found.append("a row in chapter 10: paste what rules.markdown() returns into its cell `page`")
    return found


def problems_of(rule):
    """What keeps the code of a rule from running, and from being typeset."""
    for code in (rule.forward, *rule.vjps.values()):
        try:
            eval(code, rule.names())
        except NameError as error:
            yield f"{error.name!r} in NAMESPACE, mnist_autograd/teach/reference/rules.py"
        try:
            latex(code)
        except ValueError as error:
            yield f"how its code is typeset, mnist_autograd/teach/reference/typeset.py: {error}"


def page():
    cells = json.loads(CHAPTER_10.read_text(encoding="utf-8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["id"] == "page")


@pytest.mark.parametrize("name", F.__all__)
def test_an_operation_lacks_nothing(name):
    lacks = "".join(f"\n- {room}" for room in missing(name))
    assert not lacks, f"the operation {name} still needs:{lacks}"


def test_a_new_operation_lacks_everything():
    assert [room.rpartition(", ")[2] for room in missing("cosh")[:4]] == [
        "mnist_autograd/functional.py",
        "tests/helpers/operation_cases.py",
        "mnist_autograd/teach/reference/rules.py",
        "mnist_autograd/teach/explore/graph_steps.py",
    ]
    assert len(missing("cosh")) == 5


def test_a_rule_with_a_function_of_its_own_lacks_a_name_and_a_formula():
    rule = rules.Rule("cosh", "06", {}, "cosh(4.0)", {}, None)
    name, formula = problems_of(rule)
    assert name.startswith("'cosh' in NAMESPACE") and "cannot typeset the function cosh" in formula
