"""The submission server: takes a mail, refuses it for good, or cannot be reached now."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from services.notifier.domain import Accepted, Failed

Tls = Literal["auto", "starttls", "tls", "none"]
QUIT_S = 2.0
# Takes (mail, recipient).
Post = Callable[[bytes, str], Awaitable[Accepted | Failed]]


@dataclass(frozen=True)
class Server:
    """`tls`: starttls and tls demand it; auto takes STARTTLS where it is offered; none never does.

    `timeout_s` bounds one whole submission: connecting, log-in, mail and answer.
    """

    host: str
    port: int
    sender: str
    timeout_s: float
    tls: Tls = "auto"
    username: str | None = None
    password: SecretStr | None = None

    async def post(self, mail: bytes, recipient: str) -> Accepted | Failed:
        client = self._client()
        try:
            async with asyncio.timeout(self.timeout_s):
                await client.connect()
                _, answer = await client.sendmail(self.sender, [recipient], mail)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return _refusal(refused.recipients[0])
        except aiosmtplib.SMTPDataError as refused:
            return _refusal(refused)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # A refused log-in, sender or connection is our own trouble, whatever its code: no notice is to blame.
            return Failed(f"{self.host}:{self.port}: {type(error).__name__}: {error}")
        else:
            # The mail is taken whatever happens now: a server that does not answer the good-bye changes nothing.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=QUIT_S)
            return Accepted(answer)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            use_tls=self.tls == "tls",
            start_tls={"starttls": True, "auto": None}.get(self.tls, False),
            timeout=self.timeout_s,
        )


def _refusal(answer: aiosmtplib.SMTPResponseException) -> Failed:
    return Failed(f"{answer.code} {answer.message}", final=answer.code >= 500)
