"""Whatever the order of things and whoever dies where: what was promised holds, and what breaks a promise is seen."""

import pytest
import structlog

from tests.support.interleaving.house import house
from tests.support.interleaving.invariants import INVARIANTS
from tests.support.interleaving.mutants import MUTANTS, nobody_fenced
from tests.support.interleaving.shrinking import shorter
from tests.support.interleaving.steps import STEPS
from tests.support.stack import Migrated, fresh

SEEDS = 25
FENCELESS = 300  # a seed in which somebody stands still, and would commit what is no longer its own
ENOUGH = 60  # orders within which a mutant must show itself


@pytest.fixture(autouse=True)
def quiet():
    with structlog.testing.capture_logs():
        yield


async def test_undisturbed_everything_holds(migrated):
    async with house(migrated) as made:
        told = await made.run(1, steps=())
        assert told.wrong == {}


async def test_in_any_order_and_through_deaths_everything_holds(migrated):
    async with house(migrated) as made:
        for seed in range(SEEDS):
            told = await made.run(seed)
            assert told.wrong == {}, str(told)


@pytest.mark.parametrize(("mutant", "invariant"), MUTANTS.items(), ids=lambda one: getattr(one, "__name__", ""))
async def test_a_mutant_is_found_by_name(migrated, monkeypatch, mutant, invariant):
    mutant(monkeypatch)
    async with house(migrated) as made:
        for seed in range(ENOUGH):
            if invariant in (await made.run(seed)).wrong:
                return
    pytest.fail(f"{invariant} held through {ENOUGH} orders")


def test_every_promise_has_a_bug_that_breaks_it():
    assert set(MUTANTS.values()) == {invariant.__name__ for invariant in INVARIANTS}


async def test_a_seed_is_the_same_order_after_others_as_alone(databases, migrated_template, stack):
    traces = []
    for seeds in ((5, 6, 7), (7,)):
        async with fresh(databases, migrated_template) as url, house(Migrated(url, stack.role_passwords)) as made:
            told = [await made.run(seed) for seed in seeds]
            traces.append(told[-1].trace)
    assert traces[0] == traces[1]


async def test_a_failing_order_is_shortened_to_the_steps_it_needs():
    asked = []

    async def fails(steps):
        asked.append(steps)
        return {3, 17} <= set(steps)

    assert await shorter(range(STEPS), fails) == (3, 17)
    assert len(asked) < STEPS


async def test_a_shortened_order_still_fails_and_is_the_same_again(databases, migrated_template, stack, monkeypatch):
    nobody_fenced(monkeypatch)

    async def again(steps):
        async with fresh(databases, migrated_template) as url, house(Migrated(url, stack.role_passwords)) as made:
            return await made.run(FENCELESS, steps)

    async def fails(steps):
        return "fenced" in (await again(steps)).wrong

    needed = await shorter(range(STEPS), fails)
    first, second = await again(needed), await again(needed)
    assert len(needed) < 5
    assert "fenced" in first.wrong
    assert first.trace == second.trace
    assert f"STEPS={','.join(map(str, needed))}" in str(first)
