"""PostgreSQL's write-ahead log in an archive: one sealed file a segment, named as PostgreSQL names it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.local.home import PRIVATE_FILE
from deploy.local.sealed import MAX_DATA, NotSealed, Run, frames
from deploy.local.segments import SEGMENT, SEGMENT_BYTES, number_of, segment
from shared.plain_files import open_plain, sync_folder


def names(folder: Path) -> list[str]:
    """The segments that are there, the oldest first."""
    return sorted(file.name for file in folder.glob("*") if SEGMENT.fullmatch(file.name))


def pieces(folder: Path, key: bytes, life: str, name: str) -> Iterator[bytes]:
    """What a segment's file holds, from the segment's first byte on. Raises `NotSealed` for what is not whole."""
    for data, _ in _row(folder, key, life, name):
        yield data


def _row(folder: Path, key: bytes, life: str, name: str) -> Iterator[tuple[bytes, int]]:
    start = number_of(name) * SEGMENT_BYTES
    place = start
    with open_plain(folder / name) as file:
        for frame in frames(key, life, name, file):
            if frame.place != place or place + len(frame.data) > start + SEGMENT_BYTES:
                raise NotSealed(f"{name} goes on at byte {frame.place:,} of the log instead of {place:,}")
            place += len(frame.data)
            yield frame.data, frame.ends_at


class Log:
    """The end of the log, and what is added to it. `life`: of the cluster that writes it."""

    def __init__(self, folder: Path, key: bytes, life: str) -> None:
        self._folder, self._key, self._life = folder, key, life
        self._run = Run(key, life)
        self._timeline = int(life.rpartition("/")[2], 16)
        self._file: int | None = None
        self._name = ""
        self.position = 0

    def mend(self) -> int | None:
        """Cuts off what a crash left half written, which was never acknowledged; up to where the log is here then.
        Raises `NotSealed` where more than the newest file is not whole: a segment is flushed before the next begins."""
        *_, before, newest = ["", "", *names(self._folder)]
        if not newest:
            return None
        length, whole = self._whole(newest)
        if before and self._whole(before)[0] < SEGMENT_BYTES:
            raise NotSealed(f"{self._folder / before} is not whole: take another copy of it, or begin a new archive")
        if length:
            _cut(self._folder / newest, whole)
        else:
            (self._folder / newest).unlink()
            if not before:
                return None
        self.position = number_of(newest) * SEGMENT_BYTES + length
        return self.position

    def _whole(self, name: str) -> tuple[int, int]:
        """Bytes of the log that its frames hold up to the first that is not whole, and where that one begins."""
        length = whole = 0
        with suppress(NotSealed):
            for data, ends_at in _row(self._folder, self._key, self._life, name):
                length, whole = length + len(data), ends_at
        return length, whole

    def add(self, position: int, data: bytes) -> None:
        """The log from `position` on. Raises `ValueError` where that is not its end."""
        if position != self.position:
            raise ValueError(
                f"the server goes on at byte {position:,} of its log, the archive ends at {self.position:,}"
            )
        while data:
            room = min(MAX_DATA, SEGMENT_BYTES - self.position % SEGMENT_BYTES)
            now, data = data[:room], data[room:]
            _write(self._open(), self._run.frame(self._name, self.position, now))
            self.position += len(now)

    def flush(self) -> None:
        """What was added is on the disk."""
        if self._file is not None:
            os.fdatasync(self._file)

    def _open(self) -> int:
        name = segment(self._timeline, self.position // SEGMENT_BYTES)
        if self._file is None or name != self._name:
            self.flush()
            if self._file is not None:
                os.close(self._file)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            self._file, self._name = os.open(self._folder / name, flags, PRIVATE_FILE), name
            sync_folder(self._folder)
        return self._file


def _cut(path: Path, length: int) -> None:
    """Never through a link that somebody put there meanwhile."""
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.ftruncate(file, length)
    finally:
        os.close(file)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
