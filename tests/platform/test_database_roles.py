"""What CloudNativePG would run for us is enough: an owner who is no superuser migrates, and services log in.

On a PostgreSQL of its own, since roles belong to the server; the statements are those of the manifest.
"""

import psycopg
import pytest
from psycopg import sql

from deploy.local.access import libpq_url, service_url
from deploy.local.stack import Stack
from deploy.verify.rendering import render
from migrations.runner import upgrade
from migrations.services import role
from services import SERVICES

OWNER, PASSWORD = "agency", "for-this-test"


@pytest.mark.chaos
async def test_the_owner_migrates_and_every_service_comes_in(tmp_path):
    cluster = render("production").named("Cluster", "haetae-db")
    assert cluster
    # The embedded server's superuser has the owner's name: here the owner has another.
    statements = [one.replace(" haetae ", f" {OWNER} ") for one in cluster.spec["bootstrap"]["initdb"]["postInitSQL"]]
    statements = [one.removesuffix(" haetae") + f" {OWNER}" if one.endswith(" haetae") else one for one in statements]
    async with Stack(tmp_path / "home", parts=["postgres"], scratch=True) as stack:
        root = stack.env["HAETAE_DATABASE_URL"]
        with psycopg.connect(libpq_url(root), autocommit=True) as superuser:
            superuser.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")
            superuser.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")
            for statement in statements:
                superuser.execute(statement)
            for one in cluster.spec["managed"]["roles"]:
                name = sql.Identifier(one["name"])
                superuser.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(PASSWORD)))
        address = root.rsplit("@", 1)[1].replace("/haetae", f"/{OWNER}")
        owner = f"postgresql+psycopg://{OWNER}:{PASSWORD}@{address}"
        upgrade(owner)
        for service in SERVICES:
            with psycopg.connect(libpq_url(service_url(owner, service, PASSWORD))) as connection:
                assert connection.execute("SELECT current_user, count(*) FROM inbox").fetchone() == (role(service), 0)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("CREATE TABLE mine (x int)")
