"""From which moment recovery counts: the last fault that hit whoever is waited for, and no other."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from chaos import recovery
from chaos.recovery import Hits, by_kind, recovered
from chaos.schedule import Fault, Kind
from services import SERVICES

KILL = Fault(0, Kind.KILL, "drafter")


class Stack:
    """Whose services answer when they are told to."""

    def __init__(self) -> None:
        self.up: set[str] = set()
        self.supervisor = SimpleNamespace(answers=self._answers)

    async def _answers(self, name: str) -> bool:
        return name in self.up

    async def ready(self, *_: str) -> None:
        """The server itself is there."""


async def measured(fault: Fault, *then: Fault, up: tuple[str, ...] = SERVICES) -> float | None:
    """`fault` is over, half a second later `then`, half a second later the services are up."""
    stack, hits = Stack(), Hits()
    hits.note(fault)
    waiting = asyncio.create_task(recovered(stack, fault, hits))  # type: ignore[arg-type]  # a stand-in
    await asyncio.sleep(0.5)
    for one in then:
        hits.note(one)
    await asyncio.sleep(0.5)
    stack.up.update(up)
    return await waiting


@pytest.mark.parametrize(
    ("then", "from_the_first"),
    [
        ((), True),
        ((KILL,), False),
        ((Fault(0, Kind.FREEZE, "drafter", 11.0),), False),
        ((Fault(0, Kind.OUTAGE, "postgres", 6.0),), False),
        ((Fault(0, Kind.KILL, "crawler"),), True),
        ((Fault(0, Kind.OUTAGE, "authority", 6.0),), True),
        ((Fault(0, Kind.POISON, "kafka"),), True),
        ((Fault(0, Kind.REFUSED, "mail"),), True),
    ],
)
async def test_it_counts_from_the_last_fault_that_hit_it(then: tuple[Fault, ...], from_the_first: bool) -> None:
    seconds = await measured(KILL, *then)
    assert seconds is not None
    assert (seconds >= 1.0) is from_the_first


async def test_after_a_server_each_service_counts_from_its_own_last_hit() -> None:
    outage = Fault(0, Kind.OUTAGE, "postgres", 6.0)
    seconds = await measured(outage, KILL)
    assert seconds is not None
    assert seconds >= 1.0


async def test_who_does_not_come_back_is_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "LONGEST_S", 1.5)
    assert await measured(Fault(0, Kind.OUTAGE, "kafka", 6.0), up=SERVICES[1:]) is None
    told = by_kind([(Kind.OUTAGE, None), (Kind.OUTAGE, 0.5)])[Kind.OUTAGE]
    assert (told.never, told.longest_s) == (1, 1.5)


async def test_who_is_hit_again_and_again_is_not_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "LONGEST_S", 0.8)
    seconds = await measured(KILL, KILL)
    assert seconds is not None
    assert seconds < 0.8


async def test_a_mail_days_fault_waits_for_its_service_alone() -> None:
    begun = time.monotonic()
    assert await measured(Fault(0, Kind.REFUSED, "mail"), up=("notifier",)) is not None
    assert time.monotonic() - begun < recovery.LONGEST_S
