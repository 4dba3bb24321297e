"""What an approval covers: the exact bytes of a notice."""

import hashlib
import json

from shared.events.values import Recipient, Sha256


def notice_digest(recipient: Recipient, subject: str, body: str) -> Sha256:
    """SHA-256 of the canonical JSON of what the recipient gets: address, subject and body, byte for byte.

    The drafter writes it, the official approves it, the notifier computes it again and refuses to send on a difference.
    """
    canonical = json.dumps([recipient.email, subject, body], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
