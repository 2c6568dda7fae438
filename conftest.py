"""What every run of pytest here needs, in tests/ and in notebooks/."""

from collections import defaultdict
from itertools import groupby
from pathlib import Path

import nbformat
from hypothesis import settings

# A busy machine is no fault of the code: an example may take as long as it takes.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

DRIVER = Path(__file__).parent / "tests" / "helpers" / "drive_widgets.py"
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


def pytest_collection_modifyitems(items):
    """After a notebook's last cell, one more: it moves every control, in the kernel that nbval has just run.

    nbval compares what a cell prints with what is stored, here the number of controls, and fails where one raises.
    """
    with_drivers = []
    for path, group in groupby(items, key=lambda item: item.path):
        with_drivers += group
        if path.suffix == ".ipynb":
            with_drivers.append(driver_after(with_drivers[-1], CONTROLS.get(path.name, 0)))
    items[:] = with_drivers


def driver_after(last, controls):
    """The cell that follows nbval's `last`, and prints how many controls it has moved."""
    printed = nbformat.v4.new_output("stream", name="stdout", text=f"{controls} controls\n")
    source = f"from runpy import run_path\nmoved = run_path({str(DRIVER)!r})"
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=[printed])
    options = defaultdict(bool, check=True)
    name = "every control can be moved anywhere"
    return type(last).from_parent(last.parent, name=name, cell_num=last.cell_num + 1, cell=cell, options=options)
