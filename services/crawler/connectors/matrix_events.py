"""Events of a Matrix room as messages (pure). Client-Server API: 8.7 (room events), 11.2 (m.room.message)."""

from collections.abc import Iterable

from services.crawler.connectors import answers as read
from services.crawler.connectors.port import Said


def said_in(events: Iterable[read.Table], room: str) -> tuple[Said, ...]:
    """Messages with a text, in the order given. What was taken back (redacted) has none."""
    return tuple(said for event in events if (said := _said(event, room)))


def _said(event: read.Table, room: str) -> Said | None:
    id, sender = read.name(event.get("event_id")), read.name(event.get("sender"))
    moment = read.moment(event.get("origin_server_ts"))
    if event.get("type") != "m.room.message" or "state_key" in event or event.get("room_id", room) != room:
        return None
    content = read.table(event.get("content"))
    # An edit repeats its text with a mark for programs that do not know edits; the new text stands by itself.
    body = read.text(read.table(content.get("m.new_content")).get("body")) or read.text(content.get("body"))
    return Said(id, sender, moment, body) if id and sender and moment and body else None
