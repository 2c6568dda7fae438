"""Files that are right, wrong, damaged and hostile; downloads against a server on this machine."""

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pooch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_autograd import data

TRAIN_IMAGES = data.REPOSITORY_DATA / "mnist" / "train-images-idx3-ubyte.gz"
TEST_LABELS = data.REPOSITORY_DATA / "mnist" / "t10k-labels-idx1-ubyte.gz"


def idx(dtype_code, shape, body, magic=b"\0\0"):
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return magic + bytes([dtype_code, len(shape)]) + sizes + body


@pytest.fixture
def write(tmp_path):
    def write(content, name="file.idx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


# --- The real data ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "n", "first_labels"), [("train", 60000, [5, 0, 4]), ("test", 10000, [7, 2, 1])])
def test_mnist(split, n, first_labels):
    mnist = data.load("mnist", split, root=data.REPOSITORY_DATA)
    assert (mnist.images.shape, mnist.images.dtype) == ((n, 28, 28), np.uint8)
    assert (mnist.labels.shape, mnist.labels.dtype) == ((n,), np.uint8)
    assert mnist.labels[:3].tolist() == first_labels
    assert mnist.classes == tuple("0123456789") and len(mnist) == n
    assert "images" not in repr(mnist)


@pytest.mark.slow
def test_mnist_has_the_published_mean_and_deviation():
    X = data.to_inputs(data.load("mnist", "train").images)
    assert (X.shape, X.dtype, X.min(), X.max()) == ((60000, 784), np.float32, 0, 1)
    assert round(float(X.mean(dtype=np.float64)), 4) == 0.1307
    assert round(float(X.std(dtype=np.float64)), 4) == 0.3081


def test_fashion_mnist_has_the_published_mean_and_deviation():
    try:
        fashion = data.load("fashion-mnist", "train")
    except FileNotFoundError:
        pytest.skip(f"no Fashion-MNIST here; name a folder that has it in {data.ROOT_VARIABLE}")
    X = fashion.images / 255
    assert (round(X.mean(), 4), round(X.std(), 4)) == (0.2860, 0.3530)
    assert fashion.classes[fashion.labels[0]] == "Ankle boot"
    assert len(data.load("fashion-mnist", "test")) == 10000


def test_names():
    names = data.load_names()
    assert len(names) == 29910 and names == sorted(names)
    assert sum(len(name) + 1 for name in names) == 214764
    assert set("".join(names)) == set("abcdefghijklmnopqrstuvwxyz")


def test_names_do_not_mind_how_git_ends_their_lines(write, tmp_path):
    text = data.NAMES.read_bytes().replace(b"\r\n", b"\n")
    for content in (text, text.replace(b"\n", b"\r\n")):
        write(content, "names.txt")
        assert data.load_names(root=tmp_path) == data.load_names()
    write(text.replace(b"emma\n", b"anna\n"), "names.txt")
    with pytest.raises(ValueError, match=r"names\.txt is not the file it should be"):
        data.load_names(root=tmp_path)


# --- Finding files ----------------------------------------------------------------------------------------------


def test_a_folder_of_ones_own_by_argument_or_variable(tmp_path, monkeypatch):
    shutil.copytree(data.REPOSITORY_DATA / "mnist", tmp_path / "own" / "mnist")
    labels = tmp_path / "own" / "mnist" / TEST_LABELS.name
    labels.with_suffix("").write_bytes(gzip.decompress(labels.read_bytes()))  # not compressed: just as good
    labels.unlink()
    assert len(data.load("mnist", "test", root=tmp_path / "own")) == 10000
    monkeypatch.setattr(data, "REPOSITORY_DATA", tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path / "own"))
    assert len(data.load("mnist", "test")) == 10000


def copy_of_the_test_images(folder, rename=str, unpacked=False):
    folder.mkdir(parents=True)
    for path in (data.REPOSITORY_DATA / "mnist").glob("t10k*"):
        content = path.read_bytes()
        name = path.stem if unpacked else path.name
        (folder / rename(name)).write_bytes(gzip.decompress(content) if unpacked else content)


