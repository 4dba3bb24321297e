"""What opens a backup: a key that does not lie on this machine (age, age-encryption.org), and the half of it that does.

`age --decrypt -i KEY escrow.age` opens the home's secrets without Haetae. Anybody can seal to a public half: that the
home did, the tag tells, by the archive's key, which follows from KEY and is all of it that the server has.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from deploy.local.archive import KEY_SECRET, Archive
from deploy.local.home import write_private
from deploy.local.sealed import KEY_BYTES, opened, signed
from shared.plain_files import read_plain, sync_folder

SEALED, FORMER = "escrow.age", "escrow.former.age"
MASTER, FORMER_MASTERS = "master_key", "former_master_keys"
SERVERS = ".server"  # the half of a key that the server has, beside it
SECRET = "AGE-SECRET-KEY-"  # noqa: S105  # how age begins the other half


def new_key(file: Path) -> str:
    """Writes a key that opens backups, in the format of age-keygen, and the server's half beside it; its public half.
    Raises FileExistsError."""
    for made in (file, servers_half(file)):
        if made.exists():
            raise FileExistsError(f"{made} exists already: a key that is overwritten opens nothing any more")
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    write_private(file, f"# public key: {recipient}\n{identity}\n")
    own = base64.b64encode(_derived(identity)).decode()
    write_private(servers_half(file), f"# For `haetae backup into`. It opens no evidence.\n{recipient}\n{own}\n")
    return recipient


def servers_half(file: Path) -> Path:
    return file.with_name(file.name + SERVERS)


def read_servers_half(file: Path) -> tuple[str, bytes]:
    """Recipient and the archive's key. Raises `ValueError`."""
    lines = _lines(file)
    if any(line.upper().startswith(SECRET) for line in lines):
        raise ValueError(f"{file} opens backups and must not be on this machine: give {servers_half(file).name} of it")
    try:
        recipient, encoded = lines
        pyrage.x25519.Recipient.from_str(recipient)
        key = base64.b64decode(encoded, validate=True)
        if len(key) != KEY_BYTES:
            raise ValueError
    except (ValueError, pyrage.RecipientError) as error:
        raise ValueError(
            f"{file} is no server's half of a key: `haetae backup key` writes it, KEYFILE{SERVERS}"
        ) from error
    return recipient, key


def archive_key(key_file: Path) -> bytes:
    """What the archives of this key are sealed with. Raises `ValueError`."""
    (identity, *_) = _identities(key_file)
    return _derived(identity)


def keep(archive: Archive, secrets: Mapping[str, str], recipient: str) -> None:
    """The last ones stay beside them: keys in the archive may still be wrapped by the master key of then."""
    told = {name: value for name, value in secrets.items() if name != KEY_SECRET}
    sealed = pyrage.encrypt(signed(archive.key, SEALED, told), [pyrage.x25519.Recipient.from_str(recipient)])
    fresh = archive.path / f"{SEALED}.new"
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as out:
        out.write(sealed)
        out.flush()
        os.fsync(out.fileno())
    file = archive.path / SEALED
    if file.exists():
        file.replace(archive.path / FORMER)
    fresh.replace(file)
    sync_folder(archive.path)


def secrets_of(archive: Archive, key_file: Path) -> dict[str, str]:
    """The home's secrets, with every master key that a key in the archive may be wrapped by."""
    known = [_opened(archive, file, key_file) for name in (SEALED, FORMER) if (file := archive.path / name).exists()]
    if not known:
        raise ValueError(f"there is no {SEALED} in {archive.path}: is it an archive of `haetae backup`?")
    newest = known[0]
    masters = [key for one in known for key in (one.get(MASTER, ""), *one.get(FORMER_MASTERS, "").split(","))]
    former = dict.fromkeys(key for key in masters if key and key != newest.get(MASTER))
    return {**newest, FORMER_MASTERS: ",".join(former)} if former else newest


def _opened(archive: Archive, file: Path, key_file: Path) -> dict[str, str]:
    """Raises `ValueError`; no part of a secret is in it."""
    identities = _identities(key_file)
    try:
        told = pyrage.decrypt(read_plain(file), identities)
    except pyrage.DecryptError as error:
        raise ValueError(f"{key_file} does not open {file}: give the key of the recipient in archive.json") from error
    try:
        return {name: str(value) for name, value in opened(archive.key, SEALED, lambda: told).items()}
    except ValueError as error:
        raise ValueError(f"{file}: {error}; take another copy of the archive") from error


def _identities(key_file: Path) -> list[pyrage.x25519.Identity]:
    """One or more. Raises `ValueError`."""
    lines = _lines(key_file)
    if not lines:
        raise ValueError(f"{key_file} is empty: give the file of `haetae backup key`")
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError as error:
        what = "the server's half, which opens nothing" if lines[0].startswith("age1") else "no age key file"
        raise ValueError(f"{key_file} is {what}: give the file of `haetae backup key`") from error


def _lines(file: Path) -> list[str]:
    try:
        lines = [line.strip() for line in read_plain(file).decode().splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is no age key file: give the file of `haetae backup key`") from error
    return [line for line in lines if line and not line.startswith("#")]


def _derived(identity: pyrage.x25519.Identity) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, None, b"haetae archive key").derive(str(identity).encode())
