"""Mails go out over a few connections that are kept: a greeting, encryption and log-in for each would cost more than
the mail."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import aiosmtplib

from services.notifier.channels.mail.smtp import (
    TOO_LARGE,
    Envelope,
    Server,
    address,
    open_envelope,
    refusal,
)
from services.notifier.domain import Accepted, Failed
from shared.observing import Attributes, calling

IDLE_S = 20.0  # servers wait for five minutes (RFC 5321, 4.5.3.2.7), busy ones for less
MOST_MAILS = 50  # over one connection: servers that limit them allow about a hundred
QUIT_S = 2.0
TROUBLE = (aiosmtplib.SMTPException, OSError, ValueError)


class Submission:
    """As many connections as there are calls at once. Closed by leaving its context."""

    def __init__(self, server: Server) -> None:
        self._server, self._context = server, server.context()
        self._idle: list[aiosmtplib.SMTP] = []
        self._mails: dict[aiosmtplib.SMTP, int] = {}
        self._unfinished: set[aiosmtplib.SMTP] = set()  # their last mail was refused: RSET before the next
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._idle:
            self._part(self._idle.pop())
        await asyncio.gather(*self._leaving)

    async def post(self, mail: bytes, envelope: Envelope) -> Accepted | Failed:
        """Never raises for what the server does."""
        server: Attributes = {"server.address": self._server.host, "server.port": self._server.port}
        with calling("smtp", "submit", server) as call:
            outcome = await self._post(mail, envelope)
            if isinstance(outcome, Failed):
                call.failed("refused" if outcome.final else "later")
            return outcome

    async def _post(self, mail: bytes, envelope: Envelope) -> Accepted | Failed:
        talk = _Talk(self, mail, envelope)
        try:
            async with asyncio.timeout(self._server.timeout_s):
                return await talk.run()
        except TROUBLE as error:
            # A refused log-in, sender or connection is our own trouble, whatever its code: no notice is to blame.
            reason = f"{self._server.host}:{self._server.port}: {type(error).__name__}: {error}"
            return Failed(reason, perhaps_taken=talk.perhaps_taken)
        finally:
            talk.end()

    async def open(self, mail: bytes, envelope: Envelope) -> aiosmtplib.SMTP:
        """A connection on which the mail is announced. One that was kept may have been closed meanwhile: then a new
        one."""
        if (kept := self._kept()) is not None:
            with suppress(*TROUBLE):
                return await self._announce(kept, mail, envelope)
        client = await self._server.connected(self._context)
        self._mails[client] = 0
        return await self._announce(client, mail, envelope)

    async def _announce(self, client: aiosmtplib.SMTP, mail: bytes, envelope: Envelope) -> aiosmtplib.SMTP:
        try:
            if client in self._unfinished:
                await client.rset()
                self._unfinished.discard(client)
            await open_envelope(client, self._server.sender, mail, envelope)
        except BaseException:
            self.drop(client)
            raise
        return client

    def keep(self, client: aiosmtplib.SMTP, *, refused: bool) -> None:
        """For the next mail, for a while."""
        self._mails[client] += 1
        if refused:
            self._unfinished.add(client)
        if self._mails[client] >= MOST_MAILS or not client.is_connected:
            return self._part(client)
        self._idle.append(client)
        asyncio.get_running_loop().call_later(IDLE_S, self._retire, client, self._mails[client])

    def drop(self, client: aiosmtplib.SMTP) -> None:
        """At once, whatever state it is in."""
        self._mails.pop(client, None)
        self._unfinished.discard(client)
        client.close()

    def _kept(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
            self.drop(client)
        return None

    def _retire(self, client: aiosmtplib.SMTP, mails: int) -> None:
        """Unless it was used again since."""
        if client in self._idle and self._mails[client] == mails:
            self._idle.remove(client)
            self._part(client)

    def _part(self, client: aiosmtplib.SMTP) -> None:
        task = asyncio.create_task(self._say_goodbye(client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _say_goodbye(self, client: aiosmtplib.SMTP) -> None:
        """The mails are taken whatever happens now: a server that does not answer the good-bye changes nothing."""
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=QUIT_S)
        self.drop(client)


class _Talk:
    """One mail's conversation. `perhaps_taken`: it has been going over, and no answer came yet."""

    def __init__(self, submission: Submission, mail: bytes, envelope: Envelope) -> None:
        self._submission, self._mail, self._envelope = submission, mail, envelope
        self._client: aiosmtplib.SMTP | None = None
        self.perhaps_taken = False

    async def run(self) -> Accepted | Failed:
        try:
            client = self._client = await self._submission.open(self._mail, self._envelope)
            await address(client, self._envelope)
            self.perhaps_taken = True
            _, answer = await client.data(self._mail)
            self.perhaps_taken = False
        except aiosmtplib.SMTPSenderRefused as refused:
            if refused.code != TOO_LARGE:
                raise
            return refusal(refused)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refused:
            self.perhaps_taken = False
            self._keep(client, refused=True)
            return refusal(refused)
        self._keep(client, refused=False)
        return Accepted(answer)

    def end(self) -> None:
        """A conversation that broke off is in no known state."""
        if self._client is not None:
            self._submission.drop(self._client)

    def _keep(self, client: aiosmtplib.SMTP, *, refused: bool) -> None:
        self._client = None
        self._submission.keep(client, refused=refused)
