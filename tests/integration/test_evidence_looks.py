"""The second look at a page over real connections, and the archive of a capture that can be replayed."""

import asyncio
from argparse import Namespace
from typing import Any, cast

import pytest
from starlette.responses import RedirectResponse, Response
from wacz.main import validate_wacz

from haetae_verify.canonical import digest
from services.evidence.archive import wacz
from services.evidence.capture.captured import step_manifest
from services.evidence.capture.steps.archive import archive
from services.evidence.capture.steps.compare import compare
from services.evidence.capture.steps.second import MAX_PICTURES, NAME, second
from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import Made, StepDone, StepFailed, Work
from services.evidence.domain import File
from shared.clock import SystemClock
from shared.net import Fetcher
from tests.support.archives import bodies, entry, lines, records
from tests.support.captures import AT, evidence_settings, flagged
from tests.support.onion import onion_host
from tests.support.pages import picture
from tests.support.proxies import ProxyPeer, proxy_peer

TEXT = "The lantern parcel waits at gate seven until the evening boat."


@pytest.fixture
async def looking(web):
    """A capture of a page under way, its document fetched as captures do."""
    settings = evidence_settings(web.hosts, second_seconds=5.0, contact="mailto:desk@agency.test")
    async with Fetcher(settings) as fetcher:

        async def started(url, *pictures, **changed):
            clock, chosen = SystemClock(), settings.model_copy(update=changed)
            traffic = Traffic(fetcher, clock, "Chrome", "en")
            nobody = cast(Any, None)  # these steps ask neither the browser nor the registries
            event = flagged(url, *pictures, excerpt=TEXT)
            work = Work(event, chosen, clock, fetcher, nobody, traffic, nobody, nobody, "Chrome")
            work.document = await traffic.load_document(url)
            return work

        yield started


async def done(work, name, step):
    made = await step(work)
    work.done[name] = StepDone(name, AT, AT, made)
    step_manifest(work.done[name])  # facts have a canonical form
    return made


async def test_the_second_look_is_its_own_connection_and_says_who_we_are(looking, web):
    work = await looking(web.page("/post/1", f"<p>{TEXT}</p>"))
    made = await second(work)
    first, then = web.asked
    assert first.client.port != then.client.port
    assert "Haetae/" in then.headers["user-agent"]
    assert "desk@agency.test" in then.headers["user-agent"]
    assert then.headers["accept-language"] == first.headers["accept-language"]
    assert made.facts["sha256"] == work.document.sha256
    assert (await compare(work)).facts["verdict"] == "same"


async def test_all_of_it_is_in_an_archive_of_its_own(looking, web):
    web.page("/post/2", f"<p>{TEXT}</p>")
    web.pages["/old"] = RedirectResponse("/post/2", headers={"set-cookie": "a=1"})
    work = await looking(web.url("/old"), (web.url("/media/1.jpg"), picture()))
    before = len(work.traffic.exchanges)
    (file,) = (await second(work)).files
    assert (file.name, file.content) == (NAME, True)
    kept = bodies(file.data)
    assert list(kept) == [web.url("/old"), web.url("/post/2"), web.url("/media/1.jpg")]
    assert kept[web.url("/media/1.jpg")] == picture()
    assert len(work.traffic.exchanges) == before  # the first look's archive does not mix with it
    (_, (redirect, _), *_) = records(file.data)
    assert redirect.http_headers.get_header("set-cookie") == "a=1"


async def test_pictures_are_compared_by_their_digests(looking, web):
    other = picture(64, 64)

    async def cloaked(request):
        ours = "Haetae" in request.headers["user-agent"]
        return Response(other if ours else picture(), media_type="image/jpeg")

    web.pages["/media/cloaked.jpg"] = cloaked
    url = web.page("/post/3", f"<p>{TEXT}</p>")
    work = await looking(url, (web.url("/media/cloaked.jpg"), picture()), (url + "#inline-1", b"inside"))
    await second(work)
    pictures = [{"number": 1, "sha256": digest(picture())}, {"number": 2, "sha256": None}]
    work.done["media"] = StepDone("media", AT, AT, Made(facts={"pictures": pictures}))
    facts = (await compare(work)).facts
    assert [told["agrees"] for told in facts["pictures"]] == [False, None]
    assert facts["pictures"][0]["second_sha256"] == digest(other)
    assert facts["verdict"] == "differs"


async def test_only_some_pictures_are_asked_for_again(looking, web):
    url = web.page("/post/4", f"<p>{TEXT}</p>")
    work = await looking(url, *[(web.url(f"/media/{number}.jpg"), picture()) for number in range(1, 9)])
    made = await second(work)
    assert len(made.facts["pictures"]) == MAX_PICTURES
    assert made.facts["pictures"][1] == {
        "number": 2,
        "sha256": digest(b"nothing here"),
        "why": "its address answers 404",
    }


async def test_a_site_that_refuses_us_blocks_the_second_look_and_not_the_capture(looking, web):
    async def choosy(request):
        ours = "Haetae" in request.headers["user-agent"]
        return Response("go away" if ours else f"<p>{TEXT}</p>", 403 if ours else 200, media_type="text/html")

    web.pages["/choosy"] = choosy
    work = await looking(web.url("/choosy"))
    made = await second(work)
    assert made.facts["status"] == 403
    assert (await compare(work)).facts["verdict"] == "second-blocked"


async def test_a_page_that_does_not_answer_in_time_is_a_fact(looking, web):
    over, asked = asyncio.Event(), 0

    async def slow(_):
        nonlocal asked
        asked += 1
        if asked > 1:
            await over.wait()
        return Response(f"<p>{TEXT}</p>", media_type="text/html")

    web.pages["/slow"] = slow
    work = await looking(web.url("/slow"), second_seconds=0.2)
    with pytest.raises(StepFailed, match=r"no whole answer within 0\.2 s"):
        await second(work)
    over.set()
    assert (await compare(work)).facts["verdict"] == "no-second"


