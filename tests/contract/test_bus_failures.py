"""What cannot be handled is put aside with its reason, and everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.bus.dead_letters import TooManyDeadLetters
from shared.bus.decision import BUG_RETRIES
from shared.bus.port import Broker, Record
from shared.events import CrawlDue, Envelope
from shared.failures import Rejected, Transient
from shared.handling import Outlet, Service
from shared.lanes import topics
from tests.support.lanes import IMPATIENT, consuming, dead_letters
from tests.support.poll import eventually
from tests.support.service import crawl_due, record

TOPIC = CrawlDue.topic.name
HOSTS = range(24)  # some for each partition
POISON = crawl_due(7, 1)


class Fetcher:
    """Notes what it is given; fails on the poisoned URL, with `failure`, every time."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.urls: list[str] = []
        self.failed = 0
        self._failure = failure
        self.service = Service("crawler", batches={CrawlDue: self.fetch})

    async def fetch(self, batch: Sequence[Envelope[CrawlDue]], outlet: Outlet) -> None:
        if self._failure and any(one.event.url == POISON.url for one in batch):
            self.failed += len(batch) == 1
            raise self._failure
        self.urls += [one.event.url for one in batch]


def three_steps_of_every_host() -> list[Record]:
    return [record(crawl_due(host, step)) for step in range(3) for host in HOSTS]


def urls(*, without: str = "") -> list[str]:
    return sorted(url for host in HOSTS for step in range(3) if (url := crawl_due(host, step).url) != without)


def assert_order_kept(seen: list[str]) -> None:
    for host in HOSTS:
        steps = [url for url in seen if url.startswith(f"http://h{host}.test/")]
        assert steps == sorted(steps)


async def test_an_undecodable_record_is_put_aside_and_the_rest_goes_on(broker: Broker) -> None:
    fetcher, good = Fetcher(), three_steps_of_every_host()
    broken = Record(TOPIC, b"h3.test", b"{not json", good[0].headers)
    unknown = Record(TOPIC, b"h3.test", b"{}", {**good[0].headers, "ce_type": b"parcel.lost.v9"})
    async with consuming(fetcher.service, broker):
        await broker.produce([*good[:30], broken, unknown, *good[30:]])
        await eventually(lambda: sorted(fetcher.urls) == urls())
    first, second = await dead_letters(broker, TOPIC)
    assert (first.key, first.value, second.value) == (b"h3.test", b"{not json", b"{}")
    assert b"crawl.due.v1" in first.headers["dead_error"]
    assert b"parcel.lost.v9" in second.headers["dead_error"]
    assert first.headers["dead_topic"] == TOPIC.encode()
    assert int(second.headers["dead_offset"]) == int(first.headers["dead_offset"]) + 1
    assert first.headers["ce_id"] == good[0].headers["ce_id"]
    assert_order_kept(fetcher.urls)


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [(RuntimeError("our bug"), BUG_RETRIES + 1), (Rejected("never"), 1)],
    ids=["bug", "rejected"],
)
async def test_what_fails_for_ever_is_put_aside_alone(broker: Broker, failure: Exception, attempts: int) -> None:
    fetcher = Fetcher(failure)
    async with consuming(fetcher.service, broker):
        await broker.produce(three_steps_of_every_host())
        await eventually(lambda: sorted(fetcher.urls) == urls(without=POISON.url))
    (letter,) = await dead_letters(broker, TOPIC)
    assert letter.value == record(POISON).value
    assert int(letter.headers["dead_attempts"]) == fetcher.failed == attempts
    assert str(failure).encode() in letter.headers["dead_error"]
    assert_order_kept(fetcher.urls)


async def test_what_may_pass_holds_up_only_its_own_partition(broker: Broker) -> None:
    fetcher = Fetcher(Transient("the site is away", after_s=0.01))
    async with consuming(fetcher.service, broker):
        await broker.produce(three_steps_of_every_host())
        done = {crawl_due(host, 2).url for host in HOSTS}
        await eventually(lambda: len(done - set(fetcher.urls)) <= len(HOSTS) // 4 and fetcher.failed != 1)
        assert POISON.url not in fetcher.urls
        fetcher._failure = None
        await eventually(lambda: sorted(fetcher.urls) == urls())
    assert await dead_letters(broker, TOPIC) == []
    assert_order_kept(fetcher.urls)


async def until_it_ends(service: Service, broker: Broker) -> None:
    async with consuming(service, broker) as working, asyncio.timeout(20):
        await asyncio.wait({working})


async def test_past_the_limit_of_dead_letters_the_service_stops_and_keeps_the_rest(broker: Broker) -> None:
    limit, broken = IMPATIENT.dead_letter_limit, [Record(TOPIC, b"h1.test", b"?", {}) for _ in range(5)]
    fetcher = Fetcher()
    await broker.ensure_topics(topics(fetcher.service))
    await broker.produce([*broken, record(crawl_due(1, 1))])
    with pytest.raises(TooManyDeadLetters, match=rf"crawl\.due: {limit} records went to the dead letters"):
        await until_it_ends(fetcher.service, broker)
    assert len(await dead_letters(broker, TOPIC)) == limit
    async with consuming(fetcher.service, broker):
        await eventually(lambda: fetcher.urls == [crawl_due(1, 1).url])
    assert len(await dead_letters(broker, TOPIC)) == len(broken)
