"""The peers as processes, on the same core, on the same pages."""

import asyncio
import os
import sys
from functools import partial

from benchmarks.crawling.contest import Run, observe
from benchmarks.web.corpus import Corpus

PEERS = {
    "scrapy": ("scrapy_peer", "own"),
    "scrapy_our_parser": ("scrapy_peer", "ours"),
    "scrapy_plain_set": ("scrapy_peer", "own_set"),
    "scrapy_plain_set_our_parser": ("scrapy_peer", "ours_set"),
    "crawlee_parsel": ("crawlee_peer", "parsel"),
    "crawlee_parsel_plain_set": ("crawlee_peer", "parsel_set"),
    "crawlee_beautifulsoup": ("crawlee_peer", "beautifulsoup"),
}


async def run_peer(name: str, corpus: Corpus, core: int, within_s: float) -> Run:
    """Killed when all pages have been asked for, or the time is over."""
    module, way = PEERS[name]
    corpus.clear()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"benchmarks.crawling.{module}", way, str(corpus.web.hosts), str(corpus.web.port),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        preexec_fn=partial(os.sched_setaffinity, 0, {core}),
    )  # fmt: skip
    try:
        return await observe(name, corpus, process.pid, corpus.web.hosts * corpus.web.pages, within_s)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
