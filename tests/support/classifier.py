"""The classifier in this process, for tests of its parts: settings, findings, what it flagged and remembered."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from services.classifier.settings import Settings
from services.classifier.store import Seen
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFlagged, ContentFound
from shared.events.envelope import decode
from shared.events.examples import CAPTURE
from shared.events.values import MAX_EXCERPT, Picture
from tests.support.findings import finding
from tests.support.poll import eventually
from tests.support.stack import Migrated

PLAIN = "The museum opens at ten. Its garden has old apple trees, and the café beside them sells bread until noon."


def settings(migrated: Migrated, text_model: object, **more: object) -> Settings:
    given = {"database_url": migrated.dsn_for("classifier"), "kafka_bootstrap": "unused", "text_model": text_model}
    return Settings.model_validate({**given, **more})


def found(number: int = 1, text: str = PLAIN, pictures: tuple[Picture, ...] = (), **more: object) -> ContentFound:
    """A page of its own for each number."""
    host = f"board{number}.test"
    seen = finding(f"http://{host}/post/{number}", text[:MAX_EXCERPT], pictures)
    values = {"host": host, "finding": seen, "text": text, "capture": CAPTURE, **more}
    return ContentFound.model_validate(values)


def flagged(broker: MemoryBroker) -> dict[str, ContentFlagged]:
    """By address; told twice is told once."""
    logs = broker.topics.get("content.flagged", ())
    events = [decode(one.value, dict(one.headers)).event for log in logs for one in log]
    return {event.finding.url: event for event in events if isinstance(event, ContentFlagged)}


async def handled(broker: MemoryBroker, count: int) -> None:
    """Until the classifier has settled so many records of what was found."""

    def done() -> bool:
        group = broker.groups.get("classifier.hot")
        return group is not None and sum(group.offsets.values()) == count

    await eventually(done)


async def remembered(database: Database) -> dict[UUID, Seen]:
    async with database.transaction() as tx:
        return {row.content_id: row for row in await tx.scalars(sa.select(Seen))}
