"""Hash lists into banks, as they are read: what is in a file of millions is never in memory as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from haetae.imports import Progress, lines_of, silent
from services.classifier.hashes.changes import Author
from services.classifier.hashes.entries import BankDraft, BankHash
from services.classifier.hashes.entries import Source as Giver
from services.classifier.hashes.exchange.formats import FOREIGN, detect, reader
from services.classifier.hashes.exchange.keys import read_trusted
from services.classifier.hashes.exchange.records import Record, Withdrawal
from services.classifier.hashes.exchange.signed import Header, read_header
from services.classifier.hashes.foreign import cautious, refuse_mixing, switched_off, take_newer
from services.classifier.hashes.hash_files import READERS, Listing, Problem
from services.classifier.hashes.listing import AT_ONCE, list_hashes, withdraw
from shared.database import Database

AUTO = "auto"
FORMATS = (AUTO, *READERS, *FOREIGN)
BLOCK = 1 << 20
MOST_PROBLEMS = 1_000  # said; a file of millions whose every line is wrong must not fill the memory


@dataclass(frozen=True)
class Source:
    """A list: where it is, how it is read, into which bank where its lines name none, and how that is made. `trust`:
    what others vouch for may go into a bank of one's own. `older`: a signed list may be older than one taken before."""

    file: Path
    format: str
    bank: str
    draft: BankDraft
    trusted: Path | None = None
    trust: bool = False
    older: bool = False


@dataclass
class Imported:
    """`taken`: hashes that are in a bank now, `new` of them since now. `problems`: why the others are not, the first
    `MOST_PROBLEMS` of `wrong`. `off`: banks of the list that nothing is matched with."""

    taken: int = 0
    new: int = 0
    withdrawn: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)


def records(source: Source) -> Iterator[Record]:
    """Raises `ValueError` for a file that is none of the formats."""
    format_ = _format(source)
    if format_ in READERS:
        return READERS[format_](lines_of(source.file))
    if format_ not in FOREIGN:
        raise ValueError(f"format {format_!r}: give one of {', '.join(FORMATS)}")
    return reader(format_, source.trusted)(source.file, source.bank or source.file.stem)


def source_of(file: Path, format: str) -> Giver:
    """Whose hashes a list has, by its form."""
    known = detect(file) if format == AUTO else format
    return Giver.EXCHANGE if known in FOREIGN else Giver.AGENCY


async def import_hashes(database: Database, source: Source, author: Author, progress: Progress = silent) -> Imported:
    """What was taken stays when a later part of the file is refused; importing again completes it."""
    header = _header(source)
    draft = cautious(header.draft() if header else source.draft)  # a signed list says itself how its bank is made
    waiting = _Waiting(database, draft, author, source.trust)
    if header:
        await waiting.admit(header.listed_as)
        await take_newer(database, header, draft, author, older=source.older)
    lines = _lines(source.file)
    for done, record in enumerate(records(source), 1):
        await waiting.take(record)
        if done % AT_ONCE == 0:
            progress(done, max(done, lines))
    await waiting.flush()
    waiting.imported.off.extend(await switched_off(database, sorted(waiting.admitted)))
    return waiting.imported


class _Waiting:
    """What was read and is written together, by bank. An entry that is listed and taken back at once is off."""

    def __init__(self, database: Database, draft: BankDraft, author: Author, trust: bool) -> None:
        self._database, self._draft, self._author, self._trust = database, draft, author, trust
        self._listed: dict[str, list[BankHash]] = {}
        self._withdrawn: dict[tuple[str, str], list[str]] = {}
        self._count = 0
        self.admitted: set[str] = set()
        self.imported = Imported()

    async def admit(self, bank: str) -> None:
        """Raises `ValueError` for a bank that the list may not go into."""
        if bank not in self.admitted and not self._trust:
            await refuse_mixing(self._database, bank, self._draft)
        self.admitted.add(bank)

    async def take(self, record: Record) -> None:
        match record:
            case Problem():
                self.imported.wrong += 1
                if self.imported.wrong <= MOST_PROBLEMS:
                    self.imported.problems.append(str(record))
                return
            case Listing():
                self._listed.setdefault(record.bank, []).append(record.entry)
            case Withdrawal():
                self._withdrawn.setdefault((record.bank, record.why), []).append(record.entry)
        self._count += 1
        if self._count >= AT_ONCE:
            await self.flush()

    async def flush(self) -> None:
        for bank, entries in self._listed.items():
            await self.admit(bank)
            new = await list_hashes(self._database, bank, entries, author=self._author, draft=self._draft)
            self.imported.new += new
            self.imported.taken += len(entries)
        for (bank, why), names in self._withdrawn.items():
            await self.admit(bank)
            off = await withdraw(self._database, bank, names, Author(self._author.by, why))
            self.imported.withdrawn += off
        self._listed, self._withdrawn, self._count = {}, {}, 0


def _header(source: Source) -> Header | None:
    """Of a signed list, the whole of which it proves."""
    if _format(source) != "signed" or source.trusted is None:
        return None
    return read_header(source.file, read_trusted(source.trusted))


def _format(source: Source) -> str:
    return detect(source.file) if source.format == AUTO else source.format


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(block.count(b"\n") for block in iter(lambda: opened.read(BLOCK), b""))
