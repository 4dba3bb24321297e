"""Captures with a real Chromium: what the page showed is preserved, and all traffic is the guarded fetcher's."""

import asyncio
import gzip
import io
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Error as PlaywrightError
from starlette.responses import RedirectResponse, Response
from warcio.archiveiterator import ArchiveIterator

from haetae_verify.canonical import digest
from services.evidence.archive.warc import archive
from services.evidence.capture import plan as capturing
from services.evidence.capture.browser import Browser
from services.evidence.capture.plan import Capture
from services.evidence.domain import Attempt, PageFailed, PageGone
from shared.browser import NAMES
from shared.clock import SystemClock
from shared.failures import Transient
from shared.net import Fetcher
from tests.support.captures import evidence_settings, flagged
from tests.support.chromium import chromium_processes
from tests.support.pages import picture, trap

TEXT = "The lantern parcel waits at gate seven."


@pytest.fixture
def impatient(monkeypatch):
    """The same tries, without the waits between them."""
    tries = tuple(Attempt(0.0, attempt.scripts) for attempt in capturing.ATTEMPTS)
    monkeypatch.setattr(capturing, "ATTEMPTS", tries)


@pytest.fixture
async def capture(browser, web):
    settings = evidence_settings(web.hosts)
    async with Fetcher(settings) as fetcher:
        made = Capture(fetcher, browser, settings, SystemClock())
        yield lambda url, *pictures: made(flagged(url, *pictures).finding)


def responses(captured):
    stream = ArchiveIterator(io.BytesIO(archive(captured, "test")), check_digests="raise")
    return {
        record.rec_headers.get_header("WARC-Target-URI"): record.content_stream().read()
        for record in stream
        if record.rec_type == "response"
    }


def reasons(captured):
    return {refusal.url: refusal.reason for refusal in captured.refusals}


async def test_page_text_picture_and_screenshot_are_preserved(capture, web):
    url = web.page("/post/1", f"<h1>Harbour</h1><p>{TEXT}</p><img src=/media/1.jpg>")
    captured = await capture(url, (web.url("/media/1.jpg"), picture()))
    assert TEXT in captured.rendering.text
    assert TEXT in captured.rendering.html
    assert responses(captured)[web.url("/media/1.jpg")] == picture()
    assert captured.pictures[0].exchange.body == picture()
    assert captured.document.address == "127.0.0.1"
    with Image.open(io.BytesIO(captured.rendering.screenshot)) as screenshot:
        assert screenshot.size == (1280, 800)
        # The gradient's discs are red to yellow: they were drawn, not only loaded.
        red, _, blue = (band.getextrema() for band in screenshot.split())
        assert any(r > 150 and b < 90 for _, (r, _g, b) in screenshot.getcolors(1 << 24)), (red, blue)


async def test_what_scripts_wrote_is_in_the_document_as_it_was_received_in_the_archive(capture, web):
    url = web.page("/post/2", "<p id=here></p><script>here.textContent = 'written ' + 'later'</script>")
    captured = await capture(url)
    assert "written later" in captured.rendering.text
    assert b"written later" not in responses(captured)[url]


async def test_a_packed_page_is_archived_unpacked(capture, web):
    body = gzip.compress(f"<p>{TEXT}</p>".encode())
    web.pages["/packed"] = Response(body, headers={"content-encoding": "gzip", "content-type": "text/html"})
    captured = await capture(web.url("/packed"))
    assert TEXT in captured.rendering.text
    assert responses(captured)[web.url("/packed")] == f"<p>{TEXT}</p>".encode()


async def test_redirects_are_in_the_record(capture, web):
    web.pages["/old"] = RedirectResponse("/post/3")
    web.pages["/media/old.jpg"] = RedirectResponse("/media/1.jpg")
    web.page("/post/3", "<p>Moved</p><img src=/media/old.jpg>")
    captured = await capture(web.url("/old"), (web.url("/media/old.jpg"), picture()))
    assert [(e.url, e.status) for e in captured.exchanges] == [
        (web.url("/old"), 307),
        (web.url("/post/3"), 200),
        (web.url("/media/old.jpg"), 307),
        (web.url("/media/1.jpg"), 200),
    ]
    assert captured.document.url == captured.rendering.final_url == web.url("/post/3")
    assert captured.pictures[0].exchange.body == picture()


