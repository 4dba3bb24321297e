"""The schema, and who may what in it: at the newest migration, roles that see their own, rows of their agency alone."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from haetae.doctor.postgres import OLDEST_WAITING, URL, connected, one
from migrations.runner import config
from migrations.services import role
from services import SERVICES

SCHEMA, LOGIN, OUTBOX = Subject("schema"), Subject("database role"), Subject("outbox")
VERSION = "SELECT to_regclass('public.alembic_version') IS NOT NULL AS made"
REVISION = "SELECT version_num AS revision FROM public.alembic_version"
# A policy of a table does nothing while its row-level security is off, or for whoever owns the table.
UNGUARDED = """
SELECT coalesce(array_agg(DISTINCT relname::text ORDER BY relname::text), '{}') AS tables
FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
WHERE relnamespace = to_regnamespace('gateway') AND NOT relrowsecurity
"""
RIGHTS = """
SELECT current_user::text AS name, rolsuper OR rolbypassrls AS almighty, rolcreaterole OR rolcreatedb AS makes,
       current_schema()::text AS schema,
       ARRAY(SELECT relname::text FROM pg_class
             WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p') LIMIT 3) AS owns,
       ARRAY(SELECT nspname::text FROM pg_namespace WHERE nspname = ANY(%s) AND nspname <> %s
             AND has_schema_privilege(current_user, oid, 'USAGE')) AS reaches,
       to_regclass('inbox') IS NOT NULL AND to_regclass('outbox') IS NOT NULL AS tables
FROM pg_roles WHERE rolname = current_user
"""
WAITING = """
SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest_s
FROM outbox WHERE published_at IS NULL
"""


async def look_owner(patient: Patient) -> Sequence[Diagnosis]:
    """With the owner's login: migrations and policies."""
    try:
        async with await connected(patient.env[URL]) as connection:
            if not (await one(connection, VERSION))["made"]:
                return [SCHEMA.failed("migrations", "the database is empty", "haetae migrate")]
            try:
                revision = (await one(connection, REVISION))["revision"]
                return [judge_revision(revision), judge_guards((await one(connection, UNGUARDED))["tables"])]
            except psycopg.errors.InsufficientPrivilege:
                name = make_url(patient.env[URL]).username
                said = f"{name} may not read it; the owner's URL is wanted here"
                return [SCHEMA.skipped("migrations", said)]
    except (psycopg.OperationalError, ArgumentError, KeyError):
        return [SCHEMA.skipped("migrations", "the database is not reached")]


async def look_service(patient: Patient) -> Sequence[Diagnosis]:
    if not patient.own_login:
        said = f"the password of {role(patient.service)} is not known here"
        cure = f"run `haetae doctor --service {patient.service}` with the settings of that service"
        return [LOGIN.skipped("rights", f"{said}; {cure}")]
    try:
        async with await connected(patient.settings.database_url.get_secret_value()) as connection:
            row = await one(connection, RIGHTS, list(SERVICES), patient.service)
            found = list(judge_rights(row, patient.service))
            if row["tables"] and not found:
                waits = await one(connection, WAITING)
                said = f"{row['name']} sees and may what is its own, nothing else"
                found += [LOGIN.ok("rights", said), judge_outbox(waits["waiting"], waits["oldest_s"])]
            return found
    except (psycopg.OperationalError, ArgumentError):
        return [LOGIN.skipped("rights", "the database is not reached")]


@cache
def history() -> ScriptDirectory:
    return ScriptDirectory.from_config(config(""))


def newest() -> str:
    return str(history().get_current_head())


def judge_revision(revision: str) -> Diagnosis:
    """Against the newest migration of this installation."""
    if revision == newest():
        return SCHEMA.ok("migrations", f"at {revision}, the newest")
    if revision in {one.revision for one in history().walk_revisions()}:
        return SCHEMA.failed("migrations", f"at {revision}, not at {newest()}", "haetae migrate")
    said = f"at {revision}, which this installation does not know: it is older than the database"
    return SCHEMA.failed("migrations", said, "run the version of Haetae that wrote it, or a newer one")


def judge_guards(tables: Sequence[str]) -> Diagnosis:
    if not tables:
        return SCHEMA.ok("row-level security", "on for every table of agencies' rows")
    cure = "; ".join(f"ALTER TABLE gateway.{table} ENABLE ROW LEVEL SECURITY" for table in tables)
    return SCHEMA.failed("row-level security", f"off for {', '.join(tables)}: agencies see each other's rows", cure)


def judge_rights(row: dict[str, Any], service: str) -> Iterator[Diagnosis]:
    """Nothing when all is well: then its outbox is worth a look."""
    wanted = role(service)
    if row["almighty"]:
        cure = f"name {wanted} in {URL}, or ALTER ROLE {row['name']} NOSUPERUSER NOBYPASSRLS"
        yield LOGIN.failed("rights", f"{row['name']} sees and may everything", cure)
    elif row["name"] != wanted:
        yield LOGIN.failed("name", f"logs in as {row['name']}", f"name {wanted} in {URL}")
    if row["makes"]:
        yield LOGIN.failed("rights", "may make roles or databases", f"ALTER ROLE {row['name']} NOCREATEROLE NOCREATEDB")
    if row["owns"]:
        said = f"owns tables ({', '.join(row['owns'])} …), which row-level security does not hold"
        yield LOGIN.failed("owner", said, f"REASSIGN OWNED BY {row['name']} TO the owner")
    if row["reaches"]:
        schemas = ", ".join(row["reaches"])
        yield LOGIN.failed("reach", f"may use {schemas}", f"REVOKE ALL ON SCHEMA {schemas} FROM {row['name']}")
    if row["schema"] != service:
        yield LOGIN.failed(
            "search path", f"is {row['schema']}", f"ALTER ROLE {row['name']} SET search_path = {service}"
        )
    elif not row["tables"]:
        yield LOGIN.failed("tables", "its tables are not there", "haetae migrate, as the owner")


def judge_outbox(waiting: int, oldest_s: float) -> Diagnosis:
    if oldest_s <= OLDEST_WAITING.total_seconds():
        return OUTBOX.ok("events", f"{waiting} wait for the broker" if waiting else "none waits for the broker")
    said = f"{waiting} wait for the broker, the oldest for {oldest_s:.0f} s"
    return OUTBOX.failed("events", said, "see that the service runs and reaches Kafka: its log says what it waits for")
