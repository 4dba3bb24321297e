"""Files of a folder that others may write to: nothing that leads elsewhere, waits for ever or never ends."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

SMALL = 1 << 20  # more than any file that is written by hand


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """To read. Raises `ValueError` for a link, a pipe or a device; `OSError`."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise ValueError(f"{path} is a link, and there is none here: remove it") from error
        raise
    if not stat.S_ISREG(kind := os.fstat(number).st_mode):
        os.close(number)
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(f"{path} is a folder")
        raise ValueError(f"{path} is no ordinary file, and there is no other here: remove it")
    with os.fdopen(number, "rb") as file:
        yield file


def read_plain(path: Path, most: int = SMALL) -> bytes:
    """Raises `ValueError`, `OSError` as `open_plain`; also for one of more than `most` bytes."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = b"" if size > most else file.read(size + 1)
    if size > most:
        raise ValueError(f"{path} has more than {most:,} bytes: it is not what belongs there")
    if len(data) > size:
        raise ValueError(f"{path} grew while it was read: who writes there?")
    return data


def sync_folder(path: Path) -> None:
    """What was made, renamed or removed in it stays so when the power fails (fsync(2)): a folder keeps its names."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