@pytest.mark.parametrize("inner", ["mnist", "MNIST/raw"])
@pytest.mark.parametrize("unpacked", [True, False])
@pytest.mark.parametrize("mark", ["-idx", ".idx"])
def test_files_are_found_as_other_programs_name_them(tmp_path, inner, unpacked, mark):
    copy_of_the_test_images(tmp_path / inner, lambda name: name.replace("-idx", mark), unpacked)
    assert len(data.load("mnist", "test", root=tmp_path)) == 10000


def test_a_path_may_begin_with_the_home_folder_and_hold_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # Windows
    monkeypatch.setenv("HERE", str(tmp_path))
    copy_of_the_test_images(tmp_path / "d" / "mnist")
    for root in ("~/d", "$HERE/d", Path("~") / "d"):
        assert len(data.load("mnist", "test", root=root)) == 10000
    assert len(data.read_idx("~/d/mnist/t10k-labels-idx1-ubyte.gz")) == 10000
    monkeypatch.setattr(data, "REPOSITORY_DATA", tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(data.ROOT_VARIABLE, "~/d")
    assert len(data.load("mnist", "test")) == 10000
    data.write_submission("~/new/submission.csv", [1, 2])
    assert data.read_submission("~/new/submission.csv").tolist() == [1, 2]
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_variable_that_names_no_data_is_not_passed_over_silently(tmp_path, monkeypatch, folder):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path / folder))
    with pytest.warns(UserWarning, match="holds no data set") as caught:
        assert len(data.load("mnist", "test")) == 10000
    words = str(caught[0].message)
    for expected in (data.ROOT_VARIABLE, str(tmp_path / folder), "mnist/", "MNIST/raw/", "t10k-images.idx3-ubyte"):
        assert expected in words
    assert caught[0].filename == __file__  # it points at the line that loads


def test_a_variable_need_not_name_every_data_set(tmp_path, monkeypatch, recwarn):
    fashion = tmp_path / "fashion-mnist"
    fashion.mkdir()
    (fashion / TEST_LABELS.name).write_bytes(b"not looked into")
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path))
    assert len(data.load("mnist", "test")) == 10000
    assert not recwarn.list


def test_a_wrong_file_is_an_error_where_its_folder_was_named_and_skipped_where_it_happens_to_be(tmp_path, monkeypatch):
    wrong = tmp_path / "data" / "mnist" / "t10k-images-idx3-ubyte.gz"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"another project's")
    monkeypatch.chdir(tmp_path)
    assert len(data.load("mnist", "test")) == 10000
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path / "data"))
    with pytest.raises(ValueError, match="t10k-images.*is not the file it should be"):
        data.load("mnist", "test")
    monkeypatch.delenv(data.ROOT_VARIABLE)
    monkeypatch.setattr(data, "REPOSITORY_DATA", tmp_path / "none")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    with pytest.raises(ValueError, match="t10k-images.*is not the file it should be"):
        data.load("mnist", "test")


def test_a_file_near_by_that_may_not_be_read_is_skipped(tmp_path, monkeypatch):
    copy_of_the_test_images(tmp_path / "data" / "mnist")
    monkeypatch.chdir(tmp_path)
    read = data.read_content

    def read_but_not_here(path):
        if tmp_path in path.absolute().parents:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(data, "read_content", read_but_not_here)
    assert len(data.load("mnist", "test")) == 10000
    with pytest.raises(PermissionError):
        data.load("mnist", "test", root="data")


@pytest.fixture
def elsewhere(tmp_path):
    """elsewhere(code, cwd) runs Python code with a copy of the package that lies in no repository: its result."""
    package = Path(data.__file__).parent
    shutil.copytree(package, tmp_path / "site" / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != data.ROOT_VARIABLE}
    environment |= {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment |= {"LOCALAPPDATA": str(tmp_path)}

    def run(*arguments, cwd=tmp_path):
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)

    return run


def test_a_package_outside_the_repository_has_its_names_and_finds_data_beside_the_work(elsewhere, tmp_path):
    code = "import mnist_autograd as m; print(m.__file__, len(m.data.load_names()), len(m.data.load('mnist', 'test')))"
    copy_of_the_test_images(tmp_path / "work" / "data" / "mnist")
    inner = tmp_path / "work" / "notebooks" / "deep"
    inner.mkdir(parents=True)
    for cwd in (tmp_path / "work", inner):
        result = elsewhere("-c", code, cwd=cwd)
        assert (result.stdout.split()[1:], result.stderr) == (["29910", "10000"], "")
        assert str(tmp_path / "site") in result.stdout


