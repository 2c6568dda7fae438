"""The MLP lab of chapter 08 as its reader uses it: started, paused, moved while it runs, reset."""

import re
import time

import nbformat
import pytest
from test_browser import HANGING, NOTEBOOKS, Chapter, open_chapter  # noqa: F401

NEEDED = ["imports", "data", "inputs", "lab"]  # cells; the others of the chapter train for half a minute
LAB = """
    const cell = panel.content.widgets.find(cell => cell.model.id === "lab");
    return cell.node.querySelector(".jp-OutputArea-output svg").getAttribute("aria-label");
"""


@pytest.fixture(scope="module")
def chapter(lab, open_chapter):  # noqa: F811
    (path,) = (path for path in NOTEBOOKS if path.name.startswith("08-"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id in NEEDED]
    nbformat.write(notebook, lab.notebooks / "lab.ipynb")
    return open_chapter("lab.ipynb")


def press(chapter, name):
    chapter.page.get_by_role("button", name=name, exact=True).click()


def said(chapter):
    return chapter.script(LAB)


def epochs(chapter):
    """How far it is, as the figure says."""
    return float(re.search(r"epoch ([\d.]+) of", said(chapter)).group(1))


def until(condition):
    deadline = time.monotonic() + HANGING
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def slide(chapter, description, key):
    slider = chapter.page.locator(f".widget-slider:has(label:text-is('{description}')) [role=slider]")
    slider.focus()
    slider.press(key)


def test_the_lab_starts_pauses_obeys_and_is_reset(chapter: Chapter):
    start = said(chapter)
    assert "Not started" in start and "784-256-10" in start

    press(chapter, "start")
    until(lambda: "Running" in said(chapter) and "After" in said(chapter))
    first = said(chapter)
    until(lambda: said(chapter) != first)

    slide(chapter, "learning rate", "ArrowRight")  # while it runs
    until(lambda: "learning rate 0.2" in said(chapter))
    assert "Running" in said(chapter)

    press(chapter, "pause")
    until(lambda: "Paused" in said(chapter))
    still = said(chapter)
    chapter.page.wait_for_timeout(1500)
    assert said(chapter) == still and 0 < epochs(chapter) < 10

    press(chapter, "start")
    until(lambda: epochs(chapter) > float(re.search(r"epoch ([\d.]+) of", still).group(1)))
    slide(chapter, "hidden units", "ArrowRight")  # another network
    until(lambda: "That is another network" in said(chapter))
    assert "784-512-10" in said(chapter) and "Before: run 1" in said(chapter)

    slide(chapter, "hidden units", "ArrowLeft")
    slide(chapter, "learning rate", "ArrowLeft")
    press(chapter, "reset")
    until(lambda: said(chapter).startswith(start.rstrip(".")))
    chapter.page.wait_for_timeout(1000)
    assert said(chapter).startswith(start.rstrip(".")) and "Before: run 1" in said(chapter)
    assert chapter.complaints() == []
