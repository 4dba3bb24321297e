"""Logs: one JSON object a line on standard output, with the trace and the case it belongs to, and never a secret.

Nor whom a mail goes to, nor where a page is: an exception's text may quote both. A log travels further than a case
does; who may see the case finds the page by its number."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace

SECRET_NAMES = re.compile(r"password|secret|token|authorization|cookie|(master|approval|access)_key", re.IGNORECASE)
URL_CREDENTIALS = re.compile(r"(\w{1,20}://)[^\s/@:]+:[^\s/@]+@")
MAILBOX = re.compile(r"[\w.+-]{1,64}@(?=[\w-]+\.\w)")
WITHIN_HOST = re.compile(r"(https?://[^\s/\"'<>]+/)[^\s\"'<>]+")
CUT = "…"
# These tell at "info" every heartbeat of every member, and the address of every request.
TALKATIVE = ("aiokafka", "httpx")
MASK = "***"

Entry = MutableMapping[str, Any]


def configure(service: str, instance: str, level: str) -> None:
    """For the whole process; what libraries log through `logging` takes the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _belongs_to(service, instance),
        add_trace,
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def add_trace(_: object, __: str, entry: Entry) -> Entry:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry.setdefault("trace_id", f"{context.trace_id:032x}")
        entry.setdefault("span_id", f"{context.span_id:016x}")
    return entry


def mask_secrets(_: object, __: str, entry: Entry) -> Entry:
    """By name; and by form, wherever they stand, credentials inside addresses, mailboxes, and where on its host a page
    is."""
    for name, value in entry.items():
        entry[name] = MASK if SECRET_NAMES.search(name) else masked(value)
    return entry


def masked(value: Any) -> Any:  # noqa: ANN401  # whatever is logged
    match value:
        case str():
            without = URL_CREDENTIALS.sub(rf"\1{MASK}@", value)
            return WITHIN_HOST.sub(rf"\1{CUT}", MAILBOX.sub(f"{MASK}@", without))
        case list() | tuple() | set() | frozenset():
            return [masked(one) for one in value]
        case dict():
            return {name: masked(one) for name, one in value.items()}
    return value


def _belongs_to(service: str, instance: str) -> structlog.typing.Processor:
    def add(_: object, __: str, entry: Entry) -> Entry:
        entry["service"], entry["instance"] = service, instance
        return entry

    return add
