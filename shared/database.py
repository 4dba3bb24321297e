"""The database edge: the only place that opens, commits and rolls back.

A service's role has its own schema as search path: tables are named plainly and no other service's are in reach.
"""

import asyncio
import select
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from shared.clock import Clock, SystemClock
from shared.events import Envelope, Event
from shared.events.envelope import dataschema
from shared.failures import Transient, Undeclared
from shared.identity import identity
from shared.inbox import first_time, handled_before
from shared.observing import onward
from shared.outbox import enqueue
from shared.sql_errors import discreet
from shared.sql_observing import listen, summed

T = TypeVar("T")

ALIVE, REVISION = sa.text("SELECT 1"), sa.text("SELECT version_num FROM public.alembic_version")
# Undefined table, insufficient privilege: of a database from before services could ask.
UNKNOWN_SQLSTATES = ("42P01", "42501")

POOL_SIZE = 8  # a service works on a dozen partitions, most of the time on a few of them
LOCK_TIMEOUT_MS = 10_000  # a row locked longer than that is a bug somewhere else: retry rather than hang
STATEMENT_TIMEOUT_MS = 30_000
# Who stands still (a stopped process, a machine that lost its network) must not hold locks against those that go on.
IDLE_IN_TRANSACTION_MS = 60_000  # no handler computes that long in a transaction: slow work is prepared before it
CONNECT_S = 10
# The other side is given up when it has not answered for 25 s; the operating systems' own answer is two hours.
TCP = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3, "tcp_user_timeout": 25_000}
# Serialization failure, deadlock, lock not available, too many connections, shutting down: all pass.
TRANSIENT_SQLSTATES = ("40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57014")


class Transaction:
    """One database transaction: rows read and written, events published, all or nothing. Never commits itself."""

    def __init__(
        self,
        session: AsyncSession,
        source: str,
        clock: Clock,
        cause: Envelope[Event] | None,
        publishes: frozenset[type[Event]] | None = None,
        gateway_url: str | None = None,
    ) -> None:
        self._session, self._source, self.clock, self.cause = session, source, clock, cause
        self._publishes, self._gateway_url = publishes, gateway_url
        self._published: list[Envelope[Event]] = []

    @property
    def published(self) -> Sequence[Envelope[Event]]:
        return self._published

    def add(self, row: DeclarativeBase) -> None:
        self._session.add(row)

    async def get(self, model: type[T], key: object, *, lock: bool = False) -> T | None:
        """The row with this primary key; `lock` holds it (SELECT … FOR UPDATE) until the end."""
        return await self._session.get(model, key, with_for_update=lock or None)

    async def execute(self, statement: sa.Executable, values: object = None) -> sa.CursorResult[Any]:
        return await self._session.execute(statement, values)  # type: ignore[call-overload, no-any-return]

    async def scalars(self, statement: sa.Select[T]) -> Sequence[T]:
        return (await self._session.scalars(statement)).all()

    async def scalar(self, statement: sa.Select[T]) -> T | None:
        return await self._session.scalar(statement)

    async def flush(self) -> None:
        await self._session.flush()

    def publish(self, event: Event, *, id: UUID | None = None) -> UUID:
        """Put an event into the outbox of this transaction, and with it what readers of its predecessors are told. Its
        id follows from the cause, so that twice is once."""
        if id is None:
            root = self.cause.id if self.cause else None
            if root is None:
                raise ValueError(f"{event.type}: without a causing event, publish needs an explicit id")
            id = identity("event", root, event.type, len(self._published))
        self._put(event, id)
        older = event.older
        while older is not None:
            self._put(older, identity("older", id, older.type))
            older = older.older
        return id

    def _put(self, event: Event, id: UUID) -> None:
        if self._publishes is not None and type(event) not in self._publishes:
            raise Undeclared(event)
        trace = onward(event, self.cause.trace if self.cause else None)
        at = dataschema(type(event), self._gateway_url)
        self._published.append(Envelope(event, id, self._source, self.clock.now(), trace, at))

    async def first_time(self) -> bool:
        """Enter the causing event into the inbox; False when it was handled before, and nothing is to be done."""
        if self.cause is None:
            raise ValueError("only a transaction with a cause has an inbox")
        return await first_time(self._session, self.cause)

    async def handled_before(self) -> bool:
        """Whether the causing event is in the inbox already."""
        if self.cause is None:
            raise ValueError("only a transaction with a cause has an inbox")
        return await handled_before(self._session, self.cause)

    async def _finish(self) -> None:
        await self._session.flush()
        if self._published:
            await enqueue(self._session, self._published)


