"""An agency's webhooks, as its admin or its program keeps them. Each change is a line of the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.bridges import feed
from services.gateway.bridges.webhooks import jobs, signing
from services.gateway.bridges.webhooks.house import Webhooks
from services.gateway.bridges.webhooks.store import KEPT_ATTEMPTS, State, Tried, Webhook, Why
from services.gateway.problems import Problem
from shared.database import Transaction

MOST = 20  # of an agency, ended ones left out
MAX_NAME, MAX_URL = 100, 2_000
MAX_OVERLAP_HOURS = 168  # that two secrets are valid: a week to bring the new one everywhere
ENDED_FOR = timedelta(days=30)  # that an ended one is still shown; the history keeps it
LOCK = "webhooks of "


@dataclass(frozen=True)
class Wanted:
    """`types`: of events; empty for all, also for those to come."""

    name: str
    url: str
    types: Sequence[str]


async def add(tx: Transaction, house: Webhooks, by: Account, wanted: Wanted, position: int) -> tuple[Webhook, str]:
    """With its secret, told once. The receiver is asked first. Raises `Problem` 409, 422."""
    if not house.on:
        raise Problem(409, "webhooks-off")
    name, types = _checked(house, wanted)
    await _room(tx, by.agency)
    now, id, secret = tx.clock.now(), uuid4(), signing.new_secret()
    row = Webhook(
        webhook_id=id,
        agency=by.agency,
        name=name,
        url=wanted.url,
        types=types,
        state=State.ASKING,
        position=position,
        version=0,
        testing=False,
        due_at=now,
        failures=0,
        attempts=0,
        created_by=by.pseudonym,
        created_at=now,
        changed_at=now,
    )
    row.sealed = house.seal.seal(row.place, secret)
    tx.add(row)
    await _line(tx, row, by, Action.WEBHOOK_ADDED, types=types)
    return row, secret


def _checked(house: Webhooks, wanted: Wanted) -> tuple[str, list[str]]:
    """Name and types as they are kept. Raises `Problem` 422."""
    house.check(wanted.url)
    name = "".join(filter(str.isprintable, wanted.name)).strip()[:MAX_NAME]
    if not name:
        raise Problem(422, "no-webhook-name", field="name")
    if not set(wanted.types) <= feed.TYPES:
        raise Problem(422, "bad-types", field="types", known=", ".join(sorted(feed.TYPES)))
    return name, sorted(set(wanted.types))


async def _room(tx: Transaction, agency: str) -> None:
    """One at a time adds. Raises `Problem` 409."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(LOCK + agency))))
    ours = Webhook.agency == agency
    old = Webhook.changed_at < tx.clock.now() - ENDED_FOR
    await tx.execute(sa.delete(Webhook).where(ours, Webhook.state == State.ENDED, old))
    live = sa.select(sa.func.count()).select_from(Webhook).where(ours, Webhook.state != State.ENDED)
    if (await tx.scalar(live) or 0) >= MOST:
        raise Problem(409, "many-webhooks", most=MOST)


async def listing(tx: Transaction, agency: str) -> Sequence[Webhook]:
    """The newest first; behind all others those that ended lately, which may be many."""
    ended, lately = Webhook.state == State.ENDED, Webhook.changed_at >= tx.clock.now() - ENDED_FOR
    ours = sa.select(Webhook).where(Webhook.agency == agency, sa.or_(~ended, lately))
    return await tx.scalars(ours.order_by(ended, Webhook.created_at.desc(), Webhook.webhook_id).limit(10 * MOST))


async def one(tx: Transaction, agency: str, webhook_id: UUID, *, lock: bool = False) -> Webhook:
    """Raises `Problem` 404, also for those of others."""
    row = await tx.get(Webhook, webhook_id, lock=lock)
    if row is None or row.agency != agency:
        raise Problem(404, "no-webhook")
    return row


async def attempts(tx: Transaction, webhook_id: UUID) -> Sequence[Tried]:
    """The last ones, the newest first."""
    ours = sa.select(Tried).where(Tried.webhook_id == webhook_id)
    return await tx.scalars(ours.order_by(Tried.number.desc()).limit(KEPT_ATTEMPTS))


