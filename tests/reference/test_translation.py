"""The table of PyTorch and JAX: recorded values agree with ours, and live ones where the libraries are installed."""

import dataclasses

import numpy as np
import pytest

from mnist_autograd.teach.reference import translation

BY_IDEA = [pytest.param(row, id=row.idea) for row in translation.ROWS]


@pytest.mark.parametrize("row", BY_IDEA)
def test_what_was_recorded_is_what_we_get(row):
    assert translation.agrees(row)
    assert len(translation.theirs(row)) >= 1 + bool(row.jax)


@pytest.mark.parametrize("row", BY_IDEA)
def test_an_entry_that_is_wrong_does_not_agree(row):
    head, _, last = row.ours.rpartition("\n")
    for wrong in (f"np.array({last}) + 0.001", f"np.array({last})[None]"):
        # .data and float, because an entry may be a Tensor or a tuple
        code = f"{head}\nimport numpy as np\nresult = {last}\nresult = getattr(result, 'data', result)\n"
        code += wrong.replace(last, "result")
        assert not translation.agrees(dataclasses.replace(row, ours=code.lstrip("\n")))


@pytest.mark.parametrize("library", translation.LIBRARIES)
@pytest.mark.parametrize("row", BY_IDEA)
def test_the_libraries_say_what_was_recorded(row, library):
    if not translation.is_installed(library):
        pytest.skip(f"{library} is not installed; it is optional")
    if not getattr(row, library):
        pytest.skip(f"{library} has no such thing")
    recorded = translation._file()["values"][row.idea][library]
    np.testing.assert_allclose(translation.live(row, library), recorded, rtol=1e-5, atol=1e-8)


def test_ideas_are_distinct_and_versions_are_told():
    assert len({row.idea for row in translation.ROWS}) == len(translation.ROWS)
    assert translation._file()["values"].keys() == {row.idea for row in translation.ROWS}
    assert translation.versions().keys() == {"torch", "jax", "optax"}
