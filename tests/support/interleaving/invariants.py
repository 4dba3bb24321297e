"""What holds after every interleaving. Each is named; what it finds, a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.bus.dead_letters import DEAD_SUFFIX
from shared.events import NoticeSent, NoticeWithdrawn, ReviewDecided
from shared.events.envelope import decode
from tests.support.interleaving.steps import Run
from tests.support.interleaving.world import name_of

OUTBOX = """
    SELECT event_id, published_at IS NOT NULL AS published FROM {}.outbox WHERE position > :after ORDER BY position
"""
HANDLED = """
    SELECT service, event_id, count(*) AS times FROM public.handled WHERE event_id = ANY(:events) GROUP BY 1, 2
"""
Ended = NoticeSent | NoticeWithdrawn
STATES = {
    "notifier": "SELECT case_id, state FROM notifier.watches WHERE case_id = ANY(:cases)",
    "gateway": "SELECT case_id, state FROM gateway.cases WHERE case_id = ANY(:cases)",
}


@dataclass(frozen=True)
class After:
    """The world when it has come to rest, and what its owner sees in the database."""

    run: Run
    look: Callable[..., Awaitable[list[sa.Row[Any]]]]
    outbox_from: Mapping[str, int]

    def log(self) -> list[tuple[str, UUID, str]]:
        """Every record of the services' own: type, event id, key, in the order of each partition."""
        logs = [log for topic, logs in self.run.world.broker.topics.items() if not dead(topic) for log in logs]
        return [
            (record.headers["ce_type"].decode(), UUID(record.headers["ce_id"].decode()), record.key.decode())
            for log in logs
            for record in log
            if record.headers["ce_source"] != b"/haetae/others"
        ]

    async def handled(self) -> Mapping[tuple[str, UUID], int]:
        """How often each event of the run took effect in each service."""
        logs = [log for topic, logs in self.run.world.broker.topics.items() if not dead(topic) for log in logs]
        events = list({UUID(record.headers["ce_id"].decode()) for log in logs for record in log})
        return {(row.service, row.event_id): row.times for row in await self.look(HANDLED, events=events)}

    def put_aside(self) -> set[UUID]:
        logs = [log for topic, logs in self.run.world.broker.topics.items() if dead(topic) for log in logs]
        return {UUID(record.headers["ce_id"].decode()) for log in logs for record in log}

    def ends(self) -> list[tuple[str, UUID]]:
        """Of each receipt or withdrawal that was told: its type and its notice. A repeat of the relay's counts once."""
        records = {
            record.headers["ce_id"]: decode(record.value, dict(record.headers)).event
            for type_ in (NoticeSent, NoticeWithdrawn)
            for log in self.run.world.broker.logs(type_.topic.name)
            for record in log
        }
        return [(event.type, event.notice_id) for event in records.values() if isinstance(event, Ended)]


def dead(topic: str) -> bool:
    return topic.endswith(DEAD_SUFFIX)


async def one_notice_each(after: After) -> list[str]:
    """One notice per case, recipient and occasion is sent; once more, by the same name, only where the sender died."""
    world = after.run.world
    taken, repeats = Counter(world.inbox), after.run.repeats
    said = [f"{name} went {count} times to {to}" for (to, name), count in taken.items() if count > 1 + repeats[name]]
    names = {name for _, name in world.inbox}
    ends = Counter(after.ends())
    for notice in (notice.notice_id for story in world.stories for notice in story.notices):
        told = ends[NoticeSent.type, notice], ends[NoticeWithdrawn.type, notice]
        if sum(told) != 1:
            said.append(f"notice {notice}: {told[0]} receipts and {told[1]} withdrawals were told")
        elif told[0] and name_of(notice) not in names:
            said.append(f"notice {notice}: a receipt was told, and it never arrived")
    return said


