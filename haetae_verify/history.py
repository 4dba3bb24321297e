"""Checks an export of an audit history (docs/audit.md): is every line as it was chained, and is it all that was signed?

The lines are read once, in the order of the tree; memory grows with the number of chains, not of lines.
"""

import base64
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509

from haetae_verify import history_rows as read
from haetae_verify.canonical import moment
from haetae_verify.chain import GENESIS
from haetae_verify.heads import Head, key_id, problem, stamped
from haetae_verify.history_rows import Begin, Line, Stamped
from haetae_verify.keys import named
from haetae_verify.stamps import check_stamp, trusted
from haetae_verify.tree import Frontier, leaf
from haetae_verify.wrong import Wrong

# Clocks of an agency's machines agree better than this; a line is written down within seconds of its time.
CLOCKS = timedelta(minutes=5)


@dataclass
class Proof:
    """What was proved. `kept`: heads of a witness that the history agrees with; `beyond`: of the witness, but not to be
    compared with this export (it leaves out lines around them, or is older). `stamped_until`: size and time of the
    newest head with a stamp that leads to a trusted root."""

    log: str
    size: int
    complete: bool
    made_at: datetime
    made_by: str
    lines: int = 0
    chains: int = 0
    heads: int = 0
    kept: int = 0
    beyond: int = 0
    newest: Head | None = None
    stamped_until: tuple[int, datetime] | None = None
    own_keys: bool = False
    own_roots: bool = False


def check_history(
    path: Path, heads: Sequence[Path] = (), keys: Sequence[str] = (), authorities: Sequence[Path] = ()
) -> Proof:
    """Raises `Wrong` with the first line that is not right, `Unreadable` when this is no export."""
    own, roots, kept = named(keys), trusted(authorities), read.kept(heads)
    with read.opened(path) as file:
        try:
            source = read.rows(file)
            start = read.begin(path.name, next(source, b""))
            public = {key_id(key): key for key in map(bytes.fromhex, own)}
            reading = Reading(path.name, start, public, roots, kept)
            for number, row in enumerate(source, 2):
                reading.take(row)
                reading.row = number
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, Wrong):
                raise
            raise Wrong(path.name, "history-row", row=reading.row + 1, why=error) from error
    return reading.end()


