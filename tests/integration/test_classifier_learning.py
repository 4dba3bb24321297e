"""Learning through real handlers and tables: verdicts teach a weak model, which goes into the shadow, becomes canary,
then champion without a restart, refuses a poisoned batch, and is rolled back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from haetae.cli import app as command_line
from services.classifier.learning import registry
from services.classifier.learning.examples import ExampleRow, Kept, forget, keep, label, labelled
from services.classifier.learning.learner import Learner
from services.classifier.learning.live import LiveModels
from services.classifier.learning.registry import ModelRow, PromotionRow, Status
from services.classifier.learning.retraining import Retrained
from services.classifier.learning.sampling import Slot, grant
from services.classifier.learning.settings import LearningSettings
from services.classifier.learning.training import Example
from services.classifier.learning.turns import TrainingRow, is_due, train
from services.classifier.text_thread import TextThread
from services.classifier.texts.reader import TextReader
from shared.bus.memory import MemoryBroker
from shared.clock import ManualClock
from shared.database import Database
from shared.events import ModelPromoted, ReviewDecided, Verdict
from shared.events.examples import FINDING
from shared.handling import Context, Service
from shared.identity import case_id
from shared.metrics import Metrics
from tests.support.learning import weak_model
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import Migrated

SETTINGS = LearningSettings(train_after=200, shadow_texts=200, canary_texts=20, canary_share=0.3)
DAY_S = 25 * 3600.0


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Example]]:
    out = tmp_path_factory.mktemp("weak")
    return out, weak_model(out)


@dataclass
class House:
    """A classifier's learning parts in this process, and what its reviewers say."""

    database: Database
    broker: MemoryBroker
    clock: ManualClock
    texts: TextThread
    live: LiveModels
    learner: Learner
    context: Context
    decided: int = 0

    async def decide(self, texts: Sequence[Example], rng: Random | None = None, reviewers: int = 5) -> None:
        """Flag them, and give verdicts on them: right ones, or by chance."""
        first = self.decided
        kept = [
            Kept(
                case_id(f"http://board.test/{first + place}"),
                await self.texts.run(lambda one=one: self.texts.reader.features(one.text, one.language)),  # type: ignore[misc]
                one.language, "suspected_text", 0.6, 0.0, "text@1",
            )
            for place, one in enumerate(texts)
        ]  # fmt: skip
        async with self.database.transaction() as tx:
            await keep(tx, kept)
        events = [
            verdict_on(
                first + place, one.label if rng is None else rng.random() < 0.5, f"r{place % reviewers}", self.clock
            )
            for place, one in enumerate(texts)
        ]
        await self.broker.produce([record(event) for event in events])
        self.decided += len(texts)
        await eventually(lambda: self._decided_rows(self.decided))

    async def _decided_rows(self, count: int) -> bool:
        async with self.database.transaction() as tx:
            return len(await labelled(tx, scripted=False)) == count

    async def turn(self) -> None:
        """A look of the background task, and what it promoted heard here."""
        await self.live.write_counts()
        await self.learner.look_at_trial(self.context)

    async def scores(self, texts: Sequence[Example], host: str = "board.test") -> list[float]:
        signs = await self.texts.run(
            lambda: self.texts.reader.read([one.text for one in texts], [None] * len(texts), [host] * len(texts))
        )
        return [one.ngrams or 0.0 for one in signs]

    async def judges(self, champion: int, challenger: int | None) -> None:
        """Until these are at work here."""

        def at_work() -> bool:
            panel = self.live.panel
            return panel is not None and (panel.champion.version, panel.challenger and panel.challenger.version) == (
                champion,
                challenger,
            )

        await eventually(at_work)

    async def rows(self) -> list[tuple[int, str]]:
        async with self.database.transaction() as tx:
            return [(row.version, row.status) for row in reversed(await registry.versions(tx))]


