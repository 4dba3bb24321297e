"""Every report API takes a notice once, whatever happens to the answer; nothing is sent twice blindly."""

from dataclasses import replace

import pytest

from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked
from services.drafter.notice import Occasion, Writer
from services.notifier.channels.port import Letter, Unsendable
from services.notifier.domain import Accepted, Failed
from shared.events.values import Notice
from shared.net.calling import Caller, NoAnswer
from tests.support.goldens import NOW, case, kinds, recipient, the_office
from tests.support.report_apis import BOARD, CASE, FIELDS, Apis, api_notice, report_apis
from tests.support.report_peers import TOKEN, Cloudflare

CONNECTORS = ("deletion-support", "cloudflare", "aws-xarf")
# A stand-in without a key and without a list: what is lost there stays unknown.
BLIND = """
name = "blind"
version = 1
title = "An interface that tells nothing"
source = "made up for a test"
confidence = "L"
secret = "deletion-support"
required = ["urls"]
[auth]
kind = "bearer"
[report]
path = "/reports"
headers = {Idempotency-Key = "{notice_id}"}
[report.body]
version = 1
notice_id = "{notice_id}"
key = "{notice_id}"
reference = "{reference}"
category = "{category}"
urls = "{urls|lines}"
citation = "{citation}"
text = "{body}"
reporter = {email = "{contact_email}"}
[report.answer]
receipt = "/report_id"
"""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
async def serving_apis(migrated_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("apis")
    async with report_apis(migrated_once.dsn_for("notifier"), folder, blind=BLIND) as made:
        yield made


@pytest.fixture
async def apis(serving_apis):
    await serving_apis.forget()
    return serving_apis


@pytest.mark.parametrize("connector", CONNECTORS)
async def test_a_notice_is_taken_as_the_documentation_wants_it(apis: Apis, connector: str):
    notice = api_notice(connector)
    accepted = await apis.deliver(notice)
    assert isinstance(accepted, Accepted), accepted
    (number,) = apis.peer(connector).reports
    assert number in accepted.answer
    (row,) = await apis.rows(notice.notice_id)
    assert (row.state, row.receipt) == ("accepted", number)
    assert await apis.deliver(notice) == accepted  # asked again, it is not sent again
    assert apis.peer(connector).posted == 1


@pytest.mark.parametrize("connector", CONNECTORS)
@pytest.mark.parametrize("fault", ["lost", "broken", "garbage"])
async def test_a_lost_answer_leads_to_one_report(apis: Apis, connector: str, fault: str):
    apis.peer(connector).faults.append(fault)
    failed = await apis.deliver(api_notice(connector))
    assert isinstance(failed, Failed)
    assert (failed.final, failed.perhaps_taken) == (False, True)
    accepted = await again(apis, connector)
    assert isinstance(accepted, Accepted), accepted
    (number,) = apis.peer(connector).reports
    assert number in accepted.answer


@pytest.mark.parametrize("connector", CONNECTORS)
async def test_busy_is_no_refusal_and_its_time_is_kept_by_all_notices(apis: Apis, connector: str):
    apis.peer(connector).faults.append("busy")
    failed = await apis.deliver(api_notice(connector))
    assert isinstance(failed, Failed)
    assert (failed.final, failed.after_s) == (False, 90)
    other = await apis.deliver(api_notice(connector, urls=f"{BOARD}/post/2", page=f"{BOARD}/post/2"))
    assert isinstance(other, Failed)
    assert (other.counted, 0 < other.after_s <= 90) == (True, True)  # or nobody would hear of one that rests for ever
    assert apis.peer(connector).posted == 1
    apis.clock.advance(90)
    assert isinstance(await apis.deliver(api_notice(connector)), Accepted)


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("connector", [*CONNECTORS, "blind"])
async def test_killed_around_the_request_it_is_never_sent_twice_blindly(apis, connector, point, monkeypatch):
    real = Caller.call

    async def dying(self, *request, **more):
        if point == "after":
            await real(self, *request, **more)
        raise Killed

    notice, peer = api_notice(connector), apis.peers.get(connector, apis.peers["deletion-support"])
    monkeypatch.setattr(Caller, "call", dying)
    with pytest.raises(Killed):
        await apis.deliver(notice)
    monkeypatch.setattr(Caller, "call", real)
    outcome = await again(apis, connector)
    if connector == "blind":  # nobody can know: a person has to
        assert isinstance(outcome, Failed)
        assert outcome.final
        assert "unknown whether it was accepted" in outcome.reason
        assert len(peer.reports) == (1 if point == "after" else 0)
        assert isinstance(await apis.deliver(notice), Failed)
    else:
        assert isinstance(outcome, Accepted), outcome
        assert len(peer.reports) == 1


async def test_what_is_lost_where_nothing_can_be_asked_is_an_alarm_at_once(apis: Apis):
    apis.peers["deletion-support"].faults.append("lost")
    failed = await apis.deliver(api_notice("blind"))
    assert isinstance(failed, Failed)
    assert failed.final
    assert apis.peers["deletion-support"].posted == 1
    assert isinstance(await apis.deliver(api_notice("blind")), Failed)
    assert apis.peers["deletion-support"].posted == 1


async def test_a_connection_that_was_never_made_is_simply_tried_again(apis: Apis):
    own = apis.api.credentials["deletion-support"]
    nobody = own.model_copy(update={"base": own.base.rpartition(":")[0] + ":1/v1"})
    away = replace(apis.api, credentials={**apis.api.credentials, "deletion-support": nobody})
    failed = await away.deliver(Letter(CASE, api_notice("blind")), apis.clock.now())
    assert isinstance(failed, Failed)
    assert (failed.final, failed.perhaps_taken) == (False, False)
    assert isinstance(await apis.deliver(api_notice("blind")), Accepted)


async def test_an_old_key_is_not_trusted_and_the_report_is_looked_for(apis: Apis):
    peer = apis.peer("aws-xarf")
    peer.faults.append("lost")
    await apis.deliver(api_notice("aws-xarf"))
    apis.clock.advance(25 * 3600)
    assert isinstance(await apis.deliver(api_notice("aws-xarf")), Accepted)
    assert (peer.posted, peer.looked) == (1, 1)


async def test_what_an_api_calls_a_duplicate_is_our_lost_report_or_somebody_elses(apis: Apis):
    peer: Cloudflare = apis.peers["cloudflare"]
    peer.faults.append("lost")
    await apis.deliver(api_notice("cloudflare"))
    for one in peer.reports.values():
        one["id"] = ""  # the list does not tell of it
    assert await again(apis, "cloudflare") == Accepted("cloudflare: accepted")
    other = await apis.deliver(api_notice("cloudflare", reference="HT-OTHER234"))
    assert isinstance(other, Failed)
    assert (other.final, other.by_hand, "already submitted" in other.reason) == (True, False, True)
    assert await apis.deliver(api_notice("cloudflare", reference="HT-OTHER234")) == other  # killed before it was noted
    assert len(peer.reports) == 1


@pytest.mark.parametrize(
    ("anonymity", "category", "told"),
    [
        ("named", "known_content", ("send", "send", None)),
        ("anonymous", "known_content", ("send-anon", "send-anon", None)),
        ("none", "suspected_text", ("send-anon", "none", None)),
        ("named", "minor_apparent", ("send", "none", "send")),
    ],
)
async def test_who_is_told_follows_from_the_recipient_and_the_kind(apis: Apis, anonymity, category, told):
    assert isinstance(await apis.deliver(api_notice("cloudflare", anonymity, category=category)), Accepted)
    (report,) = apis.peer("cloudflare").reports.values()
    sent = report["sent"]
    assert (sent["host_notification"], sent["owner_notification"], sent.get("ncmec_notification")) == told


async def test_an_account_that_may_not_is_a_hand_over_and_the_secret_stays_secret(apis: Apis, capfd):
    cloudflare: Cloudflare = apis.peers["cloudflare"]
    cloudflare.entitled = False
    failed = await apis.deliver(api_notice("cloudflare"))
    assert isinstance(failed, Failed)
    assert (failed.final, failed.by_hand) == (True, True)
    assert Cloudflare.ENTITLEMENT in failed.reason
    assert "https://abuse.cloudflare.com/" in failed.reason
    notice = api_notice("cloudflare", urls=f"{BOARD}/post/3", page=f"{BOARD}/post/3")
    own = apis.api.credentials["cloudflare"].model_copy(
        update={"token": type(apis.api.credentials["cloudflare"].token)("wrong-" + TOKEN)}
    )
    wrong = replace(apis.api, credentials={"cloudflare": own})
    failed = await wrong.deliver(Letter(CASE, notice), apis.clock.now())
    (row,) = await apis.rows(notice.notice_id)
    said = capfd.readouterr()
    assert "***" in row.reason  # the peer repeats what it was given
    assert TOKEN not in f"{failed} {row.reason} {row.receipt} {said.out} {said.err} {own}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"comments": "x" * 2001}, "2001 characters, 1500 are the most"),
        ({"urls": f"{BOARD}/1\nhttps://second.test/2"}, "more than one host"),
        ({"contact_email": ""}, "demands contact_email"),
    ],
)
async def test_what_the_api_would_not_take_is_handed_to_a_person_and_not_even_tried(apis: Apis, fields, why):
    failed = await apis.deliver(api_notice("cloudflare", **fields))
    assert isinstance(failed, Failed)
    assert (failed.final, failed.by_hand, why in failed.reason) == (True, True, True)
    assert apis.peer("cloudflare").posted == 0


