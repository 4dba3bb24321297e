"""robots.txt (pure; RFC 9309): what a site asks of robots."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_DELAY_S = 30.0  # a longer Crawl-delay would be an unspoken "Disallow: /"
LINE = re.compile(r"^\s*([A-Za-z-]+)\s*:\s*([^#]*)")


@dataclass(frozen=True)
class Rules:
    """`rules`: (pattern, whether it allows). `delay_s`: least seconds between requests."""

    rules: Sequence[tuple[str, bool]] = ()
    delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()

    def allow(self, url: str) -> bool:
        """The longest pattern that matches decides; of two equally long ones the one that allows (RFC 9309, 2.2.2)."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [(len(pattern), allows) for pattern, allows in self.rules if matches(pattern, path)]
        return max(matching, default=(0, True))[1]


ALL_ALLOWED = Rules()


@dataclass
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay_s: float = 0.0


def parse_robots(text: str, token: str) -> Rules:
    """The rules for the robot whose product token is `token`: its own groups together, else those of `*`."""
    groups, sitemaps = _groups(text)
    for wanted in (token.lower(), "*"):
        own = [group for group in groups if wanted in group.agents]
        if own:
            rules = [rule for group in own for rule in group.rules]
            return Rules(rules, min(max(group.delay_s for group in own), MOST_DELAY_S), sitemaps)
    return Rules(sitemaps=sitemaps)


def _groups(text: str) -> tuple[list[_Group], tuple[str, ...]]:
    groups: list[_Group] = []
    sitemaps: list[str] = []
    naming = False  # whether the last line named an agent: several names may share one group
    for match in map(LINE.match, text.splitlines()):
        if match is None:
            continue
        key, value = match[1].lower(), match[2].strip()
        if key == "user-agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents.append(value.lower())
        elif key == "sitemap":
            sitemaps.append(value)
        elif groups:
            _add_rule(groups[-1], key, value)
        naming = key == "user-agent" or (naming and key == "sitemap")
    return groups, tuple(sitemaps)


def _add_rule(group: _Group, key: str, value: str) -> None:
    if key in ("allow", "disallow") and value:
        group.rules.append((value, key == "allow"))
    elif key == "crawl-delay" and re.fullmatch(r"\d{1,9}(?:\.\d+)?", value):
        group.delay_s = float(value)


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
