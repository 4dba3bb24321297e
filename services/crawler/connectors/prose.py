"""Text and pictures of a fragment of HTML inside an answer (pure)."""

from services.crawler.pages.reading import read_html
from services.crawler.pages.shown import visible_text

MAX_HTML = 64 * 1024  # characters: a long article. Hostile markup of that length takes a tenth of a second; more is cut


def plain(html: str) -> str:
    """What a reader sees."""
    return visible_text(html[:MAX_HTML]) if "<" in html or "&" in html else html


def pictures_in(html: str, url: str) -> tuple[str, ...]:
    """Canonical addresses. `url`: where the fragment is shown."""
    return read_html(html[:MAX_HTML], url).pictures if "<img" in html.lower() else ()
