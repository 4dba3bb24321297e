"""Wrapping: a case's key is kept only encrypted, under a key that can be changed without touching what is kept.

`LocalKey` has the wrapping key itself; `shared.objects.transit` asks a key service that never gives it out. A `Keyring`
wraps with its first and opens what any of them wrapped.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from shared.objects import cipher
from shared.objects.cipher import Tampered

PREFIX = b"haetae:wrapped:2 "
ID_BYTES = 8  # names a key among the few of an agency


class Wrapper(Protocol):
    """`place` says what the key belongs to; it is authenticated, so that no wrapped key opens elsewhere."""

    @property
    def name(self) -> str:
        """What people call it; no secret."""
        ...

    def wrapped(self, value: bytes) -> bool:
        """Whether this one may have wrapped it."""
        ...

    async def current(self, value: bytes) -> bool:
        """Whether it would wrap the same key no better today."""
        ...

    async def wrap(self, key: bytes, place: bytes) -> bytes:
        """Raises `Transient` when the key service is away."""
        ...

    async def unwrap(self, value: bytes, place: bytes) -> bytes:
        """Raises `Tampered`; `Transient` when the key service is away."""
        ...


class LocalKey:
    """32 bytes in this process's memory. Values from before wrapping keys had names are tried with every one."""

    def __init__(self, key: bytes) -> None:
        if len(key) != cipher.KEY_BYTES:
            raise ValueError(f"the master key has {len(key)} bytes; it must have {cipher.KEY_BYTES}")
        self._key = key
        self._id = hashlib.sha256(b"haetae key\n" + key).digest()[:ID_BYTES].hex()
        self._prefix = PREFIX + self._id.encode() + b"\n"

    @property
    def name(self) -> str:
        return f"master key {self._id}"

    def wrapped(self, value: bytes) -> bool:
        return value.startswith((self._prefix, cipher.FORMAT))

    async def current(self, value: bytes) -> bool:
        return value.startswith(self._prefix)

    async def wrap(self, key: bytes, place: bytes) -> bytes:
        return self._prefix + cipher.close(key, self._key, place)

    async def unwrap(self, value: bytes, place: bytes) -> bytes:
        try:
            return cipher.disclose(value.removeprefix(self._prefix), self._key, place)
        except ValueError as error:
            raise Tampered(
                f"a wrapped key does not open ({error}): it was changed, or HAETAE_MASTER_KEY is another"
            ) from error


class Keyring:
    def __init__(self, first: Wrapper, former: Sequence[Wrapper] = ()) -> None:
        self._first, self._all = first, (first, *former)

    @property
    def name(self) -> str:
        return self._first.name

    def wrapped(self, value: bytes) -> bool:
        return any(wrapper.wrapped(value) for wrapper in self._all)

    async def current(self, value: bytes) -> bool:
        return await self._first.current(value)

    async def wrap(self, key: bytes, place: bytes) -> bytes:
        return await self._first.wrap(key, place)

    async def unwrap(self, value: bytes, place: bytes) -> bytes:
        failure = Tampered(
            f"a key was wrapped by another than {', '.join(one.name for one in self._all)}: "
            "give that one in HAETAE_FORMER_MASTER_KEYS, or restore HAETAE_MASTER_KEY"
        )
        for wrapper in self._all:
            if wrapper.wrapped(value):
                try:
                    return await wrapper.unwrap(value, place)
                except Tampered as error:
                    failure = error
        raise failure


def key_of(setting: SecretStr, variable: str) -> bytes:
    """The key in a setting. Raises `ValueError` naming the variable and the cure, never the value."""
    try:
        key = base64.b64decode(setting.get_secret_value(), validate=True)
    except ValueError:  # also for letters that are not ASCII
        key = b""
    if len(key) != cipher.KEY_BYTES:
        raise ValueError(
            f"{variable} must be base64 of {cipher.KEY_BYTES} bytes; make one with "
            f"`head -c {cipher.KEY_BYTES} /dev/urandom | base64`"
        ) from None
    return key


def keys_of(setting: SecretStr | None, variable: str) -> tuple[bytes, ...]:
    """Several, separated by commas. Raises as `key_of`."""
    texts = setting.get_secret_value().split(",") if setting else []
    return tuple(key_of(SecretStr(text.strip()), variable) for text in texts if text.strip())
