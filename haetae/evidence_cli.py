"""`haetae evidence`: sealed evidence of a case: bundles, holds, retention, destruction."""

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from haetae import access, evidence_pages
from haetae.evidence_orders import order_and_wait
from haetae.saying import HOME, Home, console, fail, guarded
from services.evidence.orders import placing, retention, showing
from services.evidence.orders.placing import Wanted, terms_of
from services.evidence.orders.store import Order
from shared.events import OrderKind

evidence = typer.Typer()

Case = Annotated[UUID, typer.Argument(help="The case's number, as the gateway shows it.", show_default=False)]
By = Annotated[str, typer.Option(help="Who orders it; kept for ever.", default_factory=getpass.getuser)]
Why = Annotated[str, typer.Option(help="Why; kept for ever.", show_default=False)]
Basis = Annotated[str, typer.Option(help="The law, the court's or police's letter, or the wish it rests on; kept.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        envvar="HAETAE_RETENTION_FILE",
        help="Another retention file than the shipped one: what would it do?",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


@evidence.command("show")
def show(case: Case, rules: RulesFile = None, as_json: Json = False, home: Home = HOME) -> None:
    """What there is of a case: state, class and its end, holds, files, time stamps, custody."""

    async def do() -> dict[str, Any] | None:
        async with access.evidence(home) as database, database.transaction() as tx:
            return await showing.whole(tx, case, retention.load(rules))

    found = guarded(do)
    if found is None:
        fail(f"there is no evidence of case {case}; is the number right, and --home the folder of that stack?")
    if as_json:
        evidence_pages.print_lines([found])
    else:
        evidence_pages.print_case(found)


@evidence.command("orders")
def list_orders(
    case: Annotated[UUID | None, typer.Argument(help="Only of this case.", show_default=False)] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that are not carried out yet.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most orders at once.")] = 50,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """What was ordered about evidence, by whom, and what became of it; the newest first."""

    async def do() -> list[Order]:
        async with access.evidence(home) as database, database.transaction() as tx:
            return await placing.listed(tx, case, waiting, limit)

    evidence_pages.print_orders(guarded(do), as_json)


@evidence.command("hold")
def hold(
    case: Case,
    by: By,
    why: Why,
    basis: Basis,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day; it ends by itself after it (UTC).", show_default=False),
    ] = None,
    home: Home = HOME,
) -> None:
    """Put a case under legal hold: nothing of it is destroyed until each of its holds is released."""
    terms = terms_of(until=_end_of(until) if until else None)
    order = guarded(lambda: order_and_wait(home, Wanted(case, OrderKind.HOLD, by, why, basis, terms)))
    console.print(f"case {case} is under hold {order.order_id}", soft_wrap=True)


def _end_of(day: datetime) -> datetime:
    """The day is covered, as on the gateway's page."""
    try:
        return day.replace(tzinfo=UTC) + timedelta(days=1)
    except OverflowError as error:
        raise typer.BadParameter("give an earlier day, or none", param_hint="--until") from error


@evidence.command("release")
def release(
    case: Case,
    by: By,
    why: Why,
    basis: Basis,
    which: Annotated[
        UUID | None, typer.Option("--hold", help="Which hold, when several stand.", show_default=False)
    ] = None,
    home: Home = HOME,
) -> None:
    """End a legal hold; the others stay."""
    wanted = Wanted(case, OrderKind.RELEASE, by, why, basis, terms_of(hold=which))
    order = guarded(lambda: order_and_wait(home, wanted))
    console.print(f"hold {(order.result or {}).get('hold')} of case {case} is released", soft_wrap=True)


@evidence.command("class")
def change_class(
    case: Case,
    kept_as: Annotated[str, typer.Argument(metavar="CLASS", help="A class of the retention file, such as ten-years.")],
    by: By,
    why: Why,
    basis: Basis,
    home: Home = HOME,
) -> None:
    """Give a case another retention class than the rules do. What that makes due is destroyed by its own order."""
    wanted = Wanted(case, OrderKind.CLASS, by, why, basis, terms_of(retention=kept_as))
    order = guarded(lambda: order_and_wait(home, wanted))
    before = (order.result or {}).get("class_before")
    console.print(f"case {case} is kept as {kept_as}; before as {before}", soft_wrap=True)
