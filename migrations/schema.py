"""What a release's code relies on in the database, as data: `migrations/released/VERSION.json`, written once a release.

    python -m migrations.schema URL migrations/released/VERSION.json

URL is the owner's, of a database at the release's revision.
"""

import json
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

RELEASED = Path(__file__).parent / "released"
# Partitions are made by the running code, month by month.
TABLES = """
SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relrowsecurity AS guarded
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
COLUMNS = """
SELECT attrelid AS oid, attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable,
       atthasdef OR attidentity <> '' OR attgenerated <> '' AS filled
FROM pg_attribute WHERE attrelid = ANY(:tables) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# Whatever can refuse a row that was good before. A NOT NULL stands with its column.
BARS = """
SELECT conrelid AS oid, conname || ': ' || pg_get_constraintdef(oid) AS bar FROM pg_constraint
WHERE conrelid = ANY(:tables) AND contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL
SELECT indrelid, indexrelid::regclass::text || ': ' || pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(:tables) AND indisunique
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
UNION ALL
SELECT tgrelid, tgname || ': ' || pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = ANY(:tables) AND NOT tgisinternal
"""
RIGHTS = """
SELECT c.oid, r.rolname || ' ' || p.may AS granted FROM pg_class c, pg_roles r,
  unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (may)
WHERE c.oid = ANY(:tables) AND r.rolname = ANY(:roles) AND has_table_privilege(r.oid, c.oid, p.may)
UNION ALL
SELECT a.attrelid, r.rolname || ' UPDATE ' || a.attname FROM pg_attribute a, pg_roles r
WHERE a.attrelid = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped AND r.rolname = ANY(:roles)
  AND has_column_privilege(r.oid, a.attrelid, a.attnum, 'UPDATE')
  AND NOT has_table_privilege(r.oid, a.attrelid, 'UPDATE')
"""
Table = dict[str, Any]


def describe(connection: sa.Connection, services: tuple[str, ...]) -> dict[str, Table]:
    """Of each table: `columns` (type, nullable, filled by the server), `bars`, `rights` of the services' roles, and
    whether rows are `guarded` (row-level security)."""
    found = connection.execute(sa.text(TABLES), {"schemas": list(services)}).all()
    by_oid: dict[int, Table] = {
        row.oid: {"name": row.name, "guarded": row.guarded, "columns": {}, "bars": [], "rights": []} for row in found
    }
    asked = {"tables": list(by_oid), "roles": [f"haetae_{service}" for service in services]}
    for row in connection.execute(sa.text(COLUMNS), asked):
        known = {"type": row.type, "nullable": row.nullable, "filled": row.filled}
        by_oid[row.oid]["columns"][row.name] = known
    for row in connection.execute(sa.text(BARS), asked):
        by_oid[row.oid]["bars"].append(row.bar)
    for row in connection.execute(sa.text(RIGHTS), asked):
        by_oid[row.oid]["rights"].append(row.granted)
    for table in by_oid.values():
        table["bars"].sort()
        table["rights"].sort()
    return {table.pop("name"): table for table in sorted(by_oid.values(), key=lambda table: table["name"])}


def revision(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM public.alembic_version")).scalar_one())


def released() -> dict[str, dict[str, Any]]:
    """By version: `revision`, `tables`, and `meant`: bars that came later on purpose, each with why old code passes."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(RELEASED.glob("*.json"))}


def written(revision: str, tables: dict[str, Table]) -> str:
    """A line a table, so that a difference shows which."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(table, sort_keys=True)}" for name, table in tables.items())
    return f'{{\n "revision": "{revision}",\n "meant": {{}},\n "tables": {{\n{lines}\n }}\n}}\n'


if __name__ == "__main__":
    from services import SERVICES

    url, file = sys.argv[1:]
    with sa.create_engine(url).connect() as opened:
        Path(file).write_text(written(revision(opened), describe(opened, SERVICES)))
