"""Walls (pure): answers that stand before a page and must never pass as its content.

A wall says little, so a page that says much, shows pictures of its own or is a thread is never one by its words: an
ordinary post may speak of captchas, and a board has its log-in form on every page. One sign proves nothing either,
unless nobody but a wall gives it; and no sign makes a page of content a wall by itself, or it would be a way to hide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from shared.pages.read import ReadPage
from shared.pages.wall_signs import Look, Signs, leads_to, read_signs, without_scheme
from shared.pages.weight import weight

# Of own text, in letters of an alphabet: a challenge or a log-in page explains itself in a few sentences.
LITTLE, VERY_LITTLE = 600, 250
LITTLE_CHARACTERS = 1_500  # cheaper to ask first
MOSTLY = 0.4  # of the text are a wall's phrases: the page says nothing else
FEW_LINKS = 10  # of a parked domain to itself


class Wall(StrEnum):
    CAPTCHA = "captcha"  # asks whether we are a person
    LOGIN = "login"
    RATE_LIMIT = "rate_limit"
    GEO_BLOCK = "geo_block"
    PARKED = "parked"  # the domain is for sale, or shows a registrar's advertisements
    SOFT_404 = "soft_404"  # says "not found" with a status that says "here it is"


@dataclass(frozen=True)
class Walled:
    """`why`: what it was recognised by, for whoever reads the page's problem."""

    wall: Wall
    why: str

    def __str__(self) -> str:
        return f"wall: {self.wall} — {self.why}"


SIGNS: Mapping[Wall, Signs] = {
    Wall(name): signs for name, signs in read_signs(Path(__file__).with_name("walls.toml")).items()
}
LOGIN_PATH = re.compile(
    r"(?:member|user|account)?[-_]?(?:log|sign)[-_]?(?:in|on)(?:form)?(?:\.\w{2,4})?|sso|authenticate"
)
PASSWORD = (b'type="password"', b"type='password'", b"type=password")


def wall_of(
    status: int, headers: Mapping[str, str], url: str, final_url: str, page: ReadPage | None = None, body: bytes = b""
) -> Walled | None:
    """The wall that answered instead of the page at `url`, if one did. `page`: the answer as it was read."""
    shown = page is not None and page.is_content and status < 300
    return (
        (None if shown else _by_headers(status, headers))
        or _by_address(status, url, final_url)
        or (_by_page(status, url, page, body) if page else None)
    )


def wall_in_removal(url: str, page: ReadPage, body: bytes) -> Walled | None:
    """The wall that a page with a status of removal is all the same. Who says anywhere, in whatever company, that a
    country is shut out or that we asked too often does not say that anything was removed. Who asks to log in or for a
    proof is a wall where it would be one with any status; a tombstone may ask to log in for more."""
    look = Look(page, body.lower())
    for wall in (Wall.GEO_BLOCK, Wall.RATE_LIMIT):
        if SIGNS[wall].share_of(look.text) or SIGNS[wall].title_in(look.titles):
            return Walled(wall, "it says so")
    asks = _by_page(200, url, page, body)
    titled = SIGNS[Wall.LOGIN].title_in(look.titles) is not None
    if asks and (asks.wall is Wall.CAPTCHA or (asks.wall is Wall.LOGIN and titled)):
        return asks
    return None


def login_redirect(url: str, target: str) -> Walled | None:
    """A page that sends its visitors to a log-in page instead of showing itself."""
    if _is_login(target) and not _is_login(url):
        return Walled(Wall.LOGIN, f"it leads to {target[:200]}")
    return None


def _by_headers(status: int, headers: Mapping[str, str]) -> Walled | None:
    for wall, signs in SIGNS.items():
        if header := signs.header_of(headers):
            return Walled(wall, f"status {status} with {header}")
    return None


def _by_address(status: int, url: str, final_url: str) -> Walled | None:
    if status == 429:
        return Walled(Wall.RATE_LIMIT, "status 429")
    if status == 401:
        return Walled(Wall.LOGIN, "status 401")
    if final_url == url:
        return None
    if block := next((host for host in SIGNS[Wall.GEO_BLOCK].hosts if leads_to(without_scheme(final_url), host)), None):
        return Walled(Wall.GEO_BLOCK, f"it leads to {block}")
    return login_redirect(url, final_url)


