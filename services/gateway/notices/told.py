"""What each event tells of the notices of a case: drafted, released, sent, answered, withdrawn, to be handed in."""

from datetime import datetime
from typing import Any

from services.gateway.audit import Action, Step
from services.gateway.notices.rows import Answer, CaseNotice, Held, Round
from services.gateway.store import Case, Plan
from services.gateway.texts import BY_POLICY
from shared.events import (
    CaseLink,
    CasePlanned,
    HandOverDue,
    NoticeAnswered,
    NoticeBounced,
    NoticeDrafted,
    NoticeEscalated,
    NoticeSent,
    NoticeWithdrawn,
)

NoticeEvent = (
    NoticeDrafted
    | NoticeSent
    | NoticeBounced
    | NoticeAnswered
    | NoticeEscalated
    | NoticeWithdrawn
    | CasePlanned
    | HandOverDue
)
EXPIRED = "expired"  # why the notifier did not take up what a policy approved
OVERDUE = 2_000_000  # the round of that; see `autosend.deciding.REST`
MAX_TICKET = 200  # characters of a recipient's number that the history keeps


def apply(held: Held, event: NoticeEvent) -> Step | None:
    """A plan has no line of history: it is nothing that happened, and changes with every check."""
    match event:
        case NoticeDrafted():
            return drafted(held, event)
        case NoticeSent():
            return sent(held, event)
        case NoticeBounced():
            return bounced(held, event)
        case NoticeAnswered():
            return answered(held, event)
        case NoticeEscalated():
            return escalated(held, event)
        case NoticeWithdrawn():
            return withdrawn(held, event)
        case CasePlanned():
            planned(held.case, event)
            return None
        case HandOverDue():
            return to_hand_in(held, event)


def drafted(held: Held, event: NoticeDrafted) -> Step:
    """A draft that comes after its round's verdict changes nothing: the verdict was on what was shown."""
    linked(held.case, event.links)
    about: dict[str, Any] = {"notices": [notice.sha256 for notice in event.notices]}
    if event.round:
        about |= {"round": event.round, "why": event.why}
    target = held.round(event.round) if event.round else held.case
    if target.decided_at:
        return Step(Action.DRAFT_IGNORED, about)
    if target.drafted_at is None or event.drafted_at > target.drafted_at:
        target.drafted_at = event.drafted_at
        if isinstance(target, Round):
            target.why = event.why
        else:
            target.report = event.report
    for position, notice in enumerate(event.notices):
        row = held.notice(notice.notice_id)
        if row.drafted_at is None or event.drafted_at > row.drafted_at:
            row.position, row.content, row.sha256 = position, notice, notice.sha256
            row.drafted_at, row.round = event.drafted_at, event.round
            row.before = row.edited_at = row.edited_by = None  # what a person changed was another draft
    return Step(Action.DRAFTED, about)


def linked(case: Case, links: tuple[CaseLink, ...]) -> None:
    """Each case once, with everything that agrees."""
    known = {link.case_id: link for link in case.links or ()}
    for link in links:
        before = known.get(link.case_id)
        by = tuple(sorted({*link.by, *(before.by if before else ())}))
        found_at = earliest(before.found_at if before else None, link.found_at)
        known[link.case_id] = link.model_copy(update={"by": by, "found_at": found_at})
    case.links = tuple(sorted(known.values(), key=lambda link: (link.found_at, link.case_id))) or None


def sent(held: Held, event: NoticeSent) -> Step:
    held.case.sent_at = earliest(held.case.sent_at, event.sent_at)
    row = held.notice(event.notice_id)
    if row.sent_at is None or event.sent_at > row.sent_at:
        row.sent_at, row.receipt, row.message_id = event.sent_at, event.receipt, event.message_id
    to = event.recipient.email or event.recipient.name
    return Step(Action.SENT, {"notice": str(event.notice_id), "to": to, "receipt": event.receipt})


def bounced(held: Held, event: NoticeBounced) -> Step:
    row = held.notice(event.notice_id)
    if row.bounced_at is None or event.bounced_at > row.bounced_at:
        row.bounced_at, row.bounce_reason = event.bounced_at, event.reason
    to = event.recipient.email or event.recipient.name
    return Step(Action.BOUNCED, {"notice": str(event.notice_id), "to": to, "reason": event.reason})


def answered(held: Held, event: NoticeAnswered) -> Step:
    """The words stay out of the history: nothing is ever taken out of it, and a person may be named in them."""
    held.answers.setdefault(
        event.answer_id,
        Answer(
            answer_id=event.answer_id,
            case_id=event.case_id,
            notice_id=event.notice_id,
            kind=event.kind.value,
            recipient=event.recipient,
            ticket=event.ticket,
            words=event.words,
            channel=event.channel,
            answered_at=event.answered_at,
        ),
    )
    details = {"answer": event.kind.value, "ticket": event.ticket[:MAX_TICKET], "to": event.recipient}
    return Step(Action.ANSWERED, details | {"notice": str(event.notice_id or "")})


def escalated(held: Held, event: NoticeEscalated) -> Step:
    for notice_id in event.notices:
        row = held.notice(notice_id)
        if row.released_at is None or event.escalated_at < row.released_at:
            row.released_at, row.release_why = event.escalated_at, event.why
    about = {"rung": event.rung, "why": event.why, "notices": [str(notice) for notice in event.notices]}
    return Step(Action.ESCALATED, about)


def to_hand_in(held: Held, event: HandOverDue) -> Step:
    row = held.notice(event.notice_id)
    if row.hand_over_at is None or event.due_at < row.hand_over_at:
        row.hand_over_at, row.hand_over_why = event.due_at, event.why
    return Step(Action.HAND_OVER_DUE, {"notice": str(event.notice_id), "why": event.why})


def withdrawn(held: Held, event: NoticeWithdrawn) -> Step:
    row = held.notice(event.notice_id)
    if event.why == EXPIRED and event.by.startswith(BY_POLICY):
        overdue(held, row, event.withdrawn_at)
    elif row.withdrawn_at is None or event.withdrawn_at > row.withdrawn_at:
        row.withdrawn_at, row.withdrawn_why = event.withdrawn_at, event.why
    return Step(Action.WITHDRAWN, {"notice": str(event.notice_id), "why": event.why, "by": event.by})


def overdue(held: Held, row: CaseNotice, at: datetime) -> None:
    """What a policy approved, and nobody could take up before its end, waits for a person: in a round of its own."""
    number = OVERDUE
    while (further := held.rounds.get(number)) and further.decided_at:
        number += 1
    target = held.round(number)
    if target.drafted_at is None:
        target.why, target.drafted_at = EXPIRED, at
    row.round, row.drafted_at, row.approved_at = number, target.drafted_at, None


def planned(case: Case, event: CasePlanned) -> None:
    if case.plan is None or event.revision > case.plan.revision:
        case.plan = Plan(revision=event.revision, steps=event.steps, planned_at=event.planned_at)


def earliest(known: datetime | None, told: datetime) -> datetime:
    return told if known is None else min(known, told)
