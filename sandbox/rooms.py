"""One open room of a Matrix server in which a stand-in dialogue escalates: what the watch is shown on.

Of the client-server interface what a reader asks: the room's state (Client-Server API, 10.4) and messages (10.5).
"""

import json
from urllib.parse import parse_qs, unquote

from sandbox.dialogues.dialogues import Dialogue, dialogues
from sandbox.dialogues.grammar import Half
from sandbox.http import Request, Response, plain, response

Json = dict[str, object]

HOST, ADDRESS = "lantern-rooms.en.test", "127.77.200.1"
ROOM = f"!lanterns:{HOST}"
# Everybody may enter and read: without both nothing of it would be read.
OPEN: dict[str, Json] = {
    "m.room.join_rules": {"join_rule": "public"},
    "m.room.history_visibility": {"history_visibility": "world_readable"},
}
MOST = 100  # messages of an answer


class Room:
    """The same seed says the same; the last message came at `ends_at`, in seconds since 1970."""

    def __init__(self, seed: int, ends_at: float) -> None:
        dialogue = next(dialogues(Half.TRAINING, seed, 1, escalating_share=1.0))
        self._messages = _messages(dialogue, ends_at)

    def respond(self, request: Request) -> Response:
        path, _, query = request.target.partition("?")
        room = f"/_matrix/client/v3/rooms/{ROOM}"
        answers = {f"{room}/state/{kind}": content for kind, content in OPEN.items()}
        answers[f"{room}/messages"] = self._page({name: values[0] for name, values in parse_qs(query).items()})
        found = answers.get(unquote(path))
        return plain(404, "no such place here\n") if found is None else _json(found)

    def _page(self, query: dict[str, str]) -> Json:
        """Backwards from the end, or forwards from where an answer ended."""
        count = len(self._messages)
        if query.get("dir") == "b":
            return {"start": f"t{count}", "chunk": self._messages[::-1][:MOST], "end": f"t{max(0, count - MOST)}"}
        begun = {f"t{place}": place for place in range(count)}.get(query.get("from", ""), count)
        chunk = self._messages[begun : begun + MOST]
        return {"start": f"t{begun}", "chunk": chunk, "end": f"t{begun + len(chunk)}"}


def site(port: int) -> Json:
    """Its line of a list of sites."""
    return {
        "url": f"http://{HOST}:{port}/",
        "name": "Lantern rooms",
        "kind": "chat",
        "language": "en",
        "abuse_email": f"abuse@{HOST}",
        "legal_ground": "statutory_monitoring",
        "requests_per_second": 2,
        "revisit_seconds": 5,
        "connector": "matrix",
        "options": {"rooms": [ROOM], "basis": "open_room"},
    }


def _messages(dialogue: Dialogue, ends_at: float) -> list[Json]:
    later = ends_at - dialogue.turns[-1].at.timestamp()
    return [
        {
            "event_id": f"$e{place}",
            "room_id": ROOM,
            "sender": f"@speaker{said.speaker}:{HOST}",
            "type": "m.room.message",
            "origin_server_ts": round((said.at.timestamp() + later) * 1000),
            "content": {"msgtype": "m.text", "body": said.text},
        }
        for place, said in enumerate(dialogue.turns)
    ]


def _json(value: Json) -> Response:
    return response(200, "application/json", json.dumps(value).encode())
