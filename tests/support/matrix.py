"""One of everything that a route names by an identifier, in the agency `home`: real rows, which another agency asks
for by their identifiers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import sqlalchemy as sa

from services.gateway.accounts import Account, Session, enter
from services.gateway.agencies.scoping import AGENCY, HOME
from services.gateway.alerts import take_up
from services.gateway.bridges.webhooks import managing
from services.gateway.bridges.webhooks.house import Webhooks
from services.gateway.care.again import BlindLook, Doubt, look_of
from services.gateway.care.golden import Golden
from services.gateway.care.ledger import mark
from services.gateway.claims import saved
from services.gateway.deciding.proposing import propose
from services.gateway.door import documents
from services.gateway.door.house import Partner
from services.gateway.door.keeping import seal
from services.gateway.door.referring import refer
from services.gateway.door.store import ReferralRow, ReportRow
from services.gateway.people import services
from services.gateway.requests import CSRF_HEADER
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Kind, open_session, recognise
from services.gateway.store import Case
from services.gateway.throttle import Knock
from services.gateway.tokens import csrf_token, digest
from services.gateway.verdict import Decision
from shared.database import Transaction
from shared.events import ConversationAlerted, Verdict
from shared.events.examples import EXAMPLES
from tests.support.gateway import Desk

ELSEWHERE = "elsewhere"  # a third agency, which offers a case to the first
# Both agencies' programs may fetch for it by its file: what keeps them apart is whose rows are in sight.
FETCHES = (f"{HOME}-counsellor", "harbour-counsellor")
PARTNER = Partner.model_validate(
    {"id": "centre", "name": {"en": "Centre"}, "services": ["counselling"], "accounts": FETCHES}
)
ORDER = {"kind": "bundle", "why": "For the court.", "basis": "Article 1"}
WEBHOOK: dict[str, Any] = {"name": "Harbour", "url": "https://events.harbour.example/haetae", "types": []}
POLICY = {"name": "Exact", "banks": ["agency"], "recipients": ["abuse@board.test"], "daily_cap": 1, "days": 1}


class Hand:
    """Asks the API with people's sessions."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[tuple[str, str], str]) -> None:
        self._client, self._tokens = client, tokens

    async def post(self, who: tuple[str, str], path: str, **given: object) -> dict[str, Any]:
        token = self._tokens[who]
        headers = {"Cookie": f"haetae_session={token}", CSRF_HEADER: csrf_token(token)}
        answer = await self._client.post(f"/api{path}", json=given, headers=headers)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


async def personal(desk: Desk, token: str, reports: dict[str, str]) -> dict[str, str]:
    """What belongs to the person of `token`: a verdict that can be undone, a view, a second look and another session
    (one more each for the API, since they end once); a service's credential; the reports' documents and referrals."""
    me = await recognise(desk.database, token, by_cookie=True)
    assert me is not None
    cases = [(await desk.awaiting_review(f"post/{uuid4()}")).case for _ in range(3)]
    rejected = Decision(Verdict.REJECTED, {}, "It is gone.")
    found: dict[str, object] = {}
    async with desk.database.scoped({AGENCY: HOME}).transaction() as tx:
        pending = await propose(tx, desk.parts.approvals, cases[2], rejected, me, window=timedelta(minutes=1))
        assert pending is not None
        found["batch"] = pending.batch
        found["view_id"] = (await saved.save(tx, me, "Mine", {"view": "review"}, shared=False)).view_id
        for case, api in zip(cases, ("", "api_"), strict=False):
            await propose(tx, desk.parts.approvals, case, rejected, me, window=timedelta(0))
            found[f"{api}look"] = await _look(tx, me.account.login, case)
            found[f"{api}session_id"] = await _session(tx, me.account)
        service = await services.add(tx, HOME, "matrix-service", "", [Right.READ_CASES], None)
        found["service"] = service.pseudonym
        found["credential_id"], _ = await services.add_secret(tx, service, 1, None)
        for api, number in reports.items():
            webhook, _ = await managing.add(tx, Webhooks(on=True), me.account, managing.Wanted(**WEBHOOK), 0)
            found[f"{api}webhook_id"] = webhook.webhook_id
            found[f"{api}statement_id"] = uuid4()  # of nothing: federation is off here
            row = await tx.scalar(sa.select(ReportRow).where(ReportRow.number == number.replace("-", "")))
            assert row is not None
            found[f"{api}document_id"] = await _document(tx, desk, row)
            await refer(tx, row, PARTNER)
            mine = sa.select(ReferralRow.referral_id).where(ReferralRow.report_id == row.report_id)
            found[f"{api}referral_id"] = await tx.scalar(mine)
    return {name: str(value) for name, value in found.items()}


async def _look(tx: Transaction, login: str, case: UUID) -> str:
    row = {"look": look_of(login, case), "who": mark("looks", login), "case_id": case}
    tx.add(BlindLook(**row, golden=False, day=tx.clock.now().date(), done=False))
    return str(row["look"])


async def _session(tx: Transaction, account: Account) -> UUID:
    token = (await open_session(tx, account, Kind.PROGRAM, Knock("127.0.0.1"))).token
    await tx.flush()
    found = await tx.scalar(sa.select(Session.session_id).where(Session.token_hash == digest(token)))
    assert found is not None
    return found


async def _document(tx: Transaction, desk: Desk, report: ReportRow) -> UUID:
    file = documents.Document(b"%PDF-1.7 stand-in", "application/pdf")
    number = documents.id_of(report.report_id, file)
    await documents.keep(tx, report, file, await seal(desk.parts.vault.keys, number, file.data))
    return number


