"""Several notices to one recipient in one mail: multipart/digest (RFC 2046, 5.1.5), each of them the mail that it would
have been alone, byte for byte, under its own Message-ID."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from services.notifier.channels.mail.letter import LARGEST, Origin, compose, headers, names_of, subject_of
from services.notifier.channels.port import Letter, Unsendable
from shared.notices import reference

MOST_NAMED = 5  # references in the subject


def compose_together(letters: Sequence[Letter], carrier_id: str, origin: Origin, now: datetime) -> bytes:
    """Ready for the wire. Raises `Unsendable`: nothing is left out."""
    mails = [compose(letter, origin, now) for letter in letters]
    to = {letter.notice.recipient.email for letter in letters}
    if len(to) != 1:
        raise Unsendable(f"{len(to)} recipients for one mail")
    message = headers(origin, to.pop(), now)
    boundary = _boundary(mails)
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = "multipart/digest"
    message.set_boundary(boundary)
    opening = b"--" + boundary.encode() + b"\r\n\r\n"  # no header of its own: message/rfc822 is what a digest holds
    parts = b"".join(opening + mail + b"\r\n" for mail in mails)
    head, _, _ = message.as_bytes().partition(b"\r\n\r\n")
    start = names_of(carrier_id) + subject_of(_subject(letters)) + head + b"\r\n\r\n"
    raw = start + parts + b"--" + boundary.encode() + b"--\r\n"
    if len(raw) > LARGEST:
        raise Unsendable(f"{len(letters)} notices in one mail have {len(raw)} bytes, more than {LARGEST}")
    return raw


def _subject(letters: Sequence[Letter]) -> str:
    """Our references alone, in no language: no word of it was approved by anybody."""
    named = list(dict.fromkeys(reference(letter.case_id) for letter in letters))
    more = f" +{len(named) - MOST_NAMED}" if len(named) > MOST_NAMED else ""
    return f"[Haetae {' '.join(named[:MOST_NAMED])}{more}]"


def _boundary(mails: Sequence[bytes]) -> str:
    """No text contains the digest of itself."""
    return f"haetae-{hashlib.sha256(b''.join(mails)).hexdigest()[:40]}"
