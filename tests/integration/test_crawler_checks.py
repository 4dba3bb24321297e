"""Removal checks against operators of every kind: none that only pretends is believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from sandbox.model import Behaviour, Post
from sandbox.model import Finding as Kind
from services.crawler.removals.checking import Checker
from shared.bus.outlet import record_of
from shared.events import CheckRequested, ContentChecked, Envelope
from shared.events.values import Finding, ProbeOutcome
from shared.identity import case_id, identity
from tests.support.crawl import Crawl, crawling
from tests.support.poll import eventually
from tests.support.stack import Migrated


@pytest.fixture
async def crawl(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Crawl]:
    async with crawling(migrated, tmp_path, scale=0.1, pace=1_000.0) as made:
        yield made


def of_kind(crawl: Crawl, kind: Kind) -> Post:
    posts = (post for post in crawl.sandbox.world.posts if post.finding is kind and post.appears_after_s is not None)
    return next(posts)


def url_of(crawl: Crawl, post: Post) -> str:
    return crawl.sandbox.url(post.host, post.path)


async def finding_of(crawl: Crawl, post: Post) -> Finding:
    await eventually(lambda: crawl.sandbox.truth.as_json()["pending_timed"] == 0)
    await crawl.watch(host=post.host)
    await eventually(crawl.all_found({url_of(crawl, post)}))
    return next(event.finding for event in crawl.found if event.finding.url == url_of(crawl, post))


async def ask(crawl: Crawl, finding: Finding, number: int, due_at: datetime | None = None) -> None:
    now = datetime.now(UTC)
    requested = CheckRequested(
        case_id=case_id(finding.url),
        check_id=identity("check", finding.url, number),
        number=number,
        finding=finding,
        due_at=due_at or now,
    )
    await crawl.broker.produce([record_of(Envelope(requested, identity("t", finding.url, number), "/test", now))])


async def check(crawl: Crawl, finding: Finding, number: int = 1) -> ContentChecked:
    await ask(crawl, finding, number)
    wanted = identity("check", finding.url, number)
    await eventually(lambda: any(checked.check_id == wanted for checked in crawl.checked))
    return next(checked for checked in crawl.checked if checked.check_id == wanted)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("behaviour", "outcomes"),
    [
        (Behaviour.NEVER, {ProbeOutcome.PRESENT}),
        (Behaviour.AT_ONCE, {ProbeOutcome.GONE}),
        (Behaviour.PRETEND, {ProbeOutcome.PRESENT, ProbeOutcome.SOFT_404}),
        (Behaviour.CLOAK, {ProbeOutcome.SOFT_404}),
    ],
)
async def test_operators(crawl: Crawl, kind: Kind, behaviour: Behaviour, outcomes: set[ProbeOutcome]) -> None:
    post = of_kind(crawl, kind)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        before = await check(crawl, finding, 1)
        if behaviour is not Behaviour.NEVER:
            crawl.sandbox.control.take_down({"url": finding.url, "behaviour": behaviour})
        after = await check(crawl, finding, 2)
    assert before.outcome is ProbeOutcome.PRESENT
    assert after.outcome in outcomes, after.probes
    assert (after.case_id, after.number) == (case_id(finding.url), 2)
    assert {probe.vantage for probe in after.probes} == {"honest", "browser"}
    asked = {probe.url for probe in after.probes}
    assert asked >= {finding.url, *(picture.url for picture in finding.pictures)}


async def test_gone_is_told_after_a_second_look_whatever_stops_in_between(crawl: Crawl) -> None:
    post = of_kind(crawl, Kind.PICTURE)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        crawl.sandbox.control.take_down({"url": finding.url, "behaviour": Behaviour.AT_ONCE})
    async with crawl.service(check_again_seconds=1_800.0):
        await ask(crawl, finding, 1)
        await eventually(lambda: looks(crawl))
    (first,) = await looks(crawl)
    assert {probe["outcome"] for probe in first} == {ProbeOutcome.GONE}
    assert crawl.checked == []
    await due_now(crawl, 1)
    async with crawl.service():
        await eventually(lambda: crawl.checked)
        told = crawl.checked[0]
        again = await check(crawl, finding, 2)
    assert told.outcome is again.outcome is ProbeOutcome.GONE
    moments = [probe.seen_at for probe in told.probes if probe.seen_at]
    assert (max(moments) - min(moments)).total_seconds() >= 0.2
    assert len(told.probes) == 2 * len(first)
    assert set(again.probes) & set(told.probes), "the last look of the check before is the first of this one"


async def due_now(crawl: Crawl, number: int) -> None:
    async with crawl.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE checks SET due_at = now() WHERE number = :number"), {"number": number})
        await tx.execute(sa.text("UPDATE hosts SET look_at = now()"))


async def looks(crawl: Crawl) -> list[list[dict[str, str]]]:
    """What is kept of checks that found everything gone."""
    async with crawl.database.transaction() as tx:
        return list(
            (await tx.execute(sa.text("SELECT looks FROM checks WHERE json_array_length(looks) > 0"))).scalars()
        )


async def test_a_host_that_does_not_answer_proves_nothing(crawl: Crawl) -> None:
    post = of_kind(crawl, Kind.TEXT)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        away = f"http://{post.host}:1{post.path}"
        checked = await check(crawl, finding.model_copy(update={"url": away, "pictures": ()}))
    assert checked.outcome is ProbeOutcome.UNREACHABLE


async def test_a_check_that_our_own_code_cannot_make_is_answered(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    post = of_kind(crawl, Kind.TEXT)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        with monkeypatch.context() as patch:
            patch.setattr(Checker, "check", broken)
            checked = await check(crawl, finding, 1)
        assert checked.outcome is ProbeOutcome.UNREACHABLE
        assert "ZeroDivisionError" in checked.probes[0].why
        assert (await check(crawl, finding, 2)).outcome is ProbeOutcome.PRESENT


async def test_a_later_check_of_the_case_takes_the_place_of_one_that_was_not_made(crawl: Crawl) -> None:
    post = of_kind(crawl, Kind.TEXT)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        await ask(crawl, finding, 1, datetime.now(UTC) + timedelta(hours=1))
        await check(crawl, finding, 2)
        await check(crawl, finding, 3)
        async with crawl.database.transaction() as tx:
            kept = (await tx.execute(sa.text("SELECT number FROM checks ORDER BY number"))).scalars().all()
    assert kept == [2, 3]


async def test_a_check_waits_until_it_is_due(crawl: Crawl) -> None:
    post = of_kind(crawl, Kind.TEXT)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        await check(crawl, finding, 1)
        await ask(crawl, finding, 2, datetime.now(UTC) + timedelta(hours=1))
        await check(crawl, finding.model_copy(update={"url": finding.url + "?other"}), 1)
        assert [checked.number for checked in crawl.checked] == [1, 1]
        await due_now(crawl, 2)
        await eventually(lambda: sorted(checked.number for checked in crawl.checked) == [1, 1, 2])


async def test_a_check_that_is_asked_for_twice_is_made_once(crawl: Crawl) -> None:
    post = of_kind(crawl, Kind.TEXT)
    async with crawl.service():
        finding = await finding_of(crawl, post)
        await ask(crawl, finding, 1)
        await check(crawl, finding, 1)
        await ask(crawl, finding, 1)
        await check(crawl, finding, 2)
    assert sorted(checked.number for checked in crawl.checked) == [1, 2]
