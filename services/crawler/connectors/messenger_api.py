"""Calls of a messenger's bot interface: `/bot<token>/<method>`, files at `/file/bot<token>/<path>`."""

import re
from urllib.parse import urlencode

from services.crawler.connectors import answers as read
from services.crawler.connectors.messenger_updates import MAX_FILE
from services.crawler.connectors.polite import PLACE
from services.crawler.connectors.port import Ask
from shared.failures import Failure, Rejected, Transient
from shared.net import Fetched
from shared.text import one_line

FILE_PATH = re.compile(r"^[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*(?:\.[A-Za-z0-9]+)?$")
CONFLICT = 409


class Api:
    """`answer`: the first one of the visit."""

    def __init__(self, ask: Ask, root: str) -> None:
        self._ask, self._root = ask, root.partition("?")[0].rstrip("/")
        self.answer: Fetched | None = None

    async def call(self, method: str, **parameters: object) -> object:
        """The result. Raises `Transient` or `Rejected` with the interface's own words."""
        answer = await self._ask(f"{self._root}/bot{PLACE}/{method}?{urlencode(parameters)}")
        self.answer = self.answer or answer
        said = read.table(read.json_of(answer))
        if said.get("ok") is True:
            return said.get("result")
        raise failure_of(said, answer.status)

    async def file(self, file_id: str) -> bytes | None:
        """Its bytes; None when it cannot be had. Raises `Transient` when the interface wants to be left alone."""
        try:
            path = read.text(read.table(await self.call("getFile", file_id=file_id)).get("file_path"), 512)
            if not FILE_PATH.match(path):
                return None
            answer = await self._ask(f"{self._root}/file/bot{PLACE}/{path}", max_bytes=MAX_FILE)
        except Transient as failure:
            if failure.after_s is not None:
                raise
            return None
        except Failure:
            return None
        return answer.body if answer.status == 200 else None


def failure_of(said: read.Table, status: int) -> Transient | Rejected:
    """`{"ok": false, "error_code": …, "description": …, "parameters": {"retry_after": …}}`."""
    code = read.whole(said.get("error_code")) or status
    words = f"{code}: {one_line(read.text(said.get('description'), 300), 200) or 'no description'}"
    wait = read.whole(read.table(said.get("parameters")).get("retry_after"))
    if wait is not None or code == 429:
        return Transient(f"asked too often: {words}", read.bounded_s(float(wait or 60)))
    if code == CONFLICT:
        return Transient(f"another program reads this bot's updates, or a webhook takes them: {words}")
    if code in (400, 401, 403, 404):
        return Rejected(f"refused: {words}; look at the site's address and at its credential's token")
    return Transient(f"failed: {words}")
