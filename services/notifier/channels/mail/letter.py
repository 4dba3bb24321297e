"""A notice as a mail: exactly what was approved, in an envelope that machines recognise."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from services.notifier.channels.port import Letter, Unsendable, must_be_approved
from shared.notices import reference

# Seven bits pass every server on the way unchanged, also those without 8BITMIME.
WIRE = policy.SMTP.clone(cte_type="7bit")
MAX_PLAIN_SUBJECT = 78 - len("Subject: ")  # RFC 5322, 2.1.1: what lines should not exceed


@dataclass(frozen=True)
class Origin:
    """In whose name mails go out. `sender` is the envelope's address too, so that bounces come back to it."""

    name: str
    sender: str
    reply_to: str

    def message_id(self, notice_id: UUID) -> str:
        """The same for each attempt.

        SMTP cannot say "exactly once": a server may take a mail and the connection end before its answer arrives. The
        mail then goes out again, and receiving servers that know its Message-ID drop the repeat.
        """
        return f"<{notice_id}@{self.domain}>"

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


def compose(letter: Letter, origin: Origin, now: datetime) -> bytes:
    """The mail, ready for the wire. Raises `Unsendable` unless it carries the approved bytes and nothing else."""
    must_be_approved(letter)
    try:
        raw = b"Subject: " + _subject(letter.notice.subject) + b"\r\n" + _message(letter, origin, now).as_bytes()
    except (ValueError, LookupError, IndexError) as error:  # what the email package raises for bad header values
        raise Unsendable(f"it cannot be put into a mail: {error}") from error
    if (problem := _difference(raw, letter)) is not None:
        raise Unsendable(f"its {problem} would arrive changed: control characters or no line break at the end?")
    return raw


def _message(letter: Letter, origin: Origin, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=WIRE)
    message["From"] = Address(origin.name, addr_spec=origin.sender)
    message["To"] = Address(addr_spec=letter.notice.recipient.email)
    message["Reply-To"] = Address(origin.name, addr_spec=origin.reply_to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = origin.message_id(letter.notice.notice_id)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers, please
    message["X-Haetae-Reference"] = reference(letter.case_id)
    message.set_content(letter.notice.body, charset="utf-8")
    return message


def _subject(text: str) -> bytes:
    """Encoded as a whole: `EmailMessage` drops a space where it folds between an encoded and a plain word."""
    plain = text.isascii() and text.isprintable() and len(text) <= MAX_PLAIN_SUBJECT and "=?" not in text
    return (text if plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")).encode("ascii")


def _difference(raw: bytes, letter: Letter) -> str | None:
    """What a recipient would not read as it was approved. Mail ends lines with CRLF; readers see line ends."""
    arrived = message_from_bytes(raw, policy=policy.default)
    if arrived.get_content().replace("\r\n", "\n") != letter.notice.body:
        return "body"
    if arrived["Subject"] != letter.notice.subject:
        return "subject"
    if [address.addr_spec for address in arrived["To"].addresses] != [letter.notice.recipient.email]:
        return "recipient"
    return None