def test_a_package_outside_the_repository_says_in_one_sentence_how_to_get_the_data(elsewhere):
    result = elsewhere("-m", "mnist_autograd")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: load: mnist/train-images-idx3-ubyte.gz is in none of these folders: ")
    assert "call mnist_autograd.data.download('mnist')" in result.stderr
    assert f"by the environment variable {data.ROOT_VARIABLE}" in result.stderr


def test_a_working_directory_that_was_deleted_is_no_obstacle(tmp_path, monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(data.Path, "cwd", gone)
    assert len(data.load("mnist", "test")) == 10000


def test_a_missing_file_is_named_with_the_folders_searched(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        data.load("mnist", "train", root=tmp_path)
    for words in ("train-images-idx3-ubyte", str(tmp_path), "download('mnist')", data.ROOT_VARIABLE):
        caught.match(words.replace("(", r"\(").replace(")", r"\)"))


def test_a_wrong_file_is_named_with_both_hashes(tmp_path):
    shutil.copytree(data.REPOSITORY_DATA / "mnist", tmp_path / "mnist")
    wrong = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    wrong.write_bytes(gzip.compress(gzip.decompress(wrong.read_bytes())[:-1] + b"\1"))
    with pytest.raises(ValueError, match=r"t10k-labels.*SHA-256 [0-9a-f]{64}.*expected ff7bcfd4"):
        data.load("mnist", "test", root=tmp_path)


@pytest.mark.parametrize(("name", "split", "words"), [("minst", "train", "'mnist'"), ("mnist", "val", "'train'")])
def test_unknown_names_are_answered_with_the_known_ones(name, split, words):
    with pytest.raises(ValueError, match=words):
        data.load(name, split)


# --- IDX files, right and wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 3)])
def test_every_type_and_shape_survives_a_round_trip(write, dtype, shape):
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    code = {np.dtype(d).newbyteorder("="): c for c, d in data.IDX_DTYPES.items()}[np.dtype(dtype)]
    content = idx(code, shape, array.astype(array.dtype.newbyteorder(">")).tobytes())
    for path in (write(content), write(gzip.compress(content), "file.gz")):
        result = data.read_idx(path)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, array)


def damaged():
    good = idx(0x08, (2, 3), bytes(6))
    yield "empty", b"", "nothing"
    yield "short magic", good[:3], "no IDX"
    yield "header cut off", good[:7], "truncated"
    yield "truncated", good[:-1], "truncated.*6 bytes.*5"
    yield "too long", good + b"\0", "too long.*6 bytes.*7"
    yield "wrong magic", b"\1" + good[1:], "no IDX"
    yield "unknown type", idx(0x07, (2, 3), bytes(6)), "no IDX"
    yield "a PNG", b"\x89PNG\r\n\x1a\n", "89 50 4e 47"
    yield "four billion items", idx(0x08, (2**32 - 1,), bytes(10)), "truncated"
    yield "four billion cubed", idx(0x0E, (2**32 - 1,) * 3, bytes(10)), "truncated"
    yield "none beside enormous ones", idx(0x08, (0, 2**32 - 1, 2**32 - 1, 2**32 - 1), b""), "no array can have"
    yield "255 axes", idx(0x08, (1,) * 255, b"\0"), "no array can have"
    yield "255 axes announced", b"\0\0\x08\xff", "truncated"


@pytest.mark.parametrize(("case", "content", "words"), list(damaged()))
def test_damaged_and_hostile_files_are_refused_and_named(write, case, content, words):
    for path in (write(content, "bad.idx"), write(gzip.compress(content), "bad.gz")):
        tracemalloc.start()
        with pytest.raises(ValueError, match=rf"{path.name}.*{words}"):
            data.read_idx(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * 2**20  # a read buffer, whatever the header claims


@pytest.mark.parametrize("cut", [3, 12, 200, 4000, -1])
def test_a_truncated_gzip_is_refused(write, cut):
    with pytest.raises(ValueError, match="cut.gz"):
        data.read_idx(write(TEST_LABELS.read_bytes()[:cut], "cut.gz"))


def test_a_gzip_with_a_flipped_bit_is_refused(write):
    content = bytearray(TEST_LABELS.read_bytes())
    content[-6] ^= 1  # in the checksum
    with pytest.raises(ValueError, match="flipped.gz.*damaged"):
        data.read_idx(write(content, "flipped.gz"))


def test_a_decompression_bomb_is_refused(write, monkeypatch):
    monkeypatch.setattr(data, "MAX_CONTENT", 2**20)
    with pytest.raises(ValueError, match="more than 1,048,576 bytes"):
        data.read_idx(write(gzip.compress(bytes(2**22)), "bomb.gz"))


# --- Downloads, against a server on this machine ----------------------------------------------------------------


@pytest.fixture
def serve(tmp_path):
    """serve(name, edit) starts a mirror: a copy of data/mnist after edit(folder); returns its address and its log."""
    servers = []

    def serve(name, edit=lambda folder: None):
        folder = tmp_path / name
        shutil.copytree(data.REPOSITORY_DATA / "mnist", folder)
        edit(folder)
        log = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                log.append(self.path)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/", log

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_download_verifies_keeps_and_tries_the_next_mirror(serve, tmp_path, capsys):
    empty, _ = serve("empty", lambda folder: [path.unlink() for path in folder.iterdir()])
    wrong, _ = serve("wrong", lambda folder: [path.write_bytes(b"<html>login</html>") for path in folder.iterdir()])
    good, log = serve("good")
    root = tmp_path / "cache"
    folder = data.download("mnist", root, mirrors=[empty, wrong, good])
    assert folder == root / "mnist" and len(log) == 4
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{f}.gz" for f in data.SOURCES["mnist"].sha256)
    assert len(data.load("mnist", "test", root=root)) == 10000
    assert "100%" in capsys.readouterr().err  # progress

    (folder / TEST_LABELS.name).write_bytes(b"damaged since")
    data.download("mnist", root, mirrors=[good])
    assert len(log) == 5  # only the damaged one is fetched again
    assert len(data.load("mnist", "test", root=root)) == 10000


def test_a_failed_download_leaves_nothing_behind(serve, tmp_path):
    def cut(folder):
        path = folder / TRAIN_IMAGES.name
        path.write_bytes(path.read_bytes()[:1000])

    truncated, _ = serve("truncated", cut)
    gone = "http://127.0.0.1:1/"
    with pytest.raises(ConnectionError) as caught:
        data.download("mnist", tmp_path / "cache", mirrors=[gone, truncated])
    caught.match(r"127\.0\.0\.1:1/")
    caught.match("damaged or truncated")
    caught.match(data.ROOT_VARIABLE)
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


@pytest.fixture
def mirror():
    """mirror(send) starts a server whose answers are what send(write) writes; returns its address and its log."""
    servers = []

    def start(send):
        log = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                log.append(self.path)
                with contextlib.suppress(OSError):  # who asked has gone
                    send(self.wfile.write)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/", log

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("start", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nX-Long: "], ids=["body", "header"])
def test_a_mirror_that_drips_is_left_for_the_next(serve, mirror, tmp_path, monkeypatch, start):
    """Its clock is ours: each byte takes a minute, and the mirror that is right takes no time, however busy it is."""
    now, over = [0.0], threading.Event()
    monkeypatch.setattr(data, "_clock", lambda: now[0])

    def drip(write):
        write(start)
        while not over.wait(0.01):
            now[0] += 60
            write(b"x")

    try:
        address, log = mirror(drip)
        good, _ = serve("good")
        data.download("mnist", tmp_path / "cache", mirrors=[address, good])
        assert len(log) == 4 and len(data.load("mnist", "test", root=tmp_path / "cache")) == 10000
        with pytest.raises(ConnectionError, match="it took more than 900 seconds"):
            data.download("mnist", tmp_path / "none", mirrors=[address])
    finally:
        over.set()


def test_a_mirror_that_never_ends_is_left_for_the_next(serve, mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "MAX_DOWNLOAD", 2**24)

    def flood(write):
        write(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            write(bytes(2**20))

    address, log = mirror(flood)
    good, _ = serve("good")
    data.download("mnist", tmp_path / "cache", mirrors=[address, good])
    assert len(log) == 4 and len(data.load("mnist", "test", root=tmp_path / "cache")) == 10000
    with pytest.raises(ConnectionError, match="it sends more than 16,777,216 bytes"):
        data.download("mnist", tmp_path / "none", mirrors=[address])


def test_what_a_mirror_sends_is_not_unpacked_without_end(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "MAX_CONTENT", 2**20)
    bomb = gzip.compress(bytes(2**23))
    address, _ = mirror(lambda write: write(b"HTTP/1.0 200 OK\r\n\r\n" + bomb))
    with pytest.raises(ConnectionError, match="holds more than 1,048,576 bytes"):
        data.download("mnist", tmp_path / "none", mirrors=[address])


@pytest.mark.parametrize("answer", [b"HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\n", b"\xff\0", b""])
def test_a_mirror_that_speaks_no_http_is_left_for_the_next(serve, mirror, tmp_path, answer):
    address, _ = mirror(lambda write: write(answer))
    good, _ = serve("good")
    assert data.download("mnist", tmp_path, mirrors=[address, good]) == tmp_path / "mnist"


def test_download_goes_to_the_folder_that_the_variable_names(serve, tmp_path, monkeypatch):
    good, _ = serve("good")
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path / "named"))
    assert data.download("mnist", mirrors=[good]) == tmp_path / "named" / "mnist"


# --- Mini-batches -----------------------------------------------------------------------------------------------


def test_minibatches_take_every_example_once_in_a_seeded_order():
    X, y = np.arange(10), np.arange(10) * 2
    batches = list(data.minibatches(X, y, 4, rng=0))
    assert [len(X) for X, _ in batches] == [4, 4, 2]
    assert all((b == 2 * a).all() for a, b in batches)
    order = np.concatenate([a for a, _ in batches])
    assert sorted(order) == list(range(10)) and list(order) != list(range(10))
    again = np.concatenate([a for a, _ in data.minibatches(X, y, 4, rng=0)])
    np.testing.assert_array_equal(order, again)


# --- Kaggle -----------------------------------------------------------------------------------------------------

PIXELS = ",".join(f"pixel{i}" for i in range(784))
ONE_TO_784 = ",".join(f"pixel{i}" for i in range(1, 785))
ROW_BY_COLUMN = ",".join(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))


def test_kaggle_files(tmp_path):
    test = data.load("mnist", "test")
    rows = np.column_stack([test.labels[:20], test.images[:20].reshape(20, -1)])
    np.savetxt(tmp_path / "train.csv", rows, "%d", ",", header="label," + PIXELS, comments="")
    np.savetxt(tmp_path / "test.csv", rows[:, 1:], "%d", ",", header=PIXELS, comments="")
    train = data.read_kaggle(tmp_path / "train.csv")
    np.testing.assert_array_equal(train.images, test.images[:20])
    np.testing.assert_array_equal(train.labels, test.labels[:20])
    unlabelled = data.read_kaggle(tmp_path / "test.csv")
    assert unlabelled.labels is None
    np.testing.assert_array_equal(unlabelled.images, test.images[:20])

    data.write_submission(tmp_path / "submission.csv", train.labels)
    lines = (tmp_path / "submission.csv").read_text().splitlines()
    assert lines[:3] == ["ImageId,Label", "1,7", "2,2"] and len(lines) == 21
    np.testing.assert_array_equal(data.read_submission(tmp_path / "submission.csv"), train.labels)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "column 1 of 2 is 'a'; expected label, or none, and pixel0 to pixel783"),
        (f"{PIXELS}\n{','.join(['256'] * 784)}\n", "0 to 255"),
        (f"{PIXELS}\n{','.join(['-1'] * 784)}\n", "0 to 255"),
        (f"{PIXELS}\n1,2,3\n{','.join(['1'] * 784)}\n", "in every row"),
        (f"{PIXELS}\n1,2,3\n", "rows of 3.*784"),
        (f"{PIXELS}\n{','.join(['x'] * 784)}\n", "in every row.*x"),
        (f"{PIXELS}\n{','.join(['0.5'] * 784)}\n", "row 1 has 0.5 in the column 'pixel0'"),
        (f"{PIXELS}\n{','.join(['1'] * 783)},nan\n", "row 1 has nan in the column 'pixel783'"),
        (f"{PIXELS}\n{','.join(['-inf'] * 784)}\n", "row 1 has -inf in the column 'pixel0'"),
        (PIXELS.replace("pixel7,", ""), "none of its 783 columns is 'pixel7'; expected label, .* in any order"),
        (PIXELS.replace("pixel7,", "pixel6,"), "column 8 is 'pixel6', and so is one before it"),
        (f"label,{PIXELS},label", "column 786 is 'label', and so is one before it"),
        (f"label,{PIXELS},pixel784", "column 786 of 786 is 'pixel784'; expected .*pixel0 to pixel783"),
        (f"{PIXELS.replace('pixel783', 'pixel784')}", "column 784 of 784 is 'pixel784'"),
        (f"label,{PIXELS},writer", "column 786 of 786 is 'writer'"),
        (f"digit,{ONE_TO_784}", "column 1 of 785 is 'digit'; expected label, or none, and pixel1 to pixel784"),
        (f"digit,{ROW_BY_COLUMN}", "column 1 of 785 is 'digit'; expected label, or none, and 1x1 to 28x28"),
        (f"{PIXELS}\n", "no rows"),
        (f"{PIXELS}\n# 1\n", "in every row"),
        (f"label,{PIXELS}\n{','.join(['11'] * 785)}\n", "label 11.*0 to 9"),
        ("", "pixel0"),
    ],
)
def test_wrong_kaggle_files_are_named(write, text, words):
    with pytest.raises(ValueError, match=f"train.csv.*{words}"):
        data.read_kaggle(write(text.encode(), "train.csv"))


