"""A JupyterLab of its own and a Chromium for the tests of this folder: `make test-browser`."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent.parent / "notebooks"
NO_CHROMIUM = (
    "no Chromium found: install Debian's chromium or Google Chrome, or name it in the environment variable CHROMIUM"
)
CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# A container has neither a GPU nor the rights for a sandbox; the others keep Chromium from calling home.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false"},  # no pop-up that asks whether to fetch news
    "notebook-extension/tracker": {"windowingMode": "none"},  # render the cells that are out of sight, too
}


def pytest_ignore_collect(config):
    """These tests run only where this folder is named: `pytest tests` and `make test` need no browser."""
    named = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(HERE in (path, *path.parents) for path in named) else True


class Lab(NamedTuple):
    url: str
    token: str
    notebooks: Path  # a copy, in which tests may write


@pytest.fixture(scope="session")
def browser():
    named = os.environ.get("CHROMIUM")
    executable = shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if named and not executable:
        pytest.fail(f"the environment variable CHROMIUM names {named}, which is no program")
    if not executable:
        pytest.skip(NO_CHROMIUM)
    # Not at the top: this file is read by every pytest run, and only the extra `browser` brings playwright.
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    with playwright.sync_playwright() as p:
        yield p.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """JupyterLab on a free port, with settings, workspaces and notebooks in a temporary folder.

    The notebooks are copies, so that nothing JupyterLab saves reaches the repository. They are copied without their
    stored outputs: what a test sees is new. All else is a link: check_setup.py finds its repository by resolving its
    own path, and so comes to the real one.
    """
    folder = tmp_path_factory.mktemp("lab")
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))

    copies = folder / "notebooks"
    copies.mkdir()
    for path in NOTEBOOKS.iterdir():
        if path.suffix == ".ipynb":
            (copies / path.name).write_text(without_outputs(path.read_text(encoding="utf-8")), encoding="utf-8")
        elif not path.name.startswith((".", "__")):
            (copies / path.name).symlink_to(path)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    environment = os.environ | {
        "JUPYTER_TOKEN": token,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    arguments = f"--allow-root --no-browser --expose-app-in-browser --port={port} --ServerApp.port_retries=0".split()
    command = [sys.executable, "-m", "jupyterlab", *arguments, f"--ServerApp.root_dir={copies}"]
    log = folder / "jupyterlab.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(f"{url}/api?token={token}", server, log)
        yield Lab(url, token, copies)
    finally:
        server.terminate()  # JupyterLab ends its kernels, then itself
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def without_outputs(text):
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(notebook)


def wait_for(url, server, log, seconds=1200):  # no limit of speed: after so long, nothing will come any more
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url):
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where a test fails, show what the browser showed."""
    report = yield
    browser = item.funcargs.get("browser")
    if report.failed and browser:
        folder = item.config._tmp_path_factory.mktemp("screenshots")
        for i, page in enumerate(page for context in browser.contexts for page in context.pages):
            path = folder / f"{i}.png"
            page.screenshot(path=path)
            report.sections.append(("Screenshot", str(path)))
    return report
