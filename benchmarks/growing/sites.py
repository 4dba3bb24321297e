"""Which hosts are due, asked by the crawler's own scheduler, all of them being due; and more sites that are entered."""

import time
from itertools import pairwise

import psycopg

from benchmarks.harness import HOME
from benchmarks.postgres import postgres
from services.crawler.frontier.claiming import claim, undo
from services.crawler.registry.sites import import_sites, parse_sites
from shared.database import Database

ROUNDS, QUICK_ROUNDS = 60, 20
MORE = 10_000


async def seconds_of(hosts: int, *, quick: bool) -> dict[str, list[float]]:
    """`claim`: one look of the scheduler, which leases 256 hosts and picks a page of each. `import`: 500 sites more."""
    lines = [f'{{"url": "http://site-{number}.test/", "name": "Site {number}"}}' for number in range(hosts + MORE)]
    sites, problems = parse_sites(lines, "jsonl")
    if problems:
        raise SystemExit(f"the sites are not taken: {problems[0]}")
    claimed: list[float] = []
    async with postgres("crawler", HOME) as server:
        database = Database(server.url, "/haetae/crawler")
        await import_sites(database, sites[:hosts])
        with psycopg.connect(server.owner, autocommit=True) as connection:  # as the server does after a while
            connection.execute("VACUUM ANALYZE crawler.sites, crawler.hosts, crawler.frontier")
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            began = time.perf_counter()
            async with database.transaction() as tx:
                taken = await claim(tx)
            claimed.append(time.perf_counter() - began)
            if not taken.dispatches:
                raise SystemExit("no host was due, so that its time means nothing")
            async with database.transaction() as tx:
                await undo(tx, taken.dispatches)
        moments = [time.perf_counter()]
        await import_sites(database, sites[hosts:], lambda *_: moments.append(time.perf_counter()))
        await database.close()
    return {"claim": claimed, "import": [after - before for before, after in pairwise(moments)]}
