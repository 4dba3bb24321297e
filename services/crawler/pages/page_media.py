"""Where the videos and sounds of a page are (pure)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from turbohtml import Document, Element

from services.crawler.pages.addresses import Addresses
from services.crawler.pages.bylines import objects_of
from services.crawler.pages.page_pictures import ending

FILES = {
    "video": frozenset((".mp4", ".webm", ".m4v", ".mov", ".ogv", ".mkv", ".avi", ".m3u8", ".mpd", ".3gp", ".flv")),
    "audio": frozenset((".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".flac", ".aac")),
}
MEDIA_FILES = FILES["video"] | FILES["audio"]
MAX_EACH = 10
META = {
    "video": ("og:video", "og:video:url", "og:video:secure_url", "twitter:player:stream"),
    "audio": ("og:audio", "og:audio:url", "og:audio:secure_url"),
}
OBJECTS = {"video": "VideoObject", "audio": "AudioObject"}


def media(
    page: Document,
    addresses: Addresses,
    kind: str,
    linked: Sequence[str],
    meta: Mapping[str, str],
    data: Sequence[object],
) -> tuple[str, ...]:
    """Canonical addresses. `kind`: video or audio; `linked`: links to media files; `data`: its JSON-LD."""
    sources = [*_elements(page, kind), *_declared(kind, meta, data)]
    found = [address for source in sources if (address := addresses[source])]
    found += [link for link in linked if ending(link) in FILES[kind]]
    return tuple(dict.fromkeys(found))[:MAX_EACH]


def _elements(page: Document, kind: str) -> Iterator[str]:
    """The lists of one tag's elements cost next to nothing, selectors look at the whole page."""
    for node in page.find_all(kind):
        yield from _sources([node, *node.find_all("source")])
    typed = (*page.find_all("object"), *page.find_all("embed"))
    yield from _sources(node for node in typed if (node.attr("type") or "").startswith(f"{kind}/"))


def _sources(nodes: Iterable[Element]) -> Iterator[str]:
    for node in nodes:
        if source := node.attr("src") or node.attr("data-src") or node.attr("data"):
            yield source


def _declared(kind: str, meta: Mapping[str, str], data: Sequence[object]) -> Iterator[str]:
    """An `og:video` that is an HTML player is no video."""
    if (meta.get(f"og:{kind}:type") or kind).startswith(kind):
        yield from (meta[name] for name in META[kind] if name in meta)
    for one in objects_of(data, OBJECTS[kind]):
        if isinstance(url := one.get("contentUrl"), str):
            yield url
