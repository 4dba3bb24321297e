"""Public channels over a messenger's bot interface, from a peer on loopback that speaks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.connectors import Peer, after, conversations, posts, reading, watched
from tests.support.pages import picture
from tests.support.peers_messenger import TOKEN, Messenger

BASE = "https://channels.test/"
CREDENTIALS = f'[bot]\ntoken = "{TOKEN}"\nover_http = true\n'
TEXT = "The lantern parcel waits at gate seven."
CONSENT = {"basis": "consent", "reference": "C-14", "valid_until": "2999-12-31", "rooms": ["-2002", "77"]}


@pytest.fixture
def messenger() -> Messenger:
    return Messenger()


@pytest.fixture
async def peer(messenger: Messenger, tmp_path: Path) -> AsyncIterator[Peer]:
    async with reading(messenger.app, tmp_path, CREDENTIALS) as made:
        yield made


def channels(ground: str = "statutory_monitoring", **options: object):
    return watched("messenger", {"public_base": BASE, **options}, legal_ground=ground, credential="bot")


async def test_a_channel_post_with_a_picture_is_found_at_its_public_address(peer: Peer, messenger: Messenger) -> None:
    messenger.post(TEXT, picture=picture())
    (visited,) = await peer.visits(peer.begin(channels()), 1)
    (found,) = posts(visited)
    assert visited.problem is None
    assert (found.finding.url, found.text, found.finding.title) == (f"{BASE}lanterns/1", TEXT, "Lanterns")
    (seen,) = found.finding.pictures
    assert seen.url == f"{BASE}lanterns/1#media-ufile0"
    assert len(seen.pdq_dihedral) == 8
    assert found.published_at
    assert found.published_at.year == 2026


async def test_the_token_is_nowhere(peer: Peer, messenger: Messenger) -> None:
    """Neither in what is told nor in problems, whatever fails."""
    messenger.post(TEXT, picture=picture())
    messenger.refused_files.add("file0")
    told = [*await peer.visits(peer.begin(channels()), 2)]
    messenger.fail = [(401, {"description": f"Unauthorized: {TOKEN}"})]
    told += await peer.visits(peer.begin(channels()), 1)
    assert all(one.problem for one in told)
    assert TOKEN not in repr(told)
    assert "stand-in-token" not in repr(told)


@pytest.mark.parametrize("spelled", [TOKEN, quote(TOKEN, safe="")])
async def test_a_server_that_quotes_the_token_is_not_quoted(peer: Peer, messenger: Messenger, spelled: str) -> None:
    messenger.post(f"Asked for as {spelled}")
    messenger.headers = {"Content-Type": f"application/json; asked={spelled}"}
    (told,) = await peer.visits(peer.begin(channels()), 1)
    assert posts(told)[0].text == "Asked for as {token}"
    assert "stand-in-token" not in repr(told)


async def test_the_token_is_not_in_what_the_fetcher_says(peer: Peer) -> None:
    async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no HTTP at all\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(garbage, "127.0.0.1", 0) as server:
        url = f"http://peer.test:{server.sockets[0].getsockname()[1]}/"
        visited = await peer.reader.read(replace(peer.begin(channels()), url=url))
    assert "/bot{token}/getUpdates" in (visited.problem or "")
    assert "stand-in-token" not in repr(visited)


async def test_updates_are_confirmed_when_they_are_recorded_and_not_before(peer: Peer, messenger: Messenger) -> None:
    """A crash before that: they come again, with the same ids."""
    messenger.post(TEXT, picture=picture())
    begun = peer.begin(channels())
    first, again = await peer.reader.read(begun), await peer.reader.read(begun)
    assert [one.finding.content_id for one in posts(first)] == [one.finding.content_id for one in posts(again)]
    assert len(messenger.waiting) == 1
    messenger.post("Another lantern")
    later = await peer.reader.read(after(first))
    assert [one.text for one in posts(later)] == ["Another lantern"]
    assert len(messenger.waiting) == 1


async def test_more_than_a_batch_is_read_at_once_and_nothing_twice(peer: Peer, messenger: Messenger) -> None:
    wanted = [f"{TEXT} {number}" for number in range(45)]
    for text in wanted:
        messenger.post(text)
    visits = await peer.visits(peer.begin(channels()), 4)
    assert [one.text for visit in visits for one in posts(visit)] == wanted
    soon = [(visit.next_at - visits[0].next_at).total_seconds() < 60 for visit in visits]
    assert soon == [True, True, False, False]


async def test_large_files_are_read_in_several_visits(
    peer: Peer, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.crawler.connectors.messenger.MOST_BYTES", 20_000)
    for number in range(5):
        messenger.post(f"{TEXT} {number}", picture=picture())
    visits = await peer.visits(peer.begin(channels()), 3)
    assert [len(posts(visit)) for visit in visits] == [2, 2, 1]


async def test_a_video_comes_with_its_thumbnail(peer: Peer, messenger: Messenger) -> None:
    messenger.files |= {"film": b"no film at all", "thumb": picture()}
    video = {"file_id": "film", "file_unique_id": "ufilm", "mime_type": "video/mp4", "file_size": 14}
    thumbnail = {"file_id": "thumb", "file_unique_id": "uthumb", "width": 9, "height": 9}
    messenger.post("", video=video | {"thumbnail": thumbnail})
    (found,) = posts(await peer.reader.read(peer.begin(channels())))
    assert [one.url for one in found.videos] == [f"{BASE}lanterns/1#media-ufilm"]
    assert [one.url for one in found.finding.pictures] == [f"{BASE}lanterns/1#media-uthumb"]


async def test_an_edited_post_is_the_same_page_with_other_content(peer: Peer, messenger: Messenger) -> None:
    messenger.post(TEXT)
    first = await peer.reader.read(peer.begin(channels()))
    edited = messenger.waiting[0]["channel_post"] | {"text": "Edited lantern", "edit_date": 1}
    messenger.update("edited_channel_post", edited)
    second = await peer.reader.read(after(first))
    assert posts(first)[0].finding.url == posts(second)[0].finding.url
    assert posts(first)[0].finding.content_id != posts(second)[0].finding.content_id


async def test_whoever_asks_for_patience_is_left_alone(peer: Peer, messenger: Messenger) -> None:
    messenger.fail = [(429, {"description": "Too Many Requests", "retry_after": 17})]
    (visited,) = await peer.visits(peer.begin(channels()), 1)
    assert visited.hold_off_s == 17
    assert "asked too often" in (visited.problem or "")


@pytest.mark.parametrize(
    ("code", "said"), [(409, "another program"), (401, "look at the site's address"), (500, "failed: 500")]
)
async def test_errors_are_named(peer: Peer, messenger: Messenger, code: int, said: str) -> None:
    messenger.fail = [(code, {"description": "Conflict: terminated by other getUpdates request"})]
    (visited,) = await peer.visits(peer.begin(channels()), 1)
    assert said in (visited.problem or "")
    assert visited.cursor is None


async def test_a_picture_that_cannot_be_had_does_not_hold_up_the_channel_for_ever(
    peer: Peer, messenger: Messenger
) -> None:
    messenger.post(TEXT, picture=picture())
    messenger.refused_files.add("file0")
    visits = await peer.visits(peer.begin(channels()), 4)
    assert [len(posts(visit)) for visit in visits] == [1, 1, 1, 1]
    assert [visit.cursor is None for visit in visits] == [True, True, True, False]
    assert "left out" in (visits[-1].problem or "")


async def test_a_channel_without_a_public_name_and_one_not_wished_for_are_left_out(
    peer: Peer, messenger: Messenger
) -> None:
    messenger.post(TEXT, chat={"id": -9, "type": "channel", "title": "By invitation"})
    messenger.post(TEXT, channel="others")
    visited = await peer.reader.read(peer.begin(channels(channels=["lanterns"])))
    assert not visited.found
    assert "1 posts of channels without a public name" in (visited.problem or "")


async def test_messages_are_not_even_asked_for_without_a_basis(peer: Peer, messenger: Messenger) -> None:
    messenger.say(TEXT)
    visited = await peer.reader.read(peer.begin(channels(rooms=["@lantern_room"])))
    assert not visited.found
    asked = json.loads(messenger.asked[0].partition(" ")[2])
    assert json.loads(asked["allowed_updates"]) == ["channel_post", "edited_channel_post"]


async def test_an_open_group_is_a_conversation_as_long_as_it_is_open(peer: Peer, messenger: Messenger) -> None:
    site = channels(basis="open_room", rooms=["@lantern_room"])
    messenger.say(TEXT)
    messenger.say("And the kettle at gate eight.", speaker=8)
    messenger.say("A third group's words", id=-3, username="not_wished_for")
    first = await peer.reader.read(peer.begin(site))
    (told,) = conversations(first)
    assert [turn.text for turn in told.turns] == [TEXT, "And the kettle at gate eight."]
    assert told.turns[0].speaker != told.turns[1].speaker
    assert "https://channels.test/lantern_room" in told.proof
    messenger.chats[-2002]["join_by_request"] = True
    messenger.say("Said when whoever enters is asked first")
    second = await peer.reader.read(after(first))
    assert not second.found
    assert "not open to everybody" in (second.problem or "")


async def test_private_messages_are_read_with_consent_only(peer: Peer, messenger: Messenger) -> None:
    private = {"id": 77, "type": "private", "username": "somebody"}
    messenger.say(TEXT, **private)
    options = {"rooms": ["77"], "basis": "open_room"}
    assert not (await peer.reader.read(peer.begin(channels(**options)))).found
    authorised = CONSENT | {"basis": "authorised"}
    refused = await peer.reader.read(peer.begin(channels("police_request", **authorised)))
    assert not refused.found
    assert "with consent only" in (refused.problem or "")
    (told,) = conversations(await peer.reader.read(peer.begin(channels("victim_request", **CONSENT))))
    assert told.proof == "consent: C-14, valid until 2999-12-31 (UTC)"


@pytest.mark.parametrize("lacking", ["reference", "valid_until"])
async def test_consent_needs_its_reference_and_its_end(peer: Peer, messenger: Messenger, lacking: str) -> None:
    messenger.say(TEXT)
    given = {name: value for name, value in CONSENT.items() if name != lacking}
    visited = await peer.reader.read(peer.begin(channels("victim_request", **given)))
    assert not visited.found
    assert f"{lacking}: nothing" in (visited.problem or "")


async def test_consent_that_is_over_is_none(peer: Peer, messenger: Messenger) -> None:
    messenger.say(TEXT)
    messenger.post(TEXT)
    over = CONSENT | {"valid_until": "2020-01-01"}
    visited = await peer.reader.read(peer.begin(channels("victim_request", **over)))
    assert not conversations(visited)
    assert len(posts(visited)) == 1  # what is public is read all the same
    assert "is over since 2020-01-01" in (visited.problem or "")


async def test_numbers_that_go_backwards_stop_nothing(peer: Peer, messenger: Messenger) -> None:
    messenger.next_update = 900
    messenger.post(TEXT)
    first = await peer.reader.read(peer.begin(channels()))
    messenger.waiting, messenger.next_update = [], 5
    messenger.post("After the server began anew")
    begun = after(first)
    kept = json.loads(begun.cursor or "")
    stale = replace(begun, cursor=json.dumps(kept | {"at": "2026-01-01T00:00:00+00:00"}))
    assert [one.text for one in posts(await peer.reader.read(stale))] == ["After the server began anew"]
