"""A bundle as it lies there: one file, or a folder that it was unpacked into."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from haetae_verify.container import CHUNK, MOST_ENTRIES, NAME, Entry, entries
from haetae_verify.shape import MOST_BYTES
from haetae_verify.wrong import Unreadable, Wrong


class Found(NamedTuple):
    sha256: str
    size: int


class Source(Protocol):
    """`files` are all of them, measured. What is opened is read in pieces, never as a whole."""

    files: Mapping[str, Found]
    packed: bool

    def open(self, name: str) -> BinaryIO: ...


def small(source: Source, name: str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file that belongs into memory. Raises `Wrong`."""
    if name not in source.files:
        raise Wrong(name, "missing")
    if source.files[name].size > most:
        raise Wrong(name, "big", most=most >> 10)
    with source.open(name) as file:
        return file.read(most)


class Packed:
    """A container. Raises `Wrong`, `Unreadable`."""

    packed = True

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries = {entry.name: entry for entry in entries(file)}
        self.files: Mapping[str, Found] = {
            entry.name: Found(entry.sha256, entry.size) for entry in self._entries.values()
        }

    def open(self, name: str) -> BinaryIO:
        return io.BufferedReader(Window(self._file, self._entries[name]), CHUNK)


class Folder:
    """An unpacked container; links are not followed. Raises `Wrong`, `OSError`."""

    packed = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: Mapping[str, Found] = {name: _measured(folder / name) for name in sorted(_names(folder))}

    def open(self, name: str) -> BinaryIO:
        return (self._folder / name).open("rb")


class Window(io.RawIOBase):
    """One entry of a container as a file of its own."""

    def __init__(self, file: BinaryIO, entry: Entry) -> None:
        self._file, self._entry, self._at = file, entry, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._entry.size}[whence]
        if at < 0:
            raise ValueError(f"{at} is before the start")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # typeshed has a wider one
        self._file.seek(self._entry.offset + self._at)
        piece = self._file.read(max(0, min(len(buffer), self._entry.size - self._at)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The bundle at `path`. Raises `Wrong`, and `Unreadable` when there is none."""
    try:
        if path.is_dir():
            yield Folder(path)
        else:
            with path.open("rb") as file:
                yield Packed(file)
    except OSError as error:
        raise Unreadable(path.name, "unreadable", why=error.strerror or error) from error


def _names(folder: Path) -> Iterator[str]:
    for number, path in enumerate(sorted([*folder.iterdir(), *folder.glob("evidence/*")])):
        name = path.relative_to(folder).as_posix()
        if number > MOST_ENTRIES:
            raise Wrong("container", "many", most=MOST_ENTRIES)
        if path.is_symlink() or not (path.is_file() or name == "evidence"):
            raise Wrong(name, "kind")
        if name != "evidence":
            if not NAME.fullmatch(name):
                raise Wrong(name, "stranger")
            yield name


def _measured(path: Path) -> Found:
    hasher, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            hasher.update(piece)
            size += len(piece)
    return Found(hasher.hexdigest(), size)
