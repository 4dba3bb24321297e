"""Text of others in our own lines: it must not be able to write lines of its own."""

import unicodedata

# Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separators: none has a place in
# a line that a person reads and trusts.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str, limit: int) -> str:
    """The text on one line, visible characters only, at most `limit` of them."""
    seen = "".join(" " if unicodedata.category(character) in UNSEEN else character for character in text)
    line = " ".join(seen.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
