"""Run every chapter and store it in a normal form, so that a chapter that did not change is the same file again.

usage: python tools/notebooks.py [--check] [NOTEBOOK ...]

Without --check, the notebooks are run and rewritten. With it, they are run and compared with what is stored: every
output but pictures must be the same (the bytes of a PNG depend on the version of matplotlib). A cell with the tag
nbval-ignore-output, which pytest --nbval knows as well, may print what it likes: it depends on what the machine has.
Exit status 1 where a cell fails or differs.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from mnist_autograd.files import atomic_write

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
CELL_TIMEOUT = 300  # seconds
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/png", "image/jpeg")
ANY_OUTPUT = "nbval-ignore-output"


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh kernel, in normal form."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    )
    client.execute()
    return normalised(notebook)


def normalised(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what a reader needs: no versions, no times, no widget models (which a stored notebook cannot show).

    Cell ids are kept, execution counts run from 1, and a cell's consecutive prints are one output, however the kernel
    cut them up.
    """
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().splitlines())
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _merged(_cleaned(output, count) for output in cell.outputs)
    return notebook


def _cleaned(output, count):
    output = nbformat.from_dict(output)
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
        output.metadata = {}
    if output.output_type == "execute_result":
        output.execution_count = count
    return output


def _merged(outputs):
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def differences(stored: nbformat.NotebookNode, new: nbformat.NotebookNode) -> list[str]:
    """A line for each cell whose text outputs differ; pictures must be there, but may look different.

    The outputs of a cell with the tag ANY_OUTPUT are not compared.
    """
    if len(stored.cells) != len(new.cells):
        return ["the number of cells differs"]
    return [
        f"cell {i}: {old.source.splitlines()[0] if old.source else ''!r}\n"
        f"  stored {_text(old)}\n  now    {_text(fresh)}"
        for i, (old, fresh) in enumerate(zip(stored.cells, new.cells))
        if _text(old) != _text(fresh)
    ]


def _text(cell):
    if ANY_OUTPUT in cell.metadata.get("tags", []):
        return cell.source, cell.get("execution_count"), ANY_OUTPUT
    outputs = nbformat.from_dict(cell.get("outputs", []))
    for output in outputs:
        for kind in PICTURES:
            if kind in output.get("data", {}):
                output.data[kind] = "a picture"
    return cell.source, cell.get("execution_count"), outputs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of rewriting")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("*.ipynb")))
    options = parser.parse_args()
    # Several kernels at once, each with one thread: kernels that wait for each other's threads take many times as long.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(check if options.check else store, options.notebooks)
        failed = 0
        for path, (is_right, words) in zip(options.notebooks, results):
            print(f"{path.name}: {words}", flush=True)
            failed += not is_right
    return 1 if failed else 0


def check(path: Path) -> tuple[bool, str]:
    """Whether a notebook runs and prints what is stored; and that in words."""
    try:
        found = differences(nbformat.read(path, as_version=4), run(path))
    except CellExecutionError as error:
        return False, f"a cell fails\n{error}"
    if found:
        return False, "\n".join(["differs; `make notebooks` stores what it prints now", *found])
    return True, "unchanged"


def store(path: Path) -> tuple[bool, str]:
    """Run a notebook and store it; whether that went well, and in words what came of it."""
    try:
        after = (nbformat.writes(run(path)) + "\n").encode()
    except CellExecutionError as error:
        return False, f"a cell fails\n{error}"
    before = path.read_bytes()
    with atomic_write(path) as file:
        file.write(after)
    return True, "unchanged" if before == after else "rewritten"


if __name__ == "__main__":
    sys.exit(main())
