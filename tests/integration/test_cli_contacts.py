"""`haetae contacts` as a person uses it: before a case, after one, and on an agency's own file."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from tests.support.commands import Haetae
from tests.support.contacts import GOOD, HOST, case
from tests.support.stack import Migrated

NAME = "harbour-board.en.test"


def test_who_would_be_asked_is_shown_before_a_case_and_with_what_registries_said_after_one(
    haetae: Haetae, migrated: Migrated, tmp_path: Path
) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text(f"url,name,abuse_email\nhttp://{NAME}/,Harbour board,abuse@{NAME}\n")
    haetae("sites", "import", sites)
    status, said = haetae("contacts", "show", NAME)
    assert status == 0
    assert f"abuse@{NAME}" in said
    assert "there is no case of it yet" in said
    told = case().model_dump_json()
    url = migrated.owner_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO drafter.drafts (case_id, notices, drafted_at, sealed) "
            "VALUES (gen_random_uuid(), '[]', now(), %s)",
            [told],
        )
    lines = haetae("contacts", "show", f"http://{NAME}/some/page", "--json")[1]
    assert [json.loads(line)["role"] for line in lines.replace("} {", "}\n{").split("\n{")[:1]] == ["site"]
    status, said = haetae("contacts", "show", NAME)
    assert (status, HOST in said, "1 24 h host Somebody Ltd" in said) == (0, True, True)
    assert "no case of it" not in said


def test_providers_are_shown_and_an_agencys_file_is_checked(haetae: Haetae, tmp_path: Path) -> None:
    status, said = haetae("contacts", "show", "--provider", "cloudflare")
    assert (status, "cdn by api (cloudflare), switched off" in said) == (0, True)
    assert json.loads(haetae("contacts", "show", "--provider", "ncmec", "--json")[1])["id"] == "ncmec"
    status, said = haetae("contacts", "show", "--provider", "nobody")
    assert (status, "nobody: no such provider; there are" in said) == (1, True)
    assert haetae("contacts", "show")[0] == 2
    file = tmp_path / "own.toml"
    file.write_text(GOOD)
    status, said = haetae("contacts", "check", file)
    assert (status, "can be used" in said) == (0, True)
    assert "own: host by mail was checked on 2025-01-01: more than 180 days" in said
    file.write_text(GOOD.replace('role = "host"', 'role = "hoster"'))
    status, said = haetae("contacts", "check", file)
    assert (status, "provider own: reach.0.role" in said) == (1, True)
