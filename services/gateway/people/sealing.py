"""Secrets of second factors are sealed before they reach the database, bound to their login."""

from collections.abc import Sequence

from pydantic import SecretStr

from shared.approvals import Approvals
from shared.objects.cipher import close, disclose
from shared.objects.keyring import key_of


class Unsealable(ValueError):
    """Sealed with another key, or changed."""


class Seal:
    """`former`: keys of the past, which still open what they sealed."""

    def __init__(self, key: bytes, former: Sequence[bytes] = ()) -> None:
        self._key, self._former = key, tuple(former)

    def seal(self, login: str, secret: str) -> bytes:
        return close(secret.encode(), self._key, login.encode())

    def open(self, login: str, sealed: bytes) -> str:
        """Raises `Unsealable`."""
        for key in (self._key, *self._former):
            try:
                return disclose(sealed, key, login.encode()).decode()
            except ValueError:
                continue
        raise Unsealable("sealed with another key, or changed")


def seal_of(own: SecretStr | None, approvals: Approvals) -> Seal:
    """With the key of its own, else with one that follows from the approval key. Raises `ValueError` as `key_of`."""
    given = key_of(own, "HAETAE_SECOND_FACTOR_KEY") if own else None
    derived = approvals.derived("second factors")
    former = approvals.derived_before("second factors")
    return Seal(given, [derived, *former]) if given else Seal(derived, former)
