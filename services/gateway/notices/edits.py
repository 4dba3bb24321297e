"""A person's edit of a notice that awaits approval: one transaction, with both digests in the history."""

from typing import Any
from uuid import UUID

from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.claims import claiming
from services.gateway.notices.editing import edited, shortened
from services.gateway.notices.meaning import to_confirm
from services.gateway.notices.rows import CaseNotice, Held
from services.gateway.problems import Problem
from services.gateway.rights.deciding import permit
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.verdict import check_awaits_review
from shared.database import Database, Transaction
from shared.events.values import Notice


async def edit(
    database: Database,
    case_id: UUID,
    notice_id: UUID,
    seen: str,
    words: tuple[str, str] | None,
    by: Visitor,
    confirmed: str = "",
) -> None:
    """Give the notice these words, subject and body, or those of the draft again (None). `seen`: the digest that was
    looked at; `confirmed`: the digest that the notice gets, where what it demands may change by it. Raises `Problem`
    404, 409 or 422."""
    async with database.transaction() as tx:
        held, row, draft = await editable(tx, case_id, notice_id, by)
        if row.sha256 != seen:
            raise Problem(409, "draft-changed", field="sha256")
        changed = edited(draft, *words) if words else draft
        if changed.sha256 == seen:
            return
        passages = to_confirm(draft, changed)
        if passages and confirmed != changed.sha256:
            raise Problem(422, "unconfirmed", field="confirmed", n=len(passages), words=shortened(passages[0].words))
        before, now = row.sha256, tx.clock.now()
        row.content, row.sha256 = changed, changed.sha256
        as_drafted = changed.sha256 == draft.sha256
        row.before, row.edited_at, row.edited_by = (
            (None, None, None) if as_drafted else (draft, now, by.account.pseudonym)
        )
        details: dict[str, Any] = {"notice": str(notice_id), "before": before, "after": changed.sha256}
        if passages:
            details["confirmed"] = len(passages)
        await settle(tx, held, by.account.pseudonym, Step(Action.EDITED, details))


async def editable(tx: Transaction, case_id: UUID, notice_id: UUID, by: Visitor) -> tuple[Held, CaseNotice, Notice]:
    """The case, which is held; its notice that awaits approval; and that one as it was drafted. Raises `Problem`."""
    held = await known(tx, case_id)
    if held is None:
        raise Problem(404, "no-case")
    row = held.notices.get(notice_id)
    if row is None or row.content is None or row not in held.draft(row.round):
        raise Problem(404, "no-notice")
    permit(by, Right.EDIT_NOTICES, {"agency": held.case.agency})
    await claiming.check(tx, case_id, by.account.pseudonym, tx.clock.now())
    check_awaits_review(held, row.round)
    return held, row, row.before or row.content
