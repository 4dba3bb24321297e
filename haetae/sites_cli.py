"""`haetae sites`: the list of sites that the crawler watches."""

from pathlib import Path
from typing import Annotated

import typer

from haetae import access, imports, site_pages
from haetae.export import write_sites
from haetae.saying import HOME, Home, console, fail, finish, guarded, import_file
from services.crawler.frontier.reports import add_report
from services.crawler.registry import site_control, site_figures
from services.crawler.registry.grounds import GROUNDS
from services.crawler.registry.site_choice import Choice
from services.crawler.registry.site_fields import FIELDS
from shared.events.values import SiteKind
from shared.urls import canonical, host_of

sites = typer.Typer()


def _ground(given: str) -> str:
    if given not in GROUNDS:
        raise typer.BadParameter(f"{given!r} is none; give one of {', '.join(GROUNDS)}")
    return given


Hosts = Annotated[list[str] | None, typer.Argument(help="Hosts of sites.", show_default=False)]
Kind = Annotated[SiteKind | None, typer.Option(help="Only sites of this kind.", show_default=False)]
Country = Annotated[
    str | None, typer.Option(help="Only sites of this country, such as KR.", show_default=False, parser=str.upper)
]
Language = Annotated[
    str | None, typer.Option(help="Only sites in this language, such as ko.", show_default=False, parser=str.lower)
]
Ground = Annotated[
    str | None, typer.Option(help="Only sites of this legal ground.", show_default=False, parser=_ground)
]
Paused = Annotated[bool | None, typer.Option("--paused/--watched", help="Only paused, or only watched sites.")]
Troubled = Annotated[
    bool | None,
    typer.Option("--troubled/--untroubled", help="Only sites that cannot be read, or can."),
]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
MOST_LISTED = 10_000
SEE = "`haetae sites list` shows what there is"
NO_SUCH = f"no such site; {SEE}"


@sites.command(
    "import",
    help="Register sites, or what is new of those that are known."
    "\n\nThe first line of a CSV file names its fields, of which only url and name are needed: "
    f"{', '.join(FIELDS)}. The crawler's README says what they mean, `haetae sites export` gives an example."
    "\n\nA wrong line is named with its number and the cure; the others are taken.",
)
def import_sites(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines.", exists=True, dir_okay=False)], home: Home = HOME
) -> None:
    import_file(imports.sites, "crawler", file, home, "sites")


@sites.command("export")
def export_sites(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, to be written.", dir_okay=False)],
    kind: Kind = None,
    country: Country = None,
    language: Language = None,
    ground: Ground = None,
    paused: Paused = None,
    troubled: Troubled = None,
    home: Home = HOME,
) -> None:
    """Write the list, as `import` reads it."""
    choice = Choice(None, kind, country, language, ground, paused, troubled)

    async def do() -> int:
        async with access.database("crawler", home) as database, database.transaction() as tx:
            return write_sites(await site_figures.lines(tx, choice), file)

    console.print(f"{guarded(do)} sites written to {file}")


