"""Rows of an export of an audit history, and heads that somebody kept: read as what they must be."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from haetae_verify.heads import Head
from haetae_verify.shape import Shape
from haetae_verify.wrong import Unreadable, Wrong

FORMAT = "haetae-history/1"
LONGEST = 1 << 20  # bytes of a row: the longest line has a few thousand
GZIP = b"\x1f\x8b"
MOST_KEPT = 2_000_000  # heads: four years of one a minute
FIELDS = {"chain", "seq", "at", "actor", "action", "details", "prev_hash"}
OF_AGENCY = FIELDS | {"agency"}
MOST_LINES = 2**63  # what the database counts its places with
DEEPEST = 62  # levels of a tree of so many
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
# A line stands in the export as it was hashed, character for character.
BEFORE, BETWEEN = b'{"hash":"', b'","line":'
HASH_END = len(BEFORE) + 64
LINE = HASH_END + len(BETWEEN)


@dataclass(frozen=True)
class Begin:
    """The first row. `complete`: every line of the history up to `size` is in it. `keys`: public keys by their id."""

    log: str
    size: int
    complete: bool
    made_at: datetime
    made_by: str
    keys: Mapping[str, bytes]


class Line(NamedTuple):  # made a million times: a frozen dataclass takes five times as long
    """`text`: what is hashed. `hash`: what the export says of it. `at` has one length: later is larger. `place`: in the
    whole history, from 1."""

    hash: bytes
    text: bytes
    chain: str
    seq: int
    at: str
    action: str
    prev_hash: str
    place: int


@dataclass(frozen=True)
class Stamped:
    head: Head
    stamp: str
    stamped_by: str


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """As it is, or unpacked by gzip. Raises `Unreadable`."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(path.name, "unreadable", why=error) from error


def rows(file: IO[bytes]) -> Iterator[bytes]:
    """Without their line ends. Raises `ValueError` for one that never ends."""
    while row := file.readline(LONGEST + 1):
        if len(row) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} bytes")
        yield row.rstrip(b"\n")


def begin(part: str, row: bytes) -> Begin:
    """Raises `Unreadable` when this is no export."""
    try:
        value = json.loads(row)
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise ValueError
        shape = Shape(part, value)
        keys = {key.text("key_id"): bytes.fromhex(key.digest("public_key")) for key in shape.objects("keys")}
        return Begin(
            shape.text("log"),
            shape.number("size"),
            shape.flag("complete"),
            shape.moment("made_at"),
            shape.text("made_by"),
            keys,
        )
    except Wrong as error:
        raise Unreadable(part, "history-start") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(part, "history-start") from error


def line(row: bytes, place: int) -> Line:
    """Raises `ValueError`, `TypeError`, `KeyError`, `RecursionError` for what is none."""
    if not row.startswith(BEFORE) or row[HASH_END:LINE] != BETWEEN or not row.endswith(b"}"):
        raise ValueError("it is no line of a history")
    text = row[LINE:-1]
    value = json.loads(text.decode())  # bytes would be asked for their encoding first
    if value.keys() != FIELDS and value.keys() != OF_AGENCY:
        raise ValueError("its fields are not those of a line")
    found = Line(row[len(BEFORE) : HASH_END], text, value["chain"], value["seq"], value["at"], value["action"],
                 value["prev_hash"], place)  # fmt: skip
    if type(found.seq) is not int or not 0 < found.seq < MOST_LINES or not AT.fullmatch(found.at):
        raise ValueError("its number or its time is none")
    if not UUID.fullmatch(found.chain) or not isinstance(found.action, str) or not isinstance(value["details"], dict):
        raise ValueError("its chain, its action or its details are none")
    return found


def head(part: str, value: Any) -> Stamped:  # noqa: ANN401  # the shape of JSON
    """Of an export, or as it was published. Raises `Wrong`, `ValueError`."""
    shape = Shape(part, value)
    made = Head(shape.text("log"), shape.number("size"), shape.digest("root"), _moment(shape), shape.text("key_id"),
                shape.text("signature"))  # fmt: skip
    return Stamped(made, shape.text_or_none("stamp") or "", shape.text_or_none("stamped_by") or "")


def subtree(value: Any) -> tuple[bytes, int]:  # noqa: ANN401
    """Hash and level. Raises `Wrong`, `ValueError`."""
    shape = Shape("subtree", value)
    if (level := shape.number("level")) > DEEPEST:
        raise ValueError(f"no history has a subtree of more than {DEEPEST} levels")
    return bytes.fromhex(shape.digest("hash")), level


def kept(files: Sequence[Path]) -> list[Stamped]:
    """Heads as a witness kept them: JSON lines of what the topic brought. Raises `Unreadable`."""
    found: list[Stamped] = []
    for file in files:
        try:
            with opened(file) as source:
                for row in rows(source):
                    if row.strip():
                        value = json.loads(row)
                        value = value.get("head") or value.get("data") or value
                        found.append(head(file.name, value))
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise Unreadable(file.name, "history-kept", why=error) from error
        if len(found) > MOST_KEPT:
            raise Unreadable(file.name, "history-kept", why=f"more than {MOST_KEPT} heads")
    return sorted(found, key=lambda one: (one.head.size, one.head.signed_at))


def _moment(shape: Shape) -> datetime:
    """As it is signed: whole milliseconds; who published it may have left out zeros."""
    text = shape.text("signed_at")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.microsecond % 1000:
        raise ValueError("signed_at is no time of a head: whole milliseconds, with Z")
    return moment
