"""`haetae evidence`, with the service's worker beside it."""

import asyncio
import json

import pytest

from haetae import evidence_orders
from haetae_verify.certificate import FORMAT
from haetae_verify.signed import check
from services.evidence.orders.worker import Worker
from shared.clock import SystemClock
from shared.database import Database
from shared.handling import Context
from shared.identity import case_id
from tests.support.orders import FILES, Desk

WHO = ("--why", "the requester wishes it", "--basis", "Rule 2-6", "--by", "official-3")


@pytest.fixture
async def database(migrated):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence")
    yield made
    await made.close()


@pytest.fixture
def desk(tmp_path, database, clock):
    return Desk.at(tmp_path, database, clock)


@pytest.fixture
def command(haetae):
    """The command line beside what runs here."""

    async def run(*arguments):
        return await asyncio.to_thread(haetae, "evidence", *arguments)

    return run


@pytest.fixture
async def service(desk):
    stop = asyncio.Event()
    context = Context(desk.database, SystemClock(), None, stop.is_set)
    working = asyncio.create_task(Worker(desk.tools, "w").run(context))
    yield
    stop.set()
    await working


async def test_a_case_is_held_released_destroyed_and_certified(desk, service, command, tmp_path):
    case = await desk.sealed()
    status, said = await command("hold", case, *WHO, "--until", "2100-01-01")
    assert status == 0, said
    hold = said.split()[-1]
    status, said = await command("destroy", case, *WHO, "--yes")
    assert status == 1
    assert f"case {case} was not destroyed: a legal hold stands on this case: {hold} by official-3" in said
    status, said = await command("show", case)
    assert f"held {hold} by official-3" in said
    assert "until 2100-01-02 00:00:00 UTC" in said  # the day itself is covered
    assert "custody 3 lines, whole" in said
    assert (await command("release", case, *WHO, "--hold", hold))[0] == 0
    status, said = await command("class", case, "permanent", *WHO)
    assert said.endswith(f"case {case} is kept as permanent; before as five-years")
    assert (await command("class", case, "destroy-now", *WHO))[0] == 0
    status, said = await command("destroy-due", "--yes", "--by", "official-3")
    assert status == 0, said
    assert "3 objects were tried, none opened" in said
    out = tmp_path / "certificate.json"
    assert (await command("certificate", case, "--out", out))[0] == 0
    assert check(out.read_bytes(), FORMAT)["ordered_by"] == "official-3"
    status, said = await command("certificate", case)
    assert "opened 0" in said
    assert all(name in said for name in FILES)
    assert "state destroyed" in (await command("show", case))[1]
    status, said = await command("orders", "--json")
    assert [json.loads(line)["kind"] for line in said.replace("} {", "}\n{").splitlines()] == [
        "destroy", "class", "class", "release", "destroy", "hold"
    ]  # fmt: skip


async def test_the_plan_says_what_would_go_and_changes_nothing(desk, command, tmp_path):
    case = await desk.sealed()
    assert "2031-01-01" in (await command("plan"))[1]
    assert str(case) not in (await command("plan", "--until", "2030-12-31"))[1]
    status, said = await command("plan", "--until", "2031-01-02", "--json")
    assert (json.loads(said)["case_id"], json.loads(said)["class"]) == (str(case), "five-years")
    mine = tmp_path / "retention.toml"
    mine.write_text(
        'timezone = "UTC"\n[classes.short]\ndays = 1\nclock = "sealed"\n[[rule]]\nclass = "short"\nsource = "ours"\n'
    )
    status, said = await command("plan", "--rules", mine)
    assert status == 1
    assert "rule.0.confidence: Field required" in said
    with mine.open("a") as file:
        file.write('confidence = "L"\nreviewed = true\n')
    assert "now short" in (await command("plan", "--rules", mine))[1]
    assert (await desk.row(case)).destroyed_at is None


async def test_a_person_is_asked_before_anything_goes(desk, service, command):
    case = await desk.sealed()
    status, said = await command("destroy", case, *WHO)
    assert status == 1
    assert "It cannot be brought back" in said
    assert await command("destroy-due") == (0, "nothing is past its retention")
    assert (await desk.row(case)).destroy_order is None


async def test_what_is_unknown_missing_or_not_running_is_said(desk, command, monkeypatch):
    case = await desk.sealed()
    unknown = case_id("http://nowhere.test/")
    assert "there is no evidence of case" in (await command("show", unknown))[1]
    assert "there is no certificate of case" in (await command("certificate", case))[1]
    assert "why is empty" in (await command("hold", case, "--why", " ", "--basis", "b"))[1]
    monkeypatch.setattr(evidence_orders, "UNTAKEN_S", 0.0)
    status, said = await command("hold", case, *WHO)
    assert status == 1
    assert "no evidence service took the order" in said
    assert "waits" in (await command("orders", "--waiting"))[1]
