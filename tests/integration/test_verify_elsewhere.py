"""The verifier on a machine without the project: its wheel, the packages of its lock, and no network."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.bundles import CASE, agency, bundle

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "haetae_verify"
AGENCY = agency()
PROJECT = ("shared", "services", "haetae", "pydantic", "sqlalchemy")
# Python's own sockets are refused; strace, where it is, sees those of compiled code as well.
ALONE = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise PermissionError(event)
sys.addaudithook(refuse)
from haetae_verify.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def locked():
    return re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "locks" / "verify.lock").read_text(), re.M)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A new environment with the wheel and, as they were installed from the locks, the packages that it needs."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(packages)
    for name in locked():
        for file in metadata.files(name) or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(file.locate().parents[len(file.parts) - 1].resolve() / top)
    (folder / f"{CASE}.haetae.zip").write_bytes(bundle(AGENCY))
    return folder


def run(folder, *arguments):
    return subprocess.run(
        [*arguments],
        cwd=folder,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_runs_where_nothing_of_the_project_is(elsewhere):
    for name in PROJECT:
        assert run(elsewhere, "env/bin/python", "-I", "-c", f"import {name}").returncode == 1, name
    told = run(
        elsewhere, "env/bin/python", "-I", "-m", "haetae_verify", f"{CASE}.haetae.zip", "--key", AGENCY.public_key
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Everything in this bundle is as it was sealed.")


def test_it_opens_no_connection(elsewhere):
    command = ["env/bin/python", "-I", "-c", ALONE, f"{CASE}.haetae.zip"]
    if strace := shutil.which("strace"):
        command = [strace, "-f", "-qq", "-e", "trace=socket", "-o", "calls", *command]
    told = run(elsewhere, *command)
    assert told.returncode == 0, told.stderr
    if strace:
        assert "AF_INET" not in (elsewhere / "calls").read_text()


def test_the_wheel_is_the_package_and_needs_what_its_lock_has(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert names == {f"haetae_verify/{path.name}" for path in PACKAGE.glob("*.py")}
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    house = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["dependencies"] == house["dependency-groups"]["verify"]
    assert project["version"] == house["project"]["version"]
    assert {*project["dependencies"]} <= {*locked()}
