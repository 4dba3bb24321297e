"""Rules and policy on a real database: kept, tried, live in every process within a moment, taken out when they fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.classifier.app import app
from services.classifier.domain import Policy
from services.classifier.risk import dry_run, editing, expression, store
from services.classifier.risk.book import RuleBook
from services.classifier.risk.rules import Mode, Rule, RulesInvalid
from services.classifier.risk.task import watch_rules
from services.classifier.settings import Settings
from services.classifier.signals import Signals
from shared.bus.memory import MemoryBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.handling import Context
from shared.metrics import Metrics
from tests.support.classifier import flagged, found, handled, remembered, settings
from tests.support.poll import eventually
from tests.support.service import T0, record, running
from tests.support.stack import Migrated

ME = ("kim", "for the test")
EVERYWHERE = """
name = "everywhere"
when = "host.ends_with('.test')"
[then]
flag = true
[[tests]]
says = "a host"
given = { host = "a.test" }
applies = true
"""
BY_PHONE = EVERYWHERE.replace("everywhere", "by-phone").replace("host.ends_with('.test')", "'phone' in personal")


@pytest.fixture
def clock() -> SystemClock:
    """The service that runs on the database has the same."""
    return SystemClock()


@pytest.fixture
def classifier(migrated: Migrated, text_model: Path) -> Settings:
    return settings(migrated, text_model)


async def keep(owner: Database, text: str, *modes: Mode) -> int:
    """The rule, led through these modes; its version."""
    async with owner.transaction() as tx:
        row = await editing.save(tx, Rule.from_toml(text), *ME)
    for mode in modes:
        async with owner.transaction() as tx:
            row = await editing.set_mode(tx, row.name, mode, *ME)
    return row.version


async def test_versions_follow_one_another_and_say_who_and_why(owner: Database) -> None:
    assert await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE) == 3
    assert await keep(owner, EVERYWHERE.replace("flag = true", "raise_to = 0.9")) == 4
    async with owner.transaction() as tx:
        back = await editing.roll_back(tx, "everywhere", 3, "lee", "it flagged too much")
    async with owner.transaction() as tx:
        versions = await store.history(tx, "everywhere", 9)
    assert [(row.version, row.mode, row.author) for row in versions] == [
        (5, Mode.LIVE, "lee"),
        (4, Mode.SHADOW, "kim"),  # what was live is tried again when it is edited
        (3, Mode.LIVE, "kim"),
        (2, Mode.SHADOW, "kim"),
        (1, Mode.OFF, "kim"),
    ]
    assert back.rule == versions[2].rule != versions[1].rule


async def test_what_was_written_cannot_be_rewritten(owner: Database, database: Database) -> None:
    await keep(owner, EVERYWHERE)
    async with owner.transaction() as tx:
        await editing.set_policy(tx, Policy(flag_from=0.7), *ME)
    for table in ("rule_versions", "policy_versions"):
        for statement in (f"UPDATE {table} SET author = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            for who in (owner, database):
                with pytest.raises(DBAPIError):
                    async with who.transaction() as tx:
                        await tx.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EVERYWHERE.partition("[[tests]]")[0], "everywhere has no test to which it applies"),
        (EVERYWHERE.replace("applies = true", "applies = false"), "everywhere has no test to which it applies"),
        (EVERYWHERE.replace("a.test", "a.invalid"), "everywhere fails its tests: 'a host': the rule does not apply"),
    ],
)
async def test_a_rule_without_a_passing_test_cannot_go_live(owner: Database, text: str, said: str) -> None:
    await keep(owner, text, Mode.SHADOW)
    with pytest.raises(RulesInvalid) as refused:
        await keep(owner, text, Mode.LIVE)
    assert said in str(refused.value)


async def test_what_is_not_there_is_named(owner: Database) -> None:
    await keep(owner, EVERYWHERE)
    async with owner.transaction() as tx:
        for work, said in (
            (editing.set_mode(tx, "nowhere", Mode.LIVE, *ME), "there is no rule 'nowhere'"),
            (editing.set_mode(tx, "everywhere", Mode.OFF, *ME), "everywhere is off already"),
            (editing.roll_back(tx, "everywhere", None, *ME), "everywhere has no earlier version 0"),
            (editing.roll_back(tx, "everywhere", 1, *ME), "everywhere has no earlier version 1"),
        ):
            with pytest.raises(RulesInvalid) as refused:
                await work
            assert said in str(refused.value)


async def test_a_live_rule_decides_in_every_process_and_a_rollback_too(
    classifier: Settings, database: Database, owner: Database
) -> None:
    broker, services = MemoryBroker(), [app(classifier), app(classifier)]
    books = [service.resources[1] for service in services]
    async with running(services[0], broker, database), running(services[1], broker, database):
        await broker.produce([record(found(1))])
        await handled(broker, 1)
        assert flagged(broker) == {}
        await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
        await eventually(lambda: all(book.edition.versions.get("everywhere") == 3 for book in books))  # type: ignore[attr-defined]
        await broker.produce([record(found(2))])
        await handled(broker, 2)
        (flag,) = flagged(broker).values()
        assert flag.finding.url == found(2).finding.url
        assert flag.assessment.reasons[-1].text == "Rule everywhere 3 of the agency: flag."
        assert flag.assessment.decided_by["rules"] == "3"
        async with owner.transaction() as tx:
            await editing.set_mode(tx, "everywhere", Mode.OFF, *ME)
        await eventually(lambda: all(not book.edition.rules for book in books))  # type: ignore[attr-defined]
        await broker.produce([record(found(3))])
        await handled(broker, 3)
        assert len(flagged(broker)) == 1


async def test_a_rule_in_shadow_is_counted_and_changes_nothing(
    classifier: Settings, database: Database, owner: Database
) -> None:
    await keep(owner, EVERYWHERE, Mode.SHADOW)
    broker, metrics = MemoryBroker(), Metrics()
    async with running(app(classifier), broker, database, metrics=metrics):
        await broker.produce([record(found(number)) for number in range(5)])
        await handled(broker, 5)
    assert flagged(broker) == {}
    async with database.transaction() as tx:
        assert await store.effects(tx, "everywhere", 2) == store.Effects(held=5, flags=5)
    assert metrics.rules.labels("everywhere", "flags")._value.get() == 5


async def test_a_rule_that_fails_judges_nothing_and_is_taken_out_of_use_everywhere(
    classifier: Settings, database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    await keep(owner, EVERYWHERE.replace("everywhere", "broken"), Mode.SHADOW, Mode.LIVE)
    holds = expression.Expression.holds

    def failing(self: expression.Expression, facts: MappingProxyType[str, object]) -> bool:
        if self is broken:
            raise ArithmeticError("a fault")
        return holds(self, facts)

    service, broker = app(classifier), MemoryBroker()
    book = service.resources[1]
    async with running(service, broker, database):
        await eventually(lambda: len(book.edition.rules) == 2)  # type: ignore[attr-defined]
        broken = book.edition.rules[0].expression  # type: ignore[attr-defined]
        monkeypatch.setattr(expression.Expression, "holds", failing)
        await broker.produce([record(found(number)) for number in range(3)])
        await handled(broker, 3)

        async def taken_out() -> bool:
            async with database.transaction() as tx:
                row = await store.newest_rule(tx, "broken")
            return row is not None and (row.version, row.mode, row.author) == (4, Mode.SHADOW, "haetae")

        await eventually(taken_out)
        await eventually(lambda: book.edition.versions["broken"] == 4)  # type: ignore[attr-defined]
    assert {flag.assessment.reasons[-1].text for flag in flagged(broker).values()} == {
        "Rule everywhere 3 of the agency: flag."
    }
    async with database.transaction() as tx:
        assert "it failed: ArithmeticError: a fault" in (await store.history(tx, "broken", 1))[0].why
        assert (await store.effects(tx, "broken", 3)).failed == 3


async def test_a_kept_rule_that_no_longer_compiles_leaves_the_others_at_work(
    classifier: Settings, database: Database, owner: Database
) -> None:
    await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    async with owner.transaction() as tx:
        wrong = {**Rule.from_toml(BY_PHONE).model_dump(mode="json"), "when": "a_fact_of_yesterday > 1"}
        tx.add(
            store.RuleVersion(
                name="by-phone", version=1, mode="live", rule=wrong, author="x", why="y", changed_at=tx.clock.now()
            )
        )
    broker = MemoryBroker()
    async with running(app(classifier), broker, database):
        await broker.produce([record(found())])
        await handled(broker, 1)
    assert len(flagged(broker)) == 1


async def test_a_dry_run_says_what_would_change_and_changes_nothing(
    classifier: Settings, database: Database, owner: Database
) -> None:
    broker = MemoryBroker()
    async with running(app(classifier), broker, database):
        await broker.produce([record(found(number)) for number in range(8)])
        await handled(broker, 8)
    before = await remembered(owner)
    assert len(before) == 8
    async with owner.transaction() as tx:
        run = await dry_run.of_rule(tx, Rule.from_toml(EVERYWHERE), 5, Policy())
        assert (run.looked_at, run.held.count, run.flagged.count, run.cleared.count) == (5, 5, 5, 0)
        assert set(run.flagged.examples) <= set(before)
        nothing = await dry_run.of_rule(tx, Rule.from_toml(BY_PHONE), 1_000, Policy())
        assert (nothing.looked_at, nothing.held.count, nothing.flagged.count) == (8, 0, 0)
    await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    async with owner.transaction() as tx:
        again = await dry_run.of_rule(tx, Rule.from_toml(EVERYWHERE), 1_000, Policy())
        assert again.flagged.count == 8  # against the live rules without itself
        stricter = await dry_run.of_rule(
            tx,
            Rule.from_toml(EVERYWHERE.replace("everywhere", "b").replace("flag = true", "suppress = true")),
            1_000,
            Policy(),
        )
        assert (stricter.held.count, stricter.cleared.count) == (8, 0)  # what one rule flags none suppresses
    assert {id: (row.risk, row.flagged) for id, row in (await remembered(owner)).items()} == {
        id: (row.risk, row.flagged) for id, row in before.items()
    }


async def test_another_policy_judges_at_once_and_can_be_tried_before(
    classifier: Settings, database: Database, owner: Database
) -> None:
    lenient = Policy(flag_from=0.0001)
    service, broker = app(classifier), MemoryBroker()
    book = service.resources[1]
    async with running(service, broker, database):
        await broker.produce([record(found(1))])
        await handled(broker, 1)
        assert flagged(broker) == {}
        async with owner.transaction() as tx:
            assert (await dry_run.of_policy(tx, lenient, 10, Policy())).flagged.count == 1
            await editing.set_policy(tx, lenient, *ME)
        await eventually(lambda: book.edition.policy == lenient)  # type: ignore[attr-defined]
        await broker.produce([record(found(2))])
        await handled(broker, 2)
    (flag,) = flagged(broker).values()
    assert flag.assessment.decided_by["policy"] == "1"


async def test_a_rule_that_nobody_can_read_any_more_can_be_switched_off(owner: Database) -> None:
    version = await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    async with owner.transaction() as tx:
        tx.add(unreadable("everywhere", version + 1))
    async with owner.transaction() as tx:
        assert (await dry_run.of_rule(tx, Rule.from_toml(BY_PHONE), 10, Policy())).looked_at == 0
        off = await editing.set_mode(tx, "everywhere", Mode.OFF, *ME)
    assert (off.version, off.mode, off.rule) == (5, Mode.OFF, unreadable("everywhere", 4).rule)
    async with owner.transaction() as tx:
        with pytest.raises(RulesInvalid, match="everywhere version 5 cannot be read any more"):
            await editing.set_mode(tx, "everywhere", Mode.LIVE, *ME)
        assert (await editing.roll_back(tx, "everywhere", version, *ME)).mode == Mode.LIVE


async def test_the_policy_that_judges_stays_when_the_newest_cannot_be_read(
    classifier: Settings, database: Database, owner: Database
) -> None:
    strict = Policy(flag_from=0.9)
    async with owner.transaction() as tx:
        await editing.set_policy(tx, strict, *ME)
    async with owner.transaction() as tx:
        newest = {"flag_from": 0.5, "a_field_of_tomorrow": 1}
        tx.add(store.PolicyVersion(version=2, policy=newest, author="x", why="y", changed_at=tx.clock.now()))
    book = RuleBook(database, Policy())
    await book.load()
    assert (book.edition.policy, book.edition.decided_by["policy"]) == (strict, "1")
    await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    await book.load()
    assert [rule.name for rule in book.edition.rules] == ["everywhere"]


async def test_a_rule_that_failed_while_the_database_was_away_is_taken_out_when_it_is_back(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(owner, EVERYWHERE, Mode.SHADOW, Mode.LIVE)
    book = RuleBook(database, Policy())
    await book.load()
    monkeypatch.setattr(expression.Expression, "holds", failing_with(ArithmeticError("a fault")))
    book.judge(Signals(host="a.test", site_kind="board", found_at=T0))
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", "/haetae/classifier")
    for context in (away, database):
        clock = SystemClock()
        await watch_rules(Context(context, clock, no_events, stopping=lambda: True), book=book)
    await away.close()
    async with owner.transaction() as tx:
        row = await store.newest_rule(tx, "everywhere")
        assert row is not None
        assert (row.mode, (await store.effects(tx, "everywhere", 3)).failed) == (Mode.SHADOW, 1)


def unreadable(name: str, version: int) -> store.RuleVersion:
    """A live one, as a program of another time wrote it."""
    rule = {"name": name, "when": "a_fact_of_yesterday > 1", "then": {"an_effect_of_yesterday": 1}}
    values = {"version": version, "mode": "live", "author": "x", "why": "y", "changed_at": T0}
    return store.RuleVersion(name=name, rule=rule, **values)


def failing_with(error: Exception) -> Callable[..., bool]:
    def fail(*_: object) -> bool:
        raise error

    return fail


async def no_events(_: object) -> None:
    raise AssertionError("rules publish nothing on the hot lane")
