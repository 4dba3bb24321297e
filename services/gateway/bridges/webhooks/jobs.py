"""What a webhook's next call is, and what its outcome changes. The row is held."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from services.gateway import history
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.bridges import feed
from services.gateway.bridges.cloudevents import structured
from services.gateway.bridges.webhooks.judging import GIVE_UP, Judged, Outcome, wait_s
from services.gateway.bridges.webhooks.store import KEPT_ATTEMPTS, Kind, State, Tried, Webhook, Why
from services.gateway.people.sealing import Seal, Unsealable
from shared.database import Transaction

BY = "gateway"  # who ends or pauses a webhook when nobody does
TEST_TYPE = "webhook.test.v1"


@dataclass(frozen=True)
class Job:
    """`place`: where the webhook stands once it was taken. `body`: empty of a question."""

    kind: Kind
    webhook_id: UUID
    version: int
    url: str
    place: int
    id: UUID | None = None
    body: bytes = b""
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Done:
    """A call that came to its end. `took_s`: how long it was under way."""

    job: Job
    judged: Judged
    began: datetime
    took_s: float


async def next_job(tx: Transaction, row: Webhook, seal: Seal) -> Job | None:
    """None when there is nothing to do now. A test waits for nothing."""
    now, kind = tx.clock.now(), kind_of(row)
    if row.state not in (State.ASKING, State.ACTIVE) or (row.due_at > now and kind is not Kind.TEST):
        return None
    if kind is Kind.CONSENT:
        return Job(Kind.CONSENT, row.webhook_id, row.version, row.url, row.position)
    try:
        secrets = opened(row, seal, now)
    except Unsealable:
        await stop(tx, row, State.PAUSED, Why.UNSEALABLE)
        return None
    if kind is Kind.TEST:
        id = uuid4()
        body = test_event(id, now, row.webhook_id)
        return Job(Kind.TEST, row.webhook_id, row.version, row.url, row.position, id, body, secrets)
    ends = await feed.ends(tx)
    if not ends.forgotten <= row.position <= ends.newest:
        await stop(tx, row, State.PAUSED, Why.NO_PLACE)
        return None
    found, row.position = await feed.after(tx, row.position, frozenset(row.types), 1)
    if not found:
        return None
    event = found[0]
    row.position = event.position - 1  # what was passed over is not wanted
    body = structured(event).encode()
    return Job(Kind.EVENT, row.webhook_id, row.version, row.url, event.position, event.event_id, body, secrets)


def kind_of(row: Webhook) -> Kind:
    """What its next call is, if there is one."""
    if row.state == State.ASKING:
        return Kind.CONSENT
    return Kind.TEST if row.testing else Kind.EVENT


def opened(row: Webhook, seal: Seal, now: datetime) -> tuple[str, ...]:
    """Its secrets that are valid now, the newest first. Raises `Unsealable` for the newest: the one before, whose key
    may be what was lost, is left out."""
    secrets = [seal.open(row.place, row.sealed)] if row.sealed is not None else []
    if row.former is not None and row.former_until is not None and row.former_until > now:
        with suppress(Unsealable):
            secrets.append(seal.open(row.place, row.former))
    return tuple(secrets)


def test_event(id: UUID, now: datetime, webhook_id: UUID) -> bytes:
    """A CloudEvent of a type that no topic has: whoever does not know it puts it aside."""
    attributes = {"specversion": "1.0", "id": str(id), "type": TEST_TYPE, "source": "/haetae/gateway"}
    rest = {"time": now.isoformat(), "subject": str(webhook_id), "datacontenttype": "application/json", "data": {}}
    return json.dumps(attributes | rest).encode()


async def settle(tx: Transaction, row: Webhook, done: Done, dice: Random) -> None:
    """The attempt is kept; the webhook goes on, waits, or ends. What people changed meanwhile stands. A test tells
    nothing of the events that wait: they go out no earlier for it, and count as failed as before."""
    await _keep(tx, row, done)
    job, judged = done.job, done.judged
    if row.version != job.version or row.state not in (State.ASKING, State.ACTIVE):
        return
    if job.kind is Kind.TEST:
        row.testing = False
    if judged.outcome is Outcome.GONE:
        await stop(tx, row, State.ENDED, Why.GONE)
    elif judged.outcome is Outcome.TAKEN:
        _taken(row, job, judged, tx.clock.now())
    elif job.kind is Kind.TEST:
        _wait(row, tx.clock.now() + timedelta(seconds=judged.retry_after_s))
    else:
        await _failed(tx, row, judged, dice)


def _taken(row: Webhook, job: Job, judged: Judged, now: datetime) -> None:
    if job.kind is not Kind.TEST:
        row.failures, row.failing_since = 0, None
    if job.kind is Kind.CONSENT:
        row.state, row.agreed_at, row.per_minute = State.ACTIVE, now, judged.per_minute
        return
    if job.kind is Kind.EVENT:
        row.delivered_at, row.position = now, job.place
    if row.per_minute:
        _wait(row, now + timedelta(minutes=1) / row.per_minute)


def _wait(row: Webhook, moment: datetime) -> None:
    """Until then at least."""
    row.due_at = max(row.due_at, moment)


async def _failed(tx: Transaction, row: Webhook, judged: Judged, dice: Random) -> None:
    now = tx.clock.now()
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.due_at = now + timedelta(seconds=wait_s(row.failures, judged.retry_after_s, dice))
    if now - row.failing_since >= GIVE_UP:
        await stop(tx, row, State.PAUSED, Why.GIVEN_UP)


async def broke(tx: Transaction, row: Webhook, job: Job | None, began: datetime, dice: Random) -> None:
    """An error of ours kept the call from its end, or from being made: it counts as one that failed."""
    job = job or Job(kind_of(row), row.webhook_id, row.version, row.url, row.position)
    await settle(tx, row, Done(job, Judged(Outcome.OUR_ERROR), began, 0.0), dice)


async def stop(tx: Transaction, row: Webhook, state: State, why: Why, by: str = BY) -> None:
    """Paused or ended, with a line of its agency's history. An ended one signs nothing any more."""
    row.state, row.why, row.testing = state, why, False
    row.changed_at = tx.clock.now()
    if state is State.ENDED:
        row.sealed = row.former = row.former_until = None
    action = Action.WEBHOOK_ENDED if state is State.ENDED else Action.WEBHOOK_PAUSED
    await history.append(tx, ACCESS_CHAIN, by, action, told(row) | {"why": why}, agency=row.agency)


def told(row: Webhook) -> dict[str, str]:
    """What the history says of it."""
    return {"webhook": str(row.webhook_id), "host": row.host}


async def _keep(tx: Transaction, row: Webhook, done: Done) -> None:
    row.attempts += 1
    place = row.attempts % KEPT_ATTEMPTS
    tried = await tx.get(Tried, (row.webhook_id, place))
    if tried is None:
        tried = Tried(webhook_id=row.webhook_id, place=place)
        tx.add(tried)
    tried.number, tried.kind, tried.event_id = row.attempts, done.job.kind, done.job.id
    tried.at, tried.seconds = done.began, done.took_s
    tried.outcome, tried.status = done.judged.outcome, done.judged.status
