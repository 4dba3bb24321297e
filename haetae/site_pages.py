"""Sites on the terminal: a table of many, a page of one, or JSON for scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from haetae.saying import console, errors
from services.crawler.registry.grounds import obeys
from shared.text import one_line

Figures = Mapping[str, Any]

COLUMNS = ("host", "name", "kind", "country", "state", "pages", "visits", "failed", "found", "last visit")
NUMBERS = ("pages", "visits", "failed", "found")
MOST_SHOWN = 3_000  # characters of one value
MEBIBYTE = 1024 * 1024


def print_lines(sites: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines. Moments as ISO 8601, in UTC."""
    for site in sites:
        line = json.dumps(site, default=datetime.isoformat)
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def print_table(page: Sequence[Figures], total: int, most: int) -> None:
    if not total:
        errors.print("no such site; `haetae sites import FILE` enters some, --home names the folder of another stack")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in NUMBERS else "left", overflow="fold")
    for site in page:
        numbers = [f"{site[name]:,}" for name in NUMBERS]
        names = (site["host"], site["name"], site["kind"], site["country"] or "")
        table.add_row(*map(_shown, (*names, state(site), *numbers, _moment(site["last_visit_at"]))))
    console.print(table)
    onward = f"; go on with --after {page[-1]['host']}" if len(page) == most else ""
    errors.print(f"{len(page)} of {total} sites{onward}", highlight=False)


def print_whole(site: Figures) -> None:
    for name, value in sections(site):
        console.print(Text(f"{name:<17} ", "bold"), _shown(value), sep="", soft_wrap=True)


def sections(site: Figures) -> Iterable[tuple[str, str]]:
    """Heading and words, line by line."""
    yield "host", f"{site['host']} — {site['name']}"
    yield "start page", site["start_url"]
    yield "state", state(site)
    what = (site["kind"], site["language"], site["country"], site["abuse_email"])
    yield "is", ", ".join(filter(None, (*what, "sole purpose: never told" if site["sole_purpose"] else "")))
    yield "visited", _how(site)
    obeyed = "obeyed" if obeys(site["legal_ground"], site["obey_robots"]) else "overridden"
    yield "legal ground", f"{site['legal_ground']}; robots.txt is {obeyed}"
    waiting = f"{site['not_visited']:,} not visited yet, {site['due']:,} due, {site['failing']:,} failing"
    yield "pages", f"{site['pages']:,} known: {waiting}"
    yield "visits", f"{site['visits']:,}, {site['failed']:,} of them failed; {site['bytes'] / MEBIBYTE:,.1f} MiB read"
    yield "found", f"{site['found']:,}, the last {_moment(site['last_found_at'])}"
    yield "last, next visit", f"{_moment(site['last_visit_at'])}, {_moment(site['next_visit_at'])}"
    yield "removal checks", f"{site['checks_open']:,} open"
    for problem, pages in site["problems"].items():
        yield "problem", f"{problem} ({pages:,} pages)"
    for origin, robots in site["robots"].items():
        yield "robots.txt", f"{origin}, asked {_moment(robots['asked_at'])}: {robots['decision']}"
    for ground, times in site["robots_overrides"].items():
        last = f"last {_moment(times['last_at'])}: {times['last_url']}"
        yield "overridden", f"{times['visits']:,} visits under {ground}, {last}"


def state(site: Figures) -> str:
    if site["paused"]:
        return "paused"
    if site["hold_off_until"]:
        return f"left alone until {_moment(site['hold_off_until'])}: {site['problem'] or 'it asked so'}"
    if site["troubled"]:
        return f"troubled: {site['problem'] or 'it does not answer'}"
    return "watched" if site["visits"] else "new"


def _how(site: Figures) -> str:
    budget = f", at most {site['visits_per_day']:,} a day" if site["visits_per_day"] else ""
    named = "".join(f"; {name} {site[name]}" for name in ("exit", "credential", "connector", "options") if site[name])
    drawn = "; drawn by a browser" if site["renders"] else ""
    return f"{site['requests_per_second']:g} requests/s, every {site['revisit_seconds']:g} s{budget}{named}{drawn}"


def _shown(text: str) -> Text:
    """What sites say of themselves is neither markup nor orders to the terminal."""
    return Text(one_line(text, MOST_SHOWN))


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
