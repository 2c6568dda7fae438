"""Every chapter as its reader sees it: in JupyterLab, in a browser, with sliders that are moved.

Each check says what it found wrong in sentences, and raises nothing: so the first test can show that it does find it.
"""

import re
import time
from inspect import cleandoc
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))
HANGING = 1200  # seconds after which nothing will come any more; no test has a limit of speed

# Each line of the console or of stderr that is no fault of ours, with its reason:
HARMLESS = re.compile(
    # ipywidgets in the page asks the kernel for its widgets before a cell has imported ipywidgets there, gets no
    # answer, and closes its comm. The comms of lost widgets, which matter, have ids without hyphens.
    r"No such comm target registered: jupyter\.widget\.control|No such comm: [0-9a-f]+-[0-9a-f-]+"
)

# A slider is judged by what else its cell shows. Where that is none of these, only the slider's own number counts.
PICTURES = "svg, img, canvas, .widget-html, .widget-htmlmath, .widget-output"
# Not `visibility`, which would take away the slider's keyboard focus.
HIDE_SLIDERS = ".widget-slider { opacity: 0 !important }"

# `panel` is the notebook in each script below.
PANEL = "const panel = window.jupyterapp.shell.currentWidget;"
IS_READY = "window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady"
# An exception in a widget's callback shows up nowhere but here.
LISTEN = """
    window.kernelProblems = [];
    panel.sessionContext.session.kernel.anyMessage.connect((_, {msg}) => {
        if (msg.channel !== "iopub") return;
        if (msg.header.msg_type === "error")
            window.kernelProblems.push(`kernel: ${msg.content.ename}: ${msg.content.evalue}`);
        if (msg.header.msg_type === "stream" && msg.content.name === "stderr")
            window.kernelProblems.push(msg.content.text);
    });
"""
RUN_ALL = """
    window.hasRun = false;
    window.jupyterapp.commands.execute("notebook:run-all-cells").finally(() => { window.hasRun = true; });
"""
WIDGETS_ARE_DRAWN = """
    () => ![...document.querySelectorAll(".jp-OutputArea-output")].some(e => e.innerText.includes("Loading widget"))
"""
CELLS = """
    return panel.content.widgets.filter(cell => cell.model.type === "code").map(cell => ({
        id: cell.model.id,
        count: cell.model.executionCount,
        empty: !cell.model.sharedModel.source.trim(),
        errors: cell.model.outputs.toJSON().filter(o => o.output_type === "error").map(o => `${o.ename}: ${o.evalue}`),
        text: cell.outputArea.node.innerText,
    }));
"""
# The kernel answers in turn: with this answer, all that the sliders had asked of it is done.
FINISH = """
    await panel.sessionContext.session.kernel.requestExecute({code: "", silent: true}).done;
    return window.kernelProblems.splice(0);
"""
# Drawings inside a drawing are part of it.
UNLABELLED = """
    return panel.content.widgets.flatMap(cell =>
        [...cell.node.querySelectorAll(".jp-OutputArea-output svg:not(svg svg)")]
            .filter(svg => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")?.trim())
            .map(svg => `${cell.model.id}: an svg without role="img" and aria-label: ${svg.outerHTML.slice(0, 80)}`));
"""
# Slider handles have no name that a screen reader could say, so a sentence beside the figure must say what it shows.
UNSPOKEN = """
    return panel.content.widgets
        .filter(cell => cell.node.querySelector("[role=slider]"))
        .filter(cell => cell.node.querySelector(".jp-OutputArea-output svg"))
        .filter(cell => !cell.node.querySelector("[role=status][aria-live]")?.textContent.trim())
        .map(cell => `${cell.model.id}: sliders and a figure, but no live text`);
"""
CELL_OF = "return panel.content.widgets.find(cell => cell.node.contains(argument)).model.id;"
ANSWER = """
    const cell = id => panel.content.widgets.findIndex(cell => cell.model.id === id);
    panel.content.widgets[cell(argument.stub)].model.sharedModel.source = argument.source;
    for (const id of [argument.stub, argument.check]) {
        panel.content.deselectAll();
        panel.content.activeCellIndex = cell(id);
        await window.jupyterapp.commands.execute("notebook:run-cell");
    }
"""


