"""What a page costs our crawler when it knows much, and when it has many hosts: the same, if all is well."""

from collections.abc import Iterator
from typing import Final

from benchmarks.crawling.bed import Bed
from benchmarks.crawling.contest import Run, observe
from benchmarks.crawling.ours import HURRY, NO_PICTURES, WITHIN_S, crawl
from benchmarks.web.corpus import Corpus, corpus
from benchmarks.web.pages import Web

KNOWN = (1_000, 1_000_000)
HOSTS = (100, 20_000)
HOSTS_OF_KNOWN = 100
PAGES = 20_000  # of the web with many hosts: one each, and 200 each of a hundred
KNOWN_PAGES = 5_000  # visited, beside those that are known and not due
ROUNDS = 2  # the better one: a neighbour on the machine makes a page dearer, never cheaper
LATER = "2100-01-01T00:00:00Z"
DUE: Final = "UPDATE frontier SET next_at = now()"
LOOK: Final = "UPDATE hosts SET look_at = now() WHERE EXISTS (SELECT FROM sites WHERE sites.host = hosts.host)"


async def by_known(made: Bed, crawler_core: int, other_core: int) -> dict[str, object]:
    """CPU-ms a page by the number of addresses in the frontier before it begins."""
    web = Web(HOSTS_OF_KNOWN, KNOWN_PAGES // HOSTS_OF_KNOWN)
    costs: dict[int, list[float]] = {known: [] for known in KNOWN}
    with corpus(web, other_core, made.home) as there:
        for _ in range(ROUNDS):
            for known, runs in costs.items():
                made.empty()
                there.clear()
                await _enter_known(made, there, known)
                runs.append((await crawl(made, there, crawler_core)).cpu_ms)
    return _shown("known_urls", costs)


async def by_hosts(made: Bed, crawler_core: int, other_core: int) -> dict[str, object]:
    """CPU-ms a page by the number of hosts, with as many pages in all. Links lead to pages of any host.

    At the first visit, which asks each host for its robots.txt and for a page that cannot be there, so that many hosts
    mean more requests; and when all are visited again, as a crawler does day in, day out.
    """
    first: dict[int, list[float]] = {hosts: [] for hosts in HOSTS}
    again: dict[int, list[float]] = {hosts: [] for hosts in HOSTS}
    peaks: dict[str, float] = {}
    for _ in range(ROUNDS):
        for hosts in HOSTS:
            web = Web(hosts, PAGES // hosts, across=True)
            with corpus(web, other_core, made.home) as there:
                once, twice = await _visit_twice(made, there, crawler_core)
            first[hosts].append(once.cpu_ms)
            again[hosts].append(twice.cpu_ms)
            peaks[str(hosts)] = round(max(peaks.get(str(hosts), 0.0), twice.peak_mb), 1)
    return {**_shown("hosts", again), **_shown("hosts_at_first", first), "peak_mb_by_hosts": peaks}


async def _visit_twice(made: Bed, there: Corpus, core: int) -> tuple[Run, Run]:
    made.empty()
    there.clear()
    async with made.crawler(there, core, **NO_PICTURES) as pid:
        await made.watch(there, range(there.web.hosts), per_second=HURRY, robots=False)
        once = await observe("ours, first", there, pid, PAGES, WITHIN_S, made.all_visited)
        there.clear()
        made.run(DUE)
        made.run(LOOK)
        return once, await observe("ours, again", there, pid, PAGES, WITHIN_S)


async def _enter_known(made: Bed, there: Corpus, known: int) -> None:
    """Addresses of the same hosts that are not due."""
    await made.watch(there, range(there.web.hosts), per_second=1.0, robots=False)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(known):
            host = number % there.web.hosts
            url = f"{there.web.url(host, 0)}known/{number}"
            yield url, url.split("/")[2].partition(":")[0], "content", 3, LATER, 86_400.0, 1

    made.copy("frontier", ("url", "host", "kind", "priority", "next_at", "interval_s", "visits"), rows())
    made.run("UPDATE hosts SET pages = (SELECT count(*) FROM frontier WHERE frontier.host = hosts.host)")


def _shown(by: str, costs: dict[int, list[float]]) -> dict[str, object]:
    best = {str(number): round(min(runs), 3) for number, runs in costs.items()}
    few, many = (min(costs[number]) for number in sorted(costs))
    return {f"cost_ms_by_{by}": best, f"dearer_with_more_{by}": f"{many / few - 1:+.1%}"}
