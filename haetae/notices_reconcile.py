"""`haetae notices reconcile`: every approved notice, where it is now."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
import typer

from haetae import access
from haetae.saying import HOME, Home, console, finish, guarded
from services.notifier.reconciliation.gathering import gather
from services.notifier.reconciliation.report import MOST_NAMED, Report
from services.notifier.store import Delivery

# An approval is on its way through the broker for a second; for so long a service may be away without an alarm.
ON_THE_WAY = timedelta(minutes=10)
APPROVED = sa.text("SELECT notice_id FROM notices WHERE approved_at < :before")


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of lines.")] = False,
    home: Home = HOME,
) -> None:
    """Count every approved notice where it is, and compare with what the gateway approved. Exits with 1 on an alarm."""
    report = guarded(lambda: _made(home))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _say(report)
    finish(report.alarms)


async def _made(home: Path) -> Report:
    async with access.database("notifier", home) as database:
        report = await gather(database)
        async with database.transaction() as tx:
            known = set(await tx.scalars(sa.select(Delivery.notice_id)))
    approved = await _approved(home, report.made_at)
    missing = sorted(str(one) for one in approved - known)
    return replace(report, missing=tuple(missing[:MOST_NAMED]))


async def _approved(home: Path, now: datetime) -> set[UUID]:
    async with access.database("gateway", home) as database, database.transaction() as tx:
        return {row.notice_id for row in await tx.execute(APPROVED, {"before": now - ON_THE_WAY})}


def _say(report: Report) -> None:
    console.print(f"{report.approved} approved notices, {report.message_ids} Message-IDs")
    for place, many in sorted(report.notices.items()):
        console.print(f"  {place:10} {many}")
    since = f", the first since {report.unmatched_since:%F %R} UTC" if report.unmatched_since else ""
    console.print(f"{report.unmatched} mails answer no notice for certain{since}: see `haetae inbox list`")
    for title, counts in (("answers of the last day", report.answers), ("mails of the last day", report.mails)):
        told = ", ".join(f"{many} {name}" for name, many in sorted(counts.items()))
        console.print(f"{title}: {told or 'none'}")
    for title, ids in (("without end or next step", report.open_ends), ("late", report.late)):
        for one in ids:
            console.print(f"{title}: {one}")
    for one in report.missing or ():
        console.print(f"approved, but unknown to the notifier: {one}")
