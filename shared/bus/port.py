"""The broker as the runner sees it: the port that Kafka and its in-memory twin both implement.

Promises, checked by one contract suite: records of one key stay in order; `produce` returns when every record is
acknowledged by all replicas; a group's partitions belong to one member at a time; a member that dies gives its
partitions up within the session timeout; a committed offset is where the next owner begins.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    topic: str
    number: int


@dataclass(frozen=True)
class Record:
    """A record to produce. The partition follows from the key (murmur2, as Kafka's own clients do)."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Received(Record):
    """A record as consumed."""

    partition: Partition
    offset: int


class Member(Protocol):
    """A member of a consumer group."""

    async def poll(self, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Received]]:
        """The next records by partition, in order; empty after `timeout_s`. Never to be cancelled from outside."""
        ...

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Say that everything before each offset is done. Raises `Transient` when it could not be stored."""
        ...

    def pause(self, partitions: Sequence[Partition]) -> None: ...

    def resume(self, partitions: Sequence[Partition]) -> None: ...

    def assignment(self) -> frozenset[Partition]: ...

    def lag(self, partition: Partition) -> int | None:
        """Records between what was polled and the partition's end, when known."""
        ...


Revoked = Callable[[frozenset[Partition]], Awaitable[None]]
Able = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Able to work already."""


class Broker(Protocol):
    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        """Create the topics that are missing, with so many partitions each."""
        ...

    async def produce(self, records: Sequence[Record]) -> None:
        """Returns when all are acknowledged.

        Raises `Transient`; of each partition a beginning may have been written then, never a record without those
        before it. Raises `Rejected` for a record that the broker never takes (too large).
        """
        ...

    def join(
        self, group: str, topics: Sequence[str], *, instance: str, on_revoked: Revoked, able: Able = at_once
    ) -> AbstractAsyncContextManager[Member]:
        """Join a group. `on_revoked` is awaited before partitions go to somebody else: drain and commit there. `able`
        is awaited first where others are in the group: who joins takes partitions from them.

        It is not called on leaving: drain and commit before. Raises `Transient` when the group cannot be joined.
        """
        ...

    def follow(self, topics: Sequence[str]) -> AsyncIterator[Sequence[Received]]:
        """Everything in the topics from the first record on, without a group, for ever: what each process must know.

        Yields an empty sequence each time that it has caught up with what was there. Raises `Transient`.
        """
        ...

    async def ready(self) -> None:
        """Raises `Transient` when the broker does not answer."""
        ...

    async def close(self) -> None: ...
