"""Files that are written whole or not at all; checkpoints and weights that are damaged, hostile or not files at all."""

import contextlib
import functools
import io
import os
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_autograd import __main__, files, nn, optim, recipe
from mnist_autograd.teach.topics import pretrained
from mnist_autograd.training import Classifier, Trainer

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other modes, locks and pipes")


def overwrite(path, content):
    with files.atomic_write(path) as file:
        file.write(content)


def new_trainer(seed=0):
    net = nn.Sequential(nn.Linear(6, 4, rng=[seed, 0]), nn.Tanh(), nn.Linear(4, 3, rng=[seed, 1]))
    return Trainer(Classifier(net), optim.SGD(net.parameters(), 0.1, momentum=0.9), progress=False)


def values(trainer):
    return {name: a.tolist() for name, a in trainer.model.state_dict().items()}


# --- Whole or not at all ------------------------------------------------------------------------------------------


def test_the_old_file_stays_where_writing_fails(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), files.atomic_write(path) as file:
        file.write(b"new")
        raise KeyError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@posix
def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual_one(tmp_path):
    path = tmp_path / "secret"
    (tmp_path / "usual").touch()
    overwrite(path, b"new")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        with files.atomic_write(path) as file:
            file.write(b"private")
            parts = [other for other in tmp_path.iterdir() if other.suffix == ".part"]
            assert [stat.S_IMODE(part.stat().st_mode) for part in parts] == [mode]  # while it is written, too
        assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (mode, b"private")


@posix
def test_a_link_goes_on_pointing_at_what_is_replaced(tmp_path):
    target, link, dangling = tmp_path / "there" / "run.npz", tmp_path / "link", tmp_path / "dangling"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "there" / "new.npz")
    for path in (link, dangling):
        overwrite(path, b"new")
        assert path.is_symlink() and path.read_bytes() == b"new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["new.npz", "run.npz"]
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="loop"):
        overwrite(tmp_path / "loop", b"new")


