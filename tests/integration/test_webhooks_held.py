"""Webhooks: who delivers, when several gateways could, one is killed, or a receiver is slow."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.bridges.webhooks.leasing import LEASE
from tests.support.poll import eventually
from tests.support.receivers import Receiver, receiving
from tests.support.webhooks import Post


async def test_two_gateways_never_call_one_receiver_at_once(post: Post, receiver: Receiver) -> None:
    ids, answer, calls = await post.events(3), asyncio.Event(), []

    async def slow() -> Response:
        calls.append(len(calls))
        await answer.wait()
        return Response()

    webhook, _ = await post.add(receiver.url)
    receiver.answers.append(slow)
    other = await post.another()
    assert [await post.worker.look(), await other.look()] == [1, 0]
    await eventually(lambda: len(calls) == 1)
    assert await other.look() == 0
    answer.set()
    await post.worker.idle()
    assert receiver.ids == ids
    assert await other.look() == 0
    assert (await post.row(webhook)).position == 3


async def test_what_a_killed_gateway_had_under_way_comes_again_from_another_one(post: Post, receiver: Receiver) -> None:
    """At least once: the number is the same, by which the receiver knows it."""
    ids, answer = await post.events(2), asyncio.Event()

    async def slow() -> Response:
        await answer.wait()
        return Response()

    await post.add(receiver.url)
    receiver.answers.extend([Response(), slow])
    await post.worker.look()
    await eventually(lambda: len(receiver.came) == 2)
    for task in list(post.worker._running):  # killed: nothing is released
        task.cancel()
    await post.worker.idle()
    answer.set()
    other = await post.another()
    assert await other.look() == 0, "the lease is not over"
    post.later(LEASE.total_seconds() + 1)
    assert await other.look() == 1
    await other.idle()
    assert receiver.ids == [*ids, ids[1]]


async def test_who_was_too_long_away_moves_nothing(post: Post, receiver: Receiver) -> None:
    """Its lease is over and another gateway has gone on: what it hears then is not counted."""
    ids, answer = await post.events(2), asyncio.Event()

    async def slow() -> Response:
        await answer.wait()
        return Response()

    webhook, _ = await post.add(receiver.url)
    receiver.answers.extend([Response(), slow])
    await post.worker.look()
    await eventually(lambda: len(receiver.came) == 2)
    post.later(LEASE.total_seconds() + 1)
    other = await post.another()
    await other.look()
    await other.idle()
    answer.set()
    await post.worker.idle()
    row = await post.row(webhook)
    assert (receiver.ids, row.position, row.attempts, row.lease) == ([*ids, ids[1]], 2, 3, None)


async def test_one_that_stops_leaves_its_webhooks_to_others_at_once(post: Post, receiver: Receiver) -> None:
    ids = await post.events(2)
    await post.add(receiver.url)
    taking = asyncio.Event()

    async def then() -> Response:
        taking.set()
        return Response()

    receiver.answers.append(then)
    await post.worker.look()
    await taking.wait()
    await post.worker.end()
    assert receiver.ids == ids[:1], "what was under way was answered, and nothing began after it"
    other = await post.another()
    await other.look()
    await other.idle()
    assert receiver.ids == ids


async def test_a_slow_receiver_holds_nobody_up(post: Post, receiver: Receiver) -> None:
    ids, answer = await post.events(4), asyncio.Event()

    async def slow() -> Response:
        await answer.wait()
        return Response()

    async with receiving("other.test") as quick:
        receiver.answers.append(slow)
        await post.add(receiver.url)
        await post.add(quick.url)
        await post.worker.look()
        await eventually(lambda: quick.ids == ids)
        assert receiver.ids == ids[:1]
        answer.set()
        await post.worker.idle()
    assert receiver.ids == ids
