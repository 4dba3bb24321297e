"""Ed25519 keys (RFC 8032) with which agencies sign the hashes that they give one another."""

import base64
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.toml import read_toml

ID_DIGITS = 16  # of the public key's SHA-256
PUBLIC_BYTES = 32


class TrustedAgency(NamedTuple):
    agency: str
    key: Ed25519PublicKey


def new_key(file: Path) -> str:
    """Write a new private key that only its owner may read; the lines that partners put into their trusted keys.

    Raises `FileExistsError`: a key that was replaced cannot be had back.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(pem)
    public = base64.b64encode(raw(key.public_key())).decode()
    return f'[[agency]]\nname = "the name of your agency"\nkey = "{public}"  # id {key_id(key.public_key())}\n'


def read_private(file: Path) -> Ed25519PrivateKey:
    """Raises `ValueError`."""
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{file.name}: no readable private key; make one with `haetae hashes keygen`") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file.name}: the key is no Ed25519 key; make one with `haetae hashes keygen`")
    return key


def read_trusted(file: Path) -> dict[str, TrustedAgency]:
    """By key id. Raises `ValueError` naming the agency whose key is wrong."""
    try:
        rows = read_toml(file.read_text(encoding="utf-8")).get("agency", [])
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
    if not isinstance(rows, list):
        raise ValueError(f"{file.name}: give each agency as [[agency]] with name and key")
    found = {}
    for number, row in enumerate(rows, 1):
        agency = _trusted(file, number, row)
        found[key_id(agency.key)] = agency
    return found


def _trusted(file: Path, number: int, row: object) -> TrustedAgency:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not isinstance(row.get("key"), str):
        raise ValueError(f"{file.name}: agency {number}: give name and key")
    try:
        public = base64.b64decode(row["key"], validate=True)
        return TrustedAgency(row["name"], Ed25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise ValueError(
            f"{file.name}: agency {row['name']!r}: the key is not {PUBLIC_BYTES} bytes in Base64; "
            "ask for the line that `haetae hashes keygen` printed"
        ) from error


def raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(raw(key)).hexdigest()[:ID_DIGITS]
