"""The parts of a mail: the notice alone, with what is attached, or as a report that abuse desks' machines read."""

from email.message import EmailMessage
from email.policy import SMTP

from services.notifier.channels.port import Unsendable
from shared.events.values import Attachment, Notice

# Seven bits pass every server on the way unchanged, also those without 8BITMIME.
WIRE = SMTP.clone(cte_type="7bit")
MOST_ATTACHMENTS = 16
XARF = "xarf.json"
# RFC 5965, 3.1, with the type that "Email Transport" of xarf.org adds to it. The fields are the same for every notice:
# what is particular stands in the report itself, which was approved.
FEEDBACK = {"Feedback-Type": "xarf", "User-Agent": "Haetae/1", "Version": "1"}


def fill(message: EmailMessage, notice: Notice) -> None:
    """Put the notice into a message that has its headers. Raises `Unsendable`."""
    attached = notice.attachments
    if not attached:
        message.set_content(notice.body, charset="utf-8")
        return
    if len(attached) > MOST_ATTACHMENTS:
        raise Unsendable(f"it has {len(attached)} attachments, more than {MOST_ATTACHMENTS}")
    reports = [one for one in attached if one.name == XARF]
    kind = "report" if reports else "mixed"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f"multipart/{kind}"
    if reports:
        message.set_param("report-type", "feedback-report")
    # No text contains its own digest, so that this line is in none of the parts.
    message.set_boundary(f"haetae={notice.sha256[:40]}")
    others = [one for one in attached if one not in reports]
    message.set_payload(
        [
            _text(notice.body),
            *([_feedback()] if reports else []),
            *(_attached(one) for one in (*reports, *others)),
        ]
    )


def read(message: EmailMessage) -> tuple[str | None, tuple[Attachment, ...]]:
    """Text and attachments as whoever gets the message reads them. Text None where it is none of ours."""
    if not message.is_multipart():
        return _content(message), ()
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    report = message.get_content_type() == "multipart/report"
    if len(parts) < 2 + report or (report and not _is_feedback(parts[1])):
        return None, ()
    attached = tuple(
        Attachment(name=part.get_filename() or "", media_type=part.get_content_type(), text=_bytes(part).decode())
        for part in parts[1 + report :]
    )
    return _content(parts[0]), attached


def _text(body: str) -> EmailMessage:
    part = EmailMessage(WIRE)
    part.set_content(body, charset="utf-8")
    del part["MIME-Version"]
    return part


def _feedback() -> EmailMessage:
    part = EmailMessage(WIRE)
    part["Content-Type"] = "message/feedback-report"
    part["Content-Disposition"] = "inline"
    part.set_payload("".join(f"{name}: {value}\r\n" for name, value in FEEDBACK.items()))
    return part


def _attached(one: Attachment) -> EmailMessage:
    part = EmailMessage(WIRE)
    maintype, _, subtype = one.media_type.partition("/")
    if maintype not in ("text", "application") or not one.name:
        raise Unsendable(f"its attachment {one.name!r} is a {one.media_type}: only named texts and data are sent")
    params = {"name": one.name, **({"charset": "utf-8"} if maintype == "text" else {})}
    part.set_content(one.text.encode(), maintype, subtype, filename=one.name, params=params)
    del part["MIME-Version"]
    return part


def _is_feedback(part: EmailMessage) -> bool:
    inner = part.get_payload()
    if part.get_content_type() != "message/feedback-report" or not isinstance(inner, list):
        return False
    return [dict(fields.items()) for fields in inner if isinstance(fields, EmailMessage)] == [FEEDBACK]


def _content(part: EmailMessage) -> str | None:
    """Mail ends lines with CRLF; readers see line ends."""
    if part.get_content_type() != "text/plain":
        return None
    return str(part.get_content()).replace("\r\n", "\n")


def _bytes(part: EmailMessage) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""
