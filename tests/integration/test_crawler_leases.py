"""Who may ask a host: on a real database, between processes that know nothing of each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.crawler.frontier import leases as leases_module
from services.crawler.frontier.claiming import claim
from services.crawler.frontier.housekeeping import tidy
from services.crawler.frontier.lease_rows import take
from services.crawler.frontier.leases import Leases
from services.crawler.frontier.pacing import NotNow
from services.crawler.registry.site_lines import SiteLine
from services.crawler.registry.sites import import_sites
from shared.clock import SystemClock
from shared.database import Database
from tests.support.stack import Migrated

HOST, GAP_S = "pictures.test", 0.1


class Web:
    """Several processes, as far as their leases go."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.databases: list[Database] = []
        self.tending: list[asyncio.Task[None]] = []

    def process(self, *, tended: bool = True) -> Leases:
        database = Database(self._dsn, "/haetae/crawler")
        self.databases.append(database)
        made = Leases(database, SystemClock(), uuid4())
        if tended:
            self.tending.append(asyncio.create_task(_tend(made)))
        return made

    async def run(self, statement: str, **values: object) -> list[Any]:
        async with self.databases[0].transaction() as tx:
            result = await tx.execute(sa.text(statement), values)
            return list(result.all()) if result.returns_rows else []

    async def close(self) -> None:
        for task in self.tending:
            task.cancel()
        await asyncio.gather(*self.tending, return_exceptions=True)
        for database in self.databases:
            await database.close()


async def _tend(leases: Leases) -> None:
    while True:
        await leases.tend()
        await asyncio.sleep(0.02)


