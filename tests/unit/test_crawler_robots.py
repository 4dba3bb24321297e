"""robots.txt as RFC 9309 has it: what is read, how long it counts, and what follows from a legal ground."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.crawler.frontier.pacing import NotNow
from services.crawler.registry.robots import AGAIN, AGAIN_WITH_COPY, FRESH, STALE, Robots, StayAway
from services.crawler.registry.robots_rules import Rules, parse_robots, robots_text
from services.crawler.registry.robots_store import MAX_TEXT, Asked, NothingKept
from services.crawler.registry.together import MOST, Together
from services.crawler.registry.ways import NoWay
from services.crawler.visit import Watched
from shared.clock import ManualClock
from shared.events.values import Site, SiteKind
from shared.failures import Failure
from shared.net import Fault, Fetched, FetchFailed
from shared.urls import canonical

URL = "http://a.test/private/1"
PUBLIC = Watched(Site(host="a.test", name="A", kind=SiteKind.BOARD), 1.0, 60.0, True)
VICTIM = replace(PUBLIC, obey_robots=False, legal_ground="victim_request")
CLOSED = b"User-agent: *\nDisallow: /private/\nCrawl-delay: 4\nSitemap: /map.xml\n"


def rules_of(*lines: str) -> Rules:
    return parse_robots("\n".join(lines))


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("/caf\u00e9", "http://a.test/café"),
        ("/caf%C3%A9", "http://a.test/café"),
        ("/%62oard", "http://a.test/board"),
        ("/board", "http://a.test/%62oard"),
        ("/a%3cd", "http://a.test/a%3Cd"),
        ("/두부", "http://a.test/%EB%91%90%EB%B6%80/1"),
        ("/*?sid=", "http://a.test/list?sid=4"),
    ],
)
def test_a_pattern_and_an_address_are_compared_in_one_spelling(pattern: str, url: str) -> None:
    rules = parse_robots(robots_text(f"User-agent: *\nDisallow: {pattern}".encode()))
    address = canonical(url)
    assert address is not None
    assert not rules.allow(address)
    assert rules.allow("http://a.test/other")


def test_octets_that_are_no_utf_8_are_compared_as_they_are() -> None:
    rules = parse_robots(robots_text("User-agent: *\nDisallow: /게시판".encode("cp949")))
    assert not rules.allow("http://a.test/%B0%D4%BD%C3%C6%C7/1")


@pytest.mark.parametrize("agent", ["haetae", "HAETAE", "Haetae/0.1", "haetae (watches)", "*", "* # all"])
def test_the_product_token_is_the_name_without_its_version(agent: str) -> None:
    assert not rules_of(f"User-agent: {agent}", "Disallow: /").allow("http://a.test/")


@pytest.mark.parametrize("agent", ["haetaebot", "hae", "bot/haetae", ""])
def test_another_robots_group_is_not_ours(agent: str) -> None:
    assert rules_of(f"User-agent: {agent}", "Disallow: /").allow("http://a.test/")


@pytest.mark.parametrize("between", ["Sitemap: /map.xml", "Host: a.test", "", "# and", "X-Robots: no"])
def test_records_that_are_not_rules_do_not_end_a_group(between: str) -> None:
    assert not rules_of("User-agent: haetae", between, "User-agent: other", "Disallow: /").allow("http://a.test/")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_end_as_files_end_them_and_nowhere_else(ends: str) -> None:
    text = robots_text(b"\xef\xbb\xbf" + ends.join(["User-agent: *", "Disallow: /x", "Allow: /x/y"]).encode())
    rules = parse_robots(text)
    assert (rules.allow("http://a.test/x"), rules.allow("http://a.test/x/y")) == (False, True)
    assert rules_of("User-agent: *\x85Disallow: /").allow("http://a.test/")


def test_equal_patterns_allow_and_robots_txt_itself_is_always_allowed() -> None:
    assert rules_of("User-agent: *", "Disallow: /x", "Allow: /x").allow("http://a.test/x")
    assert rules_of("User-agent: *", "Disallow: /").allow("http://a.test/robots.txt")


def test_a_line_that_was_cut_says_nothing() -> None:
    body = b"User-agent: *\nDisallow: /\nAllow: /op"
    assert parse_robots(robots_text(body)).allow("http://a.test/open")
    assert not parse_robots(robots_text(body, cut=True)).allow("http://a.test/open")
    assert robots_text(b"Disallow: /", cut=True) == ""


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbfUser-agent: *\nDisallow: /\x00\xff*$")
def test_no_octets_break_it_and_what_is_kept_says_the_same(body: bytes) -> None:
    text = robots_text(body)
    assert text.isascii()
    assert "\x00" not in text
    assert parse_robots(robots_text(text.encode())) == parse_robots(text)
    parse_robots(text).allow(URL)


@given(
    st.lists(st.tuples(st.text("ab/*$", min_size=1, max_size=6), st.booleans()), max_size=8), st.text("ab/", max_size=8)
)
def test_the_longest_match_decides(given_rules: list[tuple[str, bool]], path: str) -> None:
    lines = [f"{'Allow' if allows else 'Disallow'}: {pattern}" for pattern, allows in given_rules]
    alone = [
        (len(pattern), allows)
        for pattern, allows in given_rules
        if not rules_of("User-agent: *", f"Disallow: {pattern}").allow(f"http://a.test/{path}")
    ]
    assert rules_of("User-agent: *", *lines).allow(f"http://a.test/{path}") == max(alone, default=(0, True))[1]


class Web:
    """What /robots.txt answers, how often it was asked, and what was written down."""

    def __init__(self) -> None:
        self.clock, self.answer, self.asked = ManualClock(), (200, CLOSED), 0
        self.store = Written()
        self.robots = Robots(self.store, self.clock)

    async def ask(self, url: str) -> Fetched:
        self.asked += 1
        assert url == "http://a.test/robots.txt"
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        return Fetched(url, url, status, {}, body, "127.0.0.1")

    async def rules(self, watched: Watched = PUBLIC, url: str = URL) -> Rules:
        return await self.robots.rules(url, watched, self.ask)

    async def allows(self, watched: Watched = PUBLIC, url: str = URL) -> bool:
        return (await self.rules(watched, url)).allow(url)

    def restart(self) -> None:
        self.robots = Robots(self.store, self.clock)


class Written(NothingKept):
    """The table, in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Asked] = {}
        self.overrides: list[tuple[str, str, str]] = []

    async def load(self, origin: str) -> Asked | None:
        return self.rows.get(origin)

    async def keep(self, asked: Asked) -> None:
        older = self.rows.get(asked.origin)
        if asked.fetched_at is None and older:
            asked = replace(older, asked_at=asked.asked_at, status=asked.status, decision=asked.decision)
        self.rows[asked.origin] = asked

    async def overridden(self, host: str, url: str, legal_ground: str) -> None:
        self.overrides.append((host, url, legal_ground))

    @property
    def row(self) -> Asked:
        return self.rows["http://a.test"]


