"""Processor time and bytes are counted to whom they belong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.spent import Spent, spending

BURNS = "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass\ninput()"


async def test_time_and_bytes_of_a_process_and_its_child(tmp_path: Path) -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURNS!r}])"
    (tmp_path / "before").write_bytes(os.urandom(500_000))
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE) as process:  # noqa: ASYNC220
        async with spending(lambda: {"worker": process.pid}, tmp_path) as spent:
            (tmp_path / "after").write_bytes(os.urandom(1_000_000))
            await asyncio.sleep(2.5)
        process.communicate(b"\n")
    assert 0.5 < spent.seconds["worker"] < 2.5
    assert 1_000_000 <= spent.stored < 1_200_000
    assert spent.lasted_s > 2.5


def test_what_bounds_is_who_takes_most_and_a_thousand_cost_in_proportion() -> None:
    spent = Spent({"evidence": 30.0, "chromium": 60.0, "s3": 10.0, "mail": 1.0}, 50.0, 25_000_000)
    assert "(chromium 59%, evidence 30%, s3 10%)" in spent.bound_by
    assert spent.of(100)["stored_gb"] == 0.25
    assert spent.of(101)["core_hours"] == round(101 / 101 * 1000 / 3600, 3)
