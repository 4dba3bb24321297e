"""Reports of institutions: police, hotlines, schools. Under their own reference, so that sending twice is once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from services.gateway.accounts import Account
from services.gateway.api.cursors import cursor_of, key_of, moment
from services.gateway.door import keeping, limits
from services.gateway.door.entering import enter
from services.gateway.door.given import PROCESS, Given
from services.gateway.door.numbers import number_of, read_number
from services.gateway.door.store import ReportRow
from services.gateway.parts import Parts
from services.gateway.problems import Problem
from services.gateway.tokens import new_token
from shared.database import Transaction
from shared.identity import identity
from shared.urls import canonical

AGAIN = timedelta(minutes=1)  # a change is seen when it commits, later than the time that it carries


@dataclass(frozen=True)
class Submitted:
    report: ReportRow
    new: bool


def canonical_urls(urls: list[str]) -> tuple[str, ...]:
    """Raises `Problem` 422 with the place of the first that is none."""
    made = [canonical(url) for url in urls]
    for place, url in enumerate(made, 1):
        if url is None:
            raise Problem(422, "bad-address", field=f"urls.{place - 1}", line=place)
    return tuple(dict.fromkeys(url for url in made if url))


async def submit(parts: Parts, given: Given, reference: str, by: Account) -> Submitted:
    """Raises `Problem` 409 when something else came under this reference."""
    report_id = identity("report", "intake", by.pseudonym, reference)
    # Without what is sealed: a digest of it would tell it to whoever tries telephone numbers, also after its deletion.
    digest = hashlib.sha256(repr(replace(given, told=keeping.Told())).encode()).hexdigest()
    written = given.told.model_dump_json().encode()
    sealed = await keeping.seal(parts.vault.keys, report_id, written) if given.told else None
    async with parts.database.transaction() as tx:
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"report {report_id}"))))
        if there := await tx.get(ReportRow, report_id):
            kept = await keeping.told(parts.vault.keys, report_id, there.secret, there.secret_key)
            if there.digest != digest or (given.told != (kept or keeping.Told()) and not there.forgotten_at):
                raise Problem(409, "reference-taken", field="reference")
            return Submitted(there, new=False)
        await limits.admit(tx, limits.PARTNER, by.pseudonym, limits.MOST_OF_PARTNER)
        now = tx.clock.now()
        report = ReportRow(
            report_id=report_id,
            number=number_of(new_token()),
            agency=by.agency,
            source=given.source.value,
            category=given.category,
            language=given.language,
            submitted_by=by.pseudonym,
            reference=reference,
            digest=digest,
            consents=[PROCESS],
            pictures=0,
            secret=sealed.data if sealed else None,
            secret_key=sealed.key if sealed else None,
            created_at=now,
            updated_at=now,
        )
        await enter(tx, report, given.urls, ())
    return Submitted(report, new=True)


async def mine(tx: Transaction, number: str, by: Account) -> ReportRow:
    """Raises `Problem` 404, also for the report of somebody else."""
    known_as = sa.select(ReportRow).where(ReportRow.number == (read_number(number) or ""))
    row = await tx.scalar(known_as.where(ReportRow.submitted_by == by.pseudonym))
    if row is None:
        raise Problem(404, "no-report")
    return row


async def changed(
    tx: Transaction, by: Account, since: datetime | None, after: str | None, limit: int
) -> tuple[list[ReportRow], str | None]:
    """The account's reports by the time of their last change, the oldest first: whoever asks again with the time of
    the last one misses none, and is given those of the minute before once more."""
    wanted = sa.select(ReportRow).where(ReportRow.submitted_by == by.pseudonym)
    if since:
        wanted = wanted.where(ReportRow.updated_at >= since - AGAIN)
    if after:
        key = key_of(after, moment, UUID)
        wanted = wanted.where(sa.tuple_(ReportRow.updated_at, ReportRow.report_id) > sa.tuple_(*key))
    rows = list(await tx.scalars(wanted.order_by(ReportRow.updated_at, ReportRow.report_id).limit(limit + 1)))
    shown = rows[:limit]
    return shown, cursor_of(shown[-1].updated_at, shown[-1].report_id) if len(rows) > limit else None
