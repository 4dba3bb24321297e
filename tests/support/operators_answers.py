"""Mails as recipients and servers on the way really write them, as bytes. Neutral words; nothing in them shows or
describes anything."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

AGENCY = "answers@agency.test"


def reply(sender: str, to: EmailMessage | Any, words: str, *, at: Any, number: int, **more: str) -> bytes:
    """An answer in the thread of `to`, with it quoted below, as mail programs do it."""
    mail = _mail(sender, f"Re: {to['Subject']}", at, number)
    mail["In-Reply-To"] = mail["References"] = to["Message-ID"]
    for name, value in more.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in _text(to).splitlines()[:40])
    mail.set_content(f"{words}\n\n{quoted}\n")
    return mail.as_bytes()


def page(sender: str, to: Any, html: str, *, at: Any, number: int) -> bytes:
    """An answer in HTML alone."""
    mail = _mail(sender, f"Re: {to['Subject']}", at, number)
    mail["In-Reply-To"] = to["Message-ID"]
    mail.set_content(f"{html}<blockquote><pre>{_text(to)[:2000]}</pre></blockquote>", subtype="html")
    return mail.as_bytes()


def status(
    domain: str, to: Any, recipient: str, action: str, code: str, why: str, *, at: Any, number: int, envelope: str = ""
) -> bytes:
    """A delivery status notification (RFC 3464) of the server of `domain`, with the headers of `to` returned."""
    envelope = f"Original-Envelope-Id: {envelope}\r\n" if envelope else ""
    lines = [
        f"Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@{domain}>\r\nTo: notices@agency.test",
        f"Subject: Delivery status ({action})\r\nMessage-ID: <status-{number}@{domain}>\r\nDate: {format_datetime(at)}",
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="parts"\r\n',
        f"--parts\r\nContent-Type: text/plain\r\n\r\nThe mail to {recipient}: {action}.\r\n",
        f"--parts\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.{domain}\r\n{envelope}",
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {code}",
        f"Diagnostic-Code: smtp; {why}\r\n",
        f"--parts\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {to['Message-ID']}",
        f"Subject: {to['X-Haetae-Reference']}\r\n\r\n--parts--\r\n",
    ]
    return "\r\n".join(lines).encode()


def qmail_bounce(domain: str, to: Any, recipient: str, *, at: Any, number: int) -> bytes:
    """A bounce from a server that never heard of RFC 3464."""
    text = (
        f"Hi. This is the qmail-send program at {domain}.\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{recipient}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the "
        f"message.\n\nReturn-Path: <notices@agency.test>\nMessage-ID: {to['Message-ID']}\n"
    )
    mail = _mail(f"MAILER-DAEMON@{domain}", "failure notice", at, number)
    mail["Return-Path"] = "<>"
    mail.set_content(text)
    return mail.as_bytes()


def _mail(sender: str, subject: str, at: Any, number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, AGENCY, " ".join(subject.split())
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<answer-{number}@{sender.rpartition('@')[2]}>"
    return mail


def _text(mail: Any) -> str:
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return str(body.get_content()) if body else ""
