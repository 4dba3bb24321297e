"""Is the tree that of the lines, and are the lines as they were chained? Pure: portion by portion, in leaf order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from haetae_verify.heads import Head, problem
from haetae_verify.tree import Frontier, leaf
from services.gateway.audit import GENESIS, Line, written

# A line is written down within seconds of its time, and the clocks of an agency's machines agree better than this.
CLOCKS = timedelta(minutes=5)
KINDS = (
    "missing",  # a line, or its place in the tree
    "changed",
    "moved",  # it does not follow the line that it follows in its chain
    "extra",  # a line that is in no tree, or two of one number
    "cut",  # gone from a chain's end
    "early",  # its clock stood back
    "late",  # written after the head that covers it
    "head",  # the lines up to this one do not give the root of a head
    "signature",  # of a head
    "unknown-key",
    "head-clock",  # a head that is not later than the one before
)


@dataclass(frozen=True)
class Found:
    """The first thing that is wrong. `kind`: of `KINDS`. `seq` 0: a place of the tree whose line is not known. `size`:
    of the head that it is about. `at`, `action`: as far as they are known."""

    kind: str
    chain: UUID | None = None
    seq: int = 0
    at: datetime | None = None
    action: str | None = None
    leaf: int | None = None
    size: int | None = None

    def stored(self) -> dict[str, Any]:
        fields = asdict(self)
        return fields | {
            "chain": str(self.chain) if self.chain else None,
            "at": self.at.isoformat() if self.at else None,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Found":
        chain, at = stored["chain"], stored["at"]
        return cls(**{**stored, "chain": chain and UUID(chain), "at": at and datetime.fromisoformat(at)})


@dataclass(frozen=True)
class Placed:
    """The leaf as it is stored, and its line; None: the line is not there. `previous`: hash and leaf of the line before
    it in its chain, None where that is not there."""

    position: int
    chain: UUID
    seq: int
    at: datetime
    hash: bytes
    line: Line | None
    previous: tuple[str, int] | None

    @property
    def action(self) -> str | None:
        return self.line.action if self.line else None


@dataclass
class Course:
    """Where the examination stands. `latest`: time of the latest line so far; `signed_at`: of the head before."""

    frontier: Frontier
    latest: datetime | None = None
    signed_at: datetime | None = None
    early: Found | None = field(default=None)


def examine(
    course: Course, portion: Sequence[Placed], heads: Sequence[Head], keys: Mapping[str, bytes]
) -> Found | None:
    """`heads`: those over the portion's leaves, by size. The course goes on up to what is returned."""
    coming = list(heads)
    for placed in portion:
        if found := _line(course, placed, coming[0] if coming else None):
            return found
        course.frontier.add(placed.hash)
        while coming and coming[0].size == course.frontier.size:
            if found := _head(course, coming.pop(0), keys, placed):
                return found
    return None


def _line(course: Course, placed: Placed, head: Head | None) -> Found | None:
    here = Found("missing", placed.chain, placed.seq, placed.at, placed.action, placed.position)
    if placed.position != course.frontier.size:
        return _as(here, "missing", leaf=course.frontier.size)
    if placed.line is None:
        return here
    line = placed.line
    computed = sha256(written(line)).hexdigest()
    if line.hash != computed or placed.hash != leaf(bytes.fromhex(computed)) or placed.at != line.at:
        return _as(here, "changed")
    if placed.seq == 1:
        follows = line.prev_hash == GENESIS
    elif placed.previous is None:
        return Found("missing", placed.chain, placed.seq - 1, None, None, None)
    else:
        follows = line.prev_hash == placed.previous[0] and placed.previous[1] < placed.position
    if not follows:
        return _as(here, "moved")
    if head and line.at > head.signed_at + CLOCKS:
        return _as(here, "late")
    if course.latest and line.at < course.latest - CLOCKS:
        course.early = course.early or _as(here, "early")
    course.latest = max(course.latest or line.at, line.at)
    return None


def _head(course: Course, head: Head, keys: Mapping[str, bytes], last: Placed) -> Found | None:
    here = Found("head", last.chain, last.seq, last.at, last.action, last.position, head.size)
    if wrong := problem(head, keys):
        return _as(here, wrong)
    if course.frontier.root().hex() != head.root:
        return here
    if course.signed_at and head.signed_at <= course.signed_at:
        return _as(here, "head-clock")
    course.signed_at = head.signed_at
    return None


def _as(found: Found, kind: str, **more: int) -> Found:
    return Found(**{**vars(found), "kind": kind, **more})
