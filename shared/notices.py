"""What an approval covers: the exact bytes of a notice."""

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

from shared.events.values import Notice, Sha256

# Of a notice that goes out at once by mail with nothing beside its text: its digest is that of its text.
PLAIN: dict[str, Any] = {
    "channel": "mail",
    "connector": "",
    "anonymity": "named",
    "occasion": "first",
    "rung": 0,
    "after_hours": 0,
    "follows": None,
    "clock": None,
    "attachments": [],
    "fields": {},
}


def notice_digest(notice: Notice) -> Sha256:
    """SHA-256 of the canonical JSON of what the recipient gets (address, subject and body, byte for byte), and of how
    and when: channel, attachments, form fields, place in the ladder and the clock that moves it.

    The drafter writes it, the official approves it, the notifier computes it again and refuses to send on a difference.
    """
    to = notice.recipient
    covered: list[Any] = [to.email, notice.subject, notice.body]
    more = {
        "channel": to.channel,
        "connector": to.connector,
        "anonymity": to.anonymity,
        "occasion": notice.occasion,
        "rung": notice.rung,
        "after_hours": notice.after_hours,
        "follows": str(notice.follows) if notice.follows else None,
        "clock": notice.clock.model_dump(mode="json") if notice.clock else None,
        "attachments": [[part.name, part.media_type, part.text] for part in notice.attachments],
        "fields": notice.fields,
    }
    if more != PLAIN:
        covered.append(more)
    canonical = json.dumps(covered, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def sealed(notice: Notice) -> Notice:
    """The notice with its own digest."""
    return notice.model_copy(update={"sha256": notice_digest(notice)})


def reference(case_id: UUID) -> str:
    """The case's short name in mails: `HT-` and 40 bits of its id in base 32.

    Short enough to be read out on the telephone; among 100,000 cases two share one with a probability of 0.5 %, so an
    answer is matched by Message-ID first.
    """
    return f"HT-{base64.b32encode(case_id.bytes[:5]).decode()}"


CASES_BANK = "cases"  # of the agency's own: pictures of approved cases
REPORTS_BANK = "victim-reports"  # what anybody gave at the door
SUBMISSION_DIGITS = 8  # of its id, in the name of an entry
UNCURATED = frozenset({CASES_BANK, REPORTS_BANK})  # nobody chose their pictures one by one: a person has to decide
FEDERATION_BANKS = "federation: "  # what their names begin with


def federation_bank(issuer: str, *, harmless: bool) -> str:
    """What another agency stated and two persons accepted here."""
    return f"{FEDERATION_BANKS}{issuer}{' (harmless)' if harmless else ''}"


def approvable(bank: str) -> bool:
    """Whether a match with it may ever approve a notice without a person."""
    return bank not in UNCURATED and not bank.startswith(FEDERATION_BANKS)


def submitted_entry(reference: str, submission_id: UUID) -> str:
    """Under which a picture is listed that a person gave as hashes. A report may be of several."""
    return f"{reference}/{str(submission_id)[:SUBMISSION_DIGITS]}"


def case_entry(case_id: UUID, number: int) -> str:
    """Under which a case's picture is listed: readable, and it names the case."""
    return f"{reference(case_id)}/{case_id}/{number}"


def case_of_entry(entry: str) -> UUID | None:
    """The case that `case_entry` names; None for any other name."""
    parts = entry.split("/")
    try:
        return UUID(parts[1]) if len(parts) == 3 else None
    except ValueError:
        return None
