"""The benchmarks in tiny sizes: they run, and they measure what they say. How long anything takes is no test."""

import importlib
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import nbformat
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "benchmarks"
LEARNERS = ("loop", "trainer", "numpy", "pytorch", "jax")


@pytest.fixture
def benchmark(monkeypatch):
    """Gives the module of a benchmark by its name."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


def run(name, *arguments):
    command = [sys.executable, FOLDER / f"{name}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table_rows(output):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in output.splitlines() if line.startswith("|")]


# --- epoch.py ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    return rng.random((50, 784), dtype=np.float32), rng.integers(0, 10, 50)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_contestant_learns_the_same_as_plain_formulas_in_float64(benchmark, examples, name):
    epoch = benchmark("epoch")
    if name in epoch.NEEDS:
        pytest.importorskip(epoch.NEEDS[name])
    X, y = examples
    expected = [p.astype(np.float64) for p in epoch.initial_weights()]
    velocities = [np.zeros_like(p) for p in expected]
    for i in epoch.batches(len(X), 16, epoch=0):  # three batches of 16, and one of 2
        W1, b1, W2, b2 = expected
        h = np.tanh(X[i] @ W1 + b1)
        e = np.exp(h @ W2 + b2)
        dz = (e / e.sum(axis=1, keepdims=True) - np.eye(10)[y[i]]) / len(i)
        da = dz @ W2.T * (1 - h**2)
        gradients = X[i].T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
        velocities = [0.9 * v + g + 1e-4 * p for p, v, g in zip(expected, velocities, gradients)]
        expected = [p - epoch.learning_rate(16) * v for p, v in zip(expected, velocities)]

    learned = next((epoch.OURS | epoch.OTHERS)[name](X, y, 16, epoch.initial_weights()))
    for p, q in zip(learned, expected, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-4, atol=1e-6)


def test_a_contestant_that_computes_something_else_ends_the_benchmark(benchmark):
    epoch = benchmark("epoch")
    results = {"loop": [{"loss": 0.5}], "numpy": [{"loss": 0.5001}], "products": [{"loss": None}]}
    epoch.check_losses(results)
    for loss in (0.6, float("nan")):
        with pytest.raises(SystemExit, match="jax computes something else"):
            epoch.check_losses(results | {"jax": [{"loss": loss}]})


def test_a_ratio_is_that_of_the_shortest_times_and_the_median_of_the_rounds(benchmark):
    ours = [{"seconds": [5.0, 4.0]}, {"seconds": [9.0, 8.0]}, {"seconds": [6.0, 6.0]}]
    other = [{"seconds": [3.0, 2.0]}, {"seconds": [2.0, 9.0]}, {"seconds": [2.0, 2.0]}]
    assert benchmark("epoch").ratio(ours, other) == "2.00 (3.00)"  # rounds: 2, 4, 3


def test_contestants_that_are_not_installed_are_left_out_in_words(benchmark, monkeypatch, capsys):
    epoch = benchmark("epoch")
    runs = [{"seconds": [1.0], "faults": 7, "loss": 0.5, "blas": "Zen"}]
    monkeypatch.setattr(epoch.importlib.util, "find_spec", lambda package: None)
    monkeypatch.setattr(epoch, "measure", lambda names, *setting: dict.fromkeys(names, runs))
    monkeypatch.setattr(sys, "argv", ["epoch.py", "--kernel", "own"])
    epoch.main()
    output = capsys.readouterr().out
    assert "pytorch is left out: the package torch is not installed" in output
    assert "jax is left out: the package jax is not installed" in output
    assert table_rows(output)[0] == ["kernel", "threads", "batch", "ours", "/ numpy", "/ products"]
    assert ["own (Zen)", "all", "256", "trainer", "1.00 (1.00)", "1.00 (1.00)"] in table_rows(output)


def test_threads_and_kernel_are_what_was_asked_for_and_not_what_the_caller_had_set(benchmark, monkeypatch):
    environment = benchmark("measuring").environment
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "3")
    assert not {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & {*environment()}
    one = environment(threads="one", kernel="Haswell")
    assert one["OPENBLAS_CORETYPE"] == "Haswell"
    assert one["OPENBLAS_NUM_THREADS"] == one["OMP_NUM_THREADS"] == "1"


def test_a_contestant_that_fails_ends_the_benchmark_and_is_named(benchmark, tmp_path):
    measuring = benchmark("measuring")
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit, match="fails.py --one numpy"):
        measuring.answer(measuring.start(script, "--one", "numpy"))


@pytest.mark.slow
def test_the_epoch_is_measured_in_processes_that_take_turns():
    contestants = ("loop", "trainer", "numpy", "products")
    settings = ("--rounds", 1, "--rows", 200, "--batch", 64, "--kernel", "own", "--threads", "one")
    rows = table_rows(run("epoch", *settings, "--contestants", *contestants))
    assert [row[3] for row in rows[2:4]] == ["loop", "trainer"]
    assert len(rows[-1]) == 3 + len(contestants)


# --- The others -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_trainings_side_by_side_are_compared_with_one():
    rows = table_rows(run("side_by_side", "--contestants", "numpy", "--rounds", 1, "--rows", 200))
    assert rows[2][0] == "numpy"
    assert all(float(cell) > 0 for cell in rows[2][1:])


def test_operations_are_timed_beside_numpy_and_the_vjp_beside_the_jacobian(benchmark):
    rows = table_rows(run("operations", "--repeats", 1, "--classes", 10, 2000))
    assert [row[0] for row in rows[2:6]] == list(benchmark("operations").OPERATIONS)
    few, many = rows[-2:]
    assert (few[0], many[0]) == ("10", "2,000")
    assert float(many[-1].replace(",", "")) > 100  # 2,000 x 2,000 numbers instead of a few times 2,000


def test_cross_entropy_by_hand_is_what_the_engine_computes(benchmark):
    operations = benchmark("operations")
    x, y, z, logits, classes = operations.tiny()
    loss, gradient = operations.numpy()[-1]()
    tensor = operations.Tensor(logits, requires_grad=True)
    ours = operations.F.cross_entropy(tensor, classes)
    ours.backward()
    assert loss == pytest.approx(ours.item(), rel=1e-6)
    np.testing.assert_allclose(gradient, tensor.grad, rtol=1e-5, atol=1e-8)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what a process holds alone")
def test_a_kernel_that_keeps_200_mb_is_that_much_larger(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("kept = bytearray(b'1') * 200_000_000")])
    nbformat.write(notebook, tmp_path / "large.ipynb")
    _, _, empty, large = table_rows(run("memory", tmp_path / "large.ipynb"))
    assert 190 < int(large[1]) - int(empty[1]) < 260


def test_the_explorers_jupyterlab_is_open_to_this_machine_and_to_its_token_only(benchmark, monkeypatch):
    explorer = benchmark("explorer")
    started = []

    class Server:
        def __init__(self, command, env, **others):
            started.append((command, env))

        def terminate(self):
            pass

        wait = terminate

    monkeypatch.setattr(explorer.subprocess, "Popen", Server)
    monkeypatch.setattr(explorer.urllib.request, "urlopen", lambda address, timeout: None)
    addresses = []
    for _ in range(2):
        with explorer.jupyterlab("python") as address:
            addresses.append(address)
    tokens = [parse_qs(urlparse(address).query)["token"][0] for address in addresses]
    assert tokens[0] != tokens[1]
    assert all(len(token) >= 32 for token in tokens)
    assert [env["JUPYTER_TOKEN"] for _, env in started] == tokens
    for command, _ in started:
        assert "--ip=127.0.0.1" in command
        assert not [option for option in command if "token" in option]  # whoever lists processes would read it
