"""Files that are written whole or not at all, and files of arrays that are read without trusting them."""

from __future__ import annotations

import contextlib
import glob
import io
import os
import secrets
import stat
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

try:
    import fcntl
except ImportError:  # Windows, which deletes no file that is open: there a lock is not needed
    fcntl = None  # type: ignore[assignment]

StrPath = str | os.PathLike[str]
ABANDONED_AFTER = 60  # seconds without a change, after which a part file may be one that a killed process left


def expanded(path: StrPath) -> Path:
    """The path with ~ and environment variables replaced, as a shell does it."""
    return Path(os.path.expanduser(os.path.expandvars(path)))


def regular(path: StrPath) -> Path:
    """The expanded path of a file, which need not exist yet.

    Raises OSError for a folder and for a device, pipe or socket: to read one may take for ever, and to replace one
    breaks what others do with it.
    """
    path = expanded(path)
    try:
        mode = path.stat().st_mode  # of what a link points at
    except FileNotFoundError:
        return path
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path} is a folder; name a file")
    if not stat.S_ISREG(mode):
        raise OSError(f"{path} is a device, a pipe or a socket, not a regular file; name another file")
    return path


@contextlib.contextmanager
def atomic_write(path: StrPath) -> Iterator[BinaryIO]:
    """Open a binary file that takes the name `path` only once it is complete and on disk.

    If the block raises, or the machine stops, an older file of that name is still there, unchanged. The new one keeps
    its mode, and a link goes on pointing at it. Several threads, processes and machines may write to one name: the
    last that is complete stays. Raises OSError, which names the path, where it cannot be written or is no regular file.
    """
    path = regular(path)
    target = Path(os.path.realpath(path))
    part = target.with_name(f"{target.name}.{secrets.token_hex(8)}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned_parts(target)
    try:
        with open(part, "xb") as file:
            _lock(file)
            if target.exists():
                os.chmod(part, stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(part)):  # "No space left on device" names no file
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        part.unlink(missing_ok=True)


def write_arrays(path: StrPath, arrays: Mapping[str, np.ndarray], compressed: bool = False) -> None:
    """Write arrays by name to an .npz file, as np.savez does, whole or not at all; nothing is pickled."""
    how = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", how) as members:
        for name, array in arrays.items():
            with members.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_arrays(path: StrPath, most: int | None = None) -> dict[str, np.ndarray]:
    """The arrays by name that write_arrays() wrote: numbers and text, nothing that would have to be unpickled.

    most: bytes that the arrays may take, which the directory of the file tells before anything is read; without it, as
    many as the file has, enough where nothing is compressed. Raises ValueError where the file announces more,
    is damaged or is something else; OSError where it cannot be opened.
    """
    path = regular(path)
    with open(path, "rb") as file:
        most = os.fstat(file.fileno()).st_size if most is None else most
        try:
            with zipfile.ZipFile(file) as members:
                announced = sum(member.file_size for member in members.infolist())
                if announced <= most:
                    return {m.filename.removesuffix(".npy"): _array(_content(members, m)) for m in members.infolist()}
        except Exception:  # damage makes the readers of zip, deflate and .npy fail in many ways
            raise ValueError(f"{path} is no .npz file of plain arrays, or is damaged") from None
    raise ValueError(
        f"{path} announces arrays of {announced:,} bytes; expected at most {most:,}. It is damaged or hostile"
    )


def _content(members: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """As many bytes as the directory announces; members.read() would unpack all that there are, and cut them then."""
    with members.open(member) as file:
        return file.read(member.file_size)


def _array(content: bytes) -> np.ndarray:
    """The array in the content of an .npy file. Only what is really there is believed: its header allocates nothing."""
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) == (1, 0):
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, is_fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.kind not in "biufU":
        raise TypeError(f"an array of {dtype}")
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape, order="F" if is_fortran else "C")


def _lock(file: IO[bytes]) -> bool:
    """Whether the lock on an open file is ours now. It goes when the file is closed, and when its process is killed."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another has it, or this file system has no locks
        return False
    return True


def _remove_abandoned_parts(target: Path) -> None:
    """Delete part files of the target whose writers were killed: one that lives holds a lock, or has just begun."""
    for part in target.parent.glob(f"{glob.escape(target.name)}.{'[0-9a-f]' * 16}.part"):
        with contextlib.suppress(OSError):  # it is gone by now, somebody else's, or open (Windows)
            if time.time() - part.stat().st_mtime > ABANDONED_AFTER:
                with open(part, "r+b") as file:
                    is_abandoned = _lock(file)
                if is_abandoned:
                    part.unlink()
