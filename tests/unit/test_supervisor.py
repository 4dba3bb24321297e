"""The supervisor with real processes: small shells, so that each case takes a fraction of a second."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.leftovers import end_leftovers, marked
from deploy.local.process import Process, ProcessSpec
from deploy.local.supervisor import StackEvent, StackFailed, Supervisor
from tests.support.poll import eventually


class Bench:
    """A supervisor in a temporary home, with its events kept."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.events: list[StackEvent] = []
        self.supervisor = Supervisor(home, home, self.events.append)

    def seen(self, *kinds: str) -> list[tuple[str, str]]:
        return [(event.name, event.kind) for event in self.events if event.kind in kinds]


@pytest.fixture
async def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    await made.supervisor.stop()
    # Killed they are; the kernel may still be at it.
    await eventually(lambda: not marked(tmp_path), seconds=5)


def shell(name: str, script: str = "exec sleep 600", **more) -> ProcessSpec:
    return ProcessSpec(name, ["sh", "-c", script], **more)


async def test_each_starts_when_those_it_needs_are_ready_and_stops_before_them(bench: Bench) -> None:
    flag = bench.home / "database-answers"

    async def answers() -> bool:
        return flag.exists()

    bench.supervisor.add(shell("database", f"sleep 0.2; touch {flag}; exec sleep 600", ready=answers))
    bench.supervisor.add(shell("service", needs=("database",)))
    await bench.supervisor.ready()
    assert bench.seen("started", "ready") == [
        ("database", "started"), ("database", "ready"), ("service", "started"), ("service", "ready"),
    ]  # fmt: skip
    await bench.supervisor.stop()
    assert bench.seen("stopped") == [("service", "stopped"), ("database", "stopped")]


async def test_a_killed_process_is_started_again(bench: Bench) -> None:
    bench.supervisor.add(shell("service"))
    await bench.supervisor.ready("service")
    first = bench.supervisor.pid("service")
    await bench.supervisor.kill("service")
    await bench.supervisor.ready("service")
    assert bench.supervisor.pid("service") not in (None, first)
    assert [event.code for event in bench.events if event.kind == "died"] == [-signal.SIGKILL]


async def test_who_is_killed_on_order_is_not_taken_for_sick(bench: Bench) -> None:
    bench.supervisor.add(shell("service", restarts=1))
    for _ in range(4):
        await bench.supervisor.ready("service")
        assert await bench.supervisor.answers("service")
        await bench.supervisor.kill("service")
        assert not await bench.supervisor.answers("service")
    await bench.supervisor.ready("service")


async def test_what_keeps_dying_fails_the_stack_with_its_last_lines(bench: Bench) -> None:
    async def never() -> bool:
        return False

    bench.supervisor.add(shell("service", "echo the lantern is missing >&2; exit 3", ready=never, restarts=1))
    with pytest.raises(StackFailed, match=r"service ended with 3, 2 times in a row(?s:.*)the lantern is missing"):
        await bench.supervisor.ready("service")


async def test_what_never_answers_fails_the_stack_and_says_why(bench: Bench) -> None:
    async def refuse() -> None:
        raise ConnectionError("bucket refused")

    bench.supervisor.add(shell("service", after=refuse, ready_seconds=0.1))
    with pytest.raises(StackFailed, match="service not ready within 0 s: ConnectionError: bucket refused"):
        await bench.supervisor.ready("service")
    assert "service" in await bench.supervisor.failure()


async def test_a_failing_step_before_the_start_fails_the_stack(bench: Bench) -> None:
    async def no_disk() -> None:
        raise OSError("disk full")

    bench.supervisor.add(shell("service", before=no_disk))
    with pytest.raises(StackFailed, match="disk full"):
        await bench.supervisor.ready("service")


async def test_a_program_that_is_not_there_fails_the_stack(bench: Bench) -> None:
    bench.supervisor.add(ProcessSpec("service", ["/nowhere/program"]))
    with pytest.raises(StackFailed, match="/nowhere/program"):
        await bench.supervisor.ready("service")


