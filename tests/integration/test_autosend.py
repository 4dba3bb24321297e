"""Auto-send policies: exact matches to named recipients, two supervisors, time, cap, and one switch."""

import asyncio
import json
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from services.gateway.accounts import Account, create_account
from services.gateway.autosend.deciding import REST
from services.gateway.autosend.managing import Proposal, approve, end, propose
from services.gateway.autosend.policy import exact
from services.gateway.autosend.store import PolicyUse
from services.gateway.autosend.switching import turn_off, turn_on
from services.gateway.notices.rows import Round
from services.gateway.notices.told import OVERDUE
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from services.gateway.store import Case
from services.gateway.texts import Texts
from services.gateway.verdict import Decision
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import EvidenceFailed, NoticesStopped, NoticeWithdrawn, ReviewDecided, Verdict
from shared.events.base import REGISTRY
from shared.events.examples import EXAMPLES
from shared.notices import sealed
from shared.outbox import OUTBOX
from tests.support.approvals import APPROVALS
from tests.support.gateway import PASSWORD, Story, decide, make_desk

NAMED, OTHER = "abuse@harbour-board.en.test", "abuse@host.test"


def person(name: str, role: Role = Role.SUPERVISOR, scripted: bool = False) -> Account:
    return Account(login=name, roles=[role], pseudonym=name, scripted=scripted, agency="home")


ONE, TWO = person("supervisor-1"), person("supervisor-2")


@pytest.fixture
async def desk(migrated, tmp_path):
    made = make_desk(migrated.dsn_for("gateway"), tmp_path, ManualClock())
    yield made
    await made.database.close()


def proposal(**changes) -> Proposal:
    given = {
        "name": "known files",
        "banks": ["stand-ins"],
        "recipients": [NAMED],
        "daily_cap": 2,
        "days": 7,
        "why": "x",
    }
    return Proposal(policy_id=uuid4(), **{**given, **changes})


async def switched_on(desk, **changes) -> Proposal:
    given = proposal(**changes)
    await propose(desk.database, given, ONE)
    await approve(desk.database, given.policy_id, TWO)
    return given


MATCH = {"algorithm": "sha256", "distance": 0, "bank": "stand-ins", "source": "agency"}


def story(post: str, to=(NAMED,), **match) -> Story:
    made = Story.of(post, recipients=to)
    changed = made.flagged.assessment.matches[0].model_copy(update={**MATCH, **match})
    assessment = made.flagged.assessment.model_copy(update={"matches": (changed,)})
    flagged, sealed = (one.model_copy(update={"assessment": assessment}) for one in (made.flagged, made.sealed))
    return Story(made.case, flagged, sealed, made.drafted)


async def told(desk, made: Story) -> Story:
    await desk.tell(made.flagged, made.sealed, made.drafted)
    return made


async def published(desk, kind):
    async with desk.database.transaction() as tx:
        rows = (await tx.execute(sa.select(OUTBOX.c.value, OUTBOX.c.headers).order_by(OUTBOX.c.position))).all()
    return [REGISTRY[head["ce_type"]].model_validate_json(value) for value, head in rows if head["ce_type"] == kind]


async def decided(desk) -> list[ReviewDecided]:
    return await published(desk, "review.decided.v1")


async def test_an_exact_match_to_a_named_recipient_is_approved_with_seal_and_end(desk):
    given = await switched_on(desk)
    made = await told(desk, story("post/1"))
    (event,) = await decided(desk)
    assert [notice.recipient.email for notice in event.approved] == [NAMED]
    assert (event.policy, event.scripted) == (str(given.policy_id), False)
    assert desk.parts.clock.now() < event.until <= desk.parts.clock.now() + timedelta(hours=1)
    APPROVALS.check(event)
    assert Texts("ko").decider(event.reviewer) == "자동 승인 정책 ‘known files’"
    async with desk.database.transaction() as tx:
        assert (await tx.get(Case, made.case)).reviewer == event.reviewer
        assert (await tx.get(PolicyUse, made.case)).match["bank"] == "stand-ins"


@pytest.mark.parametrize(
    "doubtful",
    [
        {"algorithm": "pdq"},
        {"algorithm": "md5"},
        {"distance": 1},
        {"bank": "another"},
        {"source": "exchange"},
        {"source": ""},
        {"to": (OTHER,)},
    ],
    ids=json.dumps,
)
async def test_whatever_is_in_doubt_waits_for_a_person(desk, doubtful):
    await switched_on(desk)
    await told(desk, story("post/1", **doubtful))
    assert await decided(desk) == []


