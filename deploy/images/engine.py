"""buildah and podman on a storage of the project's own: the machine's other images and containers are not touched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from services import SERVICES

ROOT = Path(__file__).parents[2]
# Six gigabytes for all images; elsewhere with HAETAE_IMAGES_DIR.
STORE = Path(os.environ.get("HAETAE_IMAGES_DIR", ROOT / "var/images")).resolve()
IMAGES = (*SERVICES, "cli")
# Longer than the longest that is waited for, a build of the classifier on two busy cores with a slow line.
SECONDS = 3600
# What every container here gets: no way out, nothing to write to, no right of any kind, and limits below
# everybody's own.
SHUT = (
    *("--network=none", "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"),
)
CURE = "install it (Debian and Ubuntu: apt-get install buildah podman runc uidmap), as root or with subordinate ids"


class Failed(Exception):
    """A program that ended with another status than 0, and its last words."""


def image(service: str) -> str:
    return f"localhost/haetae/{service}"


def engine(name: str, *words: str | Path) -> list[str]:
    """The command line of `buildah` or `podman`. Raises `Failed` with the cure when it is not installed."""
    program = shutil.which(name)
    if program is None:
        raise Failed(f"{name} is not installed: {CURE}")
    store = ["--root", STORE / "storage", "--runroot", STORE / "run"]
    if name == "podman":
        # Without systemd, and where crun refuses the control groups of an older kernel.
        store += ["--cgroup-manager", "cgroupfs", *(["--runtime", runc] if (runc := shutil.which("runc")) else [])]
    return [program, *map(str, store), *map(str, words)]


def call(command: Sequence[str], *, show: bool = False, env: Mapping[str, str] | None = None) -> str:
    """What it wrote to its standard output; `show` lets people see it instead. Raises `Failed`."""
    out = None if show else subprocess.PIPE
    run = subprocess.run(  # noqa: S603  # our words
        command, stdout=out, stderr=None if show else subprocess.PIPE, text=True, cwd=ROOT, timeout=SECONDS, env=env
    )
    if run.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {run.returncode}: {(run.stderr or '').strip()[-600:]}")
    return (run.stdout or "").strip()


def buildah(*words: str | Path, show: bool = False) -> str:
    return call(engine("buildah", *words), show=show)


def podman(*words: str | Path) -> str:
    return call(engine("podman", *words))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
