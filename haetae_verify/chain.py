"""The chain of custody: each line's hash covers the line and the hash of the line before."""

from collections.abc import Mapping
from typing import Any

from haetae_verify.canonical import canonical, digest

GENESIS = "0" * 64
FIELDS = ("case_id", "seq", "at", "actor", "action", "artifacts", "details", "prev_hash")


def line_hash(line: Mapping[str, Any]) -> str:
    """`line`: `FIELDS` as JSON values (`at`: `canonical.moment`; artifacts: objects of name and sha256, by name)."""
    return digest(canonical({name: line[name] for name in FIELDS}))
