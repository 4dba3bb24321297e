"""What waits to be written down has a bound, and is written down in parts."""

import asyncio

from services.crawler.domain import PageKind
from services.crawler.frontier.in_hand import TOGETHER, InHand, Job
from services.crawler.frontier.outcomes import settled
from services.crawler.frontier.unwritten import LINK_BYTES, Unwritten, weight_of
from services.crawler.visit import Known, Link, Visited
from shared.clock import ManualClock
from tests.support.findings import NOW, known

HOSTS = 2 * TOGETHER


def visited(job: Known, *links: str) -> Visited:
    return settled(job, PageKind.INDEX, NOW, changed=False, status=200, links=tuple(map(Link, links)))


async def work(job: Job) -> Visited:
    assert isinstance(job, Known)
    return visited(job, *(f"http://board.test/{number}" for number in range(100)))


async def all_turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_visit_begins_while_too_much_is_unwritten() -> None:
    hand = InHand(HOSTS, ManualClock(), work, lambda host, seconds: None)
    hand._unwritten = Unwritten(3 * weight_of(await work(known())))
    await hand.room(1)
    hand.begin("board.test", [known(f"http://board.test/{number}") for number in range(9)], 0, {})
    await all_turns()
    done = await hand.finished(0.1)
    assert len(done) == 3
    hand.forget(done[:1], ())
    await all_turns()
    assert len(await hand.finished(0.1)) == 2  # both that a host may have under way began at the same moment
    await hand.stop(0)  # does not wait for who waits
    assert await hand.finished(0) == []


async def test_many_are_written_down_in_parts_and_none_is_forgotten() -> None:
    hand = InHand(HOSTS, ManualClock(), work, lambda host, seconds: None)
    await hand.room(HOSTS)
    for number in range(HOSTS):
        hand.begin(f"board-{number}.test", [known()], 0, {})
    await all_turns()
    parts = [await hand.finished(0.1), await hand.finished(0.1), await hand.finished(0)]
    assert [len(part) for part in parts] == [TOGETHER, TOGETHER, 0]
    assert len({one.host for part in parts for one in part}) == HOSTS


def test_links_weigh_what_they_say() -> None:
    bare, linked = visited(known()), visited(known(), "http://board.test/" + "a" * 2_000)
    assert weight_of(linked) - weight_of(bare) > 2_000 + LINK_BYTES
