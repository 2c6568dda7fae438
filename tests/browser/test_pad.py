"""The pad of chapter 08 in a real browser: drawn on with a mouse, with a finger and with the keyboard.

Only the cells of the chapter that the pad needs are run, and none that trains.
"""

import re
import time

import nbformat
import numpy as np
import pytest
import strokes
from test_browser import HANGING, NOTEBOOKS, Chapter, none_of

from mnist_autograd.teach.explore.pad import Pad

CHAPTER = next(path for path in NOTEBOOKS if path.name.startswith("08-"))
NEEDED = ["imports", "draw-model", "draw-pad"]
# Keeps the strokes of each message that the pad sends to the kernel.
LISTEN_TO_THE_PAD = """
    window.sent = [];
    panel.sessionContext.session.kernel.anyMessage.connect((_, {msg, direction}) => {
        const strokes = msg.content?.data?.state?.strokes;
        if (direction === "send" && strokes) window.sent.push(strokes);
    });
"""
ROUND_TRIP = 'await panel.sessionContext.session.kernel.requestExecute({code: "", silent: true}).done;'
COLOURED = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 0 && Math.abs(value - data[i + 2]) > 50);
}"""
INK = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let black = 0;
    for (let i = 0; i < data.length; i += 4) black += data[i] + data[i + 1] + data[i + 2] < 150;
    return 4 * black / data.length;
}"""
# The pad alone, with a model in place of Python's that keeps what is sent; put() is what Python would set.
ALONE = """
    const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    const values = {strokes: [], pen: 0.1, answer: ""}, sent = [], listeners = {};
    const model = {
        get: name => values[name],
        set: (name, value) => { values[name] = value; },
        save_changes: () => sent.push(values.strokes),
        on: (event, listener) => { listeners[event] = listener; },
        off: event => { delete listeners[event]; },
    };
    const put = strokes => { values.strokes = strokes; listeners["change:strokes"](); };
    const forget = module.default.render({model, el: document.body});
    const canvas = document.querySelector("canvas"), box = canvas.getBoundingClientRect();
    const send = (type, share) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 99, clientX: box.left + share * box.width, clientY: box.top + share * box.height,
    }));
    const key = name => canvas.dispatchEvent(new KeyboardEvent("keydown", {key: name, cancelable: true}));
    const shown = () => canvas.getAttribute("aria-label").match(/: (.*?)\\./)[1];
    const rest = () => new Promise(resolve => setTimeout(resolve, 200));
"""
# A pen moves along the diagonal for a second, faster than a test could move the mouse.
QUICK_HAND = """
    send("pointerdown", 0.1);
    const started = performance.now();
    for (let passed = 0; passed < 1000; passed = performance.now() - started) {
        send("pointermove", 0.1 + 0.0007 * passed);
        await new Promise(resolve => setTimeout(resolve, 4));
    }
    send("pointermove", 0.9);
    const took = performance.now() - started;
    await rest();
    forget();
    return {took, sent};
"""
EMPTY = "The pad is empty."
THREE = strokes.ALL["3 upright"][1]
# With the keyboard, a 7: keys and how often each is pressed, from the middle of the pad.
SEVEN = [("ArrowLeft", 8), ("ArrowUp", 14), (" ", 1), ("ArrowRight", 16), *[("ArrowDown", 3), ("ArrowLeft", 1)] * 8]


class DrawnOn(Chapter):
    """A notebook with the pad alone, and what a person can do with it."""

    def __init__(self, page, lab, name):
        super().__init__(page, lab, name)
        self.canvas = page.locator(".digit-pad canvas")
        self.canvas.scroll_into_view_if_needed()
        self.script(LISTEN_TO_THE_PAD)

    def at(self, x, y):
        """A point of the pad (0 to 1) on the page."""
        box = self.canvas.bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def draw(self, drawing):
        for stroke in drawing:
            self.page.mouse.move(*self.at(*stroke[0]))
            self.page.mouse.down()
            for point in stroke:
                self.page.mouse.move(*self.at(*point))
            self.page.mouse.up()

    def touch(self, drawing):
        """As draw(), with a finger: through Chromium's own input, so that the page might scroll in place of drawing."""
        session = self.page.context.new_cdp_session(self.page)
        for stroke in drawing:
            for i, point in enumerate(stroke):
                x, y = self.at(*point)
                kind = "touchMove" if i else "touchStart"
                session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()

    def press(self, *keys):
        for key, times in keys:
            for _ in range(times):
                self.page.keyboard.press(key)

    def said(self):
        """What is read aloud about the figure."""
        spoken = self.page.locator(".widget-html [role=status]").all_text_contents()
        return spoken[-1] if spoken else ""

    def reads(self):
        """The digit that the pad reads once all messages have come and gone, or None; and the whole sentence."""
        sentence = self.settled_sentence()
        digit = re.match(r"It reads (\d)", sentence)
        return (int(digit[1]) if digit else None), sentence

    def settled_sentence(self):
        """What is said once the kernel has answered all that the pad had to send, and there is no more."""
        before, now = None, ""
        while before != now:
            self.page.wait_for_timeout(120)  # longer than the pad holds a message back
            self.script(ROUND_TRIP)
            before, now = now, self.said()
        return now

    def clear(self):
        self.page.get_by_role("button", name="Clear").click()
        self.wait_until_empty()

    def wait_until_empty(self):
        deadline = time.monotonic() + HANGING
        while not (sentence := self.settled_sentence()).startswith(EMPTY):
            assert time.monotonic() < deadline, sentence

    def ink(self):
        """The share of the canvas that is black."""
        return self.canvas.evaluate(INK)


