"""What an approval covers: the exact bytes of a notice."""

import base64
import hashlib
import json
from uuid import UUID

from shared.events.values import Recipient, Sha256


def notice_digest(recipient: Recipient, subject: str, body: str) -> Sha256:
    """SHA-256 of the canonical JSON of what the recipient gets: address, subject and body, byte for byte.

    The drafter writes it, the official approves it, the notifier computes it again and refuses to send on a difference.
    """
    canonical = json.dumps([recipient.email, subject, body], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def reference(case_id: UUID) -> str:
    """The case's short name in mails: `HT-` and 40 bits of its id in base 32.

    Short enough to be read out on the telephone; among 100,000 cases two share one with a probability of 0.5 %, so an
    answer is matched by Message-ID first.
    """
    return f"HT-{base64.b32encode(case_id.bytes[:5]).decode()}"
