"""One call: the question, an event, a test. What the other side does is judged, never raised."""

from datetime import datetime

from services.gateway.bridges.cloudevents import ONE
from services.gateway.bridges.webhooks import judging, signing
from services.gateway.bridges.webhooks.jobs import Job
from services.gateway.bridges.webhooks.judging import Judged, Outcome
from services.gateway.bridges.webhooks.store import Kind
from shared.net.calling import Caller, NoAnswer, NotSent
from shared.net.failures import AddressRefused

CALL_S = 15.0  # Standard Webhooks: a receiver has 15 to 30 s; whoever needs longer answers first and works afterwards
MOST_BYTES = 16 * 1024  # of an answer, of which nothing is kept


async def call(caller: Caller, job: Job, origin: str, now: datetime) -> Judged:
    """`origin`: the gateway's host, by which receivers know us."""
    asks = job.kind is Kind.CONSENT
    method, headers = ("OPTIONS", asking(origin)) if asks else ("POST", signed(job, origin, now))
    try:
        reply = await caller.call(method, job.url, headers, job.body, timeout_s=CALL_S, max_bytes=MOST_BYTES)
    except AddressRefused:
        return Judged(Outcome.BAD_ADDRESS)
    except NotSent:
        return Judged(Outcome.NOT_REACHED)
    except NoAnswer:
        return Judged(Outcome.NO_ANSWER)
    return judging.agreed(reply, origin, now) if asks else judging.taken(reply, now)


def asking(origin: str) -> dict[str, str]:
    return {"WebHook-Request-Origin": origin, "Origin": origin}


def signed(job: Job, origin: str, now: datetime) -> dict[str, str]:
    """`webhook-id` is the event's own: the same event again has the same."""
    signature = signing.headers(str(job.id), now, job.body, job.secrets)
    length = {"Content-Length": str(len(job.body))}
    return {"Content-Type": f"{ONE}; charset=utf-8", "Origin": origin, **length, **signature}
