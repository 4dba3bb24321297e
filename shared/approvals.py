"""Approvals that nobody can forge who merely reaches the broker: sealed by the gateway, checked by the notifier."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

from shared.events.values import Notice, Sha256
from shared.failures import Rejected


class Approvals:
    """HMAC-SHA-256 (RFC 2104) over the case and the digests of its approved notices, with a key of those two alone."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()

    def seal(self, case_id: UUID, approved: Sequence[Notice]) -> Sha256:
        covered = json.dumps([str(case_id), sorted([str(notice.notice_id), notice.sha256] for notice in approved)])
        return hmac.new(self._key, covered.encode(), hashlib.sha256).hexdigest()

    def check(self, case_id: UUID, approved: Sequence[Notice], seal: Sha256) -> None:
        """Raises `Rejected` for an approval that the gateway did not give."""
        if not hmac.compare_digest(self.seal(case_id, approved), seal):
            raise Rejected(
                f"the approval of case {case_id} does not carry the gateway's seal: nothing is sent; either somebody "
                "forged it, or HAETAE_APPROVAL_KEY differs between gateway and notifier"
            )