def verdict_on(number: int, positive: bool, reviewer: str, clock: ManualClock) -> ReviewDecided:
    url = f"http://board.test/{number}"
    return ReviewDecided(
        case_id=case_id(url), verdict=Verdict.APPROVED if positive else Verdict.REJECTED, note="", approved=(),
        finding=FINDING.model_copy(update={"url": url}), reviewer=reviewer, scripted=False, seal="0" * 64,
        decided_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
async def house(migrated: Migrated, weak: tuple[Path, list[Example]]) -> AsyncIterator[House]:
    async with house_on(migrated, weak[0]) as made:
        yield made


class house_on:
    """Async context: the parts running on a fresh database."""

    def __init__(self, migrated: Migrated, directory: Path) -> None:
        self._migrated, self._directory = migrated, directory
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> House:
        clock, broker = ManualClock(), MemoryBroker()
        database = Database(self._migrated.dsn_for("classifier"), "/haetae/classifier", clock)
        self._stack.push_async_callback(database.close)
        texts = TextThread(lambda: TextReader.load(self._directory, None, None, None, clock))
        live = LiveModels(database, texts, self._directory, SETTINGS.canary_share)
        learner = Learner(live, self._directory, SETTINGS)
        service = Service(
            name="classifier",
            handles={ReviewDecided: label},
            listens={ModelPromoted: live.heard},
            publishes=frozenset({ModelPromoted}),
            resources=(texts, live, learner),
        )
        await self._stack.enter_async_context(running(service, broker, database))
        await eventually(lambda: live.panel is not None and texts.reader is not None)
        context = Context(database, clock, None, lambda: False, Metrics())  # type: ignore[arg-type]  # nothing is produced
        return House(database, broker, clock, texts, live, learner, context)

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()


async def test_verdicts_teach_a_model_that_is_tried_promoted_and_rolled_back(
    house: House, weak: tuple[Path, list[Example]]
) -> None:
    texts = weak[1]
    taught, poison, stream = texts[:300], texts[300:600], texts[600:900]
    await house.judges(1, None)
    before = await house.scores(stream)

    await house.decide(taught)
    await house.turn()  # trains, and passes the gate
    assert await house.rows() == [(1, "champion"), (2, "shadow")]
    await house.judges(1, 2)
    assert await house.scores(stream) == pytest.approx(before)  # who is in the shadow decides nothing

    await house.turn()
    assert await house.rows() == [(1, "champion"), (2, "shadow")]  # not long enough
    house.clock.advance(DAY_S)
    await house.turn()
    assert await house.rows() == [(1, "champion"), (2, "canary")]
    await eventually(lambda: house.live.panel.challenger.share == SETTINGS.canary_share)  # type: ignore[union-attr]
    hosts = [f"h{number}.test" for number in range(40)]
    judged_by = {host: house.live.panel.version(host) for host in hosts}  # type: ignore[union-attr]
    assert set(judged_by.values()) == {"1", "2"}
    for host in hosts:
        changed = (await house.scores(stream[:5], host)) != pytest.approx(before[:5])
        assert changed == (judged_by[host] == "2")

    house.clock.advance(DAY_S)
    await house.turn()
    assert await house.rows() == [(1, "retired"), (2, "champion")]
    await house.judges(2, None)
    after = await house.scores(stream)
    wanted = np.array([one.label for one in stream])
    assert right(after, wanted) > right(before, wanted) + 0.1

    await house.decide(poison, Random(1))
    await house.turn()
    assert await house.rows() == [(1, "retired"), (2, "champion"), (3, "refused")]
    async with house.database.transaction() as tx:
        assert await registry.weights_of(tx, 3) is None
        with pytest.raises(registry.Rejected, match="refused by the gate"):
            await registry.promote(tx, 3, Status.CHAMPION, "somebody", "in a hurry")

    async with house.database.transaction() as tx:
        now, gone = await registry.roll_back(tx, "officer-1", "reviewers complain")
        assert (now.version, gone.version) == (1, 2)
    await house.judges(1, None)
    assert await house.scores(stream) == pytest.approx(before)
    async with house.database.transaction() as tx:
        log = [(row.version, row.before, row.status, row.by) for row in await registry.log_of(tx)]
    assert log == [
        (1, None, "champion", "installation"),
        (2, None, "shadow", "learner"),
        (2, "shadow", "canary", "trial"),
        (1, "champion", "retired", "trial"),
        (2, "canary", "champion", "trial"),
        (3, None, "refused", "learner"),
        (2, "champion", "retired", "officer-1"),
        (1, "retired", "champion", "officer-1"),
    ]
    with pytest.raises(registry.Rejected, match="first that ever judged"):
        async with house.database.transaction() as tx:
            await registry.roll_back(tx, "officer-1", "again")


def right(scores: Sequence[float], wanted: np.ndarray) -> float:
    return float(((np.array(scores) >= 0.5) == wanted).mean())


async def test_a_head_that_cannot_be_loaded_is_named_and_the_old_one_stays(house: House) -> None:
    await house.judges(1, None)
    async with house.database.transaction() as tx:
        first = await tx.get(ModelRow, 1)
        assert first
        made = registry.Made(first.config, b"damaged", {}, "", first.base)
        await registry.register(tx, made, Status.CHAMPION, "somebody", "a test")
    with pytest.raises(registry.Rejected, match="text model 2"):
        await house.live.sync()
    await house.judges(1, None)


async def test_the_log_of_promotions_cannot_be_changed(migrated: Migrated, house: House) -> None:
    await house.judges(1, None)
    owner = Database(migrated.owner_url, "/test", schema="classifier")
    for database in (house.database, owner):
        for change in (sa.update(PromotionRow).values(by="nobody"), sa.delete(PromotionRow)):
            with pytest.raises(DBAPIError):
                async with database.transaction() as tx:
                    await tx.execute(change)
    await owner.close()


async def test_one_training_at_a_time(house: House, weak: tuple[Path, list[Example]]) -> None:
    async with house.database.transaction() as tx:
        now = tx.clock.now()
        tx.add(TrainingRow(name="text", started_at=now, lease_until=now.replace(year=2027), started_by="x", verdicts=0))

    async def never(*_: object) -> object:
        raise AssertionError("another is at it")

    assert await train(house.database, weak[0], never, scripted=False, by="me") is None  # type: ignore[arg-type]


async def test_a_training_that_did_not_end_is_begun_anew(house: House, weak: tuple[Path, list[Example]]) -> None:
    await house.judges(1, None)
    async with house.database.transaction() as tx:
        await keep(tx, [Kept(case_id("http://board.test/1"), b"f", "en", "c", 0.9, 0.0, "text@1")])
        await label(verdict_on(1, True, "r", house.clock), tx)

    async def due() -> bool:
        async with house.database.transaction() as tx:
            return await is_due(tx, 1, scripted=False)

    async def interrupted(*_: object) -> Retrained:
        raise asyncio.CancelledError

    assert await due()
    with pytest.raises(asyncio.CancelledError):
        await train(house.database, weak[0], interrupted, scripted=False, by="me")
    assert await due()
    async with house.database.transaction() as tx:  # as a process leaves it that is killed
        now = tx.clock.now()
        until = now + timedelta(hours=1)
        tx.add(
            TrainingRow(name="text", started_at=now, lease_until=until, through=now, started_by="killed", verdicts=1)
        )
    assert not await due()
    house.clock.advance(3601.0)
    assert await due()


async def test_a_model_of_another_installation_is_neither_trained_nor_tried_on(
    house: House, weak: tuple[Path, list[Example]]
) -> None:
    await house.judges(1, None)
    async with house.database.transaction() as tx:
        first, weights = await tx.get(ModelRow, 1), await registry.weights_of(tx, 1)
        assert first
        assert weights
        made = registry.Made(first.config, weights, {}, "", first.base)
        await registry.register(tx, made, Status.CANARY, "learner", "it is better")
        await registry.register(tx, replace(made, base="another"), Status.CHAMPION, "installation", "installed")
    await house.turn()
    assert await house.rows() == [(1, "retired"), (2, "retired"), (3, "champion")]

    async def never(*_: object) -> Retrained:
        raise AssertionError("nothing can be learned from it")

    outcome = await train(house.database, weak[0], never, scripted=False, by="me")
    assert outcome
    assert "is not the installed model that the champion was made from" in outcome.reason


async def test_what_counts_as_an_example(house: House) -> None:
    def kept(number: int, score: float, other: float) -> Kept:
        return Kept(case_id(f"http://board.test/{number}"), b"f", "en", "c", score, other, "text@1")

    async with house.database.transaction() as tx:
        await keep(tx, [kept(1, 0.9, 0.0), kept(2, 0.1, 0.9), kept(3, 0.1, 0.9), kept(4, 0.9, 0.0)])
    events = [verdict_on(number, number != 3, "r", house.clock) for number in (1, 2, 3, 77)]
    scripted = verdict_on(4, True, "script", house.clock).model_copy(update={"scripted": True})
    async with house.database.transaction() as tx:
        for event in (*events, scripted):
            await label(event, tx)
    async with house.database.transaction() as tx:
        await keep(tx, [kept(1, 0.2, 0.0)])  # seen again: what was decided on stays
        found = [(row.case_id, row.label, row.score) for row in await labelled(tx, scripted=False)]
        assert sorted(found) == sorted(
            [(case_id("http://board.test/1"), True, 0.9), (case_id("http://board.test/3"), False, 0.1)]
        )
        assert len(await labelled(tx, scripted=True)) == 3
    house.clock.advance(31 * 24 * 3600.0)
    async with house.database.transaction() as tx:
        await forget(tx, days=30)
        assert await tx.scalar(sa.select(sa.func.count()).select_from(ExampleRow)) == 0


async def test_looks_are_asked_within_the_budget_and_spread_over_the_day(house: House) -> None:
    wanted = [Slot.TOP] * 20 + [Slot.UNCERTAIN] * 20 + [Slot.RANDOM] * 20 + [None]
    granted = 0
    for _ in range(24):
        async with house.database.transaction() as tx:
            given = await grant(tx, wanted, per_day=20)
        granted += sum(given)
        assert not given[-1]
        assert sum(given) <= 5
        house.clock.advance(3600.0)
    assert granted == 20


async def test_the_command_line_lists_promotes_and_rolls_back(
    migrated: Migrated, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.judges(1, None)
    async with house.database.transaction() as tx:
        first = await tx.get(ModelRow, 1)
        weights = await registry.weights_of(tx, 1)
        assert first
        assert weights
        made = registry.Made(first.config, weights, {"frozen_ap": 0.9}, "# A card", first.base)
        await registry.register(tx, made, Status.SHADOW, "learner", "it is better")
    monkeypatch.setenv("HAETAE_DATABASE_URL", migrated.owner_url)

    async def haetae(*words: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, command_line, ["models", *words], env={"COLUMNS": "200"})
        return f"{done.exit_code} {done.output}"

    listed = await haetae("list")
    assert "0.900" in listed
    assert "shadow" in listed
    assert "# A card" in await haetae("card", "2")
    assert "version 2 is champion" in await haetae("promote", "2", "--to", "champion", "--why", "tried", "--by", "o-1")
    await house.judges(2, None)
    assert "version 1 judges again" in await haetae("rollback", "--why", "no good", "--by", "o-1")
    await house.judges(1, None)
    assert "o-1" in await haetae("history")
    assert "no good" in await haetae("show", "1")
    assert (await haetae("show", "9")).startswith("1 ")