@pytest.fixture
def web() -> Web:
    return Web()


async def test_it_is_asked_once_a_day_by_however_many_visits(web: Web) -> None:
    assert await asyncio.gather(*(web.allows() for _ in range(9))) == [False] * 9
    web.clock.advance(FRESH.total_seconds() - 1)
    assert not await web.allows()
    assert web.asked == 1
    web.answer = (200, b"")
    web.clock.advance(1)
    assert await web.allows()
    assert web.asked == 2
    assert web.store.row.decision == "obeyed: 0 rules for us"


async def test_it_is_not_asked_again_after_a_restart(web: Web) -> None:
    before = await web.rules()
    web.restart()
    assert await web.rules() == before
    assert web.asked == 1
    row = web.store.row
    assert (row.status, row.decision, row.delay_s) == (200, "obeyed: 1 rules for us, 4 s between requests", 4.0)
    web.clock.advance(FRESH.total_seconds())
    web.restart()
    await web.rules()
    assert web.asked == 2


async def test_a_text_too_long_to_be_kept_is_asked_again_after_a_restart(web: Web) -> None:
    web.answer = (200, CLOSED + b"# \n" * MAX_TEXT + b"Disallow: /late\n")
    assert not await web.allows(url="http://a.test/late")
    web.restart()
    assert not await web.allows(url="http://a.test/late")
    assert (web.asked, web.store.row.cut, len(web.store.row.text)) == (2, True, MAX_TEXT)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 301, 307])
async def test_where_there_is_none_nothing_is_forbidden(web: Web, status: int) -> None:
    web.answer = (status, CLOSED)
    assert await web.allows()
    assert web.store.row.decision == f"there is none (status {status}): nothing is forbidden"
    assert (web.store.row.text, web.store.row.sha256) == ("", None)


