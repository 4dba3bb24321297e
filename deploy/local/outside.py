"""Servers that somebody else runs: a part whose address is set is not started, and its settings are passed on."""

from __future__ import annotations

from collections.abc import Mapping

# The setting that says "there is one already", and all those that belong to it.
NAMED_BY = {
    "postgres": "HAETAE_DATABASE_URL",
    "kafka": "HAETAE_KAFKA_BOOTSTRAP",
    "s3": "HAETAE_S3_ENDPOINT",
    "mail": "HAETAE_SMTP_HOST",
    "authority": "HAETAE_STAMP_AUTHORITIES_FILE",
}
PREFIXES = {
    "postgres": ("HAETAE_DATABASE_",),
    "kafka": ("HAETAE_KAFKA_",),
    "s3": ("HAETAE_S3_",),
    "mail": ("HAETAE_SMTP_", "HAETAE_MAIL_", "HAETAE_IMAP_"),
    "authority": ("HAETAE_STAMP_",),
}
# Without these the address is of no use.
REQUIRED = {"s3": ("HAETAE_S3_ACCESS_KEY", "HAETAE_S3_SECRET_KEY")}


def settings(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By part, the settings of the outside servers named in `environ`. Raises ValueError for one that is half given."""
    named = [part for part, name in NAMED_BY.items() if environ.get(name)]
    for part in named:
        if missing := [name for name in REQUIRED.get(part, ()) if not environ.get(name)]:
            raise ValueError(f"{NAMED_BY[part]} is set, so set {' and '.join(missing)} too")
    return {part: _of(part, environ) for part in named}


def _of(part: str, environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(PREFIXES[part])}