async def test_what_no_person_could_approve_waits_and_stays_known(desk):
    await switched_on(desk)
    changed, alone, failed = story("post/1"), story("post/2", to=(NAMED, OTHER)), story("post/3")
    other_words = changed.notices[0].model_copy(update={"body": "Other words.\n"})
    first = alone.notices[0].model_copy(update={"missing": ("signature",)})
    reminder = alone.notices[1].model_copy(
        update={"recipient": first.recipient, "occasion": "reminder", "follows": first.notice_id}
    )
    for made, notices in ((changed, (other_words,)), (alone, (first, sealed(reminder)))):
        await desk.tell(made.flagged, made.sealed, made.drafted.model_copy(update={"notices": notices}))
    unproven = EXAMPLES[EvidenceFailed].model_copy(
        update={"case_id": failed.case, "finding": failed.flagged.finding, "assessment": failed.flagged.assessment}
    )
    await desk.tell(failed.flagged, unproven, failed.drafted)
    assert await decided(desk) == []
    async with desk.database.transaction() as tx:
        assert {case.state for case in await tx.scalars(sa.select(Case))} == {"drafted"}


async def test_what_came_too_late_for_its_policy_waits_for_a_person(desk):
    await switched_on(desk, recipients=[NAMED, OTHER])
    made = await told(desk, story("post/1", to=(NAMED, OTHER)))
    (event,) = await decided(desk)
    for notice in event.approved:
        late = {"case_id": made.case, "notice_id": notice.notice_id, "why": "expired", "by": event.reviewer}
        await desk.tell(EXAMPLES[NoticeWithdrawn].model_copy(update=late))
    async with desk.database.transaction() as tx:
        assert (await tx.get(Case, made.case)).awaits == OVERDUE
    digests = {notice.notice_id: notice.sha256 for notice in made.notices}
    again = Decision(Verdict.APPROVED, digests, "", shown=digests, round=OVERDUE)
    await decide(desk.database, APPROVALS, made.case, again, person("reviewer-1", Role.REVIEWER))
    assert [(one.policy, len(one.approved)) for one in await decided(desk)] == [(event.policy, 2), ("", 2)]


async def test_two_gateways_keep_one_cap_from_the_first_case_on(desk, migrated, tmp_path):
    other = make_desk(migrated.dsn_for("gateway"), tmp_path, desk.parts.clock)
    given = proposal(daily_cap=3)
    await asyncio.gather(*(propose(one.database, given, ONE) for one in (desk, other)))  # a form that is sent twice
    await approve(desk.database, given.policy_id, TWO)
    stories = [story(f"post/{number}") for number in range(8)]
    await asyncio.gather(*(told((desk, other)[n % 2], made) for n, made in enumerate(stories)))
    await other.database.close()
    assert len(await decided(desk)) == 3


async def test_what_the_policy_does_not_name_is_a_round_for_a_person(desk):
    await switched_on(desk)
    made = await told(desk, story("post/1", to=(NAMED, OTHER)))
    (event,) = await decided(desk)
    assert [notice.recipient.email for notice in event.approved] == [NAMED]
    async with desk.database.transaction() as tx:
        assert (await tx.get(Round, (made.case, REST))).why == "rest"
        assert (await tx.get(Case, made.case)).awaits == REST


async def test_the_cap_is_of_any_24_hours(desk):
    await switched_on(desk)
    for number in range(4):
        await told(desk, story(f"post/{number}"))
    assert len(await decided(desk)) == 2
    desk.parts.clock.advance(25 * 3600)
    await told(desk, story("post/9"))
    assert len(await decided(desk)) == 3


async def test_nobody_switches_on_what_they_proposed_and_no_program_does(desk):
    given = proposal()
    for who in (person("r", Role.REVIEWER), person("p", scripted=True)):
        with pytest.raises(Problem, match="not-supervisor"):
            await propose(desk.database, given, who)
    await propose(desk.database, given, ONE)
    await propose(desk.database, given, ONE)  # a form sent twice
    changed = [given.model_copy(update={name: getattr(given, name) + 1}) for name in ("daily_cap", "days")]
    for other, who in (*((one, ONE) for one in changed), (given, TWO)):
        with pytest.raises(Problem, match="policy-differs"):
            await propose(desk.database, other, who)
    await told(desk, story("post/1"))
    with pytest.raises(Problem, match="four-eyes"):
        await approve(desk.database, given.policy_id, ONE)
    await told(desk, story("post/2"))
    assert await decided(desk) == []
    await end(desk.database, given.policy_id, "another will come", TWO)
    with pytest.raises(Problem, match="policy-used"):
        await propose(desk.database, given, ONE)


