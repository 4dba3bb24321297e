"""Pictures that a page carries in itself, as `data:` addresses (RFC 2397) (pure)."""

import binascii
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

HEAD = re.compile(r"\s*+data:(image/[a-z0-9.+-]{1,40})?+((?:;[a-z0-9=.+-]{1,40})*?)(;base64)?+,", re.IGNORECASE)
FEWEST_BYTES = 512  # smaller ones are placeholders and signs
MOST_BYTES, MOST = 4_000_000, 10


def is_inline(source: str) -> bool:
    return source[:20].lstrip()[:5].lower() == "data:"


def inline_pictures(sources: Iterable[str]) -> tuple[bytes, ...]:
    """What can be decoded, each once, bounded in number and size."""
    found: dict[bytes, None] = {}
    for source in sources:
        if is_inline(source) and (body := _decoded(source)) is not None:
            found[body] = None
            if len(found) == MOST:
                break
    return tuple(found)


def _decoded(source: str) -> bytes | None:
    head = HEAD.match(source[:400])
    if head is None or head[1] is None or "svg" in head[1].lower() or len(source) > 3 * MOST_BYTES:
        return None
    raw = unquote_to_bytes(source[head.end() :])
    try:
        body = binascii.a2b_base64(raw + b"==") if head[3] else raw
    except binascii.Error:
        return None
    return body if FEWEST_BYTES <= len(body) <= MOST_BYTES else None
