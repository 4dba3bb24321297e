"""Are the objects and keys of an archive whole? By their names alone, or each opened where the offline key is there."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from pydantic import SecretStr

from deploy.local.archive import Archive
from haetae.backup import escrow, objects
from shared.failures import Failure
from shared.objects.case_keys import DESTROYED
from shared.objects.keyring import Keyring, LocalKey, key_of, keys_of
from shared.objects.vault import Vault


class Checked(NamedTuple):
    """`opened`: each object was decrypted and has the digest that its name says; else nothing was, for want of the key
    file or because a key service wraps the keys."""

    objects: int
    keys: int
    opened: bool
    problems: list[str]


async def check(archive: Archive, key_file: Path | None) -> Checked:
    """Raises `ValueError` for a key file that does not open the archive."""
    evidence, keys = objects.kept_in(archive)
    keyring = _keyring(escrow.secrets_of(archive, key_file)) if key_file else None
    vault = Vault(evidence, keys, keyring) if keyring else None
    problems: list[str] = []
    of_cases = {str(objects.case_of_key(name)): await keys.get(name) for name in await keys.all_names()}
    destroyed = {case for case, key in of_cases.items() if key == DESTROYED}
    # What is left of a destroyed case goes with the next backup; nobody can read it.
    names = [name for name in await evidence.all_names() if objects.case_of(name) not in destroyed]

    async def one(name: str) -> None:
        case = objects.case_of(name)
        if case not in of_cases:
            problems.append(
                f"{objects.EVIDENCE}/{name}: its case has no key in the archive, so that nobody can read it"
            )
        elif vault:
            try:
                await vault.get(UUID(case), name.rpartition("/")[2])
            except Failure as error:
                problems.append(f"{objects.EVIDENCE}/{name}: {error}; take another copy of it")

    await objects.each(names, one)
    return Checked(len(names), len(of_cases) - len(destroyed), vault is not None, sorted(problems))


def _keyring(secrets: Mapping[str, str]) -> Keyring | None:
    """None for a house whose keys a key service wraps."""
    if not (master := secrets.get(escrow.MASTER)):
        return None
    former = keys_of(SecretStr(secrets.get(escrow.FORMER_MASTERS, "")), escrow.FORMER_MASTERS)
    return Keyring(LocalKey(key_of(SecretStr(master), escrow.MASTER)), [LocalKey(key) for key in former])
