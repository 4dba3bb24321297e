"""Answers that are a file where a page was (pure): browsers show pictures, films and PDF whatever the status says."""

import re

from shared.net import Fetched

FILES = ("image/", "video/", "audio/", "application/pdf", "application/zip", "application/octet-stream")
# Bytes that no text has (WHATWG MIME Sniffing, 3: binary data bytes), and how much of an answer tells.
NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
TELLS = 1_445
WIDE = (b"\xff\xfe", b"\xfe\xff")  # text in UTF-16 is full of them


def is_file(got: Fetched) -> bool:
    """By what it says it is, or by its bytes: also what came in a coding that we cannot unpack."""
    if not got.body:
        return False
    kind = got.headers.get("content-type", "").strip().lower()
    if kind.startswith(FILES):
        return True
    in_wide = got.body.startswith(WIDE) or "utf-16" in kind
    return not in_wide and NO_TEXT.search(got.body[:TELLS]) is not None
