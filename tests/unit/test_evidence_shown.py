"""A wall, or whatever else stands in the content's place, is never sealed; a page that changed a little is."""

import io

import pytest
from PIL import Image

from services.evidence.capture.looking import Looked, look
from services.evidence.capture.steps.shown import shown
from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import Made, StepDone, Work
from services.evidence.domain import PageFailed, PageGone, Rendering
from shared.clock import ManualClock
from tests.support.captures import AT, exchange, flagged
from tests.support.pages import picture
from tests.support.walls import URL

POST = (
    "The lantern parcel waits at gate seven, and the ferry leaves when the evening bell has rung twice. "
    "Nobody on the quay had seen the blue token since the market closed."
)
LOG_IN = "<h1>Log in</h1><form><input name=user><input type=password name=pw><button>Log in</button></form>"


def smaller(data: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.resize((320, 240)).save(out, "WEBP")
    return out.getvalue()


async def looked(data: bytes) -> Looked:
    return look(data)


def work(text: str, html: str = "", *, excerpt: str = POST, title: str = "", media=(), loaded=(), final_url: str = URL):
    """A page that says this, of a finding with this excerpt. `media`: facts of its step."""
    event = flagged(URL, excerpt=excerpt)
    traffic = Traffic(None, ManualClock(AT), "Chrome", "en")
    traffic.exchanges += loaded
    html = html or f"<title>{title}</title><p>{text}</p>"
    media_done = StepDone("media", AT, AT, Made(facts={"pictures": list(media), "videos": []}))
    nothing = dict.fromkeys(("settings", "fetcher", "browser", "around"))
    return Work(
        event=event,
        clock=ManualClock(AT),
        traffic=traffic,
        look=looked,
        user_agent="Chrome",
        document=exchange(URL, html.encode(), content_type="text/html"),
        rendering=Rendering(final_url, html, text, b"", "Chrome 1", "Chrome", title=title),
        done={"media": media_done},
        **nothing,
    )


def item(*, as_found: bool = False, by_page: bool = False, alike: bool = False):
    return {"as_found": as_found, "by_page": by_page, "alike": alike, "url": "http://cdn.test/media/1.jpg?w=9"}


async def test_the_page_as_it_was_found():
    facts = (await shown(work(POST, media=[item(as_found=True, by_page=True)]))).facts
    assert (facts["text_permille"], facts["media_as_found"]) == (1000, 1)


@pytest.mark.parametrize(
    "page",
    [
        work("Edited: " + POST[40:] + " That was yesterday.", media=[item(by_page=True)]),  # another avatar
        work("Another text altogether, of another day.", media=[item(alike=True, by_page=True)]),  # encoded anew
        work("", f"<script>const post = {POST!r}</script>"),  # drawn by scripts that did not run
        work("Tap to see.", "<img data-src='../media/1.jpg'>", media=[item(as_found=True)]),  # named, not loaded yet
        work("Tap to see.", media=[item(alike=True)], loaded=[exchange(URL + ".json", b'["media\\/1.jpg"]')]),
        work("Short.", excerpt=""),  # nothing to compare with
    ],
)
async def test_a_page_that_changed_is_still_the_page(page):
    await shown(page)


@pytest.mark.parametrize(
    "page",
    [
        work("Quite another post by somebody else about the price of fish on the northern quay." * 3),
        work("Quite another post.", media=[item(by_page=True), item()]),  # a sign in the picture's place
        work("This post is not here any more.", excerpt=POST, media=[]),
        work("The newest posts of this board.", media=[item(as_found=True)]),  # but its address still has it
        work("Are you 18?", "<meta property=og:image content=/media/1.jpg>Are you 18?", media=[item(as_found=True)]),
    ],
)
async def test_a_page_with_nothing_of_the_finding_is_not_sealed(page):
    with pytest.raises(PageFailed, match=r"nothing of what was found|something else"):
        await shown(page)


@pytest.mark.parametrize(
    ("text", "title", "html", "why"),
    [
        ("Just a moment... Verify you are human by completing the action below.", "Just a moment...", "", "captcha"),
        ("Log in Log in", "Log in", LOG_IN, "login"),
        ("Too many requests. Please try again later.", "Too Many Requests", "", "rate_limit"),
        ("harbour-board.test is for sale. Buy this domain.", "harbour-board.test", "", "parked"),
    ],
)
@pytest.mark.parametrize("excerpt", [POST, ""])
async def test_a_wall_is_told_at_status_200(text, title, html, why, excerpt):
    with pytest.raises(PageGone, match=f"wall: {why}"):
        await shown(work(text, html, title=title, excerpt=excerpt, media=[item(as_found=True)]))


async def test_a_post_about_walls_is_none():
    await shown(work(POST + " Please verify you are human, it said; log in, it said."))


async def test_a_log_in_page_that_the_browser_was_sent_to():
    with pytest.raises(PageGone, match="wall: login"):
        await shown(work("Welcome back", final_url="http://harbour-board.test/login?next=/post/41"))


async def test_a_picture_that_moved_and_was_encoded_anew_is_found():
    seen = look(picture(640, 480))
    event = flagged(URL, (URL + "/old.jpg", picture(640, 480)))
    (found,) = event.finding.pictures
    found = found.model_copy(update={"pdq_dihedral": (seen.pdq,), "pdq_quality": seen.pdq_quality})
    moved = exchange(URL + "/new.jpg", smaller(picture(640, 480)), content_type="image/jpeg")
    page = work("Nothing of it.", media=[item()], loaded=[moved])
    page.event = event.model_copy(update={"finding": event.finding.model_copy(update={"pictures": (found,)})})
    assert (await shown(page)).facts["media_elsewhere"]
    page.traffic.exchanges.clear()
    with pytest.raises(PageFailed):
        await shown(page)
