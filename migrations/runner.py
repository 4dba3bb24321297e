"""Brings a database to a revision: `upgrade(url)`, `downgrade(url, "base")`. The URL is the owner's."""

from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.attributes["url"] = url
    return made


def upgrade(url: str, revision: str = "head") -> None:
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    command.downgrade(config(url), revision)
