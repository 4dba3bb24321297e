"""Captures with a real Chromium: what the page showed is preserved, and all traffic is the guarded fetcher's."""

import asyncio
import gzip
import hashlib
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

from services.evidence.capture import capturing
from services.evidence.capture.browser import Browser
from services.evidence.capture.steps.requests import MAX_URL
from services.evidence.domain import Attempt, PageFailed, PageGone
from shared.browser import NAMES
from shared.failures import Transient
from tests.support.chromium import chromium_processes
from tests.support.pages import picture, trap
from tests.support.shown import camera

TEXT = "The lantern parcel waits at gate seven."


@pytest.fixture
def impatient(monkeypatch):
    """The same tries, without the waits between them."""
    tries = tuple(Attempt(0.0, attempt.scripts) for attempt in capturing.ATTEMPTS)
    monkeypatch.setattr(capturing, "ATTEMPTS", tries)


@pytest.fixture
async def capture(browser, web):
    async with camera(browser, web) as made:
        yield made


async def test_page_text_picture_and_screenshot_are_preserved(capture, web):
    url = web.page("/post/1", f"<h1>Harbour</h1><p>{TEXT}</p><img src=/media/1.jpg>")
    captured = await capture(url, (web.url("/media/1.jpg"), picture()))
    assert TEXT in captured.text
    assert TEXT in captured.files["page.html"].decode()
    assert captured.responses()[web.url("/media/1.jpg")] == picture()
    assert captured.files["picture-1.jpg"] == picture()
    assert captured.facts("document")["address"] == "127.0.0.1"
    with Image.open(io.BytesIO(captured.files["screenshot.jpg"])) as screenshot:
        assert screenshot.size == (1280, 800)
        # The gradient's discs are red to yellow: they were drawn, not only loaded.
        red, _, blue = (band.getextrema() for band in screenshot.split())
        assert any(r > 150 and b < 90 for _, (r, _g, b) in screenshot.getcolors(1 << 24)), (red, blue)


async def test_what_a_site_shares_with_others_of_its_operator_is_told(capture, web):
    frame = "".join(f"<div class=part-{name}>{name}</div>" for name in ("top", "menu", "list", "side", "foot", "note"))
    counter = "<script>ga('create', 'UA-1234567-2')</script>"
    url = web.page("/post/1", f"<link rel=icon href=/i.png>{frame}<p>{TEXT}</p>{counter}")
    web.pages["/i.png"] = Response(picture(), media_type="image/png")
    facts = (await capture(url)).facts("traces")
    assert facts["favicon_sha256"] == hashlib.sha256(picture()).hexdigest()
    assert (len(facts["template"]), facts["analytics"]) == (64, ["google-analytics:UA-1234567-2"])
    bare = await capture(web.page("/post/2", f"<p>{TEXT}</p>"))
    assert bare.facts("traces")["favicon_sha256"] == bare.facts("traces")["template"] == ""


async def test_what_scripts_wrote_is_in_the_document_as_it_was_received_in_the_archive(capture, web):
    url = web.page("/post/2", "<p id=here></p><script>here.textContent = 'written ' + 'later'</script>")
    captured = await capture(url)
    assert "written later" in captured.text
    assert b"written later" not in captured.responses()[url]


async def test_a_packed_page_is_archived_unpacked(capture, web):
    body = gzip.compress(f"<p>{TEXT}</p>".encode())
    web.pages["/packed"] = Response(body, headers={"content-encoding": "gzip", "content-type": "text/html"})
    captured = await capture(web.url("/packed"))
    assert TEXT in captured.text
    assert captured.responses()[web.url("/packed")] == f"<p>{TEXT}</p>".encode()


async def test_redirects_are_in_the_record(capture, web):
    web.pages["/old"] = RedirectResponse("/post/3")
    web.pages["/media/old.jpg"] = RedirectResponse("/media/1.jpg")
    web.page("/post/3", "<p>Moved</p><img src=/media/old.jpg>")
    captured = await capture(web.url("/old"), (web.url("/media/old.jpg"), picture()))
    assert [(one["url"], one["status"]) for one in captured.facts("requests")["page"]] == [
        (web.url("/old"), 307),
        (web.url("/post/3"), 200),
        (web.url("/media/old.jpg"), 307),
        (web.url("/media/1.jpg"), 200),
    ]
    assert captured.facts("document")["url"] == captured.facts("render")["final_url"] == web.url("/post/3")
    assert captured.files["picture-1.jpg"] == picture()


async def test_a_picture_that_stands_in_the_page_is_not_asked_for(capture, web):
    url = web.page("/post/5", "<p>With one inside</p>")
    inside = (f"{url}#inline-0123456789abcdef", b"inside")
    (inside,) = (await capture(url, inside, excerpt="With one inside")).pictures
    assert (inside["object"], inside["note"]) == (None, "a part of the page, which is preserved")
    assert web.paths().count("/post/5") == 1


async def test_a_picture_that_the_page_no_longer_shows_is_asked_for(capture, web):
    url = web.page("/post/4", f"<p>{TEXT}</p>")
    gone = web.url("/media/gone.jpg")
    captured = await capture(url, (web.url("/media/1.jpg"), picture()), (gone, b"was here"), excerpt=TEXT)
    had, missing = captured.pictures
    assert (had["as_found"], captured.files[had["object"]]) == (True, picture())
    assert had["note"] == "not loaded by the page; asked for by its address"
    assert missing["object"] is None
    assert "404" in missing["note"]


