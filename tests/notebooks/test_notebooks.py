"""What the chapters promise to a reader who scrolls back and runs a cell again."""

import symtable
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))


def bound_and_read(source):
    """The global names that a cell binds (loops, functions and imports included), and those that it reads."""
    cell = symtable.symtable(source, "cell", "exec")
    scopes = [cell]
    for scope in scopes:  # which grows meanwhile
        scopes += scope.get_children()
    bound = {name.get_name() for name in cell.get_symbols() if name.is_assigned() or name.is_imported()}
    read = {
        name.get_name()
        for scope in scopes
        for name in scope.get_symbols()
        if name.is_referenced() and (scope is cell or name.is_global())
    }
    return bound, read


def names_of_several_cells(cells):
    """For cells, a dictionary from ids to sources: each name that one cell reads and several others bind, and those.

    A cell that binds a name itself is not taken to read that of another cell.
    """
    names = {cell: bound_and_read(source) for cell, source in cells.items()}
    shared = {name for bound, read in names.values() for name in read - bound}
    makers = {name: [cell for cell, (bound, _) in names.items() if name in bound] for name in sorted(shared)}
    return {name: makers[name] for name in makers if len(makers[name]) > 1}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_name_that_cells_share_means_one_thing_in_the_whole_chapter(path):
    """Else a cell that is run late, or a second time, finds the array of another section under the name."""
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}
    assert names_of_several_cells(cells) == {}, "give the name of each section a name of its own"


def test_a_name_with_two_meanings_is_found():
    cells = {
        "vector": "z = [2, 1, 0]",
        "read": "print(max(z))",
        "loop": "for z in ([1, 2], [3, 4]):\n    y = sum(z)",
        "own": "y = [max(z) for z in ([1], [2])]\nprint(y)",
        "function": "def of_the_vector(w):\n    y = 2\n    return [x * y for x in z]",
    }
    assert names_of_several_cells(cells) == {"z": ["vector", "loop"]}
    assert names_of_several_cells({"one": cells["vector"], "two": cells["function"]}) == {}
    assert names_of_several_cells({"one": "def f(): pass", "two": "f()", "three": "class f: pass"}) == {
        "f": ["one", "three"]
    }