@pytest.fixture(scope="module")
def twenty():
    """The first 20 test images as rows (20, 784), and their labels."""
    test = data.load("mnist", "test")
    return test.images[:20].reshape(20, -1), test.labels[:20]


@pytest.mark.parametrize("pixels", [PIXELS, ONE_TO_784, ROW_BY_COLUMN], ids=["pixel0", "pixel1", "1x1"])
@pytest.mark.parametrize("index", [None, "", "Unnamed: 0", "Id", "ImageId"])
@pytest.mark.parametrize("order", ["label first", "label last", "shuffled"])
def test_columns_are_read_by_name_in_any_order(write, twenty, pixels, index, order):
    X, y = twenty
    header = np.array(["label", *pixels.split(",")])
    table = np.column_stack([y, X]).astype(str)
    if index is not None:
        header = np.append(header, index)
        table = np.column_stack([table, [f'"img {i}, {300 * i}"' for i in range(20)]])
    moves = {"label first": [], "label last": np.roll(np.arange(len(header)), -1)}
    turn = np.random.default_rng(0).permutation(len(header)) if order == "shuffled" else moves[order]
    if len(turn):
        header, table = header[turn], table[:, turn]
    lines = [",".join(header), *(",".join(row) for row in table)]
    found = data.read_kaggle(write("\r\n".join(lines).encode(), "train.csv"))
    np.testing.assert_array_equal(found.images.reshape(20, -1), X)
    np.testing.assert_array_equal(found.labels, y)
    assert found.images.dtype == found.labels.dtype == np.uint8


