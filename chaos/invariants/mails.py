"""What lies in the mailboxes of those who were asked, as it was delivered: a mail of several notices taken apart."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import httpx

from services.notifier.channels.mail.parts import read
from shared.events.values import Attachment, Notice

AT_ONCE = 16
DIGEST = "multipart/digest"
Words = tuple[str, str, str | None, tuple[tuple[str, str, str], ...]]


@dataclass(frozen=True)
class Mail:
    """A notice as its recipient reads it. `place`: in the mail sink. `words`: all that was approved of it."""

    place: str
    to: str
    message_id: str
    subject: str
    words: Words


def words_of(to: str, subject: str, body: str | None, attachments: Sequence[Attachment]) -> Words:
    return to.lower(), subject, body, tuple((one.name, one.media_type, one.text) for one in attachments)


def approved_words(notice: Notice) -> Words:
    return words_of(notice.recipient.email, notice.subject, notice.body, notice.attachments)


async def read_mails(api: str) -> list[Mail]:
    """Without what others sent to the agency: the boxes that notices come from, or are to be answered to."""
    async with httpx.AsyncClient(base_url=api, trust_env=False, timeout=30.0) as http:
        listed = (await http.get("/api/messages")).raise_for_status().json()
        gate = asyncio.Semaphore(AT_ONCE)
        raw = await asyncio.gather(*(_raw(http, gate, one["id"]) for one in listed))
    messages = [message_from_bytes(data, policy=policy.default) for data in raw]
    ours = {address for message in messages for address in _own(message)}
    return [
        mail
        for stored, message in zip(listed, messages, strict=True)
        if stored["rcpt"].lower() not in ours
        for mail in _notices(stored, message)
    ]


async def _raw(http: httpx.AsyncClient, gate: asyncio.Semaphore, id_: str) -> bytes:
    async with gate:
        return (await http.get(f"/api/messages/{id_}/raw")).raise_for_status().content


def _own(message: EmailMessage) -> set[str]:
    """Nobody else sends mails with our reference, or digests."""
    if "X-Haetae-Reference" not in message and message.get_content_type() != DIGEST:
        return set()
    return {parseaddr(str(message[name]))[1].lower() for name in ("From", "Reply-To") if name in message}


def _notices(stored: Mapping[str, Any], message: EmailMessage) -> Iterator[Mail]:
    together = message.get_content_type() == DIGEST
    for one in (part.get_content() for part in message.iter_parts()) if together else (message,):
        body, attachments = read(one)
        subject = str(one["Subject"] or "")
        yield Mail(
            f"mail {stored['id']} to {stored['rcpt']}",
            stored["rcpt"].lower(),
            " ".join(str(one["Message-ID"] or "").split()),
            subject,
            words_of(stored["rcpt"], subject, body, attachments),
        )
