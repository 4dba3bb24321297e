"""Conversations on a real database: from what is told to what a counsellor hears, and what is never kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from haetae.cli import app
from services.classifier.conversations import store
from services.classifier.conversations.settings import ConversationSettings
from services.classifier.conversations.stages import STAGES, Stage
from services.classifier.conversations.store import AlertRow, ConversationRow, RefusedRow, TurnRow, forget
from services.classifier.conversations.watch import ConversationWatch
from shared.bus.memory import MemoryBroker
from shared.clock import ManualClock
from shared.database import Database
from shared.events import AlertRaised, ConversationAlerted, ConversationObserved, LawfulBasis, Turn
from shared.events.envelope import decode
from shared.handling import Service
from shared.identity import identity
from shared.outbox import OUTBOX
from tests.support.conversations import BEGUN, ESCALATION, ROOM, observed, said, trained
from tests.support.poll import eventually
from tests.support.service import envelope, record, running
from tests.support.stack import Migrated

MINE = sa.select(OUTBOX.c.value).where(OUTBOX.c.topic == ConversationAlerted.topic.name)
OTHERS = sa.select(OUTBOX.c.value).where(OUTBOX.c.topic == AlertRaised.topic.name)
OPEN, CONSENT = LawfulBasis.OPEN_ROOM, LawfulBasis.CONSENT


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("conversation")
    trained(out)
    return out


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", ManualClock(BEGUN + timedelta(days=1)))
    yield database
    await database.close()


@asynccontextmanager
async def watching(
    database: Database, model: Path, bases: tuple[LawfulBasis, ...] = (OPEN,)
) -> AsyncIterator[ConversationWatch]:
    settings = ConversationSettings(conversation_bases=bases, conversation_model=model)
    async with ConversationWatch(database, settings, None) as watch:
        yield watch


async def tell(watch: ConversationWatch, *events: ConversationObserved) -> None:
    """As the runner hands them over; nothing leaves by the outlet."""
    await watch.observe([envelope(event) for event in events], None)  # type: ignore[arg-type]


async def alerts(database: Database) -> list[ConversationAlerted]:
    async with database.transaction() as tx:
        values = (await tx.execute(MINE.order_by(OUTBOX.c.position))).scalars().all()
    return [ConversationAlerted.model_validate_json(value) for value in values]


async def rows(database: Database, table: type) -> list:
    async with database.transaction() as tx:
        return list(await tx.scalars(sa.select(table)))


async def test_who_goes_through_the_stages_is_told_with_stages_and_turns(database: Database, model: Path) -> None:
    turns = said(ESCALATION)
    async with watching(database, model) as watch:
        await tell(watch, observed(turns[:10]), observed(turns[10:]))
    told = await alerts(database)
    assert [alert.stage for alert in told] == sorted((alert.stage for alert in told), key=list(STAGES).index)
    assert told[-1].stage == Stage.MEETING_REQUEST
    assert len({alert.alert_id for alert in told}) == len(told)
    alert = told[0]
    assert (alert.lawful_basis, alert.proof) == (OPEN, "http://chat.test/room/7")
    assert alert.playbook == f"/playbook#{alert.stage}"
    stages = {turn.turn_id: stage for turn, stage in zip(turns, ESCALATION, strict=True)}
    right = sum(stages[turn.turn_id] == turn.stage for turn in alert.turns)
    assert right >= 0.8 * len(alert.turns) > 2
    (kept,) = await rows(database, ConversationRow)
    assert (kept.turns_read, kept.stage) == (len(turns), "meeting_request")
    assert kept.shares


async def test_no_word_is_kept_or_told(database: Database, model: Path) -> None:
    turns = said(ESCALATION)
    async with watching(database, model) as watch:
        await tell(watch, observed(turns))
    assert await alerts(database)
    async with database.transaction() as tx:
        everything = ""
        for table in (*(one.__tablename__ for one in (ConversationRow, TurnRow, AlertRow)), "outbox"):
            whole = await tx.execute(sa.text(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t"))
            everything += whole.scalar_one()
        values = (await tx.execute(sa.select(OUTBOX.c.value))).scalars().all()
    everything += b" ".join(values).decode()
    assert len(everything) > 1_000
    assert [turn.text for turn in turns if turn.text in everything] == []


async def test_others_are_told_neither_where_nor_who_nor_when(database: Database, model: Path) -> None:
    turns = said(ESCALATION)
    async with watching(database, model) as watch:
        await tell(watch, observed(turns))
    mine = await alerts(database)
    async with database.transaction() as tx:
        values = (await tx.execute(OTHERS)).scalars().all()
    others = [AlertRaised.model_validate_json(value) for value in values]
    assert [one.alert_id for one in others] == [one.alert_id for one in mine]
    assert {one.conversation for one in others}.isdisjoint({identity("conversation", ROOM)})
    told = b" ".join(values).decode()
    alert = mine[0]
    known = {alert.conversation, alert.site.host, alert.site.name, alert.proof, alert.playbook}
    known |= {word for turn in turns for word in (turn.turn_id, turn.speaker)}
    assert [word for word in known if f'"{word}"' in told] == []
    assert [turn.said_at for turn in turns if turn.said_at.isoformat()[:19] in told] == []


async def test_turns_that_are_told_again_count_once(database: Database, model: Path) -> None:
    turns = said(ESCALATION)
    async with watching(database, model) as watch:
        await tell(watch, observed(turns))
        before = await alerts(database), await rows(database, ConversationRow)
        await tell(watch, observed(turns), observed(turns[3:9]), observed((turns[0], turns[0], turns[0])))
        after = await alerts(database), await rows(database, ConversationRow)
    assert len(before[0]) == len(after[0]) > 0
    assert before[1][0].turns_read == after[1][0].turns_read == len(turns)
    assert before[1][0].risk == after[1][0].risk


async def test_in_pieces_and_out_of_order_the_standing_is_the_same(database: Database, model: Path) -> None:
    turns = said(ESCALATION)
    async with watching(database, model) as watch:
        await tell(watch, observed(turns, conversation="whole"))
        for piece in (turns[14:], turns[:5], turns[5:14]):
            await tell(watch, observed(piece, conversation="pieces"))
    whole, pieces = sorted(await rows(database, ConversationRow), key=lambda row: row.name, reverse=True)
    assert (whole.name, pieces.name) == ("whole", "pieces")
    assert (whole.risk, whole.stage, whole.turns_read) == (pieces.risk, pieces.stage, pieces.turns_read)


async def test_harmless_conversations_raise_nothing(database: Database, model: Path) -> None:
    backwards, meetings = said(ESCALATION[::-1]), said((Stage.MEETING_REQUEST, None, Stage.TRUST, None) * 4)
    contact, trust, _, isolation, moving, meeting = STAGES
    ours, theirs = (meeting, trust, moving, None, isolation, contact), (trust, meeting, None, moving, isolation, trust)
    mutual = (*said(ours, "a"), *said(theirs, "b", seed=3, name="u"))  # at the same minutes
    async with watching(database, model) as watch:
        for name, turns in (("backwards", backwards), ("meetings", meetings), ("mutual", mutual)):
            await tell(watch, observed(turns, conversation=name))
    assert await alerts(database) == []


@pytest.mark.parametrize(
    ("bases", "basis", "proof"),
    [((), OPEN, "a"), ((OPEN,), CONSENT, "a"), ((CONSENT,), OPEN, "a"), ((OPEN,), OPEN, " ")],
)
async def test_without_a_basis_nothing_is_read_and_only_counted(
    database: Database, model: Path, bases: tuple[LawfulBasis, ...], basis: LawfulBasis, proof: str
) -> None:
    event = observed(said(ESCALATION), basis, proof=proof)
    async with watching(database, model, bases) as watch:
        await tell(watch, event, event)
        await tell(watch, event)
    assert await rows(database, ConversationRow) == await rows(database, TurnRow) == await alerts(database) == []
    (refused,) = await rows(database, RefusedRow)
    assert (refused.lawful_basis, refused.events, refused.turns) == (basis, 3, 3 * len(event.turns))


async def test_a_long_conversation_is_bounded(database: Database, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("QUIET_KEPT", 40), ("CUES_KEPT", 12), ("SLACK", 10)):
        monkeypatch.setattr(store, name, most)
    async with watching(database, model) as watch:
        for begin in range(0, 1_000, 200):
            await tell(watch, observed(said((Stage.TRUST, None, None, None) * 50, begin=begin, seed=begin)))
    (kept,) = await rows(database, ConversationRow)
    turns = await rows(database, TurnRow)
    assert kept.turns_read == 1_000
    assert len(turns) <= 40 + 12 + 2 * 10
    assert max(turn.said_at for turn in turns) == BEGUN + timedelta(minutes=999)


async def test_hostile_turns_are_read_like_others(database: Database, model: Path) -> None:
    odd = ("", " ", "\x00", "💥" * 4_000, "a" * 4_000, "́" * 4_000, "𝔪𝔢𝔢𝔱")
    names = ("", "\x00", "x" * 20_000, "x" * 20_001, "'; --", "t\n1", "t6")
    before_time = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))  # earlier than any UTC can say
    times = (before_time, BEGUN - timedelta(days=300_000), BEGUN + timedelta(days=300_000), BEGUN, BEGUN, BEGUN, BEGUN)
    hostile = zip(names, times, odd, strict=True)
    turns = [Turn(turn_id=name, speaker=name, said_at=at, text=text) for name, at, text in hostile]
    async with watching(database, model) as watch:
        await tell(watch, observed(turns, conversation="c\x00" + "y" * 30_000))
        await tell(watch, observed(said(ESCALATION), conversation="after"))
    assert {row.turns_read for row in await rows(database, ConversationRow)} == {len(turns), len(ESCALATION)}
    assert max(row.said_at for row in await rows(database, TurnRow)) <= BEGUN + timedelta(days=1)
    assert await alerts(database)


async def test_a_turn_that_says_something_else_when_told_again_stays_as_it_was(database: Database, model: Path) -> None:
    told = ((None, "a"), (Stage.MEETING_REQUEST, "a"), (None, "b"))
    quiet, cue, more = (said((stage,), name=name)[0] for stage, name in told)
    async with watching(database, model) as watch:
        await tell(watch, observed([quiet]), observed([cue, more]))
    (kept,) = await rows(database, ConversationRow)
    assert (kept.turns_read, kept.risk, kept.stage) == (2, 0.0, None)


async def test_an_alert_of_a_hostile_name_can_be_kept_by_whoever_hears_it(database: Database, model: Path) -> None:
    """PostgreSQL keeps no NUL, neither as text nor as JSON."""
    async with watching(database, model) as watch:
        await tell(watch, observed(said(ESCALATION, name="t\x00"), conversation="c\x00", proof="p\x00"))
    (kept,) = await rows(database, ConversationRow)
    told = await alerts(database)
    assert {(alert.conversation, alert.proof) for alert in told} == {(kept.name, kept.proof)}
    assert "\\u0000" not in "".join(alert.model_dump_json() for alert in told)


async def test_what_is_over_is_forgotten(database: Database, model: Path) -> None:
    async with watching(database, model) as watch:
        await tell(watch, observed(said(ESCALATION), conversation="old"))
        await tell(watch, observed(said(ESCALATION), conversation="new").model_copy(
            update={"observed_at": BEGUN + timedelta(days=70)}
        ))  # fmt: skip
    clock = ManualClock(BEGUN + timedelta(days=71))
    later = Database(database.engine.url.render_as_string(hide_password=False), "/haetae/classifier", clock)
    async with later.transaction() as tx:
        await forget(tx, days=60)
    await later.close()
    assert [row.name for row in await rows(database, ConversationRow)] == ["new"]
    assert await rows(database, TurnRow) == []
    assert {row.conversation_id for row in await rows(database, AlertRow)} == {
        row.conversation_id for row in await rows(database, ConversationRow)
    }


async def test_the_command_line_shows_where_conversations_stand(
    database: Database, model: Path, migrated: Migrated
) -> None:
    async with watching(database, model) as watch:
        await tell(watch, observed(said(ESCALATION)), observed(said(ESCALATION), CONSENT))

    async def shown(*words: str) -> str:
        run = partial(CliRunner().invoke, app, ["conversations", *words])
        result = await asyncio.to_thread(run, env={"HAETAE_DATABASE_URL": migrated.owner_url, "COLUMNS": "200"})
        return result.output

    (listed,) = [json.loads(line) for line in (await shown("list", "--json")).splitlines()]
    assert (listed["conversation"], listed["turns"], listed["stage"]) == (ROOM, 24, "meeting_request")
    assert "refused, consent is not allowed: 1 records, 24 turns" in await shown("list")
    page = await shown("show", ROOM)
    assert "alert, meeting_request" in page
    assert "t20" in page
    assert "no such conversation" in await shown("show", "elsewhere")


async def test_from_the_broker_to_the_broker(database: Database, model: Path) -> None:
    settings = ConversationSettings(conversation_bases=(OPEN,), conversation_model=model)
    watch, broker = ConversationWatch(database, settings, None), MemoryBroker()
    service = Service(
        name="classifier",
        batches={ConversationObserved: watch.observe},
        publishes=frozenset({AlertRaised, ConversationAlerted}),
        resources=(watch,),
    )

    def told() -> list[ConversationAlerted]:
        decoded = [decode(one.value, dict(one.headers)) for log in broker.topics["conversation.alerts"] for one in log]
        return [one.event for one in decoded if isinstance(one.event, ConversationAlerted)]

    async with running(service, broker, database):
        await broker.produce([record(observed(said(ESCALATION)))])
        await eventually(lambda: broker.topics.get("conversation.alerts") and told())
    assert {alert.conversation for alert in told()} == {"room-7"}