async def test_what_was_not_approved_is_refused_before_it_is_queued_and_again_before_it_is_sent(apis: Apis):
    forged = api_notice("cloudflare").model_copy(update={"fields": {**FIELDS, "urls": f"{BOARD}/other"}})
    with pytest.raises(Unsendable, match="approved"):
        apis.api.check(Letter(CASE, forged), apis.clock.now())
    failed = await apis.deliver(forged)
    assert isinstance(failed, Failed)
    assert (failed.final, failed.by_hand) == (True, False)
    assert apis.peer("cloudflare").posted == 0


@pytest.mark.parametrize("connector", CONNECTORS)
async def test_every_kind_of_notice_as_the_drafter_writes_it_is_taken(apis: Apis, connector: str):
    for kind in kinds():
        await apis.forget()
        notice = as_drafted(kind, connector)
        outcome = await apis.deliver(notice)
        if connector == "aws-xarf" and not notice.attachments:
            assert isinstance(outcome, Failed)
            assert outcome.by_hand
            continue
        assert isinstance(outcome, Accepted), (kind, outcome)
        assert len(apis.peer(connector).reports) == 1


def as_drafted(kind: str, connector: str) -> Notice:
    to = recipient("en", "US", "cdn").model_copy(update={"channel": "api", "connector": connector, "email": ""})
    event = case(kind, "US")
    (named, _) = addresses(event.finding, event.assessment.matches)
    assert named is not None
    made = Writer(event, the_office(), NOW).write(Asked(to, 0, 0, named), Occasion())
    assert isinstance(made, Notice), made
    return made