def test_whole_numbers_may_have_a_point(write, twenty):
    X, _ = twenty
    np.savetxt(path := write(b"", "test.csv"), X, delimiter=",", header=PIXELS, comments="")  # 1.000000e+00
    np.testing.assert_array_equal(data.read_kaggle(path).images.reshape(20, -1), X)


def test_nan_is_refused_without_a_warning_before(write, recwarn):
    with pytest.raises(ValueError, match="row 2 has nan in the column 'pixel3'"):
        row = ["0"] * 784
        bad = [*row[:3], "nan", *row[4:]]
        data.read_kaggle(write("\n".join([PIXELS, ",".join(row), ",".join(bad)]).encode(), "train.csv"))
    assert not recwarn.list


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_table_is_read_right_or_refused_in_words(write, twenty, drawn):
    """What is read has the form that is promised, whatever has happened to a byte, a line or a column."""
    X, y = twenty
    lines = [f"label,{PIXELS}", *(",".join(map(str, [label, *row])) for label, row in zip(y[:3], X[:3].tolist()))]
    text = bytearray("\n".join(lines).encode())
    for _ in range(drawn.draw(st.integers(1, 3))):
        start = drawn.draw(st.integers(0, len(text)))
        cut = drawn.draw(st.sampled_from([0, 1, 3, 700]))
        text[start : start + cut] = drawn.draw(
            st.sampled_from([b"", b",", b"\n", b'"', b"9", b"x", b"\0", b"\xff", b"nan,"])
        )
    path = write(bytes(text), "train.csv")
    try:
        found = data.read_kaggle(path)
    except ValueError as error:
        assert "train.csv" in str(error)  # noqa: PT017
    else:
        assert found.images.shape[1:] == (28, 28) and found.images.dtype == np.uint8
        assert found.labels is None or found.labels.max(initial=0) <= 9