@pytest.fixture(scope="module")
def pad(browser, lab):
    notebook = nbformat.read(CHAPTER, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id in NEEDED]
    assert [cell.id for cell in notebook.cells] == NEEDED
    nbformat.write(notebook, lab.notebooks / "pad.ipynb")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    page = context.new_page()
    yield DrawnOn(page, lab, "pad.ipynb")
    page.evaluate("window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()")
    context.close()


@pytest.fixture(autouse=True)
def empty(pad):
    if pad.page.get_by_role("button", name="Clear").is_enabled():
        pad.clear()
    yield
    none_of(*pad.cell_problems(), *pad.complaints())


def test_it_is_there_and_says_what_to_do(pad):
    assert pad.said().startswith(EMPTY) and "Draw a digit" in pad.said()
    label = pad.canvas.get_attribute("aria-label")
    assert "empty" in label and "arrow keys" in label
    assert pad.ink() == 0
    none_of(*pad.unlabelled(), *pad.unspoken())


def test_a_3_drawn_with_the_mouse_is_read_as_3_and_clearing_works(pad):
    pad.draw(THREE)
    digit, sentence = pad.reads()
    assert digit == 3, sentence
    assert "It reads 3" in pad.page.locator(".widget-html svg").last.inner_html()
    assert pad.ink() > 0.05
    pad.clear()
    assert pad.ink() == 0 and pad.canvas.get_attribute("aria-label").startswith("Pad for a digit: empty")


def test_undo_takes_the_last_stroke_back(pad):
    pad.draw([*THREE, [(0.1, 0.1), (0.1, 0.9)]])
    assert "2 strokes" in pad.canvas.get_attribute("aria-label")
    pad.page.get_by_role("button", name="Undo").click()
    assert pad.reads()[0] == 3 and "1 stroke." in pad.canvas.get_attribute("aria-label")


def test_a_finger_draws_and_does_not_scroll(pad):
    before = pad.canvas.bounding_box()
    pad.touch(THREE)
    digit, sentence = pad.reads()
    assert digit == 3, sentence
    assert pad.canvas.bounding_box() == before


def test_a_stroke_that_leaves_the_pad_goes_on_along_its_edge(pad):
    pad.draw([[(0.5, 0.3), (1.3, 0.3), (1.3, 1.4), (0.5, 0.6)]])
    pad.settled_sentence()
    (stroke,) = pad.page.evaluate("window.sent.at(-1)")
    assert [max(0, *column) for column in zip(*stroke)] == [1, 1] and stroke[-1] == pytest.approx([0.5, 0.6], abs=0.01)


def test_a_7_drawn_with_the_keyboard_is_read_as_7_and_the_notebook_keeps_still(pad):
    cell = pad.script("return panel.content.activeCell.model.id")
    pad.canvas.focus()
    pad.press(*SEVEN)
    status = pad.page.locator(".digit-pad-status")
    assert "pen down" in status.inner_text()
    pad.press((" ", 1))
    assert "pen up" in status.inner_text()
    digit, sentence = pad.reads()
    assert digit == 7, sentence
    pad.press(("b", 1), ("x", 1))  # which add and cut a cell elsewhere
    assert pad.canvas.evaluate("canvas => canvas === document.activeElement")
    assert pad.script("return panel.content.widgets.length") == len(NEEDED)
    assert pad.script("return [panel.content.activeCell.model.id, panel.content.mode]") == [cell, "command"]