async def test_a_picture_that_stands_in_the_page_is_not_asked_for(capture, web):
    url = web.page("/post/5", "<p>With one inside</p>")
    (inside,) = (await capture(url, (f"{url}#inline-0123456789abcdef", b"inside"))).pictures
    assert (inside.exchange, inside.note) == (None, "a part of the page, which is preserved")
    assert web.paths().count("/post/5") == 1


async def test_a_picture_that_the_page_no_longer_shows_is_asked_for(capture, web):
    url = web.page("/post/4", "<p>Without it</p>")
    gone = web.url("/media/gone.jpg")
    captured = await capture(url, (web.url("/media/1.jpg"), picture()), (gone, b"was here"))
    had, missing = captured.pictures
    assert digest(had.exchange.body) == digest(picture())
    assert had.note == "not loaded by the page; asked for by its address"
    assert missing.exchange is None
    assert "404" in missing.note


async def test_a_page_without_end_is_cut(capture, web):
    captured = await capture(web.page("/long", "<div style='height:90000px'>long</div>"))
    with Image.open(io.BytesIO(captured.rendering.screenshot)) as screenshot:
        assert screenshot.size == (1280, 4000)


ATTACK = """
<img src="{trap}/img"><link rel=stylesheet href="{trap}/css"><iframe src="{trap}/frame"></iframe>
<link rel=preconnect href="{trap}"><link rel=prefetch href="{trap}/prefetch"><img src="/bounce">
<img src="http://169.254.169.254/latest/meta-data/"><img src="http://[::1]:{port}/v6"><img src="http://0x7f000001/odd">
<object data="{trap}/object"></object><video src="{trap}/video"></video>
<form id=f action="{trap}/form" method=post target=inner></form><iframe name=inner></iframe>
<script>
  fetch("{trap}/fetch").catch(() => 0); fetch("{trap}/post", {{method: "POST", body: "x"}}).catch(() => 0);
  navigator.sendBeacon("{trap}/beacon", "x"); new EventSource("{trap}/events"); f.submit(); open("{trap}/popup");
  const socket = new WebSocket("ws://127.0.0.1:{port}/socket");
  new Worker(URL.createObjectURL(new Blob(['fetch("{trap}/worker"); new WebSocket("ws://127.0.0.1:{port}/ws")'])));
  const rtc = new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{port}"}}]}});
  rtc.onicegatheringstatechange = () => rtc.iceGatheringState == "complete" && fetch("/gathered");
  rtc.createDataChannel("x"); rtc.createOffer().then(o => rtc.setLocalDescription(o));
  if (navigator.serviceWorker) navigator.serviceWorker.register("/worker.js").catch(() => 0);
</script><img src="/slow">
"""


@pytest.mark.parametrize("name", [name for name in NAMES if shutil.which(name)])
async def test_a_page_reaches_nothing_private_by_any_way(name, web):
    gathered = asyncio.Event()

    async def slow(_):  # holds the page open until it has tried everything
        with suppress(TimeoutError):
            await asyncio.wait_for(gathered.wait(), timeout=3)
        return Response(picture(), media_type="image/jpeg")

    async def tried(_):
        gathered.set()
        return Response()

    async with trap() as private:
        address = f"http://127.0.0.1:{private.port}"
        web.pages["/slow"], web.pages["/gathered"] = slow, tried
        web.pages["/bounce"] = RedirectResponse(f"{address}/bounced")
        url = web.page("/hostile", ATTACK.format(trap=address, port=private.port))
        async with Browser(Path(shutil.which(name)), at_once=1) as browser:
            captured = await _with(browser, web, url, (f"{address}/finding.jpg", b"was there"))
        assert private.reached == []
    refused = reasons(captured)
    for way in ("img", "css", "frame", "fetch", "beacon", "post", "worker", "video"):
        assert f"{address}/{way}" in refused, refused
    assert f"redirects to {address}/bounced" in refused[web.url("/bounce")]
    assert "link-local" in refused["http://169.254.169.254/latest/meta-data/"]
    assert f"ws://127.0.0.1:{private.port}/socket" in refused
    assert captured.pictures[0].exchange is None
    assert web.url("/bounce") in responses(captured)
    assert "/worker.js" not in web.paths()