@pytest.mark.parametrize("bank", ["cases", "victim-reports", "federation: lantern", "federation: lantern (harmless)"])
def test_no_policy_leans_on_pictures_that_nobody_here_chose(bank):
    """Whoever wants a newspaper's picture gone can give it at the door; another agency may err."""
    with pytest.raises(ValidationError, match="banks"):
        proposal(banks=["stand-ins", bank])
    match = SimpleNamespace(bank=bank, source="agency", algorithm="sha256", distance=0)
    assert exact(SimpleNamespace(matches=[match]), frozenset({bank})) is None, "of a policy from before"


async def test_an_ended_or_expired_policy_approves_nothing(desk):
    given = await switched_on(desk)
    with pytest.raises(Problem, match="no-why"):
        await end(desk.database, given.policy_id, " ", ONE)
    await end(desk.database, given.policy_id, "no longer wanted", ONE)
    await told(desk, story("post/1"))
    await switched_on(desk, days=1)
    desk.parts.clock.advance(24 * 3600)
    await told(desk, story("post/2"))
    assert await decided(desk) == []


async def test_one_switch_stops_it_all_and_calls_back_what_was_not_sent(desk):
    await switched_on(desk)
    made = await told(desk, story("post/1"))
    assert await turn_off(desk.database, "something is wrong", ONE) == 1
    (stopped,) = await published(desk, "notices.stopped.v1")
    assert isinstance(stopped, NoticesStopped)
    assert stopped.notices == tuple(notice.notice_id for notice in made.notices)
    await told(desk, story("post/2"))
    with pytest.raises(Problem, match="four-eyes"):
        await turn_on(desk.database, "all is well", ONE)
    assert len(await decided(desk)) == 1
    await turn_on(desk.database, "all is well", TWO)
    await told(desk, story("post/3"))
    assert len(await decided(desk)) == 2


async def test_the_events_may_come_in_any_order(desk):
    await switched_on(desk)
    made = story("post/1")
    await desk.tell(made.drafted, made.sealed, made.flagged, made.drafted)
    assert len(await decided(desk)) == 1


@asynccontextmanager
async def browser_of(desk, login):
    """Logged in by the page, as a supervisor's browser is."""
    await create_account(desk.database, login, PASSWORD, ["supervisor"])
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        form = csrf_of((await client.get("/login")).text)
        await client.post("/login", data={"login": login, "password": PASSWORD, "csrf": form})
        yield client


def csrf_of(page: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


async def test_two_supervisors_do_it_on_the_page(desk):
    async with browser_of(desk, "kim") as kim, browser_of(desk, "lee") as lee:
        page = (await kim.get("/autosend")).text
        fields = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("policy_id",)}
        fields |= {"name": "known files", "banks": "stand-ins", "recipients": f"{NAMED}\n{OTHER}", "daily_cap": "2"}
        fields |= {"days": "7", "why": "speed", "csrf": csrf_of(page)}
        wrong = await kim.post("/autosend/policies", data=fields | {"days": "99"})
        assert (wrong.status_code, "(Ends after so many days)" in wrong.text) == (422, True)
        assert (await kim.post("/autosend/policies", data=fields)).status_code == 303
        assert "Another supervisor has to switch it on." in (await kim.get("/autosend")).text
        page = (await lee.get("/autosend")).text
        approving = f"/autosend/policies/{fields['policy_id']}/approve"
        assert (await lee.post(approving, data={"csrf": csrf_of(page)})).status_code == 303
        assert "switched on" in (await lee.get("/autosend")).text
        page = (await kim.get("/autosend")).text
        stopped = await kim.post("/autosend/switch", data={"to": "off", "why": "a test", "csrf": csrf_of(page)})
        assert stopped.status_code == 303
        listed = (await kim.get("/api/autosend")).json()
        assert (listed["off"], listed["items"][0]["state"]) == (True, "active")
