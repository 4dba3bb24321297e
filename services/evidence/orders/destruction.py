"""Destroying a case: first its key, so that whatever happens next nothing can be read; then what can be deleted.

1. Under the case's lock: no hold stands, the class is not kept for ever, and from here on there is no way back.
2. What there is of it is written down with the order. 3. The key is destroyed. 4. Every object is tried: none may open.
5. Objects, exports and copies in quarantine are deleted. 6. Certificate, line of custody, the row's end, together.

A kill between any two leaves the order to be done again from 1, where each step that was done is none the worse for it.
"""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from haetae_verify.canonical import digest
from haetae_verify.chain import GENESIS
from services.evidence.custody import lines
from services.evidence.listing import store as listing
from services.evidence.orders import holds, inventory, planning
from services.evidence.orders.cases import locked, standing
from services.evidence.orders.certificate import Outcome, Thing, certificate
from services.evidence.orders.placing import Refused
from services.evidence.orders.retention import Rules
from services.evidence.orders.store import Certificate, Order
from services.evidence.orders.tools import Tools
from services.evidence.store import Evidence
from shared.database import Transaction
from shared.events import Artifact, CustodyAction
from shared.failures import Rejected, Transient
from shared.objects import quarantine
from shared.objects.cipher import Tampered
from shared.objects.vault import KeyDestroyed, ObjectMissing, Vault
from shared.outbox import OUTBOX

UNNAMED = "unnamed"  # in a line of custody: an object that no manifest names, of a capture that never was sealed
MOST_TOLD = 2_000  # objects in the line: its event has to fit into a record; the certificate names all
GONE = "the evidence of this case was destroyed; nothing more is kept of it"


async def destroy(order: Order, tools: Tools) -> dict[str, Any]:
    """Raises `Refused`; `Rejected` when something opens although the key is gone."""
    async with tools.database.transaction() as tx:
        if done := await _done_before(tx, order):
            return done
        await _begin(tx, order, tools.rules)
    things = await inventory.taken(order, tools)
    await tools.vault.destroy(order.case_id)
    outcome = await _remove(order, things, tools)
    async with tools.database.transaction() as tx:
        return await _done_before(tx, order) or await _certify(tx, order, things, outcome, tools)


def begun(row: Evidence | None) -> bool:
    """Whether nothing may be kept of the case any more. The row must be locked."""
    return row is not None and row.destroy_order is not None


async def refuse_destroyed(tx: Transaction, order: Order) -> None:
    """Raises `Refused` when there is nothing (any more) to make a bundle of."""
    await standing(tx, order.case_id)


async def _done_before(tx: Transaction, order: Order) -> dict[str, Any] | None:
    """The result, if this order was carried out and only its end was not written down. Raises `Refused`."""
    row = await locked(tx, order.case_id)
    if row.destroyed_at is None:
        return None
    if row.destroy_order != order.order_id:
        raise Refused(f"it was destroyed on {row.destroyed_at:%Y-%m-%d %H:%M} UTC; see its certificate")
    kept = await tx.get(Certificate, order.case_id)
    if kept is None:
        raise LookupError(f"case {order.case_id} is marked as destroyed and has no certificate")
    return {"certificate_sha256": digest(kept.document)}


async def _begin(tx: Transaction, order: Order, rules: Rules) -> None:
    """A destruction that began and failed is taken over: its key may be gone already."""
    row = await locked(tx, order.case_id)
    if row.destroy_order is None:
        if held := await holds.active(tx, order.case_id, tx.clock.now()):
            raise Refused(f"a legal hold stands on this case: {holds.named(held)}; it has to be released first")
        if ordered := await holds.ordered(tx, order.case_id):
            raise Refused(f"a legal hold on this case was ordered and is about to stand (order {ordered})")
        await _refuse_by_class(tx, order, rules)
    row.destroy_order = order.order_id


async def _refuse_by_class(tx: Transaction, order: Order, rules: Rules) -> None:
    """What has to be kept for ever goes in two steps, so that somebody says why it does not have to be kept. What the
    service ordered by itself must still be due: a verdict or an order may have come between."""
    planned = await planning.plan_of(tx, order.case_id, rules)
    if planned is None:
        return
    kept = planned.kept
    if kept.kept_as in rules.for_ever:
        raise Refused(f"it is kept for ever as {kept.kept_as} ({kept.source}); give it another class first")
    if order.by == lines.SELF and not planned.due(tx.clock.now()):
        raise Refused(f"its time is not over any more: it is kept as {kept.kept_as}")


async def _remove(order: Order, things: list[Thing], tools: Tools) -> Outcome:
    late = set(await tools.vault.digests(order.case_id))  # a capture that ran meanwhile may have put objects there
    tried = sorted(late | {thing.sha256 for thing in things})
    opened = [sha256 for sha256 in tried if await _opens(tools.vault, order, sha256)]
    if opened:
        raise Rejected(f"{len(opened)} objects still open after the key was destroyed, such as {opened[0]}")
    deleted = [await tools.vault.discard(order.case_id, sha256) for sha256 in tried]
    return Outcome(
        tried=len(tried),
        opened=0,
        kept_sealed=deleted.count(False),
        exports=await tools.exports.clear(order.case_id),
        quarantine=await _out_of_quarantine(tried, tools),
    )


async def _opens(vault: Vault, order: Order, sha256: str) -> bool:
    try:
        await vault.get(order.case_id, sha256)
    except (KeyDestroyed, ObjectMissing, Tampered):
        return False
    return True


async def _out_of_quarantine(digests: list[str], tools: Tools) -> int | None:
    try:
        return await quarantine.remove(tools.quarantine, digests)
    except (Rejected, Transient):  # there is none, it is not ours to change, or it is away: its keys end by themselves
        return None


async def _certify(
    tx: Transaction, order: Order, things: list[Thing], outcome: Outcome, tools: Tools
) -> dict[str, Any]:
    row, now = await locked(tx, order.case_id), tx.clock.now()
    end = await tx.get(lines.CustodyEnd, order.case_id, lock=True)
    head = end.head if end else GENESIS
    manifests = await inventory.manifests(tx, row)
    document = certificate(order, manifests, things, outcome, head, now, tools.key)
    result = {"certificate_sha256": digest(document), "objects": len(things), **asdict(outcome)}
    artifacts = [Artifact(name=thing.name or UNNAMED, sha256=thing.sha256) for thing in things[:MOST_TOLD]]
    details = {**holds.grounds(order), **result}
    await lines.append(tx, order.case_id, order.by, CustodyAction.DESTROYED, artifacts, details, now)
    tx.add(Certificate(case_id=order.case_id, document=document, destroyed_at=now))
    await _forget(tx, row)
    row.destroyed_at = now
    return result


async def _forget(tx: Transaction, row: Evidence) -> None:
    """The share of the content that rows and the outbox have: addresses, digests, what events said of the page."""
    row.url, row.objects, row.failed_at = "", [], None
    row.failed_reason = None if row.manifest_sha256 else GONE
    await listing.forget(tx, row.case_id)
    told = sa.and_(OUTBOX.c.key == str(row.case_id).encode(), OUTBOX.c.published_at.isnot(None))
    await tx.execute(sa.delete(OUTBOX).where(told))
