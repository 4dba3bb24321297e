"""robots.txt of a site that wants us busy: however long it is, it costs little time and little memory."""

from __future__ import annotations

import gc
import threading

import pytest

from services.crawler.registry import robots
from services.crawler.registry.robots import SHORT, Robots
from services.crawler.registry.robots_rules import MOST_RULES, MOST_SITEMAPS, Rules, parse_robots, robots_text
from services.crawler.registry.robots_store import Asked, NothingKept
from services.crawler.visit import Watched
from shared.clock import ManualClock
from shared.events.values import Site, SiteKind
from shared.net import Fetched

WATCHED = Watched(Site(host="a.test", name="A", kind=SiteKind.BOARD), 1.0, 60.0, True)


def forbidding(count: int, agent: str = "*") -> str:
    return f"User-agent: {agent}\n" + "".join(f"Disallow: /{number}/\n" for number in range(count))


def test_as_many_rules_as_are_compared_are_obeyed_one_by_one() -> None:
    rules = parse_robots(forbidding(MOST_RULES) + "Disallow: /4/\n" * 9)
    assert (len(rules.rules), rules.too_many) == (MOST_RULES, False)
    assert not rules.allow("http://a.test/4999/")
    assert rules.allow("http://a.test/5000/")


def test_more_rules_forbid_everything() -> None:
    rules = parse_robots(forbidding(MOST_RULES) + "Allow: /open\nCrawl-delay: 4\nSitemap: /map.xml\n")
    assert rules == Rules((("/", False),), 4.0, ("/map.xml",), too_many=True)
    assert not rules.allow("http://a.test/open")


def test_another_robots_rules_do_not_count() -> None:
    rules = parse_robots(forbidding(MOST_RULES + 1) + forbidding(1, "haetae"))
    assert rules.rules == (("/0/", False),)


def test_sitemaps_have_an_end() -> None:
    text = "".join(f"Sitemap: http://a.test/{number}.xml\n" for number in range(MOST_SITEMAPS + 9))
    assert len(parse_robots(text + f"Sitemap: /{'x' * 5000}").sitemaps) == MOST_SITEMAPS
    assert parse_robots("Sitemap: /a\nSitemap: /a").sitemaps == ("/a",)


def test_a_pattern_longer_than_any_address_is_not_kept() -> None:
    assert parse_robots(f"User-agent: *\nDisallow: /{'a' * 9000}\nDisallow: /{'%61' * 900}").rules == (
        ("/" + "a" * 900, False),
    )
    assert parse_robots(f"User-agent: *\nDisallow: /{'*' * 9000}b").rules == (("/*b", False),)


def test_octets_and_controls_are_told_as_before() -> None:
    assert robots_text(b"\xef\xbb\xbf/\x00\x01a\x7f\t\xff\xc3\xa9\r\n") == "/a\t%FF%C3%A9\r\n"


class Web:
    def __init__(self) -> None:
        self.robots = Robots(NothingKept(), ManualClock())
        self.texts: dict[str, str] = {}
        self.asked: list[str] = []

    async def ask(self, url: str) -> Fetched:
        self.asked.append(url)
        return Fetched(url, url, 200, {}, self.texts[url].encode(), "127.0.0.1")

    async def rules(self, host: str) -> Rules:
        return await self.robots.rules(f"http://{host}/x", WATCHED, self.ask)


async def test_all_of_them_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve heavy ones, of which three fit; what was forgotten is asked for again, what weighs nothing stays."""
    web = Web()
    monkeypatch.setattr(robots, "MOST_BYTES", int(parse_robots(forbidding(2_000)).weight * 3.5))
    for number in range(12):
        web.texts[f"http://{number}.test/robots.txt"] = forbidding(2_000) + f"Disallow: /of/{number}\n"
        await web.rules(f"{number}.test")
    gc.collect()
    assert len(web.robots._known) == 3
    assert web.robots._bytes <= robots.MOST_BYTES
    assert len(web.asked) == 12
    await web.rules("11.test")
    assert len(web.asked) == 12
    await web.rules("0.test")
    assert len(web.asked) == 13


async def test_the_same_text_of_many_sites_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    monkeypatch.setattr(robots, "MOST_BYTES", int(parse_robots(forbidding(2_000)).weight * 1.5))
    for number in range(12):
        web.texts[f"http://{number}.test/robots.txt"] = forbidding(2_000)
        await web.rules(f"{number}.test")
    assert len(web.robots._known) == 12


@pytest.mark.parametrize(("length", "beside"), [(0, False), (SHORT, True)])
async def test_a_long_one_is_parsed_beside_the_loop(monkeypatch: pytest.MonkeyPatch, length: int, beside: bool) -> None:
    threads: list[int] = []

    def parse(text: str) -> Rules:
        threads.append(threading.get_ident())
        return parse_robots(text)

    monkeypatch.setattr(robots, "parse_robots", parse)
    web = Web()
    web.texts["http://a.test/robots.txt"] = "User-agent: *\nDisallow: /x\n" + "\n" * length
    assert not (await web.rules("a.test")).allow("http://a.test/x")
    assert [thread != threading.get_ident() for thread in threads] == [beside]


async def test_what_was_decided_about_too_many_is_said() -> None:
    decisions: list[str] = []

    class Store(NothingKept):
        async def keep(self, asked: Asked) -> None:
            decisions.append(asked.decision)

    web = Web()
    web.robots = Robots(Store(), ManualClock())
    web.texts["http://a.test/robots.txt"] = forbidding(MOST_RULES + 1)
    await web.rules("a.test")
    assert decisions == ["obeyed: more than 5,000 rules for us, taken as one that forbids everything"]
