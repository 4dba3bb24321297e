"""What waits goes before what is written down, and nothing that hangs holds up the record of what was sent."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from services.notifier.delivery import lane
from services.notifier.delivery.claims import Claimed
from services.notifier.delivery.lane import Lane
from services.notifier.domain import Accepted

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    message_id: str


class Work:
    """Claims as told; `done` in order: what was attempted, what was recorded."""

    def __init__(self, count):
        self.left = [Claimed((Row(str(number)),), str(number), LATER, {}) for number in range(count)]
        self.done, self.hanging = [], {}

    async def take(self, limit):
        taken, self.left = self.left[:limit], self.left[limit:]
        return taken

    async def attempt(self, claimed):
        await self.hanging.get(claimed.carrier_id, _now)()
        self.done.append(("sent", claimed.carrier_id))
        return Accepted("250")

    async def record(self, done):
        self.done.append(("recorded", done[0].carrier_id))


async def _now():
    await asyncio.sleep(0)


async def test_who_waits_goes_before_the_record_of_who_went():
    work = Work(8)
    await Lane(work.take, work.attempt, work.record, at_once=2, ahead=8).once()
    kinds = [kind for kind, _ in work.done]
    assert kinds.index("recorded") >= 6
    assert sorted(number for kind, number in work.done if kind == "recorded") == list("01234567")


async def test_no_more_than_a_number_goes_unwritten(monkeypatch):
    monkeypatch.setattr(lane, "MOST_UNWRITTEN", 3)
    work = Work(8)
    await Lane(work.take, work.attempt, work.record, at_once=1, ahead=8).once()
    unwritten = 0
    for kind, _ in work.done:
        unwritten += 1 if kind == "sent" else -1
        assert unwritten <= 4


async def test_one_that_hangs_holds_up_no_record():
    work, go_on, recorded = Work(2), asyncio.Event(), asyncio.Event()
    work.hanging["0"] = go_on.wait

    async def record(done):
        await work.record(done)
        recorded.set()

    running = asyncio.create_task(Lane(work.take, work.attempt, record, at_once=2, ahead=2).once())
    await asyncio.wait_for(recorded.wait(), 5)
    assert work.done == [("sent", "1"), ("recorded", "1")]
    go_on.set()
    assert await running == 2
