"""`haetae sites` as a person uses it, on a real database."""

from __future__ import annotations

import asyncio
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from haetae.cli import app
from services.crawler.registry.site_fields import FIELDS
from tests.integration.test_cli import rows
from tests.support.stack import Migrated

SITES = (
    {"url": "http://a.test:81/new", "name": 'Board, "one"', "kind": "board", "language": "ko", "country": "KR",
     "abuse_email": "abuse@a.test", "requests_per_second": 0.5, "revisit_seconds": 60,
     "legal_ground": "statutory_monitoring", "visits_per_day": 500},
    {"url": "http://b.test/", "name": "두 번째", "kind": "gallery", "country": "KR", "paused": True},
    {"url": "http://c.test/", "name": "Third", "kind": "feed", "revisit_seconds": 900.5,
     "legal_ground": "victim_request", "connector": "mastodon", "options": {"remote": True}, "renders": "yes",
     "obey_robots": "yes"},
    {"url": "http://d.test/", "name": "D"},
)  # fmt: skip


@dataclass(frozen=True)
class CommandLine:
    """`haetae sites` in this process: starting Python for each command takes ten times as long as the command."""

    url: str

    async def __call__(self, *arguments: object) -> Result:
        words, env = ["sites", *map(str, arguments)], {"HAETAE_DATABASE_URL": self.url}
        return await asyncio.to_thread(CliRunner().invoke, app, words, env=env, catch_exceptions=False)

    async def json(self, *arguments: object) -> list[dict[str, Any]]:
        ran = await self(*arguments, "--json")
        assert ran.exit_code == 0, ran.stdoutput
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return rows(self.url, query)

    def run(self, statement: str) -> None:
        rows(self.url, f"WITH done AS ({statement} RETURNING 1) SELECT * FROM done")

    def paused(self) -> list[object]:
        return [host for (host,) in self.rows("SELECT host FROM crawler.sites WHERE paused ORDER BY host")]


