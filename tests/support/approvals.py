"""The key that gateway and notifier share in tests."""

from pydantic import SecretStr

from shared.approvals import Approvals

KEY = "a key for tests, shared by gateway and notifier"
APPROVALS = Approvals(SecretStr(KEY))
