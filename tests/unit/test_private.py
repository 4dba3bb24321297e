"""Files of ours are our user's, whatever the umask was; children hear no secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from haetae.cli import app
from services.evidence.settings import Settings
from shared.private import leave_nothing_open
from shared.settings import forget_secrets


@pytest.fixture
def generous():
    """The umask of most machines."""
    former = os.umask(0o022)
    yield
    os.umask(former)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_made_afterwards_is_the_owners(generous, tmp_path):
    leave_nothing_open()
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert (mode(tmp_path / "file"), mode(tmp_path / "folder")) == (0o600, 0o700)


def test_a_command_writes_for_its_user_and_leaves_the_umask_as_it_was(generous, tmp_path):
    (tmp_path / "pictures").mkdir()
    out = tmp_path / "hashes.csv"
    words = ["hashes", "compute", tmp_path / "pictures", "--bank", "own", "--category", "stand-in", "--out", out]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert out.exists(), done.output
    assert mode(out) == 0o600
    assert os.umask(0o022) == 0o022


def test_children_inherit_no_secret_that_was_read(monkeypatch):
    secrets = {"HAETAE_MASTER_KEY": "bWFzdGVy", "HAETAE_S3_SECRET_KEY": "store", "haetae_signing_key": "c2lnbg=="}
    for name, value in {
        **secrets,
        "HAETAE_DATABASE_URL": "postgresql://us:word@host/x",
        "HAETAE_LOG_LEVEL": "info",
    }.items():
        monkeypatch.setenv(name, value)
    forget_secrets(Settings)
    told = subprocess.run([sys.executable, "-c", "import os; print(*os.environ)"], capture_output=True, text=True)
    names = told.stdout.split()
    assert "HAETAE_LOG_LEVEL" in names
    assert not {*secrets, "HAETAE_DATABASE_URL"} & {*names}