@pytest.mark.parametrize("labels", [[10], [0.5], [[1]], [-1]])
def test_wrong_predictions_are_refused_and_an_old_submission_survives(write, labels):
    path = write(b"ImageId,Label\n1,3\n", "submission.csv")
    with pytest.raises(ValueError, match=r"\(N,\)"):
        data.write_submission(path, labels)
    assert data.read_submission(path).tolist() == [3]


@pytest.mark.parametrize("text", ["ImageId,Digit\n", "ImageId,Label\n2,3\n", "ImageId,Label\n1,x\n", "\n"])
def test_wrong_submissions_are_refused(write, text):
    with pytest.raises(ValueError, match=r"s\.csv"):
        data.read_submission(write(text.encode(), "s.csv"))


# --- Shifts -----------------------------------------------------------------------------------------------------


def shifted_by_hand(image, down, right):
    new = np.zeros_like(image)
    for i in range(len(image)):
        for j in range(len(image)):
            if 0 <= i - down < len(image) and 0 <= j - right < len(image):
                new[i, j] = image[i - down, j - right]
    return new


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shift_moves_images_and_rows_and_fills_with_background(dtype):
    images = np.random.default_rng(0).integers(1, 255, (6, 5, 5)).astype(dtype)
    before = images.copy()
    for down, right in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (2, -3), (5, 0), (-5, 5)]:
        expected = np.stack([shifted_by_hand(image, down, right) for image in images])
        moved = data.shift(images, down, right)
        assert moved.dtype == dtype and not np.shares_memory(moved, images)
        np.testing.assert_array_equal(moved, expected)
        np.testing.assert_array_equal(data.shift(images.reshape(6, 25), down, right), expected.reshape(6, 25))
    np.testing.assert_array_equal(images, before)
    down, right = np.array([0, 1, -1, 2, 0, 5]), np.array([0, 0, 1, -2, -4, 1])
    expected = [shifted_by_hand(image, d, r) for image, d, r in zip(images, down, right)]
    np.testing.assert_array_equal(data.shift(images, down, right), expected)
    assert data.shift(images[:0], 1, 1).shape == (0, 5, 5)


