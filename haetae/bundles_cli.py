"""`haetae evidence bundle`: a case in one file for a court or the police."""

import hashlib
import os
from pathlib import Path
from typing import Annotated

import typer

from haetae import access
from haetae.evidence_cli import Basis, By, Case, Why, evidence
from haetae.evidence_orders import order_and_wait
from haetae.saying import HOME, Home, console, fail, guarded
from services.evidence.orders.placing import Wanted
from services.evidence.orders.store import Order
from shared.clock import SystemClock
from shared.events import OrderKind
from shared.objects.exports import open_exports
from shared.objects.vault import open_vault


@evidence.command("bundle")
def bundle(
    case: Case,
    why: Why,
    basis: Basis,
    by: By,
    out: Annotated[
        Path | None, typer.Option(help="File to write; CASE.haetae.zip here unless given.", dir_okay=False)
    ] = None,
    home: Home = HOME,
) -> None:
    """Write a case's evidence into one file that anybody can check: evidence, seal, time stamps, custody, report."""
    path = out or Path(f"{case}.haetae.zip")
    if path.exists():
        fail(f"{path} exists already: give another --out")
    if not os.access(path.parent, os.W_OK):  # before anything is ordered: each bundle stands in the custody for ever
        fail(f"nothing can be written to {path.parent}: give another --out")

    async def do() -> Order:
        with console.status("the evidence service makes the bundle"):
            order = await order_and_wait(home, Wanted(case, OrderKind.BUNDLE, by, why, basis))
        await _fetch(home, order, path)
        return order

    order = guarded(do)
    told = order.result or {}
    console.print(f"{path}: {told['bytes']:,} bytes, SHA-256 {told['sha256']}", soft_wrap=True)
    console.print(f"Check it: haetae verify {path}; anywhere else: python -m haetae_verify {path.name}", soft_wrap=True)


async def _fetch(home: Path, order: Order, path: Path) -> None:
    """Written beside and renamed: what has the name is whole. Raises `ValueError` when it is not what was made."""
    part, hasher = path.with_name(path.name + ".part"), hashlib.sha256()
    async with (
        access.object_settings(home) as settings,
        open_vault(settings) as vault,
        open_exports(settings, vault, SystemClock()) as exports,
    ):
        try:
            # For its owner alone: nothing in a bundle is blurred.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                async for piece in exports.get(order.case_id, order.order_id):
                    hasher.update(piece)
                    file.write(piece)
            if hasher.hexdigest() != (order.result or {})["sha256"]:
                raise ValueError(f"what lies in the store is not the bundle of order {order.order_id}: order it again")
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
