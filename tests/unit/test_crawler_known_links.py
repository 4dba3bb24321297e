"""Links that need no writing, and those that do not fit."""

from services.crawler.domain import PageKind, Priority
from services.crawler.frontier.known_links import FULL_S, KnownLinks, NewLink
from services.crawler.frontier.outcomes import settled
from services.crawler.visit import Link, Visited
from shared.clock import ManualClock
from tests.support.findings import NOW, known


def links(clock: ManualClock) -> KnownLinks:
    made = KnownLinks(clock)
    made._hosts = frozenset({"board.test"})
    return made


def visit(*paths: str, depth: int = 1) -> Visited:
    found = tuple(Link(f"http://board.test{path}") for path in paths)
    return settled(known(depth=depth), PageKind.INDEX, NOW, changed=True, links=found)


def unknown(made: KnownLinks, *visits: Visited) -> list[NewLink]:
    fresh = made.unknown(visits)
    made.remember(fresh)
    return list(fresh.links)


def test_a_link_is_written_once() -> None:
    made = links(ManualClock())
    assert [link.url for link in unknown(made, visit("/1"), visit("/1", "/2"))] == [
        "http://board.test/1", "http://board.test/2",
    ]  # fmt: skip
    assert unknown(made, visit("/1")) == []


def test_what_a_full_site_left_out_is_tried_again_later_and_what_is_less_deep_at_once() -> None:
    clock = ManualClock()
    made = links(clock)
    fresh = made.unknown([visit("/1")])
    made.remember(fresh, fresh.links)
    assert unknown(made, visit("/1")) == unknown(made, visit("/other", depth=5)) == []
    assert [link.depth for link in unknown(made, visit("/new", depth=0))] == [1]
    clock.advance(FULL_S)
    assert [link.url for link in unknown(made, visit("/1"))] == ["http://board.test/1"]


def test_what_is_known_need_not_be_told_and_what_was_left_out_is_told_again() -> None:
    made, two = links(ManualClock()), ["http://board.test/1", "http://board.test/2"]
    assert made.unseen(two) == two
    fresh = made.unknown([visit("/1", "/2")])
    made.remember(fresh, fresh.links[1:])
    assert made.unseen(two) == two[1:]


def test_where_a_report_leads_counts_on_any_host_and_other_links_do_not() -> None:
    made = links(ManualClock())
    visited = settled(
        known(), PageKind.INDEX, NOW, changed=False,
        links=(Link("http://other.test/1"), Link("http://other.test/2", priority=Priority.REPORT)),
    )  # fmt: skip
    for _ in range(2):
        assert [link.url for link in unknown(made, visited)] == ["http://other.test/2"]
