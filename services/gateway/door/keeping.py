"""What a report keeps of a person: sealed under a key of its own, which lies wrapped beside it.

The gateway faces the internet and may only read the store of evidence, so nothing of a report lies there. When the
wrapped key goes, nothing can be read here again; a copy of the database that was made before opens with the master key
until it goes too.
"""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.failures import Rejected
from shared.objects import cipher
from shared.objects.case_keys import CaseKeys


class Told(BaseModel):
    """What the person wrote. `contact`: how to be reached; `when`: when that is safe."""

    model_config = ConfigDict(extra="forbid")

    contact: str = ""
    when: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.contact or self.when or self.note)


@dataclass(frozen=True)
class Sealed:
    data: bytes
    key: bytes


async def seal(keys: CaseKeys, about: UUID, data: bytes) -> Sealed:
    """`about`: the report or the document that it belongs to."""
    key, wrapped = await keys.new_elsewhere(place(about))
    return Sealed(cipher.close(data, key, place(about)), wrapped)


async def unseal(keys: CaseKeys, about: UUID, data: bytes, key: bytes) -> bytes:
    """Raises `Tampered`."""
    plain_key = await keys.open_elsewhere(key, place(about))
    try:
        return cipher.disclose(data, plain_key, place(about))
    except ValueError as error:
        raise cipher.Tampered(f"what report {about} keeps does not open ({error}): it was changed") from error


async def told(keys: CaseKeys, about: UUID, data: bytes | None, key: bytes | None) -> Told | None:
    """None when the person left nothing, or it was deleted. Raises `Tampered`."""
    if data is None or key is None:
        return None
    try:
        return Told.model_validate_json(await unseal(keys, about, data, key))
    except ValueError as error:
        raise Rejected(f"what report {about} keeps cannot be read: another version wrote it") from error


def place(about: UUID) -> bytes:
    """What the key is bound to."""
    return cipher.FORMAT + f"report {about}".encode()
