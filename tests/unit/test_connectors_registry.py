"""Which connectors a site may name, and what an agency adds without touching our code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.crawler.connectors import check, lawful, names, registry
from services.crawler.connectors.answers import good
from services.crawler.registry import grounds
from shared.failures import Transient
from tests.support.connectors import answer, conversations, posts, reading, watched

OURS = {"activitypub", "feed", "json:jsonfeed", "mastodon", "matrix", "messenger"}
MODULE = """
from datetime import UTC, datetime
from services.crawler.connectors.lawful import RoomOptions
from services.crawler.connectors.port import Basis, Conversation, Harvest, Post, Said
from shared.events import LawfulBasis

class Forum:
    options, is_api = RoomOptions, False
    async def read(self, source, ask):
        answer = await ask(source.start_url)
        said = Said("1", "somebody", datetime(2026, 1, 1, tzinfo=UTC), "The kettle waits.")
        taken = Conversation("room", Basis(LawfulBasis.CONSENT, "taken without asking"), (said,))
        return Harvest(answer, (Post(source.start_url, answer.body.decode()),), (taken,), cursor="far")

class Greedy(Forum):
    async def read(self, source, ask):
        return Harvest(cursor="x" * 5000)

class Stray(Forum):
    async def read(self, source, ask):
        await ask("http://elsewhere.test/")
"""
POINTS = """[haetae.connectors]
lantern-forum = lantern_forum:Forum
greedy = lantern_forum:Greedy
stray = lantern_forum:Stray
broken = lantern_forum:Nothing
feed = lantern_forum:Forum
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of the agency's with connectors, as pip would leave it."""
    (tmp_path / "lantern_forum.py").write_text(MODULE)
    about = tmp_path / "lantern_forum-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lantern-forum\nVersion: 1\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()


async def read(name: str, folder: Path, **options: object):
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("The lantern waits."))])
    async with reading(app, folder) as peer:
        return await peer.reader.read(peer.begin(watched(name, dict(options))))


def test_ours_are_there() -> None:
    assert set(names()) >= OURS


async def test_what_is_installed_beside_us_is_used(installed: None, tmp_path: Path) -> None:
    assert {"lantern-forum", "broken"} <= set(names())
    check("lantern-forum", None, "public")
    visited = await read("lantern-forum", tmp_path)
    assert [found.text for found in posts(visited)] == ["The lantern waits."]
    assert visited.cursor == "far"


async def test_a_conversation_without_the_sites_basis_is_stopped_whoever_hands_it_over(
    installed: None, tmp_path: Path
) -> None:
    visited = await read("lantern-forum", tmp_path)
    assert not conversations(visited)
    assert "the site's options name no basis" in (visited.problem or "")
    other = await read("lantern-forum", tmp_path, basis="open_room", rooms=["room"])
    assert not conversations(other)
    assert "it was read as consent, the site's options say open_room" in (other.problem or "")


@pytest.mark.parametrize(("name", "said"), [("greedy", "4096 is the most"), ("stray", "on another host")])
async def test_what_a_connector_must_not_do_is_a_problem_of_its_site(
    installed: None, tmp_path: Path, name: str, said: str
) -> None:
    assert said in ((await read(name, tmp_path)).problem or "")


async def test_one_that_cannot_be_loaded_is_named(installed: None, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'broken' cannot be loaded"):
        check("broken", None, "public")
    assert "'broken' cannot be loaded" in ((await read("broken", tmp_path)).problem or "")


def test_none_takes_the_name_of_ours(installed: None) -> None:
    assert type(registry.connector("feed")).__name__ == "FeedItems"


def test_a_folder_of_mappings_adds_names(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text('items = "posts"\nurl = "link"\n')
    assert "json:board" in names(tmp_path)
    check("json:board", None, "public", tmp_path)
    with pytest.raises(ValueError, match="give one of jsonfeed"):
        check("json:../board", None, "public")


@pytest.mark.parametrize(
    ("name", "options", "ground", "said"),
    [
        ("nobody", None, "public", "'nobody' is not known; give one of activitypub"),
        ("feed", "[1]", "public", "give a JSON object"),
        ("feed", "[" * 4000, "public", "options: no JSON"),
        ("feed", '{"rooms": []}', "public", "'rooms' is none of this connector's; it knows no option"),
        ("matrix", '{"rooms": ["!a:b"]}', "public", "basis: Field required; give one of open_room"),
        ("matrix", '{"basis": "open_room"}', "public", "rooms: Field required; give the rooms"),
        ("matrix", '{"basis": "consent", "rooms": ["!a:b"]}', "public", "give legal_ground victim_request"),
        ("matrix", '{"basis": "consent", "rooms": ["#a:b"]}', "victim_request", "may lead to another room tomorrow"),
        (
            "messenger",
            '{"public_base": "https://a.test/", "basis": "authorised", "rooms": ["@a"]}',
            "court_order",
            "may lead to another room tomorrow, for which there is no authorised; give its id",
        ),
        ("messenger", "{}", "public", "public_base: Field required; give the address"),
    ],
)
def test_what_is_wrong_is_named_with_the_cure(name: str, options: str | None, ground: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(name, options, ground)


def test_a_basis_goes_with_grounds_that_there_are() -> None:
    assert set().union(*lawful.GROUNDS.values()) <= set(grounds.GROUNDS)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("30", 30), ("86401", 86_400), ("9" * 400, None), ("Thu, 01 Jan 2026 00:10:00 -0000", 600), ("soon", None)],
)
def test_an_interface_that_asks_for_patience_is_believed_for_a_day(asked: str, seconds: float | None) -> None:
    refused = answer("", status=503, **{"retry-after": asked})
    with pytest.raises(Transient) as busy:
        good(refused, datetime(2026, 1, 1, tzinfo=UTC))
    assert busy.value.after_s == seconds