async def test_what_goes_past_the_traffic_gets_nowhere(web):
    """The second fence: Chromium as it is started, were nobody to answer its requests."""
    async with trap() as private, Browser(None, at_once=1) as browser:
        context = await (await browser._running()).new_context()
        page = await context.new_page()
        for address in (f"http://127.0.0.1:{private.port}/", web.url("/post/1")):
            with pytest.raises(PlaywrightError, match="ERR_"):
                await page.goto(address)
        assert private.reached == []
        assert web.asked == []


async def test_a_page_that_is_gone_says_so_at_once(capture, web):
    web.page("/gone", "removed", status=410)
    with pytest.raises(PageGone, match="answers 410"):
        await capture(web.url("/gone"))
    assert web.paths() == ["/gone"]


async def test_a_finding_on_a_private_address_is_refused(capture):
    with pytest.raises(PageGone, match="loopback"):
        await capture("http://127.0.0.1/post")


async def test_a_page_in_trouble_is_asked_again(capture, web, impatient):
    good = Response(f"<p>{TEXT}</p>", media_type="text/html")
    answers = iter([Response("later", 503), good])

    async def troubled(_):
        return next(answers)

    web.pages["/trouble"] = troubled
    assert TEXT in (await capture(web.url("/trouble"))).rendering.text


async def test_a_page_in_lasting_trouble_is_given_up_with_the_reason(capture, web, impatient):
    web.page("/down", "down", status=502)
    with pytest.raises(PageFailed, match="answers 502"):
        await capture(web.url("/down"))
    assert web.paths() == ["/down"] * 3


async def test_a_script_that_never_ends_does_not_keep_the_page_from_being_preserved(browser, web, impatient):
    url = web.page("/loop", f"<p>{TEXT}</p><script>for (;;) {{}}</script>")
    settings = evidence_settings(web.hosts, capture_seconds=1.5)
    async with Fetcher(settings) as fetcher:
        captured = await Capture(fetcher, browser, settings, SystemClock())(flagged(url).finding)
    assert not captured.scripts
    assert TEXT in captured.rendering.text


async def test_a_page_that_never_stops_loading_is_taken_as_it_stands(browser, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.browser.LOAD_S", 0.5)

    over = asyncio.Event()

    async def never(_):
        await over.wait()
        return Response()

    web.pages["/never"] = never
    captured = await _with(browser, web, web.page("/waits", f"<p>{TEXT}</p><img src=/never>"))
    over.set()
    assert TEXT in captured.rendering.text


async def test_a_page_that_asks_for_ever_is_cut_off(browser, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.traffic.PAGE_REQUESTS", 5)
    body = "".join(f"<img src=/media/{number}.jpg>" for number in range(20))
    captured = await _with(browser, web, web.page("/many", body))
    assert len(captured.exchanges) == 5
    assert any("more than 5 requests" in reason for reason in reasons(captured).values())


async def _with(browser, web, url, *pictures):
    settings = evidence_settings(web.hosts)
    async with Fetcher(settings) as fetcher:
        return await Capture(fetcher, browser, settings, SystemClock())(flagged(url, *pictures).finding)


async def test_chromium_killed_in_the_middle_is_started_anew(web, impatient):
    killed = asyncio.Event()

    async def killing(_):
        if not killed.is_set():
            killed.set()
            for pid in chromium_processes():
                os.kill(pid, signal.SIGKILL)
        return Response(picture(), media_type="image/jpeg")

    async with Browser(None, at_once=1) as browser:
        before = set(chromium_processes())
        web.pages["/killing.jpg"] = killing
        captured = await _with(browser, web, web.page("/post/9", f"<p>{TEXT}</p><img src=/killing.jpg>"))
        assert killed.is_set()
        assert TEXT in captured.rendering.text
        assert captured.scripts
        assert before.isdisjoint(chromium_processes())


async def test_a_browser_that_is_not_there_is_named_with_the_cure(tmp_path):
    with pytest.raises(Transient, match=r"nowhere.*HAETAE_CHROMIUM"):
        async with Browser(tmp_path / "nowhere", at_once=1):
            pass
