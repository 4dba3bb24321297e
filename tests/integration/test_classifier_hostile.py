"""What is wrong on purpose: each ends in an error that names it, and the rest of the stream goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sandbox.known import LABELS, known_picture
from services.classifier.app import app
from services.classifier.hashes.entries import BankDraft
from services.classifier.hashes.listing import list_hashes
from services.classifier.hashes.variants import compute_entries
from services.classifier.pictures.loading import PictureModelUnusable
from services.classifier.risk.store import RuleVersion
from services.classifier.settings import Settings
from services.classifier.texts.lexicon import LexiconUnusable
from services.classifier.texts.reader import TextReader
from services.classifier.texts.text_model import ModelUnusable
from shared.bus.memory import MemoryBroker
from shared.bus.port import Record
from shared.clock import SystemClock
from shared.database import Database
from shared.events import ContentFound, HashListed, HashSubmitted
from shared.events.examples import EXAMPLES
from shared.failures import Rejected
from tests.support.classifier import flagged, found, handled, remembered, settings
from tests.support.findings import describe
from tests.support.picture_models import LABELS as SEEN_AS
from tests.support.picture_models import write
from tests.support.poll import eventually
from tests.support.service import T0, record, running
from tests.support.stack import Migrated

TEN_MB = 10 * 1024 * 1024


@pytest.fixture
def clock() -> SystemClock:
    """The service that runs on the database has the same."""
    return SystemClock()


@pytest.fixture
def classifier(migrated: Migrated, text_model: Path) -> Callable[..., Settings]:
    return lambda **given: settings(migrated, **{"text_model": text_model, **given})


@pytest.fixture(scope="module")
def known() -> bytes:
    out = io.BytesIO()
    known_picture(LABELS[0]).save(out, "PNG")
    return out.getvalue()


def of_known(number: int, known: bytes, **more: object) -> ContentFound:
    return found(number, pictures=(describe(f"http://board{number}.test/a.png", known),), **more)


def changed(event: ContentFound, change: Callable[[dict[str, Any]], object]) -> Record:
    """A record of it that no program of ours wrote."""
    good = record(event, uuid4())
    value = json.loads(good.value)
    change(value)
    return Record(good.topic, good.key, json.dumps(value).encode(), good.headers)


def put_aside(broker: MemoryBroker, topic: str = "content.found") -> list[str]:
    return [one.headers["dead_error"].decode() for log in broker.topics.get(f"{topic}.dead", ()) for one in log]


async def test_wrong_records_are_named_and_put_aside_and_the_rest_is_judged(
    classifier: Callable[..., Settings], database: Database, owner: Database, known: bytes
) -> None:
    good = [of_known(number, known) for number in range(1, 7)]
    broker = MemoryBroker(1)
    wrong = [
        (lambda v: v.update(text="lantern " * (TEN_MB // 8)), "text"),
        (lambda v: v["finding"]["pictures"][0].update(pdq_dihedral=["ab" * 31]), "finding.pictures.0.pdq_dihedral.0"),
        (lambda v: v["finding"]["pictures"][0].update(sha256="AB" * 32), "finding.pictures.0.sha256"),
        (lambda v: v["finding"].update(found_at="yesterday"), "finding.found_at"),
    ]
    stream = [record(good[0])]
    for event, (change, _) in zip(good[1:], wrong, strict=False):
        stream += [changed(of_known(50, known), change), record(event)]
    async with running(app(classifier()), broker, database):  # no bank has anything yet
        await broker.produce([record(of_known(99, known))])
        await handled(broker, 1)
        assert (flagged(broker), put_aside(broker)) == ({}, [])
        await list_hashes(owner, "own", compute_entries("k", "stand-in", known), draft=BankDraft())
        await broker.produce([*stream, record(good[-1])])
        await handled(broker, len(stream) + 2)
    assert [error.partition(":")[0] for error in put_aside(broker)] == ["Undecodable"] * len(wrong)
    for error, (_, field) in zip(put_aside(broker), wrong, strict=True):
        assert field in error
    assert {event.finding.url for event in good} <= set(flagged(broker))


async def test_a_finding_that_breaks_a_reader_is_put_aside_alone(
    classifier: Callable[..., Settings], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = TextReader.read

    def fragile(self: TextReader, texts: list[str], *more: object) -> object:
        if any("brittle" in text for text in texts):
            raise ArithmeticError("a fault of this test")
        return read(self, texts, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(TextReader, "read", fragile)
    events = [found(number, "brittle" if number == 7 else f"The museum opens at {number}.") for number in range(16)]
    broker = MemoryBroker(1)
    async with running(app(classifier()), broker, database):
        await broker.produce([record(event) for event in events])
        await handled(broker, len(events))
    assert put_aside(broker) == ["ArithmeticError: a fault of this test"]
    assert set(await remembered(database)) == {event.finding.content_id for event in events if event.text != "brittle"}


HEAPS = (
    "\u0300\u0316" * 16_000,
    "a" * 32_768,
    "🏮" * 16_000,
    "\u0000" * 100 + " lantern",
    "010-1234-" * 3_600,
    "@" * 32_000,
    "(" * 32_000,
    "ㄱ" * 32_000,
    "\u200b" * 32_000 + "\u202e",
)


async def test_heaps_of_anything_are_judged_and_remembered(
    classifier: Callable[..., Settings], database: Database
) -> None:
    events = [found(number, heap) for number, heap in enumerate(HEAPS)]
    nul = found(98)
    nul = nul.model_copy(
        update={"finding": nul.finding.model_copy(update={"title": "a\u0000b", "url": "http://a.test/\u0000"})}
    )
    broker = MemoryBroker(1)
    async with running(app(classifier()), broker, database):
        await broker.produce([record(event) for event in (*events, nul)])
        await handled(broker, len(events) + 1)
    assert put_aside(broker) == []
    assert len(await remembered(database)) == len(events) + 1


async def test_pictures_that_cannot_be_read_are_named_and_matched_nevertheless(
    classifier: Callable[..., Settings], database: Database, owner: Database, known: bytes, tmp_path: Path
) -> None:
    model = write(tmp_path / "vit")
    await list_hashes(owner, "own", compute_entries("k", "stand-in", known), draft=BankDraft())
    broker = MemoryBroker(1)
    given = classifier(picture_model=str(model), picture_categories={label: label for label in SEEN_AS})
    async with running(app(given), broker, database):  # without a quarantine there is no picture to be read
        await broker.produce([record(of_known(1, known))])
        await handled(broker, 1)
    (flag,) = flagged(broker).values()
    (unread,) = [reason for reason in flag.assessment.reasons if reason.code == "unread"]
    assert unread.values["count"] == "1"
    assert unread.values["why"]


def pickled(model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"\x80\x04N.")


@pytest.mark.parametrize(
    ("setting", "make", "error", "said"),
    [
        ("text_model", lambda path: None, ModelUnusable, "HAETAE_TEXT_MODEL"),
        ("text_model", lambda path: (path / "config.json").write_text("{"), ModelUnusable, "HAETAE_TEXT_MODEL"),
        ("picture_model", lambda path: (path / "config.json").write_text("{"), PictureModelUnusable, "PICTURE_MODEL"),
        ("picture_model", lambda path: pickled(write(path)), PictureModelUnusable, "PICTURE_MODEL"),
        ("lexicon", lambda path: (path / "a.toml").write_text("[[terms]]\nid = 3"), LexiconUnusable, "HAETAE_LEXICON"),
        ("lexicon", lambda path: None, LexiconUnusable, "HAETAE_LEXICON"),
    ],
)  # fmt: skip
async def test_a_corrupt_directory_is_named_at_the_start(
    classifier: Callable[..., Settings], database: Database, tmp_path: Path,
    setting: str, make: Callable[[Path], object], error: type[Rejected], said: str,
) -> None:  # fmt: skip
    make(tmp_path)
    with pytest.raises(error, match=said):
        async with running(app(classifier(**{setting: str(tmp_path)})), MemoryBroker(), database) as working:
            await working


def spoiled(folder: Path) -> list[Path]:
    """Every file in it."""
    saved = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]
    for path in saved:
        path.write_bytes(b"\x00" * 100)
    return saved


async def test_a_broken_hash_index_is_built_anew(
    classifier: Callable[..., Settings], database: Database, owner: Database, known: bytes, tmp_path: Path
) -> None:
    await list_hashes(owner, "own", compute_entries("k", "stand-in", known), draft=BankDraft())
    given, broker = classifier(hash_index=str(tmp_path)), MemoryBroker()
    async with running(app(given), broker, database):
        await broker.produce([record(found())])
        await handled(broker, 1)
    assert spoiled(tmp_path)
    broker = MemoryBroker()
    async with running(app(given), broker, database):
        await broker.produce([record(of_known(1, known))])
        await handled(broker, 1)
    assert len(flagged(broker)) == 1


async def test_wrong_news_is_passed_over_and_the_next_is_heard(
    classifier: Callable[..., Settings], database: Database, owner: Database
) -> None:
    listed, submitted = EXAMPLES[HashListed], EXAMPLES[HashSubmitted]
    broker, service = MemoryBroker(1), app(classifier())
    bank = next(one for one in service.resources if hasattr(one, "match"))
    async with running(service, broker, database):
        wrong = [json.loads(record(event).value) for event in (listed, submitted)]
        wrong[0]["listed_at"] = "never"
        wrong[1]["hashes"][0]["hash"] = "ab" * 7
        for event, value in zip((listed, submitted), wrong, strict=True):
            good = record(event, "wrong")
            await broker.produce([Record(good.topic, good.key, json.dumps(value).encode(), good.headers)])
        await broker.produce([record(submitted)])
        await eventually(lambda: len(bank))
    (error,) = put_aside(broker, "hash.submitted")
    assert "hashes.0.hash" in error


async def test_a_rule_that_nobody_can_read_is_left_out(
    classifier: Callable[..., Settings], database: Database, owner: Database
) -> None:
    async with owner.transaction() as tx:
        values = {"version": 1, "mode": "live", "author": "x", "why": "y", "changed_at": T0}
        tx.add(RuleVersion(name="no-rule", rule={"name": 3}, **values))
        tx.add(
            RuleVersion(name="endless", rule={"name": "endless", "when": "(" * 999, "then": {"flag": True}}, **values)
        )
    broker = MemoryBroker()
    async with running(app(classifier()), broker, database):
        await broker.produce([record(found())])
        await handled(broker, 1)
    assert flagged(broker) == {}
    assert put_aside(broker) == []
