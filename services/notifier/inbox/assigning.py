"""Mails that a person assigns to a case: what no rule can know."""

import base64
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from services.notifier.answers import Answer, note
from services.notifier.inbox.matching import REFERENCE
from services.notifier.inbox.speaking import related
from services.notifier.inbox.store import UnmatchedRow
from services.notifier.store import SENT, Delivery
from shared.database import Transaction
from shared.events import AnswerKind

FEWEST_LETTERS = 8  # of a mail's id: as many as are shown


class CannotAssign(ValueError):
    """The message says why, and what to do."""


async def waiting(tx: Transaction, limit: int) -> Sequence[UnmatchedRow]:
    """The newest first."""
    open_mails = sa.select(UnmatchedRow).where(UnmatchedRow.assigned_at.is_(None))
    return await tx.scalars(open_mails.order_by(UnmatchedRow.arrived_at.desc()).limit(limit))


async def assign(
    tx: Transaction, mail: str, case: str, *, by: str, kind: AnswerKind | None = None, notice_id: UUID | None = None
) -> Delivery | None:
    """The mail becomes an answer to the case; the notice that it answers, where only one can be meant.

    `mail`: its id, or how it begins. `case`: its id or reference. `kind`: what the person read in it, else what the
    program did. Raises `CannotAssign`.
    """
    row = await _mail(tx, mail)
    sent = await _sent(tx, case)
    meant = _meant(row, sent, notice_id)
    case_id, now = sent[0].case_id, tx.clock.now()
    answer = Answer(
        source=f"mail:{row.message_id or row.mail_id}:{meant.notice_id if meant else case_id}",
        kind=kind or AnswerKind(row.kind),
        ticket=row.ticket,
        words=row.subject,
        channel="mail",
        at=row.arrived_at,
        how="person",
    )
    row.assigned_case, row.assigned_by, row.assigned_at = case_id, by, now
    await note(tx, case_id, meant.notice_id if meant else None, answer)
    return meant


async def _mail(tx: Transaction, given: str) -> UnmatchedRow:
    if len(given) < FEWEST_LETTERS:
        raise CannotAssign(f"mail {given!r}: give at least {FEWEST_LETTERS} letters of its id")
    begins = sa.cast(UnmatchedRow.mail_id, sa.Text).startswith(given.lower(), autoescape=True)
    rows = await tx.scalars(sa.select(UnmatchedRow).where(begins).with_for_update().limit(2))
    if len(rows) != 1:
        raise CannotAssign(
            f"mail {given!r}: {'several begin so' if rows else 'there is none'}; see `haetae inbox list`"
        )
    if rows[0].assigned_at is not None:
        raise CannotAssign(f"mail {given!r} was assigned by {rows[0].assigned_by} at {rows[0].assigned_at:%F %R} UTC")
    return rows[0]


async def _sent(tx: Transaction, case: str) -> Sequence[Delivery]:
    """The notices of that case that went out."""
    of_case: sa.ColumnElement[bool]
    if found := REFERENCE.fullmatch(case.upper()):
        first = base64.b32decode(found.group(1))
        of_case = Delivery.case_id.between(UUID(bytes=first + bytes(11)), UUID(bytes=first + b"\xff" * 11))
    else:
        try:
            of_case = Delivery.case_id == UUID(case)
        except ValueError as error:
            raise CannotAssign(f"case {case!r}: give its id or its reference (HT- and eight letters)") from error
    rows = await tx.scalars(sa.select(Delivery).where(of_case, Delivery.state == SENT))
    if not rows:
        raise CannotAssign(f"case {case!r}: no notice of such a case was sent")
    if len({row.case_id for row in rows}) > 1:
        raise CannotAssign(f"case {case!r}: several cases share this reference; give the id")
    return rows


def _meant(row: UnmatchedRow, sent: Sequence[Delivery], notice_id: UUID | None) -> Delivery | None:
    if notice_id is not None:
        named = [one for one in sent if one.notice_id == notice_id]
        if not named:
            raise CannotAssign(f"notice {notice_id} of that case was not sent")
        return named[0]
    domain = row.sender.rpartition("@")[2]
    theirs = [one for one in sent if related(domain, one.address.rpartition("@")[2].lower())] or list(sent)
    return theirs[0] if len(theirs) == 1 else None
