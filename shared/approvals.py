"""Approvals that nobody can forge who merely reaches the broker: sealed by the gateway, checked by the notifier."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Self

from pydantic import SecretStr

from shared.events import ReviewDecided
from shared.events.values import Notice, Sha256
from shared.failures import Rejected
from shared.settings import ApprovalSettings

SHORTEST_KEY = 32  # as the setting of the newest one says


class Approvals:
    """HMAC-SHA-256 (RFC 2104) over who decided what, when and until when, and over what is looked for at the site
    afterwards, with a key of gateway and notifier alone. `former`: keys whose seals still count, so that what was
    approved before a change of keys is sent after it."""

    def __init__(self, key: SecretStr, former: Sequence[SecretStr] = ()) -> None:
        self._key, *self._former = (one.get_secret_value().encode() for one in (key, *former))

    @classmethod
    def of(cls, settings: ApprovalSettings) -> Self:
        """Raises `ValueError` for a former key that is none."""
        return cls(settings.approval_key, former_keys(settings.former_approval_keys))

    def sealed(self, event: ReviewDecided) -> ReviewDecided:
        return event.model_copy(update={"seal": _seal(event, self._key)})

    def check(self, event: ReviewDecided) -> None:
        """Raises `Rejected` for an approval that the gateway did not give."""
        if not any(hmac.compare_digest(_seal(event, key), event.seal) for key in (self._key, *self._former)):
            raise Rejected(
                f"the approval of case {event.case_id} does not carry the gateway's seal: nothing is sent; either "
                "somebody forged it, or HAETAE_APPROVAL_KEY differs between gateway and notifier"
            )

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose; it does not tell this one (NIST SP 800-108r1, HMAC as PRF)."""
        return _derived(self._key, purpose)

    def derived_before(self, purpose: str) -> list[bytes]:
        """What `derived` gave under the former keys: what was sealed then is still to be opened."""
        return [_derived(key, purpose) for key in self._former]


def former_keys(setting: SecretStr | None) -> tuple[SecretStr, ...]:
    """Of `HAETAE_FORMER_APPROVAL_KEYS`. Raises `ValueError` naming it, never a value."""
    texts = [text.strip() for text in setting.get_secret_value().split(",")] if setting else []
    if any(text and len(text) < SHORTEST_KEY for text in texts):
        raise ValueError(
            f"HAETAE_FORMER_APPROVAL_KEYS: each has {SHORTEST_KEY} characters or more; separate them by commas"
        )
    return tuple(SecretStr(text) for text in texts if text)


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, b"haetae derived key\0" + purpose.encode(), hashlib.sha256).digest()


def _seal(event: ReviewDecided, key: bytes) -> Sha256:
    covered = json.dumps(_covered(event), sort_keys=True, separators=(",", ":"))
    return hmac.new(key, covered.encode(), hashlib.sha256).hexdigest()


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
