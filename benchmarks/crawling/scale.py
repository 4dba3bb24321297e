"""What a page costs our crawler when it knows much, and when it has many hosts: the same, if all is well."""

from collections.abc import Iterator
from typing import Final

from benchmarks.crawling.bed import Bed
from benchmarks.crawling.contest import Run, observe
from benchmarks.crawling.ours import HURRY, NO_PICTURES, WITHIN_S, crawl
from benchmarks.web.corpus import Corpus, corpus
from benchmarks.web.pages import Web

KNOWN = (1_000, 1_000_000)
HOSTS_OF_KNOWN = 100
KNOWN_PAGES = 5_000  # visited, beside those that are known and not due
HOSTS = (100, 20_000)
FRONT_PAGES = 10_000  # visited, of however many hosts
PAGES_OF_A_HOST = 100  # in turns of as many as a hand holds
ROUNDS = 2  # the better one: a neighbour on the machine makes a page dearer, never cheaper
LATER = "2100-01-01T00:00:00Z"
DUE: Final = "UPDATE frontier SET next_at = now()"
LOOK: Final = "UPDATE hosts SET look_at = now() WHERE EXISTS (SELECT FROM sites WHERE sites.host = hosts.host)"
AT_ONCE: Final = "UPDATE sites SET revisit_seconds = 0.001"


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
    """CPU-ms a visit by the number of hosts, all else alike: a host's turn is one visit of its front page, which was
    visited before and is due again as soon as it was visited; the server and its pages are the same.

    The first visits of many hosts are shown too: each asks for robots.txt, and looks at all links as new.
    """
    first: list[float] = []
    again: dict[int, list[float]] = {hosts: [] for hosts in HOSTS}
    with corpus(Web(max(HOSTS), 1, across=True), other_core, made.home) as there:
        for _ in range(ROUNDS):
            for hosts in HOSTS:
                once, twice = await _again_and_again(made, there, crawler_core, hosts)
                again[hosts].append(twice.cpu_ms)
                if hosts == max(HOSTS):
                    first.append(once.cpu_ms)
    turn = await _turn(made, crawler_core, other_core, min(again[min(HOSTS)]))
    return {**_shown("hosts", again), **turn, "first_visit_ms_of_many_hosts": round(min(first), 3)}


async def _again_and_again(made: Bed, there: Corpus, core: int, hosts: int) -> tuple[Run, Run]:
    made.empty()
    there.clear()
    async with made.crawler(there, core, **NO_PICTURES) as pid:
        await made.watch(there, range(hosts), per_second=HURRY, robots=False)
        once = await observe("ours, first", there, pid, hosts, WITHIN_S, made.all_visited)
        made.run(AT_ONCE)
        there.clear()
        made.run(DUE)
        made.run(LOOK)
        return once, await observe("ours, again", there, pid, FRONT_PAGES, WITHIN_S)


async def _turn(made: Bed, crawler_core: int, other_core: int, one_page_ms: float) -> dict[str, object]:
    """What a host's turn costs (dispatching, leasing, letting go), from visits that share one: of as few hosts, many
    pages each, visited before too. And the most memory of it all."""
    costs: list[float] = []
    peaks: list[float] = []
    web = Web(min(HOSTS), PAGES_OF_A_HOST, across=True)
    with corpus(web, other_core, made.home) as there:
        for _ in range(ROUNDS):
            _, twice = await _visit_twice(made, there, crawler_core)
            costs.append(twice.cpu_ms)
            peaks.append(twice.peak_mb)
    many_pages_ms = min(costs)
    return {
        "cost_ms_by_pages_of_a_turn": {"1": round(one_page_ms, 3), "many": round(many_pages_ms, 3)},
        "turn_ms": round(one_page_ms - many_pages_ms, 3),
        "peak_mb_of_few_hosts": round(max(peaks), 1),
    }


async def _visit_twice(made: Bed, there: Corpus, core: int) -> tuple[Run, Run]:
    made.empty()
    there.clear()
    pages = there.web.hosts * there.web.pages
    async with made.crawler(there, core, **NO_PICTURES) as pid:
        await made.watch(there, range(there.web.hosts), per_second=HURRY, robots=False)
        once = await observe("ours, first", there, pid, pages, WITHIN_S, made.all_visited)
        there.clear()
        made.run(DUE)
        made.run(LOOK)
        return once, await observe("ours, again", there, pid, pages, WITHIN_S)


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
