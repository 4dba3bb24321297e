"""Pages that were made too large to be kept are kept all the same."""

import asyncio
import os

import pytest
from starlette.responses import Response

from services.evidence.capture.traffic import PAGE_BYTES, TooMuch, Traffic
from shared.clock import SystemClock
from shared.net import Fetcher
from shared.objects.vault import MAX_OBJECT_BYTES
from tests.support.captures import evidence_settings
from tests.support.pages import picture
from tests.support.shown import camera

TEXT = "The lantern parcel waits at gate seven."


@pytest.fixture
async def sealed(browser, web):
    """Captures a page with its pictures."""
    async with camera(browser, web) as capture:

        async def captured(url, *pictures):
            seen = await capture(url, *pictures)
            assert max(map(len, seen.files.values())) <= MAX_OBJECT_BYTES
            return seen

        yield captured


async def test_a_document_that_its_scripts_blew_up_is_cut(sealed, web):
    # Hidden, so that no renderer has to lay out two million letters, of which it may die.
    blown = "const p = document.createElement('p'); p.hidden = true; p.append('&'.repeat(2e6)); document.body.append(p)"
    url = web.page("/blown", f"<p>{TEXT}</p><script>{blown}</script>")
    captured = await sealed(url)
    assert TEXT.encode() in captured.files["page.html"]
    assert any("characters" in reason for reason in captured.refused.values())


@pytest.mark.parametrize(("limit", "value"), [("PAGE_REQUESTS", 3), ("PAGE_BYTES", 50_000)])
async def test_a_page_cannot_crowd_the_finding_out_of_the_record(sealed, web, monkeypatch, limit, value):
    monkeypatch.setattr(f"services.evidence.capture.traffic.{limit}", value)
    for number in range(9):
        web.pages[f"/junk/{number}"] = Response(os.urandom(20_000), media_type="image/jpeg")
    junk = "".join(f"<img src=/junk/{number}>" for number in range(9))
    url = web.page("/flood", f"<p>{TEXT}</p>{junk}<img src=/media/1.jpg>")
    captured = await sealed(url, (web.url("/media/1.jpg"), picture()))
    assert captured.files["picture-1.jpg"] == picture()
    assert len(captured.refused) >= 7


async def test_answers_in_flight_cannot_pass_the_limit_together(web):
    settings, large = evidence_settings(web.hosts), 7 * 1024 * 1024
    for number in range(6):
        web.pages[f"/large/{number}"] = Response(bytes(large), headers={"x-long": "x" * 1000})
    async with Fetcher(settings) as fetcher:
        traffic = Traffic(fetcher, SystemClock(), "Chrome", None)
        asked = [traffic.load(web.url(f"/large/{number}")) for number in range(6)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, TooMuch) for answer in answers) == 4
    assert sum(len(exchange.body) for exchange in traffic.exchanges) <= PAGE_BYTES


@pytest.mark.parametrize(
    "headers", [{"x-odd": "caf\u00e9"}, {"x-tab": "a\tb"}, {"set-cookie": "a=\u00ff; secure"}, {"x-" + "y" * 5000: "1"}]
)
async def test_odd_headers_do_not_keep_a_page_from_being_shown(sealed, web, headers):
    html = f"<!doctype html><p>{TEXT}</p>"
    web.pages["/odd"] = Response(html, media_type="text/html", headers=headers)
    captured = await sealed(web.url("/odd"))
    assert TEXT in captured.text
    assert captured.facts("render")["scripts"]
