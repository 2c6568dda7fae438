"""What make does with a set-up that was interrupted, moved or refused.

It is tried with a stand-in for Python that writes down how it is called: the real one takes a minute and a network.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("make"), reason="needs make and a POSIX shell")

# A stand-in: LACKS names what its Python comes without, and in the stage that DIES names, it kills make and itself.
STAND_IN = """#!/bin/sh
echo "${0##*/} $*" >> "$LOG"
stage() { [ "$DIES" != "$1" ] || kill -9 0; }
lacks() { case " $LACKS " in *" $1 "*) return 0; esac; return 1; }
packages=.venv/lib/python3.12/site-packages
case "$*" in
*version_info*) ! lacks version ;;
*sysconfig*) echo $packages ;;
*sys.version.split*) echo 3.9.1 ;;
--version) echo "Python 3.12.0" ;;
"-c import pip") test -e $packages/pip ;;
"-m venv"*)
    mkdir -p .venv/bin && cp "$0" .venv/bin/python && stage venv
    case "$*" in *--without-pip*) exit 0; esac
    mkdir -p $packages/pip && stage pip
    if lacks ensurepip; then exit 1; fi ;;
"-m pip install"*--target*) ! lacks pip && mkdir -p $packages/pip ;;
"-m pip install"*)
    mkdir -p $packages/whole-1.dist-info $packages/half-1.dist-info
    touch $packages/whole-1.dist-info/INSTALLER && stage packages
    touch $packages/half-1.dist-info/INSTALLER ;;
*) echo "PYTHONPATH=$PYTHONPATH threads=$OPENBLAS_NUM_THREADS,$OMP_NUM_THREADS" >> "$LOG" ;;
esac
"""


class Clone:
    """A folder with the Makefile and a Python, as far as make sees."""

    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder.with_suffix(".log")
        self.python = folder.parent / "python-3.12"
        self.python.write_text(STAND_IN)
        self.python.chmod(0o755)
        folder.mkdir()
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("pyproject.toml", "notebooks/00-start-here.ipynb", "notebooks/05-cross-entropy.ipynb"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()

    def make(self, *arguments, python=None, dies="", lacks=""):
        """The finished process, in a process group of its own for the kills, and a line for each call of Python."""
        self.log.write_text("")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PYTHON", "MFLAGS"))}
        done = subprocess.run(
            ["make", *(arguments or ["lab"]), f"PYTHON={self.python if python is None else python}"],
            cwd=self.folder,
            env=environment | {"LOG": str(self.log), "DIES": dies, "LACKS": lacks},
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        return done, self.log.read_text().splitlines()

    def opens(self):
        """The calls of a `make lab` that must end in JupyterLab."""
        done, calls = self.make("lab")
        assert done.returncode == 0, done.stderr
        assert calls[-2].startswith("python -m jupyterlab")
        return calls


def count(calls, words):
    return sum(words in call for call in calls)


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "a clone")


def test_what_is_set_up_is_used_as_it_is(clone):
    assert count(clone.opens(), "-m venv") == 1
    calls = clone.opens()
    assert count(calls, "-m venv") == count(calls, "pip install") == 0


def test_new_requirements_are_installed_into_the_environment_that_is_there(clone):
    clone.opens()
    stamp = (clone.folder / ".venv" / "notebooks").stat().st_mtime
    os.utime(clone.folder / "pyproject.toml", (stamp + 10, stamp + 10))
    calls = clone.opens()
    assert count(calls, "-m venv") == 0 and count(calls, "pip install") == 1


@pytest.mark.parametrize("stage", ["venv", "pip", "packages"])
def test_a_set_up_that_was_killed_is_finished_by_the_next_call(clone, stage):
    done, calls = clone.make(dies=stage)
    assert done.returncode == -signal.SIGKILL and count(calls, "jupyterlab") == 0
    calls = clone.opens()
    assert count(calls, "-m venv") == (stage != "packages")
    assert count(clone.opens(), "install") == 0


def test_a_package_that_was_being_copied_at_a_kill_is_installed_again(clone):
    """pip takes a package for installed once its metadata is there, though other files of it may still be missing."""
    packages = clone.folder / ".venv" / "lib" / "python3.12" / "site-packages"
    clone.make(dies="packages")
    (packages / "half-1.dist-info" / "left by the kill").touch()
    clone.opens()
    assert (packages / "whole-1.dist-info" / "INSTALLER").exists()
    assert not (packages / "half-1.dist-info" / "left by the kill").exists()


def test_a_renamed_clone_runs_as_before(clone):
    clone.opens()
    clone.folder = clone.folder.rename(clone.folder.with_name("renamed"))
    calls = clone.opens()
    assert count(calls, "install") == 0
    assert f"PYTHONPATH={clone.folder}" in calls[-1]


def test_an_environment_whose_python_is_gone_is_made_anew_by_the_first_call(clone):
    clone.opens()
    python = clone.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    calls = clone.opens()
    assert count(calls, "-m venv") == count(calls, "pip install") == 1


def test_an_environment_whose_python_has_become_another_is_made_anew(clone):
    """After an upgrade of the system, .venv's Python looks for its packages in a new folder, where there is no pip."""
    clone.opens()
    shutil.rmtree(clone.folder / ".venv" / "lib" / "python3.12" / "site-packages" / "pip")
    assert count(clone.opens(), "-m venv") == 1


def test_an_old_python_is_refused_in_words_before_anything_is_made(clone):
    done, calls = clone.make(lacks="version")
    assert done.returncode and count(calls, "-m venv") == 0
    assert f"Python 3.11 or newer is needed, but {clone.python} is 3.9.1" in done.stderr
    assert not (clone.folder / ".venv").exists()


@pytest.mark.parametrize("python, words", [("", "none was found"), ("/no/python", "but /no/python is missing")])
def test_a_python_that_is_missing_is_refused_in_words(clone, python, words):
    done, _ = clone.make(python=python)
    assert done.returncode and words in done.stderr and "make lab PYTHON=/path/to/python" in done.stderr


def test_where_python_has_no_ensurepip_its_own_pip_installs_one(clone):
    done, calls = clone.make(lacks="ensurepip")
    assert done.returncode == 0 and count(calls, "pip install --quiet pip --target") == 1
    assert count(calls, "jupyterlab") == 1


def test_where_python_has_no_pip_at_all_make_says_what_to_install(clone):
    for _ in range(2):
        done, calls = clone.make(lacks="ensurepip pip")
        assert done.returncode and count(calls, "jupyterlab") == 0
        assert "sudo apt install python3-venv" in done.stderr
    assert count(clone.opens(), "-m venv") == 1


def test_a_process_gets_one_thread_for_matrix_products_or_as_many_as_asked_for(clone):
    assert clone.opens()[-1].endswith("threads=1,1")
    assert clone.make("test")[1][-1].endswith("threads=1,1")
    assert clone.make("lab", "THREADS=3")[1][-1].endswith("threads=3,3")


def test_nb_picks_chapters_by_their_numbers(clone):
    assert clone.make("notebooks")[1][-2] == "python tools/notebooks.py"
    assert clone.make("notebooks", "NB=05")[1][-2] == "python tools/notebooks.py notebooks/05-cross-entropy.ipynb"
    done, _ = clone.make("notebooks", "NB=00 77")
    assert done.returncode and "There is no chapter 77 in notebooks/" in done.stderr


def test_every_target_is_explained(clone):
    done, _ = clone.make("help")
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY"))
    for target in phony.split()[2:]:
        assert f"make {target} " in done.stdout
