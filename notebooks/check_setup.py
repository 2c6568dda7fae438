"""Checks the reader's setup and says what to do about each thing that is missing.

It lies beside the notebooks and needs only Python's standard library, so that it can speak even where nothing is
installed. It never raises.
"""

import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON = (3, 11)
PACKAGES = {
    "numpy": "2.0",
    "tqdm": "4.66",
    "threadpoolctl": "3.5",
    "ipywidgets": "8",
    "matplotlib": "3.9",
    "pooch": "1.8",
    "anywidget": "0.9",
}


def check_setup() -> bool:
    """Print a line for each thing the chapters need, with what to do where it is missing; True if all is there."""
    problems = [problem for check in CHECKS for problem in _report(*check)]
    if problems:
        _say(
            f"\nTo do: {len(problems)}. After that, choose Kernel > Restart Kernel in the menu and run this cell again."
        )
    else:
        _say("\nEverything is ready.")
    return not problems


def _report(title, check):
    try:
        problems = list(check())
    except Exception as error:  # whatever is broken, the reader gets a line and no traceback
        problems = [f"{type(error).__name__}: {error}"]
    _say(f"{'✗' if problems else '✓'} {title}")
    for problem in problems:
        _say(f"    → {problem}")
    return problems


def _say(line):
    """Print a line; in ASCII where the output knows no more, as a pipe on Windows."""
    try:
        print(line)
    except UnicodeEncodeError:
        line = line.replace("✗", "x").replace("✓", "ok").replace("→", "->")
        print(line.encode("ascii", "backslashreplace").decode())


def _python():
    if sys.version_info < PYTHON:
        yield f"This is Python {sys.version.split()[0]}. Install Python 3.11 or newer, then run `make lab` again."


def _packages():
    for name, needed in PACKAGES.items():
        found = _version(name)
        if found is None:
            yield f"{name} is not installed. In a terminal: {_install(f'{name}>={needed}')}"
        elif _numbers(found) < _numbers(needed):
            yield f"{name} is {found}, but {needed} or newer is needed. In a terminal: {_install(f'{name}>={needed}')}"


def _project():
    spec = importlib.util.find_spec("mnist_autograd")
    if spec is None:
        yield (
            "mnist_autograd, the package of this project, is not installed where this notebook runs. In a terminal: "
            + _install(f"{REPOSITORY}[notebooks]", "-e ")
        )
    elif Path(spec.origin).resolve().parent.parent != REPOSITORY:
        yield (
            f"mnist_autograd comes from {Path(spec.origin).parent}, which is another copy than these notebooks'. "
            f"In a terminal: {_install(f'{REPOSITORY}[notebooks]', '-e ')}"
        )


def _data():
    from mnist_autograd import data

    for split in ("train", "test"):
        try:
            data.load("mnist", split)
        except (OSError, ValueError) as error:
            yield f"{error}. In a git clone, `git checkout data` brings the files back."


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version):
    """(2, 0) for "2.0.0rc1": enough to compare with a lower bound of two numbers."""
    parts = []
    for part in version.split(".")[:2]:
        digits = "".join(c for c in part if c.isdigit())
        parts.append(int(digits or 0))
    return tuple(parts)


def _install(what, option=""):
    """The command that installs a requirement for this Python, which need not have pip: uv's environments have none."""
    if importlib.util.find_spec("pip"):
        return f'"{sys.executable}" -m pip install {option}"{what}"'
    if shutil.which("uv"):
        return f'uv pip install --python "{sys.executable}" {option}"{what}"'
    return f'"{sys.executable}" -m ensurepip, and then "{sys.executable}" -m pip install {option}"{what}"'


CHECKS = [
    ("Python is 3.11 or newer", _python),
    ("the packages are installed, and new enough", _packages),
    ("mnist_autograd is the one beside these notebooks", _project),
    ("all 70,000 MNIST images are in data/ and intact", _data),
]

if __name__ == "__main__":
    sys.exit(not check_setup())
