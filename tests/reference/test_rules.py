"""The page of chapter 10: each operation has a rule, wrong rules are refused, notebooks show what is typeset."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mnist_autograd import functional as F
from mnist_autograd.teach.reference import rules, tables, translation
from mnist_autograd.teach.reference.typeset import latex

NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "notebooks" / "10-where-next.ipynb"
BY_OPERATION = [pytest.param(rule, id=rule.operation) for rule in rules.RULES]


def test_every_operation_has_one_rule():
    assert sorted(rule.operation for rule in rules.RULES) == sorted(F.__all__)


@pytest.mark.parametrize("rule", BY_OPERATION)
def test_every_rule_is_proved(rule):
    assert rules.is_proved(rule)
    assert rule.vjps.keys() == rule.inputs.keys()
    for line in (rule.forward, *rule.vjps.values()):
        assert f"{line}  ✓" in rules.proof(rule.operation)


@pytest.mark.filterwarnings("ignore:invalid value")  # without a maximum, 0 / 0
@pytest.mark.parametrize("rule", BY_OPERATION)
def test_a_rule_that_is_wrong_is_not_proved(rule, monkeypatch):
    wrong = [dataclasses.replace(rule, forward=f"1.001 * ({rule.forward})")]
    wrong += [dataclasses.replace(rule, vjps=rule.vjps | {x: f"({code}) * 1.001"}) for x, code in rule.vjps.items()]
    for one in wrong:
        assert not rules.is_proved(one)
        monkeypatch.setattr(rules, "RULES", [one])
        with pytest.raises(
            AssertionError, match=f"{rule.operation}: the code, the engine and finite differences differ"
        ):
            rules.proof(rule.operation)


def test_finite_differences_have_a_say_of_their_own(monkeypatch):
    """If the engine were wrong in the same way as the code, finite differences would still object."""
    rule = rules.rule("tanh")
    monkeypatch.setattr(rules, "vjp", lambda fn, x, g: g * (1 - np.tanh(x)))
    wrong = dataclasses.replace(rule, vjps={"x": "g * (1 - f)"})
    assert rules.differences(wrong)["x"][0] < 1e-12 and not rules.is_proved(wrong)


@pytest.mark.parametrize(
    "code, formula",
    [
        ("g * s", r"g \, s"),
        ("s * (g - total(g * s))", r"s \, \left( g - \sum g \, s \right)"),
        ("a - (b - c)", r"a - \left( b - c \right)"),
        ("a - b - c", "a - b - c"),
        ("-(g * a / b**2)", r"-\dfrac{g \, a}{b^{2}}"),
        ("(a + b) ** 2", r"\left( a + b \right)^{2}"),
        ("(a * b).T @ g", r"\left( a \, b \right)^T g"),
        ("total(x) * g", r"\left( \sum x \right) \, g"),
        ("s * total(q) * g", r"\left( s \, \sum q \right) \, g"),
        ("total(q) @ g", r"\left( \sum q \right) g"),
        ("largest(x) * g", r"\left( \max x \right) \, g"),
        ("log(a + b)", r"\log \left( a + b \right)"),
        ("exp(z - m)", "e^{z - m}"),
        ("g * (x > 0)", r"g \, [x > 0]"),
        ("one_hot(i, V).T @ g", r"\text{one-hot}(i, V)^T g"),
        ("ones(C)", r"\mathbf{1}"),
        ("abs(x) * g[:V]", r"\lvert x \rvert \, g_{:V}"),
        ("sqrt(a + b)", r"\sqrt{a + b}"),
        ("stack([a, b])", r"\text{stack}(a, b)"),
    ],
)
def test_code_is_typeset(code, formula):
    assert latex(code) == formula


def test_what_cannot_be_typeset_is_refused():
    with pytest.raises(ValueError, match=r"cannot typeset \[1\]"):
        latex("[1]")
    with pytest.raises(ValueError, match="cannot typeset the function cosh; give it an entry in WORDS or PREFIXES"):
        latex("g / cosh(x)")
    with pytest.raises(ValueError, match="there is none for 'cosine'; expected one of add, subtract"):
        rules.rule("cosine")


@pytest.mark.parametrize("table", [rules.markdown(), translation.markdown()])
def test_tables_are_whole_and_stand_in_the_notebook(table):
    lines = table.split("\n")
    assert len({line.count("|") for line in lines}) == 1  # no formula and no code has a | of its own
    assert all(line.count("$") % 2 == 0 and line.count("`") % 2 == 0 for line in lines)
    assert tables.stands_in(NOTEBOOK, table)


def test_a_table_that_differs_from_the_notebooks_is_found(tmp_path):
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "source": "| a |"}, {"cell_type": "markdown", "source": ["text\n", "| b |"]}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert tables.stands_in(path, "| b |")
    with pytest.raises(ValueError, match=r"no cell holds the table . a . as it is typeset now"):
        tables.stands_in(path, "| a |")
