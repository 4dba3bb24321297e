"""Children that loop, swell, crash, fork or lie are killed, and the next call finds a sound one."""

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TextIO

import pytest

from shared.failures import Transient
from shared.guarded import Guarded, GuardKilled, GuardRaised, Limit
from tests.support.guarded_work import Described, Result, behave
from tests.support.poll import eventually

MEMORY = 256 * 1024 * 1024
Work = Guarded[[str, object], Result]


@pytest.fixture(scope="module")
async def guarded() -> AsyncIterator[Work]:
    async with Guarded(behave, workers=1, seconds=1.0, memory_bytes=MEMORY) as work:
        yield work


async def test_a_call_gives_what_the_function_gives(guarded: Work) -> None:
    assert await guarded("size", b"x" * 3_000_000) == Described(3_000_000)


async def test_a_child_serves_many_calls(guarded: Work) -> None:
    assert await guarded("pid", None) == await guarded("pid", None) != os.getpid()


@pytest.mark.parametrize(
    ("what", "why", "detail"),
    [
        ("loop", Limit.TIME, "not done after 1 s"),
        ("allocate", Limit.MEMORY, "more than it may have"),
        ("segfault", Limit.CRASH, "SIGSEGV"),
        ("exit", Limit.CRASH, "ended with code 3"),
        ("long", Limit.MEMORY, "its answer has"),
    ],
)
async def test_what_goes_wrong_is_named_and_the_next_call_works(
    guarded: Work, what: str, why: Limit, detail: str
) -> None:
    with pytest.raises(GuardKilled, match=detail) as killed:
        await guarded(what, None)
    assert killed.value.why is why
    assert await guarded("size", b"four") == Described(4)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x80\x04K\x01r\xff\xff\xff\x7f.",  # a pickle that lets its reader fill 16 GiB
        b'[{"size": "many"}]',
        b"[" * 100_000,
        b"[" + b"1," * 600_000 + b"1]",  # its reader would name what is wrong with each
        b'[NaN',
        b"",
    ],
)  # fmt: skip
async def test_a_child_that_was_taken_over_can_only_be_wrong(guarded: Work, answer: bytes) -> None:
    with pytest.raises(GuardKilled, match="its answer cannot be read") as killed:
        await guarded("lie", answer)
    assert len(str(killed.value)) < 200
    assert await guarded("size", b"four") == Described(4)


async def test_what_is_not_of_the_annotated_type_is_our_mistake(guarded: Work) -> None:
    with pytest.raises(GuardRaised, match="PydanticSerializationError"):
        await guarded("another type", None)


async def test_what_a_child_started_dies_with_it(guarded: Work, tmp_path: Path) -> None:
    (tmp_path / "locked").touch()
    with pytest.raises((GuardKilled, GuardRaised)):  # the second for who is not root: it may not even fork
        await guarded("fork", str(tmp_path / "locked"))
    with (tmp_path / "locked").open() as file:
        await eventually(lambda: lock(file), seconds=5)


def lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def test_an_exception_is_told_and_the_child_goes_on(guarded: Work) -> None:
    pid = await guarded("pid", None)
    with pytest.raises(GuardRaised, match="ValueError: invalid literal"):
        await guarded("raise", "seven")
    assert await guarded("pid", None) == pid


async def test_a_child_knows_no_setting_and_leaves_no_file(
    guarded: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAETAE_MASTER_KEY", "the lantern parcel")
    async with Guarded(behave, workers=1, seconds=5.0, memory_bytes=MEMORY) as fresh:
        assert "HAETAE" not in str(await fresh("environment", None))
        assert await fresh("core", None) == (0, 0)
        assert await fresh("dumpable", None) == 0
        with pytest.raises(GuardRaised, match=r"OSError.*File too large"):
            await fresh("write", str(tmp_path / "decoded"))


async def test_a_cancelled_call_is_killed_and_gives_its_place_back(guarded: Work) -> None:
    pid = await guarded("pid", None)
    call = asyncio.create_task(guarded("sleep", None))
    await asyncio.sleep(0)  # it has the child now
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not alive(pid)
    assert await guarded("pid", None) != pid


async def test_leaving_ends_busy_and_idle_children() -> None:
    async with Guarded(behave, workers=2, seconds=60.0, memory_bytes=MEMORY) as work:
        pid = await work("pid", None)
        busy = asyncio.create_task(work("sleep", None))
        await asyncio.sleep(0)
    with pytest.raises(GuardKilled):
        await busy
    assert not alive(pid)


async def test_who_waits_when_it_is_left_starts_no_further_child() -> None:
    async with Guarded(behave, workers=1, seconds=60.0, memory_bytes=MEMORY) as work:
        await work("pid", None)
        calls = [asyncio.create_task(work("sleep", None)) for _ in range(3)]
        await asyncio.sleep(0)
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [GuardKilled, Transient, Transient]


async def test_a_child_that_cannot_be_started_says_nothing_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.guarded.START_S", 0.0)
    async with Guarded(behave, workers=1, seconds=60.0, memory_bytes=MEMORY) as work:
        with pytest.raises(Transient, match="no guarded child can be started: time"):
            await work("pid", None)


async def test_children_die_with_their_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await eventually(lambda: not alive(pid))


PARENT = """
import asyncio
from shared.failures import Transient
from shared.guarded import Guarded
from tests.support.guarded_work import behave

async def main():
    async with Guarded(behave, workers=1, seconds=60.0, memory_bytes=2**28) as work:
        print(await work("pid", None), flush=True)
        await work("loop", None)

asyncio.run(main())
"""


def alive(pid: object) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