class Chapter:
    """A notebook, open in JupyterLab, all of whose cells have been run."""

    patience = HANGING  # seconds for a picture to follow its slider

    def __init__(self, page, lab, name):
        self.page = page
        page.set_default_timeout(1000 * HANGING)
        self.console = []
        page.on("console", lambda message: message.type == "error" and self.console.append(located(message)))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.goto(f"{lab.url}/doc/tree/{name}?token={lab.token}")
        page.wait_for_function(IS_READY)
        self.script(LISTEN)
        self.script(RUN_ALL)
        page.wait_for_function("window.hasRun")
        page.wait_for_function(WIDGETS_ARE_DRAWN)

    def script(self, javascript, argument=None):
        return self.page.evaluate(f"async argument => {{ {PANEL} {javascript} }}", argument)

    def complaints(self):
        """What the kernel and the browser's console have said since this was last asked."""
        kernel = [line for text in self.script(FINISH) for line in text.splitlines()]
        console = [f"console: {text}" for text in self.console]
        self.console.clear()
        return [line for line in kernel + console if not HARMLESS.search(line)]

    def cell_problems(self):
        for cell in self.script(CELLS):
            yield from (f"{cell['id']}: {error}" for error in cell["errors"])
            if cell["count"] is None and not cell["empty"]:
                yield f"{cell['id']}: was not run"
            if "Error displaying widget" in cell["text"]:
                yield f"{cell['id']}: Error displaying widget"

    def unlabelled(self):
        return self.script(UNLABELLED)

    def unspoken(self):
        return self.script(UNSPOKEN)

    def slider_problems(self):
        for slider in self.page.locator(".jp-OutputArea-output [role=slider]").all():
            widget = slider.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]")
            name = f"{self.script(CELL_OF, slider.element_handle())}: slider {' '.join(widget.inner_text().split())}"
            output = slider.locator("xpath=ancestor::*[contains(@class, 'jp-Cell-outputArea')]")
            pictured = output.locator(f".jp-OutputArea-output :is({PICTURES})").count() > 0

            def look(output=output, widget=widget, pictured=pictured):
                return self.photograph(output) if pictured else widget.locator(".widget-readout").inner_text()

            slider.focus()
            output.evaluate("output => output.scrollIntoView({block: 'nearest'})")
            before = self.settled(look, lambda now: True)
            at_end = float(slider.get_attribute("aria-valuenow")) >= float(slider.get_attribute("aria-valuemax"))
            there, back = ("ArrowLeft", "ArrowRight") if at_end else ("ArrowRight", "ArrowLeft")
            slider.press(there)
            what = "the picture" if pictured else "its number"
            if self.settled(look, lambda now, before=before: now != before) == before:
                yield f"{name}: {there} does not change {what}"
            slider.press(back)
            if self.settled(look, lambda now, before=before: now == before) != before:
                yield f"{name}: {back} does not bring {what} back"

    def settled(self, look, wanted):
        """What `look` sees once it is wanted and the same twice in a row; when patience ends, whatever it sees then."""
        deadline = time.monotonic() + self.patience
        last = look()
        while True:
            now = look()
            if (now == last and wanted(now)) or time.monotonic() > deadline:
                return now
            last = now

    def photograph(self, output):
        """What a cell shows beside its sliders."""
        return self.page.screenshot(clip=output.bounding_box(), style=HIDE_SLIDERS)

    def has(self, cell_id):
        return any(cell["id"] == cell_id for cell in self.script(CELLS))

    def answer(self, exercise, source):
        """Type an answer into an exercise, run it and its check; what the check shows."""
        stub, check = f"stub-{exercise}", f"check-{exercise}"
        self.script(ANSWER, {"stub": stub, "check": check, "source": source})
        (text,) = (cell["text"] for cell in self.script(CELLS) if cell["id"] == check)
        return text


def located(message):
    """The first line of what the console says, and the address it is about."""
    return f"{message.text.partition(chr(10))[0]} at {message.location['url'].partition('?')[0]}"


