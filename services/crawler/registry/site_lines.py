"""Reading a list of sites (pure): what is wrong is named with its line, the field and the cure; the rest is kept."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.crawler.registry.grounds import DEFAULT_GROUND, GROUNDS
from services.crawler.registry.onion import is_onion, onion_problem
from services.crawler.registry.site_fields import FIELDS, MAX_NAME, MOST_VISITS, REQUIRED, Given, Names, Wrong
from shared.events.values import SiteKind
from shared.rows import csv_values, json_object
from shared.urls import canonical, host_of

DEFAULT_KIND = SiteKind.BOARD
ONION_EXIT = "onion"  # the only way to onion services
ANY_NAMES = Names()
SEPARATORS = (",", ";", "\t")  # that of the first line: spreadsheets take the one of their country


@dataclass(frozen=True)
class SiteLine:
    """A site as it was given. `start_url` is canonical, `host` its host. `sole_purpose`,
    `paused`: None leaves it as it is."""

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
    legal_ground: str = DEFAULT_GROUND
    visits_per_day: int | None = None
    exit: str | None = None
    credential: str | None = None
    connector: str | None = None
    options: str | None = None
    renders: bool = False
    sole_purpose: bool | None = None
    paused: bool | None = None


def parse_sites(lines: Sequence[str], format: str, names: Names = ANY_NAMES) -> tuple[list[SiteLine], list[str]]:
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
            site = _site(Given(values), names)
            if site.host in sites:
                raise ValueError(f"url: host {site.host} is on an earlier line already; give one line a host")
            sites[site.host] = site
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    return list(sites.values()), problems


def _csv(lines: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Number and fields of each line, or what is wrong with it. Each by itself: an open quote must not eat the rest."""
    first = lines[0] if lines else ""
    separator = next((mark for mark in SEPARATORS if mark in first), ",")
    header = [name.strip().lower() for name in csv_values(first, separator) or []]
    while header and not header[-1]:  # spreadsheets write columns that were emptied
        del header[-1]
    if missing := [name for name in REQUIRED if name not in header]:
        yield 1, f"{', '.join(missing)}: not among the fields; begin with the line {','.join(FIELDS)}"
        return
    if unknown := [name for name in header if name not in FIELDS]:
        named = ", ".join(name or "(no name)" for name in unknown)
        yield 1, f"{named}: no such field, left out; the fields are {', '.join(FIELDS)}"
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        yield 1, f"{', '.join(twice)}: named twice; name each field once"
        return
    for number, line in enumerate(lines[1:], 2):
        values = csv_values(line, separator)
        if values is None:
            yield number, "a quote is not closed, or stands in the wrong place; put whole values in quotes"
        elif any(value.strip() for value in values[len(header) :]):
            yield number, f"{len(values)} values for {len(header)} fields; put what holds a {separator!r} in quotes"
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


def _site(given: Given, names: Names) -> SiteLine:
    url = canonical(given["url"])
    if url is None:
        raise Wrong("url", given["url"])
    ground = given.one_of("legal_ground", GROUNDS, DEFAULT_GROUND)
    site = SiteLine(
        host=host_of(url),
        start_url=url,
        name=given.text("name", MAX_NAME),
        kind=given.one_of("kind", set(SiteKind), DEFAULT_KIND),
        language=given.matching("language"),
        country=given.matching("country"),
        abuse_email=given.matching("abuse_email"),
        requests_per_second=given.number("requests_per_second"),
        revisit_seconds=given.number("revisit_seconds"),
        obey_robots=_obeys(given, ground),
        legal_ground=ground,
        visits_per_day=given.whole("visits_per_day", MOST_VISITS),
        exit=given.matching("exit"),
        credential=given.matching("credential"),
        connector=given.matching("connector"),
        options=given.options(),
        renders=given.yes_or_no("renders") or False,
        sole_purpose=given.yes_or_no("sole_purpose"),
        paused=given.yes_or_no("paused"),
    )
    _check_onion(site)
    _check_names(site, names)
    return site


def _obeys(given: Given, ground: str) -> bool:
    """As the ground says; the line may make it stricter, not laxer."""
    said = given.yes_or_no("obey_robots")
    if said is False and GROUNDS[ground].obeys_robots:
        others = ", ".join(name for name, other in GROUNDS.items() if not other.obeys_robots)
        cure = f"under legal_ground {ground} robots.txt is obeyed; give a ground that allows it ({others}), or yes"
        raise Wrong("obey_robots", given["obey_robots"], cure)
    return GROUNDS[ground].obeys_robots if said is None else said


def _check_onion(site: SiteLine) -> None:
    if not is_onion(site.host):
        if site.kind == SiteKind.DARK_WEB:
            raise Wrong("url", site.start_url, f"a site of kind {site.kind} has an address that ends in .onion")
        return
    if problem := onion_problem(site.host):
        raise Wrong("url", site.start_url, problem)
    if site.exit not in (None, ONION_EXIT):
        raise Wrong("exit", site.exit, f"an onion service is reached through {ONION_EXIT} alone: leave it empty")


def _check_names(site: SiteLine, names: Names) -> None:
    """What the line names must be there: a visit by another way, or without its secret, would not be what was meant."""
    wanted = ONION_EXIT if is_onion(site.host) else site.exit
    if wanted and names.exits is not None and wanted not in names.exits:
        cure = (
            f"add the line `{wanted} URL` to the file of HAETAE_EXITS_FILE, and set it here too; {_there(names.exits)}"
        )
        raise Wrong("exit", wanted, cure)
    if site.credential and not GROUNDS[site.legal_ground].may_log_in:
        others = ", ".join(name for name, ground in GROUNDS.items() if ground.may_log_in)
        cure = f"under legal_ground {site.legal_ground} nobody logs in; give a ground that allows it ({others})"
        raise Wrong("credential", site.credential, cure)
    if site.credential and names.credentials is not None and site.credential not in names.credentials:
        cure = f"add [{site.credential}] to the file of HAETAE_CREDENTIALS_FILE; {_there(names.credentials)}"
        raise Wrong("credential", site.credential, cure)
    if site.options and not site.connector:
        raise Wrong("options", site.options, "they are for a connector: name it in connector, or leave them empty")
    if site.connector and names.check_connector:
        names.check_connector(site.connector, site.options, site.legal_ground)


def _there(names: Collection[str]) -> str:
    return f"there are {', '.join(sorted(names))}" if names else "there is none yet"
