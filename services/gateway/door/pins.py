"""PINs as digests, and who may look: number and PIN once, a pass of the page from then on."""

import asyncio
from datetime import timedelta
from uuid import UUID

import argon2
import sqlalchemy as sa
from argon2.exceptions import Argon2Error

from services.gateway.door import limits
from services.gateway.door.numbers import PIN_DIGITS, plain_digits, read_number
from services.gateway.door.store import PassRow, ReportRow
from services.gateway.problems import Problem
from services.gateway.tokens import digest, new_token
from shared.database import Database, Transaction

# A PIN is guarded by being asked for ten times an hour, not by a slow digest: OWASP's least (19 MiB, twice), and one at
# a time, so that the door's visitors take no core from those who review.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hashing = asyncio.Semaphore(1)
_nobody = _hasher.hash("0" * PIN_DIGITS)
PASS_FOR = timedelta(minutes=30)


async def hash_pin(pin: str) -> str:
    async with _hashing:
        return await asyncio.to_thread(_hasher.hash, pin)


async def enter(database: Database, number: str, pin: str, place: str) -> ReportRow:
    """The report of this number and PIN. Raises `Problem` 422 "door-no-number" for a slip of the pen, 403 for anything
    else that is wrong, without telling what and as slowly; 429."""
    known_as = read_number(number)
    if known_as is None:
        raise Problem(422, "door-no-number", field="number")
    async with database.transaction() as tx:
        await limits.admit(tx, limits.LOOK, place, limits.MOST_LOOKS)
        await limits.admit(tx, limits.PIN, digest(known_as), limits.MOST_PINS)
        row = await tx.scalar(sa.select(ReportRow).where(ReportRow.number == known_as))
    hashed = row.pin_hash if row and row.pin_hash else _nobody
    async with _hashing:
        agrees = await asyncio.to_thread(_verify, hashed, plain_digits(pin)[:PIN_DIGITS])
    if row is None or row.pin_hash is None or not agrees:
        raise Problem(403, "door-wrong-pin", field="pin")
    async with database.transaction() as tx:
        await limits.forgive(tx, limits.PIN, digest(known_as))
    return row


def _verify(hashed: str, pin: str) -> bool:
    try:
        return _hasher.verify(hashed, pin)
    except Argon2Error:
        return False


def give_pass(tx: Transaction, report: ReportRow) -> str:
    """What the page's forms carry, so that no cookie stays on a shared computer."""
    token = new_token()
    tx.add(
        PassRow(
            token_hash=digest(token),
            report_id=report.report_id,
            agency=report.agency,
            expires_at=tx.clock.now() + PASS_FOR,
        )
    )
    return token


async def whose(tx: Transaction, token: str) -> UUID:
    """The report that the pass is for. Raises `Problem` 403 when the pass is over."""
    found = await tx.get(PassRow, digest(token))
    if found is None or found.expires_at <= tx.clock.now():
        raise Problem(403, "door-pass-over")
    return found.report_id


async def holder(tx: Transaction, token: str) -> ReportRow:
    """The same, its row locked."""
    report = await tx.get(ReportRow, await whose(tx, token), lock=True)
    if report is None:
        raise Problem(403, "door-pass-over")
    return report


async def tidy(tx: Transaction) -> None:
    await tx.execute(sa.delete(PassRow).where(PassRow.expires_at <= tx.clock.now()))
