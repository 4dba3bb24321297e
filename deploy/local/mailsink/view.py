"""The pages of the inbox. Everything that came in by mail is escaped; there is no script and no inline style."""

from __future__ import annotations

from html import escape

from deploy.local.mailsink.store import Stored

LIST_LENGTH = 200


def inbox_page(messages: list[Stored], mailbox: str | None) -> str:
    title = f"Mailbox {mailbox}" if mailbox else "All mailboxes"
    rows = "".join(map(row, messages[: -LIST_LENGTH - 1 : -1]))  # newest first
    head = "<tr><th>Received</th><th>Mailbox</th><th>Subject</th><th>Repeats kept out</th></tr>"
    return page(title, f"<p>{len(messages)} messages</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>")


def row(stored: Stored) -> str:
    subject = escape(stored.content["subject"]) or "(no subject)"
    return (
        f"<tr><td>{escape(stored.received[:19])}</td><td>{escape(stored.rcpt)}</td>"
        f'<td><a href="/m/{stored.id}">{subject}</a></td><td>{stored.suppressed_repeats}</td></tr>'
    )


def message_page(stored: Stored) -> str:
    content = stored.content
    facts = {
        "From": content["from"],
        "To": content["to"],
        "Date": content["date"],
        "Message-ID": content["message_id"],
        "Mailbox": stored.rcpt,
        "Received": stored.received,
        "Repeats kept out": str(stored.suppressed_repeats),
    }
    terms = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    files = "".join(f"<li>{escape(name)}</li>" for name in content["attachments"])
    parts = f'<p><a href="/">All mailboxes</a></p><dl>{terms}</dl><pre>{escape(content["body"])}</pre>'
    return page(content["subject"] or "(no subject)", parts + (f"<ul>{files}</ul>" if files else ""))


def page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="/inbox.css"></head><body><h1>{escape(title)}</h1>{content}</body></html>'
    )
