"""The machine-readable part holds to XARF 4, and carries addresses and digests alone."""

import json

import pytest
from xarf import parse

from services.drafter.attachments import BadReport, xarf
from services.drafter.contacts.places import addresses
from services.drafter.domain import draft
from shared.events import Place
from shared.identity import identity
from tests.support.cases import office, sealed
from tests.support.contacts import HOST, NOW, REGISTRAR, case, contact

OFFICE = office()
NOTICE = identity("notice", "test")


def report_of(category, **changes):
    event = sealed(category=category, **changes)
    named, _ = addresses(event.finding, ())
    kind = OFFICE.kinds.of(category)
    return xarf(event, NOTICE, named, kind, OFFICE.agency, "Plain words.", "203.0.113.9")


@pytest.mark.parametrize("category", sorted(OFFICE.kinds.root))
def test_every_kind_that_has_a_type_makes_a_valid_report(category):
    part = report_of(category, title="MARKED-TITLE", excerpt="MARKED-TEXT")
    read = parse(part.text)
    assert not read.errors
    assert json.loads(part.text)["category"] == "content"
    assert "MARKED" not in part.text


def test_a_report_names_the_address_of_the_host_that_it_is_about_and_keeps_the_customer_untold():
    """The page's host and its pictures' store are two: neither desk finds the other's address."""
    store = Place(host="pics.store.test", address="198.51.100.77", contacts=(contact("host", "abuse@big-net.test"),))
    event = case(pictures=("http://pics.store.test/1.jpg",), elsewhere=(store,), sole_purpose=True)
    match = event.assessment.matches[0].model_copy(update={"picture_url": "http://pics.store.test/1.jpg"})
    event = event.model_copy(update={"assessment": event.assessment.model_copy(update={"matches": (match,)})})
    sources = {}
    for notice in draft(event, OFFICE, NOW).notices:
        for part in notice.attachments:
            report = json.loads(part.text)
            sources[notice.recipient.email] = report["source_identifier"]
            assert "Do not tell your customer" in report["description"]
    assert sources == {HOST: "203.0.113.9", REGISTRAR: "harbour-board.en.test", "abuse@big-net.test": "198.51.100.77"}


def test_the_same_notice_has_the_same_report():
    assert report_of("known_content") == report_of("known_content")


def test_a_report_against_the_schema_is_refused_by_name():
    kind = OFFICE.kinds.of("known_content")
    event = sealed()
    named, _ = addresses(event.finding, ())
    broken = kind.model_copy(update={"fields": {"data_types": []}})
    with pytest.raises(BadReport, match="data_types"):
        xarf(event, NOTICE, named, broken, OFFICE.agency, "Plain words.", "203.0.113.9")
