"""What a principal may have of a request: nothing of it, or some of its entries. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kio.schema.errors import ErrorCode

from deploy.access.acls import Acls
from tests.support.guarded_broker.apis import APIS, CLUSTER, CLUSTER_NAME, FORBIDDEN, GROUP, TOPIC_RESOURCE, Listed
from tests.support.guarded_broker.wire import Request, answer_schema, made, part


@dataclass(frozen=True)
class Verdict:
    """`whole`: the error that the whole request gets; else `refused` are the entries that do."""

    whole: ErrorCode | None = None
    refused: tuple[Any, ...] = ()
    allowed: tuple[Any, ...] | None = None  # None: it lists none, and concerns all


def decide(request: Request, acls: Acls, principal: str) -> Verdict:
    """Raises `KeyError` for an API that is not offered."""
    api, body = APIS[request.api], request.body
    if api.group:
        operation, named = api.group
        transactional = request.api == "find_coordinator" and getattr(body, "key_type", 0) != 0
        if transactional or not acls.allow(principal, operation, "group", getattr(body, named)):
            return Verdict(whole=GROUP)
    if request.api == "init_producer_id":
        return Verdict() if _may_be_idempotent(body, acls, principal) else Verdict(whole=CLUSTER)
    entries = getattr(body, api.asks.entries) if api.asks else None
    if entries is None:
        return Verdict()
    allowed = tuple(one for one in entries if _may(request.api, one, acls, principal))
    return Verdict(refused=tuple(one for one in entries if one not in allowed), allowed=allowed)


def _may(name: str, entry: Any, acls: Acls, principal: str) -> bool:
    api = APIS[name]
    assert api.asks
    kind, named = api.kind, _name(entry, api.asks)
    if getattr(entry, "resource_type", TOPIC_RESOURCE) != TOPIC_RESOURCE:
        kind, named = "cluster", CLUSTER_NAME
    if name == "create_topics" and acls.allow(principal, "Create", "cluster", CLUSTER_NAME):
        return True
    return acls.allow(principal, api.operation, kind, named)


def _may_be_idempotent(body: Any, acls: Acls, principal: str) -> bool:
    """Since Kafka 3.0 (KIP-679) whoever may write anywhere; transactions are nobody's here."""
    if body.transactional_id is not None:
        return False
    return acls.allow(principal, "IdempotentWrite", "cluster", CLUSTER_NAME) or acls.allow_any(
        principal, "Write", "topic"
    )


def narrowed(request: Request, verdict: Verdict) -> Any:
    """The body as the broker gets it."""
    asks, body = APIS[request.api].asks, request.body
    if request.api == "metadata" and hasattr(body, "allow_auto_topic_creation"):
        body = replace(body, allow_auto_topic_creation=False)
    return replace(body, **{asks.entries: verdict.allowed}) if asks and verdict.allowed is not None else body


def refusing(request: Request, verdict: Verdict) -> Any:
    """The answer to what was refused, by itself."""
    schema = answer_schema(request)
    if verdict.whole is not None and "error_code" in schema.__dataclass_fields__:
        return made(schema, error_code=verdict.whole)
    api = APIS[request.api]
    assert api.asks
    assert api.answers
    entries = verdict.refused if verdict.whole is None else getattr(request.body, api.asks.entries) or ()
    error = FORBIDDEN[api.kind] if verdict.whole is None else verdict.whole
    refused = tuple(_refused(one, api.asks, api.answers, schema, error) for one in entries)
    return made(schema, **{api.answers.entries: refused})


def _refused(entry: Any, asks: Listed, answers: Listed, schema: Any, error: ErrorCode) -> Any:
    entry_schema = part(schema, answers.entries)
    given: dict[str, object] = {
        answers.name: _name(entry, asks),
        "error_code": CLUSTER if getattr(entry, "resource_type", TOPIC_RESOURCE) != TOPIC_RESOURCE else error,
        "resource_type": getattr(entry, "resource_type", 0),
    }
    if answers.partitions:
        partition_schema = part(entry_schema, answers.partitions)
        given[answers.partitions] = tuple(
            made(partition_schema, **{answers.number: _number(one, asks), "error_code": error})
            for one in getattr(entry, asks.partitions)
        )
    return made(entry_schema, **given)


def merged(request: Request, answer: Any, verdict: Verdict, acls: Acls, principal: str) -> Any:
    """The broker's answer, without what may not be seen, and with what was refused."""
    api = APIS[request.api]
    if not api.answers:
        return answer
    entries = getattr(answer, api.answers.entries)
    if verdict.allowed is None:
        name = api.answers.name
        entries = tuple(one for one in entries if acls.allow(principal, api.operation, api.kind, getattr(one, name)))
    if verdict.refused:
        entries += getattr(refusing(request, verdict), api.answers.entries)
    return replace(answer, **{api.answers.entries: entries})


def _name(entry: Any, listed: Listed) -> str:
    return str(getattr(entry, listed.name) if listed.name else entry)


def _number(partition: Any, listed: Listed) -> int:
    return int(getattr(partition, listed.number) if listed.number else partition)
