"""What stands in a dead letter beside the record: why, and nothing that opens anything or was asked of the database."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from shared.bus.dead_letters import MAX_ERROR, dead_letter
from shared.bus.port import Partition, Received
from shared.clock import SystemClock
from shared.database import Database
from shared.events import CATALOGUE
from shared.failures import Rejected
from tests.support.stack import Migrated

PASSWORD, WORDS = "stand-in-password", "the lantern parcel waits at gate seven"  # nobody's
OPENS = ("password", "secret", "token", "cookie", "credential", "private")
CAME = Received("topic", b"k", b"{}", {"ce_id": b"1"}, partition=Partition("topic", 0), offset=7)


def told_of(failure: Exception) -> str:
    """All that is added to the record."""
    letter = dead_letter(CAME, failure, 4, "drafter", datetime(2026, 11, 23, tzinfo=UTC))
    assert (letter.key, letter.value) == (CAME.key, CAME.value)
    return " ".join(value.decode() for name, value in letter.headers.items() if name not in CAME.headers)


async def failure_of(url: str, statement: str, **values: str) -> Exception:
    database = Database(url, "/haetae/test", SystemClock())
    try:
        with pytest.raises(Exception) as raised:  # noqa: PT011  # of any kind: what it says is looked at
            async with database.transaction() as tx:
                await tx.execute(sa.text(statement), values)
    finally:
        await database.close()
    return raised.value if isinstance(raised.value, Exception) else RuntimeError()


async def test_a_dead_letter_tells_no_secret(migrated_once: Migrated) -> None:
    right = migrated_once.dsn_for("drafter")
    wrong = sa.make_url(right).set(password=PASSWORD, port=1).render_as_string(hide_password=False)
    failures = {
        "nobody there": await failure_of(wrong, "SELECT 1"),
        "no such column": await failure_of(right, "SELECT nowhere WHERE :words <> ''", words=WORDS),
        "no number": await failure_of(right, "SELECT CAST(:words AS text)::integer", words=WORDS),
    }
    for why, failure in failures.items():
        told = told_of(failure)
        assert "drafter" in told
        assert PASSWORD not in told, why
        assert WORDS not in told, why
        assert str(sa.make_url(right).password) not in told, why
    assert len(told_of(Rejected("a" * 2 * MAX_ERROR))) < MAX_ERROR + 200


def test_no_event_has_a_place_for_a_secret() -> None:
    """A letter holds its record whole."""
    named = {f"{event.type}.{name}" for event in CATALOGUE for name in event.model_fields}
    assert {name for name in named if any(word in name for word in OPENS)} == set()
