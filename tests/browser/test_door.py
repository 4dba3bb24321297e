"""The victim's door in a browser: without scripts on a small telephone, with scripts, and the quick way out."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Request, Route, expect

from sandbox.scenes import scene
from tests.browser.conftest import OpenPage

PAGE = "http://harbour-board.en.test/post/41"
NARROW = {"width": 320, "height": 640}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def test_a_report_without_scripts_on_a_narrow_telephone(open_page: OpenPage) -> None:
    page = await open_page(viewport=NARROW, java_script_enabled=False)
    await page.goto("/report")
    await page.get_by_role("link", name="Tiếng Việt").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("sự đồng ý")
    await page.get_by_role("link", name="English").click()
    await page.get_by_role("link", name="Report addresses").click()
    await page.get_by_label("Addresses of the pages").fill(f"look: {PAGE}")
    await page.get_by_label("I agree that you handle this report").check()
    await page.get_by_role("button", name="Send the report").click()
    number, pin = await page.locator("#number").inner_text(), await page.locator("#pin").inner_text()
    await page.get_by_role("link", name="Look at my report").click()
    await page.get_by_label("Number").fill(number)
    await page.get_by_label("PIN").fill(pin)
    await page.get_by_role("button", name="Look").click()
    await expect(page.get_by_role("listitem").filter(has_text=PAGE)).to_contain_text("Received")
    assert PAGE not in page.url
    assert await page.title() == "Information · status"


async def test_pages_fit_the_narrowest_telephone(open_page: OpenPage) -> None:
    page = await open_page(viewport=NARROW)
    for language in ("ko", "ru", "th"):
        for path in ("/report", "/report/new", "/report/status"):
            await page.goto(f"{path}?lang={language}")
            assert await page.evaluate(TOO_WIDE) <= 0, (path, language)


async def test_a_picture_is_hashed_and_never_sent_and_three_escapes_leave(open_page: OpenPage, tmp_path: Path) -> None:
    picture = tmp_path / "lake.png"
    scene("11").save(picture)
    page, sent = await open_page(), list[Request]()
    await page.route("https://www.wikipedia.org/", elsewhere)
    page.on("request", lambda request: sent.append(request))  # a builtin cannot be marked by playwright
    await page.goto("/report")
    await page.get_by_role("link", name="Report addresses").click()
    await page.get_by_label("Choose pictures on this device").set_input_files(str(picture))
    await expect(page.locator("#hashed")).to_contain_text("The picture stays here", timeout=30_000)
    await page.get_by_label("I agree that you look for the fingerprints").check()
    await page.get_by_label("I agree that you handle this report").check()
    await page.get_by_role("button", name="Send the report").click()
    await expect(page.get_by_role("heading", name="Your report is here")).to_be_visible()
    await page.wait_for_load_state()
    (posted,) = [request for request in sent if request.method == "POST"]
    assert len(posted.post_data_buffer or b"") < picture.stat().st_size / 2
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="Elsewhere")).to_be_visible()
    gone = [request for request in sent if "wikipedia" in request.url]
    assert "referer" not in await gone[0].all_headers()
    assert await page.evaluate("history.length") <= 3, "the door's pages took one another's place"


async def elsewhere(route: Route) -> None:
    await route.fulfill(body="<title>Elsewhere</title><h1>Elsewhere</h1>", content_type="text/html")
