"""Listing hashes, switching single ones off and on, and reading them back: for the command line, for submitted hashes,
for what exchanges lists with others."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.classifier.hashes.banks import ensure_bank, require_bank
from services.classifier.hashes.changes import Author, NothingListed, bank_named, next_revision, operator, record, tell
from services.classifier.hashes.entries import BankDraft, BankHash
from services.classifier.hashes.store import Bank, BankEntry
from shared.database import Database, Transaction

AT_ONCE = 5_000  # a transaction of a quarter of a second: whoever lists beside it does not wait long
PAGE = 10_000  # entries read at once
UNNAMED = BankDraft()
WITHDRAWN = "withdrawn"  # what a line of the history says of hashes that their source took back

# One statement with an array a column: a tenth of the time of as many rows with a parameter each.
INSERT = sa.text(
    """
    INSERT INTO bank_entries (bank, entry, category, algorithm, hash, variant, threshold, phash, threshold_given,
                              added_at, revision)
    SELECT :bank, new.*, :now, :revision
    FROM unnest(CAST(:entry AS text[]), CAST(:category AS text[]), CAST(:algorithm AS text[]), CAST(:hash AS bytea[]),
                CAST(:variant AS text[]), CAST(:threshold AS smallint[]), CAST(:phash AS bytea[]),
                CAST(:threshold_given AS boolean[])) AS new
    ON CONFLICT DO NOTHING
    """
)


async def list_hashes(
    database: Database,
    bank: str,
    entries: Sequence[BankHash],
    *,
    author: Author | None = None,
    draft: BankDraft = UNNAMED,
) -> int:
    """List the entries that the bank does not have; how many they were. A bank that is missing is made of `draft`.
    `author`: whoever is at the command line, unless told.

    A hash that the bank has already under the same entry stays as it is, its threshold too, and switched off if it was.
    Each chunk is a transaction of its own: after an interruption, listing all again completes it.
    """
    listed = 0
    for start in range(0, len(entries), AT_ONCE):
        async with database.transaction() as tx:
            few = entries[start : start + AT_ONCE]
            listed += await list_some(tx, bank, few, author or operator(), draft)
    return listed


async def list_some(tx: Transaction, bank: str, entries: Sequence[BankHash], author: Author, draft: BankDraft) -> int:
    """`list_hashes` within this transaction, for a few thousand entries at most."""
    revision = await next_revision(tx)
    into = await ensure_bank(tx, bank, draft, revision, author)
    values = _columns(entries, into)
    result = await tx.execute(INSERT, {**values, "bank": bank, "now": tx.clock.now(), "revision": revision})
    if result.rowcount:
        record(tx, bank, revision, author, "listed", {"hashes": result.rowcount})
        tell(tx, bank, revision, result.rowcount)
    return result.rowcount


async def switch_hashes(database: Database, bank: str, chosen: Mapping[str, str], on: bool, author: Author) -> int:
    """Switch off or on what `chosen` names by `entry` (`X/*`: all whose names begin with `X/`, as those of a case do),
    `hash` (hexadecimal) or `variant`; how many that changes.

    Raises `NothingListed` when the bank has none of that.
    """
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        await bank_named(tx, bank)
        named = [BankEntry.bank == bank, *_conditions(chosen)]
        if await tx.scalar(sa.select(BankEntry.id).where(*named).limit(1)) is None:
            raise NothingListed(f"bank {bank!r} has no such hash; `haetae hashes find HASH` says where one is listed")
        off: dict[str, Any] = {"disabled_at": tx.clock.now(), "disabled_by": author.by, "disabled_why": author.why}
        values = dict.fromkeys(off) if on else off
        other = BankEntry.disabled_at.isnot(None) if on else BankEntry.disabled_at.is_(None)
        change = sa.update(BankEntry).where(*named, other).values(**values, revision=revision)
        changed = (await tx.execute(change)).rowcount
        if changed:
            what = "hashes enabled" if on else "hashes disabled"
            record(tx, bank, revision, author, what, {**chosen, "hashes": changed})
            tell(tx, bank, revision, changed)
        return changed


async def withdraw(database: Database, bank: str, names: Sequence[str], author: Author) -> int:
    """Switch off every hash of these entries, because their source took them back; how many that changes."""
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        if changed := await _off(tx, bank, names, revision, author):
            record(tx, bank, revision, author, WITHDRAWN, {"hashes": changed})
        return changed


async def withdraw_some(tx: Transaction, bank: str, entry: str, author: Author, draft: BankDraft) -> int:
    """`withdraw` of one entry within this transaction, with a line that names it also when the bank has it not yet."""
    revision = await next_revision(tx)
    await ensure_bank(tx, bank, draft, revision, author)
    changed = await _off(tx, bank, [entry], revision, author)
    record(tx, bank, revision, author, WITHDRAWN, {"entry": entry, "hashes": changed})
    return changed


async def _off(tx: Transaction, bank: str, names: Sequence[str], revision: int, author: Author) -> int:
    meant = (BankEntry.bank == bank, BankEntry.entry.in_(names), BankEntry.disabled_at.is_(None))
    off = {"disabled_at": tx.clock.now(), "disabled_by": author.by, "disabled_why": author.why}
    changed = (await tx.execute(sa.update(BankEntry).where(*meant).values(**off, revision=revision))).rowcount
    if changed:
        tell(tx, bank, revision, changed)
    return changed


def _conditions(chosen: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
    named: list[sa.ColumnElement[bool]] = []
    if "entry" in chosen:
        named.append(_entry(chosen["entry"]))
    if "variant" in chosen:
        named.append(BankEntry.variant == chosen["variant"])
    if "hash" in chosen:
        named.append(BankEntry.hash == hash_bytes(chosen["hash"]))
    if not named:
        raise ValueError("name an entry or a hash; `haetae banks disable` switches off a whole bank")
    return named


def _entry(name: str) -> sa.ColumnElement[bool]:
    above = name.removesuffix("*")
    all_below = above != name and above.endswith("/")
    return BankEntry.entry.startswith(above, autoescape=True) if all_below else BankEntry.entry == name


def hash_bytes(given: str) -> bytes:
    try:
        return bytes.fromhex(given.strip())
    except ValueError as error:
        raise ValueError(f"hash {given[:80]!r}: give hexadecimal digits") from error


class Found(NamedTuple):
    """Where a hash is listed."""

    bank: str
    entry: str
    algorithm: str
    variant: str
    threshold: int
    category: str
    added_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None


async def find_hash(tx: Transaction, given: str) -> Sequence[Found]:
    """Every entry with exactly this hash."""
    columns = [getattr(BankEntry, name) for name in Found._fields]
    query = sa.select(*columns).where(BankEntry.hash == hash_bytes(given)).order_by(BankEntry.bank, BankEntry.entry)
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(query)).all()
    return [Found(*row) for row in rows]


async def stored(database: Database, bank: str) -> AsyncIterator[Sequence[BankHash]]:
    """What a bank lists and is not switched off, a page at a time. Raises `NothingListed` without the bank."""
    await require_bank(database, bank)
    names = ("entry", "category", "algorithm", "hash", "variant", "threshold", "phash")
    columns = [getattr(BankEntry, name) for name in names]
    last = 0
    while True:
        live = sa.select(BankEntry.id, *columns).where(BankEntry.bank == bank, BankEntry.disabled_at.is_(None))
        async with database.transaction() as tx:
            page = live.where(BankEntry.id > last).order_by(BankEntry.id).limit(PAGE)
            rows: Sequence[tuple[Any, ...]] = (await tx.execute(page)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [BankHash.model_validate(dict(zip(names, map(_hexadecimal, row[1:]), strict=True))) for row in rows]


def _hexadecimal(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _columns(entries: Sequence[BankHash], bank: Bank) -> dict[str, list[Any]]:
    return {
        "entry": [entry.entry for entry in entries],
        "category": [entry.category or bank.category for entry in entries],
        "algorithm": [entry.algorithm.value for entry in entries],
        "hash": [bytes.fromhex(entry.hash) for entry in entries],
        "variant": [entry.variant for entry in entries],
        "threshold": [entry.within(bank.threshold) for entry in entries],
        "phash": [bytes.fromhex(entry.phash) if entry.phash else None for entry in entries],
        "threshold_given": [entry.threshold is not None for entry in entries],
    }
