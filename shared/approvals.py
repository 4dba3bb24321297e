"""Approvals that nobody can forge who merely reaches the broker: sealed by the gateway, checked by the notifier."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from shared.events import ReviewDecided
from shared.events.values import Notice, Sha256
from shared.failures import Rejected


class Approvals:
    """HMAC-SHA-256 (RFC 2104) over the case, the round, the digests of its approved notices and, where a policy
    approved them, that policy and until when, with a key of those two alone."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()

    def seal(
        self, case_id: UUID, approved: Sequence[Notice], round: int = 0, policy: str = "", until: datetime | None = None
    ) -> Sha256:
        covered: list[Any] = [str(case_id), sorted([str(notice.notice_id), notice.sha256] for notice in approved)]
        if round or policy or until:
            covered += [round, policy, until.isoformat() if until else None]
        return hmac.new(self._key, json.dumps(covered).encode(), hashlib.sha256).hexdigest()

    def check(self, event: ReviewDecided) -> None:
        """Raises `Rejected` for an approval that the gateway did not give."""
        sealed = self.seal(event.case_id, event.approved, event.round, event.policy, event.until)
        if not hmac.compare_digest(sealed, event.seal):
            raise Rejected(
                f"the approval of case {event.case_id} does not carry the gateway's seal: nothing is sent; either "
                "somebody forged it, or HAETAE_APPROVAL_KEY differs between gateway and notifier"
            )
