"""Expand, then contract: what would break the last release's code is named, and how migrations may be written."""

import ast
import copy
import re
from pathlib import Path

import pytest

from migrations.compatible import breaks
from migrations.schema import released
from migrations.versions import __path__ as VERSIONS
from shared.version import SCHEMA

FILES = sorted(Path(VERSIONS[0]).glob("[0-9]*.py"))
WAS = {
    "meant": {},
    "tables": {
        "crawler.sites": {
            "columns": {
                "url": {"type": "text", "nullable": False, "filled": False},
                "note": {"type": "text", "nullable": True, "filled": False},
                "visits": {"type": "integer", "nullable": False, "filled": True},
            },
            "bars": ["sites_pkey: PRIMARY KEY (url)"],
            "rights": ["haetae_crawler SELECT", "haetae_crawler UPDATE"],
            "guarded": False,
        }
    },
}
NEW = {"type": "text", "nullable": False, "filled": False}


def column(name, **changed):
    return lambda table: table["columns"][name].update(changed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table["columns"].pop("note"), "crawler.sites.note is gone"),
        (lambda table: table["columns"].update(added=NEW), "crawler.sites.added is new and must be given"),
        (column("visits", type="text"), "was integer and is text"),
        (column("url", type="character varying(20)"), "was text and is character varying"),
        (column("note", nullable=False), "must be given now"),
        (column("visits", filled=False), "no longer filled in"),
        (lambda table: table["bars"].append("short: CHECK (length(url) < 9)"), "refuses more than before (short"),
        (lambda table: table["rights"].remove("haetae_crawler UPDATE"), "UPDATE was taken away"),
        (lambda table: table.update(guarded=True), "row-level security"),
    ],
)
def test_what_old_code_would_trip_over_is_named(change, said):
    now = copy.deepcopy(WAS["tables"])
    change(now["crawler.sites"])
    (found,) = breaks(WAS, now)
    assert said in found
    assert "crawler.sites" in found


def test_a_table_that_is_gone_is_named_and_what_only_adds_is_not():
    assert ["crawler.sites is gone" in one for one in breaks(WAS, {})] == [True]
    now = copy.deepcopy(WAS["tables"])
    now["crawler.more"] = now["crawler.sites"]
    table = now["crawler.sites"] = copy.deepcopy(now["crawler.sites"])
    table["columns"]["added"] = {**NEW, "nullable": True}
    table["columns"]["counted"] = {**NEW, "filled": True}
    table["columns"]["visits"]["type"] = "bigint"
    table["columns"]["url"]["nullable"] = True
    assert list(breaks(WAS, now)) == []
    table["bars"].append("short: CHECK (length(url) < 9)")
    assert list(breaks({**WAS, "meant": {"short": "the released code writes none longer"}}, now)) == []


def test_services_wait_for_the_newest_revision():
    assert FILES[-1].name[:4] == SCHEMA, "the revision in shared/version.py is that of the newest migration"


def newer() -> list[Path]:
    """Migrations that no release has yet: they run while that release's services do."""
    return [file for file in FILES if file.name[:4] > max(known["revision"] for known in released().values())]


@pytest.mark.parametrize("file", newer(), ids=lambda file: file.name)
def test_a_migration_holds_no_large_table_for_long(file):
    """Rows are filled in by the running code, or by a command, in portions; an index on a table that is there already
    is made beforehand with CREATE INDEX CONCURRENTLY, and named here for those who start anew."""
    tables = {name for known in released().values() for name in known["tables"]}
    (upgrade,) = [node for node in ast.parse(file.read_text()).body if getattr(node, "name", "") == "upgrade"]
    for call in (node for node in ast.walk(upgrade) if isinstance(node, ast.Call)):
        said = ast.unparse(call)
        assert not re.search(r"execute\(\w?['\"]\s*(UPDATE|DELETE)\b", said), f"{file.name}: {said}"
        if "create_index" in said.partition("(")[0]:
            named = set(re.findall(r"'(\w+)'", said))
            old = [name for name in tables if set(name.split(".")) <= named]
            assert not old or "if_not_exists=True" in said, f"{file.name}: an index on {old}: make it concurrently"
