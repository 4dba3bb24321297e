"""robots.txt (pure; RFC 9309): what a site asks of robots."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.urls import MAX_URL, escaped

ROBOT = "haetae"  # our product token
ANYBODY = "*"
MOST_DELAY_S = 30.0  # a longer Crawl-delay would be an unspoken "Disallow: /"
# Each is compared with each address, some microseconds. Large sites have hundreds, a site that wants us busy 40,000.
MOST_RULES = 5_000
MOST_SITEMAPS = 500
RULE_BYTES = 160  # in memory, beside its pattern
RECORD = re.compile(
    r"^[^\S\n]*+(user-agent|allow|disallow|crawl-delay|sitemap)[^\S\n]*+:([^#\n]*+)",
    re.ASCII | re.IGNORECASE | re.MULTILINE,
)
TOKEN = re.compile(r"\*|[A-Za-z_-]+")  # 2.2.1; what follows, such as a version, is not of the name
DELAY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
STARS = re.compile(r"\*{2,}")
UTF8_BOM = b"\xef\xbb\xbf"
CONTROLS = (*range(0x09), *range(0x0E, 0x20), 0x7F)
PLAIN: dict[int, str | None] = {octet: f"%{octet:02X}" for octet in range(0x80, 0x100)} | dict.fromkeys(CONTROLS)


@dataclass(frozen=True)
class Rules:
    """`rules`: (pattern, whether it allows), the most specific first. `delay_s`: least seconds between requests.

    `too_many`: more than `MOST_RULES` were given, and instead of them everything is forbidden: what nobody compares
    must not be asked for, and a site may forbid all of itself anyway.
    """

    rules: Sequence[tuple[str, bool]] = ()
    delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()
    too_many: bool = False

    def allow(self, url: str) -> bool:
        """The longest pattern that matches decides; of two equally long ones the one that allows (2.2.2)."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return path == "/robots.txt" or next((allows for pattern, allows in self.rules if matches(pattern, path)), True)

    @property
    def weight(self) -> int:
        """Bytes in memory, about."""
        return sum(RULE_BYTES + len(pattern) for pattern, _ in self.rules) + sum(map(len, self.sitemaps))


ALL_ALLOWED = Rules()


@dataclass
class _Wishes:
    """Of all groups of one robot. `rules`: patterns as they were written, none twice, at most one too many."""

    named: bool = False
    rules: set[tuple[str, bool]] = field(default_factory=set)
    delay_s: float = 0.0

    def add(self, key: str, value: str) -> None:
        if key == "crawl-delay":
            if DELAY.fullmatch(value):
                self.delay_s = max(self.delay_s, float(value))
        elif value and len(self.rules) <= MOST_RULES and _can_match(value, 3 * MAX_URL):  # %XX may stand for a letter
            self.rules.add((value, key == "allow"))


def robots_text(body: bytes, cut: bool = False) -> str:
    """As text that loses no octet: those beyond ASCII are percent-encoded, as they are compared (2.2.2).

    `cut`: more would have followed, so that the last line may say something else than it was going to.
    """
    if cut:
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.removeprefix(UTF8_BOM).decode("latin-1").translate(PLAIN)


def parse_robots(text: str, token: str = ROBOT) -> Rules:
    """The rules for the robot whose product token is `token`: its own groups together, else those of `*`."""
    wishes, sitemaps = _wishes(text, (token.lower(), ANYBODY))
    own = next((wish for wish in wishes if wish.named), _Wishes())
    rules = {(pattern, allows) for value, allows in own.rules if _can_match(pattern := escaped(value), MAX_URL)}
    delay_s = min(own.delay_s, MOST_DELAY_S)
    if max(len(own.rules), len(rules)) > MOST_RULES:
        return Rules((("/", False),), delay_s, sitemaps, too_many=True)
    most_specific = sorted(rules, key=lambda rule: (len(rule[0]), rule[1]), reverse=True)
    return Rules(tuple((STARS.sub("*", pattern), allows) for pattern, allows in most_specific), delay_s, sitemaps)


def _wishes(text: str, agents: Sequence[str]) -> tuple[list[_Wishes], tuple[str, ...]]:
    """What each of these robots is asked for, and the sitemaps."""
    wishes = {agent: _Wishes() for agent in agents}
    sitemaps: dict[str, None] = {}
    addressed: set[str] = set()
    naming = False  # whether the last record named an agent: several names may share one group
    for key, value in _records(text):
        if key == "user-agent":
            addressed, naming = addressed if naming else set(), True
            if (match := TOKEN.match(value)) and (name := match[0].lower()) in wishes:
                addressed.add(name)
                wishes[name].named = True
        elif key == "sitemap":  # ends no group (2.2.4); neither do records that we do not know
            if len(value) <= MAX_URL and len(sitemaps) < MOST_SITEMAPS:
                sitemaps[value] = None
        else:
            naming = False
            for name in addressed:
                wishes[name].add(key, value)
    return list(wishes.values()), tuple(sitemaps)


def _records(text: str) -> Iterator[tuple[str, str]]:
    for record in RECORD.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        yield record[1].lower(), record[2].strip()


def _can_match(pattern: str, most: int) -> bool:
    """Whether addresses of so many characters may match it."""
    return len(pattern) - pattern.count("*") <= most


def matches(pattern: str, path: str) -> bool:
    """`*` stands for anything, `$` for the end. Linear: a pattern is as hostile as any input."""
    exact = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not exact or len(path) == len(first)
    at = len(first)
    for piece in rest[:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = rest[-1]
    return path.endswith(last) and len(path) - len(last) >= at if exact else path.find(last, at) >= 0
