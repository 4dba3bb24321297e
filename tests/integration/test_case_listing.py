"""An official approves a case: from then on its pictures are known, however they are altered."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from PIL import Image, ImageOps

from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.cases import COMMON, COMMON_SHARE, list_case
from services.classifier.hashes.changes import Author, NothingListed
from services.classifier.hashes.listing import switch_hashes
from services.classifier.store import Seen
from services.evidence.listing import store as listing
from services.evidence.listing.choice import MOST, chosen
from services.evidence.listing.store import LEASE, TRIES, Listing
from services.evidence.listing.worker import CaseListing
from services.evidence.orders.handlers import decided
from services.evidence.store import Evidence
from shared.clock import ManualClock
from shared.database import Database
from shared.events import CaseHashed, CaseListed, ReviewDecided, Verdict
from shared.events.examples import ASSESSMENT, EXAMPLES
from shared.events.values import Match
from shared.handling import Context
from shared.notices import case_entry
from tests.support.banks import found
from tests.support.findings import describe, finding, picture_file
from tests.support.orders import Desk
from tests.support.outbox import told

ORIGINAL = picture_file(seed=5, size=400)
URL = "http://harbour-board.en.test/media/5.jpg"
PICTURE = describe(URL, ORIGINAL)
FINDING = finding("http://harbour-board.en.test/post/1", pictures=(PICTURE,))
UNMATCHED = ASSESSMENT.model_copy(update={"matches": ()})


@pytest.fixture
async def evidence(migrated, clock):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    yield made
    await made.close()


@pytest.fixture
async def house(tmp_path, evidence, clock):
    """A case with its picture sealed, and the task that lists what was approved."""
    desk = Desk.at(tmp_path, evidence, clock)
    case = await desk.sealed(**{"picture-1.jpg": ORIGINAL})
    async with CaseListing(desk.tools) as task:
        yield House(evidence, clock, task, case)


class House:
    def __init__(self, database, clock, task, case):
        self.database, self.clock, self.task, self.case = database, clock, task, case
        self.context = Context(database, clock, None, lambda: False)

    async def seal(self, assessment=UNMATCHED):
        async with self.database.transaction() as tx:
            await listing.sealed(tx, self.case, assessment)

    async def decide(self, verdict=Verdict.APPROVED, finding=FINDING, **more):
        event = EXAMPLES[ReviewDecided].model_copy(
            update={"case_id": self.case, "verdict": verdict, "finding": finding, **more}
        )
        async with self.database.transaction() as tx:
            await decided(event, tx)

    async def step(self):
        return await self.task.step(self.context)

    async def hashed(self):
        return await told(self.database, CaseHashed)


async def test_an_approved_picture_is_found_again_recompressed_cropped_and_turned(house, migrated, bank):
    await house.seal()
    assert not await house.step()
    await house.decide()
    await house.decide(round=1)
    assert await house.step()
    assert not await house.step()
    (event,) = await house.hashed()
    (picture,) = event.pictures
    assert (event.category, picture.number, picture.sha256) == (ASSESSMENT.category, 1, PICTURE.sha256)
    assert len(picture.variants) > 60
    async with house.database.transaction() as tx:
        assert (await tx.get(Listing, house.case)).pictures == {}
    async with classifier_of(migrated, house.clock) as database:
        for _ in range(2):
            async with database.transaction() as tx:
                await list_case(event, tx)
    for number, altered in enumerate(altered_copies()):
        (answer,) = await bank.match(
            [found(describe(f"http://other.test/{number}.jpg", altered), url=f"http://other.test/{number}")]
        )
        assert {(one.bank, one.entry) for one in answer.matches} == {("cases", case_entry(house.case, 1))}, number
    (other,) = await bank.match([found(describe("http://other.test/x.jpg", picture_file(seed=6, size=400)))])
    assert other.matches == ()
    entry = case_entry(house.case, 1)
    wrong = {"entry": entry.removesuffix("1") + "*"}
    async with classifier_of(migrated, house.clock) as database:
        with pytest.raises(NothingListed):
            await switch_hashes(database, "cases", {"entry": entry[:-2] + "*"}, False, Author("kim", "half a name"))
        assert await switch_hashes(database, "cases", wrong, False, Author("kim", "a stock photo")) > 60
    (again,) = await bank.match([found(PICTURE)])
    assert again.matches == ()


@asynccontextmanager
async def classifier_of(migrated, clock):
    made = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    yield made
    await made.close()


def altered_copies():
    image = Image.open(io.BytesIO(ORIGINAL))
    width, height = image.size
    cut = (round(width * 0.05), round(height * 0.05), round(width * 0.95), round(height * 0.95))
    for copy in (image, image.crop(cut), image.rotate(90), ImageOps.mirror(image), image.resize((220, 220))):
        out = io.BytesIO()
        copy.save(out, "JPEG", quality=45)
        yield out.getvalue()


@pytest.mark.parametrize(
    "verdict",
    [{"verdict": Verdict.REJECTED}, {"policy": "exact-hash"}, {"finding": FINDING.model_copy(update={"pictures": ()})}],
)
async def test_what_no_person_approved_is_never_listed(house, verdict):
    await house.seal()
    await house.decide(**verdict)
    assert not await house.step()


async def test_a_picture_that_a_bank_has_is_not_listed_again(house):
    match = Match(picture_url=URL, bank="b", entry="e", algorithm="pdq", distance=0, variant="original")
    await house.seal(ASSESSMENT.model_copy(update={"matches": (match,)}))
    await house.decide()
    assert not await house.step()


async def test_where_no_original_is_kept_the_findings_hashes_are_listed(house):
    async with house.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE evidence SET objects = '[]'"))
    await house.seal()
    await house.decide()
    assert await house.step()
    (event,) = await house.hashed()
    (picture,) = event.pictures
    assert picture.variants[0].pdq == PICTURE.pdq_dihedral[0]
    assert len(picture.variants) == 1 + len(PICTURE.views)


async def test_what_the_site_gave_the_capture_instead_is_not_listed(house):
    """Else a site could have a picture listed that all the web shows."""
    other = describe(URL, picture_file(seed=7, size=400))
    await house.seal()
    await house.decide(finding=FINDING.model_copy(update={"pictures": (other,)}))
    assert await house.step()
    (event,) = await house.hashed()
    assert (event.pictures[0].sha256, event.pictures[0].variants[0].pdq) == (other.sha256, other.pdq_dihedral[0])


async def test_another_file_of_the_found_picture_is_hashed_from_what_is_sealed(house):
    found_before = describe(URL, picture_file(seed=5, size=400, quality=50))
    await house.seal()
    await house.decide(finding=FINDING.model_copy(update={"pictures": (found_before,)}))
    assert await house.step()
    (event,) = await house.hashed()
    assert len(event.pictures[0].variants) > 60


async def test_of_a_case_that_is_being_destroyed_nothing_is_listed(house):
    await house.seal()
    await house.decide()
    async with house.database.transaction() as tx:
        await tx.execute(sa.update(Evidence).values(destroy_order=house.case))
    assert await house.step()
    assert not await house.step()
    assert await house.hashed() == []
    async with house.database.transaction() as tx:
        assert (await tx.get(Listing, house.case)).pictures == {}


async def test_bytes_that_end_the_process_are_given_up_and_listed_as_found(house):
    await house.seal()
    await house.decide()
    async with house.database.transaction() as tx:
        await tx.execute(sa.update(Listing).values(tries=TRIES))
    assert await house.step()
    (event,) = await house.hashed()
    assert len(event.pictures[0].variants) == 1 + len(PICTURE.views)


async def test_a_case_in_hand_is_nobody_elses_until_its_lease_is_over(house):
    await house.seal()
    await house.decide()
    async with house.database.transaction() as tx:
        assert await listing.take(tx) is not None
    assert not await house.step()
    house.clock.advance(LEASE.total_seconds())
    assert await house.step()
    assert len(await house.hashed()) == 1


async def test_a_sites_own_picture_is_neither_listed_nor_told(migrated, clock):
    """One that other pages of the site show without being flagged: many of them, not three of a large site."""
    banner = EXAMPLES[CaseHashed].pictures[0]
    posted = banner.model_copy(update={"number": 2, "sha256": "ab" * 32})
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    shown = [describe(URL, ORIGINAL).model_copy(update={"sha256": banner.sha256})]
    many = round(COMMON / COMMON_SHARE)
    for pages, others, listed in ((COMMON, 0, [2]), (COMMON - 1, 0, [1, 2]), (COMMON, many, [1, 2])):
        event = EXAMPLES[CaseHashed].model_copy(update={"case_id": uuid4(), "pictures": (banner, posted)})
        async with database.transaction() as tx:
            await tx.execute(sa.delete(Seen))
            for number in range(pages):
                tx.add(seen(number, event.host, shown, clock))
            for number in range(others):
                tx.add(seen(100 + number, event.host, (), clock))
            tx.add(seen(98, event.host, shown, clock, flagged=True))
            tx.add(seen(99, "elsewhere.test", shown, clock))
        async with database.transaction() as tx:
            await tx.execute(sa.text("DELETE FROM bank_entries"))
            await list_case(event, tx)
            entries = (await tx.execute(sa.text("SELECT DISTINCT entry FROM bank_entries ORDER BY 1"))).scalars().all()
        said = (await told(database, CaseListed))[-1]
        assert entries == [case_entry(event.case_id, number) for number in listed]
        assert (said.case_id, [picture.number for picture in said.pictures]) == (event.case_id, listed)
    async with database.transaction() as tx:
        await list_case(event.model_copy(update={"case_id": uuid4(), "pictures": ()}), tx)
    assert (await told(database, CaseListed))[-1] == said, "nothing was listed"
    await database.close()


def seen(number, host, pictures, clock, flagged=False):
    page = finding(f"http://{host}/post/{number}", pictures=tuple(pictures))
    return Seen(
        content_id=page.content_id,
        case_id=page.content_id,
        url=page.url,
        host=host,
        found_at=clock.now(),
        judged_at=clock.now(),
        risk=0.0,
        urgency=0.0,
        flagged=flagged,
        finding=page.model_dump(mode="json"),
        capture={},
        signals={},
    )


def test_the_largest_pictures_of_a_page_are_listed_each_once():
    pictures = [PICTURE.model_copy(update={"sha256": f"{n:064x}", "width": 200 + n, "height": 200}) for n in range(20)]
    small = PICTURE.model_copy(update={"sha256": "a" * 64, "width": 159})
    picked = chosen([small, pictures[0], pictures[0], *pictures[1:]], set())
    assert len(picked) == MOST
    assert set(picked) == {number + 2 for number in range(20 - MOST + 1, 21)}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def bank(migrated, clock):
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    async with HashBank(database, None) as made:
        yield made
    await database.close()
