"""Reading a list of sites (pure): what is wrong is named with its line, the field and the cure; the rest is kept."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.crawler.urls import canonical, host_of
from shared.events.values import SiteKind
from shared.rows import csv_values, json_object

FIELDS = (
    "url", "name", "kind", "language", "country", "abuse_email", "requests_per_second", "revisit_seconds",
    "obey_robots",
)  # fmt: skip
REQUIRED = ("url", "name")
DEFAULT_KIND = SiteKind.BOARD
DEFAULT_PACE = 1.0  # requests a second, as other polite crawlers
DEFAULT_REVISIT_S = 300.0  # a new post is found within five minutes
MOST_PACE = 1_000.0  # a typing error, or a benchmark
LEAST_REVISIT_S = 1.0
MAX_NAME = 200
EMAIL = re.compile(r"^[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[^@\s<>,;.]+$")
CURES = {
    "url": "give the address where the site's newest posts are listed, such as https://board.test/",
    "name": f"give the site's name, at most {MAX_NAME} characters",
    "kind": f"give one of {', '.join(SiteKind)}",
    "language": "give two small letters (ISO 639-1) such as ko, or leave it empty",
    "country": "give two capitals (ISO 3166-1) such as KR, or leave it empty",
    "abuse_email": "give one mail address, or leave it empty",
    "requests_per_second": f"give a number above 0, at most {MOST_PACE:g}",
    "revisit_seconds": f"give a number of at least {LEAST_REVISIT_S:g}",
    "obey_robots": "give yes, or no where the law allows a visit that robots.txt forbids, or leave it empty (yes)",
}


@dataclass(frozen=True)
class SiteLine:
    """A site as it was given. `start_url` is canonical, `host` its host."""

    host: str
    start_url: str
    name: str
    kind: str
    language: str | None
    country: str | None
    abuse_email: str | None
    requests_per_second: float
    revisit_seconds: float
    obey_robots: bool = True


class _Wrong(ValueError):
    def __init__(self, field: str, value: object) -> None:
        shown = f"{value!r:.100}" if value not in (None, "") else "nothing"
        super().__init__(f"{field}: {shown} cannot be used; {CURES[field]}")


def parse_sites(lines: Sequence[str], format: str) -> tuple[list[SiteLine], list[str]]:
    """Sites of CSV lines (the first names the fields) or JSON lines, and a sentence for each line that is wrong."""
    reader = {"csv": _csv, "jsonl": _json}.get(format)
    if reader is None:
        raise ValueError(f"format {format!r} is not known; give csv or jsonl")
    sites: dict[str, SiteLine] = {}
    problems: list[str] = []
    for number, values in reader(lines):
        try:
            if isinstance(values, str):
                raise ValueError(values)
            site = _site(values)
            if site.host in sites:
                raise ValueError(f"url: host {site.host} is on an earlier line already; give one line a host")
            sites[site.host] = site
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    return list(sites.values()), problems


def _csv(lines: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Number and fields of each line, or what is wrong with it. Each by itself: an open quote must not eat the rest."""
    header = [name.strip().lower() for name in csv_values(lines[0] if lines else "") or []]
    if missing := [name for name in REQUIRED if name not in header]:
        yield 1, f"{', '.join(missing)}: not among the fields; begin with the line {','.join(FIELDS)}"
        return
    if unknown := [name for name in header if name not in FIELDS]:
        yield 1, f"{', '.join(unknown)}: no such field, left out; the fields are {', '.join(FIELDS)}"
    for number, line in enumerate(lines[1:], 2):
        values = csv_values(line)
        if values is None:
            yield number, "a quote is not closed, or stands in the wrong place; put whole values in quotes"
        elif len(values) > len(header):
            yield number, f"{len(values)} values for {len(header)} fields; put names with commas in quotes"
        elif any(value.strip() for value in values):
            yield number, dict(zip(header, values, strict=False))


def _json(lines: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json_object(line)
        except ValueError as error:
            yield number, f"it {error}"


def _site(values: dict[str, Any]) -> SiteLine:
    given = {name: "" if values.get(name) is None else str(values[name]).strip() for name in FIELDS}
    url = canonical(given["url"])
    if url is None or "\0" in given["url"]:
        raise _Wrong("url", given["url"])
    if not 0 < len(given["name"]) <= MAX_NAME or "\0" in given["name"]:
        raise _Wrong("name", given["name"])
    if given["kind"] and given["kind"] not in set(SiteKind):
        raise _Wrong("kind", given["kind"])
    return SiteLine(
        host=host_of(url),
        start_url=url,
        name=given["name"],
        kind=given["kind"] or DEFAULT_KIND,
        language=_matching(given, "language", re.compile(r"^[a-z]{2}$")),
        country=_matching(given, "country", re.compile(r"^[A-Z]{2}$")),
        abuse_email=_matching(given, "abuse_email", EMAIL),
        requests_per_second=_number(given, "requests_per_second", DEFAULT_PACE, 1e-6, MOST_PACE),
        revisit_seconds=_number(given, "revisit_seconds", DEFAULT_REVISIT_S, LEAST_REVISIT_S, 1e9),
        obey_robots=_yes_or_no(given, "obey_robots"),
    )


def _matching(given: dict[str, str], field: str, pattern: re.Pattern[str]) -> str | None:
    if given[field] and not pattern.match(given[field]):
        raise _Wrong(field, given[field])
    return given[field] or None


def _number(given: dict[str, str], field: str, default: float, least: float, most: float) -> float:
    try:
        number = float(given[field] or default)
    except ValueError:
        raise _Wrong(field, given[field]) from None
    if not math.isfinite(number) or not least <= number <= most:
        raise _Wrong(field, given[field])
    return number


def _yes_or_no(given: dict[str, str], field: str) -> bool:
    answers = {"": True, "yes": True, "true": True, "no": False, "false": False}
    if given[field].lower() not in answers:
        raise _Wrong(field, given[field])
    return answers[given[field].lower()]