@pytest.fixture
async def sites(migrated: Migrated, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("COLUMNS", "200")  # a width that is set stays set: it is looked up each time instead
    return CommandLine(migrated.owner_url)


@pytest.fixture
async def listed(tmp_path: Path, sites: CommandLine) -> CommandLine:
    file = tmp_path / "sites.jsonl"
    file.write_text("".join(json.dumps(site) + "\n" for site in SITES))
    ran = await sites("import", file)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return sites


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
async def test_what_is_exported_is_imported_as_it_was(listed: CommandLine, tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    ran = await listed("export", first)
    assert (ran.exit_code, "4 sites written" in ran.stdout) == (0, True)
    before = listed.rows("SELECT * FROM crawler.sites ORDER BY host")
    rows_of = list(csv.DictReader(first.open())) if suffix == "csv" else list(map(json.loads, first.open()))
    assert set(rows_of[0]) <= set(FIELDS)
    assert (await listed("remove", "a.test", "b.test", "c.test", "d.test", "--yes")).exit_code == 0
    assert listed.rows("SELECT count(*) FROM crawler.frontier") == [(0,)]
    assert (await listed("import", first)).exit_code == 0
    assert listed.rows("SELECT * FROM crawler.sites ORDER BY host") == before
    assert (await listed("export", second)).exit_code == 0
    assert first.read_bytes() == second.read_bytes()


async def test_a_part_of_the_list_is_exported_and_a_file_of_another_kind_refused(
    listed: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "some.csv"
    await listed("export", file, "--country", "KR", "--watched")
    assert [row["url"] for row in csv.DictReader(file.open())] == ["http://a.test:81/new"]
    ran = await listed("export", tmp_path / "some.txt")
    assert (ran.exit_code, ".csv or a .jsonl" in ran.stderr) == (1, True)


async def test_sites_are_listed_page_by_page_and_by_what_they_have_in_common(listed: CommandLine) -> None:
    first = await listed.json("list", "--limit", "2")
    assert [site["host"] for site in first] == ["a.test", "b.test"]
    assert [site["host"] for site in await listed.json("list", "--after", "b.test")] == ["c.test", "d.test"]
    for options, hosts in {
        ("--kind", "board", "--country", "kr"): ["a.test"],
        ("--paused",): ["b.test"],
        ("--ground", "victim_request"): ["c.test"],
        ("--troubled",): [],
    }.items():
        assert [site["host"] for site in await listed.json("list", *options)] == hosts
    none = await listed("list", "--kind", "search")
    assert (none.exit_code, none.stdout, "haetae sites import" in none.stderr) == (0, "", True)
    table = await listed("list", "--limit", "1")
    assert "a.test" in table.stdout
    assert "1 of 4 sites; go on with --after a.test" in table.stderr
    assert (await listed("list", "--kind", "forum")).exit_code == 2
    mistyped = await listed("list", "--ground", "victim")
    assert (mistyped.exit_code, "victim_request" in mistyped.stderr) == (2, True)


async def test_everything_about_one_site(listed: CommandLine) -> None:
    figures = "visits = 1234, failed = 3, found = 56, bytes = 3 * 1048576"
    listed.run(f"UPDATE crawler.hosts SET {figures} WHERE host = 'a.test'")
    listed.run("UPDATE crawler.frontier SET problem = E'wall: login \\x1b[2J [bold]now' WHERE host = 'a.test'")
    robots = "'http://a.test:81', 'a.test', now(), 200, 'not obeyed', 'court_order', now(), '', '', false, 0"
    listed.run(f"INSERT INTO crawler.robots VALUES ({robots})")
    overrides = "'a.test', 'court_order', 7, now(), now(), 'http://a.test:81/x'"
    listed.run(f"INSERT INTO crawler.robots_overrides VALUES ({overrides})")
    shown = await listed("show", "http://A.test:81/anything")
    assert shown.exit_code == 0
    for words in (
        'Board, "one"',
        "0.5 requests/s, every 60 s, at most 500 a day",
        "statutory_monitoring; robots.txt is overridden",
        "1 known: 1 not visited yet, 1 due",
        "1,234, 3 of them failed; 3.0 MiB read",
        "troubled: wall: login [2J [bold]now",
        "http://a.test:81, asked",
        "7 visits under court_order",
    ):
        assert words in shown.stdout, words
    assert "\x1b" not in shown.stdout
    (site,) = await listed.json("show", "a.test")
    assert (site["visits"], site["found"], site["troubled"], site["due"]) == (1234, 56, True, 1)
    assert site["robots_overrides"]["court_order"]["visits"] == 7
    missing = await listed("show", "nowhere.test")
    assert (missing.exit_code, "nowhere.test: no such site" in missing.stderr) == (1, True)


async def test_sites_are_paused_and_resumed_by_host_and_by_what_they_have_in_common(listed: CommandLine) -> None:
    assert "1 of 2 sites paused" in (await listed("pause", "--country", "KR")).stdout
    assert listed.paused() == ["a.test", "b.test"]
    ran = await listed("resume", "http://a.test/", "nowhere.test")
    assert (ran.exit_code, "1 of 1 sites resumed" in ran.stdout, "nowhere.test: no such site" in ran.stderr) == (
        1,
        True,
        True,
    )
    assert listed.paused() == ["b.test"]
    assert (await listed("pause", "--kind", "search")).exit_code == 1
    refused = await listed("pause")
    assert (refused.exit_code, "--all" in refused.stderr) == (2, True)
    assert "4 of 4 sites paused" not in refused.stdout
    assert (await listed("pause", "--all", "a.test")).exit_code == 2
    assert "3 of 4 sites paused" in (await listed("pause", "--all")).stdout
    told = "SELECT details ->> 'command', details ->> 'what', details ->> 'many' FROM gateway.audit"
    lines = listed.rows(f"{told} WHERE action = 'command-given' ORDER BY seq")
    assert lines[:2] == [("sites import", '["sites.jsonl"]', "1"), ("sites pause", '["KR"]', "1")]
    assert len(lines) == 5  # what was refused at once is none


async def test_a_reported_address_comes_before_everything_whether_its_host_is_listed_or_not(
    listed: CommandLine,
) -> None:
    ran = await listed("report", "http://A.test:81/post/5#top", "http://unlisted.test/x")
    assert (ran.exit_code, "http://a.test:81/post/5 is visited next" in ran.stdout) == (0, True)
    assert listed.rows("SELECT url FROM crawler.frontier WHERE priority = 0 AND next_at <= now() ORDER BY url") == [
        ("http://a.test:81/post/5",),
        ("http://unlisted.test/x",),
    ]
    wrong = await listed("report", "ftp://a.test/")
    assert (wrong.exit_code, "no address of a page" in wrong.stderr, "Traceback" in wrong.stderr) == (1, True, False)


async def test_what_was_removed_is_said_and_what_was_not_there(listed: CommandLine) -> None:
    ran = await listed("remove", "a.test", "nowhere.test", "--yes")
    assert (ran.exit_code, "1 sites removed" in ran.stdout, "nowhere.test: no such site" in ran.stderr) == (
        1,
        True,
        True,
    )
    assert listed.rows("SELECT pages FROM crawler.hosts WHERE host = 'a.test'") == [(0,)]
    assert listed.rows("SELECT count(*) FROM crawler.frontier") == [(3,)]


async def test_exits_credentials_and_connectors_are_those_of_the_settings(
    tmp_path: Path, sites: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits, secrets, file = tmp_path / "exits", tmp_path / "secrets.toml", tmp_path / "sites.csv"
    exits.write_text("kr socks5h://127.0.0.1:9\n")
    secrets.write_text('[login]\ntoken = "kite"\n')
    secrets.chmod(0o600)
    file.write_text(
        "url,name,legal_ground,exit,credential,connector\n"
        "http://a.test/,A,court_order,kr,login,\nhttp://b.test/,B,court_order,de,,\n"
        "http://c.test/,C,court_order,,other,\nhttp://d.test/,D,,,,telepathy\n"
    )
    monkeypatch.setenv("HAETAE_EXITS_FILE", str(exits))
    monkeypatch.setenv("HAETAE_CREDENTIALS_FILE", str(secrets))
    ran = await sites("import", file)
    assert (ran.exit_code, "1 sites imported" in ran.stdout) == (1, True)
    for problem in (
        "line 3: exit: 'de' cannot",
        "line 4: credential: 'other' cannot",
        "line 5: connector: 'telepathy'",
    ):
        assert problem in ran.stderr
    secrets.chmod(0o644)
    refused = await sites("import", file)
    assert (refused.exit_code, "everybody on this machine may read it" in refused.stderr) == (1, True)
