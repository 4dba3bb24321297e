"""Reading what registries send: of the shapes that real ones have, and of any shape at all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rdap import RdapFailed, Why, abuse_emails, registered_domain
from shared.rdap.contacts import MAX_CONTACTS, contacts
from shared.rdap.directory import for_address, for_domain, servers
from shared.rdap.records import network, registration
from shared.rdap.shapes import MAX_TEXT, parsed


def card(*properties: list[Any]) -> list[Any]:
    return ["vcard", [["version", {}, "text", "4.0"], *properties]]


def entity(*roles: str, card: object = None, **more: object) -> dict[str, object]:
    return {"objectClassName": "entity", "roles": list(roles), "vcardArray": card, **more}


# As a registry of a generic domain answers: the abuse contact nested in the registrar.
DOMAIN = {
    "objectClassName": "domain",
    "ldhName": "HARBOUR.TEST.",
    "handle": "1-TEST",
    "status": ["client transfer prohibited", "client transfer prohibited"],
    "events": [{"eventAction": "Registration", "eventDate": "2020-01-01T00:00:00Z"}, {"eventDate": "no action"}, 7],
    "nameservers": [{"ldhName": "ns1.harbour.test"}, {"handle": "nameless"}, "odd"],
    "secureDNS": {"delegationSigned": True},
    "links": [
        {"rel": "self", "href": "https://registry.test/domain/harbour.test", "type": "application/rdap+json"},
        {"rel": "related", "href": "https://registrar.test/web", "type": "text/html"},
        {"rel": "related", "href": "https://registrar.test/domain/harbour.test", "type": "application/rdap+json"},
    ],
    "entities": [
        entity(
            "registrar",
            card=card(["fn", {}, "text", "Lantern Registrar"]),
            publicIds=[{"type": "IANA Registrar ID", "identifier": "9999"}],
            entities=[
                entity(
                    "ABUSE",
                    "technical",
                    card=card(
                        ["email", {}, "text", "abuse@registrar.test"],
                        ["email", {"type": "x"}, "text", ["abuse@registrar.test", "second@registrar.test"]],
                        ["email", {}, "text", "https://registrar.test/report"],
                        ["tel", {"type": ["voice", "x"]}, "uri", "tel:+82.20000000"],
                    ),
                )
            ],
        ),
        entity("registrant", card=card(["org", {}, "text", ["Harbour Agency", "Unit"]], ["fn", {}, "text", ""])),
    ],
}
NETWORK = {
    "objectClassName": "ip network",
    "handle": "NET-1",
    "name": "BOAT-NET",
    "type": "ASSIGNED PA",
    "country": "KR",
    "startAddress": "203.0.113.0/32",
    "endAddress": "203.0.113.255/32",
    "arin_originas0_originautnums": [64500, "64501", True, -1],
    "entities": [entity("registrant", card=card(["org", {}, "text", "Paper Boat Hosting"]))],
}


def test_a_registration_is_read() -> None:
    read = registration(DOMAIN, "here")
    assert (read.name, read.handle, read.signed) == ("harbour.test", "1-TEST", True)
    assert read.status == ("client transfer prohibited",)
    assert [(event.action, event.at) for event in read.events] == [("registration", "2020-01-01T00:00:00Z")]
    assert read.name_servers == ("ns1.harbour.test",)
    assert read.registrar is not None
    assert (read.registrar.name, read.registrar.registrar_id) == ("Lantern Registrar", "9999")
    assert read.registrant is not None
    assert read.registrant.organisation == "Harbour Agency"
    assert abuse_emails(read.contacts) == ("abuse@registrar.test", "second@registrar.test")
    assert read.contacts[-1].phones == ("+82.20000000",)
    assert read.onward == "https://registrar.test/domain/harbour.test"


def test_a_network_is_read() -> None:
    read = network(NETWORK, "here")
    assert (read.name, read.kind, read.country, read.autnums) == ("BOAT-NET", "ASSIGNED PA", "KR", (64500,))
    assert read.owner is not None
    assert read.owner.organisation == "Paper Boat Hosting"
    assert read.covers("203.0.113.7")
    assert not read.covers("203.0.114.1")
    assert not read.covers("::1")
    assert not read.covers("nonsense")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        "vcard",
        ["vcard"],
        ["vcard", {}],
        ["vcard", [[]]],
        ["vcard", [["fn"]]],
        ["vcard", [[{}, {}, 7, 8]]],
    ],
)
def test_an_odd_card_is_an_empty_contact(odd: object) -> None:
    (read,) = contacts({"entities": entity("abuse", card=odd)})
    assert (read.roles, read.name, read.emails) == (("abuse",), "", ())


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ([["fn", {}, "text", "Boat Desk"]], "Boat Desk"),
        ([["fn", {}, "text", "Boat Desk"], ["org", {}, "text", "Paper Boat Hosting"]], "Paper Boat Hosting"),
        ([["fn", {}, "text", "A Person"], ["kind", {}, "text", "individual"]], ""),
    ],
)
def test_a_person_is_no_organisation(properties: list[list[Any]], name: str) -> None:
    (read,) = contacts({"entities": [entity("registrant", card=card(*properties))]})
    assert read.as_organisation == name


def test_contacts_end_however_deep_or_many_there_are() -> None:
    nested: dict[str, object] = entity("abuse")
    for _ in range(100):
        nested = entity("technical", entities=[nested] * 3)
    assert len(contacts({"entities": [nested] * 1000})) == MAX_CONTACTS


def test_text_is_one_line_within_bounds() -> None:
    read = registration({"objectClassName": "domain", "handle": "a\n\u0000b\ud800" + "x" * 10_000}, "here")
    assert read.handle.startswith("a b?xx")
    assert len(read.handle) <= MAX_TEXT


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"7", b"\xff\xfe{}", b"[" * 100_000, b'{"n": ' + b"9" * 10_000 + b"}", b'{"a": ' * 50_000],
)
def test_what_is_no_json_object_is_named(body: bytes) -> None:
    with pytest.raises(RdapFailed, match=r"server\.test: the answer is no JSON") as failure:
        parsed(body, "server.test")
    assert failure.value.why is Why.BROKEN


def test_an_answer_about_something_else_is_named() -> None:
    for read, answer in ((registration, NETWORK), (network, DOMAIN), (registration, {"errorCode": 404})):
        with pytest.raises(RdapFailed, match="the answer is not about"):
            read(answer, "here")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from([*DOMAIN, *NETWORK, "roles", "vcardArray", "publicIds", "type", "href", "rel", "x"]), inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from([*DOMAIN, *NETWORK]), JSON, max_size=10), JSON)
def test_whatever_a_server_sends_is_read_or_named(answer: dict[str, Any], odd_card: object) -> None:
    answer["entities"] = [answer.get("entities"), entity("abuse", card=odd_card)]
    for kind, read in (("domain", registration), ("ip network", network)):
        said = parsed(json.dumps({**answer, "objectClassName": kind}).encode(), "here")
        known = read(said, "here")
        json.dumps(abuse_emails(known.contacts)).encode()
        repr(known).encode()  # no half surrogates are left
    servers({"services": odd_card})


def test_the_directory_names_the_nearest_server() -> None:
    known = servers(
        {
            "services": [
                [["test", "KR"], ["http://plain.test/", "https://registry.test/rdap"]],
                [["co.kr"], ["https://inner.test/"]],
                [["203.0.0.0/8"], ["https://large.test/"]], [["203.0.113.0/24"], ["https://network.test/"]],
                [["2001:0DB8::/32"], ["https://six.test"]],
                [["bad"], []], [["bad"], "ftp://x/"], ["bad"], "bad", [[7, None], ["https://x.test"]],
            ]
        }
    )  # fmt: skip
    assert for_domain(known, "harbour.test") == "https://registry.test/rdap/"
    assert for_domain(known, "harbour.co.kr") == "https://inner.test/"
    assert for_domain(known, "harbour.kr") == "https://registry.test/rdap/"
    assert for_domain(known, "harbour.bad") is None
    assert for_address(known, "203.0.113.9") == "https://network.test/"
    assert for_address(known, "203.0.112.9") == "https://large.test/"
    assert for_address(known, "2001:db8::7") == "https://six.test/"
    assert for_address(known, "198.51.100.1") is None


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.harbour.co.kr", "harbour.co.kr"), ("Harbour.TEST.", "harbour.test"), ("a.b.quay.test", "quay.test"),
        ("someone.github.io", "github.io"), ("127.0.0.1", None), ("[::1]", None), ("0x7f.1", None), ("com", None),
        ("co.kr", None), ("", None), ("..", None), ("x" * 300 + ".test", None), ("a..test", None),
    ],
)  # fmt: skip
def test_the_registered_domain_of_a_host(host: str, domain: str | None) -> None:
    assert registered_domain(host) == domain
