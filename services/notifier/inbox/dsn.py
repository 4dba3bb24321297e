"""Delivery status notifications (RFC 3464) and what servers send that do not follow it: what became of which mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from flufl.bounce import all_failures

from shared.text import one_line

MAX_RECIPIENTS = 50
MAX_PARTS = 50
MAX_FIELD = 500
MAX_RETURNED = 20_000  # characters of the returned headers
MAX_LOOSE = 64 * 1024  # bytes of a mail in which a bounce in free form is looked for
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")  # RFC 3464, 2.3.3
FROM_SERVERS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon")
MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{3,248}>")
RETURNED_ID = re.compile(rf"^[ \t>|]*Message-ID:\s*({MESSAGE_ID.pattern})", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Status:
    """Of one recipient. `recipient`: the mailbox, lower case; that of the mail where told, else the final one."""

    recipient: str
    action: str
    code: str
    reason: str

    @property
    def line(self) -> str:
        return " ".join(part for part in (self.action, self.recipient, self.code, self.reason) if part)


@dataclass(frozen=True)
class Report:
    """`message_id`: of the mail that it is about, from its returned headers; `envelope_id` (RFC 3461, 4.4): what we
    gave with it. Either may be empty: then the report proves nothing."""

    statuses: tuple[Status, ...]
    message_id: str
    envelope_id: str


def report_of(message: Message) -> Report | None:
    """None for a mail that reports no delivery."""
    if message.get_content_type() == "multipart/report":
        return _standard(message)
    return _loose(message) if _from_server(message) else None


def _standard(message: Message) -> Report | None:
    parts = _children(message)
    status = next((part for part in parts if part.get_content_type().startswith("message/") and _blocks(part)), None)
    if status is None or (message.get_param("report-type") or "delivery-status") != "delivery-status":
        return None
    blocks = _blocks(status)
    found = [made for block in blocks if (made := _status(block)) is not None]
    envelope = next((_field(block, "Original-Envelope-Id") for block in blocks if block["Original-Envelope-Id"]), "")
    return Report(tuple(found[:MAX_RECIPIENTS]), _returned_id(parts), envelope)


def _blocks(part: Message) -> list[Message]:
    """A status part is parsed as a list of header blocks; RFC 6533's global form is not, so it is read again."""
    if part.get_content_type() == "message/delivery-status":
        return _children(part)
    if part.get_content_type() != "message/global-delivery-status":
        return []
    text = _body(part)
    return [HeaderParser().parsestr(block) for block in re.split(r"\n\s*\n", text)[:MAX_RECIPIENTS] if block.strip()]


def _status(block: Message) -> Status | None:
    action = _field(block, "Action").lower()
    if action not in ACTIONS:
        return None
    recipient = _field(block, "Original-Recipient") or _field(block, "Final-Recipient")
    return Status(
        recipient=recipient.rpartition(";")[2].strip().strip("<>").lower(),
        action=action,
        code=_field(block, "Status").split(" ")[0],
        reason=_field(block, "Diagnostic-Code").rpartition(";")[2].strip(),
    )


def _returned_id(parts: list[Message]) -> str:
    for part in parts[1:]:
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            inner = _children(part)
            given = str(inner[0].get("Message-ID", "")) if inner else ""
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            given = str(HeaderParser().parsestr(_body(part)).get("Message-ID", ""))
        else:
            continue
        if found := MESSAGE_ID.search(given):
            return found.group()
    return ""


def _from_server(message: Message) -> bool:
    sender = str(message.get("From", ""))[:MAX_FIELD].lower()
    return str(message.get("Return-Path", "")).strip() == "<>" or any(name in sender for name in FROM_SERVERS)


def _loose(message: Message) -> Report | None:
    """Free words of a server: flufl.bounce knows the forms of many, and takes some answers for one: none without the
    mail that came back."""
    text = "\n".join(_bodies(message))[:MAX_LOOSE]
    if len(text) >= MAX_LOOSE:
        return None
    passing, final = all_failures(message)
    found = [Status(_text(one), "failed", "", "") for one in sorted(final)]
    found += [Status(_text(one), "delayed", "", "") for one in sorted(passing)]
    if not found:
        return None
    returned = RETURNED_ID.search(text)
    name = returned.group(1) if returned else _returned_id(list(islice(message.walk(), MAX_PARTS)))
    return Report(tuple(found[:MAX_RECIPIENTS]), name, "") if name else None


def _bodies(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            yield _body(part)


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload[: 4 * MAX_RETURNED].decode("utf-8", "replace")[:MAX_RETURNED]
    children = _children(part)
    return children[0].as_string()[:MAX_RETURNED] if children else ""


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _field(block: Message, name: str) -> str:
    return one_line(str(block.get(name, ""))[: 2 * MAX_FIELD], MAX_FIELD)


def _text(address: bytes | str) -> str:
    text = address.decode("ascii", "replace") if isinstance(address, bytes) else str(address)
    return one_line(text.lower(), MAX_FIELD)