@pytest.mark.parametrize(
    ("images", "down", "words"),
    [
        (np.zeros((2, 784)), 29, "down is 29; expected .* -28 to 28"),
        (np.zeros((2, 784)), 0.5, r"down is 0\.5"),
        (np.zeros((2, 784)), np.array([1, 2, 3]), "each of the 2 images"),
        (np.zeros((2, 785)), 1, r"shape \(2, 785\)"),
        (np.zeros((28, 28)), 1, r"shape \(28, 28\)"),
        (np.zeros((1, 2, 3)), 1, r"shape \(1, 2, 3\)"),
        (np.zeros(784), 1, r"shape \(784,\)"),
    ],
)
def test_shift_says_what_it_expected(images, down, words):
    with pytest.raises(ValueError, match=words):
        data.shift(images, down, 0)


def test_random_shifts_take_all_nine_and_their_seed_decides():
    image = np.zeros((900, 28, 28), np.float32)
    image[:, 14, 14] = 1
    moved = data.random_shifts(image, 0)
    np.testing.assert_array_equal(moved, data.random_shifts(image, np.random.default_rng(0)))
    assert (moved != data.random_shifts(image, 1)).any()
    places = moved.sum(axis=0)
    assert places.sum() == 900 and (places[13:16, 13:16] > 60).all()  # each of nine about 100 times
    far = data.random_shifts(image, 0, reach=2).sum(axis=0)
    assert far.sum() == 900 and (far[12:17, 12:17] > 10).all()
