"""The memory of a learner's kernel at the end of a chapter, in MB.

usage: python benchmarks/memory.py [NOTEBOOK ...]    (without: chapters 01 and 08)

Each notebook runs in a kernel of its own, whose last cell reads its proportional set size (PSS): what it holds alone,
and its share of what processes have in common, such as libraries. So the figures of several kernels can be added up.
Linux only: other systems do not say.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from measuring import machine, progress, table
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SMAPS = Path("/proc/self/smaps_rollup")
LAST_CELL = f"print(open('{SMAPS}').read())"


def pss(notebook, folder) -> float:
    """MB that the kernel of the notebook holds once all its cells have run."""
    notebook.cells.append(nbformat.v4.new_code_cell(LAST_CELL))
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()
    lines = notebook.cells[-1].outputs[0]["text"].splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("Pss:"))
    return int(kilobytes) * 1024 / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", metavar="NOTEBOOK", type=Path, nargs="*")
    options = parser.parse_args()
    if not SMAPS.exists():
        sys.exit(f"skipped: there is no {SMAPS}; only Linux says what a kernel holds alone")

    rows = [["an empty notebook", f"{pss(nbformat.v4.new_notebook(), NOTEBOOKS):.0f}"]]
    for path in options.notebooks or sorted([*NOTEBOOKS.glob("01-*.ipynb"), *NOTEBOOKS.glob("08-*.ipynb")]):
        progress(f"running {path.name}")
        rows.append([path.stem, f"{pss(nbformat.read(path, as_version=4), path.parent):.0f}"])
    print(f"{machine()}\n\nMemory of the kernel at the end, PSS\n")
    print(table(["chapter", "MB"], rows))


if __name__ == "__main__":
    main()
