"""`haetae notices next` and `due`, on rows as the ladder leaves them."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from haetae.cli import app
from services.notifier.ladder.store import Ladder
from shared.database import Database
from shared.events import PlannedStep
from shared.identity import identity
from tests.support.ladder import T0, at

CASE, OTHER = identity("case", "1"), identity("case", "2")


def step(what, why, hours, **more):
    return PlannedStep(what=what, why=why, at=at(hours), recipient="abuse@site.test", **more)


PLANS = {
    CASE: [
        step("escalate", "due", 24, values={"rung": "1", "after_hours": "24"}),
        step("clock", "hours", 48, values={"law": "US_TIDA", "hours": "48"}, proven=False),
    ],
    OTHER: [step("alarm", "bounced", 0.5), step("check", "watching", 1)],
}


@pytest.fixture
async def notices(haetae, migrated):
    """The command, with two cases planned. It runs a loop of its own, so in a thread."""
    database = Database(migrated.dsn_for("notifier"), "/test")
    kept = {"next_at": T0, "revision": 1, "asked": [], "settled_at": None, "running": 1, "expired": 0}
    async with database.transaction() as tx:
        for case, steps in PLANS.items():
            tx.add(Ladder(case_id=case, plan=[one.model_dump(mode="json") for one in steps], **kept))
    await database.close()

    async def run(*arguments):
        return await asyncio.to_thread(haetae, "notices", *arguments)

    return run


async def test_what_happens_next_is_told_in_words_and_in_json(notices):
    status, said = await notices("next", CASE)
    assert status == 0
    assert "2026-01-02 00:00 overdue abuse@site.test gets its notice: rung 1, 24 h after the first notice" in said
    assert "must have acted: US_TIDA, 48 h (receipt presumed, not proven)" in said
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["notices", "next", str(OTHER), "--json"])
    assert [json.loads(line)["what"] for line in ran.output.splitlines()] == ["alarm", "check"]
    status, said = await notices("next", identity("case", "3"))
    assert (status, "is the number right" in said) == (1, True)


async def test_what_is_due_over_all_cases_comes_in_order_without_the_alarms(notices):
    status, said = await notices("due")
    assert status == 0
    assert said.index("the page is looked at") < said.index("gets its notice") < said.index("must have acted")
    assert "ALARM" not in said
    assert "gets its notice" not in (await notices("due", "--limit", "1"))[1]
    _, alarms = await notices("due", "--alarms")
    assert "ALARM: the notice did not arrive" in alarms
    assert "the page is looked at" not in alarms
