"""The explicit allow list: names that resolve as the operator says, and may lie in a private network."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path

Allowed = Mapping[str, tuple[str, ...]]


def parse_hosts(text: str) -> dict[str, tuple[str, ...]]:
    """Name → addresses, of a hosts file (`ADDRESS NAME…` a line, `#` begins a comment).

    Raises `ValueError` naming the line and the cure.
    """
    names: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        try:
            address = str(ipaddress.ip_address(fields[0]))
        except ValueError:
            raise ValueError(f"line {number}: {fields[0]!r} is no IP address; write ADDRESS NAME") from None
        if len(fields) < 2:
            raise ValueError(f"line {number}: no name after {address}; write ADDRESS NAME")
        for name in map(str.lower, fields[1:]):
            names[name] = (*names.get(name, ()), address)
    return names


def read_hosts(path: Path | None) -> dict[str, tuple[str, ...]]:
    if path is None:
        return {}
    try:
        return parse_hosts(path.read_text())
    except OSError as error:
        raise ValueError(f"HAETAE_ALLOWED_HOSTS_FILE: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ValueError(f"HAETAE_ALLOWED_HOSTS_FILE: {path}: {error}") from error
