"""A whole house, run as a person runs it on a machine with others: what it leaves where they could see it."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.leftovers import marked
from shared.private import OTHERS
from tests.support.sockets import listening

USUAL_UMASK = 0o022
TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/")
OWN_MIND = ".vif"  # SeaweedFS opens these to all by itself: how a volume is written, below a folder that is closed
LONG = 16  # characters from which on something in secrets.json is one


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    home = tmp_path_factory.mktemp("house") / "home"
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "haetae", "run", "--home", str(home), "--port", "0"),
        env={**{name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        umask=USUAL_UMASK,
    )
    assert running.stdout
    try:
        while line := (await running.stdout.readline()).decode():
            if re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        assert line, "it ended before the gateway was up"
        yield home
    finally:
        running.send_signal(signal.SIGINT)
        await running.communicate()


def everything(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in [folder, *folder.rglob("*")]:
        try:
            yield path, path.lstat()
        except FileNotFoundError:  # ended meanwhile
            continue


def secrets_of(home: Path) -> dict[str, str]:
    kept = json.loads((home / "secrets.json").read_text())
    return {name: value for name, value in kept.items() if len(value) >= LONG}


def read(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_others_may_do_nothing_with_any_file_folder_or_socket(home: Path) -> None:
    seen = {path: state.st_mode for path, state in everything(home) if not stat.S_ISLNK(state.st_mode)}
    assert {"gateway.log", "secrets.json", "lock", "s3.sock"} <= {path.name for path in seen}
    open_ones = {path: oct(mode) for path, mode in seen.items() if stat.S_IMODE(mode) & OTHERS}
    assert [(str(path), mode) for path, mode in open_ones.items() if path.suffix != OWN_MIND] == []
    assert {path.parent for path in open_ones} <= {home / "s3"}


def test_what_lies_outside_the_home_is_closed_to_others_too(home: Path) -> None:
    pids = marked(home.resolve())
    opened = {Path(file) for pid in pids for file in files_of(pid) if file.startswith(TEMPORARY)}
    sockets = {Path(socket) for pid in pids for socket in sockets_of(pid)}
    assert any(socket.name.startswith("seaweedfs") for socket in sockets)
    there = {path for path in opened | sockets if path.exists()}
    assert {str(path): oct(path.stat().st_mode) for path in there if path.stat().st_mode & OTHERS} == {}


def test_it_listens_on_loopback_alone(home: Path) -> None:
    addresses = listening(marked(home.resolve()))
    assert len(addresses) > 10
    assert {address for address, _ in addresses if not address.endswith("7F")} == set()  # 127.0.0.0/8


def test_no_argument_of_a_process_is_a_secret(home: Path) -> None:
    words = {pid: read(pid, "cmdline") for pid in marked(home.resolve())}
    assert len(words) > 10
    assert [
        (pid, name) for pid, line in words.items() for name, secret in secrets_of(home).items() if secret in line
    ] == []


def test_no_crash_writes_memory_down(home: Path) -> None:
    limits = [read(pid, "limits") for pid in marked(home.resolve())]
    assert [one for one in limits if one and not re.search(r"Max core file size +0 ", one)] == []


def target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def files_of(pid: int) -> list[str]:
    return [target(link) for link in Path(f"/proc/{pid}/fd").glob("*")]


def sockets_of(pid: int) -> list[str]:
    """The paths of its sockets that lie in the file system."""
    inodes = {file[8:-1] for file in files_of(pid) if file.startswith("socket:[")}
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return [words[7] for words in lines if len(words) > 7 and words[6] in inodes and words[7].startswith("/")]
