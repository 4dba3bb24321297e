"""Rooms of a Matrix server, from a peer on loopback that speaks its client-server interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.crawler.visit import Visited
from tests.support.connectors import Peer, after, conversations, reading, watched
from tests.support.peers_matrix import ALIAS, ROOM, Matrix

TEXT = "The lantern parcel waits at gate seven."
OPEN = {"basis": "open_room", "rooms": [ROOM]}
PERMIT = {"basis": "authorised", "reference": "O-7", "valid_until": "2999-12-31", "rooms": [ROOM]}


@pytest.fixture
def matrix() -> Matrix:
    return Matrix()


@pytest.fixture
async def peer(matrix: Matrix, tmp_path: Path) -> AsyncIterator[Peer]:
    credentials = '[member]\nheaders = {Authorization = "Bearer stand-in"}\nover_http = true\n'
    async with reading(matrix.app, tmp_path, credentials) as made:
        yield made


def texts(visited: Visited) -> list[str]:
    return [turn.text for told in conversations(visited) for turn in told.turns]


async def test_an_open_room_is_observed_with_what_shows_that_it_is_open(peer: Peer, matrix: Matrix) -> None:
    matrix.say(TEXT)
    matrix.say("And the kettle?", sender="@jun:rooms.test")
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN)), 1)
    (told,) = conversations(visited)
    assert visited.problem is None
    assert (told.conversation, told.lawful_basis) == (ROOM, "open_room")
    assert "join_rule public, history_visibility world_readable" in told.proof
    assert [(turn.turn_id, turn.text) for turn in told.turns] == [("$e0", TEXT), ("$e1", "And the kettle?")]


async def test_speakers_are_pseudonyms_of_their_conversation(peer: Peer, matrix: Matrix) -> None:
    for sender in ("@minji:rooms.test", "@jun:rooms.test", "@minji:rooms.test"):
        matrix.say(TEXT, sender=sender)
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN)), 1)
    first, second, third = (turn.speaker for turn in conversations(visited)[0].turns)
    assert first == third != second
    assert "minji" not in repr(visited.found)


async def test_what_is_new_comes_once_and_in_order(peer: Peer, matrix: Matrix) -> None:
    matrix.say("one")
    begun = peer.begin(watched("matrix", OPEN))
    first = await peer.reader.read(begun)
    matrix.say("two")
    matrix.say("three")
    second = await peer.reader.read(after(first))
    third = await peer.reader.read(after(second))
    assert [texts(visit) for visit in (first, second, third)] == [["one"], ["two", "three"], []]


async def test_a_server_that_names_no_end_repeats_nothing(peer: Peer, matrix: Matrix) -> None:
    matrix.names_end = False
    begun, told = peer.begin(watched("matrix", OPEN)), []
    for number in range(4):
        matrix.say(f"{number}")
        visited = await peer.reader.read(begun)
        told += texts(visited)
        begun = after(visited)
    assert told == ["0", "1", "2", "3"]


async def test_a_flood_is_read_whole_in_several_visits(peer: Peer, matrix: Matrix) -> None:
    matrix.say("before")
    first = await peer.reader.read(peer.begin(watched("matrix", OPEN)))
    wanted = [str(matrix.say(str(number)) and number) for number in range(230)]
    visits = await peer.visits(after(first), 3)
    assert [text for visit in visits for text in texts(visit)] == wanted
    assert all(len(told.turns) <= 200 for visit in visits for told in conversations(visit))


@pytest.mark.parametrize(("name", "value"), [("join_rule", "invite"), ("visibility", "shared")])
async def test_a_room_that_is_closed_is_refused_and_nothing_said_in_it_is_ever_read(
    peer: Peer, matrix: Matrix, name: str, value: str
) -> None:
    matrix.say("open")
    first = await peer.reader.read(peer.begin(watched("matrix", OPEN)))
    setattr(matrix, name, value)
    matrix.asked.clear()
    matrix.say("closed")
    second = await peer.reader.read(after(first))
    assert not second.found
    assert "room" in (second.problem or "")
    assert "messages" not in matrix.asked
    setattr(matrix, name, {"join_rule": "public", "visibility": "world_readable"}[name])
    matrix.asked.clear()
    third = await peer.reader.read(after(second))
    assert third.problem is None
    assert "messages" in matrix.asked


async def test_a_closed_room_is_read_with_a_permission_and_a_members_token(peer: Peer, matrix: Matrix) -> None:
    matrix.visibility, matrix.member_token = "joined", "stand-in"
    matrix.say(TEXT)
    site = watched("matrix", PERMIT, legal_ground="court_order", credential="member")
    (visited,) = await peer.visits(peer.begin(site), 1)
    assert texts(visited) == [TEXT]
    assert conversations(visited)[0].proof == "authorised: O-7, valid until 2999-12-31 (UTC)"


async def test_a_permission_does_not_go_with_an_ordinary_visitors_ground(peer: Peer, matrix: Matrix) -> None:
    matrix.say(TEXT)
    (visited,) = await peer.visits(peer.begin(watched("matrix", PERMIT, legal_ground="public")), 1)
    assert not visited.found
    assert matrix.asked == []
    assert "does not go with the legal ground 'public'" in (visited.problem or "")


async def test_an_alias_is_looked_up(peer: Peer, matrix: Matrix) -> None:
    matrix.say(TEXT)
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN | {"rooms": [ALIAS]})), 1)
    assert conversations(visited)[0].conversation == ROOM
    (other,) = await peer.visits(peer.begin(watched("matrix", OPEN | {"rooms": ["#nobody:rooms.test", ROOM]})), 1)
    assert texts(other) == [TEXT]
    assert "M_NOT_FOUND" in (other.problem or "")


async def test_edits_stand_with_their_new_text_and_what_was_taken_back_is_left_out(peer: Peer, matrix: Matrix) -> None:
    new = {"msgtype": "m.text", "body": " * At gate eight.", "m.new_content": {"body": "At gate eight."}}
    matrix.say("", content=new)
    matrix.say("", content={})
    matrix.say("a picture", type="m.sticker")
    matrix.say("from elsewhere", room_id="!other:rooms.test")
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN)), 1)
    assert texts(visited) == ["At gate eight."]


async def test_whoever_asks_for_patience_is_left_alone(peer: Peer, matrix: Matrix) -> None:
    matrix.say(TEXT)
    matrix.fail = [(429, {"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": 3500})]
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN)), 1)
    assert visited.hold_off_s == 3.5
    assert not visited.found


async def test_a_token_that_is_refused_is_named(peer: Peer, matrix: Matrix) -> None:
    matrix.fail = [(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"})]
    (visited,) = await peer.visits(peer.begin(watched("matrix", OPEN)), 1)
    assert "renew the site's credential" in (visited.problem or "")
