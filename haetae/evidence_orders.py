"""Orders from the command line: written into the table, carried out by the running service, waited for here."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from haetae import access
from haetae.saying import errors
from services.evidence.orders.placing import Wanted, order_of, place, problem
from services.evidence.orders.store import Order
from shared.clock import SystemClock
from shared.database import Database

POLL_S = 0.3
UNTAKEN_S = 20.0  # a service that runs takes an order within a second, unless a large bundle is before it


class NotCarriedOut(ValueError):
    """The order failed or was refused; the message is the service's."""


async def order_and_wait(home: Path, wanted: Wanted) -> Order:
    """The order as it ended. Raises `NotCarriedOut`; `ConnectionError` when no service takes it."""
    (order,) = await order_all(home, [wanted])
    if order.error is not None:
        raise NotCarriedOut(f"order {order.order_id} was not carried out: {order.error}")
    return order


async def order_all(home: Path, wanted: Sequence[Wanted]) -> list[Order]:
    """The orders as they ended, whichever way. Raises `ValueError` before any is placed when one is not whole."""
    for one in wanted:
        if wrong := problem(one.by, one.why, one.basis):
            raise ValueError(wrong)
    async with access.evidence(home) as database:
        placed = []
        async with database.transaction() as tx:
            for one in wanted:
                placed.append(uuid4())
                await place(tx, placed[-1], one, SystemClock().now())
        return [await _ended(database, order_id) for order_id in placed]


async def _ended(database: Database, order_id: UUID) -> Order:
    """Says what the order waits for. A service that dies with it leaves it to the next."""
    said, begun = "", SystemClock().monotonic()
    while True:
        async with database.transaction() as tx:
            order = await order_of(tx, order_id)
        if order is None:
            raise LookupError(f"order {order_id} vanished")
        if order.done_at is not None:
            return order
        if not order.tries and SystemClock().monotonic() - begun > UNTAKEN_S:
            raise ConnectionError(
                f"no evidence service took the order within {UNTAKEN_S:.0f} s; is one running, with this database? "
                f"Order {order_id} is kept and will be carried out: `haetae evidence orders` shows it"
            )
        if order.error and order.error != said:
            said = order.error
            errors.print(f"order {order_id} waits: {said}", markup=False, soft_wrap=True)
        await asyncio.sleep(POLL_S)
