"""How soon a picture follows its slider in JupyterLab: explore.softmax, and the same chart by @interact and matplotlib.

usage: python benchmarks/explorer.py [--presses 30] [--python .venv/bin/python] [--chromium /usr/bin/chromium]

Both live in one notebook in headless Chromium and take turns: machines are noisy, so only the ratio counts. Timed are
a key press, up to the frame with the new picture in it, and a drag of two seconds at 60 events a second, from its last
event until the picture no longer changes. Needs playwright (pip install playwright) and Chromium.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-quic"]
CELLS = {
    "explore.softmax": "from mnist_autograd.teach import explore\nexplore.softmax()",
    "@interact": """%matplotlib inline
import ipywidgets, matplotlib.pyplot as plt, numpy as np
names = ["cat", "dog", "bird", "fish", "frog"]
@ipywidgets.interact(**{n: ipywidgets.FloatSlider(2 - i, min=-10, max=10, step=0.1) for i, n in enumerate(names)})
def draw(**logits):
    e = np.exp(list(logits.values()))
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 2.6), layout="constrained")
    for ax, values, title in zip(axes, (e, e / e.sum()), ("exp(z)", "probabilities")):
        ax.barh(names, values)
        ax.set_title(title)
        for i, value in enumerate(values):
            ax.text(value, i, f"{value:.4g}", va="center")
    axes[1].axvline(0.2, linestyle="--")
    plt.show()""",
}
# Looks at every frame whether the picture in cell i is another one, and keeps the times of events and of changes.
WATCH = """(i) => {
    const cell = document.querySelectorAll('.jp-CodeCell')[i], w = window.watched = {event: 0, changes: []};
    const picture = () => {
        const svg = cell.querySelector('svg[role=img]'), img = [...cell.querySelectorAll('.jp-OutputArea img')].pop();
        return svg ? svg.outerHTML : img && img.complete && img.naturalWidth ? img.src : null;
    };
    let last = picture();
    const look = () => {
        if (window.watched !== w) return;
        const now = picture();
        if (now && now !== last) { last = now; w.changes.push(performance.now()); }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    for (const kind of ['keydown', 'pointermove'])
        document.addEventListener(kind, () => { w.event = performance.now(); }, true);
}"""


@contextlib.contextmanager
def jupyterlab(python):
    """The address of a JupyterLab of its own, which shows a notebook of CELLS."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
            for i, s in enumerate(CELLS.values())
        ]
        notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}}
        Path(folder, "x.ipynb").write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        token = secrets.token_hex()  # who else is on this machine must not run code in it
        command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"]
        command += ["--ip=127.0.0.1", f"--port={port}", "--LabApp.news_url=None"]
        settings = {f"JUPYTER_{name}_DIR": folder for name in ("CONFIG", "RUNTIME")}
        settings |= {"PYTHONPATH": str(ROOT), "JUPYTER_TOKEN": token}
        server = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}/lab/tree/x.ipynb?token={token}"
            for _ in range(120):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(address, timeout=5)
                    break
                time.sleep(0.5)
            yield address
        finally:
            server.terminate()
            server.wait()


def open_notebook(page, address):
    page.goto(address)
    page.wait_for_selector(".jp-CodeCell", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    for i in range(len(CELLS)):
        picture = page.locator(".jp-CodeCell").nth(i).locator("svg[role=img], .jp-OutputArea img").first
        for _ in range(4):  # JupyterLab drops a run that comes before its kernel is connected
            page.locator(".jp-CodeCell .cm-content").nth(i).click()
            page.keyboard.press("Control+Enter")
            with contextlib.suppress(Exception):
                picture.wait_for(timeout=15_000)
                break


def handle(page, i):
    return page.locator(".jp-CodeCell").nth(i).locator(".noUi-handle").first


def press(page, i, key):
    """Milliseconds from a key press to the frame with the new picture."""
    handle(page, i).focus()
    page.evaluate(WATCH, i)
    page.keyboard.press(key)
    page.wait_for_function("window.watched.changes.length > 0", timeout=20_000)
    page.wait_for_timeout(200)
    return page.evaluate("window.watched.changes[0] - window.watched.event")


def drag(page, i):
    """Milliseconds from the last of 120 movements to the last change, and the pictures seen."""
    handle(page, i).scroll_into_view_if_needed()
    box = handle(page, i).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(WATCH, i)
    page.mouse.move(x, y)
    page.mouse.down()
    start = time.perf_counter()
    for step in range(120):
        page.mouse.move(x + 40 * (1 - abs(step % 60 - 30) / 15), y)
        time.sleep(max(0, start + (step + 1) / 60 - time.perf_counter()))
    last = page.evaluate("window.watched.event")
    page.mouse.up()
    seen = -1
    while seen != (seen := page.evaluate("window.watched.changes.length")):
        page.wait_for_timeout(1500)
    return max(0, page.evaluate("window.watched.changes.at(-1)") - last), seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=30)
    parser.add_argument("--python", default=sys.executable, help="runs JupyterLab (default: this one)")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    args = parser.parse_args()
    if importlib.util.find_spec("playwright") is None:
        sys.exit("skipped: playwright is not installed (pip install playwright)")
    if not args.chromium:
        sys.exit("skipped: found no chromium; name it with --chromium")
    from playwright.sync_api import sync_playwright

    with jupyterlab(args.python) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        open_notebook(page, address)
        times = {name: [] for name in CELLS}
        for n in range(args.presses + 2):  # the first two warm up
            for i, name in enumerate(CELLS):
                times[name].append(press(page, i, ("ArrowRight", "ArrowLeft")[n % 2]))
        medians = {name: statistics.median(values[2:]) for name, values in times.items()}
        for i, name in enumerate(CELLS):
            settled, pictures = drag(page, i)
            print(f"{name:16} {medians[name]:4.0f} ms a key press; after a drag {settled:5.0f} ms, {pictures} pictures")
        print(f"explore.softmax is {medians['@interact'] / medians['explore.softmax']:.1f} times as quick")
        browser.close()


if __name__ == "__main__":
    main()