async def test_an_address_that_a_script_made_up_is_no_place_for_content(capture, web):
    url = web.page("/named", f"<p>{TEXT}</p><script>history.pushState(0, '', '/named?' + 'QUJD'.repeat(5000))</script>")
    seen = await capture(url)
    assert len(seen.facts("render")["final_url"]) <= MAX_URL


LATER = """<p id=late></p><div style='height:3000px'></div><p id=far></p><script>
  onload = () => fetch("/late").then(answer => answer.text()).then(text => late.textContent = text);
  new IntersectionObserver(seen => seen[0].isIntersecting && far.append(
    Object.assign(new Image(), {src: "/media/1.jpg"}))).observe(far);
</script>"""


async def test_what_a_page_fetches_when_it_is_there_and_when_it_comes_into_sight_is_captured(capture, web):
    async def late(_):
        await asyncio.sleep(0.2)  # longer than a page is quiet between two requests
        return Response("fetched after all was loaded")

    web.pages["/late"] = late
    captured = await capture(web.page("/later", LATER))
    assert "fetched after all was loaded" in captured.text
    assert captured.responses()[web.url("/media/1.jpg")] == picture()


async def test_a_page_cannot_take_its_document_away_by_names(capture, web):
    names = "".join(f"<img name={name}><form name={name}></form>" for name in ("documentElement", "title", "doctype"))
    captured = await capture(web.page("/names", f"<p>{TEXT}</p>{names}"))
    assert TEXT in captured.text
    assert captured.files["page.html"].startswith(b"<!DOCTYPE html><html><head><title>Lanterns")


async def test_a_document_that_is_no_html_is_captured(capture, web):
    web.pages["/feed"] = Response(f"<post><words>{TEXT}</words></post>", media_type="application/xml")
    assert TEXT.encode() in (await capture(web.url("/feed"), excerpt=TEXT)).files["page.html"]


async def test_a_page_without_end_is_cut(capture, web):
    captured = await capture(web.page("/long", "<div style='height:90000px'>long</div>"))
    with Image.open(io.BytesIO(captured.files["screenshot.jpg"])) as screenshot:
        assert screenshot.size == (1280, 4000)


ATTACK = """
<p>The lantern parcel waits at gate seven.</p>
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
            captured = await _with(browser, web, url, (f"{address}/finding.jpg", b"was there"), excerpt=TEXT)
        assert private.reached == []
    refused = captured.refused
    for way in ("img", "css", "frame", "fetch", "beacon", "post", "worker", "video"):
        assert f"{address}/{way}" in refused, refused
    assert f"redirects to {address}/bounced" in refused[web.url("/bounce")]
    assert "link-local" in refused["http://169.254.169.254/latest/meta-data/"]
    assert f"ws://127.0.0.1:{private.port}/socket" in refused
    assert captured.pictures[0]["object"] is None
    assert web.url("/bounce") in captured.responses()
    assert "/worker.js" not in web.paths()


async def test_what_goes_past_the_traffic_gets_nowhere(web):
    """The second fence: Chromium as it is started, were nobody to answer its requests."""
    async with trap() as private, Browser(None, at_once=1) as browser:
        context = await (await browser._running()).browser.new_context()
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
    assert TEXT in (await capture(web.url("/trouble"))).text


async def test_a_page_in_lasting_trouble_is_given_up_with_the_reason(capture, web, impatient):
    web.page("/down", "down", status=502)
    with pytest.raises(PageFailed, match="answers 502"):
        await capture(web.url("/down"))
    assert web.paths() == ["/down"] * 3


async def test_a_script_that_never_ends_does_not_keep_the_page_from_being_preserved(browser, web, impatient):
    url = web.page("/loop", f"<p>{TEXT}</p><script>for (;;) {{}}</script>")
    captured = await _with(browser, web, url, capture_seconds=1.5)
    assert not captured.facts("render")["scripts"]
    assert TEXT in captured.text


async def test_a_page_that_never_stops_loading_is_taken_as_it_stands(browser, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.browser.LOAD_S", 0.5)

    over = asyncio.Event()

    async def never(_):
        await over.wait()
        return Response()

    web.pages["/never"] = never
    captured = await _with(browser, web, web.page("/waits", f"<p>{TEXT}</p><img src=/never>"))
    over.set()
    assert TEXT in captured.text


async def test_a_page_that_asks_for_ever_is_cut_off(browser, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.traffic.PAGE_REQUESTS", 5)
    body = "".join(f"<img src=/media/{number}.jpg>" for number in range(20))
    captured = await _with(browser, web, web.page("/many", body))
    assert len(captured.facts("requests")["page"]) == 5
    assert any("more than 5 requests" in reason for reason in captured.refused.values())


async def _with(browser, web, url, *pictures, excerpt="", **settings):
    async with camera(browser, web, **settings) as capture:
        return await capture(url, *pictures, excerpt=excerpt)


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
        assert TEXT in captured.text
        assert captured.facts("render")["scripts"]
        assert before.isdisjoint(chromium_processes())


async def test_a_browser_that_is_not_there_is_named_with_the_cure(tmp_path):
    with pytest.raises(Transient, match=r"nowhere.*HAETAE_CHROMIUM"):
        async with Browser(tmp_path / "nowhere", at_once=1):
            pass
