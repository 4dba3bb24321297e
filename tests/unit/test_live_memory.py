"""What lives long is out of the collector's sight while many listen, and looked through once an hour."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from services.gateway.live.memory import FREEZE_EVERY_S, MANY, WHOLE_EVERY_S, Memory


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_few_listeners_change_nothing() -> None:
    before = gc.get_freeze_count()
    Memory(0.0).tend(MANY - 1, FREEZE_EVERY_S)
    assert gc.get_freeze_count() == before


def test_with_many_what_is_new_is_taken_out_again_and_again() -> None:
    memory = Memory(0.0)
    memory.tend(MANY, FREEZE_EVERY_S - 1)
    assert gc.get_freeze_count() == 0
    memory.tend(MANY, FREEZE_EVERY_S)
    first = gc.get_freeze_count()
    assert first > 0
    kept = [[] for _ in range(10_000)]
    memory.tend(MANY, 2 * FREEZE_EVERY_S)
    assert gc.get_freeze_count() >= first + len(kept)


def test_a_cycle_that_was_taken_out_is_found_within_the_hour() -> None:
    class Cycle:
        gone = False

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Cycle.gone = True

    memory, cycle = Memory(0.0), Cycle()
    memory.tend(MANY, FREEZE_EVERY_S)
    del cycle
    gc.collect()
    assert not Cycle.gone
    memory.tend(0, WHOLE_EVERY_S)
    assert Cycle.gone
