"""What a page costs our crawler when it knows much, and when it has many hosts: the same, if all is well."""

from collections.abc import Iterator

from benchmarks.crawling.bed import Bed
from benchmarks.crawling.contest import Run
from benchmarks.crawling.ours import crawl, run_ours
from benchmarks.web.corpus import Corpus, corpus
from benchmarks.web.pages import Web

KNOWN = (1_000, 1_000_000)
HOSTS = (100, 20_000)
HOSTS_OF_KNOWN = 100
PAGES = 20_000  # of the web with many hosts: one each, and 200 each of a hundred
MEASURED = 5_000  # pages of them
ROUNDS = 2  # the better one: a neighbour on the machine makes a page dearer, never cheaper
LATER = "2100-01-01T00:00:00Z"


async def by_known(made: Bed, crawler_core: int, other_core: int) -> dict[str, object]:
    """CPU-ms a page by the number of addresses in the frontier before it begins."""
    web = Web(HOSTS_OF_KNOWN, MEASURED // HOSTS_OF_KNOWN)
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
    """CPU-ms a page by the number of hosts, with as many pages in all. Links lead to pages of any host."""
    costs: dict[int, list[float]] = {hosts: [] for hosts in HOSTS}
    peaks: dict[str, float] = {}
    for _ in range(ROUNDS):
        for hosts, runs in costs.items():
            with corpus(Web(hosts, PAGES // hosts, across=True), other_core, made.home) as there:
                run: Run = await run_ours(made, there, crawler_core, MEASURED)
            runs.append(run.cpu_ms)
            peaks[str(hosts)] = round(run.peak_mb, 1)
    return {**_shown("hosts", costs), "peak_mb_by_hosts": peaks}


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
