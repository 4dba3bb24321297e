"""Seals proven by OpenTimestamps calendars that speak the protocol: pending, then attested; hostile ones kept out."""

import hashlib
import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.serialize import StreamDeserializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile

from haetae_verify.canonical import digest
from haetae_verify.ots import check_ots
from haetae_verify.source import Folder
from services.evidence.seal.calendars import Calendars, NoProof, read
from services.evidence.seal.proofs import LOOK_AGAIN, Proofs, proof
from services.evidence.seal.sealer import Sealer
from services.evidence.seal.store import Proof
from shared.clock import ManualClock
from shared.database import Database
from shared.handling import Context
from tests.support.calendar import HEIGHT, calendar
from tests.support.captures import evidence_settings

MANIFEST = b'{"format":"haetae-evidence/2"}'
DOCUMENT = b'{"format":"haetae-seal/1"}'


@pytest.fixture(scope="module")
async def served():
    async with calendar() as one, calendar() as other:
        yield one, other


@pytest.fixture
def one(served):
    served[0].reset()
    return served[0]


@pytest.fixture
def other(served):
    served[1].reset()
    return served[1]


def attestations(data):
    whole = DetachedTimestampFile.deserialize(StreamDeserializationContext(io.BytesIO(data)))
    return whole.file_digest, {attestation for _, attestation in whole.timestamp.all_attestations()}


async def test_a_seal_is_handed_in_and_asked_for_until_it_is_attested(migrated, one, other, tmp_path):
    clock, case = ManualClock(), uuid4()
    settings = evidence_settings(ots_calendars=f"{one.url}, {other.url}/")
    database = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    context = Context(database, clock, None, lambda: False)

    async def now():
        async with database.transaction() as tx:
            return await tx.get(Proof, (case, digest(MANIFEST))), await proof(tx, case, digest(MANIFEST))

    async with Sealer(settings, clock) as sealer, Proofs(settings) as proofs:
        seal = await sealer.seal(case, MANIFEST)
        async with database.transaction() as tx:
            await sealer.keep(tx, case, seal)
        one.broken = other.broken = b"nothing of the kind"
        await proofs.work(context)
        row, data = await now()
        assert (data, row.tries, row.due_at) == (None, 1, clock.now() + timedelta(minutes=1))
        one.broken = other.broken = None
        clock.advance(60)
        await proofs.work(context)
        _, pending = await now()
        assert attestations(pending) == (
            hashlib.sha256(seal.document).digest(),
            {PendingAttestation(one.url), PendingAttestation(other.url)},
        )
        clock.advance(LOOK_AGAIN.total_seconds())
        await proofs.work(context)  # not mined yet
        other.mined = True
        clock.advance(LOOK_AGAIN.total_seconds())
        await proofs.work(context)
        row, whole = await now()
    assert row.attested_at == clock.now()
    (tmp_path / "seal.json").write_bytes(seal.document)
    for data, said in ((pending, "pending"), (whole, "bitcoin")):
        (tmp_path / "seal.json.ots").write_bytes(data)
        assert check_ots(Folder(tmp_path)) == said
    assert BitcoinBlockHeaderAttestation(HEIGHT) in attestations(whole)[1]
    await database.close()


async def test_calendars_see_nothing_that_leads_to_the_seal(one):
    async with Calendars([one.url], 1.0) as calendars:
        await calendars.submit(DOCUMENT)
        first = set(one.taken)
        await calendars.submit(DOCUMENT)
    assert len(one.taken) == 2
    assert not first & {hashlib.sha256(DOCUMENT).digest()}


async def test_a_calendar_that_leads_elsewhere_is_not_followed(one, other):
    one.leads_to = other.url
    async with Calendars([one.url], 1.0) as calendars:
        with pytest.raises(NoProof):
            await calendars.submit(DOCUMENT)
    assert other.taken == set()


@pytest.mark.parametrize("answer", [b"", b"\xf0", b"\xff" * 9_000, bytes(20_000), b"\x08" * 9_000, b"\xf3" * 9_000])
async def test_no_hostile_answer_is_kept(one, other, answer):
    one.broken = answer
    async with Calendars([one.url, other.url], 1.0) as calendars:
        assert attestations(await calendars.submit(DOCUMENT))[1] == {PendingAttestation(other.url)}


async def test_a_kept_proof_that_was_changed_is_said_to_be(one):
    async with Calendars([one.url], 1.0) as calendars:
        whole = await calendars.submit(DOCUMENT)
        for changed in (b"", whole[:-1], b"x" + whole):
            with pytest.raises(NoProof, match="changed"):
                await calendars.upgraded(changed)


def test_a_wrong_calendar_is_named():
    assert read("") == ()
    with pytest.raises(ValueError, match=r"HAETAE_OTS_CALENDARS: 'ftp://calendar.test'"):
        read("https://a.test, ftp://calendar.test")


def test_whoever_uses_no_calendar_does_not_load_the_library():
    for path in Path("services/evidence/seal").glob("*.py"):
        assert not re.search(r"^(from|import) opentimestamps", path.read_text(), re.M), path
