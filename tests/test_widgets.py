"""Every control of every notebook, driven in a kernel from end to end: no value may raise."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONTROLS = {
    "00-start-here.ipynb": 1,
    "01-softmax.ipynb": 28,
    "02-stability.ipynb": 2,
    "03-jacobians-and-vjps.ipynb": 22,
    "04-log-softmax.ipynb": 5,
    "05-cross-entropy.ipynb": 16,
    "06-autograd.ipynb": 8,
    "07-softmax-regression.ipynb": 8,
    "08-mlp-on-mnist.ipynb": 12,
    "09-names.ipynb": 12,
    "10-where-next.ipynb": 4,
}


def drive(notebook: nbformat.NotebookNode) -> int:
    """How many controls there are, once all have been moved; CellExecutionError where a cell or a callback raises."""
    driver = (ROOT / "tests" / "drive_widgets.py").read_text(encoding="utf-8")
    notebook.cells.append(nbformat.v4.new_code_cell(driver))
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return int(notebook.cells[-1].outputs[-1].text.split()[-1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_control_can_be_moved_anywhere(path):
    assert drive(nbformat.read(path, as_version=4)) == CONTROLS[path.name]


def test_a_callback_that_raises_is_found():
    source = """
import ipywidgets
slider = ipywidgets.FloatSlider(min=0, max=1)
slider.observe(lambda change: 1 / (1 - change.new), names="value")
slider
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        drive(notebook)