async def test_what_ignores_the_stop_signal_is_killed_with_all_it_started(bench: Bench) -> None:
    stubborn = "trap '' TERM; sleep 600 & echo child $!; while true; do sleep 600; done"
    bench.supervisor.add(shell("service", stubborn, grace_seconds=0.1))
    await bench.supervisor.ready("service")
    await eventually(lambda: "child" in (bench.home / "service.log").read_text())
    await bench.supervisor.stop()
    assert [event.code for event in bench.events if event.kind == "stopped"] == [-signal.SIGKILL]


async def test_a_halted_process_stays_down_until_resumed(bench: Bench) -> None:
    bench.supervisor.add(shell("service"))
    await bench.supervisor.ready("service")
    await bench.supervisor.halt("service")
    assert bench.supervisor.pid("service") is None
    bench.supervisor.resume("service")
    await bench.supervisor.ready("service")
    assert bench.seen("died") == []


async def test_stop_while_starting_leaves_nothing(bench: Bench) -> None:
    async def never() -> bool:
        return False

    bench.supervisor.add(shell("database", ready=never))
    bench.supervisor.add(shell("service", needs=("database",)))
    await eventually(lambda: ("database", "started") in bench.seen("started"))
    await bench.supervisor.stop()
    assert ("service", "started") not in bench.seen("started")


async def test_a_missing_need_and_a_name_in_use_are_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="'service' needs database"):
        bench.supervisor.add(shell("service", needs=("database",)))
    bench.supervisor.add(shell("service"))
    with pytest.raises(ValueError, match="'service' is there already"):
        bench.supervisor.add(shell("service"))


async def test_a_child_inherits_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAETAE_MASTER_KEY", "for others")
    log = tmp_path / "log"
    process = await Process.spawn(ProcessSpec("p", ["env"], env={"HAETAE_LEVEL": "info"}), tmp_path, log)
    assert await process.wait() == 0
    settings = [line for line in log.read_text().splitlines() if line.startswith("HAETAE_")]
    assert sorted(settings) == ["HAETAE_LEVEL=info", f"HAETAE_STACK_HOME={tmp_path}"]


async def test_the_log_of_the_last_run_is_kept_beside(bench: Bench) -> None:
    (bench.home / "service.log").write_text("former run\n")
    bench.supervisor.add(shell("service", "echo this run; exec sleep 600"))
    await bench.supervisor.ready("service")
    await eventually(lambda: "this run" in (bench.home / "service.log").read_text())
    assert (bench.home / "service.log.1").read_text() == "former run\n"


SUPERVISE = """
import asyncio, sys
from pathlib import Path
from deploy.local.process import ProcessSpec
from deploy.local.supervisor import Supervisor

async def main(home):
    supervisor = Supervisor(home, home, lambda event: None)
    supervisor.add(ProcessSpec("plain", ["sleep", "600"]))
    supervisor.add(ProcessSpec("stubborn", ["sh", "-c", "trap '' TERM INT HUP; while true; do sleep 1; done"]))
    await supervisor.ready()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_no_child_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    assert await supervisor.stdout.readline() == b"ready\n"
    assert len(marked(tmp_path)) >= 2
    supervisor.kill()
    await supervisor.wait()
    await eventually(lambda: not marked(tmp_path))


def test_leftovers_of_a_former_stack_are_found_by_their_mark_and_ended(tmp_path: Path) -> None:
    env = {**os.environ, "HAETAE_STACK_HOME": str(tmp_path)}
    with subprocess.Popen(["sleep", "600"], env=env) as left, subprocess.Popen(["sleep", "600"]) as other:
        assert end_leftovers(tmp_path) == [left.pid]
        assert left.wait() == -signal.SIGKILL
        assert other.poll() is None
        other.kill()
