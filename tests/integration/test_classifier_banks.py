"""Hash banks on a real database: what is listed, switched off or judged harmless counts at once, in every process."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from deploy.local.access import libpq_url
from migrations.runner import downgrade, upgrade
from services.classifier.hashes import banks as control
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.changes import Author, NothingListed, bank_history
from services.classifier.hashes.entries import Algorithm, BankDraft, Kind, Source
from services.classifier.hashes.listing import find_hash, list_hashes, list_some, stored, switch_hashes
from services.classifier.hashes.matching import Matched
from services.classifier.hashes.submitted import SUBMITTED_THRESHOLD, list_submitted
from shared.bus.kafka import KafkaBroker
from shared.database import Database
from shared.events import HashListed, HashSubmitted
from shared.events.detection import SubmittedHash
from shared.events.values import Frame, Picture, Video
from shared.failures import Rejected
from shared.handling import Service
from shared.identity import identity
from shared.outbox import OUTBOX
from tests.support.banks import HASH, ME, RNG, flipped, found, listed, shown
from tests.support.poll import eventually
from tests.support.service import T0, envelope, running

OWN, FOREIGN = BankDraft(threshold=60), BankDraft(source=Source.EXCHANGE)
T1 = T0 + timedelta(days=1)


async def match(bank: HashBank, *pictures: Picture, videos: tuple[Video, ...] = ()) -> Matched:
    (answer,) = await bank.match([found(*pictures, videos=videos)])
    return answer


async def entries_of(bank: HashBank, *pictures: Picture) -> list[str]:
    return [one.entry for one in (await match(bank, *pictures)).matches]


async def test_a_match_says_bank_entry_hash_distance_variant_category_and_source(database, bank):
    near = flipped(HASH, 7)
    await list_hashes(database, "own", [listed(variant="centre-10", phash="0f" * 8)], author=ME, draft=OWN)
    turns = [RNG.bytes(32), RNG.bytes(32), near]
    picture = shown(*turns, phash_dihedral=("00" * 8, "00" * 8, "0f" * 7 + "0e"))
    (one,) = (await match(bank, picture)).matches
    assert one.model_dump() == {
        "picture_url": picture.url, "bank": "own", "entry": "k", "algorithm": "pdq", "distance": 7,
        "variant": "centre-10, rotate180", "hash": HASH.hex(), "category": "stand-in", "source": "agency",
        "share": None, "second": 1,
    }  # fmt: skip


async def test_an_empty_bank_matches_nothing_and_keeps_what_was_seen(database, bank):
    assert await bank.match([found(), found(shown(HASH), url="http://board.test/2")]) == [Matched(), Matched()]
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM seen_pictures"))).scalar() == 1


async def test_every_algorithm_is_listed_and_found(database, bank):
    digest = bytes.fromhex("ab" * 32)
    await list_hashes(
        database,
        "mixed",
        [
            listed(entry="pdq"),
            listed(digest, "sha256", Algorithm.SHA256),
            listed(digest[:20], "sha1", Algorithm.SHA1),
            listed(digest[:16], "md5", Algorithm.MD5),
            listed(HASH[:8], "phash", Algorithm.PHASH),
        ],
        author=ME,
    )
    assert await entries_of(bank, shown(HASH)) == ["pdq"]
    assert await entries_of(bank, shown(sha256="ab" * 32)) == ["sha256"]
    assert await entries_of(bank, shown(sha1="ab" * 20)) == ["sha1"]
    assert await entries_of(bank, shown(md5="ab" * 16)) == ["md5"]
    assert await entries_of(bank, shown(RNG.bytes(32), phash_dihedral=(HASH[:8].hex(),))) == ["phash"]
    assert len(bank) == 5


async def test_a_video_needs_a_share_of_the_frames_that_are_listed(database, bank):
    scenes = [RNG.bytes(32) for _ in range(6)]
    film = [listed(one, "film", Algorithm.VPDQ, variant=f"at {place}.0 s") for place, one in enumerate(scenes)]
    await list_hashes(database, "own", film, author=ME, draft=OWN)

    def video(*hashes: bytes) -> Video:
        frames = [Frame(at_s=place, pdq=one.hex(), pdq_quality=90) for place, one in enumerate(hashes)]
        return Video(url="http://board.test/v.mp4", sha256="0b" * 32, bytes=1, frames=tuple(frames))

    (one,) = (await match(bank, videos=(video(*(flipped(scene, 9) for scene in scenes[1:5])),))).matches
    assert (one.entry, one.algorithm, round(one.share or 0, 2)) == ("film", "vpdq", 0.67)
    assert (await match(bank, videos=(video(*scenes[:2]),))).matches == ()
    await switch_hashes(database, "own", {"entry": "film", "variant": "at 5.0 s"}, False, ME)
    (one,) = (await match(bank, videos=(video(*scenes[:4]),))).matches
    assert one.share == 0.8


async def test_listing_again_adds_nothing_and_says_nothing(database, bank):
    entries = [listed(RNG.bytes(32), f"e{number}") for number in range(30)]
    assert await list_hashes(database, "a", entries, author=ME) == 30
    assert await list_hashes(database, "a", entries, author=ME) == 0
    assert await list_hashes(database, "a", [*entries, listed()], author=ME) == 1
    assert await list_hashes(database, "b", entries, author=ME) == 30
    told = await events(database)
    assert [(one.bank, one.changed, one.entries) for one in told] == [("a", 30, ()), ("a", 1, ()), ("b", 30, ())]
    assert [one.revision for one in told] == sorted({one.revision for one in told})
    assert [one.hash for page in [page async for page in stored(database, "a")] for one in page] == [
        one.hash for one in (*entries, listed())
    ]


async def events(database: Database) -> list[HashListed]:
    async with database.transaction() as tx:
        told = (await tx.execute(sa.select(OUTBOX.c.value).order_by(OUTBOX.c.position))).scalars().all()
    return [HashListed.model_validate_json(value) for value in told]


async def test_a_hash_or_a_bank_that_is_switched_off_counts_no_more_in_any_process_and_on_again(database, bank):
    async with HashBank(database, None) as other:
        await list_hashes(database, "own", [listed(), listed(flipped(HASH, 3), "l")], author=ME)
        await list_hashes(database, "second", [listed(entry="m")], author=ME)

        async def told() -> list[list[str]]:
            return [sorted(await entries_of(one, shown(HASH))) for one in (bank, other)]

        assert await told() == [["k", "l", "m"]] * 2
        assert await switch_hashes(database, "own", {"hash": HASH.hex()}, False, ME) == 1
        assert await told() == [["l", "m"]] * 2
        assert await list_hashes(database, "own", [listed()], author=ME) == 0
        assert await told() == [["l", "m"]] * 2
        await control.switch_bank(database, "own", False, ME)
        assert await told() == [["m"]] * 2
        await control.switch_bank(database, "own", True, ME)
        await switch_hashes(database, "own", {"entry": "k"}, True, ME)
        assert await told() == [["k", "l", "m"]] * 2
        assert len(bank) == len(other) == 3


async def test_what_is_switched_off_leaves_the_index(database, bank):
    await list_hashes(database, "own", [listed(), listed(RNG.bytes(32), "l")], author=ME)
    await bank.sync()
    await switch_hashes(database, "own", {"entry": "k"}, False, ME)
    await bank.sync()
    assert len(bank) == 1


async def test_a_bank_counts_within_its_days_alone(database, bank, clock):
    now = clock.now()
    days = {"valid_from": now + timedelta(days=1), "valid_until": now + timedelta(days=2)}
    await list_hashes(database, "order", [listed()], author=ME)
    assert await entries_of(bank, shown(HASH)) == ["k"]
    await control.set_bank(database, "order", days, ME)
    assert await entries_of(bank, shown(HASH)) == []
    clock.advance(86_400)
    assert await entries_of(bank, shown(HASH)) == ["k"]
    clock.advance(86_400)
    assert await entries_of(bank, shown(HASH)) == []


async def test_what_is_nearer_to_a_negative_bank_is_told_as_harmless(database, bank):
    await list_hashes(database, "own", [listed()], author=ME, draft=OWN)
    await list_hashes(
        database, "posters", [listed(flipped(HASH, 30), "poster")], author=ME, draft=BankDraft(kind=Kind.HARMLESS)
    )
    answer = await match(bank, shown(flipped(HASH, 25)))
    assert ([one.entry for one in answer.matches], [one.bank for one in answer.harmless]) == ([], ["posters"])
    await control.set_bank(database, "posters", {"kind": "known"}, ME)
    assert sorted(await entries_of(bank, shown(flipped(HASH, 25)))) == ["k", "poster"]


async def test_hashes_follow_their_bank_s_threshold_unless_they_have_their_own(database, bank, monkeypatch):
    monkeypatch.setattr(control, "FOLLOW_AT_ONCE", 1)
    await list_hashes(database, "own", [listed(), listed(entry="narrow", threshold=10)], author=ME, draft=FOREIGN)
    seen = shown(flipped(HASH, 40))
    assert await entries_of(bank, seen) == []
    assert await control.set_bank(database, "own", {"threshold": 45}, ME) == 1
    assert await entries_of(bank, seen) == ["k"]
    assert await control.set_bank(database, "own", {"threshold": 45}, ME, every_hash=True) == 1
    assert sorted(await entries_of(bank, seen)) == ["k", "narrow"]
    await list_hashes(database, "own", [listed(entry="later")], author=ME)
    assert "later" in await entries_of(bank, seen)
    await control.set_bank(database, "own", {"threshold": 31}, ME, every_hash=True)
    assert await entries_of(bank, seen) == []


async def test_every_change_leaves_a_line_that_the_service_cannot_change(database):
    await list_hashes(database, "own", [listed()], author=ME, draft=OWN)
    await control.set_bank(database, "own", {"threshold": 50, "category": "c"}, Author("lee", "too many"))
    await switch_hashes(database, "own", {"entry": "k"}, False, Author("lee", "a mistake"))
    await control.switch_bank(database, "own", False, Author("kim", "court order"))
    async with database.transaction() as tx:
        lines = await bank_history(tx, "own", 10)
    assert [(one.changed_by, one.what, one.why) for one in reversed(lines)] == [
        ("kim", "created", "for the test"), ("kim", "listed", "for the test"), ("lee", "changed", "too many"),
        ("lee", "hashes disabled", "a mistake"), ("kim", "disabled", "court order"),
    ]  # fmt: skip
    assert lines[2].details == {"threshold": 50, "category": "c"}
    assert lines[1].details == {"entry": "k", "hashes": 1}
    for statement in ("UPDATE bank_changes SET why = ''", "DELETE FROM bank_changes", "TRUNCATE bank_changes"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            async with database.transaction() as tx:
                await tx.execute(sa.text(statement))


async def test_what_is_not_there_is_named_with_the_cure(database):
    await list_hashes(database, "own", [listed()], author=ME)
    with pytest.raises(NothingListed, match="'owm': there is none; `haetae banks list`"):
        await control.switch_bank(database, "owm", False, ME)
    with pytest.raises(NothingListed, match="no such hash; `haetae hashes find HASH`"):
        await switch_hashes(database, "own", {"entry": "x"}, False, ME)
    with pytest.raises(ValueError, match="threshold 91: give a whole number of differing bits, 0 to 90"):
        await control.set_bank(database, "own", {"threshold": 91}, ME)
    with pytest.raises(ValueError, match="'own' is there already"):
        await control.add_bank(database, "own", OWN, ME)
    with pytest.raises(ValueError, match="is not after valid_from"):
        await control.set_bank(database, "own", {"valid_from": T1, "valid_until": T0}, ME)
    assert not await control.switch_bank(database, "own", True, ME)
    async with database.transaction() as tx:
        assert [(one.bank, one.entry) for one in await find_hash(tx, HASH.hex())] == [("own", "k")]
        with pytest.raises(ValueError, match="'xyz': give hexadecimal digits"):
            await find_hash(tx, "xyz")


async def test_two_that_list_at_once_are_read_in_the_order_of_their_commits(database, bank):
    """A revision that is taken but not committed yet holds back whoever takes the next, so that none is passed over."""
    async with database.transaction() as tx:
        await list_some(tx, "slow", [listed(entry="slow")], ME, OWN)
        quick = asyncio.create_task(list_hashes(database, "quick", [listed(entry="quick")], author=ME))
        await eventually(partial(waits_for_a_lock, database))
        assert await entries_of(bank, shown(HASH)) == []
    await quick
    assert sorted(await entries_of(bank, shown(HASH))) == ["quick", "slow"]


async def waits_for_a_lock(database: Database) -> bool:
    async with database.transaction() as tx:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool((await tx.execute(sa.text(waiting))).scalar())


async def test_the_saved_index_is_taken_up_and_completed(database, tmp_path):
    await list_hashes(
        database, "own", [listed(), listed(entry="off"), listed(HASH[:8], "p", Algorithm.PHASH)], author=ME
    )
    async with HashBank(database, tmp_path) as first:
        assert len(first) == 3
    await list_hashes(database, "own", [listed(entry="new")], author=ME)
    await switch_hashes(database, "own", {"entry": "off"}, False, ME)
    async with HashBank(database, tmp_path) as second:
        assert second.read_at_start == 2
        assert sorted(await entries_of(second, shown(HASH))) == ["k", "new"]


async def test_what_is_listed_while_the_index_is_saved_does_not_wait(database, tmp_path, monkeypatch):
    on_its_way, told = asyncio.Event(), asyncio.Event()

    async def slowly(*_: object) -> bool:
        on_its_way.set()
        await told.wait()
        return True

    monkeypatch.setattr("services.classifier.hashes.bank.save", slowly)
    async with HashBank(database, tmp_path) as bank:
        await list_hashes(database, "own", [listed()], author=ME)
        await bank.sync()
        saving = asyncio.create_task(bank.save())
        await on_its_way.wait()
        await switch_hashes(database, "own", {"entry": "k"}, False, ME)
        await bank.sync()
        assert len(bank) == 0
        told.set()
        await saving


async def test_a_broken_or_foreign_index_is_built_anew_and_that_is_said(database, tmp_path):
    await list_hashes(database, "own", [listed()], author=ME)
    async with HashBank(database, tmp_path):
        pass
    saved = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert saved
    for path in saved:
        path.write_bytes(path.read_bytes()[:-9])
    with capture_logs() as logs:
        async with HashBank(database, tmp_path) as bank:
            assert await entries_of(bank, shown(HASH)) == ["k"]
    assert [line for line in logs if "built anew" in line["event"]]
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE bank_revision SET history = gen_random_uuid()"))
    async with HashBank(database, tmp_path) as bank:
        assert bank.read_at_start == 1


async def test_submitted_hashes_are_listed_in_the_bank_of_their_source(database, bank):
    event = HashSubmitted(
        submission_id=identity("submission", 1),
        source="victim_report",
        category="stand-in",
        reference="R-7",
        hashes=(
            SubmittedHash(algorithm="pdq", hash=HASH.hex(), quality=90),
            SubmittedHash(algorithm="pdq", hash=RNG.bytes(32).hex(), quality=20),
            SubmittedHash(algorithm="sha256", hash="ab" * 32),
        ),
        by="counsellor-1",
        submitted_at=T0,
    )
    async with database.transaction(envelope(event)) as tx:
        await list_submitted(event, tx)
    (one,) = (await match(bank, shown(flipped(HASH, SUBMITTED_THRESHOLD)))).matches
    assert (one.bank, one.source, one.category) == ("victim-reports", "victim_report", "stand-in")
    assert one.entry.startswith("R-7/")
    assert len(bank) == 2
    longest = event.model_copy(update={"submission_id": identity("submission", 2), "reference": "R\u3000" * 100})
    async with database.transaction(envelope(longest)) as tx:
        await list_submitted(longest, tx)
    assert len(set(await entries_of(bank, shown(HASH)))) == 2
    for wrong, said in (
        ({"algorithm": "pdq", "hash": "ab" * 16, "quality": 90}, "32 hexadecimal digits are no pdq"),
        ({"algorithm": "pdq", "hash": "ab" * 32, "quality": 10}, "every PDQ quality is below 50"),
    ):
        bad = event.model_copy(update={"hashes": (SubmittedHash.model_validate(wrong),)})
        with pytest.raises(Rejected, match=said):
            async with database.transaction(envelope(bad)) as tx:
                await list_submitted(bad, tx)


async def test_the_news_reaches_every_process_over_kafka(database, kafka_bootstrap, topic_prefix):
    """Without a picture to match, which would ask the table by itself."""
    async with HashBank(database, None) as one, HashBank(database, None) as other, AsyncExitStack() as stack:
        for bank in (one, other):
            broker = KafkaBroker(kafka_bootstrap, topic_prefix, idempotence=False)
            stack.push_async_callback(broker.close)
            service = Service("classifier", listens={HashListed: bank.heard}, publishes=frozenset({HashListed}))
            await stack.enter_async_context(running(service, broker, database))
        await list_hashes(database, "own", [listed()], author=ME)
        await eventually(lambda: (len(one), len(other)) == (1, 1))
        await switch_hashes(database, "own", {"entry": "k"}, False, ME)
        await eventually(lambda: (len(one), len(other)) == (0, 0))


async def test_old_news_are_no_reason_to_ask_the_table(database, bank, monkeypatch):
    await list_hashes(database, "own", [listed()], author=ME)
    await bank.heard(HashListed(bank="own", listed_at=T0, revision=2, changed=1))
    assert len(bank) == 1
    monkeypatch.setattr(bank, "sync", None)
    await bank.heard(HashListed(bank="own", listed_at=T0, revision=2, changed=1))


async def test_what_was_listed_before_there_were_banks_is_kept(postgres_url):
    await asyncio.to_thread(upgrade, postgres_url, "0014")
    rows = [("own", "k", "pdq", 45), ("own", "l", "pdq", 45), ("own", "m", "pdq", 31), ("own", "f", "sha256", 0)]
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        for number, row in enumerate(rows):
            connection.execute(
                "INSERT INTO classifier.bank_entries (bank, entry, category, algorithm, hash, variant, threshold) "
                "VALUES (%s, %s, 'c', %s, %s, 'original', %s)",
                (*row[:3], bytes([number]) * 32, row[3]),
            )
    await asyncio.to_thread(upgrade, postgres_url, "0015")
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        kept = connection.execute("SELECT entry, threshold_given, revision FROM classifier.bank_entries ORDER BY id")
        assert kept.fetchall() == [("k", False, 1), ("l", False, 1), ("m", True, 1), ("f", False, 1)]
        assert connection.execute("SELECT name, threshold, kind FROM classifier.banks").fetchall() == [
            ("own", 45, "known")
        ]
        connection.execute("UPDATE classifier.bank_entries SET disabled_at = now() WHERE entry = 'k'")
    await asyncio.to_thread(downgrade, postgres_url, "0014")
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        assert connection.execute("SELECT count(*) FROM classifier.bank_entries").fetchone() == (3,)