@posix
@pytest.mark.parametrize("use", [lambda path: overwrite(path, b"x"), files.read_arrays, files.regular])
def test_pipes_devices_and_folders_are_neither_replaced_nor_read(tmp_path, use):
    """A pipe without a writer would make a reader wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", "/dev/null"):
        with pytest.raises(OSError, match=f"{path} is a device, a pipe or a socket, not a regular file"):
            use(path)
    with pytest.raises(IsADirectoryError, match="is a folder; name a file"):
        use(tmp_path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root can make a device")
def test_a_device_stays_a_device(tmp_path):
    try:
        os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no devices in this container")
    for write in (new_trainer().save, functools.partial(recipe.save_weights, new_trainer().model)):
        with pytest.raises(OSError, match="null is a device"):
            write(tmp_path / "null")
    assert stat.S_ISCHR((tmp_path / "null").stat().st_mode) and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(5, "Input/output error")])
def test_an_error_of_the_disk_names_the_file(tmp_path, error):
    with pytest.raises(OSError, match=r"run\.npz") as caught, files.atomic_write(tmp_path / "run.npz"):
        raise error
    assert error.strerror in str(caught.value) and ".part" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_disk_that_is_full_is_named_and_the_old_file_stays(tmp_path):
    """A limit on the size of files fails as a full disk does: in the middle of writing."""
    code = """if True:
        import resource, signal, sys
        import numpy as np
        from mnist_autograd import files
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        files.write_arrays(sys.argv[1], {"a": np.ones(10)})
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        files.write_arrays(sys.argv[1], {"a": np.ones(10_000)})
    """
    path = tmp_path / "run.npz"
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert result.returncode == 1 and f"File too large: '{path}'" in result.stderr
    assert files.read_arrays(path)["a"].shape == (10,) and list(tmp_path.iterdir()) == [path]


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    trainer, other = new_trainer(), new_trainer(1)
    trainer.save("~/runs/run.npz")
    other.load(tmp_path / "runs" / "run.npz")
    assert values(other) == values(trainer)


# --- Part files ---------------------------------------------------------------------------------------------------

WRITER = """if True:
    import sys
    from mnist_autograd import files
    with files.atomic_write(sys.argv[1]) as file:
        file.write(b"whole")
        file.flush()
        print("begun", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path):
    """A process that has begun to write tmp_path/"[run]*.npz", and ends once its standard input is closed."""
    command = [sys.executable, "-c", WRITER, tmp_path / "[run]*.npz"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


def parts(folder):
    return [path for path in folder.iterdir() if path.suffix == ".part"]


def make_old(path):
    long_ago = time.time() - 10 * files.ABANDONED_AFTER
    os.utime(path, (long_ago, long_ago))


@posix
def test_what_a_killed_process_left_is_removed_by_the_next_that_writes(tmp_path, writer):
    path = tmp_path / "[run]*.npz"
    other = tmp_path / f"another{path.name}.{'0' * 16}.part"
    other.touch()
    make_old(other)
    writer.kill()
    writer.wait()
    (left,) = set(parts(tmp_path)) - {other}
    overwrite(path, b"new")
    assert left.exists()  # it might have just begun, and not be locked yet
    make_old(left)
    overwrite(path, b"newer")
    assert parts(tmp_path) == [other] and path.read_bytes() == b"newer"  # that of another file is not ours


@posix
def test_what_another_process_is_writing_stays_however_old_it_is(tmp_path, writer):
    (part,) = parts(tmp_path)
    make_old(part)
    overwrite(tmp_path / "[run]*.npz", b"ours")
    assert parts(tmp_path) == [part]
    writer.communicate()
    assert writer.returncode == 0 and parts(tmp_path) == []
    assert (tmp_path / "[run]*.npz").read_bytes() == b"whole"


@posix
def test_without_locks_nothing_is_lost_and_nothing_removed(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(files.fcntl, "flock", no_locks)
    old = tmp_path / f"run.npz.{'0' * 16}.part"
    old.touch()
    make_old(old)
    overwrite(tmp_path / "run.npz", b"new")
    assert (tmp_path / "run.npz").read_bytes() == b"new" and parts(tmp_path) == [old]


SAVER = """if True:
    import sys
    import numpy as np
    from mnist_autograd import files
    for i in range(40):
        files.write_arrays(sys.argv[1], {name: np.full(2000, i) for name in "ab"})
"""


@posix  # Windows replaces no file that somebody reads
def test_threads_and_processes_side_by_side_save_and_load_one_file(tmp_path):
    path = tmp_path / "run.npz"
    files.write_arrays(path, {name: np.zeros(2000) for name in "ab"})
    problems = []

    def save_and_load(number):
        try:
            for i in range(40):
                files.write_arrays(path, {name: np.full(2000, 100 * number + i) for name in "ab"})
                found = files.read_arrays(path)
                assert len(set(found["a"]) | set(found["b"])) == 1  # of one writer and one moment
        except Exception as error:
            problems.append(error)

    command = [sys.executable, "-c", SAVER, path]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    threads = [threading.Thread(target=save_and_load, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.communicate()[1] for process in processes] == ["", ""]
    assert problems == [] and list(tmp_path.iterdir()) == [path]


@posix
def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path):
    path = tmp_path / "run.npz"
    files.write_arrays(path, {name: np.zeros(2000) for name in "ab"})
    forever = SAVER.replace("range(40)", "iter(int, 1)")
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", forever, path])
        before = path.stat().st_mtime_ns
        while path.stat().st_mtime_ns == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.wait()
        found = files.read_arrays(path)
        assert len(set(found["a"]) | set(found["b"])) == 1
    for part in parts(tmp_path):
        make_old(part)
    overwrite(path, b"")
    assert list(tmp_path.iterdir()) == [path]


# --- Arrays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_come_back_and_numpy_reads_them_too(tmp_path, compressed):
    arrays = {
        "file": np.arange(6.0).reshape(2, 3).T,
        "allow_pickle": np.array(True),
        "a/b.c": np.array("text"),
        "none": np.zeros((0, 3), np.float16),
    }
    files.write_arrays(tmp_path / "a.npz", arrays, compressed)
    found = files.read_arrays(tmp_path / "a.npz", most=10_000)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        for again in (found, dict(file)):
            assert again.keys() == arrays.keys()
            for name, array in arrays.items():
                assert again[name].dtype == array.dtype
                np.testing.assert_array_equal(again[name], array)


def test_python_objects_are_neither_written_nor_read(tmp_path):
    files.write_arrays(tmp_path / "a.npz", {"a": np.ones(2)})
    before = (tmp_path / "a.npz").read_bytes()
    with pytest.raises(ValueError, match="Object arrays"):
        files.write_arrays(tmp_path / "a.npz", {"a": np.array([{}])})
    assert (tmp_path / "a.npz").read_bytes() == before
    for array in (np.array([{}]), np.ones(2, complex), np.zeros(2, "V4"), np.zeros(2, "M8[s]")):
        np.savez(tmp_path / "b.npz", a=array)
        with pytest.raises(ValueError, match=r"b\.npz is no \.npz file of plain arrays, or is damaged$"):
            files.read_arrays(tmp_path / "b.npz")


def bomb(path, name="position"):
    """An .npz of 200 kB whose array has 200 MB."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (200_000_000,)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members, members.open(f"{name}.npy", "w") as member:
        member.write(header.getvalue())
        for _ in range(200):
            member.write(bytes(1_000_000))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb(tmp_path / "bomb.npz")
    uses = [new_trainer().load, functools.partial(recipe.load_weights, new_trainer().model), files.read_arrays]
    for use in uses:
        tracemalloc.start()
        with pytest.raises(ValueError, match=r"bomb\.npz.* announces arrays of 200,000,\d+ bytes; expected at most"):
            use(tmp_path / "bomb.npz")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**22


def test_a_directory_that_announces_less_than_there_is_gives_no_more(tmp_path):
    """What the directory of a zip file says is all that is unpacked, so it must not be believed less than the data."""
    path = tmp_path / "bomb.npz"
    bomb(path)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\1\2")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ValueError, match="or is damaged"):
        files.read_arrays(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


@posix
@pytest.mark.parametrize("count", [10**9, 10**18, 2**63])
def test_a_header_that_announces_more_than_there_is_allocates_nothing(tmp_path, count):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (count,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as members:
        members.writestr("a.npy", header.getvalue() + bytes(80))
    tracemalloc.start()
    with pytest.raises(ValueError, match="or is damaged"):
        files.read_arrays(tmp_path / "a.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


# --- Checkpoints and weights --------------------------------------------------------------------------------------


def in_words(error, path):
    """Whether an error names the file, and neither advises to unpickle it nor speaks of the reader's inner life."""
    text = str(error)
    return str(path) in text and not any(word in text for word in ("pickle", "unsafe", "NoneType", "zip file"))


GARBAGE = {
    "empty": b"",
    "text": b"hello",
    "a pickle": b"\x80\x04}\x94.",
    "a zip of nothing": b"PK\5\6" + bytes(18),
    "the beginning of a zip": b"PK\3\4" + bytes(40),
    "npy with a broken header": b"\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': (((" + bytes(100),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_in_words(tmp_path, content):
    path, trainer = tmp_path / "garbage.npz", new_trainer()
    path.write_bytes(content)
    before = values(trainer)
    for use in (trainer.load, functools.partial(recipe.load_weights, trainer.model)):
        with pytest.raises(ValueError, match="damaged|other|weights") as caught:
            use(path)
        assert in_words(caught.value, path)
    assert values(trainer) == before


def test_an_array_alone_is_no_checkpoint(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3))
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    with pytest.raises(ValueError, match=r"a\.npy is no \.npz file of plain arrays, or is damaged"):
        new_trainer().load(tmp_path / "a.npy")
    with pytest.raises(ValueError, match=r"a\.npz is no checkpoint .*it has no position"):
        new_trainer().load(tmp_path / "a.npz")
    with pytest.raises(ValueError, match=r"a\.npz holds the weights of another model: .*unknown .*'a'"):
        recipe.load_weights(new_trainer().model, tmp_path / "a.npz")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A checkpoint and stored weights, as bytes."""
    folder, trainer = tmp_path_factory.mktemp("stored"), new_trainer()
    trainer.fit(np.ones((20, 6)), np.arange(20) % 3)
    trainer.save(folder / "run.npz")
    recipe.save_weights(trainer.model, folder / "weights.npz")
    return {name: (folder / f"{name}.npz").read_bytes() for name in ("run", "weights")}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["run", "weights"]), st.data())
def test_a_mutated_file_is_read_right_or_refused_in_words_and_changes_nothing(stored, tmp_path, name, drawn):
    content = bytearray(stored[name])
    for _ in range(drawn.draw(st.integers(1, 4))):
        start = drawn.draw(st.integers(0, len(content)))
        cut = drawn.draw(st.sampled_from([0, 1, 2, 40, 10_000]))
        content[start : start + cut] = drawn.draw(st.binary(max_size=4))
    path = tmp_path / "mutated.npz"
    path.write_bytes(content)
    trainer = new_trainer(seed=1)
    before = values(trainer)
    use = trainer.load if name == "run" else functools.partial(recipe.load_weights, trainer.model)
    try:
        use(path)
    except ValueError as error:
        assert in_words(error, path)  # noqa: PT017
        assert values(trainer) == before and trainer.epoch == 0


def test_a_checkpoint_keeps_parameters_that_are_frozen(tmp_path):
    def frozen(seed):
        trainer = new_trainer(seed)
        first = trainer.model.net[0]
        first.weight.requires_grad = first.bias.requires_grad = False
        trainable = [p for p in trainer.model.parameters() if p.requires_grad]
        trainer.optimizer = optim.SGD(trainable, 0.1, momentum=0.9)
        return trainer, first

    (trainer, first), (other, same) = frozen(0), frozen(1)
    trainer.fit(np.ones((20, 6)), np.arange(20) % 3, checkpoint=tmp_path / "run.npz")
    assert (first.weight.data != same.weight.data).any()
    other.load(tmp_path / "run.npz")
    np.testing.assert_array_equal(same.weight.data, first.weight.data)
    np.testing.assert_array_equal(same.bias.data, first.bias.data)


def test_stored_weights_are_read_within_their_own_size():
    assert pretrained.mlp().parameters()[0].shape == (784, 256)


# --- The command line ---------------------------------------------------------------------------------------------


def refused(capsys, *arguments):
    """What the command says about arguments that it refuses, before it trains."""
    assert __main__.main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and "Training" not in captured.err
    assert "Traceback" not in captured.err
    return captured.err


@posix
@pytest.mark.parametrize("option", ["--checkpoint", "--weights"])
def test_the_command_refuses_devices_and_pipes_before_it_trains(capsys, tmp_path, option):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        assert f"{path} is a device, a pipe or a socket" in refused(capsys, option, path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_the_command_refuses_one_file_for_checkpoint_and_weights(capsys, tmp_path):
    path = tmp_path / "run.npz"
    for other in (path, tmp_path / "folder" / ".." / "run.npz"):
        assert "both name" in refused(capsys, "--checkpoint", path, "--weights", other)
    with contextlib.suppress(OSError):  # Windows lets few make links
        (tmp_path / "link").symlink_to(path)
        assert "both name" in refused(capsys, "--checkpoint", path, "--weights", tmp_path / "link")
    assert not path.exists()


def test_the_command_says_that_a_network_is_too_large(capsys):
    assert "more memory than there is; choose a smaller --hidden (" in refused(capsys, "--hidden", 10**12)
    for hidden in (10**18, 10**30):
        refused(capsys, "--hidden", hidden)
