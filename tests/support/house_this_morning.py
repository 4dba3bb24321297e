"""What waits for somebody in a furnished house this morning, put there through what pages and programs call."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from services.gateway.accounts import Account
from services.gateway.agencies import transferring
from services.gateway.agencies.scoping import HOME
from services.gateway.alerts import acknowledge, take_up
from services.gateway.autosend import managing
from services.gateway.autosend.managing import Proposal
from services.gateway.care import again, golden
from services.gateway.care.ledger import mark
from services.gateway.claims import claiming, saved
from services.gateway.deciding.proposing import propose
from services.gateway.door import documents, taking
from services.gateway.door.given import CONTACT, PROCESS, Given
from services.gateway.door.keeping import Told as Words
from services.gateway.door.keeping import seal
from services.gateway.door.listing import by_number
from services.gateway.evidence import orders
from services.gateway.people import invitations
from services.gateway.store import Case
from services.gateway.submissions import Given as Hashes
from services.gateway.submissions import HashedPicture, submit
from services.gateway.verdict import Decision
from shared.database import Transaction
from shared.events import ConversationAlerted, OrderKind, ReportSource, Verdict
from shared.events.examples import DIGEST, EXAMPLES, PDQ
from shared.identity import identity
from tests.support.gateway import Desk
from tests.support.house_cases import Told
from tests.support.house_people import ALONE, EVERYBODY, OTHER, visiting
from tests.support.webhooks import one_that_fails

WINDOW = timedelta(minutes=10)  # to take a verdict back: longer than anybody looks
PLACE = "192.0.2.7"  # of whoever reports (RFC 5737)


async def this_morning(desk: Desk, people: Mapping[str, Account], stories: Mapping[str, Told]) -> dict[str, str]:
    """The values that paths need."""
    cases = {name: story.flagged.case_id for name, story in stories.items()}
    await _policies(desk, people)
    await _evidence(desk, people, cases)
    await _alerts(desk, people)
    pictures = [HashedPicture(pdq=PDQ, quality=100, sha256=DIGEST)]
    for number, source, category in ((31, "victim_report", "non_consensual"), (34, "agency", "synthetic")):
        given = Hashes(
            submission_id=uuid4(), source=source, category=category, reference=f"2026-{number:04}", pictures=pictures
        )  # type: ignore[arg-type]  # words of the vocabulary
        await submit(desk.database, given, people[ALONE["counsellor"]])
    async with desk.database.transaction() as tx:
        await _teaching(tx, people, cases)
        await _transfers(tx, people, cases)
        await claiming.claim(tx, cases["held"], people["park"].pseudonym, tx.clock.now())
        await saved.save(tx, visiting(people["park"]), "한국 사이트", {"view": "review", "country": "KR"}, shared=True)
        invited = people[ALONE["viewer"]]
        token = await invitations.invite(tx, invited, people[EVERYBODY].pseudonym)
        batch = await _waiting(tx, desk, stories["pending"], people[EVERYBODY])
        look = await _blind_look(tx, cases["second"])
        webhook = await one_that_fails(tx, desk, people[EVERYBODY])
    return {
        "case_id": str(cases["main"]),
        "notice_id": str(stories["main"].notices[0].notice_id),
        "number": await _reports(desk, stories),
        "pseudonym": people["park"].pseudonym,
        "token": token,
        "batch": batch,
        "look": look,
        "webhook_id": webhook,
    }


def approval(story: Told) -> Decision:
    return Decision(Verdict.APPROVED, {notice.notice_id: notice.sha256 for notice in story.notices}, "")


async def _policies(desk: Desk, people: Mapping[str, Account]) -> None:
    """One that two supervisors began, one that waits for the second."""
    for name, banks, approved in (("같은 사진, 같은 사이트", "agency", True), ("등대 호스팅에 바로", "hotline", False)):
        given = Proposal(
            policy_id=uuid4(), name=name, banks=(banks,), recipients=("abuse@budu.ko.test", "abuse@lighthouse.test"),
            daily_cap=100, days=14, why="같은 사진이 날마다 다시 올라옵니다.",
        )  # fmt: skip
        await managing.propose(desk.database, given, people["park"])
        if approved:
            await managing.approve(desk.database, given.policy_id, people[ALONE["supervisor"]])


async def _evidence(desk: Desk, people: Mapping[str, Account], cases: Mapping[str, UUID]) -> None:
    """A bundle that is being made, and a destruction that waits for a second person."""
    by = visiting(people["lee"])
    for kind, why in ((OrderKind.BUNDLE, "경찰 요청 2026-117호"), (OrderKind.DESTROY, "당사자가 파기를 요청했습니다.")):
        wanted = orders.Wanted(uuid4(), kind, why, "성폭력방지법 제7조의3")
        await orders.place(desk.database, cases["gone" if kind is OrderKind.BUNDLE else "golden"], wanted, by)


async def _alerts(desk: Desk, people: Mapping[str, Account]) -> None:
    """One that is taken up, one that nobody has seen to."""
    alert = EXAMPLES[ConversationAlerted]
    assert isinstance(alert, ConversationAlerted)
    taken = alert.model_copy(update={"alert_id": identity("alert", 2), "conversation": "room-9", "risk": 0.61})
    async with desk.database.transaction() as tx:
        for one in (alert, taken):
            await take_up(one, tx)
    await acknowledge(desk.database, taken.alert_id, "보호자에게 연락했습니다.", people[ALONE["counsellor"]])


async def _teaching(tx: Transaction, people: Mapping[str, Account], cases: Mapping[str, UUID]) -> None:
    """A golden case, one that waits for a second senior, and a doubt."""
    await golden.propose(tx, people["lee"], cases["golden"], Verdict.REJECTED, "글만으로는 유포라고 볼 수 없습니다.")
    proposed = await tx.get(golden.Golden, cases["golden"])
    assert proposed is not None
    await golden.agree(tx, people["park"], cases["golden"], proposed.shown)
    await golden.propose(tx, people["lee"], cases["gone"], Verdict.APPROVED, "잘라 낸 사진도 같은 사진입니다.")
    today = tx.clock.now().date()
    tx.add(again.Doubt(case_id=cases["doubted"], agency=HOME, said="rejected", day=today))


async def _transfers(tx: Transaction, people: Mapping[str, Account], cases: Mapping[str, UUID]) -> None:
    """One that is offered to another agency, one that it offers."""
    await transferring.offer(tx, cases["offered"], OTHER, "당사자가 그 지역에 삽니다.", visiting(people["lee"]))
    theirs = await tx.get(Case, cases["theirs"])
    assert theirs is not None
    theirs.agency = OTHER
    await tx.flush()
    await transferring.offer(tx, cases["theirs"], HOME, "귀 기관에 먼저 신고되었습니다.", visiting(people[OTHER]))


async def _waiting(tx: Transaction, desk: Desk, story: Told, by: Account) -> str:
    case = story.flagged.case_id
    waits = await propose(tx, desk.parts.approvals, case, approval(story), visiting(by), window=WINDOW)
    assert waits
    return str(waits.batch)


async def _blind_look(tx: Transaction, case: UUID) -> str:
    look, today = again.look_of(EVERYBODY, case), tx.clock.now().date()
    row = {"look": look, "who": mark("looks", EVERYBODY), "case_id": case, "golden": False, "day": today, "done": False}
    tx.add(again.BlindLook(**row))
    return look


async def _reports(desk: Desk, stories: Mapping[str, Told]) -> str:
    """Of a victim, with words, a document and a partner; of a guardian; the number of the first."""
    parts, told = (
        desk.parts.within(HOME),
        Words(contact="010-0000-0000", when="저녁 7시 이후", note="문자로 부탁드립니다."),
    )
    urls = (*(stories[name].flagged.finding.url for name in ("main", "gone")), "http://budu.ko.test/post/990")
    given = Given(
        ReportSource.VICTIM, "suspected_picture", "ko", urls, told, consents=(PROCESS, CONTACT), partners=("centre",)
    )
    guardian = Given(ReportSource.GUARDIAN, "threatened", "vi", ("http://cang.vi.test/post/991",), consents=(PROCESS,))
    numbers = [(await taking.take(parts, one, secrets.token_urlsafe(32), PLACE)).number for one in (given, guardian)]
    async with parts.database.transaction() as tx:
        report = await by_number(tx, numbers[0])
        file = documents.Document(b"%PDF-1.7 stand-in", "application/pdf")
        number = documents.id_of(report.report_id, file)
        await documents.keep(tx, report, file, await seal(parts.vault.keys, number, file.data))
    return numbers[0]
