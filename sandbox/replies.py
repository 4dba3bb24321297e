"""What operators and companies write back to a notice: real mails, in their own ways and languages."""

import tomllib
import zlib
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from functools import cache
from importlib import resources

from sandbox.mailbox import Mail
from sandbox.model import Behaviour

QUOTED_LINES = 30  # of the notice, below the answer, as most mail programs do


@dataclass(frozen=True, slots=True)
class Say:
    """`what`: ticket, removed, refused, away, delayed or bounced; `after_s`: seconds after the notice was read."""

    what: str
    after_s: float


# Those who act at once differ in what they say of it.
AT_ONCE = (
    (Say("removed", 1.0),),
    (Say("ticket", 0.5), Say("removed", 2.0)),
    (),
    (Say("away", 0.5), Say("removed", 3.0)),
)
NEVER = (Say("refused", 2.0),)
PRETEND = (Say("removed", 1.0),)
# By the role of a company: a host sees to its customer, others point to somebody else.
COMPANIES = {
    "host": (Say("ticket", 0.5), Say("removed", 6.0)),
    "cdn": (Say("ticket", 0.5),),
    "registrar": (Say("delayed", 1.0), Say("bounced", 4.0)),
}


def of_site(host: str, behaviour: Behaviour, late_s: float) -> tuple[Say, ...]:
    """The same host always answers in the same way."""
    match behaviour:
        case Behaviour.AT_ONCE:
            return AT_ONCE[zlib.crc32(host.encode()) % len(AT_ONCE)]
        case Behaviour.LATE:
            return (Say("ticket", 0.5), Say("removed", late_s + 1.0))
        case Behaviour.NEVER:
            return NEVER
        case Behaviour.PRETEND:
            return PRETEND
        case Behaviour.CLOAK:
            return ()


def compose(what: str, mail: Mail, mailbox: str, language: str, number: int) -> bytes:
    """The answer to a notice, from that mailbox, in its thread."""
    if what in ("delayed", "bounced"):
        return _status(what, mail, mailbox, number)
    reply = EmailMessage(policy=policy.SMTP)  # lines end as on the wire
    reply["From"], reply["To"] = mailbox, mail.sender
    reply["Subject"] = f"[#{number}] Re: {mail.subject}" if what == "ticket" else f"Re: {mail.subject}"
    reply["Message-ID"] = f"<{what}-{number}@{mailbox.partition('@')[2]}>"
    reply["In-Reply-To"] = reply["References"] = mail.message_id
    if what in ("ticket", "away"):
        reply["Auto-Submitted"] = "auto-replied"
    words = phrases()[what].get(language, phrases()[what]["en"]).format(number=number)
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines()[1 : QUOTED_LINES + 1])
    reply.set_content(f"{words}\n\n{quoted}\n")
    return reply.as_bytes()


def _status(what: str, mail: Mail, mailbox: str, number: int) -> bytes:
    """Of the mailbox's own server (RFC 3464): it took the mail, and could not bring it further."""
    domain = mailbox.partition("@")[2]
    action, code, why = {
        "delayed": ("delayed", "4.2.2", "452 4.2.2 mailbox full, still trying"),
        "bounced": ("failed", "5.2.2", "552 5.2.2 mailbox full"),
    }[what]
    lines = (
        f"From: Mail Delivery System <mailer-daemon@{domain}>", f"To: {mail.sender}", f"Subject: Delivery ({action})",
        f"Message-ID: <{what}-{number}@{domain}>", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"', "",
        "--part", "Content-Type: text/plain", "", f"Your mail to {mailbox}: {why}.", "",
        "--part", "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; mx.{domain}", "",
        f"Final-Recipient: rfc822; {mailbox}", f"Action: {action}", f"Status: {code}",
        f"Diagnostic-Code: smtp; {why}", "",
        "--part", "Content-Type: text/rfc822-headers", "", f"Message-ID: {mail.message_id}", "", "--part--", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


@cache
def phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("sandbox") / "replies.toml").read_text("utf-8"))
