"""The verdict: one request, one transaction, one decision a round of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.gateway.audit import Action, Step
from services.gateway.cases import settle
from services.gateway.domain import State, state_of
from services.gateway.notices.rows import CaseNotice, Held, Round
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.approvals import Approvals
from shared.database import Transaction
from shared.events import ReviewDecided, Verdict
from shared.events.values import Notice
from shared.identity import identity
from shared.notices import notice_digest
from shared.observing import took

UNSEALED = "0" * 64


@dataclass(frozen=True)
class Decision:
    """`approved`: the chosen notices with the digest each had on the screen; empty when rejecting.

    `shown`: all that were on the screen, when the asker knows them (a page does): a notice that came since is noticed.
    `round`: which draft of the case.
    """

    verdict: Verdict
    approved: Mapping[UUID, str]
    note: str
    shown: Mapping[UUID, str] | None = None
    round: int = 0


@dataclass(frozen=True)
class Decider:
    """A person, or the auto-send policy that decides in its place until it ends."""

    pseudonym: str
    scripted: bool = False
    policy: str = ""
    until: datetime | None = None


async def give(tx: Transaction, approvals: Approvals, held: Held, decision: Decision, by: Decider) -> None:
    """The verdict on a case that is held. Raises `Problem` 409 or 422."""
    await record(tx, approvals, held, check(held, decision), decision, by)


def check(held: Held, decision: Decision) -> list[Notice]:
    """The approved notices, when the decision can be given now. Raises `Problem` 409 or 422."""
    check_awaits_review(held, decision.round)
    chosen = agreeing(decision, {row.notice_id: row for row in held.draft(decision.round)})
    check_whole(chosen, held)
    return chosen


def check_form(decision: Decision) -> None:
    if decision.verdict is Verdict.REJECTED and not decision.note.strip():
        raise Problem(422, "no-reason", field="note")
    if decision.verdict is Verdict.REJECTED and decision.approved:
        raise Problem(422, "rejected-with-notices", field="notices")
    if decision.verdict is Verdict.APPROVED and not decision.approved:
        raise Problem(422, "no-notices", field="notices")


def check_awaits_review(held: Held, number: int) -> None:
    target = held.rounds.get(number) if number else held.case
    if target is None or not target.drafted_at:
        raise Problem(409, "no-round", field="round", state=held.case.state)
    if target.decided_at:
        raise Problem(409, "decided", by=target.reviewer, at=target.decided_at, verdict=target.verdict)
    if target.deciding_until:
        raise Problem(409, "deciding", until=target.deciding_until)
    if number == 0 and state_of(held.case.facts) is not State.DRAFTED:
        raise Problem(409, "not-drafted", state=held.case.state)


def agreeing(decision: Decision, stored: Mapping[UUID, CaseNotice]) -> list[Notice]:
    """The chosen notices, when every digest is still what was shown. Raises `Problem` "draft-changed"."""
    digests = {notice_id: row.sha256 for notice_id, row in stored.items()}
    if decision.shown is not None and dict(decision.shown) != digests:
        raise Problem(409, "draft-changed", field="notices")
    for notice_id, sha256 in decision.approved.items():
        if digests.get(notice_id) != sha256:
            raise Problem(409, "draft-changed", field="notices")
    chosen = [row.content for notice_id, row in stored.items() if notice_id in decision.approved and row.content]
    for notice in chosen:
        if notice_digest(notice) != notice.sha256:
            raise Problem(409, "digest-wrong", field="notices")
    return chosen


def check_whole(chosen: Sequence[Notice], held: Held) -> None:
    """Nothing lacks what its law demands, and no reminder goes out of what was not approved, now or in another round.
    Raises `Problem` 422."""
    approved = {notice.notice_id for notice in chosen}
    approved |= {row.notice_id for row in held.notices.values() if row.approved_at}
    for notice in chosen:
        if notice.missing:
            raise Problem(
                422, "notice-lacks", field="notices", to=notice.recipient.name, missing=", ".join(notice.missing)
            )
        if notice.follows and notice.follows not in approved:
            raise Problem(422, "reminder-alone", field="notices", to=notice.recipient.name)


async def record(
    tx: Transaction, approvals: Approvals, held: Held, chosen: Sequence[Notice], decision: Decision, by: Decider
) -> None:
    case, number, now = held.case, decision.round, tx.clock.now()
    if case.finding is None:
        raise Problem(409, "not-drafted", state=case.state)
    note = decision.note.strip()
    write(held.round(number) if number else case, decision.verdict, note, by, now)
    for notice in chosen:
        held.notice(notice.notice_id).approved_at = now
    if not number and case.drafted_at:
        took("drafted_to_decided", case.drafted_at, now)
    approved = decision.verdict is Verdict.APPROVED
    details = {"notices": [notice.sha256 for notice in chosen], "note": note, "scripted": by.scripted}
    further = {name: value for name, value in (("round", number), ("policy", by.policy)) if value}
    step = Step(Action.APPROVED if approved else Action.REJECTED, details | further)
    await settle(tx, held, by.pseudonym, step)
    decided = ReviewDecided(
        case_id=case.case_id,
        verdict=decision.verdict,
        note=note,
        approved=tuple(chosen),
        finding=case.finding,
        reviewer=by.pseudonym,
        scripted=by.scripted,
        seal=UNSEALED,
        decided_at=now,
        round=number,
        policy=by.policy,
        until=by.until,
    )
    tx.publish(
        approvals.sealed(decided),
        id=identity("decided", case.case_id, number) if number else identity("decided", case.case_id),
    )


def write(target: Case | Round, verdict: Verdict, note: str, by: Decider, now: datetime) -> None:
    target.decided_at, target.verdict, target.note = now, verdict.value, note
    target.reviewer, target.scripted = by.pseudonym, by.scripted
