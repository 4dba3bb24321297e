"""The web that crawlers are measured on: it has the shape that it says, and its log tells what hosts saw."""

import os
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

from benchmarks.web.corpus import Corpus, Seen, corpus
from benchmarks.web.pages import Web, page, path


@pytest.mark.parametrize("web", [Web(20, 100), Web(20_000, 1, across=True)])
def test_a_page_has_the_shape_of_an_ordinary_one(web: Web) -> None:
    html = page(3, web)
    tree = LexborHTMLParser(html)
    assert 50_000 < len(html.encode()) < 75_000
    assert len(tree.css("a[href]")) == 220
    assert len(tree.css("img[src]")) == 58
    assert 1_400 < len(tree.css("*")) < 1_700


@pytest.mark.parametrize("web", [Web(3, 100), Web(40, 25, across=True)])
def test_all_pages_are_reached_and_nothing_else(web: Web) -> None:
    known = {web.url(host, number) for host in range(web.hosts) for number in range(web.pages)}
    bodies = [LexborHTMLParser(page(number, web)) for number in range(web.bodies)]
    hrefs = {node.attributes["href"] or "" for tree in bodies for node in tree.css("a[href]")}
    own = {href for href in hrefs if "elsewhere-" not in href}
    assert own == (known if web.across else {path(number) for number in range(web.pages)})


def test_gaps_count_from_the_end_of_an_answer() -> None:
    seen = Seen(
        np.array([1, 2, 1, 1], dtype=np.int32),
        np.array([0, 0, 1, 2], dtype=np.int32),
        np.array([0.0, 0.1, 1.5, 4.0]),
        np.array([0.5, 0.2, 2.0, 4.1]),
    )
    assert sorted(seen.gaps()) == [1.0, 2.0]
    assert seen.distinct_pages == 4


def ask(there: Corpus, url: str, host: str) -> int:
    request = urllib.request.Request(url, headers={"Host": host, "Connection": "close"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return len(answer.read())


def test_the_server_writes_down_what_its_hosts_saw(tmp_path: Path) -> None:
    with corpus(Web(3, 5), min(os.sched_getaffinity(0)), tmp_path) as there:
        for host, target in ((0, "/"), (2, path(4)), (2, "/robots.txt"), (1, "/picture/1.png")):
            assert ask(there, there.origin(host) + target, f"host-{host}.corpus.test:{there.web.port}") > 20
        seen, visits = there.seen(), there.visits()
    assert visits == seen.distinct_pages == 2
    assert seen.pictures == 1
    assert list(seen.hosts) == [0, 2, 2, 1]
    assert (seen.ended >= seen.begun).all()
