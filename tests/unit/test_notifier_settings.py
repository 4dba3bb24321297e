"""Settings of mail that cannot work are refused at the start, by name."""

import pytest
from pydantic import ValidationError

from services.notifier.settings import Settings
from tests.support.approvals import KEY

BASICS = {"database_url": "unused", "kafka_bootstrap": "unused", "smtp_host": "mail.test", "approval_key": KEY}


@pytest.mark.parametrize("name", ["dkim_key_file", "dkim_second_key_file", "smtp_ca_file"])
def test_a_file_that_cannot_be_used_is_named(name, tmp_path):
    with pytest.raises(ValidationError, match=r"missing\.pem"):
        Settings(**BASICS, **{name: tmp_path / "missing.pem"})


def test_the_lease_covers_every_turn_of_the_longest_submission():
    assert Settings(**BASICS, smtp_seconds=100).lease_seconds() >= 4 * 100


def test_the_budget_is_what_was_set():
    made = Settings(**BASICS, mailbox_per_hour=7, domain_per_day=9, recipient_gap_seconds=0).budget()
    assert (made.mailbox_per_hour, made.domain_per_day, made.gap_s) == (7, 9, 0)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="mailbox_per_hour"):
        Settings(**BASICS, mailbox_per_hour=0)
