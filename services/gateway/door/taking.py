"""A person's report is taken: once for each form, however often it is sent."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.gateway.door import keeping, limits
from services.gateway.door.entering import enter
from services.gateway.door.given import Given
from services.gateway.door.numbers import number_of, pin_of
from services.gateway.door.pins import PASS_FOR, hash_pin
from services.gateway.door.referring import refer
from services.gateway.door.store import PageRow, ReportRow
from services.gateway.parts import Parts
from services.gateway.problems import Problem
from services.gateway.tokens import digest
from shared.database import Transaction
from shared.identity import identity

LEAST_TOKEN = 40  # characters: ours have 43
TRIES = 5  # numbers that are tried: with a hundred million reports, each is taken once in a thousand times


@dataclass(frozen=True)
class Taken:
    """`pages`: how many addresses were found in what was typed."""

    number: str
    pin: str
    pages: int


async def take(parts: Parts, given: Given, token: str, place: str) -> Taken:
    """`parts`: with the door's agency in sight. `token`: the form's secret, from which the PIN follows. Raises
    `Problem` 422, 429."""
    if len(token) < LEAST_TOKEN:
        raise Problem(422, "door-pass-over", field="token")
    report_id, pin = identity("report", digest(token)), pin_of(token)
    async with parts.database.transaction() as tx:
        if there := await tx.get(ReportRow, report_id):
            return await _taken(tx, there, pin)
        await limits.admit(tx, limits.REPORT, place, parts.house.most_from_place)
        await limits.admit(tx, limits.REPORT, limits.EVERYBODY, parts.house.most_an_hour)
    pin_hash = await hash_pin(pin)
    keys = parts.vault.keys
    sealed = await keeping.seal(keys, report_id, given.told.model_dump_json().encode()) if given.told else None
    async with parts.database.transaction() as tx:
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"report {report_id}"))))
        if there := await tx.get(ReportRow, report_id):  # sent twice at the same moment
            return await _taken(tx, there, pin)
        report = _row(parts, given, report_id, await _number(tx, token), pin_hash, sealed, tx)
        await enter(tx, report, given.urls, given.pictures)
        for partner in given.partners:
            if known := parts.house.partner(partner):
                await refer(tx, report, known)
        return await _taken(tx, report, pin)


async def _taken(tx: Transaction, report: ReportRow, pin: str) -> Taken:
    """Told again for a while: a form that a browser has kept would open the report to whoever has the telephone
    later. Raises `Problem` 403."""
    if report.created_at + PASS_FOR <= tx.clock.now():
        raise Problem(403, "door-pass-over")
    pages = sa.select(sa.func.count()).select_from(PageRow).where(PageRow.report_id == report.report_id)
    return Taken(report.number, pin, await tx.scalar(pages) or 0)


async def _number(tx: Transaction, token: str) -> str:
    for attempt in range(TRIES):
        number = number_of(f"{token}{attempt or ''}")
        taken = sa.select(sa.func.count()).select_from(ReportRow).where(ReportRow.number == number)
        if not await tx.scalar(taken):
            return number
    raise Problem(503, "away")


def _row(
    parts: Parts,
    given: Given,
    report_id: UUID,
    number: str,
    pin_hash: str,
    sealed: keeping.Sealed | None,
    tx: Transaction,
) -> ReportRow:
    now = tx.clock.now()
    return ReportRow(
        report_id=report_id,
        number=number,
        pin_hash=pin_hash,
        agency=parts.house.agency,
        source=given.source.value,
        category=given.category,
        language=given.language,
        consents=list(given.consents),
        pictures=0,
        secret=sealed.data if sealed else None,
        secret_key=sealed.key if sealed else None,
        created_at=now,
        updated_at=now,
    )
