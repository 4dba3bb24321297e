"""Rooms of a Matrix server, by its client-server interface.

Specification, Client-Server API: 8.4 (errors, M_LIMIT_EXCEEDED), 10.4 (state of a room), 10.5 (`/messages`), 10.2
(`/directory/room`), 10.14 (history visibility), 10.4.1 (join rules).
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import quote, urlencode

from pydantic import Field

from services.crawler.connectors import answers as read
from services.crawler.connectors.lawful import GIVE_BASIS, GIVE_ROOMS, MOST_ROOMS, RoomName, RoomOptions
from services.crawler.connectors.matrix_events import said_in
from services.crawler.connectors.port import Ask, Basis, Conversation, Harvest, Source
from services.crawler.frontier.pace import REFUSALS
from shared.events import LawfulBasis
from shared.failures import Rejected, Transient
from shared.net import Fetched
from shared.text import one_line

BATCH = 100  # messages of a room in one visit
MAX_PLACE = 300  # characters of a server's token for a place in a room: ten of them fit into a cursor
ONLY_MESSAGES = json.dumps({"types": ["m.room.message"]}, separators=(",", ":"))


class MatrixOptions(RoomOptions):
    """`rooms`: ids (`!…`) or aliases (`#…`)."""

    ROOM_ID: ClassVar[re.Pattern[str]] = re.compile("!")

    rooms: Annotated[tuple[RoomName, ...], Field(min_length=1, max_length=MOST_ROOMS, description=GIVE_ROOMS)]
    basis: Annotated[LawfulBasis, Field(description=GIVE_BASIS)]


class Rooms:
    """The site's address: the server. An account's access token, where it wants one: the site's credential, as header
    `Authorization: Bearer …`."""

    options, is_api = MatrixOptions, True

    async def read(self, source: Source, ask: Ask) -> Harvest:
        if source.basis is None:
            raise Rejected(source.unlawful or "no conversation is read: the site's options name no basis")
        api, kept = _Api(ask, source), read.kept_in(source.cursor)
        found, problems, more = list[Conversation](), list[str](), False
        places: dict[str, object] = {}
        for named in source.options.rooms:
            key = _key(named)
            try:
                room = await api.room(named)
                basis = await _basis(room, source, api)
                conversation, places[key], onward = await _messages(room, basis, kept.get(key), api)
                found += [conversation] if conversation.said else []
                more = more or onward
            except Rejected as refused:  # its place is forgotten: what is said while it is closed is never read
                problems.append(f"room {one_line(named, 80)}: {refused}")
            except read.Unreadable as failure:
                problems.append(f"room {one_line(named, 80)}: {failure}")
                places |= {key: kept[key]} if key in kept else {}
        return Harvest(
            api.answer,
            conversations=tuple(found),
            cursor=json.dumps(places, separators=(",", ":")),
            after_s=0.0 if more else None,
            problem="; ".join(problems) or None,
        )


class _Api:
    def __init__(self, ask: Ask, source: Source) -> None:
        self._ask, self._now = ask, source.now
        self._root = source.start_url.partition("?")[0].rstrip("/") + "/_matrix/client/v3"
        self.answer: Fetched | None = None

    async def get(self, path: str, **parameters: object) -> read.Table:
        asked = f"?{urlencode(parameters)}" if parameters else ""
        answer = await self._ask(f"{self._root}{path}{asked}")
        self.answer = self.answer or answer
        if 200 <= answer.status < 300:
            return read.table(read.json_of(answer))
        raise _failure(answer, self._now)

    async def room(self, named: str) -> str:
        """Its id. An alias is looked up each time: it may lead to another room by now."""
        if named.startswith("!"):
            return named
        id = read.name((await self.get(f"/directory/room/{quote(named, safe='')}")).get("room_id"))
        if not id.startswith("!"):
            raise read.Unreadable("the alias leads to no room")
        return id

    async def state(self, room: str, kind: str, name: str) -> str:
        return read.text((await self.get(f"/rooms/{quote(room, safe='')}/state/{kind}")).get(name), 100)


async def _basis(room: str, source: Source, api: _Api) -> Basis:
    """Raises `Rejected` when the room is not open and nothing else allows it to be read. Asked at each visit."""
    if source.basis and source.basis.kind is not LawfulBasis.OPEN_ROOM:
        return source.basis
    joins = await api.state(room, "m.room.join_rules", "join_rule")
    seen_by = await api.state(room, "m.room.history_visibility", "history_visibility")
    if (joins, seen_by) != ("public", "world_readable"):
        raise Rejected(
            f"it is not open any more, so nothing is read: join_rule {joins or 'unknown'!r}, history_visibility "
            f"{seen_by or 'unknown'!r} (open are 'public' and 'world_readable')"
        )
    seen = f"{source.start_url} {room}: join_rule public, history_visibility world_readable"
    return Basis(LawfulBasis.OPEN_ROOM, f"{seen}; seen {source.now:%Y-%m-%d %H:%M} UTC")


async def _messages(room: str, basis: Basis, kept: object, api: _Api) -> tuple[Conversation, dict[str, str], bool]:
    """What is new, how far the room is read now, and whether there is more. At first: the newest, nothing of old."""
    place = read.table(kept)
    begun, after = read.text(place.get("from"), MAX_PLACE), read.text(place.get("after"), 255)
    way = {"dir": "f", "from": begun} if begun else {"dir": "b"}
    answer = await api.get(f"/rooms/{quote(room, safe='')}/messages", **way, limit=BATCH, filter=ONLY_MESSAGES)
    events = list(read.rows(answer.get("chunk")))
    if not begun:
        events.reverse()
    ids = [read.name(event.get("event_id")) for event in events]
    onward = read.name(answer.get("end" if begun else "start"))
    if len(onward) > MAX_PLACE or not (onward or begun):
        raise read.Unreadable(f"the server names no place to go on from, or one of more than {MAX_PLACE} characters")
    new = events[ids.index(after) + 1 :] if after in ids else events
    conversation = Conversation(room, basis, said_in(new, room))
    if onward:
        return conversation, {"from": onward}, bool(begun) and len(events) >= BATCH and onward != begun
    # At the end of the room some servers name no further place: it is asked from the same one, known events left out.
    last = next(reversed(ids), after)
    return conversation, {"from": begun, **({"after": last} if last else {})}, False


def _key(room: str) -> str:
    return hashlib.blake2b(room.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _failure(answer: Fetched, now: datetime) -> Transient | Rejected:
    """`{"errcode": "M_…", "error": …, "retry_after_ms": …}`."""
    try:
        said = read.table(read.json_of(answer))
    except read.Unreadable:
        said = {}
    code = one_line(read.text(said.get("errcode"), 100), 60)
    words = f"status {answer.status} {code} {one_line(read.text(said.get('error'), 300), 200)}".strip()
    if code == "M_LIMIT_EXCEEDED" or answer.status in REFUSALS:
        wait = read.whole(said.get("retry_after_ms"))
        seconds = read.wait_s(answer, now) if wait is None else read.bounded_s(wait / 1000)
        return Transient(f"asked too often: {words}", seconds or 60.0)
    if code == "M_UNKNOWN_TOKEN":
        return Transient(f"the access token is refused: {words}; renew the site's credential")
    return Rejected(words) if 400 <= answer.status < 500 else Transient(words)
