"""How webhooks are, for /metrics. Every gateway tells the same."""

import sqlalchemy as sa

from services.gateway.bridges.webhooks.store import State, Webhook, Why
from shared.handling import Context

FAILING, GIVEN_UP = "failing", "given-up"
STATES = (State.ASKING, State.ACTIVE, FAILING, State.PAUSED, GIVEN_UP)


async def count(context: Context) -> None:
    """`failing`: tries again; `given-up`: paused, and not by a person."""
    by_itself = (Webhook.state == State.PAUSED, Webhook.why != Why.BY_HAND)
    how = sa.case(
        (sa.and_(*by_itself), GIVEN_UP),
        (sa.and_(Webhook.state != State.PAUSED, Webhook.failures > 0), FAILING),
        else_=Webhook.state,
    ).label("state")
    async with context.database.transaction() as tx:
        live = sa.select(how, sa.func.count().label("number")).where(Webhook.state != State.ENDED)
        rows = await tx.execute(live.group_by(how))
        found = {row["state"]: row["number"] for row in rows.mappings()}
    for state in STATES:
        context.metrics.webhooks.labels(state).set(found.get(state, 0))
