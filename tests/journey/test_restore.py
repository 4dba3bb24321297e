"""Database and buckets are destroyed in the middle of a run, with everything dead at once; what was acknowledged comes
back, evidence and history are whole, and the loop goes on to its end: nothing is lost, no notice goes out twice.

A minute long, so that it runs on request: `make chaos-tests`.
"""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from deploy.local.access import libpq_url
from deploy.local.archive import NAME, STANDBY, Archive, receiver
from deploy.local.described import description
from deploy.local.home import write_private
from haetae import demonstration as module
from haetae.access import URL
from haetae.backup import bases, restoring, work
from haetae.demonstration import Demonstration, Options
from haetae.house import House
from haetae.live import counts
from services import SERVICES
from shared.clock import SystemClock
from tests.support.archived import begun, writes_into
from tests.support.chaos import assert_all_is_well

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(420)]

MODEL = Path("var/models/text").absolute()
SCALE = 0.1  # seven hosts: every kind of site, every language, every behaviour of an operator
STALLED_S = 240.0  # nothing moves while everything is dead, comes back and reads its models
LOST = ("postgres", "s3")
DEAD = (*SERVICES, "kafka", NAME, *LOST)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Of the stack of the next demonstration, from its first start on."""
    made = begun(tmp_path)

    class Archived(House):
        async def __aenter__(self) -> House:
            writes_into(self.stack._path, made)
            return await super().__aenter__()

    monkeypatch.setattr(module, "House", Archived)
    monkeypatch.setattr(module, "STALLED_S", STALLED_S)
    return made


async def wait_for_stage(run: Demonstration, stage: str) -> None:
    while not counts(run.picture.cases)[stage]:
        await asyncio.sleep(0.2)


def told(url: str) -> set[UUID]:
    """Every event that a service has put down to be told."""
    with psycopg.connect(libpq_url(url)) as connection:
        return {row[0] for name in SERVICES for row in connection.execute(f"SELECT event_id FROM {name}.outbox")}


async def die(run: Demonstration) -> None:
    """All at once, and nobody is started again."""
    supervisor = run.house.stack.supervisor
    for name in DEAD:
        entry = supervisor._all[name]
        entry.stopping = True
        assert entry.process
        entry.process.kill()
    await asyncio.gather(*(supervisor.halt(name) for name in DEAD))


def destroy(home: Path) -> None:
    """All data; the store's own identities are the stack's, which it writes before it starts."""
    own = {name: (home / "s3" / name).read_text() for name in ("s3.json", "security.toml")}
    for name in LOST:
        shutil.rmtree(home / name)
    (home / "s3").mkdir(mode=0o700)
    for name, text in own.items():
        write_private(home / "s3" / name, text)


async def come_back(run: Demonstration, archive: Archive, second: Path) -> work.Restored:
    """As on a new disk: the servers, what the archive has, then broker and services. From then on into another one."""
    stack = run.house.stack
    supervisor, server = stack.supervisor, stack.supervisor._all["postgres"]
    waits = f"synchronous_standby_names={STANDBY}"
    alone = [word for word in server.spec.command if word != waits]
    at = server.spec.command.index(waits)
    server.spec = replace(server.spec, command=[*alone[: at - 1], *alone[at:]])
    base = restoring.base_for(archive, None)
    await asyncio.to_thread(restoring.lay_out, archive, base, stack.home.path / "postgres")
    for name in LOST:
        supervisor.resume(name)
    await stack.ready(*LOST)
    restored = await work.bring_back(archive, stack.env)
    after = Archive(second, key=archive.key)
    work.begin(after, description(archive).recipient)
    supervisor._all[NAME].spec = receiver(after, stack.env[URL])
    for name in (NAME, "kafka", *SERVICES):
        supervisor.resume(name)
    await stack.ready(NAME, "kafka", *SERVICES)
    return restored


@pytest.mark.parametrize(("seed", "stage"), [(31, "sealed"), (32, "sent")])
async def test_the_loop_goes_on_after_database_and_buckets_were_destroyed(tmp_path, archive, seed, stage):
    options = Options(tmp_path / "run", MODEL, seed=seed, scale=SCALE, gateway_port=0)
    async with Demonstration(options, lambda _: None, lambda *_: None) as run:
        await run.prepare()
        watching = asyncio.create_task(run.watch())
        await wait_for_stage(run, "flagged")
        stack = run.house.stack
        made = await work.create(archive, stack.home.path, stack.env, SystemClock(), 2)
        await wait_for_stage(run, stage)
        acknowledged = await asyncio.to_thread(told, stack.env[URL])
        await die(run)
        destroy(stack.home.path)
        restored = await come_back(run, archive, tmp_path / "second")
        assert acknowledged <= await asyncio.to_thread(told, stack.env[URL])
        assert restored.proof.problems == ()
        assert restored.proof.cases > 0
        assert restored.proof.lines > 0
        assert restored.reached.position > made.base.start
        summary = await watching
        assert summary.failures == []
        assert summary.expected >= 7
        await assert_all_is_well(run)
        assert bases.gap(archive, made.base) is None
