"""The addresses of one page's links (pure): as `urls.canonical` says, but most are taken by a look."""

import re
from collections.abc import Iterable

from turbohtml import Document

from shared.urls import MAX_URL, canonical, query_of

# What `canonical` leaves as it is. `;` is not in a path: joining treats it in a way of its own. An escape stays where
# it is in capitals and means no plain character.
_ESCAPE = r"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_PATH = rf"[A-Za-z0-9\-._~!$&'()*+,=:@/]*+(?:{_ESCAPE}[A-Za-z0-9\-._~!$&'()*+,=:@/]*+)*+"
_PART = rf"(?:[A-Za-z0-9\-._~!$'()*+,;=:@/?]|{_ESCAPE})++"
_HOST = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+"
PLAIN = re.compile(rf"((?:https?:)?//{_HOST}(?=[/?#]|$))?({_PATH})(\?{_PART}(?:&{_PART})*+)?(?:#.*)?", re.DOTALL)
# A base may name a port, if it is neither of the default ones.
BASE = re.compile(rf"(https?://{_HOST}(?::(?!80/|443/)[1-9][0-9]{{0,4}})?(?=/))({_PATH})(?:\?[^#]*)?")
# Nearly all links. No tracking parameter has a name of four letters.
PLAINEST = re.compile(
    rf"^(?:https?://{_HOST})?(?:/[A-Za-z0-9_-]++)++(?:/|\.[a-z]{{2,5}})?"
    r"(?:\?[A-Za-z]{1,4}=[A-Za-z0-9_-]++(?:&[A-Za-z]{1,4}=[A-Za-z0-9_-]++)*+)?$",
    re.MULTILINE,
).findall
OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII).match  # mailto, data …
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

    def learn(self, links: Iterable[str]) -> None:
        """Makes the plainest of them at once, which is cheaper than one by one."""
        if self._origin:
            longest = MAX_URL - len(self._origin)
            plainest = PLAINEST("\n".join(dict.fromkeys(links)))
            made = {link: self._origin + link if link[0] == "/" else link for link in plainest if len(link) <= longest}
            self.update(made)

    def __missing__(self, link: str) -> str | None:
        made: str | None
        if not self._origin:
            made = canonical(link, self.base)
        elif not link or link[0] == "#":
            made = self.base
        elif OTHER_SCHEME(link):
            made = None
        else:
            made = self._plain(link) or canonical(link, self.base)
        if made is not None and len(made) > MAX_URL:
            made = None
        self[link] = made
        return made

    def _plain(self, link: str) -> str | None:
        """None when it takes `canonical` to say."""
        parts = PLAIN.fullmatch(link)
        if parts is None:
            return None
        origin, path, query = parts.groups("")
        if not origin:
            origin, path = self._origin, self._joined(path, query)
        else:
            origin, path = self._origin.partition("//")[0] + origin if origin[0] == "/" else origin, path or "/"
        if query and MAYBE_TRACKING.search(query):
            query = query_of(query[1:])
        return origin + path + query if path and "/." not in path else None

    def _joined(self, path: str, query: str) -> str:
        """Empty when it is not plain."""
        if not path:
            return self._page if query else ""
        if path[0] == "/":
            return path if path[:2] != "//" else ""
        path = self._folder + path
        return path if ":" not in path and "//" not in path else ""
