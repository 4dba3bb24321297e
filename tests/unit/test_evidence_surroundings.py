"""Whom the registries name for reports, told to those who write notices: from facts as odd as strangers write them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.evidence.capture.captured import Captured
from services.evidence.capture.work import Made, StepDone
from services.evidence.circumstances.surroundings import surroundings
from shared.events import AbuseContact, Surroundings
from tests.support.captures import AT

ASKED = "2026-11-22T09:00:00.000Z"


def answer(**more: Any) -> dict[str, Any]:
    return {"url": "https://rdap.test/1", "asked_at": ASKED, "sha256": "0" * 64, "is_asked_for": True, **more}


def network(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"name": "BOAT-NET", "handle": "NET-1", "country": "kr", "owner": "Paper Boat Hosting"}
    return {"registry": answer(**{**given, "abuse_emails": ["abuse@boat.test"], **more})}


def domain(**more: Any) -> dict[str, Any]:
    registrar = {"name": "Lantern Registrar", "handle": "R-1", "iana_id": "9999"}
    given = {"registrar": registrar, "name_servers": ["NS1.boat.test."], "registrar_abuse": ["abuse@lantern.test"]}
    return {"registry": answer(**{**given, "registry_abuse": [], **more})}


def captured(failed: tuple[str, ...] = (), **facts: Any) -> Captured:
    given = {"document": {"address": "203.0.113.9"}, "dns": {}, "rdap": {}, "elsewhere": {"hosts": []}, **facts}
    steps = (StepDone(name, AT, AT, Made(facts=told), "away" if name in failed else "") for name, told in given.items())
    return Captured(AT, AT, tuple(steps))


def emails(told: Surroundings) -> list[tuple[str, str]]:
    return [(one.role, one.email) for one in told.contacts]


def test_host_and_registrar_are_told_with_their_source() -> None:
    told = surroundings(captured(rdap={"domain": domain(), "network": network()}))
    assert (told.address, told.network, told.network_country) == ("203.0.113.9", "BOAT-NET", "KR")
    assert (told.registrar, told.registrar_id, told.nameservers) == ("Lantern Registrar", "9999", ("ns1.boat.test",))
    assert told.contacts[0] == AbuseContact(
        role="host",
        email="abuse@boat.test",
        holder="Paper Boat Hosting",
        url="https://rdap.test/1",
        at=AT.replace(microsecond=0, second=0),
    )
    assert emails(told)[1:] == [("registrar", "abuse@lantern.test")]
    assert told.failures == ()


def test_the_registrars_own_answer_comes_before_the_registrys() -> None:
    onward = answer(registrar_abuse=["desk@lantern.test"], registrar=None)
    told = surroundings(captured(rdap={"domain": domain() | {"registrar": onward}, "network": network()}))
    assert emails(told)[1:] == [("registrar", "desk@lantern.test"), ("registrar", "abuse@lantern.test")]


def test_an_answer_about_something_else_names_nobody() -> None:
    told = surroundings(captured(rdap={"domain": domain(is_asked_for=False), "network": network(is_asked_for=False)}))
    assert (told.contacts, told.network, told.registrar) == ((), "", "")
    assert told.failures == ("domain:of_another", "network:of_another")


def test_what_is_no_mailbox_is_left_out() -> None:
    odd = ["abuse@boat.test\r\nBcc: a@b.test", "REDACTED@", 7, None, "a@b,c@d.test", "x" * 70 + "@boat.test"]
    told = surroundings(captured(rdap={"domain": domain(), "network": network(abuse_emails=[*odd, "ok@boat.test"])}))
    assert emails(told)[0] == ("host", "ok@boat.test")


def test_failures_are_codes_and_the_rest_is_told() -> None:
    away = {"failure": "rdap.test does not answer", "why": "away"}
    told = surroundings(captured(rdap={"domain": away, "network": network()}))
    assert (told.failures, emails(told)) == (("domain:away",), [("host", "abuse@boat.test")])
    told = surroundings(captured(failed=("rdap", "dns", "elsewhere")))
    assert (told.address, told.contacts) == ("203.0.113.9", ())
    assert told.failures == ("rdap:failed", "dns:failed", "elsewhere:failed")


def test_hosts_of_pictures_elsewhere_have_contacts_of_their_own() -> None:
    place = {"host": "pics.test", "address": "203.0.113.80", "domain": domain(), "network": network(name="PIC-NET")}
    told = surroundings(captured(elsewhere={"hosts": [place], "left_out": 0}))
    (there,) = told.elsewhere
    assert (there.host, there.address, there.network) == ("pics.test", "203.0.113.80", "PIC-NET")
    assert [one.role for one in there.contacts] == ["host", "registrar"]


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["registry", "registrar", "why", "asked_at", "abuse_emails", "name", "hosts", "answers", "url"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(rdap=st.dictionaries(st.sampled_from(["domain", "network"]), odd), dns=odd, elsewhere=odd)
def test_odd_facts_are_left_out_and_never_an_error(rdap: Any, dns: Any, elsewhere: Any) -> None:
    told = surroundings(captured(rdap=rdap, dns={"answers": dns}, elsewhere={"hosts": elsewhere}))
    Surroundings.model_validate_json(told.model_dump_json())
