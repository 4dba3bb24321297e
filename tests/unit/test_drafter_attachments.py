"""The machine-readable part holds to XARF 4, and carries addresses and digests alone."""

import json

import pytest
from xarf import parse

from services.drafter.attachments import BadReport, xarf
from services.drafter.contacts.places import addresses
from shared.identity import identity
from tests.support.cases import office, sealed

OFFICE = office()
NOTICE = identity("notice", "test")


def report_of(category, **changes):
    event = sealed(category=category, **changes)
    named, _ = addresses(event.finding, ())
    kind = OFFICE.kinds.of(category)
    return xarf(event, NOTICE, named, kind, OFFICE.agency, "Plain words.")


@pytest.mark.parametrize("category", sorted(OFFICE.kinds.root))
def test_every_kind_that_has_a_type_makes_a_valid_report(category):
    part = report_of(category, title="MARKED-TITLE", excerpt="MARKED-TEXT")
    read = parse(part.text)
    assert not read.errors
    assert json.loads(part.text)["category"] == "content"
    assert "MARKED" not in part.text


def test_the_same_notice_has_the_same_report():
    assert report_of("known_content") == report_of("known_content")


def test_a_report_against_the_schema_is_refused_by_name():
    kind = OFFICE.kinds.of("known_content")
    event = sealed()
    named, _ = addresses(event.finding, ())
    broken = kind.model_copy(update={"fields": {"data_types": []}})
    with pytest.raises(BadReport, match="data_types"):
        xarf(event, NOTICE, named, broken, OFFICE.agency, "Plain words.")
