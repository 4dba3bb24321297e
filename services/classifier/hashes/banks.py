"""Creating banks, changing what they say of themselves, switching them off and on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from services.classifier.hashes.changes import Author, bank_named, next_revision, record, tell
from services.classifier.hashes.entries import PDQS, BankDraft, Kind, bank_name
from services.classifier.hashes.store import Bank, BankEntry
from shared.database import Database, Transaction

FOLLOW_AT_ONCE = 10_000  # entries whose threshold follows their bank's in one transaction: below a second
CURES = {
    "threshold": "give a whole number of differing bits, 0 to 90",
    "source": "give victim_report, agency or exchange",
    "kind": "give known or harmless",
    "valid_from": "give a day as 2026-01-31",
    "valid_until": "give a day as 2026-01-31",
}


class Figures(NamedTuple):
    """A bank with how many hashes it has, and how many of them are switched off."""

    bank: Bank
    hashes: int
    disabled: int


def draft_of(values: Mapping[str, Any]) -> BankDraft:
    """Raises `ValueError` naming the field and the cure."""
    try:
        return BankDraft.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        said = f"{name} {values.get(name)!r}: " if name else ""
        raise ValueError(f"{said}{CURES.get(name, first['msg'].removeprefix('Value error, '))}") from error


async def ensure_bank(tx: Transaction, name: str, draft: BankDraft, revision: int, author: Author) -> Bank:
    """The bank; as the draft has it when there was none. Raises `ValueError` when the draft says it is of another kind:
    what is harmless would be flagged, or what is known passed over."""
    now = tx.clock.now()
    row = {**_columns(draft), "name": bank_name(name), "relisted": 0, "created_at": now}
    made = await tx.execute(insert(Bank).values(row).on_conflict_do_nothing().returning(Bank.name))
    if made.first():
        record(tx, name, revision, author, "created", draft.model_dump(mode="json"))
    bank = await bank_named(tx, name)
    if "kind" in draft.model_fields_set and draft.kind != bank.kind:
        raise ValueError(f"bank {name!r} is {bank.kind}, these hashes are {draft.kind.value}; give them another bank")
    return bank


async def add_bank(database: Database, name: str, draft: BankDraft, author: Author) -> None:
    """Raises `ValueError` when there is one of that name."""
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        if await tx.get(Bank, name):
            raise ValueError(f"bank {name!r} is there already; `haetae banks set` changes it")
        await ensure_bank(tx, name, draft, revision, author)


async def set_bank(
    database: Database, name: str, new: Mapping[str, Any], author: Author, *, every_hash: bool = False
) -> int:
    """Change these fields of `BankDraft`; how many hashes got another threshold by it.

    Hashes that were listed with a threshold of their own keep it, unless it shall be `every_hash`'s. After an
    interruption, setting the same again completes it.
    """
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        bank = await bank_named(tx, name)
        old = {field: getattr(bank, field) for field in BankDraft.model_fields}
        draft = draft_of({**old, **new})
        changed = {field: value for field, value in _columns(draft).items() if value != old[field]}
        for field, value in changed.items():
            setattr(bank, field, value)
        if changed:
            # Content that the bank did not count for may agree with it now.
            if changed.keys() & {"valid_from", "valid_until"} or changed.get("kind") == Kind.KNOWN:
                bank.relisted = revision
            record(tx, name, revision, author, "changed", draft.model_dump(mode="json", include=set(changed)))
            tell(tx, name, revision, 0)
    return await _follow(database, name, draft.threshold, every_hash)


async def switch_bank(database: Database, name: str, on: bool, author: Author) -> bool:
    """Whether it was the other way before. What a bank that is switched on lists is matched backwards again."""
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        bank = await bank_named(tx, name)
        if bank.enabled == on:
            return False
        bank.enabled = on
        if on:
            bank.relisted = revision
        record(tx, name, revision, author, "enabled" if on else "disabled", {})
        tell(tx, name, revision, 0)
        return True


async def figures(tx: Transaction) -> Sequence[Figures]:
    """Every bank, by name."""
    switched_off = sa.func.count(BankEntry.disabled_at)
    counted = sa.select(BankEntry.bank, sa.func.count().label("hashes"), switched_off.label("off"))
    of_bank = counted.group_by(BankEntry.bank).subquery()
    query = sa.select(Bank, sa.func.coalesce(of_bank.c.hashes, 0), sa.func.coalesce(of_bank.c.off, 0))
    joined = query.outerjoin(of_bank, of_bank.c.bank == Bank.name).order_by(Bank.name)
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(joined)).all()
    return [Figures(*row) for row in rows]


async def require_bank(database: Database, name: str) -> Bank:
    async with database.transaction() as tx:
        return await bank_named(tx, name)


async def _follow(database: Database, name: str, threshold: int, every_hash: bool) -> int:
    """Give hashes the bank's threshold, some at once so that nobody waits for it."""
    followed, last = 0, 0
    while True:
        async with database.transaction() as tx:
            revision = await next_revision(tx)
            some = (
                sa.select(BankEntry.id)
                .where(
                    BankEntry.bank == name,
                    BankEntry.algorithm.in_([algorithm.value for algorithm in PDQS]),
                    sa.or_(BankEntry.threshold_given.is_(False), sa.literal(every_hash)),
                    BankEntry.threshold != threshold,
                    BankEntry.id > last,  # not through those again that have followed
                )
                .order_by(BankEntry.id)
                .limit(FOLLOW_AT_ONCE)
            )
            change = sa.update(BankEntry).where(BankEntry.id.in_(some)).values(threshold=threshold, revision=revision)
            changed = (await tx.execute(change.returning(BankEntry.id))).scalars().all()
            if changed:
                tell(tx, name, revision, len(changed))
        followed += len(changed)
        if len(changed) < FOLLOW_AT_ONCE:
            return followed
        last = max(changed)


def _columns(draft: BankDraft) -> dict[str, Any]:
    return {**draft.model_dump(), "source": draft.source.value, "kind": draft.kind.value}
