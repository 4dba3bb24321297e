"""An index on disk: one file, read whole or not at all."""

import hashlib
import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from numpy.typing import NDArray

from services.classifier.hashes.index.hits import Bits, Numbers
from services.classifier.hashes.index.rows import LEAST, Rows

NAME = "rows.index"
MAGIC = b"haetae index 1\n\0"  # the order of bits, the groups' bounds and what follows belong to this number
HEADER = struct.Struct("<I")
MOST_HEADER = 4096
ROWS_AT_ONCE = 1 << 16  # so that writing needs two megabytes of its own
DIGEST = hashlib.sha256().digest_size


class IndexUnreadable(Exception):
    """A saved index is missing, broken or of another format. The message says which; it can always be built anew."""


class _Header(NamedTuple):
    bits: int
    revision: int
    rows: tuple[int, ...]  # of each group


def write(folder: Path, bits: int, revision: int, groups: Sequence[tuple[Rows, Numbers, Bits]]) -> None:
    """`groups`: rows, the places of those to keep, and their thresholds."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{NAME}.new"
    header = json.dumps({"bits": bits, "revision": revision, "rows": [len(kept) for _, kept, _ in groups]}).encode()
    with new.open("wb") as file:
        out = _Summed(file)
        out.write(MAGIC + HEADER.pack(len(header)) + header)
        for rows, kept, thresholds in groups:
            for start in range(0, len(kept), ROWS_AT_ONCE):
                out.write(rows.hashes[kept[start : start + ROWS_AT_ONCE]].tobytes())
            out.write(thresholds.tobytes())
            for start in range(0, len(kept), ROWS_AT_ONCE):
                out.write(rows.numbers[kept[start : start + ROWS_AT_ONCE]].tobytes())
        file.write(out.sum.digest())
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / NAME)
    _sync(folder)


def read(folder: Path, bits: int, groups: int) -> tuple[tuple[Rows, ...], int]:
    """The groups' rows, and the revision. Raises `IndexUnreadable`."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            source = _Summed(file)
            header = _header(source, path)
            if header.bits != bits or len(header.rows) != groups:
                raise IndexUnreadable(f"{path} is of {header.bits} bits and {len(header.rows)} groups: not this index")
            expected = file.tell() + sum(header.rows) * (bits // 8 + 2 + 8) + DIGEST
            if path.stat().st_size != expected:
                raise IndexUnreadable(f"{path} has {path.stat().st_size} bytes instead of {expected}: build it anew")
            rows = tuple(_rows(source, bits, count) for count in header.rows)
            if file.read() != source.sum.digest():
                raise IndexUnreadable(f"{path} is damaged: its checksum is another one; build it anew")
            return rows, header.revision
    except OSError as error:
        raise IndexUnreadable(f"{path} cannot be read: {error.strerror}; build it anew") from error


class _Summed:
    """A file, and the SHA-256 of what went through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self.sum.update(data)

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.sum.update(data)
        return data

    def fill(self, array: NDArray[Any]) -> None:
        view = memoryview(array.reshape(-1).view("u1"))  # type: ignore[arg-type]  # numpy's arrays are buffers
        if self._file.readinto(view) != len(view):  # type: ignore[attr-defined]  # of buffered files only
            raise OSError(0, "it is shorter than it says")
        self.sum.update(view)


def _header(source: _Summed, path: Path) -> _Header:
    if source.read(len(MAGIC)) != MAGIC:
        raise IndexUnreadable(f"{path} is no index of this version; build it anew")
    try:
        (size,) = HEADER.unpack(source.read(HEADER.size))
        said = json.loads(source.read(min(size, MOST_HEADER)))
        header = _Header(int(said["bits"]), int(said["revision"]), tuple(int(count) for count in said["rows"]))
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexUnreadable(f"{path} is damaged: its header cannot be read; build it anew") from error
    if min(header.rows, default=0) < 0:
        raise IndexUnreadable(f"{path} is damaged: it says less than no rows; build it anew")
    return header


def _rows(source: _Summed, bits: int, count: int) -> Rows:
    rows = Rows.room(bits // 64, count + count // 8 + (LEAST if count else 0))
    source.fill(rows.hashes[:count])
    source.fill(rows.thresholds[:count])
    source.fill(rows.numbers[:count])
    return Rows(rows.hashes, rows.thresholds, rows.numbers, count)


def _sync(folder: Path) -> None:
    """The new name is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
