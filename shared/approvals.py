"""Approvals that nobody can forge who merely reaches the broker: sealed by the gateway, checked by the notifier."""

import hashlib
import hmac
import json
from typing import Any

from pydantic import SecretStr

from shared.events import ReviewDecided
from shared.events.values import Notice, Sha256
from shared.failures import Rejected


class Approvals:
    """HMAC-SHA-256 (RFC 2104) over who decided what, when and until when, and over what is looked for at the site
    afterwards, with a key of gateway and notifier alone."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()

    def sealed(self, event: ReviewDecided) -> ReviewDecided:
        return event.model_copy(update={"seal": self._seal(event)})

    def check(self, event: ReviewDecided) -> None:
        """Raises `Rejected` for an approval that the gateway did not give."""
        if not hmac.compare_digest(self._seal(event), event.seal):
            raise Rejected(
                f"the approval of case {event.case_id} does not carry the gateway's seal: nothing is sent; either "
                "somebody forged it, or HAETAE_APPROVAL_KEY differs between gateway and notifier"
            )

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose; it does not tell this one (NIST SP 800-108r1, HMAC as PRF)."""
        return hmac.new(self._key, b"haetae derived key\0" + purpose.encode(), hashlib.sha256).digest()

    def _seal(self, event: ReviewDecided) -> Sha256:
        covered = json.dumps(_covered(event), sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, covered.encode(), hashlib.sha256).hexdigest()


def _covered(event: ReviewDecided) -> dict[str, Any]:
    """Named one by one: a field that a newer gateway adds must not make an older notifier refuse."""
    finding = event.finding
    pictures = [[one.url, one.sha256] for one in finding.pictures]
    videos = [[one.url, one.sha256] for one in finding.videos]
    return {
        "case": str(event.case_id),
        "round": event.round,
        "verdict": event.verdict.value,
        "reviewer": event.reviewer,
        "policy": event.policy,
        "decided_at": event.decided_at.isoformat(),
        "until": event.until.isoformat() if event.until else None,
        "notices": sorted(map(_of_notice, event.approved)),
        "url": finding.url,
        "shown": sorted(pictures + videos),
    }


def _of_notice(notice: Notice) -> list[Any]:
    """`sha256` covers what leaves; the rest decides beside what it leaves."""
    return [
        str(notice.notice_id),
        notice.sha256,
        notice.recipient.provider,
        sorted(notice.recipient.can),
        notice.urgent,
    ]
