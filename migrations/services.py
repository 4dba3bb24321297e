"""What every service's schema has in common."""

from alembic import op

SERVICES = ("crawler", "classifier", "evidence", "drafter", "gateway", "notifier")


def role(service: str) -> str:
    return f"haetae_{service}"


def create_role(service: str) -> None:
    """Roles belong to the server, not to the database: another database of the server may have made it already."""
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {role(service)} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"ALTER ROLE {role(service)} SET search_path = {service}")


def create_schema(service: str) -> None:
    """A schema that only its role may use; tables made in it later are granted to the role by default."""
    op.execute(f"CREATE SCHEMA {service}")
    op.execute(f"GRANT USAGE ON SCHEMA {service} TO {role(service)}")
    op.execute(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {service} "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role(service)}"
    )
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT USAGE ON SEQUENCES TO {role(service)}")
