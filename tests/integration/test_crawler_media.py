"""Pictures and videos of a page: fetched politely, decoded once a digest, kept for some hours or nowhere at all."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.buckets import S3Address
from services.crawler.frontier.pacing import Pacer
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.media import Media
from services.crawler.pictures.picture_box import VIDEO_S, VIDEOS_AT_ONCE, PictureBox, box
from services.crawler.removals.removal import SAME_PICTURE_BITS
from services.crawler.settings import Settings
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from shared.clock import ManualClock, SystemClock
from shared.events.values import Site, SiteKind
from shared.net import Fetcher
from shared.objects.port import ObjectMissing
from shared.objects.quarantine import Quarantine, open_quarantine, still_name
from shared.prints.pdq import distance, single
from tests.support.findings import picture_file
from tests.support.objects import quarantine_settings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server
from tests.support.videos import scene, video

ADDRESS, HOST = "127.78.0.9", "gallery.test"
PICTURE = picture_file(seed=11)
SITE = Watched(Site(host=HOST, name="Gallery", kind=SiteKind.GALLERY), 1_000.0, 60.0, obey_robots=True)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[RawServer]:
    (tmp_path / "hosts").write_text(f"{ADDRESS} {HOST} slow.test")
    async with raw_server(ADDRESS) as server:
        yield server


@asynccontextmanager
async def boxed(folder: Path, **more: object) -> AsyncIterator[PictureBox]:
    clock = SystemClock()
    settings = made(folder, **more)
    pacer = Pacer(clock)
    pacer.set_pace(HOST, 1_000)
    async with Fetcher(settings) as fetcher, box(Asker(fetcher, pacer, clock), settings, clock) as pictures:
        yield pictures


def made(folder: Path, **more: object) -> Settings:
    given = {"database_url": "unused", "kafka_bootstrap": "unused", "allowed_hosts_file": folder / "hosts", **more}
    return Settings.model_validate(given)


async def test_pictures_inline_ones_and_videos_of_a_page(web: RawServer, tmp_path: Path) -> None:
    web.answers["/a.jpg"] = plain(PICTURE, "ETag: one")
    web.answers["/film.mp4"] = plain(video(scenes=3, key_every=10))
    page = f"http://{HOST}:{web.port}/post"
    async with boxed(tmp_path) as pictures:
        shown = await pictures.shown(
            page,
            [f"http://{HOST}:{web.port}/a.jpg", f"http://{HOST}:{web.port}/missing.jpg"],
            None,
            inline=[picture_file(seed=12, format="PNG")],
            videos=[f"http://{HOST}:{web.port}/film.mp4"],
        )
        assert [len(picture.pdq_dihedral) for picture in shown.pictures] == [8, 8]
        assert shown.pictures[1].url == f"{page}#inline-{shown.pictures[1].sha256[:16]}"
        assert shown.missing == 1
        (film,) = shown.videos
        assert all(distance(single(scene(n))[0], film.frames[n].pdq) <= SAME_PICTURE_BITS for n in range(3))


async def test_what_did_not_change_is_neither_sent_nor_decoded_again(web: RawServer, tmp_path: Path) -> None:
    url = f"http://{HOST}:{web.port}/a.jpg"
    web.answers["/a.jpg"] = plain(PICTURE, 'ETag: "one"')
    async with boxed(tmp_path) as pictures:
        first = await pictures.get(url)
        web.answers["/a.jpg"] = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"
        assert await pictures.get(url) is first
        assert any(b'if-none-match: "one"' in request.lower() for request in web.requests)


async def test_a_digest_is_decoded_once_wherever_it_comes_from(web: RawServer, tmp_path: Path, monkeypatch) -> None:
    async with boxed(tmp_path) as pictures:
        one = await pictures.describe("http://a.test/1", PICTURE)
        decoder = pictures._media._pictures

        async def again(*_: object) -> None:
            raise AssertionError("decoded again")

        monkeypatch.setattr(type(decoder), "__call__", again)
        other = await pictures.describe("http://b.test/2", PICTURE)
    assert other == one.model_copy(update={"url": "http://b.test/2"})


async def test_a_large_video_is_looked_at_as_far_as_allowed(web: RawServer, tmp_path: Path) -> None:
    film = video("matroska", scenes=6, key_every=5)
    web.answers["/film"] = plain(film)
    async with boxed(tmp_path, max_video_bytes=len(film) // 2) as pictures:
        seen = await pictures.get_video(f"http://{HOST}:{web.port}/film")
    assert seen is not None
    assert (seen.cut, seen.bytes) == (True, len(film) // 2)
    assert 0 < len(seen.frames) < 6


async def test_a_site_whose_videos_never_end_does_not_keep_the_others_waiting(web: RawServer, tmp_path: Path) -> None:
    async def never_ends(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    web.answers |= {"/film": plain(video(scenes=1)), "/slow": never_ends}
    slow = replace(SITE, site=SITE.site.model_copy(update={"host": "slow.test"}))
    async with boxed(tmp_path) as pictures:
        waiting = [
            asyncio.create_task(pictures.get_video(f"http://slow.test:{web.port}/slow", slow))
            for _ in range(VIDEOS_AT_ONCE)
        ]
        await eventually(lambda: web.requests)
        async with asyncio.timeout(VIDEO_S / 2):
            assert await pictures.get_video(f"http://{HOST}:{web.port}/film", SITE)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_without_media_nothing_is_asked_for_and_nothing_is_missing(web: RawServer, tmp_path: Path) -> None:
    async with boxed(tmp_path, fetch_media=False) as pictures:
        shown = await pictures.shown(f"http://{HOST}/post", [f"http://{HOST}:{web.port}/a.jpg"], None, inline=[PICTURE])
        assert (shown.pictures, shown.missing, web.requests) == ((), 0, [])
        assert (await pictures.describe("http://a.test/1", PICTURE)).pdq_dihedral  # a removal check still looks


async def test_what_robots_txt_forbids_is_not_asked_for_and_not_missing(web: RawServer, tmp_path: Path) -> None:
    web.answers["/robots.txt"] = plain(b"User-agent: *\nDisallow: /private/")
    web.answers["/private/a.jpg"] = web.answers["/b.jpg"] = plain(PICTURE)
    origin = f"http://{HOST}:{web.port}"
    async with boxed(tmp_path) as pictures:
        shown = await pictures.shown(f"{origin}/post", [f"{origin}/private/a.jpg", f"{origin}/b.jpg"], SITE)
    assert ([picture.url for picture in shown.pictures], shown.missing) == ([f"{origin}/b.jpg"], 0)
    assert not any(b"private" in request.partition(b"\r\n")[0] for request in web.requests)


async def test_what_was_seen_can_be_read_from_quarantine_and_nothing_else_is_there(
    tmp_path: Path, s3_settings: S3Address
) -> None:
    (tmp_path / "hosts").touch()
    store = await quarantine_settings(s3_settings)
    film = video(scenes=2, key_every=10)
    async with boxed(tmp_path, **store) as pictures:
        picture = await pictures.describe("http://a.test/1", PICTURE)
        page = await pictures.describe("http://a.test/2", b"<html>not a picture</html>")
        seen = await pictures.describe_video("http://a.test/3", film)
    async with open_quarantine(made(tmp_path, **store), SystemClock()) as quarantine:
        assert isinstance(quarantine, Quarantine)
        assert await quarantine.get(picture.sha256) == PICTURE
        assert (await quarantine.get(still_name(seen.sha256, 1)))[:2] == b"\xff\xd8"
        with pytest.raises(ObjectMissing):
            await quarantine.get(page.sha256)


async def test_a_video_that_is_seen_again_on_another_day_is_kept_again(tmp_path: Path, s3_settings: S3Address) -> None:
    settings = made(tmp_path, **await quarantine_settings(s3_settings))
    clock, film = ManualClock(datetime.now(UTC)), video(scenes=2, key_every=10)
    async with Keeper(settings, clock) as keeper, Media(keeper) as looking:
        for _ in range(2):
            named, _ = await looking.video(film)
            await keeper.written()
            async with open_quarantine(settings, clock) as quarantine:
                assert isinstance(quarantine, Quarantine)
                assert (await quarantine.get(still_name(named.sha256, 1)))[:2] == b"\xff\xd8"
            clock.advance(3 * 86_400)


async def test_who_is_told_to_keep_nothing_still_ends_what_was_kept_before(
    tmp_path: Path, s3_settings: S3Address
) -> None:
    (tmp_path / "hosts").touch()
    store = await quarantine_settings(s3_settings)
    async with boxed(tmp_path, **store) as pictures:
        await pictures.describe("http://a.test/1", PICTURE)

    def left() -> list[object]:
        return list(s3_settings.client().list_objects(f"{store['s3_bucket_prefix']}quarantine", recursive=True))

    assert len(left()) == 2  # the picture and the key of the day
    later = ManualClock(datetime.now(UTC) + timedelta(days=3))
    async with Keeper(made(tmp_path, **store, hash_only=True), later) as keeper:
        assert not keeper.active
        await eventually(lambda: not left())


async def test_a_store_that_is_away_holds_nothing_up(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "hosts").touch()
    away = {
        "s3_endpoint": f"127.0.0.1:{unused_tcp_port}",
        "s3_access_key": "x",
        "s3_secret_key": "x",
        "s3_secure": False,
    }
    key = base64.b64encode(bytes(32)).decode()
    async with boxed(tmp_path, **away, quarantine_key=key) as pictures:
        assert (await pictures.describe("http://a.test/1", PICTURE)).pdq_dihedral