def test_the_cursor_is_there_with_the_keyboard_and_gone_with_the_mouse(pad):
    pad.draw(THREE)
    assert not pad.canvas.evaluate(COLOURED)
    pad.press(("ArrowRight", 1))
    assert pad.canvas.evaluate(COLOURED)
    assert pad.page.locator(".digit-pad-status").inner_text() == "Keyboard: pen up, 0.52 right, 0.50 down."
    pad.press(("Tab", 1))
    assert not pad.canvas.evaluate(COLOURED)
    pad.press(("Shift+Tab", 1))
    assert pad.canvas.evaluate(COLOURED)
    pad.draw([[(0.1, 0.1)]])
    assert not pad.canvas.evaluate(COLOURED)


@pytest.mark.parametrize("key", ["Escape", "Delete"])
def test_keys_clear(pad, key):
    pad.canvas.focus()
    pad.press(*SEVEN, (key, 1))
    pad.wait_until_empty()
    assert pad.canvas.evaluate("canvas => canvas.matches(':focus')")


def test_with_the_tab_key_one_comes_to_the_pad_its_buttons_and_out(pad):
    pad.draw(THREE)
    pad.canvas.focus()
    focused = []
    for _ in range(3):
        focused.append(pad.page.evaluate("document.activeElement.textContent || document.activeElement.tagName"))
        pad.press(("Tab", 1))
    assert focused == ["CANVAS", "Undo", "Clear"]
    assert not pad.page.evaluate("document.querySelector('.digit-pad').contains(document.activeElement)")


def test_the_picture_follows_while_drawing(pad):
    pad.page.mouse.move(*pad.at(0.2, 0.5))
    pad.page.mouse.down()
    pad.page.mouse.move(*pad.at(0.6, 0.5), steps=10)
    assert pad.settled_sentence().startswith("It reads")
    pad.page.mouse.up()


@pytest.fixture
def alone(browser):
    """A function that runs a script with the pad alone, and returns what that returns; an error in the page fails."""
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(error.message))
    yield lambda script: page.evaluate(f"async source => {{{ALONE}{script}}}", Pad._esm)
    page.close()
    assert errors == []


@pytest.mark.parametrize("key", ["Backspace", "Escape"])
def test_a_key_that_takes_the_stroke_away_takes_the_pen_off(alone, key):
    script = f'send("pointerdown", 0.1); key("{key}"); send("pointermove", 0.5); await rest();'
    assert alone(script + "return [shown(), sent.at(-1)];") == ["empty", []]


def test_the_keyboard_keeps_still_while_the_mouse_draws(alone):
    script = """
        send("pointerdown", 0.1); key(" "); key("ArrowLeft"); send("pointermove", 0.5); send("pointerup", 0.5);
        await rest();
        return [shown(), sent.at(-1)];
    """
    label, strokes = alone(script)
    assert label == "1 stroke" and strokes == [pytest.approx(np.array([[0.1, 0.1], [0.5, 0.5]]), abs=0.01)]


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ('key(" ")', 'key(" ")'),
        ('key(" ")', 'canvas.dispatchEvent(new FocusEvent("blur"))'),
        ('send("pointerdown", 0.1)', 'send("pointerup", 0.1)'),
    ],
)
def test_what_python_sets_while_the_pen_is_down_appears_when_it_is_lifted(alone, down, up):
    script = f"{down}; await rest(); put([]); const before = shown(); {up}; return [before, shown(), sent.length];"
    assert alone(script) == ["1 stroke", "empty", 1]


def test_a_pad_that_is_taken_away_sends_its_last_change(alone):
    script = """
        send("pointerdown", 0.1); send("pointermove", 0.5); forget();
        const at_once = sent.length;
        await rest();
        return [at_once, sent.length, sent.at(-1)[0].length];
    """
    assert alone(script) == [2, 2, 2]


def test_twenty_messages_a_second_at_most_and_always_the_last(alone):
    found = alone(QUICK_HAND)
    assert 2 <= len(found["sent"]) <= found["took"] / 50 + 2
    assert len(found["sent"][-1][0]) > 50 and found["sent"][-1][0][-1] == pytest.approx([0.9, 0.9], abs=0.01)


@pytest.mark.slow
def test_of_twenty_digits_of_two_hands_at_least_eighteen_are_read(pad):
    wrong = []
    for name, (digit, drawing) in strokes.ALL.items():
        pad.draw(drawing)
        read, sentence = pad.reads()
        if read != digit:
            wrong.append(f"{name}: {sentence}")
        pad.clear()
    assert len(wrong) <= 2, wrong
