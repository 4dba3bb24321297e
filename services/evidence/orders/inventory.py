"""What there is of a case before it is destroyed: the objects in the store, and what they were called."""

from dataclasses import asdict

from services.evidence.custody import lines
from services.evidence.orders.cases import locked
from services.evidence.orders.certificate import Thing
from services.evidence.orders.store import Order
from services.evidence.orders.tools import Tools
from services.evidence.store import Evidence
from shared.database import Transaction
from shared.events import CustodyAction
from shared.objects.cipher import Tampered
from shared.objects.vault import KeyDestroyed, ObjectMissing

Names = dict[str, set[str]]  # by SHA-256


async def taken(order: Order, tools: Tools) -> list[Thing]:
    """As it was when the order began: kept with the order, so that a kill after it does not shorten the list."""
    async with tools.database.transaction() as tx:
        before = await tx.get(Order, order.order_id)
        if before is not None and "things" in before.progress:
            return [Thing(**thing) for thing in before.progress["things"]]
        row = await locked(tx, order.case_id)
        sizes: dict[str, int | None] = {item["sha256"]: item["bytes"] for item in row.objects}
        names = await _names(tx, row)
    digests = sorted({*sizes, *await tools.vault.digests(order.case_id)})
    for sha256 in digests:
        if sha256 not in sizes:
            sizes[sha256] = await _size(order, sha256, tools)
    things = [Thing(name, sha256, sizes[sha256]) for sha256 in digests for name in sorted(names.get(sha256, {""}))]
    async with tools.database.transaction() as tx:
        row_of_order = await tx.get(Order, order.order_id, lock=True)
        if row_of_order is not None and "things" in row_of_order.progress:  # whoever had the lease before was slow
            return [Thing(**thing) for thing in row_of_order.progress["things"]]
        if row_of_order is not None:
            row_of_order.progress = {**row_of_order.progress, "things": [asdict(thing) for thing in things]}
    return things


async def manifests(tx: Transaction, row: Evidence) -> set[str]:
    """Of every seal that the chain of custody tells of, and the latest."""
    sealed = {
        line["details"].get("manifest_sha256")
        for line in await lines.read(tx, row.case_id)
        if line["action"] == CustodyAction.SEALED
    }
    return {value for value in (*sealed, row.manifest_sha256) if value}


async def _names(tx: Transaction, row: Evidence) -> Names:
    """Of the latest capture by its row, of earlier ones by the chain of custody."""
    names: Names = {}
    told = [item for line in await lines.read(tx, row.case_id) for item in line["artifacts"]]
    for item in (*row.objects, *told):
        names.setdefault(item["sha256"], set()).add(item["name"])
    return names


async def _size(order: Order, sha256: str, tools: Tools) -> int | None:
    """Of an object of an earlier capture, or of one that never was sealed."""
    try:
        return len(await tools.vault.get(order.case_id, sha256))
    except (KeyDestroyed, ObjectMissing, Tampered):
        return None
