"""What is wrong with us is told to nobody who asks: no stack, no statement, no path, no host, no word of a secret."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.web import application
from shared.database import Database
from tests.integration.test_matrix import NEVER_ENDS, Row, table
from tests.support.gateway import make_desk

WORD = "wordofmouth"
INSIDE = f"SELECT token FROM people WHERE contact = 'kim@home.test' (postgresql://gateway:{WORD}@db.inside/srv/haetae)"
LEAKS = (
    "Traceback", 'File "', "psycopg", "postgresql", "sqlalchemy", "SELECT ", "Error:", "127.0.0.1:1", WORD, "db.inside",
    "kim@home.test", "/srv/", "site-packages", str(Path(__file__).parents[2]),
)  # fmt: skip
ASKED = [row for row in table() if row.path not in NEVER_ENDS]


class Broken(Database):
    """Fails with what only a house's own people may read."""

    def transaction(self) -> Any:
        raise RuntimeError(INSIDE)

    def scoped(self, *_: object, **__: object) -> Broken:
        return self


HOUSES = {"away": Database, "at fault": Broken}


@pytest.fixture(scope="module", params=HOUSES)
async def client(request, tmp_path_factory) -> AsyncIterator[httpx.AsyncClient]:
    dsn = f"postgresql+psycopg://gateway:{WORD}@127.0.0.1:1/haetae"
    desk = make_desk(dsn, tmp_path_factory.mktemp("gateway"))
    database = HOUSES[request.param](dsn, "/haetae/gateway")
    transport = httpx.ASGITransport(application(replace(desk.parts, database=database)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.cookies.set("haetae_session", "some-token")
        yield client
    await database.close()
    await desk.database.close()


@pytest.mark.parametrize("row", ASKED, ids=lambda row: f"{row.method} {row.path}")
async def test_no_answer_tells_what_is_wrong_inside(client: httpx.AsyncClient, row: Row) -> None:
    path = re.sub(r"\{(\w+)\}", lambda found: str(UUID(int=7)) if found[1].endswith("_id") else "7", row.path)
    for given in ({}, {"json": {"urls": 7}}, {"data": {"csrf": "7", "number": "482109372645", "pin": "000000"}}):
        answer = await client.request(row.method, path, **given)  # type: ignore[arg-type]  # by name
        said = answer.text + " ".join(answer.headers.values())
        assert [leak for leak in LEAKS if leak in said] == [], f"{answer.status_code} {said[:500]}"
