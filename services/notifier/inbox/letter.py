"""A mail from the agency's mailbox as a value (pure). Mail is hostile: every size and depth is bounded, and whatever
cannot be read says so instead of raising anything but `Unreadable`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from services.notifier.inbox.dsn import MESSAGE_ID, Report, report_of
from services.notifier.inbox.html import plain
from shared.text import one_line

# Of a mail; what is behind is not looked at. An answer with a quoted notice has 20 kB, its logos come after it; of a
# mail made of parts alone the parser takes 2 s a megabyte.
MAX_BYTES = 256 * 1024
MAX_BOUNDARIES = 100  # the standard parser's work grows with lines times nested parts
MAX_PARTS = 50
MAX_HEADERS = 200  # large providers write a hundred before those of a ticket system
MAX_TEXT = 100_000  # characters
MAX_HEADER = 2_000
MAX_REFERENCES = 40
MAX_ID = 250
# Python knows codecs that are no character set of mail, some slow with the square of their input.
CHARSETS = re.compile(r"^(us-ascii|utf-?8|utf-?16|iso-|iso8859|windows-|cp\d|koi8|euc|gb|big5|shift|sjis|ks_c|hz|tis)")
# RFC 3834, 5; the others are older, and still what vacation programs and ticket systems write.
# What programs write under a name that allows less (WHATWG Encoding, 4.2): one such character spoils all behind it.
WIDER = {
    **dict.fromkeys(("euc-kr", "euckr", "ks_c_5601-1987", "ksc5601"), "cp949"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis"), "cp932"),
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
}
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "X-Loop", "List-Id")
AUTOMATIC_PRECEDENCE = ("bulk", "junk", "list", "auto_reply")


class Unreadable(ValueError):
    """Bytes that are no mail, or one that is made to cost time."""


@dataclass(frozen=True)
class Incoming:
    """`sender`: the one address of From, lower case; empty for none or several. `refers`: Message-IDs that it answers,
    the nearest first. `headers`: those that ticket systems write, lower-case names. `authentication`: of the
    receiving server's Authentication-Results (RFC 8601), newest first."""

    message_id: str
    sender: str
    subject: str
    refers: tuple[str, ...]
    text: str
    automatic: bool
    headers: dict[str, str]
    authentication: tuple[str, ...]
    report: Report | None

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


def read(raw: bytes) -> Incoming:
    """Raises `Unreadable`."""
    raw = raw[:MAX_BYTES]
    if raw.lower().count(b"boundary") > MAX_BOUNDARIES:
        raise Unreadable(f"more than {MAX_BOUNDARIES} boundaries of parts")
    try:
        message = message_from_bytes(raw)
        return _incoming(message)
    except (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(f"the parser of mails gives up: {type(error).__name__}") from error


def _incoming(message: Message) -> Incoming:
    return Incoming(
        message_id=first_id(header(message, "Message-ID")),
        sender=_sender(message),
        subject=header(message, "Subject"),
        refers=_refers(message),
        text=_text(message),
        automatic=_automatic(message),
        headers={name.lower(): one_line(str(value), MAX_ID) for name, value in message.items()[:MAX_HEADERS]},
        authentication=tuple(one_line(str(v), MAX_HEADER) for v in (message.get_all("Authentication-Results") or [])),
        report=report_of(message),
    )


def header(message: Message, name: str) -> str:
    """Decoded, on one line; empty when it is missing."""
    raw = unfolded(message, name)[:MAX_HEADER]
    try:
        text = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, MessageError):
        text = raw
    return one_line(text, MAX_HEADER)


def unfolded(message: Message, name: str) -> str:
    """As it came, bytes beyond ASCII read as UTF-8 (RFC 6532)."""
    for given, value in message.raw_items():
        if given.lower() == name.lower():
            return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return ""


def first_id(text: str) -> str:
    found = MESSAGE_ID.search(text)
    return found.group() if found else ""


def _sender(message: Message) -> str:
    given = [str(value)[:MAX_HEADER] for value in message.get_all("From") or []]
    found = [address for _, address in getaddresses(given) if "@" in address]
    return one_line(found[0].lower(), MAX_ID) if len(found) == 1 else ""


def _refers(message: Message) -> tuple[str, ...]:
    nearest = MESSAGE_ID.findall(str(message.get("In-Reply-To", ""))[:MAX_HEADER])
    thread = MESSAGE_ID.findall(str(message.get("References", ""))[-MAX_REFERENCES * MAX_ID :])
    return tuple(dict.fromkeys([*nearest, *reversed(thread)]))[:MAX_REFERENCES]


def _automatic(message: Message) -> bool:
    submitted = header(message, "Auto-Submitted").lower()
    if submitted and submitted != "no":
        return True
    precedence = header(message, "Precedence").lower()
    return precedence in AUTOMATIC_PRECEDENCE or any(message.get(name) for name in AUTOMATIC_HEADERS)


def _text(message: Message) -> str:
    """The first plain text that says something, else the first HTML as text; attachments are not looked at."""
    html = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment":
            continue
        if kind == "text/plain" and (text := _decoded(part)).strip():
            return text
        if kind == "text/html" and not html:
            html = plain(_decoded(part))
    return html[:MAX_TEXT]


def _parts(message: Message) -> Iterator[Message]:
    """Without those of a returned message: what we wrote is not what was answered."""
    waiting, seen = [message], 0
    while waiting and seen < MAX_PARTS:
        part, seen = waiting.pop(0), seen + 1
        if part.get_content_maintype() == "message":
            continue
        if part.is_multipart():
            children = part.get_payload()
            waiting[:0] = [child for child in children if isinstance(child, Message)][:MAX_PARTS]
        else:
            yield part


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = (part.get_content_charset() or "utf-8").lower()
    known = WIDER.get(charset, charset) if CHARSETS.match(charset) else "utf-8"
    try:
        text = payload[: 4 * MAX_TEXT].decode(known, "replace")
    except LookupError:
        text = payload[: 4 * MAX_TEXT].decode("utf-8", "replace")
    return text.replace("\x00", "").replace("\r\n", "\n")[:MAX_TEXT]
