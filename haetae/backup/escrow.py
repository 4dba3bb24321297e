"""What opens a backup: the home's secrets, sealed to a key that does not lie on this machine (age, age-encryption.org).

The file is an ordinary age file: `age --decrypt -i KEY escrow.age` opens it without Haetae.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pyrage

from deploy.local.archive import Archive
from deploy.local.home import write_private

SEALED, FORMER = "escrow.age", "escrow.former.age"
MASTER, FORMER_MASTERS = "master_key", "former_master_keys"


def new_key(file: Path) -> str:
    """Writes a key that opens backups, in the format of age-keygen; its public half. Raises FileExistsError."""
    if file.exists():
        raise FileExistsError(f"{file} exists already: a key that is overwritten opens nothing any more")
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    write_private(file, f"# public key: {recipient}\n{identity}\n")
    return recipient


def checked(recipient: str) -> str:
    """Raises `ValueError` for what is no public half of such a key."""
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise ValueError(f"{recipient[:20]!r}… is no age recipient (`age1…`, of `haetae backup key`)") from error
    return recipient


def keep(archive: Archive, secrets: Mapping[str, str], recipient: str) -> None:
    """The last ones stay beside them: keys in the archive may still be wrapped by the master key of then."""
    sealed = pyrage.encrypt(json.dumps(dict(secrets)).encode(), [pyrage.x25519.Recipient.from_str(recipient)])
    file = archive.path / SEALED
    if file.exists():
        file.replace(archive.path / FORMER)
    fresh = archive.path / f"{SEALED}.new"
    fresh.write_bytes(sealed)
    fresh.replace(file)


def secrets_of(archive: Archive, key_file: Path) -> dict[str, str]:
    """The home's secrets, with every master key that a key in the archive may be wrapped by."""
    known = [_opened(file, key_file) for name in (SEALED, FORMER) if (file := archive.path / name).exists()]
    if not known:
        raise ValueError(f"there is no {SEALED} in {archive.path}: is it an archive of `haetae backup`?")
    newest = known[0]
    masters = [key for one in known for key in (one.get(MASTER, ""), *one.get(FORMER_MASTERS, "").split(","))]
    former = dict.fromkeys(key for key in masters if key and key != newest.get(MASTER))
    return {**newest, FORMER_MASTERS: ",".join(former)} if former else newest


def _opened(file: Path, key_file: Path) -> dict[str, str]:
    """Raises `ValueError`; no part of a secret is in it."""
    identities = _identities(key_file)
    try:
        opened = json.loads(pyrage.decrypt(file.read_bytes(), identities))
        return {str(name): str(value) for name, value in opened.items()}
    except pyrage.DecryptError as error:
        raise ValueError(f"{key_file} does not open {file}: give the key of the recipient in archive.json") from error
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{file} does not hold the secrets of a home: take another copy of the archive") from error


def _identities(key_file: Path) -> list[pyrage.x25519.Identity]:
    lines = [line.strip() for line in key_file.read_text().splitlines()]
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as error:
        raise ValueError(f"{key_file} is no age key file (of `haetae backup key` or age-keygen)") from error
