"""Who may know what: the settings of each service, and its login to the database."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from migrations.services import role
from services import SERVICES

VAULT_USERS = ("evidence", "gateway")
# These may use the store only under an identity that is kept out of the evidence: the crawler faces the web, and the
# classifier what the crawler brought.
S3_USERS = (*VAULT_USERS, "crawler", "classifier")
# A setting that starts with one of these is a secret or an address that only those services get; what is not listed
# here (log level, model folder, …) goes to all.
ONLY_FOR: dict[str, tuple[str, ...]] = {
    "HAETAE_DATABASE_URL": SERVICES,
    "HAETAE_KAFKA_": SERVICES,
    "HAETAE_S3_": VAULT_USERS,
    "HAETAE_MASTER_KEY": VAULT_USERS,
    "HAETAE_FORMER_MASTER_KEYS": VAULT_USERS,
    "HAETAE_TRANSIT_": VAULT_USERS,
    "HAETAE_MIRROR_": ("evidence",),
    "HAETAE_SIGNING_KEY": ("evidence",),
    "HAETAE_STAMP_": ("evidence", "gateway"),
    "HAETAE_NTP_": ("evidence",),
    "HAETAE_OUTSIDE_ADDRESS": ("evidence",),
    "HAETAE_RDAP_": ("evidence",),
    "HAETAE_OTS_": ("evidence",),
    "HAETAE_POLISH_": ("drafter",),
    "HAETAE_QUARANTINE_": ("crawler", "classifier"),
    "HAETAE_APPROVAL_KEY": ("gateway", "notifier"),
    "HAETAE_FORMER_APPROVAL_KEYS": ("gateway", "notifier"),
    "HAETAE_HISTORY_KEY": ("gateway",),
    "HAETAE_SECOND_FACTOR": ("gateway",),
    "HAETAE_OIDC_": ("gateway",),
    "HAETAE_DOOR_": ("gateway",),
    "HAETAE_SMTP_": ("notifier",),
    "HAETAE_DKIM_": ("notifier",),
    "HAETAE_IMAP_": ("notifier",),
    "HAETAE_CREDENTIALS_FILE": ("crawler",),
    "HAETAE_CONNECTOR_CREDENTIALS_FILE": ("notifier",),
    "HAETAE_MAIL_API": (),
}


def service_url(owner_url: str, service: str, password: str) -> str:
    """`owner_url` with the role of `service` instead of the owner."""
    return make_url(owner_url).set(username=role(service), password=password).render_as_string(hide_password=False)


def allowed(service: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The part of `settings` that `service` may know."""
    return {name: value for name, value in settings.items() if _may_know(service, name)}


def _may_know(service: str, setting: str) -> bool:
    return all(service in users for prefix, users in ONLY_FOR.items() if setting.startswith(prefix))


def grant_logins(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Let each service's role log in with its password. Run the migrations first: they create the roles."""
    with psycopg.connect(libpq_url(owner_url), autocommit=True) as connection:
        for service, password in passwords.items():
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role(service)), sql.Literal(password)))


def libpq_url(url: str) -> str:
    """SQLAlchemy's URL for psycopg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
