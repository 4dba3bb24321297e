"""When to come again, what robots.txt asks, and keeping one's distance."""

import asyncio
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.domain import DAY_S, FIRST_CONTENT_INTERVAL_S, PageKind, Priority, backoff_s, next_visit
from services.crawler.frontier.pacing import DEFAULT_GAP_S, Pacer
from services.crawler.registry.robots_rules import MOST_DELAY_S, matches, parse_robots
from shared.clock import ManualClock

REVISIT_S = 10.0


def test_the_site_s_beginning_keeps_its_pace() -> None:
    for changed in (True, False):
        coming = next_visit(PageKind.START, 500.0, changed, REVISIT_S)
        assert (coming.after_s, coming.priority) == (REVISIT_S, Priority.LISTING)


@pytest.mark.parametrize(
    ("deep", "most_s", "priority"), [(False, 80.0, Priority.LISTING), (True, DAY_S, Priority.AGAIN)]
)
def test_feeds_that_stay_the_same_come_less_often(deep: bool, most_s: float, priority: Priority) -> None:
    after = 0.0
    for _ in range(20):
        coming = next_visit(PageKind.FEED, after, False, REVISIT_S, deep=deep)
        after = coming.after_s
    assert (after, coming.priority) == (most_s, priority)
    assert next_visit(PageKind.FEED, after, True, REVISIT_S, deep=deep).after_s == most_s / 2


def test_content_waits_longer_while_it_does_not_change() -> None:
    after = [next_visit(PageKind.CONTENT, 0, True, REVISIT_S).after_s]
    for changed in [False] * 12 + [True] * 15:
        after.append(next_visit(PageKind.CONTENT, after[-1], changed, REVISIT_S).after_s)
    assert after[:3] == [FIRST_CONTENT_INTERVAL_S, 2 * FIRST_CONTENT_INTERVAL_S, 4 * FIRST_CONTENT_INTERVAL_S]
    assert max(after) == DAY_S
    assert after[-1] == REVISIT_S


def test_deep_index_pages_stay_near_the_site_s_pace() -> None:
    after = 0.0
    for _ in range(9):
        after = next_visit(PageKind.INDEX, after, False, REVISIT_S).after_s
    assert after == 8 * REVISIT_S
    assert next_visit(PageKind.INDEX, after, True, REVISIT_S).after_s == 4 * REVISIT_S


@given(st.sampled_from(list(PageKind)), st.floats(0, 1e9), st.booleans(), st.floats(1, 1e9))
def test_nothing_is_visited_faster_than_the_site_s_pace(
    kind: PageKind, last_s: float, changed: bool, revisit_s: float
) -> None:
    assert next_visit(kind, last_s, changed, revisit_s).after_s >= revisit_s


def test_failures_back_off_to_six_hours() -> None:
    assert [backoff_s(n) for n in (1, 2, 3)] == [5.0, 10.0, 20.0]
    assert backoff_s(13) < backoff_s(14) == backoff_s(10_000) == 6 * 3600


ROBOTS = """
# comment
User-agent: other
Disallow: /

User-agent: *
User-agent: haetae  # both
Sitemap: /sitemap.xml
Disallow: /private/
Allow: /private/open
Disallow: /*.pdf$
Disallow: /find?*q=
Disallow:
Crawl-delay: 500
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private/x", False),
        ("/private", True),
        ("/private/open/1", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x", True),
        ("/find?a=1&q=2", False),
        ("/find?a=1", True),
    ],
)
def test_robots(path: str, allowed: bool) -> None:
    assert parse_robots(ROBOTS, "haetae").allow(f"http://a.test{path}") is allowed


def test_robots_groups_delays_and_sitemaps() -> None:
    rules = parse_robots(ROBOTS, "haetae")
    assert (rules.delay_s, rules.sitemaps) == (MOST_DELAY_S, ("/sitemap.xml",))
    assert not parse_robots(ROBOTS, "other").allow("http://a.test/")
    assert parse_robots(ROBOTS, "third").allow("http://a.test/") is True
    own = parse_robots("User-agent: *\nDisallow: /\nUser-agent: Haetae\nDisallow: /x", "haetae")
    assert own.allow("http://a.test/")
    assert not own.allow("http://a.test/x")


@given(st.text(alphabet="ab*$/", max_size=12), st.text(alphabet="ab/", max_size=12))
def test_patterns_mean_what_their_regular_expression_means(pattern: str, path: str) -> None:
    body, end = (pattern[:-1], "$") if pattern.endswith("$") else (pattern, "")
    meant = "".join(".*" if letter == "*" else re.escape(letter) for letter in body)
    assert matches(pattern, path) == bool(re.match(f"{meant}{chr(92)}Z" if end else meant, path, re.DOTALL))


@given(st.text(max_size=200))
def test_no_text_breaks_robots(text: str) -> None:
    parse_robots(text, "haetae").allow("http://a.test/x")


async def asked(*hosts: str, answer_s: float = 0.0) -> dict[str, list[float]]:
    """When requests to these hosts start, two a second to each, all wanted at once; each answered after `answer_s`."""
    clock, started = ManualClock(), dict[str, list[float]]()
    pacer = Pacer(clock)

    async def ask(host: str) -> None:
        pacer.set_pace(host, 2.0)
        async with pacer.turn(host):
            started.setdefault(host, []).append(clock.monotonic())
            await clock.sleep(answer_s)

    asking = [asyncio.create_task(ask(host)) for host in hosts]
    while not all(one.done() for one in asking):
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(0.01)
    return started


async def test_requests_to_a_host_keep_their_distance_and_others_do_not_wait() -> None:
    started = await asked("a.test", "a.test", "a.test", "b.test")
    assert started["b.test"] == [0.0]
    assert started["a.test"] == pytest.approx([0.0, 0.5, 1.0], abs=0.03)
    assert all(later - earlier >= 0.5 for earlier, later in pairwise(started["a.test"]))


async def test_the_distance_counts_from_the_answer() -> None:
    started = (await asked(*["a.test"] * 3, answer_s=2.0))["a.test"]
    assert all(later - earlier >= 2.5 for earlier, later in pairwise(started))


async def test_a_host_that_nobody_set_a_pace_for_is_asked_once_a_second() -> None:
    pacer = Pacer(clock := ManualClock())
    async with pacer.turn("a.test"):
        assert clock.monotonic() == 0.0
    assert pacer.left("a.test").free_in_s == DEFAULT_GAP_S
