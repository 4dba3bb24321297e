"""What a mail says, read from its bytes. Mail is hostile: whatever comes in, something readable comes out."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from typing import TypedDict, TypeVar

LONGEST_BODY = 100_000
T = TypeVar("T")

Content = TypedDict(
    "Content",
    {
        "from": str,
        "to": str,
        "subject": str,
        "message_id": str,
        "date": str,
        "body": str,
        "attachments": list[str],
    },
)


def read(raw: bytes) -> Content:
    """Headers as text (empty when missing), the plain text (else the HTML as text), the attachments' names."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "from": header(message, "From"),
        "to": header(message, "To"),
        "subject": header(message, "Subject"),
        "message_id": header(message, "Message-ID"),
        "date": header(message, "Date"),
        "body": or_else("", lambda: body(message))[:LONGEST_BODY],
        "attachments": or_else([], lambda: attachments(message)),
    }


def header(message: EmailMessage, name: str) -> str:
    """With folds and runs of white space made one space."""
    return " ".join(or_else("", lambda: printable(str(message.get(name, "")))).split())


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    return printable(str(part.get_content())) if part else ""


def attachments(message: EmailMessage) -> list[str]:
    return [printable(part.get_filename() or part.get_content_type()) for part in message.iter_attachments()]


def printable(text: str) -> str:
    """Bytes that were no text (surrogates) replaced, so that it can go into JSON and HTML."""
    return text.encode("utf-8", "replace").decode()


def or_else(default: T, reading: Callable[[], T]) -> T:
    """The standard library's mail parser raises many kinds of error on broken mail; none may refuse a message."""
    try:
        return reading()
    except Exception:
        return default