@pytest.mark.parametrize("answer", [(500, b""), (503, CLOSED), (429, b""), FetchFailed("no\0 answer", Fault.TIMEOUT)])
async def test_while_it_cannot_be_had_nothing_is_asked_for(web: Web, answer: tuple[int, bytes] | Exception) -> None:
    web.answer = answer
    for _ in range(3):
        with pytest.raises(StayAway, match=r"a\.test/robots\.txt: it cannot be had \(.*\): until it can, nothing"):
            await web.rules()
    assert web.asked == (3 if isinstance(answer, Exception) else 1)
    assert web.store.row.decision.isprintable()
    web.clock.advance(AGAIN.total_seconds())
    web.answer = (404, b"")
    assert await web.allows()


async def test_a_copy_counts_for_thirty_days_while_no_newer_can_be_had(web: Web) -> None:
    assert await web.allows(url="http://a.test/open")
    web.answer = (500, b"")
    web.clock.advance(FRESH.total_seconds())
    for restarted in (False, True, False):
        if restarted:
            web.restart()
        assert await web.allows(url="http://a.test/open")
        assert not await web.allows()
        web.clock.advance(AGAIN_WITH_COPY.total_seconds())
    assert web.asked == 4
    assert web.store.row.decision == "it cannot be had (status 500): the copy of 2026-01-01 00:00 UTC counts"
    web.clock.advance((STALE - FRESH).total_seconds())
    with pytest.raises(StayAway):
        await web.rules(url="http://a.test/open")


async def test_a_ground_that_overrides_it_keeps_the_delay_and_writes_each_visit_down(web: Web) -> None:
    rules = await web.rules(VICTIM)
    assert rules.allow(URL)
    assert (rules.delay_s, rules.sitemaps) == (4.0, ("/map.xml",))
    await web.rules(VICTIM, "http://a.test/open")
    assert web.store.overrides == [("a.test", URL, "victim_request")]
    assert web.store.row.decision.startswith("not obeyed under victim_request: what its 1 rules forbid is counted, 4 s")


async def test_what_cannot_be_written_down_is_not_visited(web: Web) -> None:
    robots = Robots(NothingKept(), web.clock)
    with pytest.raises(Exception, match="no database to write down"):
        await robots.rules(URL, VICTIM, web.ask)


@pytest.mark.parametrize(
    "watched",
    [replace(VICTIM, obey_robots=True), replace(VICTIM, legal_ground="public"), replace(VICTIM, legal_ground="")],
)
async def test_without_a_ground_a_line_alone_overrides_nothing(web: Web, watched: Watched) -> None:
    assert not await web.allows(watched)
    assert web.store.overrides == []


async def test_under_a_ground_a_site_is_visited_though_its_robots_txt_cannot_be_had(web: Web) -> None:
    web.answer = (503, b"")
    assert await web.allows(VICTIM)
    assert web.store.overrides == [("a.test", URL, "victim_request")]


@pytest.mark.parametrize("out_of_reach", [NoWay("there is no exit kr"), NotNow("a.test", "is busy elsewhere")])
async def test_a_site_that_is_not_asked_says_so_and_not_that_it_has_no_robots_txt(
    web: Web, out_of_reach: Failure
) -> None:
    web.answer = out_of_reach
    with pytest.raises(type(out_of_reach), match=str(out_of_reach)):
        await web.rules(VICTIM)
    assert web.store.rows == {}


async def test_sites_with_the_same_text_share_its_rules(web: Web) -> None:
    async def ask(url: str) -> Fetched:
        return Fetched(url, url, 200, {}, CLOSED, "127.0.0.1")

    first, second = [await web.robots.rules(f"http://{host}/", PUBLIC, ask) for host in ("x.test", "y.test")]
    assert first is second
    assert {row.host for row in web.store.rows.values()} == {"a.test"}


async def test_what_is_asked_for_at_once_is_done_together() -> None:
    batches: list[list[int]] = []

    async def double(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        await asyncio.sleep(0)
        if -13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]

    together = Together(double)
    assert await asyncio.gather(*(together(item) for item in range(3))) == [0, 2, 4]
    results = await asyncio.gather(together(-13), together(14), return_exceptions=True)
    assert [str(result) for result in results] == ["thirteen", "thirteen"]
    given_up = asyncio.create_task(together(5))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await asyncio.gather(*(together(item) for item in range(MOST + 1))) == [2 * n for n in range(MOST + 1)]
    assert [len(batch) for batch in batches] == [3, 2, MOST - 1, 2]
