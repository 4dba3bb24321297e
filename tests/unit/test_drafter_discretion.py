"""What a notice may say to whom: nobody is asked to tell a customer who must not know, and no rule is cited to whom it
does not bind."""

import pytest

from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked
from services.drafter.domain import Known, draft
from services.drafter.domain import written as notices_of
from services.drafter.followup import follow_up
from services.drafter.notice import PACKET, Occasion, Writer
from services.drafter.rendering import stamp
from shared.events import FollowUpAsked
from shared.events.examples import EXAMPLES
from shared.events.values import Notice, Recipient
from shared.failures import Rejected
from tests.support.cases import sealed
from tests.support.contacts import HOST, NOW, REGISTRAR, around, case, contact
from tests.support.goldens import LANGUAGES, the_office, written


def asked_of(role: str, language: str, anonymity: str) -> list[str]:
    notice = written("known_content", language, "US", role, anonymity=anonymity)
    return next(one.satisfied_by for one in notice.requirements if one.field == "action").split("\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_must_not_tell_the_customer_is_not_asked_to_have_him_act(language: str) -> None:
    for role, line in (("host", 0), ("cdn", 1), ("registrar", 0)):
        open_, secret = asked_of(role, language, "anonymous"), asked_of(role, language, "none")
        assert len(open_) == len(secret)
        assert len(secret[line]) < len(open_[line])  # without the half that the customer is to do
        differ = [number for number, pair in enumerate(zip(open_, secret, strict=True)) if len(set(pair)) > 1]
        assert differ == [line, len(secret) - 2]


def packets(country: str | None) -> dict[str, Notice]:
    asked = EXAMPLES[FollowUpAsked].model_copy(update={"why": "regulator"})
    made = follow_up(sealed(site={"country": country}), asked, the_office(), NOW, Known())
    return {notice.recipient.provider: notice for notice in made.notices}


@pytest.mark.parametrize(("country", "key"), [("US", "US_TIDA"), ("RU", "POLICY"), (None, "POLICY")])
def test_a_packet_cites_the_rule_that_binds_the_site_and_not_whoever_reads_it(country: str | None, key: str) -> None:
    clock = packets(country)["kmcsc"].clock
    assert clock is not None
    assert clock.law == key


def test_whoever_supervises_is_sent_no_reminder_by_a_machine() -> None:
    event = sealed(site={"country": "KR"})
    named, _ = addresses(event.finding, ())
    assert named is not None
    desk = Recipient(name="Commission", email="desk@commission.test", role="regulator", language="ko", country="KR")
    made, _ = notices_of(Writer(event, the_office(), NOW), [Asked(desk, 0, 0, named)], Occasion(PACKET, 1))
    assert [notice.occasion for notice in made] == [PACKET]


def test_content_that_is_back_is_told_with_when_it_was_seen_again_and_no_other_reason_is_made_up() -> None:
    asked = EXAMPLES[FollowUpAsked].model_copy(update={"why": "reappeared"})
    made = follow_up(sealed(), asked, the_office(), NOW, Known()).notices
    firsts = [notice for notice in made if notice.occasion == "reappeared"]
    assert firsts
    assert all(stamp(asked.asked_at) in notice.body for notice in firsts)
    with pytest.raises(Rejected):
        follow_up(sealed(), asked.model_copy(update={"why": "spite"}), the_office(), NOW, Known())


@pytest.mark.parametrize(("network", "key"), [("", "POLICY"), ("FR", "EU_DSA_16")])
def test_a_host_is_told_of_the_rule_of_its_own_country_alone(network: str, key: str) -> None:
    known = around(contact("host", HOST), network_country=network)
    made = draft(case(known, country="DE"), the_office(), NOW).notices
    assert {one.clock.law for one in made if one.recipient.role == "host" and one.clock} == {key}


def test_nobody_writes_to_the_own_mailbox_whatever_a_registry_says() -> None:
    made = draft(case(around(contact("host", "Answers@agency.test"))), the_office(), NOW)
    assert "answers@agency.test" not in {one.recipient.email.lower() for one in made.notices}
    assert "our own mailbox" in made.report.body


def test_the_reviewer_is_told_of_a_class_that_no_lawyer_confirmed() -> None:
    said = {
        kind: draft(case(category=kind), the_office(), NOW).report.body for kind in ("minor_apparent", "known_content")
    }
    assert {kind for kind, body in said.items() if "No lawyer has confirmed" in body} == {"minor_apparent"}


def test_a_registry_is_not_told_that_the_rule_for_registrars_binds_it() -> None:
    known = around(contact("registry", REGISTRAR), contact("host", HOST))
    for surroundings, key in ((known, "POLICY"), (None, "ICANN_RAA_3_18")):
        made = draft(case(surroundings), the_office(), NOW).notices
        laws = {one.clock.law for one in made if one.recipient.role == "registrar" and one.clock}
        assert laws == {key}
