"""Text from the web in our own documents: it must not be able to write lines of its own."""

import unicodedata
from urllib.parse import urlsplit

# Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separators: none has a place in
# a line that a person reads and trusts.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str, limit: int) -> str:
    """The text on one line, visible characters only, at most `limit` of them."""
    seen = "".join(" " if unicodedata.category(character) in UNSEEN else character for character in text)
    line = " ".join(seen.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


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
