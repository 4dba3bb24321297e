"""The verdict: one request, one transaction, one decision a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.cases import notices_of, settle
from services.gateway.domain import State
from services.gateway.problems import Problem
from services.gateway.projections import Notices, Step, in_draft
from services.gateway.store import Case, CaseNotice
from shared.approvals import Approvals
from shared.database import Database, Transaction
from shared.events import ReviewDecided, Verdict
from shared.events.values import Notice
from shared.identity import identity
from shared.notices import notice_digest


@dataclass(frozen=True)
class Decision:
    """`approved`: the chosen notices with the digest each had on the screen; empty when rejecting.

    `shown`: all that were on the screen, when the asker knows them (a page does): a notice that came since is noticed.
    """

    verdict: Verdict
    approved: Mapping[UUID, str]
    note: str
    shown: Mapping[UUID, str] | None = None


async def decide(database: Database, approvals: Approvals, case_id: UUID, decision: Decision, by: Account) -> None:
    """Record the verdict, its history and its event, all or nothing. Raises `Problem` 404, 409 or 422."""
    check_form(decision)
    async with database.transaction() as tx:
        case = await tx.get(Case, case_id, lock=True)
        if case is None:
            raise Problem(404, "no-case")
        notices = await notices_of(tx, case_id)
        check_awaits_review(case)
        chosen = agreeing(decision, {row.notice_id: row for row in in_draft(case, notices)})
        await record(tx, approvals, case, notices, chosen, decision, by)


def check_form(decision: Decision) -> None:
    if decision.verdict is Verdict.REJECTED and not decision.note.strip():
        raise Problem(422, "no-reason", field="note")
    if decision.verdict is Verdict.REJECTED and decision.approved:
        raise Problem(422, "rejected-with-notices", field="notices")
    if decision.verdict is Verdict.APPROVED and not decision.approved:
        raise Problem(422, "no-notices", field="notices")


def check_awaits_review(case: Case) -> None:
    if case.decided_at:
        raise Problem(409, "decided", by=case.reviewer, at=case.decided_at, verdict=case.verdict)
    if case.state != State.DRAFTED:
        raise Problem(409, "not-drafted", state=case.state)


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


async def record(
    tx: Transaction,
    approvals: Approvals,
    case: Case,
    notices: Notices,
    chosen: list[Notice],
    decision: Decision,
    by: Account,
) -> None:
    if case.finding is None:
        raise Problem(409, "not-drafted", state=case.state)
    now = tx.clock.now()
    case.decided_at, case.verdict, case.note = now, decision.verdict.value, decision.note.strip()
    case.reviewer, case.scripted = by.pseudonym, by.scripted
    for notice in chosen:
        notices[notice.notice_id].approved_at = now
    approved = decision.verdict is Verdict.APPROVED
    details = {
        "notices": [notice.sha256 for notice in chosen],
        "note": case.note,
        "scripted": by.scripted,
    }
    step = Step(Action.APPROVED if approved else Action.REJECTED, details)
    await settle(tx, case, notices, by.pseudonym, step)
    tx.publish(
        ReviewDecided(
            case_id=case.case_id,
            verdict=decision.verdict,
            note=case.note,
            approved=tuple(chosen),
            finding=case.finding,
            reviewer=by.pseudonym,
            scripted=by.scripted,
            seal=approvals.seal(case.case_id, chosen),
            decided_at=now,
        ),
        id=identity("decided", case.case_id),
    )
