"""Which notice a mail answers."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.notifier.inbox.letter import Incoming
from services.notifier.inbox.speaking import authenticated, from_recipient, speaks
from services.notifier.store import SENT, Delivery
from shared.database import Transaction
from shared.notices import reference

REFERENCE = re.compile(r"\bHT-([A-Z2-7]{8})\b")
MAX_LOOKED_AT = 20_000  # characters of a text in which a reference is looked for
MAX_REFERENCES = 5
MAX_NOTICES = 500  # of the cases that share a reference
ENVELOPE_ID = re.compile(r"[0-9A-Za-z.-]{16,200}")


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