async def _live(tx: Transaction, agency: str, webhook_id: UUID) -> Webhook:
    """Held, to be changed: what is under way now moves nothing. Raises `Problem` 404, 409 for one that ended."""
    row = await one(tx, agency, webhook_id, lock=True)
    if row.state == State.ENDED:
        raise Problem(409, "webhook-ended")
    row.version += 1
    row.changed_at = tx.clock.now()
    return row


async def change(tx: Transaction, house: Webhooks, by: Account, webhook_id: UUID, wanted: Wanted) -> Webhook:
    """Another address is asked first. Raises `Problem` 404, 409, 422."""
    row = await _live(tx, by.agency, webhook_id)
    row.name, row.types = _checked(house, wanted)
    if row.url != wanted.url:
        row.url, row.agreed_at, row.per_minute = wanted.url, None, None
        if row.state == State.ACTIVE:
            row.state = State.ASKING
        _at_once(tx, row)
    await _line(tx, row, by, Action.WEBHOOK_CHANGED, types=row.types)
    return row


async def rotate(tx: Transaction, house: Webhooks, by: Account, webhook_id: UUID, hours: int) -> tuple[Webhook, str]:
    """Another secret, told once; the one before signs beside it for so many hours, 0: none but the new one from now on.
    Raises `Problem` 404, 422; 409 for an ended one, and where a third would have to sign."""
    if not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise Problem(422, "bad-hours", field="hours", most=MAX_OVERLAP_HOURS)
    row, now = await _live(tx, by.agency, webhook_id), tx.clock.now()
    if hours and row.former_until is not None and row.former_until > now:
        raise Problem(409, "webhook-rotating", field="hours", until=row.former_until)
    secret = signing.new_secret()
    row.former, row.former_until = (row.sealed, now + timedelta(hours=hours)) if hours else (None, None)
    row.sealed = house.seal.seal(row.place, secret)
    await _line(tx, row, by, Action.WEBHOOK_ROTATED, hours=hours)
    return row, secret


async def replay(tx: Transaction, by: Account, webhook_id: UUID, position: int) -> Webhook:
    """Goes on after this position, a paused one too. Raises `Problem` 404, 409."""
    row = await _live(tx, by.agency, webhook_id)
    details = {"sequence_before": row.position, "sequence": position}
    row.position = position
    _go_on(tx, row)
    await _line(tx, row, by, Action.WEBHOOK_REPLAYED, **details)
    return row


async def test(tx: Transaction, by: Account, webhook_id: UUID) -> None:
    """A test comes next, at once, and events wait as long as before. Raises `Problem` 404; 409 for one that is not
    active."""
    row = await one(tx, by.agency, webhook_id, lock=True)
    if row.state != State.ACTIVE:
        raise Problem(409, "webhook-not-active")
    row.testing = True


async def pause(tx: Transaction, by: Account, webhook_id: UUID) -> None:
    """Raises `Problem` 404, 409."""
    row = await _live(tx, by.agency, webhook_id)
    if row.state != State.PAUSED:
        await jobs.stop(tx, row, State.PAUSED, Why.BY_HAND, by.pseudonym)


async def resume(tx: Transaction, by: Account, webhook_id: UUID) -> None:
    """Goes on where it was, at once. Raises `Problem` 404, 409."""
    row = await _live(tx, by.agency, webhook_id)
    _go_on(tx, row)
    await _line(tx, row, by, Action.WEBHOOK_RESUMED)


async def end(tx: Transaction, by: Account, webhook_id: UUID) -> None:
    """For good. Raises `Problem` 404."""
    row = await one(tx, by.agency, webhook_id, lock=True)
    if row.state != State.ENDED:
        await jobs.stop(tx, row, State.ENDED, Why.BY_HAND, by.pseudonym)


def _go_on(tx: Transaction, row: Webhook) -> None:
    row.state, row.why = State.ACTIVE if row.agreed_at else State.ASKING, None
    _at_once(tx, row)


def _at_once(tx: Transaction, row: Webhook) -> None:
    row.due_at, row.failures, row.failing_since = tx.clock.now(), 0, None


async def _line(tx: Transaction, row: Webhook, by: Account, action: Action, **details: object) -> None:
    await history.append(tx, ACCESS_CHAIN, by.pseudonym, action, jobs.told(row) | details)
