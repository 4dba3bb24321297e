"""Killed in the middle of a claim, a verdict, an upload and the end of an undo window, before and after the commit:
nothing is half done, and what is asked again is not done twice."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import create_account
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.poll import eventually
from tests.support.stack import Migrated

PROJECT = Path(__file__).resolve().parents[2]
POINTS = pytest.mark.parametrize("point", [pytest.param("before", marks=pytest.mark.chaos), "after"])


@dataclass
class House:
    desk: Desk
    api: httpx.AsyncClient
    folder: Path

    async def killed(self, point: str, text: str, act: Callable[[], Awaitable[object]]) -> None:
        """Do it, and be killed at it; the next life serves already when this returns."""
        (self.folder / "death").write_text(f"{point} {text}")
        with suppress(httpx.TransportError):
            await act()
        await eventually(self.dead)
        await eventually(self.serves)

    async def dead(self) -> bool:
        return not (self.folder / "death").exists()

    async def serves(self) -> bool:
        try:
            return (await self.api.get("/claims")).status_code == 200
        except httpx.TransportError:
            return False

    async def count(self, query: str, **values: object) -> int:
        async with self.desk.database.transaction() as tx:
            return int((await tx.execute(sa.text(query), values)).scalar_one())

    async def whole(self, case: UUID) -> bool:
        async with self.desk.database.transaction() as tx:
            return (await history.read(tx, case))[1] is None


@pytest.fixture(scope="module")
async def house(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("mortal")
    dsn = migrated_once.dsn_for("gateway")
    desk = make_desk(dsn, folder)
    await create_account(desk.database, "kim", PASSWORD, ["reviewer"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.gateway_mortal", dsn, str(folder), str(port), cwd=PROJECT, env=env
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api", trust_env=False, timeout=20) as api:
        made = House(desk, api, folder)

        async def logged_in() -> bool:
            try:
                answer = await api.post("/login", json={"login": "kim", "password": PASSWORD})
            except httpx.TransportError:
                return False
            api.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            return True

        await eventually(logged_in, seconds=60)
        yield made
    process.terminate()
    await process.wait()
    await desk.database.close()


def approval(story: Story) -> dict[str, Any]:
    notices = [{"notice_id": str(one.notice_id), "sha256": one.sha256} for one in story.notices]
    return {"verdict": "approved", "notices": notices}


@POINTS
async def test_a_claim(house: House, point: str) -> None:
    story = await house.desk.awaiting_review(f"claimed/{point}")
    await house.killed(point, "UPDATE turns", lambda: house.api.post(f"/cases/{story.case}/claim"))
    held = "SELECT count(*) FROM turns WHERE case_id = :case AND holder IS NOT NULL"
    assert await house.count(held, case=story.case) == (point == "after")
    assert (await house.api.post(f"/cases/{story.case}/claim")).status_code == 200
    assert await house.count(held, case=story.case) == 1


@POINTS
async def test_a_verdict_and_the_end_of_its_window(house: House, point: str) -> None:
    story = await house.desk.awaiting_review(f"decided/{point}")
    ask = lambda: house.api.post(f"/cases/{story.case}/decision", json=approval(story))  # noqa: E731  # done twice
    await house.killed(point, "INSERT INTO pending_verdicts", ask)
    waiting = "SELECT count(*) FROM pending_verdicts WHERE case_id = :case AND ended_at IS NULL"
    assert await house.count(waiting, case=story.case) == (point == "after")
    again = await ask()
    assert (again.status_code, again.json().get("state")) == ((200, "deciding") if point == "before" else (409, None))
    assert await house.count(waiting, case=story.case) == 1

    due = sa.text("UPDATE pending_verdicts SET due_at = now() - interval '1 second' WHERE case_id = :case")

    async def ends() -> None:
        async with house.desk.database.transaction() as tx:
            await tx.execute(due, {"case": story.case})

    await house.killed(point, "INSERT INTO outbox", ends)
    decided = "SELECT count(*) FROM outbox WHERE topic = 'review.decided' AND key = convert_to(:case, 'UTF8')"

    async def given() -> bool:
        return await house.count(decided, case=str(story.case)) == 1

    await eventually(given)
    case = (await house.api.get(f"/cases/{story.case}")).json()
    assert (case["state"], case["deciding_until"]) == ("approved", None)
    lines = "SELECT count(*) FROM audit WHERE chain = :case AND action = 'notices-approved'"
    assert await house.count(lines, case=story.case) == 1
    assert await house.whole(story.case)


@POINTS
async def test_an_upload_of_hashes(house: House, point: str) -> None:
    picture = {"pdq": "a5" * 32, "quality": 88, "sha256": "0f" * 32}
    given = {
        "submission_id": str(uuid4()), "source": "agency", "category": "other", "reference": f"killed {point}",
        "pictures": [picture],
    }  # fmt: skip
    ask = lambda: house.api.post("/hashes", json=given)  # noqa: E731  # done twice
    await house.killed(point, "INSERT INTO submissions", ask)
    kept = "SELECT count(*) FROM submissions WHERE reference = :reference"
    assert await house.count(kept, reference=given["reference"]) == (point == "after")
    assert (await ask()).status_code < 300
    assert await house.count(kept, reference=given["reference"]) == 1
