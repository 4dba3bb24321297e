"""Addresses from the web in our own documents."""

import unicodedata
from urllib.parse import urlsplit

from shared.text import UNSEEN


def stands_alone(url: str) -> bool:
    """Whether the address can be written verbatim on a line of its own and be found there again."""
    if any(character.isspace() or unicodedata.category(character) in UNSEEN for character in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
