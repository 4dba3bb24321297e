"""Webhooks: what a receiver gets, in which order, how often, and what becomes of one that does not take it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.responses import Response

from services.gateway import history
from services.gateway.agencies.scoping import HOME
from services.gateway.audit import ACCESS_CHAIN, of_agency
from services.gateway.bridges import feed
from services.gateway.bridges.cloudevents import structured
from services.gateway.bridges.webhooks import judging, managing
from services.gateway.bridges.webhooks.managing import Wanted
from services.gateway.bridges.webhooks.store import KEPT_ATTEMPTS
from services.gateway.problems import Problem
from shared.events import AlertRaised
from shared.events.examples import EXAMPLES
from tests.support.bridges import told
from tests.support.poll import eventually
from tests.support.receivers import Receiver, receiving
from tests.support.stack import Migrated
from tests.support.webhooks import ORIGIN, Post, posting

BUSY = Response(status_code=503)


async def test_every_event_comes_once_in_order_signed_and_as_the_api_gives_it(post: Post, receiver: Receiver) -> None:
    ids = await post.events(5)
    webhook, secret = await post.add(receiver.url)
    await post.round()
    assert receiver.ids == ids
    async with post.desk.database.transaction() as tx:
        rows, _ = await feed.after(tx, 0, frozenset(), 10)
    assert [one.body.decode() for one in receiver.came] == [structured(row) for row in rows]
    for one in receiver.came:
        one.verified(secret)
        assert one.headers["content-type"].startswith("application/cloudevents+json")
        assert one.headers["origin"] == ORIGIN
    forged = receiver.came[0]
    forged.body += b" "
    with pytest.raises(WebhookVerificationError):
        forged.verified(secret)
    row = await post.row(webhook)
    assert (row.state, row.position, row.lease, row.attempts) == ("active", 5, None, 6)
    tried = await post.tried(webhook)
    assert [(one.kind, one.outcome, one.status) for one in tried] == [
        *[("event", "taken", 204)] * 5,
        ("consent", "taken", 200),
    ]


async def test_nothing_is_sent_to_whom_did_not_agree(post: Post, receiver: Receiver) -> None:
    await post.events(1)
    receiver.agrees = {"WebHook-Allowed-Origin": "another.example"}
    webhook, _ = await post.add(receiver.url)
    await post.round()
    assert receiver.asked[0]["webhook-request-origin"] == ORIGIN
    assert (receiver.came, (await post.row(webhook)).state) == ([], "asking")
    receiver.agrees = {"WebHook-Allowed-Origin": "*"}
    await post.round(after_s=judging.FIRST_RETRY_S * 2)
    assert len(receiver.came) == 1


async def test_what_is_not_taken_comes_again_first(post: Post, receiver: Receiver) -> None:
    ids = await post.events(3)
    receiver.answers.extend([Response(), BUSY, BUSY])
    webhook, _ = await post.add(receiver.url)
    await post.round()
    assert receiver.ids == ids[:2]
    await post.round(after_s=judging.FIRST_RETRY_S * (1 - judging.SPREAD) - 1)
    assert len(receiver.ids) == 2, "it was not due"
    await post.round(after_s=judging.FIRST_RETRY_S)
    assert (receiver.ids, (await post.row(webhook)).failures) == ([*ids[:2], ids[1]], 2)
    await post.round(after_s=judging.FIRST_RETRY_S * 4)
    assert receiver.ids == [*ids[:2], ids[1], *ids[1:]]
    assert (await post.row(webhook)).failures == 0


async def test_it_waits_as_long_as_the_receiver_asks_within_bounds(post: Post, receiver: Receiver) -> None:
    await post.events(1)
    receiver.answers.append(Response(status_code=429, headers={"Retry-After": "600"}))
    receiver.answers.append(Response(status_code=429, headers={"Retry-After": "999999"}))
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await post.round(after_s=599)
    assert len(receiver.came) == 1
    await post.round(after_s=1)
    assert len(receiver.came) == 2
    assert (await post.row(webhook)).due_at == post.clock.now() + timedelta(hours=1)


async def test_after_three_days_it_is_given_up_said_and_resumed_by_hand(post: Post, receiver: Receiver) -> None:
    (id,) = await post.events(1)
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await post.events(1)
    receiver.answers.extend([BUSY] * 100)
    for _ in range(100):
        await post.round(after_s=judging.LONGEST_RETRY_S * (1 + judging.SPREAD))
    row = await post.row(webhook)
    assert (row.state, row.why) == ("paused", "given-up")
    assert 55 < len(receiver.came) < 75
    assert (await lines(post, webhook))[-1] == ("gateway", "webhook-paused")
    assert len(await post.tried(webhook)) == KEPT_ATTEMPTS
    receiver.answers.clear()
    async with post.desk.database.transaction() as tx:
        await managing.resume(tx, post.admin, webhook)
    await post.round()
    assert (await post.row(webhook)).position == 2
    assert receiver.ids[0] == id


async def lines(post: Post, webhook: UUID) -> list[tuple[str, str]]:
    """What the history says of it: by whom, what."""
    async with post.desk.database.transaction() as tx:
        found, broken = await history.read(tx, of_agency(ACCESS_CHAIN, HOME))
    assert broken is None
    return [(line.actor, line.action) for line in found if line.details.get("webhook") == str(webhook)]


async def test_a_redirect_is_not_followed(post: Post, receiver: Receiver) -> None:
    await post.events(1)
    async with receiving("other.test") as elsewhere:
        receiver.answers.append(Response(status_code=307, headers={"Location": elsewhere.url}))
        webhook, _ = await post.add(receiver.url)
        await post.round()
        assert (elsewhere.came, elsewhere.asked) == ([], [])
    assert [one.outcome for one in await post.tried(webhook)] == ["redirected", "taken"]


async def test_an_address_that_is_not_public_is_not_called(migrated_once: Migrated, tmp_path: Path) -> None:
    """Also when the name had another one as it was entered."""

    async def inside(host: str, port: int) -> list[str]:
        return ["127.0.0.1" if port == 443 else "10.0.0.7"]

    async with posting(migrated_once, tmp_path, inside) as post:
        webhook, _ = await post.add("https://turned.example/events")
        await post.round()
        assert [one.outcome for one in await post.tried(webhook)] == ["bad-address"]
        for url in (
            "http://receiver.example/",
            "https://127.0.0.1/",
            "https://10.0.0.7/",
            "https://receiver.example:8443/",
            "https://kim:secret@receiver.example/",
            "https://receiver.example/#part",
            "https://0x7f000001/",
            "ftp://receiver.example/",
            "https://receiver.example/\r\nx",
        ):
            with pytest.raises(Problem) as refused:
                await post.add(url)
            assert (refused.value.code, refused.value.status) == ("bad-webhook-url", 422), url


async def test_who_says_gone_is_not_called_again(post: Post, receiver: Receiver) -> None:
    await post.events(2)
    receiver.answers.append(Response(status_code=410))
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await post.round(after_s=86_400)
    row = await post.row(webhook)
    assert (len(receiver.came), row.state, row.why, row.sealed) == (1, "ended", "gone", None)


async def test_both_secrets_sign_until_the_hours_are_over(post: Post, receiver: Receiver) -> None:
    webhook, former = await post.add(receiver.url)
    async with post.desk.database.transaction() as tx:
        _, new = await managing.rotate(tx, post.house, post.admin, webhook, 24)
    await post.events(1)
    await post.round()
    for secret in (former, new):
        receiver.came[0].verified(secret)
    async with post.desk.database.transaction() as tx:
        _, newest = await managing.rotate(tx, post.house, post.admin, webhook, 0)
    await post.events(1)
    await post.round()
    receiver.came[1].verified(newest)
    with pytest.raises(WebhookVerificationError):
        receiver.came[1].verified(new)


async def test_again_from_a_place_and_never_past_what_is_gone(post: Post, receiver: Receiver) -> None:
    ids = await post.events(4)
    webhook, _ = await post.add(receiver.url)
    await post.round()
    async with post.desk.database.transaction() as tx:
        await managing.replay(tx, post.admin, webhook, 2)
    await post.round()
    assert receiver.ids == [*ids, *ids[2:]]
    async with post.desk.database.transaction() as tx:
        await managing.pause(tx, post.admin, webhook)
        await managing.replay(tx, post.admin, webhook, 0)
        await feed.forget(tx, tx.clock.now() + timedelta(days=1), 2)
    await post.round()
    row = await post.row(webhook)
    assert (row.state, row.why, len(receiver.came)) == ("paused", "no-place", 6)
    async with post.desk.database.transaction() as tx:
        await managing.replay(tx, post.admin, webhook, 2)
    await post.round()
    assert receiver.ids[6:] == ids[2:]


async def test_what_was_under_way_does_not_undo_what_a_person_does(post: Post, receiver: Receiver) -> None:
    ids, answer = await post.events(3), asyncio.Event()

    async def slow() -> Response:
        await answer.wait()
        return Response()

    receiver.answers.extend([Response(), Response(), slow])
    webhook, _ = await post.add(receiver.url)
    await post.worker.look()
    await eventually(lambda: len(receiver.came) == 3)
    async with post.desk.database.transaction() as tx:
        await managing.replay(tx, post.admin, webhook, 1)
    answer.set()
    await post.worker.idle()
    assert receiver.ids == [*ids, *ids[1:]]


async def test_only_the_types_that_are_wanted(post: Post, receiver: Receiver) -> None:
    await post.events(2)
    alert = await told(post.desk, EXAMPLES[AlertRaised])
    await post.events(2)
    webhook, _ = await post.add(receiver.url, (AlertRaised.type,))
    await post.round()
    assert (receiver.ids, (await post.row(webhook)).position) == ([str(alert)], 5)


async def test_as_often_as_the_receiver_allows(post: Post, receiver: Receiver) -> None:
    await post.events(3)
    receiver.agrees["WebHook-Allowed-Rate"] = "6"
    await post.add(receiver.url)
    await post.round()
    assert len(receiver.came) == 1
    await post.round(after_s=9)
    assert len(receiver.came) == 1
    await post.round(after_s=1)
    assert len(receiver.came) == 2


async def test_a_test_is_an_event_of_its_own_and_moves_nothing(post: Post, receiver: Receiver) -> None:
    webhook, secret = await post.add(receiver.url)
    with pytest.raises(Problem, match="webhook-not-active"):
        async with post.desk.database.transaction() as tx:
            await managing.test(tx, post.admin, webhook)
    await post.round()
    for status in (500, 200):
        receiver.answers.append(Response(status_code=status))
        async with post.desk.database.transaction() as tx:
            await managing.test(tx, post.admin, webhook)
        await post.round()
    event = json.loads(receiver.came[0].body)
    receiver.came[0].verified(secret)
    assert (event["type"], event["id"]) == ("webhook.test.v1", receiver.came[0].id)
    row = await post.row(webhook)
    assert (row.state, row.position, row.failures) == ("active", 0, 0)
    assert [one.kind for one in await post.tried(webhook)] == ["test", "test", "consent"]


async def test_another_address_is_asked_first(post: Post, receiver: Receiver) -> None:
    ids = await post.events(1)
    webhook, _ = await post.add(receiver.url)
    await post.round()
    async with receiving("other.test") as moved:
        moved.agrees = {}
        async with post.desk.database.transaction() as tx:
            await managing.change(tx, post.house, post.admin, webhook, Wanted("Harbour", moved.url, ()))
        ids += await post.events(1)
        await post.round()
        assert (moved.came, len(moved.asked), receiver.ids) == ([], 1, ids[:1])
        moved.agrees = {"WebHook-Allowed-Origin": ORIGIN}
        await post.round(after_s=judging.FIRST_RETRY_S * 2)
        assert moved.ids == ids[1:]


async def test_an_endless_answer_is_cut_off(post: Post, receiver: Receiver) -> None:
    await post.events(1)
    receiver.answers.append(Response(b"x" * 1_000_000))
    webhook, _ = await post.add(receiver.url)
    await post.round()
    assert [one.outcome for one in await post.tried(webhook)] == ["no-answer", "taken"]
