"""Run every chapter and store it in a normal form, so that a chapter that did not change is the same file again.

usage: python tools/notebooks.py [--no-run] [NOTEBOOK ...]

With --no-run, only the form is restored: what Jupyter adds when it saves is taken out, and the outputs stay as they
are. Whether a chapter prints what is stored is for `make test` to say (pytest --nbval). Exit status 1 where a cell
fails; the file is then left alone.
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
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh kernel, in normal form."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=None,  # a busy machine may take its time
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-run", action="store_true", help="keep the outputs; restore only the normal form")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("*.ipynb")))
    options = parser.parse_args()
    # Several kernels at once, each with one thread: kernels that wait for each other's threads take many times as long.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(tidy if options.no_run else store, options.notebooks)
        failed = 0
        for path, (is_right, words) in zip(options.notebooks, results):
            print(f"{path.name}: {words}", flush=True)
            failed += not is_right
    return 1 if failed else 0


def store(path: Path) -> tuple[bool, str]:
    """Run a notebook and store it; whether that went well, and in words what came of it."""
    try:
        return True, _write(path, run(path))
    except CellExecutionError as error:
        return False, f"a cell fails\n{error}"


def tidy(path: Path) -> tuple[bool, str]:
    """Store a notebook in normal form, without running it; True, and in words whether that changed it."""
    return True, _write(path, normalised(nbformat.read(path, as_version=4)))


def _write(path, notebook):
    after = (nbformat.writes(notebook) + "\n").encode()
    if after == path.read_bytes():
        return "unchanged"
    with atomic_write(path) as file:
        file.write(after)
    return "rewritten"


if __name__ == "__main__":
    sys.exit(main())
