"""Logs: one JSON object a line on standard output, with the trace and the case it belongs to, and never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace

SECRET_NAMES = re.compile(r"password|secret|token|authorization|cookie|(master|approval|access)_key", re.IGNORECASE)
URL_CREDENTIALS = re.compile(r"(\w+://)[^\s/@:]+:[^\s/@]+@")
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
    # It tells every heartbeat of every member at "info".
    logging.getLogger("aiokafka").setLevel(max(logging.WARNING, root.level))
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
    return entry


def mask_secrets(_: object, __: str, entry: Entry) -> Entry:
    """By name, and credentials inside URLs by form: an exception's text may quote the address it failed on."""
    for name, value in entry.items():
        if SECRET_NAMES.search(name):
            entry[name] = MASK
        elif isinstance(value, str):
            entry[name] = URL_CREDENTIALS.sub(rf"\1{MASK}@", value)
    return entry


def _belongs_to(service: str, instance: str) -> structlog.typing.Processor:
    def add(_: object, __: str, entry: Entry) -> Entry:
        entry["service"], entry["instance"] = service, instance
        return entry

    return add
