"""Files that are right, wrong, damaged and hostile; downloads against a server on this machine."""

import functools
import gzip
import http.server
import shutil
import threading
import tracemalloc

import numpy as np
import pytest

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


# --- Finding files ----------------------------------------------------------------------------------------------


def test_a_folder_of_ones_own_by_argument_or_variable(tmp_path, monkeypatch):
    shutil.copytree(data.REPOSITORY_DATA / "mnist", tmp_path / "own" / "mnist")
    labels = tmp_path / "own" / "mnist" / TEST_LABELS.name
    labels.with_suffix("").write_bytes(gzip.decompress(labels.read_bytes()))  # not compressed: just as good
    labels.unlink()
    assert len(data.load("mnist", "test", root=tmp_path / "own")) == 10000
    monkeypatch.setattr(data, "REPOSITORY_DATA", tmp_path / "none")
    monkeypatch.setenv(data.ROOT_VARIABLE, str(tmp_path / "own"))
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
        ("a,b\n1,2\n", "2 columns.*'a'.*pixel0 to pixel783"),
        (f"{PIXELS}\n{','.join(['256'] * 784)}\n", "0 to 255"),
        (f"{PIXELS}\n{','.join(['-1'] * 784)}\n", "0 to 255"),
        (f"{PIXELS}\n1,2,3\n{','.join(['1'] * 784)}\n", "in every row"),
        (f"{PIXELS}\n1,2,3\n", "rows of 3.*784"),
        (f"{PIXELS}\n{','.join(['x'] * 784)}\n", "in every row.*x"),
        (f"{PIXELS}\n{','.join(['0.5'] * 784)}\n", "found 0.5"),
        (f"{PIXELS}\n", "no rows"),
        (f"{PIXELS}\n# 1\n", "in every row"),
        (f"label,{PIXELS}\n{','.join(['11'] * 785)}\n", "label 11.*0 to 9"),
        ("", "pixel0"),
    ],
)
def test_wrong_kaggle_files_are_named(write, text, words):
    with pytest.raises(ValueError, match=f"train.csv.*{words}"):
        data.read_kaggle(write(text.encode(), "train.csv"))


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


def test_atomic_write_keeps_the_old_file_where_writing_fails(write):
    from mnist_autograd.files import atomic_write

    path = write(b"old", "kept.txt")
    with pytest.raises(KeyError), atomic_write(path) as file:
        file.write(b"new")
        raise KeyError
    assert path.read_bytes() == b"old" and list(path.parent.iterdir()) == [path]


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
