"""A notice as a mail: exactly what was approved, in an envelope that machines recognise."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from pydantic import SecretStr

from services.notifier.channels.mail import names
from services.notifier.channels.mail.parts import WIRE, fill, read
from services.notifier.channels.port import Letter, Unsendable, must_be_approved
from shared.notices import reference

MAX_PLAIN_SUBJECT = 78 - len("Subject: ")  # RFC 5322, 2.1.1: what lines should not exceed
LARGEST = 1024 * 1024  # bytes: abuse desks' gateways take more, but no notice needs it
MOST_REFERENCES = 20  # of a thread: the first, which programs sort by, and the last ones


@dataclass(frozen=True)
class Origin:
    """In whose name mails go out. `sender` is the envelope's address too, so that bounces come back to it. `key`: of
    the tags in Message-IDs."""

    name: str
    sender: str
    reply_to: str
    key: SecretStr

    def message_id(self, id: UUID) -> str:
        """Of the mail with a notice, or with several."""
        return names.message_id(id, self.domain, self.key)

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


def compose(letter: Letter, origin: Origin, now: datetime) -> bytes:
    """The mail, ready for the wire. Raises `Unsendable` unless it carries the approved bytes and nothing else."""
    must_be_approved(letter)
    try:
        message = headers(origin, letter.notice.recipient.email, now)
        message["X-Haetae-Reference"] = reference(letter.case_id)
        fill(message, letter.notice)
        name = letter.message_id or origin.message_id(letter.notice.notice_id)
        raw = names_of(name, letter.thread) + subject_of(letter.notice.subject) + message.as_bytes()
        problem = _difference(raw, letter)
    except (ValueError, LookupError, MessageError) as error:  # what the email package raises for bad header values
        raise Unsendable(f"it cannot be put into a mail: {error}") from error
    if problem is not None:
        raise Unsendable(f"its {problem} would arrive changed: control characters or no line break at the end?")
    if len(raw) > LARGEST:
        raise Unsendable(f"its mail has {len(raw)} bytes, more than {LARGEST}")
    return raw


def headers(origin: Origin, to: str, now: datetime) -> EmailMessage:
    """A message without name, subject and content.

    Without Auto-Submitted (RFC 3834): somebody approved it, its recipient's automatic answer brings a ticket number and
    proves the receipt, and help desks put aside what says it is generated (Zendesk, "Causes for ticket suspension").
    """
    if not to.isascii():
        raise Unsendable(f"the mailbox {to} is not in ASCII: its domain has to be written as xn--…")
    message = EmailMessage(policy=WIRE)
    message["From"] = Address(origin.name, addr_spec=origin.sender)
    message["To"] = Address(addr_spec=to)
    message["Reply-To"] = Address(origin.name, addr_spec=origin.reply_to)
    message["Date"] = format_datetime(now)
    return message


def names_of(message_id: str, thread: tuple[str, ...] = ()) -> bytes:
    """Its name, and those that it follows: RFC 5322, 3.6.4, as an answer to the last mail of the case that this
    recipient got. `EmailMessage` would fold before a long name, which some receivers take for an empty one."""
    lines = [f"Message-ID: {message_id}"]
    if thread:
        lines.append(f"In-Reply-To: {thread[-1]}")
        lines.append("References: " + "\r\n ".join((thread[0], *thread[1:][1 - MOST_REFERENCES :])))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def subject_of(text: str) -> bytes:
    """Encoded as a whole: `EmailMessage` drops a space where it folds between an encoded and a plain word."""
    plain = text.isascii() and text.isprintable() and len(text) <= MAX_PLAIN_SUBJECT and "=?" not in text
    line = text if plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return b"Subject: " + line.encode("ascii") + b"\r\n"


def _difference(raw: bytes, letter: Letter) -> str | None:
    """What a recipient would not read as it was approved."""
    arrived = message_from_bytes(raw, policy=policy.default)
    body, attachments = read(arrived)
    if body != letter.notice.body:
        return "body"
    if attachments != letter.notice.attachments:
        return "attachments"
    if arrived["Subject"] != letter.notice.subject:
        return "subject"
    if [address.addr_spec for address in arrived["To"].addresses] != [letter.notice.recipient.email]:
        return "recipient"
    return None