def none_of(*problems):
    """Fails with all problems in full, where an assert would shorten their list."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(scope="module")
def open_chapter(browser, lab):
    """Opens and runs one chapter at a time; its page and its kernel end with the next one."""
    pages = []

    def close():
        for page in pages:
            page.evaluate("window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()")
            page.close()
        pages.clear()

    def open_(name):
        close()
        pages.append(browser.new_page(viewport={"width": 1280, "height": 1400}))
        return Chapter(pages[0], lab, name)

    yield open_
    close()


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request, open_chapter):
    return open_chapter(request.param.name)


# --- The checks do find what is wrong ---------------------------------------------------------------------------

BROKEN = {
    "callback-raises": """
        from ipywidgets import HTML, IntSlider, VBox, interact
        slider = IntSlider(description="raises")
        slider.observe(lambda change: 1 / 0, "value")
        VBox([slider, HTML("<svg width='9' height='9'></svg>")])
    """,
    "dead-html": 'VBox([IntSlider(description="dead", value=100), HTML("a picture")])',
    "dead-output": "interact(lambda x: print('always the same'), x=5);",
    "locked": 'IntSlider(description="locked", disabled=True)',
    "no-return": """
        sum_of_moves = HTML("0")
        slider = IntSlider(description="adds")
        slider.observe(lambda change: setattr(sum_of_moves, "value", sum_of_moves.value + "0"), "value")
        VBox([slider, sum_of_moves])
    """,
    "fine": """
        picture = HTML("0")
        slider = IntSlider(description="follows")
        slider.observe(lambda change: setattr(picture, "value", str(change.new)), "value")
        VBox([slider, picture])
    """,
    "no-label": """HTML("<svg role='img' aria-label=' '></svg>")""",
    "label": """HTML("<svg role='img' aria-label='a dot'><svg></svg></svg>")""",
    "no-model": """
        from IPython.display import Javascript, display
        display({"application/vnd.jupyter.widget-view+json": {"model_id": "none"}}, raw=True)
    """,
    "script": "Javascript(\"console.error('from a script')\")",
    "stderr": "import sys; print('from a cell', file=sys.stderr)",
    "raises": "raise ValueError('on purpose')",
    "after": "1",
}


def test_what_is_broken_is_found(lab, open_chapter):
    broken = nbformat.read(NOTEBOOKS[0], as_version=4)
    broken.cells = [nbformat.v4.new_code_cell(cleandoc(source), id=name) for name, source in BROKEN.items()]
    nbformat.write(broken, lab.notebooks / "broken.ipynb")
    chapter = open_chapter("broken.ipynb")
    chapter.patience = 2

    assert list(chapter.cell_problems()) == [
        "no-model: Error displaying widget",
        "raises: ValueError: on purpose",
        "after: was not run",
    ]
    assert [problem.partition(":")[0] for problem in chapter.unlabelled()] == ["callback-raises", "no-label"]
    assert chapter.unspoken() == ["callback-raises: sliders and a figure, but no live text"]
    assert sorted(line.partition(" at ")[0] for line in chapter.complaints()) == [
        "console: Error: widget model not found",
        "console: from a script",
        "from a cell",
        "kernel: ValueError: on purpose",
    ]
    assert list(chapter.slider_problems()) == [
        "callback-raises: slider raises 0: ArrowRight does not change the picture",
        "dead-html: slider dead 100: ArrowLeft does not change the picture",
        "dead-output: slider x 5: ArrowRight does not change the picture",
        "locked: slider locked 0: ArrowRight does not change its number",
        "no-return: slider adds 0: ArrowLeft does not bring the picture back",
    ]
    assert chapter.complaints() == ["kernel: ZeroDivisionError: division by zero"] * 2


# --- The chapters -----------------------------------------------------------------------------------------------


def test_every_cell_runs(chapter):
    none_of(*chapter.cell_problems(), *chapter.complaints())


def test_every_figure_says_what_it_shows(chapter):
    none_of(*chapter.unlabelled(), *chapter.unspoken())


def test_every_slider_moves_its_picture_and_back(chapter):
    none_of(*chapter.slider_problems(), *chapter.complaints(), *chapter.unlabelled())


# By exercise, answers and what the card that judges each must say.
ANSWERS = {
    "01-2": {
        "passed": """
            import numpy as np

            def my_softmax(z, axis):
                e = np.exp(z - z.max(axis=axis, keepdims=True))
                return e / e.sum(axis=axis, keepdims=True)
        """,
        "known mistake": """
            import numpy as np

            def my_softmax(z, axis):
                e = np.exp(z - z.max())
                return e / e.sum()
        """,
    },
    "03-4": {
        "passed": """
            def softmax_vjp(s, g, axis):
                return s * (g - (g * s).sum(axis=axis, keepdims=True))
        """,
        "known mistake": """
            def softmax_vjp(s, g, axis):
                return s * (1 - s) * g
        """,
    },
    "04-3": {
        "passed": """
            def log_softmax_vjp(l, g, axis):
                return g - np.exp(l) * g.sum(axis=axis, keepdims=True)
        """,
        "known mistake": """
            def log_softmax_vjp(l, g, axis):
                return g * (1 - np.exp(l))
        """,
    },
    "05-4": {
        "passed": """
            def cross_entropy_gradient(z, y):
                p = F.softmax(z).data
                p[np.arange(len(y)), y] -= 1
                return p / len(y)
        """,
        "known mistake": """
            def cross_entropy_gradient(z, y):
                p = F.softmax(z).data
                p[np.arange(len(y)), y] -= 1
                return p
        """,
    },
    "08-2": {
        "passed": """
            def shift(images, down, right):
                N, H, W = images.shape
                new = np.zeros_like(images)
                for i in range(max(down, 0), min(H + down, H)):
                    for j in range(max(right, 0), min(W + right, W)):
                        new[:, i, j] = images[:, i - down, j - right]
                return new
        """,
        "known mistake": """
            def shift(images, down, right):
                return np.roll(images, (down, right), axis=(1, 2))
        """,
    },
    "08-3": {
        "passed": """
            def centre_of_mass(image):
                total = image.sum()
                if total == 0:
                    return (np.array(image.shape) - 1) / 2
                rows, columns = (np.arange(size) for size in image.shape)
                return rows @ image.sum(axis=1) / total, columns @ image.sum(axis=0) / total
        """,
        "known mistake": """
            def centre_of_mass(image):
                return np.argwhere(image > 0).mean(axis=0)
        """,
    },
    "06-3": {
        "passed": """
            def undo_broadcasting(g, shape):
                g = g.sum(axis=tuple(range(g.ndim - len(shape))))
                return g.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)
        """,
        "known mistake": """
            def undo_broadcasting(g, shape):
                return g
        """,
    },
    "07-1": {
        "passed": """
            def accuracy(logits, y):
                return (logits.argmax(axis=1) == y).mean()
        """,
        "known mistake": """
            def accuracy(logits, y):
                return (logits.argmax(axis=0) == y).mean()
        """,
    },
    "09-3": {
        "passed": """
            def sample(z, T, u):
                return (np.cumsum(F.softmax(z / T).data) <= u).sum()
        """,
        "known mistake": """
            def sample(z, T, u):
                p = F.softmax(z).data / T
                return np.searchsorted(np.cumsum(p / p.sum()), u, side="right")
        """,
    },
    "10-1": {
        "passed": """
            def expected_calibration_error(p, y, bins):
                gap = p.max(axis=1) - (p.argmax(axis=1) == y)
                place = np.ceil(p.max(axis=1) * bins)
                return sum(abs(gap[place == i].sum()) for i in range(1, bins + 1)) / len(y)
        """,
        "known mistake": """
            def expected_calibration_error(p, y, bins):
                gap = p.max(axis=1) - (p.argmax(axis=1) == y)
                place = np.ceil(p.max(axis=1) * bins)
                return np.mean([abs(gap[place == i].mean()) for i in np.unique(place)])
        """,
    },
}


def test_exercises_tell_right_from_wrong(chapter):
    exercises = [exercise for exercise in ANSWERS if chapter.has(f"stub-{exercise}")]
    if not exercises:
        pytest.skip("no cell with the id of an exercise that is answered here: " + ", ".join(ANSWERS))
    for exercise in exercises:
        for verdict, source in ANSWERS[exercise].items():
            text = chapter.answer(exercise, cleandoc(source)).lower()
            assert [word for word in ANSWERS[exercise] if word in text] == [verdict], text
    none_of(*chapter.complaints())
