"""Handing out a bundle that was made: each download is a copy, kept in the history and in the chain of custody."""

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.evidence.looks import report
from services.gateway.evidence.orders import Order
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Database, Transaction
from shared.events import CustodyAction, OrderKind
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered


class Exports(Protocol):
    """Where bundles lie for a day (`shared.objects.exports`)."""

    def get(self, case_id: UUID, order_id: UUID) -> AsyncIterator[bytes]: ...


async def download(
    database: Database, exports: Exports, case_id: UUID, order_id: UUID, by: Account
) -> AsyncIterator[bytes]:
    """The bundle's parts, after the copy was written down. Raises `Problem` 404, 409, 410, 500.

    The first part is fetched before: what is not there any more was not copied.
    """
    async with database.transaction() as tx:
        await _made(tx, case_id, order_id)
    parts = exports.get(case_id, order_id)
    try:
        first = await anext(parts)
    except (KeyDestroyed, ObjectMissing) as error:
        raise Problem(410, "bundle-gone") from error
    except Tampered as error:
        raise Problem(500, "picture-tampered") from error
    async with database.transaction() as tx:
        await _copied(tx, case_id, order_id, by)
    return _following(first, parts)


async def _following(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


async def _made(tx: Transaction, case_id: UUID, order_id: UUID) -> Order:
    order = await tx.get(Order, order_id)
    if order is None or order.case_id != case_id or order.kind != OrderKind.BUNDLE:
        raise Problem(404, "no-order")
    if not order.made_bundle:
        raise Problem(409, "not-ready")
    return order


async def _copied(tx: Transaction, case_id: UUID, order_id: UUID, by: Account) -> None:
    order = await _made(tx, case_id, order_id)
    case = await tx.get(Case, case_id)
    objects = (case.objects if case else None) or ()
    details = {"order": str(order_id), "why": order.why, "basis": order.basis}
    line = await history.append(tx, case_id, by.pseudonym, Action.DOWNLOADED, details)
    report(tx, line, CustodyAction.COPIED, objects, blurred=False, why=order.why)