@pytest.fixture
async def web(migrated: Migrated, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    for name, seconds in {"IDLE_S": 0.05, "LEND_S": 0.4, "FIRST_LOOK_S": 0.02, "LAST_LOOK_S": 0.05}.items():
        monkeypatch.setattr(leases_module, name, seconds)
    made = Web(migrated.dsn_for("crawler"))
    yield made
    await made.close()


async def known(web: Web, host: str = HOST) -> None:
    await web.run("INSERT INTO hosts (host, next_allowed_at, gap_s) VALUES (:host, now(), :gap)", host=host, gap=GAP_S)


async def test_processes_that_share_a_host_ask_it_one_after_the_other_its_gap_apart(web: Web) -> None:
    processes = [web.process() for _ in range(3)]
    await known(web)
    asked: list[tuple[float, float]] = []

    async def ask(process: Leases, times: int) -> None:
        for _ in range(times):
            async with process.pacer.turn(HOST):
                begun = time.monotonic()
                await asyncio.sleep(0.01)
                asked.append((begun, time.monotonic()))

    await asyncio.gather(*(ask(process, 3) for process in processes for _ in range(2)))
    assert len(asked) == 18
    asked.sort()
    assert min(begun - ended for (_, ended), (begun, _) in pairwise(asked)) >= GAP_S


async def test_a_host_that_is_not_used_goes_back_with_the_rest_it_was_given(web: Web) -> None:
    process = web.process()
    async with process.pacer.turn(HOST):
        process.pacer.refused(HOST, 40.0)
    await eventually_free(web)
    (row,) = await web.run(
        "SELECT extract(epoch FROM next_allowed_at - now()) AS wait_s, gap_s, look_at,"
        " extract(epoch FROM hold_off_until - now()) AS rests_s"
        " FROM hosts WHERE host = :host",
        host=HOST,
    )
    assert row.look_at is None
    assert 35 < row.wait_s <= 40
    assert float(row.rests_s) == pytest.approx(float(row.wait_s), abs=0.1)
    assert row.gap_s == 1.0


async def eventually_free(web: Web, host: str = HOST) -> None:
    async with asyncio.timeout(5):
        while await web.run("SELECT FROM hosts WHERE host = :host AND leased_until IS NOT NULL", host=host):
            await asyncio.sleep(0.01)


async def test_a_host_in_another_hand_is_waited_for_and_given_up_at_last(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases_module, "MOST_WAIT_S", 0.3)
    holder, other = web.process(), web.process()
    async with holder.pacer.turn(HOST):
        with pytest.raises(NotNow, match="busy elsewhere"):
            async with other.pacer.turn(HOST):
                raise AssertionError


async def test_who_dies_is_waited_for_until_its_lease_and_the_gap_are_over(web: Web) -> None:
    dead, other = web.process(tended=False), web.process(tended=False)
    await known(web)
    async with dead.pacer.turn(HOST):
        pass
    await web.run("UPDATE hosts SET leased_until = now() + interval '0.3 seconds', gap_s = 0.4")
    begun = time.monotonic()
    async with other.pacer.turn(HOST):
        assert time.monotonic() - begun >= 0.65


async def test_who_stood_still_asks_nothing_before_it_holds_the_host_again(web: Web) -> None:
    still, other = web.process(tended=False), web.process()
    await known(web)
    async with still.pacer.turn(HOST):
        pass
    still._held[HOST].until_s = 0  # its clock went on while it did not
    await web.run("UPDATE hosts SET leased_until = now() - interval '1 second'")
    async with other.pacer.turn(HOST):
        turn = asyncio.create_task(_turn(still))
        await asyncio.sleep(0.2)
        assert not turn.done()
    await turn


async def _turn(process: Leases) -> None:
    async with process.pacer.turn(HOST):
        return


@asynccontextmanager
async def visiting(web: Web, host: str = "a.test") -> AsyncIterator[tuple[Leases, list[str]]]:
    """A process that has the site in hand, and what it was told that it has lost."""
    process, lost = web.process(tended=False), list[str]()
    process.lost = lost.append
    await import_sites(
        web.databases[0], [SiteLine(host, f"http://{host}/", host, "board", None, None, None, 50.0, 10.0)]
    )
    async with web.databases[0].transaction() as tx:
        dispatches = (await claim(tx)).dispatches
        taken = await take(tx, process.holder, {one.due.host: one.lease for one in dispatches})
    process.met(taken, time.monotonic(), visiting=True)
    yield process, lost


async def test_a_host_that_went_to_another_process_is_lost(web: Web) -> None:
    async with visiting(web) as (process, lost):
        process._held["a.test"].until_s = time.monotonic() + 1
        await web.run("UPDATE hosts SET lease = gen_random_uuid()")
        await process.tend()
        assert lost == ["a.test"]
        assert process.until_s("a.test") == 0


async def test_a_host_in_hand_for_long_is_lent_to_who_waits_for_it(web: Web) -> None:
    """Two visits that wait for each other's host would otherwise wait for ever."""
    async with visiting(web) as (process, lost):
        waiting = asyncio.create_task(_ask(web.process(), "a.test"))
        await asyncio.sleep(leases_module.LEND_S + 0.1)
        assert not waiting.done()
        process._held["a.test"].until_s = time.monotonic() + 1  # so that it is renewed now
        await process.tend()
        assert lost == ["a.test"]
        await asyncio.wait_for(waiting, 5)


async def _ask(process: Leases, host: str) -> None:
    async with process.pacer.turn(host):
        return


async def test_what_could_not_be_written_down_keeps_its_host(web: Web) -> None:
    async with visiting(web) as (process, _):
        with suppress(ZeroDivisionError), process.leaving(["a.test"]) as left:
            assert set(left) == {"a.test"}
            assert process.until_s("a.test") == 0
            raise ZeroDivisionError
        assert process.until_s("a.test") > time.monotonic()


async def test_without_the_database_nothing_is_asked(web: Web) -> None:
    """And nothing is held against the host."""
    process = web.process(tended=False)
    process._database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", "/haetae/crawler")
    web.databases.append(process._database)
    with pytest.raises(NotNow, match="cannot be had"):
        await _ask(process, HOST)


async def test_renewing_holds_what_is_held(web: Web) -> None:
    async with visiting(web) as (process, _):
        await web.run("UPDATE hosts SET leased_until = now() + interval '1 second'")
        process._held["a.test"].until_s = time.monotonic() + 0.5
        await process.tend()
        (row,) = await web.run("SELECT extract(epoch FROM leased_until - now()) AS held_s FROM hosts")
        assert row.held_s > leases_module.LEASE_S - 1
        assert process.until_s("a.test") > time.monotonic() + leases_module.LEASE_S - 2


async def test_what_nobody_needs_any_more_goes(web: Web) -> None:
    web.process()
    rows = {"old.test": "2 days", "young.test": "1 hour", "site.test": "2 days", "checked.test": "2 days"}
    for host, age in rows.items():
        await web.run(
            "INSERT INTO hosts (host, next_allowed_at) VALUES (:host, now() - CAST(:age AS interval))",
            host=host,
            age=age,
        )
    await web.run(  # whoever borrowed it was killed
        "INSERT INTO hosts (host, next_allowed_at, leased_until, lease)"
        " VALUES ('killed.test', now() - interval '2 days', now() - interval '2 days', gen_random_uuid())"
    )
    await import_sites(web.databases[0], [SiteLine("site.test", "http://site.test/", "s", "board", *[None] * 3, 1, 1)])
    for age in ("31 days", "29 days"):
        await web.run(
            "INSERT INTO checks (check_id, case_id, number, host, url, finding, due_at, done_at) VALUES"
            " (gen_random_uuid(), gen_random_uuid(), 1, 'checked.test', '', '{}', now(),"
            " now() - CAST(:age AS interval))",
            age=age,
        )
    async with web.databases[0].transaction() as tx:
        await tidy(tx)
    assert {row.host for row in await web.run("SELECT host FROM hosts")} == set(rows) - {"old.test"}
    assert len(await web.run("SELECT FROM checks")) == 1
