"""Hashes that are listed after a page was seen: it becomes a case all the same, whatever is killed on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.classifier.app import app
from services.classifier.hashes import backwards
from services.classifier.hashes import banks as control
from services.classifier.hashes.backwards import BackwardsMatching
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.entries import Algorithm, BankDraft, Kind
from services.classifier.hashes.listing import list_hashes, switch_hashes
from services.classifier.hashes.matching import Matched
from services.classifier.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database, Transaction
from shared.events import ContentFlagged, ContentFound
from shared.events.envelope import decode
from shared.events.values import Frame, Video
from shared.identity import case_id, identity
from tests.support.banks import HASH, ME, RNG, flipped, found, listed, remember, shown
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import Migrated


class Judge:
    """Notes what it is given, as a handler does: in the transaction."""

    def __init__(self) -> None:
        self.given: list[tuple[str, tuple[str, ...]]] = []
        self.refuses: set[UUID] = set()

    async def __call__(self, tx: Transaction, found: ContentFound, matched: Matched) -> None:
        await tx.execute(sa.text("SELECT 1"))
        if found.finding.content_id in self.refuses:
            raise RuntimeError("a bug")
        self.given.append((found.finding.url, tuple(sorted(match.entry for match in matched.matches))))


@pytest.fixture
def judge() -> Judge:
    return Judge()


async def see(database: Database, bank: HashBank, *contents: ContentFound, judged: bool = True) -> None:
    """As the detector does: match, then remember what was judged."""
    await bank.match(contents)
    async with database.transaction() as tx:
        for one in contents if judged else ():
            await remember(tx, one)


async def finish(database: Database, bank: HashBank, judge: Judge) -> None:
    work = BackwardsMatching(bank, judge)
    while await work.step(database):
        pass


async def waiting(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text("SELECT count(*) FROM late_matches"))).scalar_one())


PAGES = [f"http://board.test/{number}" for number in range(5)]


async def test_what_was_seen_is_matched_with_what_is_listed_later(database, bank, judge):
    turned = [RNG.bytes(32)] * 5 + [flipped(HASH, 12)]
    await see(database, bank, found(shown(*turned), url=PAGES[0]), found(shown(RNG.bytes(32)), url=PAGES[1]))
    await finish(database, bank, judge)
    assert judge.given == []
    await list_hashes(database, "own", [listed()], author=ME)
    await finish(database, bank, judge)
    await finish(database, bank, judge)
    assert judge.given == [(PAGES[0], ("k",))]


async def test_digests_phashes_and_videos_are_matched_backwards_too(database, bank, judge):
    scenes = [RNG.bytes(32) for _ in range(4)]
    frames = tuple(Frame(at_s=place + 0.5, pdq=one.hex(), pdq_quality=90) for place, one in enumerate(scenes))
    video = Video(url="http://board.test/v.mp4", sha256="0b" * 32, bytes=1, frames=frames, md5="cd" * 16)
    await see(
        database,
        bank,
        found(shown(sha256="ab" * 32, sha1="ab" * 20, md5="ab" * 16), url=PAGES[0]),
        found(shown(RNG.bytes(32), phash_dihedral=(HASH[:8].hex(),)), url=PAGES[1]),
        found(shown(sha256="0c" * 32), videos=(video,), url=PAGES[2]),
    )
    film = [listed(one, "film", Algorithm.VPDQ) for one in scenes]
    digests = [
        listed(bytes.fromhex("ab" * 20), "sha1", Algorithm.SHA1),
        listed(bytes.fromhex("ab" * 16), "md5", Algorithm.MD5),
        listed(bytes.fromhex("cd" * 16), "video file", Algorithm.MD5),
        listed(HASH[:8], "phash", Algorithm.PHASH),
    ]
    await list_hashes(database, "own", [*film, *digests], author=ME)
    await finish(database, bank, judge)
    assert sorted(judge.given) == [
        (PAGES[0], ("md5", "sha1")), (PAGES[1], ("phash",)), (PAGES[2], ("film", "video file")),
    ]  # fmt: skip


async def test_a_kill_between_two_steps_loses_nothing(database, bank, judge, monkeypatch):
    monkeypatch.setattr(backwards, "PICTURES", 1)
    for url in PAGES:
        await see(database, bank, found(shown(HASH, sha256=identity("file", url).hex * 2), url=url))
    await list_hashes(database, "own", [listed()], author=ME)
    for _ in range(40):  # each step in a process of its own; listing goes on meanwhile
        await BackwardsMatching(bank, judge).step(database)
    await list_hashes(database, "own", [listed(flipped(HASH, 2), "later")], author=ME)
    await finish(database, bank, judge)
    assert [one for one in judge.given if one[1] == ("k",)] == [(url, ("k",)) for url in PAGES]
    assert [one for one in judge.given if one[1] == ("k", "later")] == [(url, ("k", "later")) for url in PAGES]


async def test_two_processes_do_each_step_once(database, bank, judge, monkeypatch):
    monkeypatch.setattr(backwards, "PICTURES", 1)
    await see(database, bank, *(found(shown(HASH), url=url) for url in PAGES))
    await list_hashes(database, "own", [listed()], author=ME)
    one, other = BackwardsMatching(bank, judge), BackwardsMatching(bank, judge)
    first = await one._progress(database)
    assert first
    assert first == await other._progress(database)
    assert await one._look_through(database, first)
    assert not await other._look_through(database, first)
    await finish(database, bank, judge)
    assert sorted(judge.given) == [(url, ("k",)) for url in PAGES]


async def test_what_is_switched_on_or_becomes_valid_is_matched_backwards(database, bank, judge, clock):
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE backwards SET valid_at = :now"), {"now": tx.clock.now()})
    await list_hashes(database, "a", [listed(entry="a")], author=ME)
    await list_hashes(database, "b", [listed(entry="b")], author=ME, draft=BankDraft(kind=Kind.HARMLESS))
    tomorrow = BankDraft(valid_from=clock.now() + timedelta(days=1))
    await list_hashes(database, "c", [listed(entry="c")], author=ME, draft=tomorrow)
    await list_hashes(database, "d", [listed(entry="d")], author=ME)
    await control.switch_bank(database, "a", False, ME)
    await switch_hashes(database, "d", {"entry": "d"}, False, ME)
    await see(database, bank, found(shown(HASH), url=PAGES[0]))
    await finish(database, bank, judge)
    assert judge.given == []
    await control.switch_bank(database, "a", True, ME)
    await finish(database, bank, judge)
    await control.set_bank(database, "b", {"kind": "known"}, ME)
    await finish(database, bank, judge)
    clock.advance(86_400)
    await finish(database, bank, judge)
    await switch_hashes(database, "d", {"entry": "d"}, True, ME)
    await finish(database, bank, judge)
    assert [entries for _, entries in judge.given] == [("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")]
    await finish(database, bank, judge)
    assert len(judge.given) == 4


async def test_content_that_is_being_judged_at_the_moment_waits_for_it(database, bank, judge, clock):
    seen = found(shown(HASH), url=PAGES[0])
    await see(database, bank, seen, judged=False)
    await list_hashes(database, "own", [listed()], author=ME)
    await finish(database, bank, judge)
    assert judge.given == []
    async with database.transaction() as tx:
        await remember(tx, seen)
    await finish(database, bank, judge)
    assert judge.given == [(PAGES[0], ("k",))]
    await see(database, bank, found(shown(HASH), url=PAGES[1]), judged=False)
    await list_hashes(database, "own", [listed(entry="l")], author=ME)
    await finish(database, bank, judge)
    clock.advance(3600)
    await finish(database, bank, judge)
    assert await waiting(database) == 0


async def test_one_that_cannot_be_judged_does_not_stop_the_others(database, bank, judge):
    contents = [found(shown(HASH), url=url) for url in PAGES]
    await see(database, bank, *contents)
    judge.refuses = {contents[2].finding.content_id}
    async with database.transaction() as tx:
        broken = {"id": contents[4].finding.content_id}
        await tx.execute(sa.text("UPDATE seen SET finding = '{}' WHERE content_id = :id"), broken)
    await list_hashes(database, "own", [listed()], author=ME)
    await finish(database, bank, judge)
    assert {url for url, _ in judge.given} == {PAGES[0], PAGES[1], PAGES[3]}
    assert await waiting(database) == 0


async def test_many_new_hashes_are_looked_up_in_the_bank_s_own_index(database, bank, judge, monkeypatch):
    monkeypatch.setattr(backwards, "MOST_NEW", 10)
    await see(database, bank, found(shown(HASH), url=PAGES[0]))
    await list_hashes(database, "own", [listed(RNG.bytes(32), f"e{n}") for n in range(30)] + [listed()], author=ME)
    await finish(database, bank, judge)
    assert judge.given == [(PAGES[0], ("k",))]


def handled(broker: MemoryBroker) -> int:
    group = broker.groups.get("classifier.hot")
    return sum(group.offsets.values()) if group else 0


async def test_a_page_becomes_a_case_when_its_picture_is_listed_after_it_was_seen(
    migrated: Migrated, text_model: Path
) -> None:
    """The whole service, as it runs."""
    settings = {"database_url": migrated.dsn_for("classifier"), "kafka_bootstrap": "unused", "text_model": text_model}
    broker, database = MemoryBroker(), Database(migrated.dsn_for("classifier"), "/haetae/classifier")
    event = found(shown(flipped(HASH, 8)), url=PAGES[0])
    async with running(app(Settings.model_validate(settings)), broker, database):
        await broker.produce([record(event), record(found(shown(RNG.bytes(32)), url=PAGES[1]))])
        await eventually(lambda: handled(broker) == 2)
        assert not any(broker.topics["content.flagged"])
        owner = Database(migrated.owner_url, "/haetae/classifier", schema="classifier")
        await list_hashes(owner, "own", [listed()], author=ME)
        await eventually(lambda: any(broker.topics["content.flagged"]))
        await owner.close()
    (told,) = [decode(one.value, dict(one.headers)) for log in broker.topics["content.flagged"] for one in log]
    flag = told.event
    assert isinstance(flag, ContentFlagged)
    assert (flag.case_id, flag.finding.url) == (case_id(PAGES[0]), PAGES[0])
    assert [(one.bank, one.entry, one.distance) for one in flag.assessment.matches] == [("own", "k", 8)]
    assert told.id == identity("flagged", flag.case_id)
    await database.close()
