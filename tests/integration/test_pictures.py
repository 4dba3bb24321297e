"""The looker on a real store: bytes that the crawler kept, seen by the models; and whatever else can happen to them."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from deploy.local.buckets import S3Address
from services.classifier.pictures import looker as looking
from services.classifier.pictures import originals
from services.classifier.pictures.loading import PictureModelUnusable
from services.classifier.pictures.looker import FAILED, NOT_CONFIGURED, OVERDUE, PictureLooker
from services.classifier.pictures.picture_model import BATCH
from services.classifier.pictures.settings import PictureSettings
from services.classifier.pictures.slots import Slots
from services.classifier.signals import TextSigns
from shared.clock import SystemClock
from shared.events.values import Frame, Picture, Video
from shared.guarded import Guarded
from shared.objects.quarantine import Quarantine, open_quarantine, still_name
from tests.support.findings import describe, picture_file
from tests.support.guarded_work import behave
from tests.support.hostile_media import pixel_bomb
from tests.support.objects import quarantine_settings
from tests.support.picture_models import LABELS, write

TESSDATA = next(iter(sorted(Path("/usr/share").glob("tesseract-ocr/*/tessdata"))), Path("/nowhere"))
WORDS = "the lantern parcel waits at gate seven"
PDQ = "0" * 64


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("vit"))


@pytest.fixture
async def given(s3_settings: S3Address, model: Path) -> dict[str, object]:
    categories = {label: label for label in LABELS}
    return {**await quarantine_settings(s3_settings), "picture_model": str(model), "picture_categories": categories}


@pytest.fixture
async def kept(given: dict[str, object]) -> AsyncIterator[Quarantine]:
    """What the crawler writes into."""
    async with open_quarantine(PictureSettings.model_validate(given), SystemClock()) as quarantine:
        assert quarantine
        yield quarantine


@asynccontextmanager
async def opened(given: dict[str, object], **more: object) -> AsyncIterator[PictureLooker]:
    async with PictureLooker(PictureSettings.model_validate({**given, **more}), SystemClock()) as looker:
        yield looker


def picture(body: bytes) -> Picture:
    """As the crawler tells it; of what could not be decoded here it is said that it could, so that it is looked for."""
    described = describe("http://board.test/a", body)
    return described if described.pdq_dihedral else described.model_copy(update={"pdq_dihedral": (PDQ,)})


async def put(quarantine: Quarantine, *bodies: bytes) -> list[Picture]:
    pictures = [picture(body) for body in bodies]
    for one, body in zip(pictures, bodies, strict=True):
        await quarantine.put(one.sha256, body)
    return pictures


async def test_pictures_are_seen_in_their_order_each_once(given: dict[str, object], kept: Quarantine) -> None:
    shown = await put(kept, *(picture_file(seed) for seed in range(BATCH + 2)))
    async with opened(given) as looker:
        assert looker.name.startswith("vit")
        signs = await looker.look([*shown, shown[0]])
        assert [one.sha256 for one in signs] == [one.sha256 for one in [*shown, shown[0]]]
        assert {one.unread for one in signs} == {""}
        assert {tuple(one.categories) for one in signs} == {LABELS}
        assert {one.model for one in signs} == {looker.name}
        assert len({one.categories["meadow"] for one in signs}) == len(shown)
        await kept.sweep()
        assert await looker.look(shown[:2]) == signs[:2]


async def test_hostile_pictures_have_named_outcomes_and_the_others_are_seen(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb, junk, cut = pixel_bomb(), b"no picture at all", picture_file(2)[:20]
    shown = await put(kept, bomb, junk, cut, picture_file(1))
    monkeypatch.setattr(originals, "AGAIN_AFTER_S", ())
    missing = picture(picture_file(3))
    undecoded = describe("http://board.test/b", b"never kept")
    async with opened(given) as looker:
        signs = await looker.look([*shown, missing, undecoded])
    assert [one.unread for one in signs] == [
        "it has more pixels than any photograph",
        "it is in none of the formats that browsers show",
        "it is in none of the formats that browsers show",
        "",
        "not in the quarantine (any more)",
        "the crawler could not decode it",
    ]
    assert [bool(one.categories) for one in signs] == [False, False, False, True, False, False]


async def test_a_picture_whose_decoding_does_not_end_is_stopped(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await put(kept, picture_file(1))
    async with opened(given) as looker, Guarded(behave, workers=1, seconds=0.2, memory_bytes=2**28) as slow:
        monkeypatch.setattr(looker._preparer, "_decode", lambda *_: slow("loop"))
        assert [one.unread for one in await looker.look(shown)] == ["its decoding took too long"]


async def test_bytes_that_come_after_the_event_are_waited_for(given: dict[str, object], kept: Quarantine) -> None:
    body = picture_file(5)
    async with opened(given) as looker:
        looked = asyncio.create_task(looker.look([picture(body)]))
        await asyncio.sleep(0)
        await put(kept, body)
        assert [one.unread for one in await looked] == [""]


async def test_what_was_missing_is_looked_for_again(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "AGAIN_AFTER_S", ())
    body = picture_file(6)
    async with opened(given) as looker:
        assert (await looker.look([picture(body)]))[0].unread
        await put(kept, body)
        assert (await looker.look([picture(body)]))[0].unread == ""


async def test_a_store_that_is_away_is_named_once_for_all(given: dict[str, object], kept: Quarantine) -> None:
    shown = await put(kept, picture_file(1), picture_file(2))
    async with opened(given, s3_endpoint="127.0.0.1:1") as looker:
        assert {one.unread for one in await looker.look(shown)} == {"the quarantine does not answer"}


async def test_what_was_changed_in_the_store_spoils_no_other(
    given: dict[str, object], kept: Quarantine, s3_settings: S3Address
) -> None:
    first, second = await put(kept, picture_file(1), picture_file(2))
    client, bucket = s3_settings.client(), f"{given['s3_bucket_prefix']}quarantine"
    (place,) = (
        one.object_name for one in client.list_objects(bucket, recursive=True) if first.sha256 in one.object_name
    )
    client.put_object(bucket, place, io.BytesIO(b"changed"), 7)
    async with opened(given) as looker:
        signs = await looker.look([first, second])
    assert [one.unread for one in signs] == ["what the quarantine holds of it does not open", ""]


async def test_in_hash_only_mode_nothing_is_asked_for(given: dict[str, object]) -> None:
    async with opened(given, hash_only=True) as looker:
        (signs,) = await looker.look([picture(picture_file(1))])
    assert signs.unread == "hash-only: HAETAE_HASH_ONLY is on"


async def test_without_a_model_the_signs_say_so() -> None:
    async with PictureLooker(PictureSettings(), SystemClock()) as looker:
        (signs,) = await looker.look([picture(picture_file(1))])
    assert (signs.unread, signs.categories, signs.synthetic, signs.minor) == (NOT_CONFIGURED, {}, None, None)


async def test_of_a_video_the_stills_are_seen_together(given: dict[str, object], kept: Quarantine) -> None:
    film = Video(
        url="http://board.test/film",
        sha256="cd" * 32,
        bytes=9,
        frames=tuple(Frame(at_s=n, pdq=PDQ, pdq_quality=90) for n in range(2)),
    )
    stills = await put(kept, picture_file(1), picture_file(2))
    for number, seed in enumerate((1, 2)):
        await kept.put(still_name(film.sha256, number), picture_file(seed))
    async with opened(given) as looker:
        seen, *alone = await looker.look([film, *stills])
    assert seen.sha256 == film.sha256
    assert seen.categories == pytest.approx({label: max(one.categories[label] for one in alone) for label in LABELS})


async def test_models_that_do_not_answer_hold_up_nobody_for_long(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await put(kept, picture_file(1))
    stuck = threading.Event()
    honest = Slots.look
    async with opened(given, picture_seconds=0.2) as looker:
        monkeypatch.setattr(Slots, "look", lambda *_: stuck.wait())
        assert (await looker.look(shown))[0].unread == OVERDUE
        monkeypatch.setattr(Slots, "look", honest)
        assert (await looker.look(shown))[0].unread == OVERDUE  # the first still runs
        stuck.set()
        monkeypatch.setattr(looker._thread, "_seconds", 20.0)
        assert (await looker.look(shown))[0].unread == ""


async def test_models_that_fail_are_named(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("out of memory")

    shown = await put(kept, picture_file(1))
    async with opened(given) as looker:
        monkeypatch.setattr(Slots, "look", full)
        assert (await looker.look(shown))[0].unread == FAILED


async def test_a_model_that_cannot_be_loaded_stops_the_start(given: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(PictureModelUnusable, match="HAETAE_PICTURE_MODEL"):
        async with opened(given, picture_model=str(tmp_path)):
            pass


async def test_only_so_many_are_remembered(
    given: dict[str, object], kept: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_REMEMBERED", 2)
    shown = await put(kept, *(picture_file(seed) for seed in range(3)))
    async with opened(given) as looker:
        assert len(await looker.look(shown)) == 3
        assert len(looker._known) == 2


def written(words: str) -> bytes:
    image = Image.new("RGB", (900, 160), "white")
    ImageDraw.Draw(image).text((20, 40), words, font=ImageFont.load_default(36), fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.skipif(not (TESSDATA / "eng.traineddata").is_file(), reason="no language data: see deploy/install.sh")
async def test_words_in_pictures_are_read_and_judged(given: dict[str, object], kept: Quarantine) -> None:
    asked: list[tuple[Sequence[str], Sequence[str | None]]] = []

    async def judge(texts: Sequence[str], languages: Sequence[str | None]) -> list[TextSigns]:
        asked.append((texts, languages))
        return [TextSigns(score=0.9) for _ in texts]

    shown = await put(kept, written(WORDS), picture_file(1))
    settings = PictureSettings.model_validate({**given, "picture_model": None, "tessdata": TESSDATA})
    async with PictureLooker(settings, SystemClock(), judge) as looker:
        read, plain = await looker.look(shown, ["en", "en"])
    assert asked == [([WORDS], ["en"])]
    assert read.text is not None
    assert read.text.score == 0.9
    assert (plain.text, plain.unread) == (None, NOT_CONFIGURED)


async def test_missing_or_broken_language_data_is_named_with_the_cure(tmp_path: Path) -> None:
    async def judge(texts: Sequence[str], languages: Sequence[str | None]) -> list[TextSigns]:
        return []

    settings = PictureSettings(tessdata=tmp_path)
    with pytest.raises(PictureModelUnusable, match=r"HAETAE_TESSDATA.*apt-get install"):
        await PictureLooker(settings, SystemClock(), judge).__aenter__()
    (tmp_path / "kor.traineddata").write_bytes(bytes(1_000))
    with pytest.raises(PictureModelUnusable, match=r"kor\.traineddata cannot be used"):
        await PictureLooker(settings, SystemClock(), judge).__aenter__()
