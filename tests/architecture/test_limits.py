"""docs/limits.md says what the code holds: each number is the code's, each setting the field's, each test is there."""

import importlib
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
COLUMNS = 6


def rows() -> list[list[str]]:
    lines = [line for line in (ROOT / "docs/limits.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in split if row[0] != "what comes"]


def held(reference: str) -> tuple[str, Any]:
    """The setting's variable, or "", and the value of `module:NAME` or of `module:Class.field`."""
    module, _, name = reference.partition(":")
    within, _, field = name.rpartition(".")
    there = importlib.import_module(module)
    if not within:
        return "", getattr(there, name)
    settings = getattr(there, within)
    prefix = str(settings.model_config.get("env_prefix", ""))
    return f"{prefix}{field}".upper(), settings.model_fields[field].default


def number(limit: str) -> float:
    found = re.search(r"(\d[\d,]*)(?: (\w+))?$", limit) or re.search(r"(\d[\d,]*) (\w+)", limit)
    assert found, limit
    return float(found[1].replace(",", "")) * UNITS.get(found[2], 1)


def present() -> set[str]:
    told = subprocess.run(
        ["git", "grep", "--untracked", "-hoE", r"def test_\w+", "--", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.removeprefix("def ") for line in told.stdout.splitlines()}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_limit_of_the_table_is_the_codes(row: list[str]) -> None:
    assert len(row) == COLUMNS
    _, limit, reference, by, beyond, _ = row
    assert beyond
    if reference == "none":
        assert by == "fixed"
        return
    variable, value = held(reference.strip("`"))
    assert (variable or "fixed") == by.strip("`")
    assert number(limit) == (value.total_seconds() if isinstance(value, timedelta) else value)


def test_every_test_of_the_table_is_there() -> None:
    assert {row[-1].strip("`") for row in rows()} - present() == set()


def test_the_table_is_not_read_as_an_empty_one() -> None:
    assert len(rows()) > 50
