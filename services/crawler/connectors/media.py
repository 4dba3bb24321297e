"""Which kind of media an attachment is (pure)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from services.crawler.connectors.answers import address, text
from services.crawler.connectors.port import Media, Post

MOST = 20  # of each kind: as of a page
MOST_LOOKED_AT = 200
BY_NAME = (
    ("picture", re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|hei[cf])$", re.IGNORECASE)),
    ("video", re.compile(r"\.(?:mp4|m4v|webm|mov|mkv|avi|ogv)$", re.IGNORECASE)),
    ("audio", re.compile(r"\.(?:mp3|m4a|ogg|oga|opus|wav|flac)$", re.IGNORECASE)),
)
# Media types (RFC 6838), and the words that interfaces use in their place.
BY_TYPE = {"image": "picture", "picture": "picture", "video": "video", "gifv": "video", "audio": "audio"}


@dataclass(frozen=True)
class Attached:
    """`kind`: a media type or an interface's own word; empty when nothing is said."""

    url: object
    kind: object = ""


def with_media(post: Post, attached: Iterable[Attached], base: str) -> Post:
    """The post with what is attached to it, in its order. What is no media is left out."""
    found: dict[str, dict[str, None]] = {"picture": {}, "video": {}, "audio": {}}
    for one in islice(attached, MOST_LOOKED_AT):
        url = address(one.url, base)
        kind = _kind(text(one.kind), url) if url else None
        if url and kind:
            found[kind][url] = None
    pictures, videos, audio = (list(found[kind])[:MOST] for kind in ("picture", "video", "audio"))
    return replace(post, pictures=(*map(Media, pictures),), videos=(*map(Media, videos),), audio=(*audio,))


def _kind(said: str, url: str) -> str | None:
    named = BY_TYPE.get(said.lower().partition("/")[0])
    return named or next((kind for kind, ending in BY_NAME if ending.search(urlsplit(url).path)), None)
