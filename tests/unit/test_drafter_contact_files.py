"""The contact graph's files: an agency's own over the shipped one, and what is wrong named with its cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.drafter.contacts.files import load_contacts
from services.drafter.datafile import BadDataFile
from tests.support.contacts import GOOD


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("desk@own.test", "desk at own"), "provider own: reach.0: Value error, email: a mailbox is reached by mail"),
        (('"mail"', '"letter"'), "provider own: reach.0.channel"),
        (('"host"', '"hoster"'), "provider own: reach.0.role"),
        (('"google-search"', '"gogle"'), "without: give ids of shipped providers"),
        (('"H"', '"sure"'), "provider own: reach.0.confidence"),
        (("checked = 2025-01-01\n", ""), "provider own: reach.0.checked: Field required"),
        (("[[provider]]", "[[providers]]"), "providers: no such entry"),
        (("[[provider]]", "[provider]"), "provider: write each as [[provider]]"),
        (('networks = ["BOAT"]', 'addresses = ["boat"]'), "provider own: matches.addresses.0"),
        (('id = "own"', 'id = "Own Desk"'), "provider Own Desk: id"),
        (("matches = {", "matches = ["), "own.toml"),
    ],
)
def test_what_is_wrong_in_it_is_named_by_entry_and_field(tmp_path: Path, change, says) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GOOD.replace(*change))
    with pytest.raises(BadDataFile, match=re.escape(says)) as error:
        load_contacts(file)
    assert str(file) in str(error.value)


def test_an_agencys_providers_come_first_replace_and_take_out_shipped_ones(tmp_path: Path) -> None:
    shipped = [one.id for one in load_contacts().provider]
    file = tmp_path / "own.toml"
    file.write_text(
        GOOD.replace('id = "own"', 'id = "aws"') + "[stale_after_days]\ncurated = 9\nsite_list = 9\nregistries = 9\n"
    )
    contacts = load_contacts(file)
    assert [one.id for one in contacts.provider] == [
        "aws",
        *(one for one in shipped if one not in ("aws", "google-search")),
    ]
    assert (contacts.provider[0].name, contacts.stale_after_days.curated) == ("Own desk", 9)
    assert len(contacts.step) == len(load_contacts().step)


def test_no_shipped_provider_has_a_mailbox_that_nobody_gave_us() -> None:
    ways = [way for one in load_contacts().provider for way in one.reach]
    assert not [way for way in ways if way.channel == "mail"]
    assert all(way.verify for way in ways if way.channel == "form" and not way.form)
    assert all(not way.enabled for way in ways if way.channel == "api")
