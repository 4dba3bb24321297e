"""What a broker promises, one promise a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from shared.bus.port import Broker, Member, Partition, Received, Record
from shared.failures import Transient

TOPIC = "letters"
KEYS = [f"gate-{number}".encode() for number in range(12)]


async def nothing(_: frozenset[Partition]) -> None:
    return


@asynccontextmanager
async def joined(broker: Broker, instance: str = "m", group: str = "readers") -> AsyncIterator[Member]:
    async with broker.join(group, [TOPIC], instance=instance, on_revoked=nothing) as member:
        yield member


async def read(member: Member, count: int) -> list[Received]:
    """At least so many records; each partition's in order."""
    records: list[Received] = []
    for _ in range(100):
        for some in (await member.poll(100, 0.2)).values():
            records += some
        if len(records) >= count:
            return records
    raise AssertionError(f"{len(records)} of {count} records came")


def letters(*numbers: int) -> list[Record]:
    return [Record(TOPIC, key, str(number).encode(), {"n": b"%d" % number}) for number in numbers for key in KEYS]


async def test_records_come_as_they_were_sent_in_the_order_of_their_key(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 3})
    for number in range(3):
        await broker.produce(letters(number))
    async with joined(broker) as member:
        records = await read(member, 36)
    by_key: dict[bytes, list[tuple[bytes | None, Mapping[str, bytes]]]] = {}
    for record in records:
        by_key.setdefault(record.key, []).append((record.value, record.headers))
    assert by_key == {key: [(b"%d" % n, {"n": b"%d" % n}) for n in range(3)] for key in KEYS}
    assert len({record.partition for record in records}) == 3


async def test_a_key_has_the_partition_that_every_kafka_client_gives_it(broker: Broker) -> None:
    """The hashes are those of Kafka's own test, `UtilsTest.testMurmur2`."""
    await broker.ensure_topics({TOPIC: 3})
    await broker.produce([Record(TOPIC, b"21", b"v"), Record(TOPIC, b"foobar", b"v")])
    async with joined(broker) as member:
        numbers = {record.key: record.partition.number for record in await read(member, 2)}
    assert numbers == {b"21": (-973932308 & 0x7FFFFFFF) % 3, b"foobar": (-790332482 & 0x7FFFFFFF) % 3}


async def test_a_tombstone_is_a_record(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 1})
    await broker.produce([Record(TOPIC, b"k", None)])
    async with joined(broker) as member:
        assert (await read(member, 1))[0].value is None


async def test_the_next_owner_begins_at_the_committed_offset(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 1})
    await broker.produce(letters(0))
    async with joined(broker, "first") as member:
        await read(member, 12)
        await member.commit({Partition(TOPIC, 0): 5})
    async with joined(broker, "second") as member:
        assert [record.offset for record in await read(member, 7)] == [5, 6, 7, 8, 9, 10, 11]


async def test_each_group_reads_for_itself(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 1})
    await broker.produce(letters(0))
    async with joined(broker, group="one") as one, joined(broker, group="two") as two:
        assert len(await read(one, 12)) == len(await read(two, 12)) == 12


async def test_a_paused_partition_waits_and_nothing_of_it_is_lost(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 1})
    await broker.produce(letters(0))
    async with joined(broker) as member:
        first: Sequence[Received] = (await read(member, 1))[:12]
        at = [Partition(TOPIC, 0)]
        member.pause(at)
        await broker.produce(letters(1))
        assert not await member.poll(100, 0.3)
        member.resume(at)
        rest = await read(member, 24 - len(first))
    assert [record.offset for record in (*first, *rest)] == list(range(24))


async def test_lag_is_what_was_not_polled_yet(broker: Broker) -> None:
    """Three batches: the embedded broker's own answer for the end of a partition is wrong then."""
    await broker.ensure_topics({TOPIC: 1})
    for number in range(3):
        await broker.produce(letters(number))
    async with joined(broker) as member:
        first = await member.poll(5, 5)
        while not first:
            first = await member.poll(5, 5)
        assert member.lag(Partition(TOPIC, 0)) == 36 - 5
        await read(member, 31)
        assert member.lag(Partition(TOPIC, 0)) == 0


async def test_a_follower_gets_everything_and_is_told_when_it_has_caught_up(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 3, "empty": 2})
    await broker.produce(letters(0, 1))
    following = broker.follow([TOPIC, "empty"])
    heard: list[Received] = []
    while some := await anext(following):
        heard += some
    assert sorted((record.key, record.value) for record in heard) == sorted(
        (record.key, record.value) for record in letters(0, 1)
    )
    await broker.produce(letters(2))
    while some := await anext(following):
        heard += some
    assert len(heard) == 36
    await following.aclose()  # type: ignore[attr-defined]


async def test_topics_that_are_there_stay_as_they_are(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 2})
    await broker.produce(letters(0))
    await broker.ensure_topics({TOPIC: 2, "more": 1})
    async with joined(broker) as member:
        assert len(await read(member, 12)) == 12


async def test_a_partition_that_is_not_ours_is_not_committed(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 1})
    await broker.ready()
    async with joined(broker) as member:
        with pytest.raises(Transient):
            await member.commit({Partition(TOPIC, 7): 1})


async def test_only_who_would_take_partitions_from_others_is_asked_whether_it_is_able(broker: Broker) -> None:
    await broker.ensure_topics({TOPIC: 3})
    asked: list[str] = []

    async def able() -> None:
        asked.append("able")

    async def takes_part(name: str) -> None:
        async with broker.join("readers", [TOPIC], instance=name, on_revoked=nothing, able=able) as member:
            await read_some(member)

    async def read_some(member: Member) -> None:
        while not member.assignment():
            await member.poll(1, 0.2)

    await takes_part("first")
    assert asked == []
    async with joined(broker, "first") as member:
        await read_some(member)
        second = asyncio.create_task(takes_part("second"))
        while not second.done():
            await member.poll(1, 0.2)
        second.result()
    assert asked == ["able"]
