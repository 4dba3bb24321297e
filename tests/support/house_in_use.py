"""A house in use, for whoever looks at every page of it: cases, a report, people, what waits for somebody."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from services.gateway.accounts import Account, create_account
from services.gateway.agencies.scoping import HOME
from services.gateway.alerts import take_up
from services.gateway.care.again import BlindLook, look_of
from services.gateway.care.ledger import mark
from services.gateway.deciding.proposing import propose
from services.gateway.door import taking
from services.gateway.door.given import PROCESS, Given
from services.gateway.people import invitations
from services.gateway.rights.vocabulary import Role
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision
from shared.database import Transaction
from shared.events import AlertRaised, ReportSource, Verdict
from shared.events.examples import EXAMPLES
from tests.support.gateway import PASSWORD, Desk, Story, decide

EVERYBODY, COLLEAGUE = "everybody", "park"
WINDOW = timedelta(hours=1)  # longer than anybody looks


async def furnished(desk: Desk) -> dict[str, str]:
    """The values that paths need. `EVERYBODY` has every role, `COLLEAGUE` decides and reviews."""
    await create_account(desk.database, EVERYBODY, PASSWORD, [role for role in Role if role is not Role.SERVICE])
    await create_account(desk.database, COLLEAGUE, PASSWORD, ["reviewer"])
    story = await desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    await desk.awaiting_review("post/42", title="부두의 사진 두 장", score=0.71, minutes=7)
    decided, pending = await desk.awaiting_review("post/43"), await desk.awaiting_review("post/44")
    async with desk.database.transaction() as tx:
        everybody, colleague = await account(tx, EVERYBODY), await account(tx, COLLEAGUE)
        await take_up(EXAMPLES[AlertRaised], tx)  # type: ignore[arg-type]  # an event of this kind
        invitation = await invitations.invite(tx, colleague, everybody.pseudonym)
    await decide(desk.database, desk.parts.approvals, decided.case, approval(decided), colleague)
    return {
        "case_id": str(story.case),
        "notice_id": str(story.notices[0].notice_id),
        "number": await a_report(desk),
        "pseudonym": colleague.pseudonym,
        "token": invitation,
        "batch": await waiting_verdict(desk, pending, everybody),
        "look": await blind_look(desk, decided.case),
    }


async def account(tx: Transaction, login: str) -> Account:
    found = await tx.get(Account, login)
    assert found
    return found


def approval(story: Story) -> Decision:
    return Decision(Verdict.APPROVED, {notice.notice_id: notice.sha256 for notice in story.notices}, "")


async def a_report(desk: Desk) -> str:
    urls = (Story.of("post/reported").flagged.finding.url, Story.of("post/41").flagged.finding.url)
    given = Given(ReportSource.VICTIM, "", "ko", urls, consents=(PROCESS,))
    parts = desk.parts.within(HOME)
    return (await taking.take(parts, given, secrets.token_urlsafe(32), "192.0.2.7")).number


async def waiting_verdict(desk: Desk, story: Story, by: Account) -> str:
    visitor = Visitor(by, "a token that nobody shows", by_cookie=False)
    async with desk.database.transaction() as tx:
        waits = await propose(tx, desk.parts.approvals, story.case, approval(story), visitor, window=WINDOW)
    assert waits
    return str(waits.batch)


async def blind_look(desk: Desk, case_id: UUID) -> str:
    look = look_of(EVERYBODY, case_id)
    async with desk.database.transaction() as tx:
        today = tx.clock.now().date()
        tx.add(BlindLook(look=look, who=mark("looks", EVERYBODY), case_id=case_id, golden=False, day=today, done=False))
    return look
