"""`haetae contacts`: who would be asked about a host, why, and how old that knowledge is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from haetae import access
from haetae.saying import HOME, Home, console, errors, fail, guarded
from haetae.sites_cli import host_named
from services.crawler.frontier.loading import load_sites
from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.graph import Contacts, Provider
from services.drafter.contacts.measured import measured
from services.drafter.contacts.resolve import Asked, Resolved, resolve
from services.drafter.contacts.stated import Stated, stated
from services.drafter.contacts.supposed import last_seen, supposed
from services.drafter.datafile import load
from services.drafter.problems import Sentences
from shared.events import EvidenceSealed
from shared.text import one_line

contacts = typer.Typer()

COLUMNS = ("rung", "after", "role", "who", "by", "known since", "answers in", "where from")
MOST_SHOWN = 200
Given = Annotated[
    Path | None,
    typer.Option(
        "--file", envvar="HAETAE_CONTACTS_FILE", help="The agency's own contacts.toml.", exists=True, dir_okay=False
    ),
]


@contacts.command("show")
def show(
    host: Annotated[str, typer.Argument(help="A site's host, or an address of it.", show_default=False)] = "",
    provider: Annotated[str, typer.Option(help="Show what is known of this provider instead.")] = "",
    category: Annotated[str, typer.Option(help="Kind of case.")] = "known_content",
    file: Given = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: a line of JSON for each.")] = False,
    home: Home = HOME,
) -> None:
    """Who would be asked if something were found on HOST, in the order of the ladder.

    Nobody is contacted: what the registries said is that of the host's last case.
    """
    graph = _graph(file)
    if bool(host) == bool(provider):
        raise typer.BadParameter("name a host, or a provider with --provider", param_hint="HOST")
    if provider:
        return _show_provider(graph, provider, as_json)
    name, now = host_named(host), datetime.now(UTC)

    async def do() -> tuple[EvidenceSealed, Mapping[str, float], Sequence[Stated]]:
        async with access.database("crawler", home) as database, database.transaction() as tx:
            site = (await load_sites(tx, [name]))[name].site
        async with access.database("drafter", home) as database, database.transaction() as tx:
            seen = await last_seen(tx, name)
            event = supposed(site, seen.surroundings if seen else None, category, now)
            return event, await measured(tx), await stated(event, tx)

    event, times, told = guarded(do)
    found = resolve(event, graph, times, now, told)
    if as_json:
        for one in found.asked:
            _line(_told(one))
    else:
        _print(found, now)
    if event.surroundings is None:
        errors.print(f"{name}: there is no case of it yet, so what the registries say of it is not known")


@contacts.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="An agency's contacts.toml.", exists=True, dir_okay=False)],
) -> None:
    """Whether the drafter can use this file; what is wrong is named by entry and field."""
    graph, now = _graph(file), datetime.now(UTC)
    days = graph.stale_after_days.curated
    for one in graph.provider:
        for way in one.reach:
            if way.enabled and (now - way.known_at).days > days:
                errors.print(
                    f"{one.id}: {way.role} by {way.channel} was checked on {way.checked}: more than {days} days"
                )
    unsure = sum(way.verify for one in graph.provider for way in one.reach if way.enabled)
    console.print(
        f"{file} can be used: {len(graph.provider)} providers, {unsure} ways to them still to be verified",
        soft_wrap=True,
    )


def _graph(file: Path | None) -> Contacts:
    try:
        return load_contacts(file)
    except ValueError as error:
        fail(str(error))


def _print(found: Resolved, now: datetime) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for one in found.asked:
        to = one.recipient
        age = f"{to.known_at:%Y-%m-%d} ({(now - to.known_at).days} d)" if to.known_at else ""
        answers = f"{to.answers_in_hours:g} h" if to.answers_in_hours is not None else "not measured"
        row = (str(one.rung), f"{one.after_hours} h", to.role, to.name, _way(one), age, answers, to.source)
        table.add_row(*(Text(one_line(value, MOST_SHOWN)) for value in row))
    console.print(table)
    sentences = load(Sentences, "problems.toml")
    for problem in found.problems:
        errors.print(sentences.tell(problem, "en"), highlight=False)


def _way(one: Asked) -> str:
    to = one.recipient
    return to.email or (f"API {to.connector}" if to.channel == "api" else "form")


def _told(one: Asked) -> dict[str, Any]:
    return {"rung": one.rung, "after_hours": one.after_hours, **one.recipient.model_dump(mode="json")}


def _show_provider(graph: Contacts, name: str, as_json: bool) -> None:
    known: Provider | None = next((one for one in graph.provider if one.id == name), None)
    if known is None:
        fail(f"{name}: no such provider; there are {', '.join(sorted(one.id for one in graph.provider))}")
    if as_json:
        return _line(known.model_dump(mode="json", exclude_defaults=True))
    for line in _provider(known):
        console.print(line, highlight=False, soft_wrap=True)


def _provider(known: Provider) -> Iterator[str]:
    yield f"{known.id} — {known.name}{f', {known.country}' if known.country else ''}"
    for sign, values in known.matches.model_dump(mode="json", exclude_defaults=True).items():
        yield f"known by {sign}: {'every page of the open web' if values is True else ', '.join(values)}"
    for way in known.reach:
        target = way.email or way.connector or way.form or "no address known"
        state = "" if way.enabled else ", switched off"
        verify = ", to be verified" if way.verify else ""
        yield f"{way.role} by {way.channel} ({target}){state}: {', '.join(way.languages)}; can {', '.join(way.can)}"
        yield f"    {way.source} ({way.confidence}{verify}), checked {way.checked}"


def _line(told: Mapping[str, Any]) -> None:
    console.print(json.dumps(told, ensure_ascii=False), highlight=False, soft_wrap=True)
