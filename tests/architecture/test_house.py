"""The house is as its documents say: layout, targets, contracts, sizes."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from statistics import median

import pytest

from services import SERVICES

ROOT = Path(__file__).parents[2]
CODE = ("haetae_verify", "shared", "services", "sandbox", "deploy", "haetae", "migrations", "benchmarks", "chaos")


def sources() -> list[Path]:
    return [path for part in CODE for path in (ROOT / part).rglob("*.py") if path.stat().st_size]


def test_import_contracts_hold():
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_files(service):
    folder = ROOT / "services" / service
    for name in ("__main__.py", "app.py", "handlers.py", "domain.py", "store.py", "settings.py", "README.md"):
        assert (folder / name).exists(), f"services/{service}/{name}"


def test_every_service_is_named_and_an_island():
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert folders == set(SERVICES)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    islands = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert set(islands) == {f"services.{service}" for service in SERVICES}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_group_and_a_lock(service):
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert service in groups
    assert {"include-group": service} in groups["dev"]
    assert "--hash=sha256:" in (ROOT / "locks" / f"{service}.lock").read_text()


def test_locks_name_no_package_index():
    for lock in (ROOT / "locks").glob("*.lock"):
        assert "://" not in lock.read_text(), lock.name


def test_the_median_file_is_short():
    lengths = {path: len(path.read_text().splitlines()) for path in sources()}
    assert median(lengths.values()) < 120
    assert [str(path) for path, lines in lengths.items() if lines > 400] == []


def test_make_alone_lists_every_target():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert targets == {line.split()[1] for line in listed.splitlines()}


BROKER_CLIENTS = re.compile(r"^\s*(?:from|import) (?:aiokafka|minio|alembic)\b", re.M)
SESSIONS = re.compile(r"create_async_engine|async_sessionmaker|AsyncSession\b|\.commit\(")


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_holds_a_client_or_a_session(service):
    for path in (ROOT / "services" / service).rglob("*.py"):
        text = path.read_text()
        assert not BROKER_CLIENTS.search(text), path
        assert not SESSIONS.search(text), path
