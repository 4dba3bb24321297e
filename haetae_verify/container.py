"""The bundle's container: a ZIP (PKWARE APPNOTE 6.3.10) in one form only. Any tool opens it; `entries` takes no other.

Entries are stored, not compressed; README.txt, bundle.json, then the rest by name; fixed dates, attributes and flags;
no extra fields, no comments, nothing before, between or after. So every byte is either a file's, which its digest
covers, or follows from the files, and is compared with what must stand there.
"""

import hashlib
import io
import re
import struct
import zlib
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

from haetae_verify.wrong import Unreadable, Wrong

FIRST = ("README.txt", "bundle.json")
NAME = re.compile(r"(?:evidence/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
MAX_NAME = 129  # characters, as `NAME` has it
MOST = 0xFFFF_FFFF  # bytes before the directory's end: what 32 bits hold without ZIP64
MOST_ENTRIES = 10_000
CHUNK = 1 << 20

VERSION = 20  # 2.0: the first with folders
FLAGS = 0x0800  # names are UTF-8
DATE = 1 << 5 | 1  # 1980-01-01 00:00, the earliest that the format knows: a date would say nothing that is proved
ATTRIBUTES = 0o100644 << 16  # a plain file of Unix
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")


class Entry(NamedTuple):
    """A file of the container: where its bytes begin, how many there are, and their SHA-256."""

    name: str
    offset: int
    size: int
    crc: int
    sha256: str


class Writer:
    """Writes a container file by file, so that only one needs to be in memory. Raises `Wrong` (a `ValueError`)."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._entries, self._at = out, list[Entry](), 0

    def add(self, name: str, data: bytes) -> None:
        """In the container's order: `ordered`."""
        _check_place(name, self._entries)
        crc, head = zlib.crc32(data), LOCAL.size + len(name)
        entry = Entry(name, self._at + head, len(data), crc, "")
        if entry.offset + entry.size > MOST:
            raise Wrong(name, "large")
        self._out.write(_local(entry))
        self._out.write(data)
        self._entries.append(entry)
        self._at = entry.offset + entry.size

    def finish(self) -> None:
        """The directory; the container is whole then. `out` stays open."""
        _check_case(self._entries)
        directory = b"".join(map(_central, self._entries))
        if self._at + len(directory) > MOST:
            raise Wrong("container", "large")
        self._out.write(directory + _end(len(self._entries), len(directory), self._at))


def ordered(names: list[str]) -> list[str]:
    """The order of the container: `FIRST`, then by name."""
    return sorted(names, key=_place)


def write(files: Mapping[str, bytes]) -> bytes:
    """A whole container in memory. Raises `Wrong`."""
    out = io.BytesIO()
    writer = Writer(out)
    for name in ordered(list(files)):
        writer.add(name, files[name])
    writer.finish()
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    """The files of a container in memory. Raises `Wrong`."""
    return {one.name: data[one.offset : one.offset + one.size] for one in entries(io.BytesIO(data))}


def entries(file: BinaryIO) -> tuple[Entry, ...]:
    """Reads all of `file`, a piece at a time, and compares every byte that is not a file's with what must stand there.
    Raises `Wrong` with the entry that is not right, `Unreadable` when it does not even begin as a container."""
    found: list[Entry] = []
    while (head := file.read(LOCAL.size))[:4] == b"PK\3\4":
        if len(found) == MOST_ENTRIES:
            raise Wrong("container", "many", most=MOST_ENTRIES)
        found.append(_entry(file, head, found))
    if not found:
        raise Unreadable("container", "start")
    if head[:4] != b"PK\1\2":
        raise Wrong(found[-1].name, "after")
    _check_end(file, head, found)
    _check_case(found)
    return tuple(found)


def _entry(file: BinaryIO, head: bytes, before: list[Entry]) -> Entry:
    following = f"entry {len(before) + 1}"
    if len(head) < LOCAL.size:
        raise Wrong(following, "cut")
    fields = LOCAL.unpack(head)
    crc, size, length = fields[6], fields[7], fields[9]
    name = file.read(min(length, MAX_NAME + 1)).decode("ascii", "replace")
    _check_place(name, before)
    start = before[-1].offset + before[-1].size if before else 0
    offset = start + LOCAL.size + len(name)
    if _local(Entry(name, offset, size, crc, "")) != head + name.encode():
        raise Wrong(name, "header")
    hasher, found, left = hashlib.sha256(), 0, size
    while left:
        if not (piece := file.read(min(left, CHUNK))):
            raise Wrong(name, "cut")
        found, left = zlib.crc32(piece, found), left - len(piece)
        hasher.update(piece)
    if found != crc:
        raise Wrong(name, "checksum")
    return Entry(name, offset, size, crc, hasher.hexdigest())


def _check_end(file: BinaryIO, head: bytes, found: list[Entry]) -> None:
    start, size, rest = found[-1].offset + found[-1].size, 0, head
    for entry in found:
        record = _central(entry)
        rest += file.read(max(0, len(record) - len(rest)))
        if rest[: len(record)] != record:
            raise Wrong(entry.name, "directory")
        rest, size = rest[len(record) :], size + len(record)
    if rest + file.read(END.size + 1) != _end(len(found), size, start):
        raise Wrong("container", "end")


def _check_place(name: str, before: list[Entry]) -> None:
    number = len(before) + 1
    if not NAME.fullmatch(name):
        raise Wrong(name, "name", number=number)
    late = len(before) < len(FIRST) and name != FIRST[len(before)]
    if late or (before and _place(name) <= _place(before[-1].name)):
        raise Wrong(name, "order", number=number, before=before[-1].name if before else "-")


def _check_case(found: list[Entry]) -> None:
    """Two names that differ in case alone would be one file once unpacked on some machines."""
    names: set[str] = set()
    for entry in found:
        if (lower := entry.name.lower()) in names:
            raise Wrong(entry.name, "capitals")
        names.add(lower)


def _place(name: str) -> tuple[int, str]:
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def _local(entry: Entry) -> bytes:
    fields = (b"PK\3\4", VERSION, FLAGS, 0, 0, DATE, entry.crc, entry.size, entry.size, len(entry.name), 0)
    return LOCAL.pack(*fields) + entry.name.encode()


def _central(entry: Entry) -> bytes:
    made_by = 3 << 8 | VERSION  # Unix
    at = entry.offset - LOCAL.size - len(entry.name)
    sizes = (entry.crc, entry.size, entry.size, len(entry.name), 0, 0, 0, 0, ATTRIBUTES, at)
    return CENTRAL.pack(b"PK\1\2", made_by, VERSION, FLAGS, 0, 0, DATE, *sizes) + entry.name.encode()


def _end(count: int, size: int, start: int) -> bytes:
    return END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)
