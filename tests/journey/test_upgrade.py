"""The code before the last migration beside the code of today, on the database of today: each service of both becomes
ready and stays so, and the former goes on alone when the new one is taken back.

The former is taken from the repository's history; a copy without it skips. Half a minute: `make chaos-tests`.
"""

import io
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from haetae.house import House
from haetae.services import service_process
from shared.version import SCHEMA

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

PROJECT = Path(__file__).resolve().parents[2]
# Those that need neither models nor a browser to become ready.
TRIED = ("crawler", "drafter", "gateway", "notifier")
FAULTS = ("does not exist", "UndefinedColumn", "UndefinedTable", "violates", "permission denied", "Traceback")


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", PROJECT, *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no history of the repository here: {done.stderr.decode(errors='replace')[:200]}")
    return done.stdout


def former_code(folder: Path) -> Path:
    """The last code that needed an older database."""
    for commit in git("log", "--first-parent", "--format=%H", "--", "shared/version.py").decode().split():
        if f'SCHEMA = "{SCHEMA}"' in git("show", f"{commit}:shared/version.py").decode():
            continue
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as tar:
            tar.extractall(folder, filter="data")
        return folder
    pytest.skip("the history has no code that needed an older database")


async def test_former_and_present_code_work_side_by_side_and_the_former_alone_again(tmp_path):
    former = former_code(tmp_path / "former")
    async with House(tmp_path / "home", lambda _: None) as house:
        stack = house.stack
        for name in TRIED:
            own = stack.service_env(name)
            for label, place in (("former", former), ("present", PROJECT)):
                called, env = f"{label}-{name}", dict(own)
                if name == "gateway":
                    env["HAETAE_GATEWAY_PORT"] = str(stack.claim_port(called, 0))
                made = service_process(name, env, stack.claim_port(f"ops-{called}", 0))
                stack.add(replace(made, name=called, cwd=place, restarts=0))
        both = [f"{label}-{name}" for label in ("former", "present") for name in TRIED]
        await stack.ready(*both)
        for name in TRIED:
            stack.supervisor._all[f"present-{name}"].stopping = True
            await stack.supervisor.halt(f"present-{name}")
        await stack.ready(*(f"former-{name}" for name in TRIED))
        for name in both:
            said = stack.home.log(name).read_text()
            assert [fault for fault in FAULTS if fault in said] == [], f"{name}: {said[-2000:]}"
