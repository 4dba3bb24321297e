"""Brings a database to a revision: `upgrade(url)`, `downgrade(url, "base")`. The URL is the owner's. Services go on
meanwhile; what they hold longer than a moment is waited for by trying again."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

HERE = Path(__file__).parent
TRIES = 20
PAUSE_S = 1.0
# No lock within `env.LONGEST_WAIT`; or a service and the migration waited for each other.
PASSES = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.attributes["url"] = url
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """Done steps stay when a later one fails. Raises `OperationalError` when a lock is not to be had."""
    _patiently(lambda: command.upgrade(config(url), revision))


def downgrade(url: str, revision: str) -> None:
    _patiently(lambda: command.downgrade(config(url), revision))


def _patiently(work: Callable[[], None]) -> None:
    for left in reversed(range(TRIES)):
        try:
            return work()
        except OperationalError as error:
            if not left or not isinstance(error.orig, PASSES):
                raise
        time.sleep(PAUSE_S)
