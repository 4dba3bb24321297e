"""A stored message as JSON and as plain HTML. Mail is hostile: everything that is shown is escaped, nothing is run."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from html import escape

from deploy.local.mailsink.store import Stored

LONGEST_BODY = 100_000
LIST_LENGTH = 200


def summary(stored: Stored) -> dict[str, object]:
    """The object that `GET /api/messages` lists."""
    message = parsed(stored)
    return {
        "id": str(stored.id),
        "rcpt": stored.rcpt,
        "envelope_from": stored.sender,
        "received": stored.received,
        "from": header(message, "From"),
        "to": header(message, "To"),
        "subject": header(message, "Subject"),
        "message_id": header(message, "Message-ID"),
        "date": header(message, "Date"),
        "body": body(message),
        "attachments": attachments(message),
        "suppressed_repeats": stored.suppressed_repeats,
    }


def parsed(stored: Stored) -> EmailMessage:
    return email.message_from_bytes(stored.file.read_bytes(), policy=email.policy.default)


def header(message: EmailMessage, name: str) -> str:
    """Empty when it is missing or cannot be parsed."""
    try:
        return str(message.get(name, "")).strip()
    except (ValueError, TypeError, IndexError, AttributeError):
        return ""


def body(message: EmailMessage) -> str:
    """The text part (else the HTML as text), at most `LONGEST_BODY` characters."""
    try:
        part = message.get_body(("plain", "html"))
        content = part.get_content() if part else ""
    except (LookupError, ValueError, AttributeError, TypeError):  # unknown charset, broken structure
        return ""
    return str(content)[:LONGEST_BODY]


def attachments(message: EmailMessage) -> list[str]:
    try:
        return [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    except (LookupError, ValueError, AttributeError, TypeError):
        return []


def inbox_page(messages: list[Stored], mailbox: str | None) -> str:
    title = f"Mailbox {mailbox}" if mailbox else "All mailboxes"
    newest = [summary(stored) for stored in messages[: -LIST_LENGTH - 1 : -1]]
    rows = "".join(
        f"<tr><td>{escape(str(m['received'])[:19])}</td><td>{escape(str(m['rcpt']))}</td>"
        f'<td><a href="/m/{m["id"]}">{escape(str(m["subject"]) or "(no subject)")}</a></td>'
        f"<td>{m['suppressed_repeats']}</td></tr>"
        for m in newest
    )
    head = "<tr><th>Received</th><th>Mailbox</th><th>Subject</th><th>Repeats kept out</th></tr>"
    return page(title, f"<p>{len(messages)} messages</p><table>{head}{rows}</table>")


def message_page(stored: Stored) -> str:
    shown = summary(stored)
    names = ("from", "to", "date", "message_id", "rcpt", "received", "suppressed_repeats")
    fields = "".join(f"<dt>{name.replace('_', ' ')}</dt><dd>{escape(str(shown[name]))}</dd>" for name in names)
    files = "".join(f"<li>{escape(name)}</li>" for name in attachments(parsed(stored)))
    return page(
        str(shown["subject"]) or "(no subject)",
        f'<p><a href="/">All mailboxes</a></p><dl>{fields}</dl><pre>{escape(str(shown["body"]))}</pre><ul>{files}</ul>',
    )


def page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="/inbox.css"></head><body><h1>{escape(title)}</h1>{content}</body></html>'
    )