async def test_more_addresses_than_the_api_takes_go_in_several_reports(apis: Apis):
    urls = "\n".join(f"{BOARD}/post/{number}" for number in range(501))
    for left in (2, 1):
        more = await apis.deliver(api_notice("cloudflare", urls=urls))
        assert isinstance(more, Failed)
        assert (more.counted, more.reason) == (False, f"cloudflare: {3 - left} of 3 reports are accepted")
    accepted = await apis.deliver(api_notice("cloudflare", urls=urls))
    assert isinstance(accepted, Accepted), accepted
    assert [len(one["urls"]) for one in apis.peer("cloudflare").reports.values()] == [250, 250, 1]
    assert all(number in accepted.answer for number in apis.peer("cloudflare").reports)


async def test_of_several_reports_one_that_was_lost_is_not_taken_for_another(apis: Apis, monkeypatch):
    async def lost(self, *request, **more):
        raise NoAnswer("lost")

    notice = api_notice("cloudflare", urls="\n".join(f"{BOARD}/post/{number}" for number in range(1, 252)))
    await apis.deliver(notice)
    with monkeypatch.context() as broken:
        broken.setattr(Caller, "call", lost)
        assert isinstance(await apis.deliver(notice), Failed)
    apis.clock.advance(200)
    assert isinstance(await apis.deliver(notice), Accepted)
    assert [len(one["urls"]) for one in apis.peer("cloudflare").reports.values()] == [250, 1]


async def test_no_more_reports_a_minute_than_the_connector_says(apis: Apis):
    slow = apis.api.connectors["deletion-support"]
    slow = slow.model_copy(update={"limits": slow.limits.model_copy(update={"per_minute": 2})})
    api = replace(apis.api, connectors={"deletion-support": slow})
    waits = []
    for number in range(3):
        notice = api_notice("deletion-support", urls=f"{BOARD}/post/{number}")
        outcome = await api.deliver(Letter(CASE, notice), apis.clock.now())
        waits.append(outcome.after_s if isinstance(outcome, Failed) else 0)
        apis.clock.advance(10)
    assert waits == [0, 0, 40]
    apis.clock.advance(30)
    assert isinstance(await api.deliver(Letter(CASE, notice), apis.clock.now()), Accepted)


async def test_a_missing_connector_or_secret_fails_the_one_notice_only(apis: Apis):
    unknown, bare = api_notice("nowhere"), replace(apis.api, credentials={})
    apis.api.check(Letter(CASE, unknown), apis.clock.now())
    for api, notice, why in ((apis.api, unknown, "no connector"), (bare, api_notice("cloudflare"), "no entry")):
        failed = await api.deliver(Letter(CASE, notice), apis.clock.now())
        assert isinstance(failed, Failed)
        assert (failed.final, failed.by_hand, why in failed.reason) == (True, True, True)


async def again(apis: Apis, connector: str):
    """Once more, when a lost report would be on the API's list."""
    apis.clock.advance(200)
    return await apis.deliver(api_notice(connector))
