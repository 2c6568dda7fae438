// The pad in the page: it collects strokes, draws them, and tells Python. What they mean is Python's business (digits.py).
//
// A stroke is a list of points [x, y] from 0 to 1. anywidget calls render() for each view of the pad and hands it
// model, which holds the same values as the object in Python: model.get(), model.set(), and save_changes() to send.

const SIZE = 280; // of the canvas, in the page's pixels
const STEP = 0.02; // how far an arrow key moves the cursor; with Shift, a quarter of that
const PAUSE = 50; // milliseconds between two messages to Python, so that drawing never waits for it
const NEAR = 1 / 140; // a point nearer than this to the one before it, a pixel of digits.drawn, adds nothing
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const MIDDLE = [0.5, 0.5];

const HELP =
  "Draw with the mouse or a finger. With the keyboard: Tab to the pad, arrow keys to move, " +
  "Space to put the pen down and to lift it, Delete or Escape to clear.";

function render({ model, el }) {
  let strokes = structuredClone(model.get("strokes"));
  let pointer = null; // the id of the mouse or finger that draws
  let penDown = false; // of the keyboard
  let cursor = MIDDLE; // of the keyboard
  let cursorShown = false;

  // --- What there is to see ---

  const root = element("div", "digit-pad");
  const canvas = element("canvas", "digit-pad-canvas", root);
  canvas.tabIndex = 0;
  canvas.dataset.lmSuppressShortcuts = "true"; // or JupyterLab would take keys for its own: x would cut the cell
  canvas.setAttribute("role", "application"); // so that a screen reader lets the arrow keys through
  const buttons = element("div", "digit-pad-buttons", root);
  const undoButton = button("Undo", undo);
  const clearButton = button("Clear", clear);
  const answer = element("span", "digit-pad-answer", buttons);
  const status = element("div", "digit-pad-status", root);
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  element("div", "digit-pad-help", root).textContent = HELP;
  el.replaceChildren(root);

  const density = window.devicePixelRatio || 1;
  canvas.width = canvas.height = SIZE * density;
  const paper = canvas.getContext("2d");
  paper.scale(density, density);

  function element(kind, name, parent) {
    const made = document.createElement(kind);
    made.className = name;
    parent?.append(made);
    return made;
  }

  function button(name, action) {
    const made = element("button", "digit-pad-button", buttons);
    made.type = "button";
    made.textContent = name;
    made.addEventListener("click", action);
    return made;
  }

  function paint() {
    paper.fillStyle = "white";
    paper.fillRect(0, 0, SIZE, SIZE);
    if (strokes.length === 0) {
      paper.fillStyle = "#595959";
      paper.font = "16px Helvetica, Arial, sans-serif";
      paper.textAlign = "center";
      paper.fillText("draw a digit here", SIZE / 2, 32);
    }
    paper.strokeStyle = "black";
    paper.lineWidth = SIZE * model.get("pen");
    paper.lineCap = paper.lineJoin = "round";
    for (const stroke of strokes) {
      paper.beginPath();
      for (const [x, y] of stroke.length === 1 ? [...stroke, ...stroke] : stroke) paper.lineTo(SIZE * x, SIZE * y);
      paper.stroke();
    }
    if (cursorShown) paintCursor();
    undoButton.disabled = clearButton.disabled = strokes.length === 0;
    const count = strokes.length === 1 ? "1 stroke" : `${strokes.length} strokes`;
    canvas.setAttribute("aria-label", `Pad for a digit: ${strokes.length ? count : "empty"}. ${HELP}`);
  }

  function paintCursor() {
    const [x, y] = cursor.map((share) => SIZE * share);
    const radius = penDown ? 8 : 14; // so that the colour is not the only sign
    for (const [colour, width] of [["white", 6], [penDown ? "#D55E00" : "#0072B2", 3]]) {
      paper.strokeStyle = colour;
      paper.lineWidth = width;
      paper.beginPath();
      paper.arc(x, y, radius, 0, 2 * Math.PI);
      for (const [a, b] of Object.values(ARROWS)) {
        paper.moveTo(x + radius * a, y + radius * b);
        paper.lineTo(x + 26 * a, y + 26 * b);
      }
      paper.stroke();
    }
  }

  function say() {
    const [right, down] = cursor.map((share) => share.toFixed(2));
    status.textContent = `Keyboard: pen ${penDown ? "down" : "up"}, ${right} right, ${down} down.`;
  }

  // --- Messages to Python: at most one each PAUSE, and always the last ---

  let timer = null;
  let waiting = false; // whether something has changed since the last message

  function changed() {
    paint();
    waiting = true;
    if (timer === null) send();
  }

  function send() {
    timer = waiting ? setTimeout(send, PAUSE) : null;
    flush();
  }

  function flush() {
    if (!waiting) return;
    waiting = false;
    model.set("strokes", structuredClone(strokes));
    model.save_changes();
  }

  // --- Drawing ---

  const clip = (share) => Math.min(1, Math.max(0, share));
  const rounded = (share) => Math.round(10000 * share) / 10000; // finer than any screen

  function begin(point) {
    strokes.push([point]);
    changed();
  }

  function extend([x, y]) {
    const stroke = strokes.at(-1);
    const [lastX, lastY] = stroke.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < NEAR) return;
    stroke.push([x, y]);
    changed();
  }

  function undo() {
    penDown = false;
    pointer = null; // what it was drawing is gone
    strokes.pop();
    say();
    changed();
  }

  function clear() {
    penDown = false;
    pointer = null;
    cursor = MIDDLE;
    strokes = [];
    say();
    changed();
  }

  // --- Mouse, pen and finger ---

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - canvas.clientLeft) / canvas.clientWidth;
    const y = (event.clientY - box.top - canvas.clientTop) / canvas.clientHeight;
    return [rounded(clip(x)), rounded(clip(y))];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return; // a second finger, or another mouse button
    pointer = event.pointerId;
    penDown = cursorShown = false;
    try {
      canvas.setPointerCapture(pointer); // a stroke that leaves the pad goes on along its edge
    } catch {
      // the pointer is gone already, or a script made it up
    }
    begin(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? []; // all points since the last frame, where the browser keeps them
    for (const each of passed.length ? passed : [event]) extend(place(each));
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    canvas.addEventListener(end, (event) => {
      if (event.pointerId === pointer) {
        pointer = null;
        follow();
      }
    });

  // --- Keyboard ---

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (pointer !== null && (event.key in ARROWS || event.key === " ")) return event.preventDefault(); // one pen at a time
    if (event.key in ARROWS) {
      const length = event.shiftKey ? STEP / 4 : STEP;
      cursor = cursor.map((share, i) => rounded(clip(share + length * ARROWS[event.key][i])));
      if (penDown) extend(cursor);
    } else if (event.key === " ") {
      if (event.repeat) return event.preventDefault();
      penDown = !penDown;
      if (penDown) begin(cursor);
      else follow();
    } else if (event.key === "Escape" || event.key === "Delete") {
      clear();
    } else if (event.key === "Backspace") {
      undo();
    } else {
      return; // Tab, for example, leads on
    }
    event.preventDefault(); // or the page would scroll
    event.stopPropagation();
    cursorShown = true;
    say();
    paint();
  });
  canvas.addEventListener("focus", () => {
    cursorShown = canvas.matches(":focus-visible"); // it came with the Tab key, not with the mouse
    paint();
  });
  canvas.addEventListener("blur", () => {
    penDown = cursorShown = false;
    say();
    follow();
    paint();
  });

  // --- Messages from Python ---

  function follow() {
    if (pointer !== null || penDown || waiting) return; // what is being drawn is newer
    strokes = structuredClone(model.get("strokes"));
    paint();
  }

  function showAnswer() {
    answer.textContent = model.get("answer");
  }

  model.on("change:strokes", follow);
  model.on("change:answer", showAnswer);
  showAnswer();
  say();
  paint();
  return () => {
    clearTimeout(timer);
    flush();
    model.off("change:strokes", follow);
    model.off("change:answer", showAnswer);
  };
}

export default { render };
