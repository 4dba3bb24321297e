"""The submission server: takes a mail, refuses it for good, or cannot be reached now."""

import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from services.notifier.domain import Accepted, Failed

Tls = Literal["auto", "starttls", "tls", "none"]
TOO_LARGE = 552  # RFC 1870, 6.1: the one refusal of a sender that is about the mail
# RFC 6647, 2.1 and 5: who greylists says so with 4.7.x or in words, and lets a mail in after minutes, not seconds.
GREYLISTED = re.compile(r"\b4\.7\.\d|\bgr[ea]y-?list", re.I)
GREYLISTED_S = 300.0


@dataclass(frozen=True)
class Envelope:
    """`id`: repeated by delivery statuses (ENVID of RFC 3461, 4.4)."""

    recipient: str
    id: str


# Takes a mail and its envelope.
Post = Callable[[bytes, Envelope], Awaitable[Accepted | Failed]]


@dataclass(frozen=True)
class Server:
    """`tls`: starttls and tls demand it; auto takes STARTTLS where it is offered; none never does. `authorities`: PEM
    file of those who may certify the server, in place of the system's.

    `timeout_s` bounds one whole submission: connecting, log-in, mail and answer.
    """

    host: str
    port: int
    sender: str
    timeout_s: float
    tls: Tls = "auto"
    username: str | None = None
    password: SecretStr | None = None
    authorities: Path | None = None

    def context(self) -> ssl.SSLContext | None:
        """Raises `ValueError` naming the file."""
        if self.tls == "none":
            return None
        try:
            return ssl.create_default_context(cafile=self.authorities)
        except OSError as error:
            raise ValueError(f"the authorities of {self.authorities} cannot be read: {error}") from error

    async def connected(self, context: ssl.SSLContext | None) -> aiosmtplib.SMTP:
        """After EHLO, encryption and log-in."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            use_tls=self.tls == "tls",
            start_tls={"starttls": True, "auto": None}.get(self.tls, False),
            tls_context=context,
            timeout=self.timeout_s,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except BaseException:
            client.close()
            raise
        return client


async def open_envelope(client: aiosmtplib.SMTP, sender: str, mail: bytes, envelope: Envelope) -> None:
    """MAIL FROM, with what the server offers: the size (RFC 1870), statuses without the text (RFC 3461)."""
    options = [f"SIZE={len(mail)}"] if client.supports_extension("size") else []
    if client.supports_extension("dsn"):
        options += ["RET=HDRS", f"ENVID={xtext(envelope.id)}"]
    await client.mail(sender, options=options)


async def address(client: aiosmtplib.SMTP, envelope: Envelope) -> None:
    """RCPT TO. A delivery status that says "delivered" proves the receipt, so that it is asked for as well."""
    options = []
    if client.supports_extension("dsn"):
        options = ["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{xtext(envelope.recipient)}"]
    await client.rcpt(envelope.recipient, options=options)


def xtext(text: str) -> str:
    """RFC 3461, 4."""
    return "".join(one if "!" <= one <= "~" and one not in "+=" else f"+{ord(one):02X}" for one in text)


def refusal(answer: aiosmtplib.SMTPResponseException) -> Failed:
    text = f"{answer.code} {answer.message}"
    if answer.code >= 500:
        return Failed(text, final=True)
    return Failed(text, after_s=GREYLISTED_S if GREYLISTED.search(answer.message) else 0.0)
