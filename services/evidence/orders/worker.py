"""Carries out orders, one after another. What an order comes to is written down with it, whichever way it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from services.evidence.orders import classes, destruction, holds, taking
from services.evidence.orders.placing import Refused, problem
from services.evidence.orders.store import Order
from services.evidence.orders.taking import LEASE_S, Lost
from services.evidence.orders.tools import Tools
from shared.database import Transaction
from shared.events import OrderKind
from shared.failures import Rejected, Transient
from shared.handling import Context

log = structlog.get_logger()

POLL_S = 0.5  # an official waits for it; the query reads an index that is empty most of the time
TRIES = 3  # a fault of ours, or an order that ends the process: after that it is given up and says so
LONG = frozenset({OrderKind.BUNDLE, OrderKind.DESTROY})  # the others are done within the transaction that ends them


class Worker:
    """`name`: unique among all processes, in this life."""

    def __init__(self, tools: Tools, name: str) -> None:
        self._tools, self._name = tools, name

    async def run(self, context: Context) -> None:
        while not context.stopping():
            worked = False
            try:
                worked = await self.step()
                async with self._tools.database.transaction() as tx:
                    context.metrics.orders_waiting.set(await taking.waiting(tx))
            except Transient as failure:
                log.warning("orders have to wait", reason=str(failure))
            if not worked:
                await context.clock.sleep(POLL_S)

    async def step(self) -> bool:
        """Carry out the next order, if there is one; whether there was."""
        async with self._tools.database.transaction() as tx:
            order = await taking.take(tx, self._name)
        if order is None:
            return False
        try:
            await self._carry_out(order)
        except Lost:
            log.warning("an order was taken over by another process", order_id=str(order.order_id))
        except Rejected as refusal:
            await self._finish(order, error=str(refusal))
        except Transient as failure:
            await self._postpone(order, str(failure), blameless=True)
        except Exception as fault:
            log.exception("an order failed", order_id=str(order.order_id), kind=order.kind)
            await self._postpone(order, f"a fault of the program ({type(fault).__name__})", blameless=False)
        return True

    async def _carry_out(self, order: Order) -> None:
        if order.tries > TRIES:
            raise Refused(f"given up after {TRIES} tries: {order.error or 'each ended the service'}; see its log")
        if wrong := problem(order.by, order.why, order.basis):
            raise Refused(wrong)
        if order.kind in LONG:
            async with self._renewing(order):
                result = await self._long(order)
            await self._finish(order, result=result)
        else:
            async with self._tools.database.transaction() as tx:
                await taking.mine(tx, order, self._name)
                result = await self._at_once(order, tx)
                await taking.finish(tx, order, self._name, result=result)
        log.info("an order was carried out", order_id=str(order.order_id), kind=order.kind, case_id=str(order.case_id))

    async def _at_once(self, order: Order, tx: Transaction) -> dict[str, Any]:
        match OrderKind(order.kind):
            case OrderKind.HOLD:
                return await holds.hold(order, tx)
            case OrderKind.RELEASE:
                return await holds.release(order, tx)
            case OrderKind.CLASS:
                return await classes.change(order, tx, self._tools.rules)
            case kind:
                raise ValueError(f"orders of kind {kind} are not done at once")

    async def _long(self, order: Order) -> dict[str, Any]:
        tools = self._tools
        if order.kind == OrderKind.DESTROY:
            return await destruction.destroy(order, tools)
        async with tools.database.transaction() as tx:
            await destruction.refuse_destroyed(tx, order)
        return await tools.make_bundle(tools.database, tools.vault, tools.exports, tools.key, order)

    @asynccontextmanager
    async def _renewing(self, order: Order) -> AsyncIterator[None]:
        """Keeps the lease while the work goes on; a lease that is lost shows at the end."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE_S / 3)
                with suppress(Transient, Lost):
                    async with self._tools.database.transaction() as tx:
                        await taking.renew(tx, order, self._name)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})

    async def _finish(self, order: Order, **outcome: Any) -> None:  # noqa: ANN401  # as `taking.finish` takes it
        with suppress(Lost):
            async with self._tools.database.transaction() as tx:
                await taking.finish(tx, order, self._name, **outcome)

    async def _postpone(self, order: Order, why: str, *, blameless: bool) -> None:
        with suppress(Lost):
            async with self._tools.database.transaction() as tx:
                await taking.postpone(tx, order, self._name, why, blameless=blameless)