class Database:
    """Connections of one service. `source` is the CloudEvents source of what it publishes: `/haetae/<service>`.

    `schema` is for the owner, who works for a service from the command line; a service's role has its search path.
    `settings`: of PostgreSQL, for every connection (`scoped` changes them for a transaction). `needs`: the least
    revision of the schema at which it is ready; None: any.
    """

    def __init__(
        self,
        url: str,
        source: str,
        clock: Clock | None = None,
        schema: str | None = None,
        settings: Mapping[str, str] | None = None,
        needs: str | None = None,
    ) -> None:
        self._needs = needs
        self.clock = clock or SystemClock()
        self._source = source
        self.engine = create_async_engine(
            url,
            pool_size=POOL_SIZE,
            hide_parameters=True,  # errors go to logs and dead letters: what a case holds must not
            connect_args=_connect_args(schema, settings or {}),
        )
        sa.event.listen(self.engine.sync_engine, "checkout", _renew)
        listen(self.engine.sync_engine)
        discreet(self.engine.sync_engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._alone = async_sessionmaker(alone, expire_on_commit=False)
        self.committed_with_events: list[asyncio.Event] = []
        self.publishes: frozenset[type[Event]] | None = None  # what the service may publish; None: anything
        self.gateway_url: str | None = None  # where schemas of public events can be read
        self._scope: dict[str, str] = {}

    def scoped(self, settings: Mapping[str, str]) -> "Database":
        """The same connections; each transaction begins with these settings of PostgreSQL (`SET LOCAL`), by which
        row-level security tells whose rows are in sight."""
        scoped = copy(self)
        scoped._scope = self._scope | dict(settings)
        return scoped

    async def look(self, statement: sa.Executable) -> sa.Row[Any] | None:
        """The first row of a statement that reads: one round trip, where a transaction takes four. With the settings
        of the connection, not those of `scoped`."""
        with _told_when_away():
            async with self._alone() as session:
                found: sa.Row[Any] | None = (await session.execute(statement)).first()
                return found

    @asynccontextmanager
    async def transaction(self, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
        """Commits on leaving, rolls back on an exception. What may pass by waiting is raised as `Transient`."""
        with _told_when_away(), summed():
            async with self._sessions() as session, session.begin():
                if self._scope:
                    await session.execute(sa.select(*(sa.func.set_config(*item, True) for item in self._scope.items())))
                transaction = Transaction(session, self._source, self.clock, cause, self.publishes, self.gateway_url)
                yield transaction
                await transaction._finish()
        if transaction.published:
            for waiter in self.committed_with_events:
                waiter.set()

    async def ready(self) -> None:
        """Raises `Transient` when it does not answer, or has yet to be brought up to date."""
        try:
            async with self.transaction() as tx:
                found = (await tx.execute(REVISION if self._needs else ALIVE)).scalar()
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) not in UNKNOWN_SQLSTATES:
                raise
            found = ""
        if self._needs and str(found or "") < self._needs:
            raise Transient(
                f"the database is at revision {found or 'unknown'}, this version needs {self._needs}: `haetae migrate`"
            )

    async def close(self) -> None:
        await self.engine.dispose()


@contextmanager
def _told_when_away() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Transient(f"all {POOL_SIZE} connections are busy: {error}") from error
    except DBAPIError as error:
        if _passes(error):
            raise Transient(f"the database is not ready: {error.orig}") from error
        raise


def _renew(_connection: object, record: ConnectionPoolEntry, _borrowed: object) -> None:
    """A connection that the server has closed is replaced before it is used; all of them are, for a server that went
    took all. Costs no round trip: an idle connection has nothing to say unless it ends (TCP_KEEPALIVE included)."""
    driver = record.driver_connection
    if driver is None or driver.closed:
        raise InvalidatePoolError("closed here")
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError("closed by the server")


def _connect_args(schema: str | None, settings: Mapping[str, str]) -> dict[str, str | int]:
    """Both ends watch the connection: libpq by its own names, the server by settings of the session."""
    session = {
        "timezone": "UTC",
        "lock_timeout": LOCK_TIMEOUT_MS,
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
        **TCP,
        **({"search_path": schema} if schema else {}),
        **settings,
    }
    watched = {name.removeprefix("tcp_") if "keepalives" in name else name: value for name, value in TCP.items()}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    return {"options": options, "connect_timeout": CONNECT_S, **watched}


def _passes(error: DBAPIError) -> bool:
    """Without a state the server was not reached, or was not asked: a value that cannot be sent never passes."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or state in TRANSIENT_SQLSTATES or state.startswith("08")