def _by_page(status: int, url: str, page: ReadPage, body: bytes) -> Walled | None:
    if not _says_little(page):
        return None
    look = Look(page, body.lower())
    refused = status >= 400
    return (
        _captcha(look, refused, status)
        or _by_words(Wall.RATE_LIMIT, look, refused)
        or _by_words(Wall.GEO_BLOCK, look, refused)
        or _login(look, refused)
        or _parked(look, url)
        or (_soft_404(look) if 200 <= status < 300 else None)
    )


def _says_little(page: ReadPage) -> bool:
    return (
        len(page.text) <= LITTLE_CHARACTERS
        and not (page.pictures or page.videos or page.inline_pictures or len(page.thread) > 1)
        and weight(page.text) <= LITTLE
    )


def _captcha(look: Look, refused: bool, status: int) -> Walled | None:
    signs = SIGNS[Wall.CAPTCHA]
    title, share = signs.title_in(look.titles), signs.share_of(look.text)
    if not (refused or title or share or not look.text):  # the source is long, and searched last
        return None
    if piece := signs.source_in(look.source):
        return Walled(Wall.CAPTCHA, f"status {status} with a challenge’s own script ({piece})")
    if (refused or title or share) and (host := signs.host_in(look)):
        return Walled(Wall.CAPTCHA, f"a challenge of {host}, and nothing else")
    if share and (title or refused or share >= MOSTLY):
        return Walled(Wall.CAPTCHA, "it asks whether we are a person")
    if title and refused:
        return Walled(Wall.CAPTCHA, f"status {status}, titled {title[:60]!r}")
    return None


def _by_words(wall: Wall, look: Look, refused: bool) -> Walled | None:
    """Walls that only say what they are: in a title, or with hardly another word."""
    signs = SIGNS[wall]
    title, share = signs.title_in(look.titles), signs.share_of(look.text)
    if (title and (refused or share)) or share >= MOSTLY or (share and refused):
        return Walled(wall, "it says so" + (f" ({title[:60]!r})" if title else ""))
    return None


def _login(look: Look, refused: bool) -> Walled | None:
    signs = SIGNS[Wall.LOGIN]
    asks_password = any(field in look.source for field in PASSWORD)
    title, share = signs.title_in(look.titles), signs.share_of(look.text)
    if asks_password and title and (not look.page.is_content or share):
        return Walled(Wall.LOGIN, f"a log-in form, titled {title[:60]!r}")
    if share and weight(look.page.text) <= VERY_LITTLE and (refused or title or asks_password or share >= MOSTLY):
        return Walled(Wall.LOGIN, "it tells us to log in")
    return None


def _parked(look: Look, url: str) -> Walled | None:
    signs = SIGNS[Wall.PARKED]
    if len(look.page.links) > FEW_LINKS:
        return None
    share = signs.share_of(look.text) or signs.share_of("".join(look.titles))
    name = (urlsplit(url).hostname or "").removeprefix("www.").replace(".", "").replace("-", "").replace("_", "")
    names_itself = bool(name) and (name in look.text or any(name in title for title in look.titles))
    if (share or not look.page.is_content) and (host := signs.host_in(look)):
        return Walled(Wall.PARKED, f"it is served by {host}")
    if share and (names_itself or share >= MOSTLY):
        return Walled(Wall.PARKED, "its domain is for sale, parked or expired")
    return None


def _soft_404(look: Look) -> Walled | None:
    signs = SIGNS[Wall.SOFT_404]
    title, share = signs.title_in(look.titles), signs.share_of(look.text)
    if share >= MOSTLY or (title and (share or not look.page.is_content)):
        return Walled(Wall.SOFT_404, "it says that nothing is there, with a status that says otherwise")
    return None


def _is_login(url: str) -> bool:
    parts = urlsplit(url.lower())
    segments = [segment for segment in parts.path.split("/") if segment]
    return any(map(LOGIN_PATH.fullmatch, segments[-2:])) or "mode=login" in parts.query
