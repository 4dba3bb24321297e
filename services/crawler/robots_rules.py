"""robots.txt (pure; RFC 9309): what a site asks of robots."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.crawler.urls import escaped

ROBOT = "haetae"  # our product token
MOST_DELAY_S = 30.0  # a longer Crawl-delay would be an unspoken "Disallow: /"
LINE_ENDS = re.compile(r"\r\n?|\n")
LINE = re.compile(r"^\s*([A-Za-z-]+)\s*:\s*([^#]*)")
TOKEN = re.compile(r"\*|[A-Za-z_-]+")  # 2.2.1; what follows, such as a version, is not of the name
RULES = ("allow", "disallow")
UTF8_BOM = b"\xef\xbb\xbf"
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Rules:
    """`rules`: (pattern, whether it allows), the most specific first. `delay_s`: least seconds between requests."""

    rules: Sequence[tuple[str, bool]] = ()
    delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()

    def allow(self, url: str) -> bool:
        """The longest pattern that matches decides; of two equally long ones the one that allows (2.2.2)."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return path == "/robots.txt" or next((allows for pattern, allows in self.rules if matches(pattern, path)), True)


ALL_ALLOWED = Rules()


@dataclass
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay_s: float = 0.0


def robots_text(body: bytes, cut: bool = False) -> str:
    """As text that loses no octet: those beyond ASCII are percent-encoded, as they are compared (2.2.2).

    `cut`: more would have followed, so that the last line may say something else than it was going to.
    """
    if cut:
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    plain = CONTROLS.sub(b"", body.removeprefix(UTF8_BOM))
    return BEYOND_ASCII.sub(lambda octet: b"%%%02X" % octet[0][0], plain).decode("ascii")


def parse_robots(text: str, token: str = ROBOT) -> Rules:
    """The rules for the robot whose product token is `token`: its own groups together, else those of `*`."""
    groups, sitemaps = _groups(text)
    for wanted in (token.lower(), "*"):
        own = [group for group in groups if wanted in group.agents]
        if own:
            rules = {rule for group in own for rule in group.rules}
            most_specific = sorted(rules, key=lambda rule: (len(rule[0]), rule[1]), reverse=True)
            return Rules(most_specific, min(max(group.delay_s for group in own), MOST_DELAY_S), sitemaps)
    return Rules(sitemaps=sitemaps)


def _groups(text: str) -> tuple[list[_Group], tuple[str, ...]]:
    groups: list[_Group] = []
    sitemaps: list[str] = []
    naming = False  # whether the last record named an agent: several names may share one group
    for key, value in _records(text):
        if key == "user-agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents += [match[0].lower() for match in [TOKEN.match(value)] if match]
        elif key == "sitemap":
            sitemaps.append(value)
        elif groups:
            _add_rule(groups[-1], key, value)
        # Records that we do not know, and sitemaps, end no group (2.2.4).
        naming = key == "user-agent" or (naming and key not in (*RULES, "crawl-delay"))
    return groups, tuple(sitemaps)


def _records(text: str) -> Iterator[tuple[str, str]]:
    for match in map(LINE.match, LINE_ENDS.split(text)):
        if match is not None:
            yield match[1].lower(), match[2].strip()


def _add_rule(group: _Group, key: str, value: str) -> None:
    if key in RULES and value:
        group.rules.append((escaped(value), key == "allow"))
    elif key == "crawl-delay" and re.fullmatch(r"\d{1,9}(?:\.\d+)?", value):
        group.delay_s = max(group.delay_s, float(value))


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
