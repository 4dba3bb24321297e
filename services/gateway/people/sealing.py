"""Secrets of second factors are sealed before they reach the database, bound to their login."""

from pydantic import SecretStr

from shared.approvals import Approvals
from shared.objects.cipher import close, disclose
from shared.objects.keyring import key_of


class Unsealable(ValueError):
    """Sealed with another key, or changed."""


class Seal:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, login: str, secret: str) -> bytes:
        return close(secret.encode(), self._key, login.encode())

    def open(self, login: str, sealed: bytes) -> str:
        """Raises `Unsealable`."""
        try:
            return disclose(sealed, self._key, login.encode()).decode()
        except ValueError:
            raise Unsealable("sealed with another key, or changed") from None


def seal_of(own: SecretStr | None, approval_key: SecretStr) -> Seal:
    """With the key of its own, else with one that follows from the approval key. Raises `ValueError` as `key_of`."""
    given = key_of(own, "HAETAE_SECOND_FACTOR_KEY") if own else None
    return Seal(given or Approvals(approval_key).derived("second factors"))
