"""The originals of a finding, each with its digests and whether it is as found."""

import asyncio
import base64
from urllib.parse import quote

import pytest
from starlette.responses import Response

from haetae_verify.canonical import digest
from services.evidence.capture.captured import Captured
from services.evidence.capture.looking import Looking
from services.evidence.capture.plan import PLAN
from services.evidence.capture.steps.media import media
from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import StepDone, Work
from services.evidence.domain import Rendering
from shared.clock import SystemClock
from shared.events.values import Video
from shared.net import Fetcher
from tests.support.captures import AT, evidence_settings, flagged
from tests.support.pages import picture
from tests.support.shown import Seen

FILM = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 200


@pytest.fixture
async def looking():
    async with Looking() as made:
        yield made


@pytest.fixture
async def bring(web, looking):
    """The step alone, of a page with this document."""
    settings = evidence_settings(web.hosts)
    async with Fetcher(settings) as fetcher:

        async def brought(html, *pictures, videos=()):
            url = web.page("/post", html)
            event = flagged(url, *pictures)
            event = event.model_copy(update={"finding": event.finding.model_copy(update={"videos": tuple(videos)})})
            clock = SystemClock()
            traffic = Traffic(fetcher, clock, "Chrome", None)
            document = await traffic.load_document(url)
            drawn = Rendering(url, html, "", b"", "Chrome 1", "Chrome")
            work = Work(
                event=event, settings=settings, clock=clock, fetcher=fetcher, browser=None, traffic=traffic,
                look=looking, around=None, user_agent="Chrome", document=document, rendering=drawn,
            )  # fmt: skip
            made = await media(work)
            return Seen(Captured(AT, AT, (StepDone("media", AT, AT, made),)))

        yield brought


def video(url: str, data: bytes, **more: object) -> Video:
    return Video(url=url, sha256=digest(data), bytes=len(data), **more)


async def test_a_picture_is_kept_as_it_is_with_its_hashes_and_without_being_recognisable(bring, web):
    seen = await bring("<p>Here</p>", (web.url("/media/1.jpg"), picture()))
    (told,) = seen.pictures
    assert seen.files["picture-1.jpg"] == picture()
    assert (told["width"], told["height"], told["sha256"]) == (480, 320, digest(picture()))
    assert len(told["pdq"]) == 64
    assert len(told["phash"]) == 16
    assert "picture-1-blurred.jpg" in seen.files


async def test_a_picture_that_stands_in_the_page_is_taken_out_of_it(bring, web):
    inside = base64.b64encode(picture()).decode()
    named = (f"{web.url('/post')}#inline-{digest(picture())[:16]}", picture())
    seen = await bring(f'<img src="data:image/jpeg;base64,{quote(inside)}">', named)
    assert seen.files["picture-1.jpg"] == picture()
    assert seen.pictures[0]["as_found"]


async def test_another_picture_in_its_place_is_told(bring, web):
    seen = await bring("<p>Here</p>", (web.url("/media/1.jpg"), b"what it was"))
    assert not seen.pictures[0]["as_found"]
    assert not seen.pictures[0]["alike"]


async def test_bytes_that_are_no_picture_are_kept_and_not_shown(bring, web):
    web.pages["/media/bad.jpg"] = Response(b"\xff\xd8\xff" + b"lantern" * 50, media_type="image/jpeg")
    seen = await bring("<p>Here</p>", (web.url("/media/bad.jpg"), b"?"))
    (told,) = seen.pictures
    assert seen.files[told["object"]].startswith(b"\xff\xd8\xff")
    assert not any(name.endswith("-blurred.jpg") for name in seen.files)


async def test_a_video_is_kept_and_named_by_its_bytes(bring, web):
    web.pages["/film"] = Response(FILM, media_type="text/plain")
    seen = await bring("<p>Here</p>", videos=[video(web.url("/film"), FILM)])
    assert seen.files["video-1.mp4"] == FILM
    (told,) = seen.facts("media")["videos"]
    assert (told["as_found"], told["cut"]) == (True, False)


async def test_of_a_long_video_the_beginning_is_kept(bring, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.media.MAX_VIDEO_BYTES", 20_000)
    web.pages["/film"] = Response(FILM, media_type="video/mp4")
    found = video(web.url("/film"), FILM[:1000], cut=True)
    seen = await bring("<p>Here</p>", videos=[found])
    (told,) = seen.facts("media")["videos"]
    assert (told["as_found"], told["cut"], len(seen.files["video-1.mp4"])) == (True, True, 20_000)


async def test_media_have_a_budget_of_their_own(bring, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.traffic.MEDIA_BYTES", 30_000)
    web.pages["/film"] = Response(FILM, media_type="video/mp4")
    films = [video(web.url("/film"), FILM)]
    seen = await bring("<p>Here</p>", (web.url("/media/1.jpg"), picture()), videos=films)
    assert seen.pictures[0]["object"]
    (told,) = seen.facts("media")["videos"]
    assert told["cut"]
    assert len(seen.files["video-1.mp4"]) < 30_000


async def test_media_that_never_come_do_not_take_those_that_did_with_them(bring, web, monkeypatch):
    monkeypatch.setattr("services.evidence.capture.media.ALL_S", 1.0)
    slow = [web.url(f"/slow/{number}") for number in range(8)]
    held = asyncio.Event()

    async def never(_):
        await held.wait()
        return Response()

    web.pages.update(dict.fromkeys((f"/slow/{number}" for number in range(8)), never))
    try:
        seen = await bring("<p>Here</p>", (web.url("/media/1.jpg"), picture()), *((url, b"x") for url in slow))
    finally:
        held.set()
    assert seen.pictures[0]["object"] == "picture-1.jpg"
    assert all("not to be had" in told["note"] for told in seen.pictures[1:])


def test_the_plan_has_each_step_once_and_what_it_needs_before_it():
    stages = {step.name: step.stage for step in PLAN}
    assert len(stages) == len(PLAN)
    assert stages["document"] < stages["render"] < stages["media"] < stages["shown"] < stages["archive"]
    assert {step.name for step in PLAN if step.essential} == {"document", "render", "shown"}
