"""Faults that a real broker does not show on order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from shared.bus.port import Able, Broker, Member, Partition, Revoked, at_once
from shared.failures import Transient


class FailingCommits:
    """The broker behind it, except that the next `left` commits fail. Counts those that do not."""

    def __init__(self, broker: Broker, count: int) -> None:
        self.left = count
        self.succeeded = 0
        self._broker = broker
        self.ensure_topics, self.produce = broker.ensure_topics, broker.produce
        self.follow, self.ready, self.close = broker.follow, broker.ready, broker.close

    @asynccontextmanager
    async def join(
        self, group: str, topics: Sequence[str], *, instance: str, on_revoked: Revoked, able: Able = at_once
    ) -> AsyncIterator[Member]:
        async with self._broker.join(group, topics, instance=instance, on_revoked=on_revoked, able=able) as member:
            commit = member.commit

            async def failing(offsets: Mapping[Partition, int]) -> None:
                if self.left > 0:
                    self.left -= 1
                    raise Transient("told to fail this commit")
                await commit(offsets)
                self.succeeded += 1

            member.commit = failing  # type: ignore[method-assign]
            yield member
