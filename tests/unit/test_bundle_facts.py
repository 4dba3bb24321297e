"""What the report takes from the steps: the facts as the steps write them, and any other JSON without an error."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evidence.bundle.circumstances import server
from services.evidence.bundle.looks import looks
from services.evidence.bundle.words import WORDS, line, say
from services.evidence.capture.plan import PLAN
from services.gateway.texts import MESSAGES
from shared.events import CustodyAction

STEPS: dict[str, Any] = {
    "document": {"address": "127.77.0.3"},
    "tls": {
        "tls": True,
        "sent": [
            {
                "sha256": "ab" * 32,
                "subject": "CN=harbour-board.en.test",
                "issuer": "CN=Local Root",
                "not_before": "2026-01-01T00:00:00.000Z",
                "not_after": "2027-01-01T00:00:00.000Z",
            }
        ],
    },
    "dns": {"asked": True, "addresses": ["127.77.0.3", "127.77.0.4"]},
    "rdap": {
        "domain": {
            "registry": {
                "registrar": {"name": "Quay Names", "handle": "1", "iana_id": "9999"},
                "events": [{"action": "registration", "at": "2020-02-02T00:00:00Z"}],
            }
        },
        "network": {"registry": {"owner": "Pier Hosting", "name": "PIER-1", "country": "KR"}},
    },
    "conditions": {"clock": {"servers": [{"server": "clock.test", "offset_ms": -12}]}},
    "compare": {
        "verdict": "same-content",
        "status_agrees": True,
        "final_url_agrees": True,
        "address_agrees": True,
        "body_agrees": False,
        "title": {"agrees": True},
        "text": {"shared_per_mille": 987, "excerpt_in_both": True},
        "pictures": [{"number": 1, "agrees": True}, {"number": 2, "agrees": None}],
    },
}
UNKNOWN, AWAY = line(say("unknown")), line(say("away"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def test_the_server_is_told_as_the_steps_found_it():
    rows = {label: value.replace("\u200b", "") for label, value in server(STEPS)}
    assert rows == {
        "address": "127.77.0.3",
        "dns": "127.77.0.3, 127.77.0.4",
        "owner": "Pier Hosting, PIER-1, KR",
        "registrar": "Quay Names",
        "registered": "2020-02-02T00:00:00Z",
        "certificate": "CN=harbour-board.en.test",
        "issuer": "CN=Local Root",
        "valid": "2026-01-01T00:00:00.000Z ~ 2027-01-01T00:00:00.000Z",
        "fingerprint": "ab" * 32,
        "clock": "-12 ms (clock.test)",
    }


def test_a_page_without_tls_and_steps_that_failed_are_said_to_be_so():
    rows = dict(server({"tls": {"tls": False}, "dns": {"asked": False}}))
    assert rows["certificate"] == line(say("no_tls"))
    assert rows["registrar"] == AWAY
    assert rows["dns"] == UNKNOWN


def test_two_looks_are_compared_in_words():
    told = looks(STEPS)
    assert told[0] == WORDS["verdict"]["same-content"]
    assert told[1][1] == "agree: status, final address, IP address, title, the text as found, pictures"
    assert told[2][1] == "differ: bytes of the document"
    assert told[3][1] == "words in both: 98.7 %"
    assert looks({}) == [say("away")]
    assert looks({"compare": {"verdict": "no-second"}}) == [WORDS["verdict"]["no-second"]]


def test_every_step_action_and_reason_has_words():
    """Reasons and categories: those that the case page has words for."""
    assert {step.name for step in PLAN} <= WORDS["step"].keys()
    assert {action.value for action in CustodyAction} == WORDS["action"].keys()
    for section in ("reason", "category"):
        codes = {key.partition(".")[2] for key in MESSAGES["ko"] if key.startswith(f"{section}.")}
        assert codes <= WORDS[section].keys() | {"unknown"}
    assert all(korean and english for pairs in WORDS.values() for korean, english in pairs.values())


@pytest.mark.parametrize("step", ["document", "tls", "dns", "rdap", "conditions", "compare"])
@given(JSON)
@settings(max_examples=40)
def test_any_facts_make_rows(step, facts):
    told = {**STEPS, step: facts}
    assert all(isinstance(value, str) for _, value in server(told))
    assert all(isinstance(korean, str) for korean, _ in looks(told))
