"""A picture is hashed in the browser: the same hash as everywhere else, and no byte of the picture leaves."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.async_api import Request, expect

from sandbox.scenes import scene
from services.classifier.hashes.entries import Algorithm
from services.classifier.hashes.variants import compute_entries
from shared.events import HashSubmitted
from shared.prints.pdq import single
from tests.browser.conftest import OpenPage, Site, log_in

# Two decoders round differently; the crawler and PDQ's own reference code differ by as much.
SAME_PIXELS, SAME_JPEG = 2, 10
VARIANT = 14  # of bits: rounding to whole pixels, and another kind of interpolation where it is turned


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]  # of the format
    return path


def differing(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.fixture
def pictures(tmp_path: Path) -> dict[Path, int]:
    """Files, and how many bits their hash may differ from PDQ's own."""
    picture = scene("11")
    return {
        saved(picture, tmp_path / "lake.png"): SAME_PIXELS,
        saved(picture.resize((64, 64)), tmp_path / "small.png"): SAME_PIXELS,
        saved(picture.resize((333, 1201)), tmp_path / "tall.png"): SAME_PIXELS,
        saved(picture, tmp_path / "lake.jpg", quality=70): SAME_JPEG,
        saved(picture.resize((3000, 2000)), tmp_path / "large.jpg", quality=85): SAME_JPEG,
        saved(picture.convert("RGBA"), tmp_path / "alpha.webp", lossless=True): SAME_PIXELS,
    }


async def submitted(site: Site) -> list[HashSubmitted]:
    async with site.desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT value FROM outbox WHERE topic = 'hash.submitted' ORDER BY position"))
        return [HashSubmitted.model_validate(json.loads(bytes(row[0]))) for row in rows.all()]


async def test_the_browser_says_what_pdq_says_and_sends_no_picture(
    site: Site, open_page: OpenPage, pictures: dict[Path, int]
) -> None:
    page = await open_page()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    await log_in(page)
    await page.get_by_role("link", name="Pictures").click()
    sent.clear()
    await page.get_by_label("Pictures").set_input_files([str(path) for path in pictures])
    hashed = page.locator("#hashed li small").filter(has_text="hashed:")
    await expect(hashed).to_have_count(len(pictures), timeout=60_000)
    await page.get_by_label("Report number").fill("2026-000117")
    await page.get_by_role("button", name="Send the hashes").click()
    await expect(page.get_by_role("status")).to_have_text(
        f"{len(pictures)} pictures are listed: watched for from now on."
    )

    events = await submitted(site)
    assert [event.reference for event in events] == ["2026-000117"] * len(pictures)
    for event, (path, most) in zip(events, pictures.items(), strict=True):
        exact, near, *_ = event.hashes
        with Image.open(path) as image:
            expected, quality = single(image.convert("RGB"))
        assert differing(near.hash, expected) <= most, path.name
        assert near.quality is not None
        assert abs(near.quality - quality) <= 2
        assert len(exact.hash) == 64

    bodies = [request.post_data_buffer or b"" for request in sent]
    assert [urllib.parse.parse_qs(body.decode()).keys() for body in bodies if body] == [
        {"csrf", "submission_id", "pictures", "source", "category", "reference"}
    ]
    for path in pictures:
        assert not any(path.read_bytes()[100:140] in body or path.name.encode() in body for body in bodies)


async def test_its_variants_are_those_that_the_classifier_stores(
    site: Site, open_page: OpenPage, tmp_path: Path
) -> None:
    picture = saved(scene("11").resize((1500, 1000)), tmp_path / "lake.png")
    page = await open_page()
    await log_in(page)
    await page.goto("/hashes/new")
    await page.get_by_label("Pictures").set_input_files(str(picture))
    await page.get_by_label("Report number").fill("2026-000119")
    await page.get_by_role("button", name="Send the hashes").click()
    await expect(page.get_by_role("status")).to_be_visible()
    (event,) = await submitted(site)
    told = {one.variant: one.hash for one in event.hashes if one.algorithm == "pdq"}
    entries = compute_entries("k", "stand-in", picture.read_bytes())
    stored = {entry.variant: entry.hash for entry in entries if entry.algorithm is Algorithm.PDQ}
    assert told.keys() == stored.keys() - {"trimmed", "inset"}
    apart = {name: differing(told[name], stored[name]) for name in told}
    assert max(apart.values()) <= VARIANT, apart


async def test_pictures_chosen_while_others_are_hashed_take_their_place(
    site: Site, open_page: OpenPage, tmp_path: Path
) -> None:
    first = [saved(scene(number).resize((900, 600)), tmp_path / f"first-{number}.png") for number in "34"]
    then = saved(scene("5"), tmp_path / "then.png")
    page = await open_page()
    await log_in(page)
    await page.goto("/hashes/new")
    await page.get_by_label("Pictures").set_input_files([str(path) for path in first])
    await page.get_by_label("Pictures").set_input_files(str(then))
    await expect(page.locator("#hashed li small").filter(has_text="hashed:")).to_have_count(1)
    await page.get_by_label("Report number").fill("2026-000120")
    await page.get_by_role("button", name="Send the hashes").click()
    await expect(page.get_by_role("status")).to_be_visible()
    (event,) = await submitted(site)
    assert event.hashes[0].hash == hashlib.sha256(then.read_bytes()).hexdigest()


async def test_what_cannot_be_hashed_is_named(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    flat, broken = saved(Image.new("RGB", (80, 80), (9, 9, 9)), tmp_path / "flat.png"), tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    tiny = saved(Image.new("RGB", (3, 3)), tmp_path / "tiny.png")
    page = await open_page()
    await log_in(page)
    await page.goto("/hashes/new")
    await page.get_by_label("Pictures").set_input_files([str(broken), str(tiny)])
    await expect(page.locator("#hashed li.alarm")).to_have_count(2)
    await expect(page.get_by_role("button", name="Send the hashes")).to_be_disabled()
    await page.get_by_label("Pictures").set_input_files([str(flat)])
    await page.get_by_label("Report number").fill("2026-000118")
    await page.get_by_role("button", name="Send the hashes").click()
    await expect(page.get_by_role("status")).to_be_visible()
    (event,) = await submitted(site)
    assert [one.algorithm for one in event.hashes] == ["sha256"]


async def test_without_scripts_the_page_says_so(site: Site, open_page: OpenPage) -> None:
    page = await open_page(java_script_enabled=False)
    await log_in(page)
    await page.goto("/hashes/new")
    await expect(page.get_by_text("This page needs scripts")).to_be_visible()
    await expect(page.get_by_role("button", name="Send the hashes")).to_be_disabled()
