"""The database edge: nobody who stands still keeps the others waiting."""

import traceback

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError

from shared.bus.decision import describe
from shared.database import Database
from shared.failures import Transient

LOCK = sa.text("SELECT pg_advisory_xact_lock(1)")


@pytest.fixture
async def pair(migrated, monkeypatch):
    """Two processes of a service."""
    monkeypatch.setattr("shared.database.IDLE_IN_TRANSACTION_MS", 500)
    made = [Database(migrated.dsn_for("drafter"), "/test") for _ in range(2)]
    yield made
    for database in made:
        await database.close()


async def stand_still(stopped: Database, working: Database) -> None:
    async with stopped.transaction() as tx:
        await tx.execute(LOCK)
        async with working.transaction() as other:
            await other.execute(LOCK)  # granted once the first is cut off; an error after ten seconds


async def test_a_process_that_stands_still_in_a_transaction_loses_it(pair):
    with pytest.raises(Transient, match="idle-in-transaction"):
        await stand_still(*pair)


async def test_both_ends_notice_a_peer_that_is_gone(pair):
    async with pair[0].transaction() as tx:
        seen = [(await tx.execute(sa.text(f"SHOW {name}"))).scalar() for name in ("tcp_keepalives_idle", "timezone")]
        raw = (await (await tx._session.connection()).get_raw_connection()).driver_connection
    assert seen == ["10", "UTC"]
    assert {"keepalives_idle": "10", "tcp_user_timeout": "25000"}.items() <= raw.info.get_parameters().items()


async def test_a_value_that_no_database_takes_is_not_tried_for_ever(pair):
    with pytest.raises(DataError):
        async with pair[0].transaction() as tx:
            await tx.execute(sa.text("SELECT CAST(:text AS text)"), {"text": "a\0b"})


async def test_an_error_does_not_repeat_what_was_written(pair):
    with pytest.raises(DBAPIError) as raised:
        async with pair[0].transaction() as tx:
            await tx.execute(sa.text("INSERT INTO nowhere VALUES (:text)"), {"text": "the lantern parcel"})
    assert "lantern" not in str(raised.value)


async def write_down(database: Database, statement: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            sa.text("CREATE TEMP TABLE reached (contact text UNIQUE, how integer NOT NULL CHECK (how < 5))")
        )
        await tx.execute(sa.text("INSERT INTO reached VALUES ('kim@home.test', 1)"))
        await tx.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("INSERT INTO reached VALUES ('kim@home.test', 1)", "reached_contact_key"),
        ("INSERT INTO reached VALUES ('kim@home.test ', NULL)", 'column "how"'),
        ("INSERT INTO reached VALUES ('also kim@home.test', 7)", "reached_how_check"),
        ("SELECT CAST('kim@home.test' AS uuid)", "uuid"),
        ("INSERT INTO reached SELECT 'b', CAST(contact AS integer) FROM reached", "integer"),
    ],
)
async def test_an_error_of_the_server_does_not_repeat_what_a_row_holds(pair, statement, names):
    """A unique value that is there, a whole row in which something is missing, text that is no number."""
    with pytest.raises(DBAPIError) as refused:
        await write_down(pair[0], statement)
    told = describe(refused.value)
    shown = "".join(traceback.format_exception(refused.value))
    assert names in told
    assert "kim@home.test" not in (told + shown).replace(statement, "")


async def test_a_connection_that_the_server_has_ended_is_replaced_before_it_is_used(pair):
    used, other = pair
    async with used.transaction() as tx:
        backend = await tx.scalar(sa.select(sa.func.pg_backend_pid()))
    assert (await used.look(sa.select(sa.func.pg_backend_pid())))[0] == backend, "one connection serves both ways"
    async with other.transaction() as tx:
        await tx.execute(sa.select(sa.func.pg_terminate_backend(backend, 5_000)))
    async with used.transaction() as tx:
        assert await tx.scalar(sa.select(sa.func.pg_backend_pid())) != backend