async def known_ids(desk: Desk, client: httpx.AsyncClient, tokens: dict[tuple[str, str], str]) -> dict[str, str]:
    hand = Hand(client, tokens)
    story = await desk.awaiting_review(f"post/{uuid4()}")
    offered = await desk.awaiting_review(f"post/{uuid4()}")
    alert = EXAMPLES[ConversationAlerted]
    assert isinstance(alert, ConversationAlerted)
    async with desk.database.transaction() as tx:
        await take_up(alert, tx)
        spare = await enter(tx, "spare", ["viewer"], "test", agency=HOME)
        case = await tx.get(Case, offered.case)
        assert case is not None
        case.agency = ELSEWHERE
        now, given = tx.clock.now(), {"case_id": story.case, "agency": HOME}
        teaches = {"category": "reupload", "verdict": "approved", "why": "It teaches.", "proposed_by": "somebody"}
        tx.add(Golden(**given, **teaches, proposed_at=now))
        tx.add(Doubt(**given, said="rejected", day=now.date()))
    case_id, senior = str(story.case), (HOME, "s")
    order = await hand.post(senior, f"/cases/{case_id}/orders", **ORDER)
    waits = await hand.post(senior, f"/cases/{case_id}/orders", **ORDER | {"kind": "destroy"})
    offer = await hand.post((ELSEWHERE, "s"), f"/cases/{offered.case}/transfers", to=HOME, why="It is theirs.")
    policy = str(uuid4())
    await hand.post((HOME, "S"), "/autosend/policies", policy_id=policy, why="Known pictures.", **POLICY)
    report = {"source": "police", "urls": ["http://harbour-board.en.test/post/90"]}
    numbers = {
        f"{api}number": (await hand.post((HOME, "x"), "/reports", reference=f"2026-{api}", **report))["number"]
        for api in ("", "api_")
    }
    return {
        "case_id": case_id,
        "notice_id": str(story.notices[0].notice_id),
        "name": "screenshot-blurred.jpg",
        "order_id": order["order_id"],
        "confirmation_id": waits["order_id"],
        "transfer_id": offer["transfer_id"],
        "alert_id": str(alert.alert_id),
        "policy_id": policy,
        "pseudonym": spare.pseudonym,
        **numbers,
        **await personal(desk, tokens[HOME, "S"], {name.removesuffix("number"): one for name, one in numbers.items()}),
        "answer": "accept",
        "what": "on",
        "act": "pause",
    }


WHY = {"why": "It is so."}
# What a page sends and what a program sends, for routes where it is refused before anybody looks whose the thing is.
FORMS: dict[str, dict[str, str]] = {
    "/cases/{case_id}/decision": {"verdict": "rejected", "reason": "already-gone"},
    "/cases/{case_id}/stop": {"notice": "{notice_id}", **WHY},
    "/cases/{case_id}/attend": {"alarm": "unclear", "note": "Seen."},
    "/cases/{case_id}/notices/{notice_id}/hand-over": {"receipt": "17"},
    "/cases/{case_id}/unblur": {"picture": "screenshot.jpg", "reason": "confirm-match"},
    "/cases/{case_id}/text": {"reason": "confirm-match"},
    "/cases/{case_id}/orders": {**ORDER, "order_id": "5c5ad7a3-4c6b-4b8e-9d8b-1f0f6f2f6a11"},
    "/cases/{case_id}/transfer": {"to": ELSEWHERE, **WHY},
    "/alerts/{alert_id}/acknowledge": {"note": "Seen."},
    "/autosend/policies/{policy_id}/end": WHY,
    "/reports/{number}/forget": WHY,
    "/reports/{number}/contact": WHY,
    "/reports/{number}/documents/{document_id}": WHY,
    "/people/{pseudonym}/scopes": {"scopes": "read-cases"},
    "/webhooks/{webhook_id}": {"name": "Harbour", "url": str(WEBHOOK["url"])},
    "/webhooks/{webhook_id}/secret": {"hours": "24"},
    "/blind-looks/{look}": {"verdict": "approved"},
    "/cases/{case_id}/cluster": {"verdict": "rejected", "reason": "already-gone", "case": "{case_id}:0"},
}
BODIES: dict[str, dict[str, object]] = {
    "/api/cases/{case_id}/decision": {"verdict": "rejected", "note": "It is gone."},
    "/api/cases/{case_id}/stop": WHY,
    "/api/cases/{case_id}/attend": {"alarms": ["unclear"], "note": "Seen."},
    "/api/cases/{case_id}/notices/{notice_id}/hand-over": {"receipt": "17"},
    "/api/cases/{case_id}/orders": dict(ORDER),
    "/api/cases/{case_id}/transfers": {"to": ELSEWHERE, **WHY},
    "/api/alerts/{alert_id}/acknowledge": {"note": "Seen."},
    "/api/autosend/policies/{policy_id}/end": WHY,
    "/api/transfers/{transfer_id}/decline": WHY,
    "/api/desk/reports/{number}/forget": WHY,
    "/api/desk/reports/{number}/contact": WHY,
    "/api/people/{pseudonym}/roles": {"roles": ["viewer"]},
    "/api/services/{pseudonym}/scopes": {"scopes": ["read-cases"]},
    "/api/desk/reports/{number}/documents/{document_id}": WHY,
    "/api/webhooks/{webhook_id}": WEBHOOK,
    "/api/cases/{case_id}/notices/{notice_id}/edit": {"sha256": "0" * 64, "body": "Please."},
    "/api/blind-looks/{look}": {"verdict": "approved"},
    "/api/golden/{case_id}/agree": {"shown": "0" * 64},
}
