"""The time-stamp authorities of the agency, as it lists them in a TOML file.

    [[authority]]
    name = "public-1"                        # in file names of bundles: letters, digits, - and _
    url = "https://tsa.agency.test/stamp"    # RFC 3161 over HTTP
    ca_file = "/etc/haetae/public-1.pem"     # the roots that are trusted for it, got by a trusted way
    policy = "1.3.6.1.4.1.32473.1"           # optional: the policy that its stamps must be made under

The README of evidence names authorities that the public may use.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from haetae_verify.stamps import MOST_ROOTS_BYTES, certificates
from shared.toml import read_toml

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
POLICY = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
KEYS = frozenset({"name", "url", "ca_file", "policy"})
MOST = 8  # each is asked for each seal


@dataclass(frozen=True)
class Authority:
    """`pem`: its roots as the file has them. `policy`: an object identifier, or None for any."""

    name: str
    url: str
    pem: bytes = field(repr=False)
    roots: tuple[x509.Certificate, ...] = field(repr=False)
    policy: str | None = None


def read(file: Path | None) -> tuple[Authority, ...]:
    """Raises `ValueError` naming the file, the entry and the cure."""
    if file is None:
        return ()
    said = f"HAETAE_STAMP_AUTHORITIES_FILE={file}"
    try:
        document = read_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{said} cannot be read ({error}): name a TOML file with an [[authority]] each") from error
    entries = document.get("authority")
    if set(document) != {"authority"} or not isinstance(entries, list) or not 0 < len(entries) <= MOST:
        raise ValueError(f"{said}: give one to {MOST} entries [[authority]] and nothing else")
    made = tuple(_authority(entry, f"{said}, entry {number}", file.parent) for number, entry in enumerate(entries, 1))
    names = [authority.name for authority in made]
    if len(set(names)) < len(names):
        raise ValueError(f"{said}: two entries have one name; give each its own")
    return made


def _authority(entry: Any, where: str, folder: Path) -> Authority:  # noqa: ANN401  # whatever the file holds
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise ValueError(f"{where}: give name, url, ca_file and, if wanted, policy, all of them text")
    if wrong := sorted({"name", "url", "ca_file"} - set(entry)) or sorted(set(entry) - KEYS):
        raise ValueError(f"{where}: {wrong[0]!r} is missing or unknown; an entry has name, url, ca_file and policy")
    if not NAME.fullmatch(entry["name"]):
        raise ValueError(f"{where}: name {entry['name']!r}; use small letters, digits, - and _, at most 40")
    _check_url(entry["url"], where)
    policy = entry.get("policy")
    if policy is not None and not POLICY.fullmatch(policy):
        raise ValueError(f"{where}: policy {policy!r} is no object identifier such as 1.3.6.1.4.1.99")
    pem, roots = _roots(folder / entry["ca_file"], where)
    return Authority(entry["name"], entry["url"], pem, roots, policy)


def _check_url(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
        _ = parts.port  # raises for one that is no number
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"{where}: url {url!r} is not http://HOST/… or https://HOST/…, without a login")


def _roots(file: Path, where: str) -> tuple[bytes, tuple[x509.Certificate, ...]]:
    try:
        pem = file.read_bytes()
        roots = tuple(certificates(file.name, pem))
    except (OSError, ValueError) as error:
        raise ValueError(f"{where}: ca_file {file} has no certificates in PEM ({error})") from error
    if len(pem) > MOST_ROOTS_BYTES:  # each bundle holds it, and is refused with a larger one
        raise ValueError(f"{where}: ca_file {file} is larger than {MOST_ROOTS_BYTES} bytes: give its roots alone")
    return pem, roots