async def test_pictures_that_do_not_answer_in_time_leave_the_page(looking, web):
    over = asyncio.Event()

    async def slow(_):
        await over.wait()
        return Response(picture())

    web.pages["/media/slow.jpg"] = slow
    work = await looking(
        web.page("/post/5", f"<p>{TEXT}</p>"), (web.url("/media/slow.jpg"), picture()), second_seconds=0.3
    )
    made = await second(work)
    over.set()
    assert made.facts["pictures"][0]["sha256"] is None
    assert "no whole answer" in made.facts["pictures"][0]["why"]
    assert (await compare(work)).facts["verdict"] == "same"


async def test_where_the_second_look_is_led_inside_it_does_not_follow(looking, web):
    async def luring(request):
        if "Haetae" in request.headers["user-agent"]:
            return RedirectResponse("http://127.0.0.1/inside")
        return Response(f"<p>{TEXT}</p>", media_type="text/html")

    web.pages["/luring"] = luring
    work = await looking(web.url("/luring"))
    with pytest.raises(StepFailed, match="loopback"):
        await second(work)


async def test_without_end_and_larger_than_life(looking, web):
    web.pages["/round"] = RedirectResponse("/round")
    web.pages["/large"] = Response(b"<p>" + b"x" * 3_000_000, media_type="text/html")
    work = await looking(web.url("/large"))
    made = await second(work)
    assert (made.facts["cut"], made.facts["bytes"]) == (True, work.settings.max_page_bytes)
    assert (await compare(work)).facts["verdict"] == "same"
    work.event = flagged(web.url("/round"))
    with pytest.raises(StepFailed, match="more than 5 redirects"):
        await second(work)


async def test_another_way_out_is_used_when_one_is_set(looking, web):
    work = await looking(web.page("/post/6", f"<p>{TEXT}</p>"), second_exit="elsewhere")
    with pytest.raises(StepFailed, match="no exit 'elsewhere'"):
        await second(work)


async def test_an_onion_service_is_captured_through_the_exit_that_found_it(web, tmp_path):
    url = f"http://{onion_host(bytes(32))}/post/9"
    web.page("/post/9", f"<p>{TEXT}</p>")
    async with proxy_peer("socks", ProxyPeer(leads_to="127.0.0.1", ports={80: web.port})) as peer:
        (tmp_path / "exits").write_text(f"onion socks5h://127.78.0.2:{peer.port}\n")
        settings = evidence_settings(exits_file=tmp_path / "exits", second_exit="elsewhere")
        async with Fetcher(settings) as fetcher:
            clock, nobody = SystemClock(), cast(Any, None)
            traffic = Traffic(fetcher, clock, "Chrome", "en", "onion")
            work = Work(flagged(url), settings, clock, fetcher, nobody, traffic, nobody, nobody, "Chrome")
            work.document = await traffic.load_document(url)
            assert TEXT.encode() in work.document.body
            assert (await second(work)).facts["exit"] == "onion"
    assert [name for name, _ in peer.asked] == [onion_host(bytes(32))] * 2


async def test_through_another_exit_the_page_is_seen_from_elsewhere(web, tmp_path, looking):
    async with proxy_peer("socks", ProxyPeer(leads_to="127.0.0.1")) as peer:
        exits = tmp_path / "exits"
        exits.write_text(f"elsewhere socks5h://127.78.0.2:{peer.port}\n")
        work = await looking(web.page("/post/8", f"<p>{TEXT}</p>"), second_exit="elsewhere")
        async with Fetcher(evidence_settings(web.hosts, exits_file=exits)) as work.fetcher:
            made = await second(work)
    assert [port for _, port in peer.asked] == [web.port]
    assert made.facts["exit"] == "elsewhere"
    assert (await compare(work)).facts["second"]["exit"] == "elsewhere"


async def test_the_archive_holds_the_traffic_and_what_was_made_of_the_page(looking, web, tmp_path):
    url = web.page("/post/7", f"<p>{TEXT}</p><img src=/media/1.jpg>")
    work = await looking(url)
    await work.traffic.load(web.url("/media/1.jpg"))
    work.rendering = cast(Any, Namespace(html="<title>Gate</title>", text=TEXT, browser="Chromium 1"))
    shot = picture(1280, 800)
    files = (
        File("screenshot.jpg", shot, "image/jpeg"),
        File("screenshot-visible.jpg", shot, "image/jpeg"),
        File("screenshot-redacted.jpg", b"redacted", "image/jpeg"),
        File("text.txt", TEXT.encode(), "text/plain; charset=utf-8"),
    )
    work.done["render"] = StepDone("render", AT, AT, Made(files))
    made = await done(work, "archive", archive)
    (file,) = made.files
    assert (file.name, file.content, file.media_type) == ("page.wacz", True, "application/wacz")
    assert made.facts == {"records": 4, "left_out": 0}
    assert [line["url"] for line in lines(file.data, "indexes/index.cdx")] == [
        web.url("/media/1.jpg"),
        url,
        f"urn:fullPage:{url}",
        f"urn:text:{url}",
    ]
    assert lines(file.data, "pages/pages.jsonl")[1]["title"] == "Gate"
    assert bodies(entry(file.data, f"archive/{wacz.WARC_NAME}"))[web.url("/media/1.jpg")] == picture()
    (tmp_path / "page.wacz").write_bytes(file.data)
    assert validate_wacz(Namespace(file=str(tmp_path / "page.wacz"), verify_auth=False, verifier_url=None)) == 0
