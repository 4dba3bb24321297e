"""`haetae evidence`: what would go, what is destroyed, and the certificates of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from haetae import access, bundles_cli, evidence_pages
from haetae.checking_cli import check
from haetae.evidence_cli import Basis, By, Case, Json, RulesFile, Why, evidence
from haetae.evidence_orders import order_all
from haetae.saying import HOME, Home, console, errors, fail, finish, guarded
from haetae.signing_cli import signing_keys
from services.evidence.orders import ending, planning, retention
from services.evidence.orders.placing import Wanted
from services.evidence.orders.planning import Planned
from services.evidence.orders.store import Certificate, Order
from shared.clock import SystemClock
from shared.events import OrderKind

__all__ = ["bundles_cli", "evidence"]  # with the commands of both files
evidence.command("keys")(signing_keys)
evidence.command("check")(check)

DAY = ["%Y-%m-%d"]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@evidence.command("plan")
def plan(
    until: Annotated[
        datetime | None,
        typer.Option(formats=DAY, help="Only what would have gone when this day begins (UTC).", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most cases at once.")] = 50,
    rules: RulesFile = None,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """Dry run: what would be destroyed and when, the soonest first; what is held or kept for ever comes last."""
    at = until.replace(tzinfo=UTC) if until else None

    async def do() -> list[Planned]:
        async with access.evidence(home) as database, database.transaction() as tx:
            found = [one async for one in planning.plan(tx, retention.load(rules))]
            return [one for one in found if at is None or one.due(at)]

    found = guarded(do)
    evidence_pages.print_plan(sorted(found, key=_soonest_first)[:limit], SystemClock().now(), as_json)
    if not as_json:
        errors.print(f"{min(limit, len(found))} of {len(found)} cases; nothing was changed", highlight=False)


@evidence.command("destroy")
def destroy(case: Case, by: By, why: Why, basis: Basis, sure: Sure = False, home: Home = HOME) -> None:
    """Destroy the evidence of a case for good: its key first, then what the store lets go. There is no way back."""
    if not sure:
        typer.confirm(f"destroy all evidence of case {case}? It cannot be brought back", abort=True)
    _destroy([Wanted(case, OrderKind.DESTROY, by, why, basis)], home)


@evidence.command("destroy-due")
def destroy_due(
    by: By,
    why: Annotated[
        str | None, typer.Option(help="Why; else the class and the day it ended.", show_default=False)
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help="What it rests on; else the source in the retention file.", show_default=False)
    ] = None,
    rules: RulesFile = None,
    sure: Sure = False,
    home: Home = HOME,
) -> None:
    """Destroy every case that is past its retention and not held. `plan` shows them."""

    async def due() -> list[Planned]:
        async with access.evidence(home) as database, database.transaction() as tx:
            return await planning.due(tx, retention.load(rules), SystemClock().now())

    over = guarded(due)
    if not over:
        console.print("nothing is past its retention")
        return
    if not sure:
        evidence_pages.print_plan(over, SystemClock().now(), False)
        typer.confirm(f"destroy all evidence of these {len(over)} cases? It cannot be brought back", abort=True)
    _destroy([ending.ordered(one, by, why, basis) for one in over], home)


@evidence.command("certificate")
def certificate(
    case: Case,
    out: Annotated[
        Path | None, typer.Option(help="Write the signed document to this file.", dir_okay=False, show_default=False)
    ] = None,
    home: Home = HOME,
) -> None:
    """The signed certificate of destruction of a case: shown, or written to a file as it was signed."""

    async def do() -> bytes | None:
        async with access.evidence(home) as database, database.transaction() as tx:
            found = await tx.get(Certificate, case)
            return found.document if found else None

    document = guarded(do)
    if document is None:
        fail(f"there is no certificate of case {case}: `haetae evidence show` says where its evidence is")
    if out is None:
        evidence_pages.print_certificate(document)
    else:
        try:
            out.write_bytes(document)
        except OSError as error:
            fail(f"the certificate was not written ({error}): give another --out")
        console.print(f"the certificate of case {case} is in {out}", soft_wrap=True)


def _destroy(wanted: Sequence[Wanted], home: Path) -> None:
    ended = guarded(lambda: order_all(home, wanted))
    for order in ended:
        if order.error is None:
            console.print(_done(order), soft_wrap=True)
    finish([f"case {one.case_id} was not destroyed: {one.error}" for one in ended if one.error is not None])


def _done(order: Order) -> str:
    said = order.result or {}
    kept = said.get("kept_sealed")
    locked = f"; the store's lock keeps {kept} of them as unreadable bytes" if kept else ""
    tried = f": {said['tried']} objects were tried, none opened{locked}" if "tried" in said else ""
    return f"the evidence of case {order.case_id} is destroyed{tried}; `haetae evidence certificate` shows the proof"


def _soonest_first(one: Planned) -> tuple[bool, bool, float]:
    return bool(one.holds), one.kept.due_at is None, one.kept.due_at.timestamp() if one.kept.due_at else 0.0
