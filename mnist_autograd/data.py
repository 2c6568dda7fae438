"""Data: MNIST and Fashion-MNIST from IDX files, first names, mini-batches. Kaggle's files and shifts are handed on.

Every file of a data set is verified by the SHA-256 of its decompressed content, so that any mirror and any
compression will do, and a wrong file is named. Nothing is downloaded unless download() is called.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import threading
import time
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .augment import random_shifts, shift  # noqa: F401 - handed on: chapters call data.shift
from .datasets import SOURCES, Dataset, Source
from .files import StrPath, atomic_write, expanded
from .kaggle import read_kaggle, read_submission, write_submission  # noqa: F401 - likewise

ROOT_VARIABLE = "MNIST_AUTOGRAD_DATA"
REPOSITORY_DATA = Path(__file__).resolve().parent.parent / "data"
NAMES = Path(__file__).with_name("names.txt")
MAX_CONTENT = 2**30  # bytes; the largest IDX file in common use (EMNIST by class) has about half of that
MAX_DOWNLOAD = 2**26  # bytes of one file; the largest has 26 million compressed, 47 million not
MAX_SECONDS = 900  # for one file: the largest takes them at 30 kB a second
IDX_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

IMAGE_FILES = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}


NAMES_SHA256 = "d4636ea6df909ad1e4880eb0781a5441b03776b97fc2312ed81641e4a558afa9"


def load(name: str, split: str = "train", root: StrPath | None = None) -> Dataset:
    """A split ("train" or "test") of "mnist" or "fashion-mnist", verified.

    root: a folder that holds mnist/ or fashion-mnist/ with the IDX files, compressed or not, or MNIST/raw/ or
    FashionMNIST/raw/ as torchvision makes them. Without it, these are searched in turn: the folder that the environment
    variable MNIST_AUTOGRAD_DATA names, the folder data/ in the working directory and in those above it, the
    repository's data/, and what download() has fetched.
    Raises FileNotFoundError if no folder has the file, ValueError if the file found is not the right one.
    """
    source = _source(name)
    if split not in ("train", "test"):
        raise ValueError(f"load: there is no split {split!r}; expected 'train' or 'test'")
    images, labels = (_read(source, IMAGE_FILES[split, kind], root) for kind in ("images", "labels"))
    return Dataset(images, labels, source.classes)


def load_names(root: StrPath | None = None) -> list[str]:
    """29,910 first names, lower case, sorted (US Social Security Administration, 2017, public domain).

    root: a folder that holds names.txt; without it, the one in this package is read.
    """
    path = NAMES if root is None else expanded(root) / "names.txt"
    content = read_content(path).replace(b"\r\n", b"\n")  # Git for Windows may have changed the ends of the lines
    _verify(content, NAMES_SHA256, path)
    return content.decode("ascii").split()


def download(name: str, root: StrPath | None = None, mirrors: str | Sequence[str] | None = None) -> Path:
    """Fetch a data set that load() does not find, and return its folder.

    Files go to root, else to the folder that MNIST_AUTOGRAD_DATA names, else to the user's cache. Those that are there
    and right are kept. Each mirror is tried until one sends the right content, in MAX_SECONDS and MAX_DOWNLOAD bytes
    at the most. Raises ConnectionError if none does.
    """
    source = _source(name)
    try:
        import pooch
    except ImportError:
        raise ImportError("download: needs the package pooch; install it with: pip install pooch") from None
    folder = (_named_folder(root) or Path(pooch.os_cache("mnist-autograd"))) / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, sha256 in source.sha256.items():
        path = folder / f"{file}.gz"
        if not _is_right(path, sha256):
            body = _fetch_from_any([mirrors] if isinstance(mirrors, str) else mirrors or source.mirrors, path, sha256)
            with atomic_write(path) as part:
                part.write(body)
    return folder


def read_idx(path: StrPath) -> NDArray[Any]:
    """The array in an IDX file, compressed by gzip or not. Raises ValueError for a file that is damaged or no IDX.

    Format: two zero bytes, a code for the type, the number of axes, their sizes as big-endian 32-bit integers, the
    elements. (Source: the description beside LeCun, Cortes and Burges, the MNIST database.)
    """
    return parse_idx(read_content(path), path)


def parse_idx(content: bytes | bytearray, path: StrPath) -> NDArray[Any]:
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
        array: NDArray[Any] = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # more axes than NumPy has, or a size 0 beside enormous ones
        raise ValueError(f"{path} announces the shape {shape}, which no array can have ({error})") from None
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_content(path: StrPath) -> bytearray:
    """The bytes of a file, decompressed if it starts like gzip; a ValueError if it is damaged or above MAX_CONTENT."""
    with open(expanded(path), "rb") as file:
        return _decompressed(file, path)


def to_inputs(images: ArrayLike) -> NDArray[np.float32]:
    """What a network sees: images (N, 28, 28) of 0 to 255 become rows X (N, 784), float32 from 0 to 1."""
    images = np.asarray(images)
    if images.ndim != 3 or images.dtype.kind not in "iu":
        raise ValueError(
            f"to_inputs: got shape {images.shape} of {images.dtype}; expected images (N, 28, 28) of whole numbers "
            "from 0 to 255 (a single image is images[:1]; floats may have been scaled already)"
        )
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def minibatches(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
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
        yield X.take(chosen, axis=0), y.take(chosen, axis=0)  # X[chosen], in nine tenths of the time


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise ValueError(f"there is no data set {name!r}; expected one of {', '.join(map(repr, SOURCES))}")
    return SOURCES[name]


def _named_folder(root: StrPath | None) -> Path | None:
    """The folder that somebody has named, by the argument root= or by the variable."""
    if root is not None:
        return expanded(root)
    variable = os.environ.get(ROOT_VARIABLE)
    return expanded(variable) if variable else None


def _roots(root: StrPath | None) -> Iterator[Path]:
    """The folders to search, in turn; the cache last, so that pooch is imported only where no other has the file."""
    named = _named_folder(root)
    if named is not None:
        yield named
    if root is not None:
        return
    try:
        here = Path.cwd()
    except OSError:  # it has been deleted
        here = REPOSITORY_DATA.parent
    nearby = [folder / "data" for folder in (here, *here.parents)] + [REPOSITORY_DATA]
    yield from dict.fromkeys(folder for folder in nearby if os.path.isdir(folder))
    try:
        import pooch
    except ImportError:
        return
    yield Path(pooch.os_cache("mnist-autograd"))


def _forms(source: Source, file: str, folder: Path) -> list[Path]:
    """Where a file may be: in our folder or torchvision's, compressed or not, with a point as 7-zip unpacks it."""
    names = [stem + suffix for stem in (file, file.replace("-idx", ".idx")) for suffix in (".gz", "")]
    paths = (folder / inner / name for inner in source.folders for name in names)
    return [path for path in paths if os.path.isfile(path)]


