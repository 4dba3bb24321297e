"""What the people we act against, who report and who work here write is text on every page: it never becomes a part of
it. Each text of the house is turned into an attack, and every page is opened in a real browser."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from playwright.async_api import Browser

from deploy.local.access import libpq_url
from services.gateway.web import application
from shared.web import serving
from tests.browser.conftest import opening
from tests.browser.test_every_page import FOR_ANYBODY, PAGES, enter
from tests.support.house_in_use import furnished
from tests.support.stack import Migrated

CANARY = "canary"
ATTACK = (
    f"'\"><img src=x onerror={CANARY}=1 data-{CANARY}><script data-{CANARY}>{CANARY}=1</script>"
    f"<svg/onload={CANARY}=1 data-{CANARY}>{{{{7*7}}}}</textarea></title><a href=javascript:{CANARY}=1 data-{CANARY}>"
)
ADDRESS = f'javascript:{CANARY}=1//http://a.test/"><b data-{CANARY}>'
# Texts that somebody else writes, by table: plain columns, and names of fields within JSON ones.
COLUMNS = {
    "cases": ("title", "note", "failure"),
    "accounts": ("name",),
    "agencies": ("name", "contact"),
    "alerts": ("note",),
    "answers": ("recipient", "words", "ticket"),
    "autosend_policies": ("name", "why"),
    "confirmations": ("why",),
    "evidence_orders": ("why", "basis", "error"),
    "notices": ("receipt", "bounce_reason", "withdrawn_why", "handed_failed"),
    "saved_views": ("name",),
    "sessions": ("about",),
    "submissions": ("reference",),
    "transfers": ("why",),
}
DOCUMENTS = {
    "cases": ("finding", "assessment", "report", "last_check"),
    "notices": ("content",),
    "alerts": ("alert",),
}
WRITTEN = {
    "title",
    "text",
    "excerpt",
    "body",
    "subject",
    "name",
    "reading",
    "comments",
    "words",
    "network",
    "reason",
    "why",
}
PROBE = f"""() => ({{
  ran: typeof {CANARY} !== "undefined",
  parts: document.querySelectorAll("[data-{CANARY}]").length,
  links: [...document.querySelectorAll("[href],[src],[action],[formaction]")].flatMap(one =>
    ["href", "src", "action", "formaction"].map(name => one.getAttribute(name) ?? "")
  ).filter(address => /^\\s*(javascript|data|vbscript):/i.test(address)).length,
  shown: document.documentElement.textContent.includes("{CANARY}=1"),
}})"""


def poisoned(value: Any, name: str = "") -> Any:  # the shape of JSON
    match value:
        case dict():
            return {key: poisoned(item, key) for key, item in value.items()}
        case list():
            return [poisoned(item, name) for item in value]
        case str() if name in WRITTEN:
            return ATTACK
    return value


def poison(url: str) -> None:
    """As the owner, past every check at the rim: what is stored is hostile whatever way it came."""
    with psycopg.connect(libpq_url(url)) as connection:
        for table, columns in COLUMNS.items():
            for column in columns:
                connection.execute(f"UPDATE gateway.{table} SET {column} = %s WHERE {column} IS NOT NULL", [ATTACK])
        connection.execute("UPDATE gateway.cases SET url = %s", [ADDRESS])
        for table, columns in DOCUMENTS.items():
            for column in columns:
                rows = connection.execute(
                    f"SELECT ctid::text, {column} FROM gateway.{table} WHERE {column} IS NOT NULL"
                )
                for place, value in rows.fetchall():
                    given = json.dumps(poisoned(value))
                    connection.execute(f"UPDATE gateway.{table} SET {column} = %s WHERE ctid = %s::tid", [given, place])


async def test_hostile_words_stay_words_on_every_page(
    chromium: Browser, migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found, shown = {}, set()
    async with (
        furnished(migrated_once, tmp_path_factory.mktemp("house")) as house,
        serving(application(house.desk.parts), "127.0.0.1", 0) as port,
        opening(chromium, f"http://127.0.0.1:{port}") as open_page,
    ):
        page = await open_page()
        await enter(page)
        poison(migrated_once.owner_url)
        for path in (
            *PAGES,
            *FOR_ANYBODY,
            f"/?view=all&q={ATTACK}",
            f"/audit?actor={ATTACK}&action={ATTACK}",
            f"/transfers?x={ATTACK}",
        ):
            answer = await page.goto(path.format_map(house.values))
            assert answer
            assert answer.status < 500, path
            seen = await page.evaluate(PROBE)
            if seen["ran"] or seen["parts"] or seen["links"]:
                found[path] = seen
            if seen["shown"]:
                shown.add(path)
    assert found == {}
    assert {"/?view=all", "/cases/{case_id}", "/alerts", "/reports", "/people", "/me"} & shown > {"/cases/{case_id}"}
