"""Webhooks that fail: what counts and what does not, how long events wait, and what brings one back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import pytest
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.responses import Response
from structlog.testing import capture_logs

from services.gateway.bridges import feed
from services.gateway.bridges.webhooks import judging, managing
from services.gateway.bridges.webhooks.jobs import TEST_TYPE
from services.gateway.bridges.webhooks.managing import ENDED_FOR, MOST, Wanted
from services.gateway.bridges.webhooks.store import State, Webhook, Why
from services.gateway.people.sealing import Seal
from services.gateway.problems import Problem
from shared.objects.cipher import new_key
from tests.support.receivers import Receiver, receiving
from tests.support.webhooks import Post

BUSY = Response(status_code=503)
LONGEST_S = judging.LONGEST_RETRY_S * (1 + judging.SPREAD)
UNPADDED = "whsec_A"  # which is no base64


async def send_test(post: Post, webhook: UUID) -> None:
    async with post.desk.database.transaction() as tx:
        await managing.test(tx, post.admin, webhook)


def kinds(receiver: Receiver) -> list[str]:
    return ["test" if json.loads(one.body)["type"] == TEST_TYPE else "event" for one in receiver.came]


async def test_who_takes_tests_and_no_events_is_given_up_all_the_same(post: Post, receiver: Receiver) -> None:
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await post.events(1)
    for _ in range(100):
        receiver.answers.append(BUSY)
        await post.round(after_s=LONGEST_S)
        if (await post.row(webhook)).state != "active":
            break
        await send_test(post, webhook)
        await post.round()
    row = await post.row(webhook)
    assert (row.state, row.why, row.position, row.delivered_at) == ("paused", "given-up", 0, None)
    assert kinds(receiver) == ["event", "test"] * (len(receiver.came) // 2) + ["event"]


async def test_a_test_goes_at_once_and_events_wait_as_long_as_the_receiver_asked(
    post: Post, receiver: Receiver
) -> None:
    await post.events(1)
    receiver.answers.append(Response(status_code=429, headers={"Retry-After": "600"}))
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await send_test(post, webhook)
    await post.round()
    assert kinds(receiver) == ["event", "test"]
    assert (await post.row(webhook)).failures == 1
    await post.round(after_s=599)
    assert len(receiver.came) == 2
    await post.round(after_s=1)
    assert kinds(receiver) == ["event", "test", "event"]


async def test_what_the_answer_to_a_test_asks_for_holds_for_events(post: Post, receiver: Receiver) -> None:
    receiver.agrees["WebHook-Allowed-Rate"] = "6"
    webhook, _ = await post.add(receiver.url)
    await post.round()
    waits = [(Response(status_code=503, headers={"Retry-After": "600"}), 600), (Response(status_code=204), 10)]
    for number, (answer, seconds) in enumerate(waits):
        receiver.answers.append(answer)
        await send_test(post, webhook)
        await post.round()
        await post.events(1)
        await post.round(after_s=seconds - 1)
        assert kinds(receiver) == ["test", "event"] * number + ["test"]
        await post.round(after_s=1)
        assert kinds(receiver) == ["test", "event"] * (number + 1)
        post.later(60)


async def test_a_test_waits_for_the_consent_of_another_address(post: Post, receiver: Receiver) -> None:
    webhook, _ = await post.add(receiver.url)
    await post.round()
    async with receiving("other.test") as moved:
        moved.agrees = {}
        async with post.desk.database.transaction() as tx:
            await managing.test(tx, post.admin, webhook)
            await managing.change(tx, post.house, post.admin, webhook, Wanted("Harbour", moved.url, ()))
        await post.round()
        assert await post.worker.look() == 0
        assert (len(moved.asked), moved.came, receiver.came) == (1, [], [])


async def test_an_error_of_ours_counts_is_named_and_is_not_tried_for_ever(post: Post, receiver: Receiver) -> None:
    ids = await post.events(1)
    webhook, _ = await post.add(receiver.url)
    await sealed(post, webhook, post.house.seal, UNPADDED)
    with capture_logs() as logs:
        await post.round()
    (named,) = [line for line in logs if line["log_level"] == "error"]
    assert (named["webhook"], named["kind"]) == (str(webhook), "binascii.Error")
    row = await post.row(webhook)
    assert (row.failures, row.lease) == (1, None)
    assert row.due_at > post.clock.now()
    tried = (await post.tried(webhook))[0]
    assert (tried.outcome, tried.kind, str(tried.event_id)) == ("our-error", "event", ids[0])
    for _ in range(100):
        await post.round(after_s=LONGEST_S)
    row = await post.row(webhook)
    assert (row.state, row.why, row.attempts < 80) == ("paused", "given-up", True)
    await another_secret(post, webhook, 0)
    async with post.desk.database.transaction() as tx:
        await managing.resume(tx, post.admin, webhook)
    await post.round()
    assert receiver.ids == ids


async def test_an_error_of_ours_in_a_test_ends_the_test_alone(post: Post, receiver: Receiver) -> None:
    webhook, _ = await post.add(receiver.url)
    await post.round()
    await sealed(post, webhook, post.house.seal, UNPADDED)
    await send_test(post, webhook)
    await post.round()
    row = await post.row(webhook)
    assert (row.testing, row.failures, row.state) == (False, 0, "active")
    assert [one.outcome for one in await post.tried(webhook)] == ["our-error", "taken"]


async def test_an_error_before_any_call_counts_too(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await post.events(1)
    webhook, _ = await post.add(receiver.url)

    def broken(*_: object) -> NoReturn:
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(feed, "after", broken)
        await post.round()
    row = await post.row(webhook)
    assert (row.failures, row.lease, receiver.came) == (1, None, [])
    assert (await post.tried(webhook))[0].outcome == "our-error"
    await post.round(after_s=judging.FIRST_RETRY_S * 2)
    assert (receiver.ids, (await post.row(webhook)).failures) == (ids, 0)


async def test_another_secret_brings_back_one_whose_secret_does_not_open(post: Post, receiver: Receiver) -> None:
    ids = await post.events(1)
    webhook, former = await post.add(receiver.url)
    await sealed(post, webhook, Seal(new_key()), former)
    await post.round()
    row = await post.row(webhook)
    assert (row.state, row.why, receiver.came) == ("paused", "unsealable", [])
    secret = await another_secret(post, webhook, 24)
    async with post.desk.database.transaction() as tx:
        await managing.resume(tx, post.admin, webhook)
    await post.round()
    assert receiver.ids == ids
    receiver.came[0].verified(secret)
    with pytest.raises(WebhookVerificationError):
        receiver.came[0].verified(former)


async def test_a_secret_that_still_signs_is_not_pushed_out_by_a_third(post: Post, receiver: Receiver) -> None:
    webhook, first = await post.add(receiver.url)
    second = await another_secret(post, webhook, 24)
    with pytest.raises(Problem) as refused:
        await another_secret(post, webhook, 1)
    until = post.clock.now() + timedelta(hours=24)
    assert (refused.value.code, refused.value.status, refused.value.values) == (
        "webhook-rotating",
        409,
        {"until": until},
    )
    await post.events(1)
    await post.round()
    for secret in (first, second):
        receiver.came[0].verified(secret)
    third = await another_secret(post, webhook, 0)
    fourth = await another_secret(post, webhook, 1)
    await post.events(1)
    await post.round()
    for secret in (third, fourth):
        receiver.came[1].verified(secret)
    for secret in (first, second):
        with pytest.raises(WebhookVerificationError):
            receiver.came[1].verified(secret)
    post.later(3_601)
    await another_secret(post, webhook, 1)


async def test_ended_ones_hide_none_that_lives(post: Post) -> None:
    """However many ended lately, and however old it is."""
    live = {(await post.add("https://events.harbour.example/"))[0] for _ in range(MOST)}
    async with post.desk.database.transaction() as tx:
        for number in range(12 * MOST):
            tx.add(ended(post, number))
    async with post.desk.database.transaction() as tx:
        rows = await managing.listing(tx, post.admin.agency)
    assert {row.webhook_id for row in rows[:MOST]} == live
    assert {row.state for row in rows[MOST:]} == {"ended"}
    post.later(ENDED_FOR.total_seconds() + 60)
    async with post.desk.database.transaction() as tx:
        rows = await managing.listing(tx, post.admin.agency)
    assert {row.webhook_id for row in rows} == live


def ended(post: Post, number: int) -> Webhook:
    """One that was added after all that live."""
    at = post.clock.now() + timedelta(seconds=number % 60)
    return Webhook(
        webhook_id=UUID(int=number),
        agency=post.admin.agency,
        name="Harbour",
        url="https://events.harbour.example/",
        types=[],
        state=State.ENDED,
        why=Why.BY_HAND,
        position=0,
        version=0,
        testing=False,
        due_at=at,
        failures=0,
        attempts=0,
        created_by=post.admin.pseudonym,
        created_at=at,
        changed_at=at,
    )


async def sealed(post: Post, webhook: UUID, seal: Seal, secret: str) -> None:
    """Its secret is this one, so sealed."""
    async with post.desk.database.transaction() as tx:
        row = await managing.one(tx, post.admin.agency, webhook, lock=True)
        row.sealed = seal.seal(row.place, secret)


async def another_secret(post: Post, webhook: UUID, hours: int) -> str:
    async with post.desk.database.transaction() as tx:
        return (await managing.rotate(tx, post.house, post.admin, webhook, hours))[1]
