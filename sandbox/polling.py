"""Reads the mail sink for all operators together."""

import asyncio
import sys

import httpx

from sandbox.mailbox import Mail, mail_of
from sandbox.operators import Operators

_EVERY_S = 1.0
_TIMEOUT_S = 5.0


class MailPoller:
    def __init__(self, mail_api: str, operators: Operators) -> None:
        self._operators = operators
        self._client = httpx.AsyncClient(base_url=mail_api.rstrip("/"), timeout=_TIMEOUT_S, trust_env=False)
        self._last = 0
        self.failures = 0

    async def skip_old(self) -> None:
        """What lies in the mailboxes before the world starts is about another one. No sink yet: nothing lies there."""
        for mail in await self._fetch():
            self._operators.skip(mail)

    async def run(self) -> None:
        """Until cancelled. A sink that does not answer is asked again."""
        while True:
            await asyncio.sleep(_EVERY_S)
            for mail in await self._fetch():
                self._operators.read(mail)

    async def close(self) -> None:
        await self._client.aclose()

    async def _fetch(self) -> list[Mail]:
        try:
            answer = await self._client.get("/api/messages", params={"after": self._last})
            answer.raise_for_status()
            rows = answer.json()
        except (httpx.HTTPError, ValueError) as fault:
            self.failures += 1
            if self.failures == 1:
                print(f"sandbox: the mail sink does not answer ({fault!r}); asking again", file=sys.stderr)  # noqa: T201
            return []
        mails = (mail_of(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
        found = [mail for mail in mails if mail is not None]
        self._last = max((int(mail.id) for mail in found if mail.id.isdecimal()), default=self._last)
        return found