async def nothing_unapproved(after: After) -> list[str]:
    """No notice goes out without its approval."""
    names = {name for _, name in after.run.world.inbox}
    return [f"{name} was sent and nobody approved it" for name in sorted(names - after.run.world.approved)]


async def published_as_committed(after: After) -> list[str]:
    """What is in the log was committed, and what was committed is in the log: once, and again where a relay died."""
    said, logged = [], Counter(id for _, id, _ in after.log())
    committed: set[UUID] = set()
    for service, position in after.outbox_from.items():
        for row in await after.look(OUTBOX.format(service), after=position):
            committed.add(row.event_id)
            if not row.published:
                said.append(f"{service}: event {row.event_id} waits in the outbox")
    said += [f"event {id} was published and never committed" for id in sorted(logged.keys() - committed, key=str)]
    said += [f"event {id} was committed and never published" for id in sorted(committed - logged.keys(), key=str)]
    return said + [f"event {id} was published {n} times" for id, n in logged.items() if n > 1 + after.run.repeats[id]]


async def in_order(after: After) -> list[str]:
    """A case's events of one type are published in the order in which they were committed."""
    said = []
    for service, position in after.outbox_from.items():
        rank = {row.event_id: at for at, row in enumerate(await after.look(OUTBOX.format(service), after=position))}
        last: dict[tuple[str, str], int] = {}
        for type_, id, key in dict.fromkeys(after.log()):
            if id in rank and rank[id] < last.setdefault((type_, key), rank[id]):
                said.append(f"{type_} {id} of {key} came after a later one")
            elif id in rank:
                last[type_, key] = rank[id]
    return said


async def handled_once(after: After) -> list[str]:
    """An event takes effect once in each service."""
    handled = (await after.handled()).items()
    return [f"{service} handled event {id} {times} times" for (service, id), times in handled if times > 1]


async def fenced(after: After) -> list[str]:
    """Who lost its partition commits no offset of it."""
    return [said for consumer in after.run.world.consumers.values() for said in consumer.trespasses]


async def nothing_lost(after: After) -> list[str]:
    """Every record is handled, or put aside."""
    done, aside, said = await after.handled(), after.put_aside(), []
    for name, consumer in after.run.world.consumers.items():
        for record in consumer.records():
            id = UUID(record.headers["ce_id"].decode())
            if (name, id) not in done and id not in aside:
                said.append(f"{name} never handled {record.headers['ce_type'].decode()} {id}")
    return said


async def dead_letters_planted(after: After) -> list[str]:
    """Only the approval that nobody gave is put aside."""
    topics = after.run.world.broker.topics
    found = {topic: sum(map(len, logs)) for topic, logs in topics.items() if dead(topic) and any(logs)}
    wanted = {ReviewDecided.topic.name + DEAD_SUFFIX}
    said = [f"{topic}: {count} dead letters" for topic, count in found.items() if topic not in wanted]
    return said + [f"{topic}: the forged approval is not among them" for topic in wanted - found.keys()]


async def same_end(after: After) -> list[str]:
    """Every order ends the same: each case removed, for gateway and notifier."""
    cases = [story.case for story in after.run.world.stories]
    said = []
    for service, query in STATES.items():
        states = {row.case_id: row.state for row in await after.look(query, cases=cases)}
        said += [f"{service}: case {case} is {states.get(case)}" for case in cases if states.get(case) != "removed"]
    return said


Invariant = Callable[[After], Awaitable[list[str]]]
INVARIANTS: tuple[Invariant, ...] = (
    one_notice_each,
    nothing_unapproved,
    published_as_committed,
    in_order,
    handled_once,
    fenced,
    nothing_lost,
    dead_letters_planted,
    same_end,
)


async def check(after: After) -> dict[str, list[str]]:
    """By the name of each invariant that does not hold, what is wrong."""
    found = {invariant.__name__: await invariant(after) for invariant in INVARIANTS}
    return {name: said for name, said in found.items() if said}