def _read(source: Source, file: str, root: StrPath | None) -> NDArray[Any]:
    """The array in the first right file; a wrong one is an error where somebody has named its folder, or none is right.

    A folder data/ that only happens to be near may belong to another project.
    """
    named = _named_folder(root)
    problem: Exception | None = None
    for folder in _roots(root):
        for path in _forms(source, file, folder):
            try:
                content = read_content(path)
                _verify(content, source.sha256[file], path)
            except (OSError, ValueError) as error:
                if folder == named:
                    raise
                problem = problem or error
                continue
            if named is not None and folder != named:
                _warn_of_an_empty_folder(named, path)
            return parse_idx(content, path)
    if problem:
        raise problem
    name = source.folders[0]
    searched = ", ".join(map(str, _roots(root))) or "data/ in the working directory and above it"
    raise FileNotFoundError(
        f"load: {name}/{file}.gz is in none of these folders: {searched}. To get it, call "
        f"mnist_autograd.data.download({name!r}), or name the folder above {name}/ by root= or by the environment "
        f"variable {ROOT_VARIABLE} ({_accepted(source)})"
    )


def _accepted(source: Source) -> str:
    ours, torchvisions = source.folders
    return (
        f"{torchvisions}/, as torchvision makes it, will do as well as {ours}/; files may be compressed or not, and be "
        "called t10k-images-idx3-ubyte or t10k-images.idx3-ubyte"
    )


def _warn_of_an_empty_folder(named: Path, path: Path) -> None:
    """It need not hold every data set. But where it holds none, it is not what somebody meant."""
    if not any(_forms(source, file, named) for source in SOURCES.values() for file in source.sha256):
        warnings.warn(
            f"{ROOT_VARIABLE} names {named}, which holds no data set; {path} is read instead. Expected a folder that "
            f"holds {' or '.join(f'{source.folders[0]}/' for source in SOURCES.values())} ("
            f"{_accepted(SOURCES['mnist'])})",
            stacklevel=5,
        )


def _decompressed(file: BinaryIO, name: StrPath) -> bytearray:
    is_compressed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream = gzip.GzipFile(fileobj=file) if is_compressed else file
    content = bytearray()
    try:
        while chunk := stream.read(2**20):
            content += chunk
            if len(content) > MAX_CONTENT:
                raise ValueError(f"{name} holds more than {MAX_CONTENT:,} bytes; no data set of this project does")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{name} is damaged or truncated: gzip says '{error}'. Fetch or copy it again") from None
    return content


def _verify(content: bytes | bytearray, sha256: str, path: StrPath) -> None:
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


def _fetch_from_any(mirrors: Sequence[str], path: Path, sha256: str) -> bytes:
    """A file from the first mirror that has the right one."""
    failures = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + path.name
        try:
            body = _fetch(url)
            _verify(_decompressed(io.BytesIO(body), url), sha256, url)
            return body
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"{url}: {error}")
    raise ConnectionError(
        f"download: no mirror sent {path.name}:\n  " + "\n  ".join(failures) + f"\nWithout a network, put the files "
        f"into a folder {path.parent.name}/ and name the folder above it by root= or {ROOT_VARIABLE}"
    )


class _Body(io.BytesIO):
    """What a server sends, up to MAX_DOWNLOAD bytes."""

    def write(self, chunk: Any) -> int:
        if self.tell() + len(chunk) > MAX_DOWNLOAD:
            raise OSError(f"it sends more than {MAX_DOWNLOAD:,} bytes")
        return super().write(chunk)


_clock = time.monotonic


def _fetch(url: str) -> bytes:
    """The body of a URL. Raises OSError where it is not complete within MAX_SECONDS and MAX_DOWNLOAD.

    A server that sends a byte now and then never runs into the time limit of a socket. So a thread waits for it, which
    is left alone when the time is up, and ends at the next chunk: its file is closed.
    """
    import pooch

    fetch = pooch.HTTPDownloader(progressbar=True, chunk_size=2**16, timeout=30)
    body, failures = _Body(), list[Exception]()

    def work() -> None:
        try:
            fetch(url, body, None)
        except Exception as error:  # raised below, in the thread that asked
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    end = _clock() + MAX_SECONDS
    with body:  # closed by Ctrl-C as well
        thread.start()
        while thread.is_alive() and _clock() < end:
            thread.join(0.1)  # seconds; often enough to hear Ctrl-C, everywhere
        if thread.is_alive():
            raise TimeoutError(f"it took more than {MAX_SECONDS:,} seconds")
        if failures:
            raise failures[0]
        return body.getvalue()
