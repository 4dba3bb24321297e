"""Exits: proxies by name, for sites that answer only to some country, or only inside a network of their own."""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

ONION = "onion"  # the exit that leads to onion services (RFC 7686), and the end of their names
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
# With "socks5h" the proxy resolves names. Which name is told to it is decided here, not by the scheme.
SCHEMES = {"socks5": "socks5", "socks5h": "socks5", "http": "http"}
FORM = "write NAME SCHEME://[USER:PASSWORD@]HOST:PORT, with the scheme socks5h, socks5 or http"


@dataclass(frozen=True)
class Exit:
    """`kind`: socks5, or http (CONNECT). Its own address is the operator's word: the guard does not look at it."""

    name: str
    kind: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def is_onion(host: str) -> bool:
    return host.rstrip(".").lower().endswith(f".{ONION}")


def parse_exits(text: str) -> dict[str, Exit]:
    """Name → exit, of an exits file (`NAME URL` a line, `#` begins a comment line).

    Raises `ValueError` naming the line and the cure, never what the line says: it may hold a password.
    """
    exits: dict[str, Exit] = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) != 2 or not NAME.fullmatch(fields[0]):
            raise ValueError(f"line {number}: {FORM}; a name has a-z, 0-9, - and _ only")
        if fields[0] in exits:
            raise ValueError(f"line {number}: a second exit {fields[0]!r}; give it a name of its own")
        exits[fields[0]] = _exit(number, fields[0], fields[1])
    return exits


def _exit(number: int, name: str, url: str) -> Exit:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"line {number}: no URL of a proxy; {FORM}") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"line {number}: no known scheme; {FORM}")
    if not parts.hostname or not port or parts.path.strip("/") or parts.query:
        raise ValueError(f"line {number}: no host and port, or more than these; {FORM}")
    user, password = _login(parts)
    if bool(user) != bool(password) or not (user + password).isascii() or max(len(user), len(password)) > 255:
        raise ValueError(f"line {number}: user and password go together, in ASCII, at most 255 characters; {FORM}")
    return Exit(name, SCHEMES[parts.scheme], parts.hostname, port, user, password)


def _login(parts: SplitResult) -> tuple[str, str]:
    return unquote(parts.username or ""), unquote(parts.password or "")


def read_exits(path: Path | None) -> Mapping[str, Exit]:
    """The exits of a file, none without one. Raises `ValueError` naming the setting, the line and the cure."""
    if path is None:
        return {}
    try:
        exits = parse_exits(path.read_text())
        if path.stat().st_mode & stat.S_IRWXO and any(exit.password for exit in exits.values()):
            raise ValueError(f"it has a password, and everybody on this machine may read it; run `chmod o= {path}`")
    except OSError as error:
        raise ValueError(f"HAETAE_EXITS_FILE: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ValueError(f"HAETAE_EXITS_FILE: {path}: {error}") from error
    return exits
