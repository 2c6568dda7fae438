"""Data: MNIST and Fashion-MNIST from IDX files, first names, Kaggle's CSV files, mini-batches.

Every file of a data set is verified by the SHA-256 of its decompressed content, so that any mirror and any
compression will do, and a wrong file is named. Nothing is downloaded unless download() is called.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .files import atomic_write

ROOT_VARIABLE = "MNIST_AUTOGRAD_DATA"
REPOSITORY_DATA = Path(__file__).resolve().parent.parent / "data"
MAX_CONTENT = 2**30  # bytes; the largest IDX file in common use (EMNIST by class) has about half of that
IDX_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

IMAGE_FILES = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}


@dataclass(frozen=True)
class Source:
    """A data set of 28 x 28 images: names of its classes, where to download it, SHA-256 of each file's content."""

    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    sha256: dict[str, str]


SOURCES = {
    "mnist": Source(
        classes=tuple("0123456789"),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        sha256={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion-mnist": Source(
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        sha256={
            "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    ),
}
NAMES_SHA256 = "d4636ea6df909ad1e4880eb0781a5441b03776b97fc2312ed81641e4a558afa9"


@dataclass(frozen=True)
class Dataset:
    """images (N, 28, 28) uint8, 0 for background to 255; labels (N,) uint8, or None; names of the classes."""

    images: np.ndarray = field(repr=False)
    labels: np.ndarray | None = field(repr=False)
    classes: tuple[str, ...]

    def __len__(self):
        return len(self.images)


def load(name: str, split: str = "train", root=None) -> Dataset:
    """A split ("train" or "test") of "mnist" or "fashion-mnist", verified.

    root: a folder that holds mnist/ or fashion-mnist/ with the IDX files, compressed or not. Without it, these are
    searched in turn: the folder that the environment variable MNIST_AUTOGRAD_DATA names, the repository's data/,
    and what download() has fetched.
    Raises FileNotFoundError if no folder has the file, ValueError if the file found is not the right one.
    """
    source = _source(name)
    if split not in ("train", "test"):
        raise ValueError(f"load: there is no split {split!r}; expected 'train' or 'test'")
    arrays = {}
    for kind in ("images", "labels"):
        file = IMAGE_FILES[split, kind]
        path = _find(f"{name}/{file}.gz", root) or _find(f"{name}/{file}", root)
        if path is None:
            raise FileNotFoundError(
                f"load: {name}/{file}.gz is in none of these folders: {', '.join(map(str, _roots(root)))}. "
                f"Call mnist_autograd.data.download({name!r}), or name a folder that has it by root= or by the "
                f"environment variable {ROOT_VARIABLE}"
            )
        content = read_content(path)
        _verify(content, source.sha256[file], path)
        arrays[kind] = parse_idx(content, path)
    return Dataset(arrays["images"], arrays["labels"], source.classes)


def load_names(root=None) -> list[str]:
    """29,910 first names, lower case, sorted (US Social Security Administration, 2017, public domain)."""
    path = _find("names.txt", root)
    if path is None:
        raise FileNotFoundError(
            f"load_names: names.txt is in none of these folders: {', '.join(map(str, _roots(root)))}"
        )
    content = read_content(path)
    _verify(content, NAMES_SHA256, path)
    return content.decode("ascii").split()


def download(name: str, root=None, mirrors=None) -> Path:
    """Fetch a data set that load() does not find, and return its folder.

    Files go to root, else to the folder that MNIST_AUTOGRAD_DATA names, else to the user's cache. Those that are there
    and right are kept. Each mirror is tried until one sends the right content. Raises ConnectionError if none does.
    """
    source = _source(name)
    try:
        import pooch
    except ImportError:
        raise ImportError("download: needs the package pooch; install it with: pip install pooch") from None
    folder = Path(root or os.environ.get(ROOT_VARIABLE) or pooch.os_cache("mnist-autograd")) / name
    folder.mkdir(parents=True, exist_ok=True)
    fetch = pooch.HTTPDownloader(progressbar=True, chunk_size=2**16, timeout=30)
    for file, sha256 in source.sha256.items():
        path = folder / f"{file}.gz"
        if not _is_right(path, sha256):
            _fetch_from_any(fetch, mirrors or source.mirrors, path, sha256)
    return folder


def read_idx(path) -> np.ndarray:
    """The array in an IDX file, compressed by gzip or not. Raises ValueError for a file that is damaged or no IDX.

    Format: two zero bytes, a code for the type, the number of axes, their sizes as big-endian 32-bit integers, the
    elements. (Source: the description beside LeCun, Cortes and Burges, the MNIST database.)
    """
    return parse_idx(read_content(path), path)


def parse_idx(content: bytearray, path) -> np.ndarray:
    """The array in the content of an IDX file. Only what is really there is believed: a header allocates nothing."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_DTYPES:
        raise ValueError(
            f"{path} is no IDX file: it starts with {bytes(content[:4]).hex(' ') or 'nothing'}; expected 00 00, a type "
            f"code out of {', '.join(f'{code:02x}' for code in IDX_DTYPES)}, and the number of axes"
        )
    dtype, ndim = np.dtype(IDX_DTYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(f"{path} is truncated: its header announces {ndim} sizes and ends before the last of them")
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    announced, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if announced != found:
        state = "truncated" if found < announced else "too long"
        raise ValueError(f"{path} is {state}: shape {shape} takes {announced:,} bytes, but {found:,} follow the header")
    try:
        array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # more axes than NumPy has, or a size 0 beside enormous ones
        raise ValueError(f"{path} announces the shape {shape}, which no array can have ({error})") from None
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_content(path) -> bytearray:
    """The bytes of a file, decompressed if it starts like gzip; a ValueError if it is damaged or above MAX_CONTENT."""
    with open(path, "rb") as file:
        is_compressed = file.read(2) == b"\x1f\x8b"
    content = bytearray()
    try:
        with gzip.open(path) if is_compressed else open(path, "rb") as file:
            while chunk := file.read(2**20):
                content += chunk
                if len(content) > MAX_CONTENT:
                    raise ValueError(f"{path} holds more than {MAX_CONTENT:,} bytes; no data set of this project does")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is damaged or truncated: gzip says '{error}'. Fetch or copy it again") from None
    return content


def to_inputs(images: np.ndarray) -> np.ndarray:
    """What a network sees: images (N, 28, 28) of 0 to 255 become rows X (N, 784), float32 from 0 to 1."""
    images = np.asarray(images)
    if images.ndim != 3 or images.dtype.kind not in "iu":
        raise ValueError(
            f"to_inputs: got shape {images.shape} of {images.dtype}; expected images (N, 28, 28) of whole numbers "
            "from 0 to 255 (a single image is images[:1]; floats may have been scaled already)"
        )
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def minibatches(X, y, batch_size: int, rng) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (X, y) of at most batch_size examples, each example once, in an order drawn from rng (or its seed)."""
    if batch_size < 1 or len(X) != len(y):
        raise ValueError(
            f"minibatches: batch_size is {batch_size}, with {len(X)} examples and {len(y)} labels; expected a size "
            "of at least 1 and as many labels as examples"
        )
    X, y = np.asarray(X), np.asarray(y)
    order = np.random.default_rng(rng).permutation(len(X))
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield X[chosen], y[chosen]


def shift(images, down: int, right: int) -> np.ndarray:
    """Images (N, 28, 28), or rows (N, 784), moved by whole pixels; what enters at an edge is 0, background.

    down, right: pixels, negative for up and left; a whole number, or one for each image (N,). No more than the image
    has. Any square size will do. Source: chapter 08.
    """
    images = np.asarray(images)
    side = math.isqrt(images.shape[-1]) if images.ndim == 2 else images.shape[-1] if images.ndim == 3 else 0
    if images.shape[1:] not in ((side, side), (side * side,)):
        raise ValueError(f"shift: got shape {images.shape}; expected square images (N, 28, 28) or rows (N, 784)")
    down, right = np.asarray(down), np.asarray(right)
    for name, by in (("down", down), ("right", right)):
        if by.dtype.kind not in "iu" or by.shape not in ((), (len(images),)) or (np.abs(by) > side).any():
            raise ValueError(
                f"shift: {name} is {str(by):.60}; expected a whole number of pixels from {-side} to {side}, or one for "
                f"each of the {len(images)} images"
            )
    reach = int(max(np.abs(down).max(initial=0), np.abs(right).max(initial=0)))
    framed = np.zeros((len(images), side + 2 * reach, side + 2 * reach), images.dtype)
    framed[:, reach : reach + side, reach : reach + side] = images.reshape(-1, side, side)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (side, side), axis=(1, 2))  # no copy: (N, ., ., 28, 28)
    return windows[np.arange(len(images)), reach - down, reach - right].reshape(images.shape)


def random_shifts(images, rng, reach: int = 1) -> np.ndarray:
    """Each image (N, 28, 28), or row (N, 784), moved by -reach to reach pixels down and right, drawn from rng.

    rng: a seed or a NumPy Generator. Its form is that of the Trainer's argument augment=. Source: chapter 08.
    """
    down, right = np.random.default_rng(rng).integers(-reach, reach + 1, (2, len(images)))
    return shift(images, down, right)


def read_kaggle(path) -> Dataset:
    """Kaggle's digit-recognizer files: train.csv (label, pixel0 ... pixel783) or test.csv (pixels; labels are None)."""
    pixels = [f"pixel{i}" for i in range(784)]
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        columns = [name.strip().strip('"') for name in file.readline().split(",")]
        if columns not in (pixels, ["label", *pixels]):
            raise ValueError(
                f"{path}: {len(columns)} columns, the first {columns[0]!r:.40}; expected pixel0 to pixel783, "
                "with label before them in train.csv"
            )
        try:
            # As floats, because older NumPy versions wrap 256 around to 0 where asked for bytes.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about a file without rows, which is refused below
                table = np.loadtxt(file, dtype=np.float32, delimiter=",", comments=None, quotechar='"', ndmin=2)
        except ValueError as error:
            raise ValueError(f"{path}: expected {len(columns)} whole numbers in every row ({error})") from None
    wrong = (table < 0) | (table > 255) | (table % 1 != 0)
    if wrong.any() or table.shape[1:] != (len(columns),):
        rows = f"rows of {table.shape[-1]} numbers" if table.size else "no rows"
        found = f"{table[wrong][0]:g}" if wrong.any() else rows
        raise ValueError(f"{path}: found {found}; expected {len(columns)} whole numbers from 0 to 255 in every row")
    table = table.astype(np.uint8)
    labels, images = (table[:, 0], table[:, 1:]) if len(columns) > 784 else (None, table)
    if labels is not None and (labels > 9).any():
        raise ValueError(f"{path}: found the label {labels.max()}; expected digits from 0 to 9")
    return Dataset(images.reshape(-1, 28, 28), labels, SOURCES["mnist"].classes)


def write_submission(path, labels) -> None:
    """Kaggle's answer file: the columns ImageId, counted from 1, and Label."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not ((labels >= 0) & (labels <= 9)).all():
        raise ValueError(
            f"write_submission: expected predicted digits from 0 to 9 of shape (N,), got shape {labels.shape} of "
            f"{labels.dtype}; model.predict(X) gives them"
        )
    rows = ["ImageId,Label", *(f"{i},{label}" for i, label in enumerate(labels, start=1))]
    with atomic_write(path) as file:
        file.write(("\n".join(rows) + "\n").encode("ascii"))


def read_submission(path) -> np.ndarray:
    """The labels (N,) of a submission file, whose form is checked."""
    header, *rows = Path(path).read_text(encoding="utf-8-sig", errors="replace").splitlines() or [""]
    if header != "ImageId,Label":
        raise ValueError(f"{path}: the first line is {header!r:.60}; expected 'ImageId,Label'")
    for i, row in enumerate(rows, start=1):
        image_id, _, label = row.partition(",")
        if image_id != str(i) or label not in SOURCES["mnist"].classes:
            raise ValueError(f"{path}: line {i + 1} is {row!r:.60}; expected '{i},' and a digit")
    return np.array([int(row.partition(",")[2]) for row in rows], dtype=np.uint8)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise ValueError(f"there is no data set {name!r}; expected one of {', '.join(map(repr, SOURCES))}")
    return SOURCES[name]


def _roots(root) -> Iterator[Path]:
    """The folders to search, in turn; the cache last, so that pooch is imported only where no other has the file."""
    if root is not None:
        yield Path(root)
        return
    if os.environ.get(ROOT_VARIABLE):
        yield Path(os.environ[ROOT_VARIABLE])
    yield REPOSITORY_DATA
    try:
        import pooch
    except ImportError:
        return
    yield Path(pooch.os_cache("mnist-autograd"))


def _find(relative: str, root) -> Path | None:
    return next((folder / relative for folder in _roots(root) if (folder / relative).is_file()), None)


def _verify(content: bytes, sha256: str, path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is not the file it should be: its content has the SHA-256 {found}, expected {sha256}. "
            "Delete it and fetch or copy it again"
        )


def _is_right(path: Path, sha256: str) -> bool:
    try:
        _verify(read_content(path), sha256, path)
    except (OSError, ValueError):
        return False
    return True


def _fetch_from_any(fetch, mirrors, path: Path, sha256: str) -> None:
    """Download a file from the first mirror that has the right one; it appears under its name only once verified."""
    failures = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + path.name
        try:
            with atomic_write(path) as file:
                fetch(url, file, None)
                file.flush()
                _verify(read_content(file.name), sha256, url)
            return
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"{url}: {error}")
    raise ConnectionError(
        f"download: no mirror sent {path.name}:\n  " + "\n  ".join(failures) + f"\nWithout a network, put the files "
        f"into a folder {path.parent.name}/ and name the folder above it by root= or {ROOT_VARIABLE}"
    )