@dataclass
class Reading:
    """The state of a check. `suspect`: the first line since the last head that agreed; `unkept`: since the last one
    that a witness kept, of the size `kept_until`. `last`: the latest line. `row`: the last one that was taken."""

    part: str
    start: Begin
    own: Mapping[str, bytes]
    roots: Sequence[x509.Certificate]
    kept: Sequence[Stamped]
    row: int = 1
    frontier: Frontier = field(default_factory=Frontier)
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    suspect: Line | None = None
    unkept: Line | None = None
    last: Line | None = None
    kept_until: int = 0
    latest: str = ""
    since_head: Line | None = None  # the latest line since the head before
    early: Wrong | None = None

    def __post_init__(self) -> None:
        start = self.start
        self.keys = self.own or start.keys
        self.proof = Proof(start.log, start.size, start.complete, start.made_at, start.made_by)
        self.proof.own_keys, self.proof.own_roots = bool(self.own), bool(self.roots)
        self.coming = deque(self.kept)
        pairs = zip(self.kept, self.kept[1:], strict=False)
        self.forks = {
            one.head.size
            for one, other in pairs
            if one.head.size == other.head.size and one.head.root != other.head.root
        }
        for one in self.kept:
            self._check_signature(one.head)

    def take(self, row: bytes) -> None:
        if row.startswith(read.BEFORE):
            self._line(read.line(row, self.frontier.size + 1))
            return
        value = json.loads(row)
        if "head" in value:
            self._head(read.head(self.part, value["head"]))
        elif "subtree" in value and not self.start.complete:
            before = self.frontier.size
            self.frontier.add(*read.subtree(value["subtree"]))
            self._skip(before)
        else:
            raise ValueError("it is neither a line nor a head")
        if self.frontier.size > self.start.size:
            raise ValueError(f"it is beyond the {self.start.size} lines that the export began as")
        self._compare()

    def end(self) -> Proof:
        newest, size = self.proof.newest, self.frontier.size
        if size != self.start.size:
            raise self._about(self.last, "history-cut", size=size, whole=self.start.size, missing=size + 1)
        if newest is None or newest.size != size:
            raise self._about(self.suspect, "history-unsigned", size=size)
        for one in self.coming:
            self._refuse_fork(one.head)
            if one.head.signed_at < self.start.made_at and one.head.size > size:
                facts = {"kept": one.head.size, "signed": moment(one.head.signed_at), "missing": size + 1}
                raise self._about(self.last, "history-behind", size=size, **facts)
        if self.early:
            raise self.early
        self.proof.beyond += len(self.coming)
        self.proof.chains = len(self.ends)
        return self.proof

    def _line(self, line: Line) -> None:
        computed = sha256(line.text).digest()
        if computed.hex().encode() != line.hash:
            raise self._about(line, "history-changed")
        self._follow(line)
        if line.at < self.latest:
            self._back(line)
        else:
            self.latest = line.at
        if self.since_head is None or line.at > self.since_head.at:
            self.since_head = line
        self.last = line
        self.suspect = self.suspect or line
        self.unkept = self.unkept or line
        self.frontier.add(leaf(computed))
        self.proof.lines += 1
        if self.frontier.size > self.start.size:
            raise ValueError(f"it is beyond the {self.start.size} lines that the export began as")
        if self.coming and self.coming[0].head.size <= self.frontier.size:
            self._compare()

    def _follow(self, line: Line) -> None:
        known = self.ends.get(line.chain)
        self.ends[line.chain] = (line.seq, line.hash.decode())
        if known is None and not self.start.complete:
            return
        seq, hash = known or (0, GENESIS)
        if line.seq > seq + 1 and self.start.complete:
            raise self._about(line, "history-missing", wanted=seq + 1)
        if line.seq <= seq:
            raise self._about(line, "history-again", wanted=seq + 1)
        if line.seq == seq + 1 and line.prev_hash != hash:
            raise self._about(line, "history-moved")

    def _back(self, line: Line) -> None:
        if self.early is None and datetime.fromisoformat(line.at) < datetime.fromisoformat(self.latest) - CLOCKS:
            self.early = self._about(line, "history-early", latest=self.latest)

    def _head(self, found: Stamped) -> None:
        head, before = found.head, self.proof.newest
        if head.size != self.frontier.size or head.log != self.start.log:
            raise self._about(self.suspect, "history-head-place", size=head.size)
        self._check_signature(head)
        if before and head.signed_at <= before.signed_at:
            raise self._about(self.suspect, "history-head-clock", size=head.size, signed=moment(head.signed_at))
        if self.frontier.root().hex() != head.root:
            raise self._about(self.suspect, "history-head", size=head.size, signed=moment(head.signed_at))
        late = self.since_head
        if late and datetime.fromisoformat(late.at) > head.signed_at + CLOCKS:
            raise self._about(late, "history-late", signed=moment(head.signed_at))
        self.suspect = self.since_head = None
        self.proof.newest, self.proof.heads = head, self.proof.heads + 1
        if found.stamp:
            self._stamp(found)

    def _stamp(self, found: Stamped) -> None:
        """Without roots of the reader's own, a stamp proves nothing here, and is left alone."""
        if self.roots:
            name = f"{self.part}: {found.head.size}"
            at = check_stamp(name, found.stamped_by, base64.b64decode(found.stamp), stamped(found.head), self.roots)
            if at < found.head.signed_at - CLOCKS:
                raise Wrong(name, "stamp-early", at=moment(at), covers=moment(found.head.signed_at))
            self.proof.stamped_until = (found.head.size, at)

    def _check_signature(self, head: Head) -> None:
        wrong = problem(head, self.keys)
        if wrong == "unknown-key":
            raise self._about(self.suspect, "history-key", size=head.size, key=head.key_id)
        if wrong:
            raise self._about(self.suspect, "history-signature", size=head.size, signed=moment(head.signed_at))

    def _compare(self) -> None:
        """With the kept heads of this size."""
        while self.coming and self.coming[0].head.size == self.frontier.size:
            head = self.coming.popleft().head
            self._refuse_fork(head)
            if head.root != self.frontier.root().hex():
                raise self._about(self.unkept, "history-kept-head", size=head.size, signed=moment(head.signed_at))
            self.unkept, self.proof.kept, self.kept_until = None, self.proof.kept + 1, head.size

    def _skip(self, before: int) -> None:
        while self.coming and before < self.coming[0].head.size < self.frontier.size:
            self._refuse_fork(self.coming.popleft().head)
            self.proof.beyond += 1

    def _refuse_fork(self, head: Head) -> None:
        if head.size in self.forks:
            raise self._about(self.unkept, "history-fork", size=head.size, good=self.kept_until)

    def _about(self, line: Line | None, kind: str, **facts: Any) -> Wrong:  # noqa: ANN401  # whatever a sentence names
        """`line` None: a head that stands before every line."""
        told = {name: getattr(line, name, "–") for name in ("chain", "seq", "at", "action", "place")}
        return Wrong(self.part, kind, **told, **facts)
