"""Tables that the package typesets and that a notebook holds as Markdown, where every page shows them."""

from __future__ import annotations

import json
from pathlib import Path


def table(header: tuple[str, ...], rows) -> str:
    """A table in Markdown, of cells that are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def stands_in(path, markdown: str) -> bool:
    """True if a Markdown cell of the notebook at path holds this text; ValueError where none does."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    if not any(cell["cell_type"] == "markdown" and markdown in "".join(cell["source"]) for cell in cells):
        first = markdown.splitlines()[0]
        raise ValueError(f"{path}: no cell holds the table {first} as it is typeset now; print the table and paste it")
    return True
