"""A restore that did not come to its end is never taken for a home."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.archive import Archive
from deploy.local.home import HalfRestored
from deploy.local.stack import Stack
from haetae.access import URL
from haetae.backup import bases, escrow, restoring, work
from haetae.backup_cli import backup
from migrations.runner import upgrade
from shared.clock import SystemClock
from tests.support.archived import begun, writes_into

# Dies as a machine does, when it comes to the step.
RESTORE = """
import asyncio, os, signal, sys
from importlib import import_module
from pathlib import Path
from deploy.local.archive import Archive
from haetae.backup import escrow, work
module, _, name = sys.argv[1].rpartition(".")
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(import_module(module), name, die)
folder, home = map(Path, sys.argv[2:])
key = folder / "key"
asyncio.run(work.restore(Archive(folder / "archive", key=escrow.archive_key(key)), key, home, drill=True))
"""
STEPS = (
    "haetae.backup.restoring.lay_out",
    "haetae.backup.restoring.recovered",
    "haetae.backup.proving.prove",
)


@pytest.fixture(scope="module")
async def kept(tmp_path_factory) -> Path:
    """A folder with an archive of a house that has begun, and its key."""
    folder = tmp_path_factory.mktemp("kept")
    archive = begun(folder)
    writes_into(folder / "home", archive)
    async with Stack(folder / "home", parts=work.PARTS, scratch=True, environ={}) as stack:
        await asyncio.to_thread(upgrade, stack.env[URL])
        await work.create(archive, stack.home.path, stack.env, SystemClock(), 1)
    return folder


@pytest.mark.parametrize("step", STEPS)
def test_a_home_is_half_restored_until_the_last_step(kept, tmp_path, step):
    home = tmp_path / "home"
    ran = subprocess.run([sys.executable, "-c", RESTORE, step, str(kept), str(home)], timeout=100, check=False)
    assert ran.returncode == -signal.SIGKILL
    with pytest.raises(HalfRestored, match=r"half restored.*restore` again"):
        asyncio.run(Stack(home, parts=["postgres"], scratch=True, environ={}).start())
    again = CliRunner().invoke(
        backup,
        ["restore", str(kept / "archive"), "--key", str(kept / "key"), "--home", str(home)],
        env={"COLUMNS": "300"},
    )
    assert (again.exit_code, "half restored" in again.output) == (1, True), again.output


async def test_a_home_that_is_restored_starts(kept, tmp_path):
    archive = Archive(kept / "archive", key=escrow.archive_key(kept / "key"))
    done = await work.restore(archive, kept / "key", tmp_path / "home", drill=True)
    assert done.proof.problems == ()
    assert not restoring.log_of(tmp_path / "home" / "postgres").exists()
    async with Stack(tmp_path / "home", parts=["postgres"], scratch=True, environ={}) as stack:
        assert not stack.home.half_restored


def test_the_first_moment_that_can_be_restored_is_told(kept):
    archive = Archive(kept / "archive", key=escrow.archive_key(kept / "key"))
    base = restoring.base_for(archive, None)
    begun_at = datetime.strptime(base.path.name, bases.STAMP).replace(tzinfo=UTC)
    assert begun_at < base.made_at
    assert restoring.base_for(archive, base.made_at + timedelta(microseconds=1)) == base
    with pytest.raises(ValueError, match=f"the first moment that can be restored is {base.made_at:%Y-%m-%d %H:%M:%S}"):
        restoring.base_for(archive, begun_at + timedelta(microseconds=1))
