"""Which notice a mail answers, and whether it may speak for its recipient."""

import base64
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from services.notifier.delivery.mailboxes import public_suffix, registered_domain
from services.notifier.inbox.letter import Incoming
from services.notifier.store import SENT, Delivery
from shared.database import Transaction
from shared.notices import reference

FREEMAIL = Path(__file__).with_name("data") / "freemail.toml"
REFERENCE = re.compile(r"\bHT-([A-Z2-7]{8})\b")
MAX_LOOKED_AT = 20_000  # characters of a text in which a reference is looked for
MAX_REFERENCES = 5
MAX_NOTICES = 500  # of the cases that share a reference
ENVELOPE_ID = re.compile(r"[0-9A-Za-z.-]{16,200}")
# By method, what it proves (RFC 8601, 2.7), where nothing of the sender's own stands before it.
PROVEN = tuple(
    re.compile(rf"\s*{method}\s*=\s*pass\s(?:.*\s)?(?:{named})=(?:[^\s@]*@)?([A-Za-z0-9.-]+)(?:\s|$)", re.IGNORECASE)
    for method, named in (("dmarc", r"header\.from"), ("dkim", r"header\.[di]"), ("spf", r"smtp\.mailfrom"))
)


@dataclass(frozen=True)
class Match:
    """`deliveries`: several of one recipient where they went out together in one mail. `speaks`: the mail comes from
    the recipient's own domain, so that its words are the recipient's."""

    deliveries: tuple[Delivery, ...]
    speaks: bool


@dataclass(frozen=True)
class NoMatch:
    """`case_id`: what it seems to be about."""

    why: str
    case_id: UUID | None = None


async def match(tx: Transaction, mail: Incoming, authserv_id: str) -> Match | NoMatch:
    """By Message-ID first, which only who got the notice knows; by our reference only from the recipient's domain, and
    then its words count only where our own server proved that domain."""
    if mail.report is not None:
        return await _reported(tx, mail)
    if meant := await _by_message_ids(tx, mail.refers):
        return Match(_named(meant, mail), speaks(mail, meant[0], authserv_id))
    return await _by_reference(tx, mail, authserv_id)


def speaks(mail: Incoming, delivery: Delivery, authserv_id: str) -> bool:
    return from_recipient(mail, delivery) and authenticated(mail, authserv_id)


def from_recipient(mail: Incoming, delivery: Delivery) -> bool:
    """By what its From line says."""
    address = delivery.address.lower()
    domain = address.rpartition("@")[2]
    return mail.sender == address if domain in freemail() else related(mail.domain, domain)


@cache
def freemail() -> frozenset[str]:
    return frozenset(tomllib.loads(FREEMAIL.read_text(encoding="utf-8"))["domains"])


def related(one: str, other: str) -> bool:
    """Of one registered domain, or one below the other; customers of one host below a public suffix are strangers."""
    if not one or not other:
        return False
    if registered_domain(one) == registered_domain(other):
        return True
    upper, lower = sorted((one, other), key=len)
    return lower.endswith(f".{upper}") and not public_suffix(upper)


def authenticated(mail: Incoming, authserv_id: str) -> bool:
    """Whether our own server found that the sender's domain sent it (RFC 8601). Only the topmost line of that server
    counts: what stands below, a sender may have written. Without `authserv_id` nobody is asked."""
    if not authserv_id:
        return True
    for line in mail.authentication:
        server, *results = _unquoted(line).split(";")
        if server.split()[:1] != [authserv_id.lower()]:
            continue
        proven = (found[1] for result in results for one in PROVEN if (found := one.match(result)))
        return any(related(mail.domain, domain) for domain in proven)
    return False


def _unquoted(line: str) -> str:
    """In lower case, without comments and quoted strings (RFC 5322, 3.2): senders choose what stands in them, such as
    the local part of their address. Empty where one of them does not end."""
    kept, comments, quoted, escaped = [], 0, False, False
    for character in line.lower():
        if escaped or (character == "\\" and (comments or quoted)):
            escaped = not escaped
        elif character == '"' and not comments:
            quoted = not quoted
        elif character in "()" and not quoted:
            comments = max(comments + (1 if character == "(" else -1), 0)
        elif not comments and not quoted:
            kept.append(character)
    return "" if comments or quoted else "".join(kept)


