"""The addresses of one page's links (pure): as `urls.canonical` says, but most are taken by a look."""

import re

from turbohtml import Document

from services.crawler.urls import MAX_URL, canonical, query_of

# What `canonical` leaves as it is. `;` is not in a path (joining treats it in a way of its own), a percent sign only
# before bytes that no plain character has.
_PATH = r"[A-Za-z0-9\-._~!$&'()*+,=:@/]*+(?:%[89A-F][0-9A-F][A-Za-z0-9\-._~!$&'()*+,=:@/]*+)*+"
_PART = r"[A-Za-z0-9\-._~!$'()*+,;=:@/?]++(?:%[89A-F][0-9A-F][A-Za-z0-9\-._~!$'()*+,;=:@/?]*+)*+"
_HOST = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+"
PLAIN = re.compile(rf"(https?://{_HOST}(?=/))?({_PATH})(\?{_PART}(?:&{_PART})*+)?(?:#.*)?", re.DOTALL)
BASE = re.compile(rf"(https?://{_HOST}(?::[0-9]++)?(?=/))({_PATH})(\?{_PART}(?:&{_PART})*+)?", re.DOTALL)
# Nearly all links. No tracking parameter has a name of four letters.
PLAINEST = re.compile(
    rf"(?:https?://{_HOST})?(?:/[A-Za-z0-9_-]++)++(?:/|\.[a-z]{{2,5}})?"
    r"(?:\?[A-Za-z]{1,4}=[A-Za-z0-9_-]++(?:&[A-Za-z]{1,4}=[A-Za-z0-9_-]++)*+)?"
).fullmatch
MAYBE_TRACKING = re.compile(r"utm_|clid|braid|igshid|mc_|_g[al]|sessid|sessionid", re.IGNORECASE)


def page_addresses(page: Document, url: str) -> "Addresses":
    """Joined to what the page names as its base, else to `url`."""
    named = page.find("base", attrs={"href": True}) if page.find("base") else None
    return Addresses((Addresses(url)[named.attr("href") or ""] if named else None) or url)


class Addresses(dict[str, str | None]):
    """`addresses[link]` is `canonical(link, base)`, kept: pages repeat their links. `base` is canonical or empty."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        parts = BASE.fullmatch(base)
        self._origin = parts[1] if parts else ""
        self._page = parts[2] if parts else ""
        self._folder = self._page[: self._page.rfind("/") + 1]

    def __missing__(self, link: str) -> str | None:
        if PLAINEST(link) and self._origin:
            made: str | None = self._origin + link if link[0] == "/" else link
        else:
            made = self._plain(link)
        if made is None or len(made) > MAX_URL:
            made = canonical(link, self.base)
        self[link] = made
        return made

    def _plain(self, link: str) -> str | None:
        """None when it takes `canonical` to say."""
        parts = PLAIN.fullmatch(link)
        if parts is None or not self._origin:
            return None
        origin, path, query = parts.groups("")
        if not origin:
            origin, path = self._origin, self._joined(path, query)
        if query and MAYBE_TRACKING.search(query):
            query = query_of(query[1:])
        made = origin + path + query
        return made if path and "/." not in path else None

    def _joined(self, path: str, query: str) -> str:
        """Empty when it is not plain."""
        if not path:
            return self._page if query else ""
        if path[0] == "/":
            return path if path[:2] != "//" else ""
        path = self._folder + path
        return path if ":" not in path and "//" not in path else ""
