"""Without a database that is named, and without a place for one of its own, a command says what to set."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from haetae.cli import app


def test_a_migration_without_a_database_names_the_cure(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("HAETAE_DATABASE_URL", raising=False)
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["migrate", "--home", str(tmp_path / "file" / "home")])
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "HAETAE_DATABASE_URL is not set" in said
    assert "name a folder with --home" in said
