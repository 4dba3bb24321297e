"""SQL as it is seen from outside: each statement a figure, each transaction one line of the span that it belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

import sqlalchemy as sa
from opentelemetry import trace
from sqlalchemy.engine import Engine

from shared.observing import counted

BEGAN = "haetae_began"


@dataclass
class _Tally:
    statements: int = 0
    seconds: float = 0.0


_TALLY: ContextVar[_Tally | None] = ContextVar("sql tally", default=None)


def listen(engine: Engine) -> None:
    sa.event.listen(engine, "before_cursor_execute", _begin)
    sa.event.listen(engine, "after_cursor_execute", _end)
    sa.event.listen(engine, "handle_error", _fail)


@contextmanager
def summed() -> Iterator[None]:
    """What is asked inside is told as one event of the current span: statements and seconds, no statement's text."""
    span = trace.get_current_span()
    if not span.is_recording():
        yield
        return
    tally = _Tally()
    token = _TALLY.set(tally)
    try:
        yield
    finally:
        _TALLY.reset(token)
        said: dict[str, str | int | float] = {"db.system.name": "postgresql"}
        said |= {"haetae.sql.statements": tally.statements, "haetae.sql.seconds": round(tally.seconds, 6)}
        span.add_event("transaction", said)


def _begin(connection: sa.Connection, *_: object) -> None:
    connection.info[BEGAN] = perf_counter()


def _end(connection: sa.Connection, *_: object) -> None:
    _note(connection, "ok")


def _fail(context: sa.ExceptionContext) -> None:
    if context.connection is not None and not context.connection.closed:
        _note(context.connection, "failed")


def _note(connection: sa.Connection, outcome: str) -> None:
    began = connection.info.pop(BEGAN, None)
    if began is None:
        return
    seconds = perf_counter() - began
    counted("database", outcome, seconds)
    if (tally := _TALLY.get()) is not None:
        tally.statements += 1
        tally.seconds += seconds
