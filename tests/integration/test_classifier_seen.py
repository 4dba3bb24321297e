"""What is remembered of what was judged: no words, who showed it, for how long; and what it is asked for again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.classifier import spread
from services.classifier.app import app
from services.classifier.domain import Policy, judge
from services.classifier.forgetting import forget
from services.classifier.learning.examples import ExampleRow
from services.classifier.learning.sampling import FEWEST
from services.classifier.signals import Signals
from services.classifier.store import Judged, Seen, remember
from shared.bus.memory import MemoryBroker
from shared.clock import ManualClock
from shared.database import Database
from shared.events import ContentFound
from shared.events.values import Capture, Finding, Picture
from tests.support.classifier import PLAIN, flagged, found, handled, remembered, settings
from tests.support.findings import NOW, TEXT, describe, picture_file
from tests.support.service import record, running
from tests.support.stack import Migrated

LONG_AGO = NOW - timedelta(days=30)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def database(migrated: Migrated, clock: ManualClock) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    yield database
    await database.close()


def picture(seed: int = 1, size: int = 256) -> Picture:
    return describe(f"http://media.test/{seed}.jpg", picture_file(seed, size))


async def shown_on(database: Database, *shown: ContentFound, asked: ContentFound) -> int:
    """Hosts that `asked` is counted on after these."""
    async with database.transaction() as tx:
        await spread.keep(tx, shown)
    async with database.transaction() as tx:
        (count,) = await spread.hosts(tx, [asked], LONG_AGO)
    return count


async def test_a_picture_is_counted_once_a_host_with_the_host_that_is_asked_for(database: Database) -> None:
    shown = [found(number, f"text {number}", (picture(),)) for number in (1, 2, 2, 3)]
    assert await shown_on(database, asked=found(9, "", (picture(),))) == 1
    assert await shown_on(database, *shown, asked=found(9, "", (picture(),))) == 4
    assert await shown_on(database, asked=found(1, "", (picture(),))) == 3
    assert await shown_on(database, asked=found(1, "", (picture(2),))) == 1


async def test_the_same_long_text_is_counted_however_it_is_spaced(database: Database) -> None:
    shown = [found(number, PLAIN.upper().replace(" ", "  ")) for number in (1, 2)]
    assert await shown_on(database, *shown, asked=found(9, PLAIN)) == 3


@pytest.mark.parametrize(
    "asked", [found(9, "page not found"), found(9, "", (picture(3, 96),))], ids=["text", "picture"]
)
async def test_what_stands_everywhere_is_no_spread(database: Database, asked: ContentFound) -> None:
    shown = [asked.model_copy(update={"host": f"h{number}.test"}) for number in range(3)]
    assert await shown_on(database, *shown, asked=asked) == 1


async def test_the_count_has_an_end(database: Database) -> None:
    shown = [found(number, PLAIN) for number in range(1, 150)]
    assert await shown_on(database, *shown, asked=found(0, PLAIN)) == spread.MOST_HOSTS


def judged(event: ContentFound) -> Judged:
    signals = Signals(host=event.host, site_kind="board", found_at=event.finding.found_at)
    return Judged.of(event, signals, judge(signals, Policy()), event.finding.found_at)


async def test_no_word_of_the_page_is_remembered_and_all_else_is(database: Database) -> None:
    event = found(1, TEXT, (picture(),))
    async with database.transaction() as tx:
        await remember(tx, [judged(event), judged(event)])
    (row,) = (await remembered(database)).values()
    kept = Finding.model_validate(row.finding)
    assert kept == event.finding.model_copy(update={"title": "", "excerpt": ""})
    assert Capture.model_validate(row.capture) == event.capture
    async with database.transaction() as tx:
        whole = await tx.scalar(sa.select(sa.cast(sa.func.row_to_json(sa.table("seen").table_valued()), sa.Text)))
    assert whole
    assert "lantern" not in whole
    assert event.finding.title not in whole


async def test_content_that_changed_replaces_what_it_was(database: Database) -> None:
    event = found()
    later = event.finding.model_copy(update={"found_at": NOW + timedelta(hours=1)})
    async with database.transaction() as tx:
        await remember(tx, [judged(event)])
        await remember(tx, [judged(event.model_copy(update={"finding": later}))])
    (row,) = (await remembered(database)).values()
    assert row.found_at == NOW + timedelta(hours=1)


async def test_what_is_old_is_forgotten(database: Database, clock: ManualClock) -> None:
    old, new = found(1, PLAIN), found(2, PLAIN)
    async with database.transaction() as tx:
        await remember(tx, [judged(old)])
        await spread.keep(tx, [old])
    clock.advance(8 * 24 * 3600)
    late = new.model_copy(update={"finding": new.finding.model_copy(update={"found_at": clock.now()})})
    async with database.transaction() as tx:
        await remember(tx, [judged(late)])
        await spread.keep(tx, [late])
        await forget(tx, days=7)
        marks = await tx.scalars(sa.select(spread.SeenMark.host))
    assert set(await remembered(database)) == {new.finding.content_id}
    assert list(marks) == ["board2.test"]


async def test_what_is_flagged_leaves_features_and_verdicts_label_them(migrated: Migrated, text_model: object) -> None:
    database, broker = Database(migrated.dsn_for("classifier"), "/haetae/classifier"), MemoryBroker()
    async with running(app(settings(migrated, text_model)), broker, database):
        await broker.produce([record(found(1, TEXT)), record(found(2, PLAIN))])
        await handled(broker, 2)
    (flag,) = flagged(broker).values()
    async with database.transaction() as tx:
        (example,) = await tx.scalars(sa.select(ExampleRow))
    await database.close()
    assert (example.case_id, example.label) == (flag.case_id, None)
    assert example.judged_by == flag.assessment.decided_by["text"]
    assert flag.assessment.decided_by["pictures"] == "not configured"


async def test_with_looks_to_spend_reviewers_are_asked_about_some(migrated: Migrated, text_model: object) -> None:
    database, broker = Database(migrated.dsn_for("classifier"), "/haetae/classifier"), MemoryBroker(1)
    given = settings(migrated, text_model, learning_looks_a_day=20)
    async with running(app(given), broker, database):
        await broker.produce([record(found(number, f"{PLAIN} {number}")) for number in range(FEWEST + 400)])
        await handled(broker, FEWEST + 400)
    async with database.transaction() as tx:
        rows = {row.case_id: row for row in await tx.scalars(sa.select(Seen).where(Seen.flagged))}
        asked = set(await tx.scalars(sa.select(ExampleRow.case_id).where(ExampleRow.sampled.is_not(None))))
    await database.close()
    assert asked == set(rows) == {flag.case_id for flag in flagged(broker).values()} != set()
    for flag in flagged(broker).values():
        assert flag.assessment.reasons[-1].code == "to-learn"
        assert flag.assessment.risk.score < 0.5
