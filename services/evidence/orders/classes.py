"""An order gives a case another retention class than the rules do."""

from typing import Any

from services.evidence.custody import lines
from services.evidence.orders import facts
from services.evidence.orders.cases import standing
from services.evidence.orders.holds import grounds
from services.evidence.orders.placing import Refused
from services.evidence.orders.retention import Rules
from services.evidence.orders.store import Order
from shared.database import Transaction
from shared.events import CustodyAction


async def change(order: Order, tx: Transaction, rules: Rules) -> dict[str, Any]:
    """Raises `Refused` for a class that the retention file does not have, or a case without sealed evidence."""
    await standing(tx, order.case_id)
    wanted, known = order.terms.get("retention"), await facts.of(tx, order.case_id)
    if wanted not in rules.classes:
        raise Refused(f"{wanted!r} is no retention class; there are {', '.join(rules.classes)}")
    if known is None:
        raise Refused(f"nothing is sealed of case {order.case_id}: there is nothing to keep or to destroy")
    said = {"class_before": rules.kept(known).kept_as, "class_after": wanted}
    await facts.choose(tx, order.case_id, wanted, order.order_id)
    now = tx.clock.now()
    await lines.append(tx, order.case_id, order.by, CustodyAction.CLASS_CHANGED, (), {**grounds(order), **said}, now)
    return said