@sites.command("list")
def list_sites(
    kind: Kind = None,
    country: Country = None,
    language: Language = None,
    ground: Ground = None,
    paused: Paused = None,
    troubled: Troubled = None,
    after: Annotated[str, typer.Option(help="Begin behind this host.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="Most sites at once.")] = 50,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """What is watched, and how it goes, by host. --json gives a line a site."""
    choice = Choice(None, kind, country, language, ground, paused, troubled)

    async def do() -> tuple[list[site_figures.Figures], int]:
        async with access.database("crawler", home) as database, database.transaction() as tx:
            return await site_figures.summaries(tx, choice, after, limit), await site_figures.count(tx, choice)

    page, total = guarded(do)
    if as_json:
        site_pages.print_lines(page)
    else:
        site_pages.print_table(page, total, limit)


@sites.command("show")
def show(
    host: Annotated[str, typer.Argument(help="Its host, or an address of it.")],
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """Everything about one site: how it is visited, what was seen, what goes wrong, what its robots.txt says."""
    name = host_named(host)

    async def do() -> dict[str, object] | None:
        async with access.database("crawler", home) as database, database.transaction() as tx:
            return await site_figures.whole(tx, name)

    site = guarded(do)
    if site is None:
        fail(f"{name}: {NO_SUCH}")
    if as_json:
        site_pages.print_lines([site])
    else:
        site_pages.print_whole(site)


@sites.command("pause")
def pause(
    hosts: Hosts = None,
    kind: Kind = None,
    country: Country = None,
    language: Language = None,
    ground: Ground = None,
    troubled: Troubled = None,
    every: Annotated[bool, typer.Option("--all", help="All sites.")] = False,
    home: Home = HOME,
) -> None:
    """Visit these sites no more, until they are resumed. Removal checks and reported addresses are still visited."""
    _set_paused(Choice(_named(hosts), kind, country, language, ground, None, troubled), every, True, home)


@sites.command("resume")
def resume(
    hosts: Hosts = None,
    kind: Kind = None,
    country: Country = None,
    language: Language = None,
    ground: Ground = None,
    troubled: Troubled = None,
    every: Annotated[bool, typer.Option("--all", help="All sites.")] = False,
    home: Home = HOME,
) -> None:
    """Visit these sites again."""
    _set_paused(Choice(_named(hosts), kind, country, language, ground, None, troubled), every, False, home)


@sites.command("remove")
def remove(
    hosts: Annotated[list[str], typer.Argument(help="Hosts of sites.")],
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = HOME,
) -> None:
    """Strike sites off the list, with what is known of their pages. Cases and evidence stay; their checks go on."""
    names = _named(hosts) or []
    if not sure:
        typer.confirm(f"strike {', '.join(names)} off the list?", abort=True)

    async def do() -> list[str]:
        async with access.changing("crawler", home, "sites remove", names) as database, database.transaction() as tx:
            return list(await site_control.remove(tx, names))

    removed = guarded(do)
    console.print(f"{len(removed)} sites removed")
    finish([f"{name}: {NO_SUCH}" for name in names if name not in removed])


@sites.command("report")
def report(
    urls: Annotated[list[str], typer.Argument(help="Addresses that a victim, or an officer for them, reports.")],
    home: Home = HOME,
) -> None:
    """Visit these addresses before everything else. Their hosts need not be in the list."""

    async def do() -> list[str]:
        # Who reads the history need not know what was reported.
        told = access.changing("crawler", home, "sites report", many=len(urls))
        async with told as database, database.transaction() as tx:
            return [await add_report(tx, url) for url in urls]

    for url in guarded(do):
        console.print(f"{url} is visited next", markup=False, highlight=False, soft_wrap=True)


def _set_paused(choice: Choice, every: bool, paused: bool, home: Path) -> None:
    if not choice.values and not every:
        raise typer.BadParameter("name hosts, or what the sites have in common, or give --all", param_hint="HOSTS")
    if choice.values and every:
        raise typer.BadParameter("all sites, or only these? leave one of them out", param_hint="--all")

    async def do() -> tuple[int, int, list[str]]:
        command, what = (
            f"sites {'pause' if paused else 'resume'}",
            choice.hosts or list(map(str, choice.values.values())),
        )
        async with access.changing("crawler", home, command, what) as database, database.transaction() as tx:
            meant = await site_figures.count(tx, choice)
            changed = await site_control.set_paused(tx, choice, paused)
            return meant, len(changed), list(await site_control.unknown(tx, choice.hosts or ()))

    meant, changed, unknown = guarded(do)
    console.print(f"{changed} of {meant} sites {'paused' if paused else 'resumed'}")
    problems = [f"{host}: {NO_SUCH}" for host in unknown]
    finish(problems if meant or problems else [f"no site is meant by that; {SEE}"])


def _named(hosts: list[str] | None) -> list[str] | None:
    return sorted({host_named(host) for host in hosts}) if hosts else None


def host_named(given: str) -> str:
    """The host of an address, or of what stands for one, in its one spelling."""
    url = canonical(given if "://" in given else f"http://{given}/")
    if url is None:
        raise typer.BadParameter(f"{given!r} is no host; give one such as board.test", param_hint="HOST")
    return host_of(url)
