"""Fingerprints leave the bank with the report that brought them, but for those that an official confirmed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.submitted import list_submitted, take_back
from services.gateway import history
from shared.database import Database
from shared.events import Event, HashSubmitted, HashWithdrawn
from shared.events.example_values import ASSESSMENT
from shared.identity import identity
from shared.notices import REPORTS_BANK, submitted_entry
from tests.support.banks import RNG, found, shown
from tests.support.door import URL, Door, a_door
from tests.support.gateway import Story
from tests.support.service import envelope
from tests.support.stack import Migrated

HASHES = [RNG.bytes(32) for _ in range(4)]
MATCH = ASSESSMENT.matches[0].model_copy(update={"bank": REPORTS_BANK})
Told = TypeVar("Told", bound=Event)


@pytest.fixture
async def door(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(migrated.dsn_for("gateway"), tmp_path) as door:
        yield door


def pictures(*hashes: bytes) -> str:
    return json.dumps([{"pdq": one.hex(), "quality": 90, "sha256": one.hex(), "variants": {}} for one in hashes])


async def told(door: Door, kind: type[Told]) -> list[Told]:
    rows = await door.rows(
        "SELECT value FROM outbox WHERE topic = :topic AND headers ->> 'ce_type' = :type ORDER BY position",
        topic=kind.topic.name,
        type=kind.type,
    )
    return [kind.model_validate_json(bytes(row.value)) for row in rows]


async def handle(database: Database, *events: HashSubmitted | HashWithdrawn) -> None:
    for event in events:
        async with database.transaction(envelope(event)) as tx:
            await (list_submitted(event, tx) if isinstance(event, HashSubmitted) else take_back(event, tx))


async def matched(bank: HashBank, hashes: list[bytes] = HASHES) -> list[int]:
    """Which of these are known."""
    answers = [await bank.match([found(shown(one, sha256=one.hex()))]) for one in hashes]
    return [place for place, (answer,) in enumerate(answers) if answer.matches]


async def approved(door: Door, post: str, entry: str) -> None:
    """A case that this entry had found, with the verdict of a person."""
    story, match = Story.of(f"post/{post}"), MATCH.model_copy(update={"entry": entry})
    told = story.flagged.assessment.model_copy(update={"matches": (match,)})
    objects = await door.desk.sealed_objects(story.case)
    flagged = story.flagged.model_copy(update={"assessment": told})
    await door.desk.tell(flagged, story.sealed.model_copy(update={"objects": objects}), story.drafted)
    await door.approve(story, "suspected_picture")


async def test_a_report_taken_back_takes_its_fingerprints_along_but_for_the_confirmed(
    door: Door, database: Database, bank: HashBank
) -> None:
    number, pin = await door.report(URL.format("prints"))
    other, _ = await door.report(URL.format("prints-other"))
    assert number != other
    page = await door.status(number, pin)
    for some in (HASHES[:2], HASHES[2:3]):  # a second time, so that their places go on
        assert "more" in (await door.act(page, "pictures", pictures=pictures(*some), consent="hashes")).text
    submitted = await told(door, HashSubmitted)
    strangers = submitted[0].model_copy(
        update={
            "submission_id": identity("stranger"),
            "reference": other.replace("-", ""),
            "hashes": tuple(one.model_copy(update={"hash": HASHES[3].hex()}) for one in submitted[0].hashes),
        }
    )
    await handle(database, *submitted, strangers)
    assert await matched(bank) == [0, 1, 2, 3]
    await approved(door, "prints-approved", submitted_entry(submitted[1].reference, submitted[1].submission_id))
    assert "Taken back." in (await door.act(page, "withdraw", sure="yes")).text
    withdrawn = await told(door, HashWithdrawn)
    assert [one.submission_id for one in withdrawn] == [submitted[0].submission_id, submitted[2].submission_id]
    await handle(database, *withdrawn)
    assert await matched(bank) == [1, 3], "the confirmed one, and that of another report"
    (row,) = await door.rows("SELECT report_id FROM reports WHERE number = :n", n=number.replace("-", ""))
    async with door.desk.database.transaction() as tx:
        lines, _ = await history.read(tx, row.report_id)
    assert {name: lines[-1].details[name] for name in ("fingerprints", "kept")} == {"fingerprints": 2, "kept": 1}
    assert "Taken back." in (await door.act(page, "withdraw", sure="yes")).text
    assert len(await told(door, HashWithdrawn)) == 2, "twice is once"
    await handle(database, *[one.model_copy(update={"by": "again"}) for one in withdrawn], submitted[0])
    assert await matched(bank) == [1, 3]


async def test_what_was_taken_back_before_it_came_is_never_listed(database: Database, bank: HashBank) -> None:
    submitted = HashSubmitted.model_validate(
        {
            "submission_id": identity("submission", "late"),
            "source": "agency",
            "category": "stand-in",
            "reference": "R\u3000" * 100,
            "hashes": [{"algorithm": "pdq", "hash": HASHES[0].hex(), "quality": 90}],
            "by": "counsellor-1",
            "submitted_at": "2026-11-22T12:00:00Z",
        }
    )
    kept = {name: getattr(submitted, name) for name in ("submission_id", "source", "reference", "by")}
    withdrawn = HashWithdrawn(**kept, withdrawn_at=submitted.submitted_at)
    other = submitted.model_copy(update={"submission_id": identity("submission", "other")})
    await handle(database, withdrawn, submitted)
    assert await matched(bank, HASHES[:1]) == []
    await handle(database, other)
    assert await matched(bank, HASHES[:1]) == [0]
    async with database.transaction() as tx:
        lines = (await tx.execute(sa.text("SELECT what FROM bank_changes ORDER BY id"))).scalars().all()
    assert lines == ["created", "withdrawn", "listed"]
