"""One of everything that a route names by an identifier, in the agency `home`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from services.gateway.accounts import enter
from services.gateway.agencies.scoping import HOME
from services.gateway.alerts import take_up
from services.gateway.requests import CSRF_HEADER
from services.gateway.store import Case
from services.gateway.tokens import csrf_token
from shared.events import AlertRaised
from shared.events.examples import EXAMPLES
from tests.support.gateway import Desk

ELSEWHERE = "elsewhere"  # a third agency, which offers a case to the first
ORDER = {"kind": "bundle", "why": "For the court.", "basis": "Article 1"}
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


async def known_ids(desk: Desk, client: httpx.AsyncClient, tokens: dict[tuple[str, str], str]) -> dict[str, str]:
    hand = Hand(client, tokens)
    story = await desk.awaiting_review(f"post/{uuid4()}")
    offered = await desk.awaiting_review(f"post/{uuid4()}")
    alert = EXAMPLES[AlertRaised]
    assert isinstance(alert, AlertRaised)
    async with desk.database.transaction() as tx:
        await take_up(alert, tx)
        spare = await enter(tx, "spare", ["viewer"], "test", agency=HOME)
        case = await tx.get(Case, offered.case)
        assert case is not None
        case.agency = ELSEWHERE
    case_id, senior = str(story.case), (HOME, "s")
    order = await hand.post(senior, f"/cases/{case_id}/orders", **ORDER)
    waits = await hand.post(senior, f"/cases/{case_id}/orders", **ORDER | {"kind": "destroy"})
    offer = await hand.post((ELSEWHERE, "s"), f"/cases/{offered.case}/transfers", to=HOME, why="It is theirs.")
    policy = str(uuid4())
    await hand.post((HOME, "S"), "/autosend/policies", policy_id=policy, why="Known pictures.", **POLICY)
    report = {"reference": "2026-1", "source": "police", "urls": ["http://harbour-board.en.test/post/90"]}
    number = (await hand.post((HOME, "x"), "/reports", **report))["number"]
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
        "number": number,
        **{name: str(uuid4()) for name in ("batch", "view_id", "session_id", "credential_id", "document_id", "look")},
        "referral_id": str(uuid4()),
        "answer": "accept",
        "what": "on",
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
    "/api/cases/{case_id}/notices/{notice_id}/edit": {"sha256": "0" * 64, "body": "Please."},
    "/api/blind-looks/{look}": {"verdict": "approved"},
}
