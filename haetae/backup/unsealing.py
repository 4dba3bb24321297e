"""What a restore takes out of an archive, all of it checked before PostgreSQL sees any: the data folder, the log."""

import io
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.local import sealed_log
from deploy.local.archive import Archive
from deploy.local.described import description
from deploy.local.home import PRIVATE_FILE, PRIVATE_FOLDER
from deploy.local.sealed import NotSealed, Torn
from deploy.local.segments import SEGMENT_BYTES, number_of
from haetae.backup import bases

PART = r"[A-Za-z0-9_][A-Za-z0-9_.\-]*+"
PLAIN = re.compile(rf"{PART}(?:/{PART})*+/?")  # what PostgreSQL calls its files; possessive: tried once


class _Read(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        while not self._left:
            try:
                self._left = next(self._pieces)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def data_folder(archive: Archive, base: bases.Base, folder: Path) -> None:
    """A base into an empty folder. Raises `NotSealed`, `OSError`."""
    read = _Read(bases.pieces(archive, base))
    with tarfile.open(fileobj=io.BufferedReader(read), mode="r|gz") as tar:
        for member in tar:
            _place(tar, member, folder)
    while read.read(SEGMENT_BYTES):  # to its last piece: the end is sealed as such
        pass


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Folders and ordinary files below `folder`, nothing else: without tablespaces PostgreSQL makes no others."""
    name = member.name.removeprefix("./")
    if not PLAIN.fullmatch(name) or not (member.isfile() or member.isdir()):
        raise NotSealed(f"{member.name!r} is no file of a database: that base was not made by `haetae backup create`")
    if member.isdir():
        (folder / name).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        return
    with (folder / name).open("xb") as file:
        (folder / name).chmod(PRIVATE_FILE)
        if source := tar.extractfile(member):  # always: it is a file
            shutil.copyfileobj(source, file)


def log(archive: Archive, first: str, folder: Path | None = None) -> int:
    """The log from the segment `first` on, into files as PostgreSQL has them; checked alone without `folder`. Up to
    which byte it goes; 0 where there is none. Raises `NotSealed` for a piece that is not whole, but at the very end:
    what was being written there when the machine was lost, or is now, nobody was told to be safe."""
    life, end = description(archive).life, 0
    names = [name for name in sealed_log.names(archive.wal) if name >= first]
    for name in names:
        start = number_of(name) * SEGMENT_BYTES
        if end and end != start:
            raise NotSealed(f"{archive.wal}: the log ends at byte {end:,}, and goes on in {name} at {start:,}")
        pieces = sealed_log.pieces(archive.wal, archive.key, life, name)
        end = start + _segment(_while_whole(pieces) if name == names[-1] else pieces, name, folder)
    return end


def _while_whole(pieces: Iterator[bytes]) -> Iterator[bytes]:
    with suppress(Torn):
        yield from pieces


def _segment(pieces: Iterator[bytes], name: str, folder: Path | None) -> int:
    if folder is None:
        return sum(len(data) for data in pieces)
    length = 0
    with (folder / name).open("xb") as file:
        for data in pieces:
            length += file.write(data)
        file.truncate(SEGMENT_BYTES)  # a segment that is being written is zeros from there on
    return length
