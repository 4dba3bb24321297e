"""The services' tables, made without any server: what each handles, hears and publishes."""

import importlib

from services import SERVICES
from shared.handling import Service

# A table is made of settings, and says nothing about them: these only let it be made.
PLACEHOLDERS = {
    "database_url": "postgresql+psycopg://nobody:nothing@127.0.0.1:1/nowhere",
    "kafka_bootstrap": "127.0.0.1:1",
    "s3_endpoint": "127.0.0.1:1",
    "s3_access_key": "none",
    "s3_secret_key": "none",
    "master_key": "none",
    "signing_key": "A" * 43 + "=",
    "history_key": "A" * 43 + "=",
    "approval_key": "-" * 32,
    "smtp_host": "127.0.0.1",
    "text_model": "nowhere",
}


def tables() -> list[Service]:
    """In the order of `SERVICES`. Takes seconds: it imports them all."""
    return [_table(name) for name in SERVICES]


def _table(name: str) -> Service:
    settings = importlib.import_module(f"services.{name}.settings").Settings
    given = {field: PLACEHOLDERS[field] for field in settings.model_fields if field in PLACEHOLDERS}
    made: Service = importlib.import_module(f"services.{name}.app").app(settings.model_validate(given))
    return made
