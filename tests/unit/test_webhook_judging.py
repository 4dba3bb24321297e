"""Signatures and answers of webhooks. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from services.gateway.bridges.webhooks import judging, signing
from services.gateway.bridges.webhooks.judging import Outcome
from shared.net.calling import Reply

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@given(body=st.text(max_size=200).map(str.encode), id=st.uuids())
def test_the_library_of_the_standard_verifies_what_is_signed(body: bytes, id: UUID) -> None:
    old, new, other = (signing.new_secret() for _ in range(3))
    headers = signing.headers(str(id), datetime.now(UTC), body, (new, old))
    for secret in (new, old):
        Verifier(secret).verify(body, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Verifier(other).verify(body, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Verifier(new).verify(body + b"x", headers, json_parse=False)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.TAKEN),
        (204, Outcome.TAKEN),
        (301, Outcome.REDIRECTED),
        (304, Outcome.REDIRECTED),
        (400, Outcome.REFUSED),
        (410, Outcome.GONE),
        (503, Outcome.REFUSED),
        (199, Outcome.REFUSED),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert judging.taken(Reply(status, {}, b""), NOW).outcome is outcome


@pytest.mark.parametrize(
    ("headers", "outcome", "per_minute"),
    [
        ({}, Outcome.NO_CONSENT, None),
        ({"webhook-allowed-origin": "elsewhere.test"}, Outcome.NO_CONSENT, None),
        ({"webhook-allowed-origin": "*"}, Outcome.TAKEN, None),
        ({"webhook-allowed-origin": " Haetae.TEST "}, Outcome.TAKEN, None),
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "120"}, Outcome.TAKEN, 120),
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "*"}, Outcome.TAKEN, None),
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "0"}, Outcome.TAKEN, None),
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "-3"}, Outcome.TAKEN, None),
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "9" * 50}, Outcome.TAKEN, None),
    ],
)
def test_consent_is_a_header_and_no_status(headers: dict[str, str], outcome: Outcome, per_minute: int | None) -> None:
    judged = judging.agreed(Reply(200, headers, b""), "haetae.test", NOW)
    assert (judged.outcome, judged.per_minute) == (outcome, per_minute)
    assert judging.agreed(Reply(403, headers, b""), "haetae.test", NOW).outcome is Outcome.REFUSED


def test_waits_double_up_to_an_hour_and_differ() -> None:
    waits = [judging.wait_s(failures, 0.0, Random(failures)) for failures in range(1, 60)]
    for failures, wait in enumerate(waits, 1):
        middle = min(judging.FIRST_RETRY_S * 2 ** (failures - 1), judging.LONGEST_RETRY_S)
        assert middle * (1 - judging.SPREAD) <= wait <= middle * (1 + judging.SPREAD)
    assert len(set(waits)) == len(waits)
    assert judging.wait_s(1, 900.0, Random(7)) == 900.0
