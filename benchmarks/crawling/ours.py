"""Our crawler at work on the corpus, observed like its peers."""

from benchmarks.crawling.bed import Bed
from benchmarks.crawling.contest import Run, observe
from benchmarks.web.corpus import Corpus

HURRY = 1_000.0  # requests a second and host, the most that a site may be given: not politeness is measured
WITHIN_S = 180.0
NO_PICTURES = {"HAETAE_FETCH_MEDIA": "0"}  # the peers fetch none either


async def run_ours(made: Bed, corpus: Corpus, core: int, pages: int | None = None) -> Run:
    """All pages, each written down; or the first `pages` of them."""
    made.empty()
    corpus.clear()
    return await crawl(made, corpus, core, pages)


async def crawl(made: Bed, corpus: Corpus, core: int, pages: int | None = None) -> Run:
    """The same, from what is known already."""
    every = corpus.web.hosts * corpus.web.pages
    recorded = made.all_visited if pages is None else lambda: True
    async with made.crawler(corpus, core, **NO_PICTURES) as pid:
        await made.watch(corpus, range(corpus.web.hosts), per_second=HURRY, robots=False)
        return await observe("ours", corpus, pid, pages or every, WITHIN_S, recorded)