async def _reported(tx: Transaction, mail: Incoming) -> Match | NoMatch:
    """A status that names none of our mails proves nothing."""
    report = mail.report
    if report is None:
        raise ValueError("only a delivery status is matched by what it returns")
    # Where it returns no headers, its own may tell; where it does, theirs may name the thread, not the mail.
    if meant := await _by_message_ids(tx, (report.message_id,) if report.message_id else mail.refers[:1]):
        return Match(meant, speaks=True)
    if meant := await _by_envelope(tx, report.envelope_id):
        return Match(meant, speaks=True)
    return NoMatch("a delivery status about no mail of ours")


async def _by_message_ids(tx: Transaction, ids: Sequence[str]) -> tuple[Delivery, ...]:
    """The notice, or those that went out together, of the nearest Message-ID that is ours."""
    if not ids:
        return ()
    either = sa.or_(Delivery.message_id.in_(ids), Delivery.carrier_id.in_(ids))
    rows = await tx.scalars(sa.select(Delivery).where(either).limit(MAX_NOTICES))
    for name in ids:
        if own := [row for row in rows if row.message_id == name] or [row for row in rows if row.carrier_id == name]:
            return tuple(own)
    return ()


async def _by_envelope(tx: Transaction, envelope_id: str) -> tuple[Delivery, ...]:
    """What went with the mail is the local part of its Message-ID."""
    if not ENVELOPE_ID.fullmatch(envelope_id):
        return ()
    either = (one.startswith(f"<{envelope_id}@", autoescape=True) for one in (Delivery.message_id, Delivery.carrier_id))
    return tuple(await tx.scalars(sa.select(Delivery).where(sa.or_(*either)).limit(MAX_NOTICES)))


def _named(deliveries: tuple[Delivery, ...], mail: Incoming) -> tuple[Delivery, ...]:
    """Of notices that went out together, those whose reference the subject names; all where it names none."""
    found = REFERENCE.findall(mail.subject.upper())
    return tuple(row for row in deliveries if reference(row.case_id).removeprefix("HT-") in found) or deliveries


async def _by_reference(tx: Transaction, mail: Incoming, authserv_id: str) -> Match | NoMatch:
    references = dict.fromkeys(REFERENCE.findall(f"{mail.subject}\n{mail.text[:MAX_LOOKED_AT]}".upper()))
    if not references:
        return NoMatch("neither a Message-ID nor a reference of ours")
    if len(references) > MAX_REFERENCES:
        return NoMatch("too many references")
    rows = [row for text in references for row in await _of_reference(tx, text)]
    if not rows:
        return NoMatch("a reference that no case has")
    theirs = [row for row in rows if from_recipient(mail, row)]
    cases = {row.case_id for row in theirs or rows}
    if len(cases) > 1:
        return NoMatch("several cases fit")
    if not theirs:
        return NoMatch("a reference of ours, but not from its recipient's domain", cases.pop())
    last = max(theirs, key=lambda row: (row.state == SENT, row.sent_at or row.approved_at))
    # Who knows the page can work out its case's reference, and anybody can write a From line.
    return Match((last,), speaks=bool(authserv_id) and authenticated(mail, authserv_id))


async def _of_reference(tx: Transaction, text: str) -> Sequence[Delivery]:
    """Notices that were sent, of all cases whose ids begin with the reference's 40 bits (`shared.notices`)."""
    first = base64.b32decode(text)
    low, high = UUID(bytes=first + bytes(11)), UUID(bytes=first + b"\xff" * 11)
    within = sa.select(Delivery).where(Delivery.case_id.between(low, high), Delivery.sent_at.is_not(None))
    return await tx.scalars(within.limit(MAX_NOTICES))
