"""Seals in the service's own tables: kept with their stamps, debts paid later, renewed in time, keys on record."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from deploy.local.authorities.faults import Fault
from haetae_verify.bundle import SEAL_FORMAT as FORMAT
from haetae_verify.canonical import canonical, digest, moment
from haetae_verify.signed import check
from haetae_verify.source import Folder
from haetae_verify.stamps import check_stamps, root_name
from services.evidence.custody import lines
from services.evidence.seal import keys
from services.evidence.seal import owed as owed_stamps
from services.evidence.seal.kept import document, roots, stamp_name, stamps
from services.evidence.seal.owed import RENEWALS_EVERY_S, Debts
from services.evidence.seal.sealer import Sealer
from services.evidence.seal.signing import public_key
from services.evidence.seal.store import StampDebt
from shared.clock import ManualClock
from shared.database import Database
from shared.handling import Context
from shared.metrics import Metrics
from shared.stamps.stamping import FIRST_REST_S
from tests.support.captures import evidence_settings
from tests.support.poll import eventually
from tests.support.stamps import NAMES, stampers

MANIFEST = b'{"format":"haetae-evidence/2"}'
SHA256 = digest(MANIFEST)
CASE = uuid4()
DAY_S = 86_400.0


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def database(migrated, clock):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    yield made
    await made.close()


@pytest.fixture
async def authorities(tmp_path, clock):
    async with stampers(tmp_path, clock) as made:
        yield made


@pytest.fixture
def settings(authorities):
    return evidence_settings(stamp_authorities_file=authorities.file, stamp_seconds=2.0)


@pytest.fixture
async def sealer(settings, clock):
    async with Sealer(settings, clock) as made:
        yield made


@pytest.fixture
def context(database, clock):
    async def produce(_):
        raise AssertionError("nothing goes past the outbox")

    return Context(database, clock, produce, lambda: False, Metrics())


async def sealed(sealer, database, case=CASE):
    seal = await sealer.seal(case, MANIFEST)
    async with database.transaction() as tx:
        await sealer.keep(tx, case, seal)
    return seal


async def kept(database):
    async with database.transaction() as tx:
        return await stamps(tx, CASE, SHA256)


async def owed(database):
    async with database.transaction() as tx:
        return await tx.scalars(sa.select(StampDebt).order_by(StampDebt.authority, StampDebt.covers))


async def custody(database):
    async with database.transaction() as tx:
        assert await lines.check(tx, CASE) is None
        return [(line["action"], line["details"], line["artifacts"]) for line in await lines.read(tx, CASE)]


def gauge(context, name):
    return context.metrics.stamps_owed.labels(name)._value.get()


async def test_a_seal_is_kept_with_its_stamps_and_their_lines(sealer, database, clock, authorities):
    seal = await sealed(sealer, database)
    assert check(seal.document, FORMAT, sealer.public_key) == {
        "format": FORMAT,
        "case_id": str(CASE),
        "manifest_sha256": SHA256,
        "sealed_at": moment(clock.now()),
        "public_key": sealer.public_key,
    }
    rows = await kept(database)
    assert [(row.number, row.authority, row.covers) for row in rows] == [
        (1, "local-a", "seal.json"),
        (2, "local-b", "seal.json"),
    ]
    async with database.transaction() as tx:
        assert await document(tx, CASE, SHA256) == seal.document
        assert await roots(tx, CASE, SHA256) == {name: authorities.root(name).read_bytes() for name in NAMES}
        assert (await keys.public_keys(tx)) == [
            {"public_key": sealer.public_key, "since": moment(clock.now()), "until": None}
        ]
    told = await custody(database)
    assert [(action, details["authority"]) for action, details, _ in told] == [(("stamped"), name) for name in NAMES]
    assert told[1][2] == [{"name": "stamp-2.tsr", "sha256": digest(rows[1].response)}]
    assert await owed(database) == []


async def test_what_is_sealed_cannot_be_changed(sealer, database, migrated):
    await sealed(sealer, database)
    as_owner = Database(migrated.owner_url, "/haetae/evidence", schema="evidence")
    try:
        for table in ("seals", "stamps", "stamp_roots"):
            for one in (database, as_owner):
                for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {COLUMNS[table]} = 'x'"):
                    with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
                        async with one.transaction() as tx:
                            await tx.execute(sa.text(statement))
    finally:
        await as_owner.close()


COLUMNS = {"seals": "document", "stamps": "response", "stamp_roots": "pem"}


async def test_an_authority_that_is_away_owes_and_pays_later(sealer, database, clock, context, authorities):
    authorities["local-b"].fault = Fault.DOWN
    await sealed(sealer, database)
    assert [row.authority for row in await kept(database)] == ["local-a"]
    (debt,) = await owed(database)
    assert (debt.authority, debt.covers, debt.error) == ("local-b", "seal.json", "it answers 503")
    debts = Debts(sealer)
    await debts.work(context)
    assert authorities["local-b"].asked == 1  # it rests
    clock.advance(FIRST_REST_S)
    await debts.work(context)
    (debt,) = await owed(database)
    assert (debt.tries, debt.due_at, authorities["local-b"].asked) == (1, clock.now(), 2)
    assert (gauge(context, "local-a"), gauge(context, "local-b")) == (0, 1)
    authorities["local-b"].fault = None
    clock.advance(2 * FIRST_REST_S)
    await debts.work(context)
    assert await owed(database) == []
    assert [(row.number, row.authority, row.covers) for row in await kept(database)][1:] == [
        (2, "local-b", "seal.json")
    ]
    assert [action for action, _, _ in await custody(database)] == ["stamped", "stamped"]
    assert gauge(context, "local-b") == 0


async def test_a_stamp_is_paid_once_also_by_two_processes(sealer, database, clock, context, authorities):
    authorities["local-b"].fault = Fault.DOWN
    await sealed(sealer, database)
    authorities["local-b"].fault = None
    (debt,) = await owed(database)
    await Debts(sealer)._pay(context, debt)
    await Debts(sealer)._pay(context, debt)  # it had taken the debt before, and its lease ran out
    assert [row.number for row in await kept(database)] == [1, 2]
    assert len(await custody(database)) == 2


async def test_when_one_is_away_only_the_first_debt_of_a_round_waits_for_it(
    sealer, database, clock, context, authorities
):
    authorities["local-b"].fault = Fault.DOWN
    seal = await sealer.seal(CASE, MANIFEST)
    async with database.transaction() as tx:
        await sealer.keep(tx, CASE, seal)
        for _ in range(3):
            await sealer.keep(tx, uuid4(), seal)
    asked = authorities["local-b"].asked
    clock.advance(FIRST_REST_S)
    await Debts(sealer).work(context)
    assert authorities["local-b"].asked == asked + 1
    assert {debt.error for debt in await owed(database)} == {"it answers 503"}


async def test_an_authority_that_the_agency_dropped_is_named(sealer, database, clock, context, authorities, settings):
    authorities["local-b"].fault = Fault.DOWN
    await sealed(sealer, database)
    text = authorities.file.read_text()
    authorities.file.write_text(text[: text.rindex("[[authority]]")])
    async with Sealer(settings, clock) as later:
        await Debts(later).work(context)
    (debt,) = await owed(database)
    assert "not in HAETAE_STAMP_AUTHORITIES_FILE" in debt.error
    assert gauge(context, "local-b") == 1


async def verified(database, folder):
    """The seal's stamps as the verifier sees them in a bundle."""
    async with database.transaction() as tx:
        rows = await stamps(tx, CASE, SHA256)
        seal = await document(tx, CASE, SHA256)
        files = {root_name(name): pem for name, pem in (await roots(tx, CASE, SHA256)).items()}
    listed = [
        {
            "number": row.number,
            "authority": row.authority,
            "covers": row.covers,
            "file": stamp_name(row.number),
            "at": moment(row.at),
        }
        for row in rows
    ]
    files |= {stamp_name(row.number): row.response for row in rows} | {"seal.json": seal}
    files["stamps.json"] = canonical({"format": "haetae-stamps/1", "case_id": str(CASE), "stamps": listed})
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return check_stamps(Folder(folder), str(CASE), rows[0].at, ())


async def test_stamps_are_renewed_before_their_certificates_expire(
    sealer, database, clock, context, authorities, tmp_path
):
    """Both for 100 days: half of a short life is left when they are renewed; one has its next certificate by then."""
    for name in NAMES:
        root = authorities[name].signer.root
        authorities[name].signer = root.signer(clock.now(), timedelta(days=100))
    await sealed(sealer, database)
    debts = Debts(sealer)
    clock.advance(49 * DAY_S)
    await debts.work(context)
    assert await owed(database) == []
    authorities["local-a"].signer = authorities["local-a"].signer.root.signer(clock.now(), timedelta(days=1000))
    clock.advance(RENEWALS_EVERY_S)
    await debts.work(context)
    first, _, renewed = await kept(database)
    assert (renewed.number, renewed.authority, renewed.covers) == (3, "local-a", "stamp-1.tsr")
    assert first.renew_at == first.at + timedelta(days=50)
    assert renewed.renew_at == renewed.valid_until - timedelta(days=180)
    await sealer.stamping.one("local-a", first.response, "stamp-1.tsr")  # the same bytes are stamped again
    (debt,) = await owed(database)
    assert (debt.authority, debt.covers) == ("local-b", "stamp-2.tsr")
    assert "still stamps with certificates that expire" in debt.error
    assert [action for action, _, _ in await custody(database)] == ["stamped"] * 3
    authorities["local-b"].signer = authorities["local-b"].signer.root.signer(clock.now(), timedelta(days=1000))
    clock.advance(RENEWALS_EVERY_S)
    await debts.work(context)
    assert (await kept(database))[3].covers == "stamp-2.tsr"
    assert [(one.covers, one.valid_until) for one in await verified(database, tmp_path / "bundle")] == [
        (row.covers, row.valid_until) for row in await kept(database)
    ]
    clock.advance(RENEWALS_EVERY_S)
    await debts.work(context)
    assert (len(await kept(database)), await owed(database)) == (4, [])


async def test_renewals_come_in_portions_and_after_fresh_seals(
    sealer, database, clock, context, authorities, monkeypatch
):
    """As many as a year's stamps may be due on one day."""
    monkeypatch.setattr(owed_stamps, "AT_ONCE", 1)
    monkeypatch.setattr(owed_stamps, "RENEWALS_AT_ONCE", 1)
    signer = authorities["local-a"].signer.root.signer
    authorities["local-a"].signer = signer(clock.now(), timedelta(days=100))
    old = [uuid4(), uuid4()]
    for case in old:
        await sealed(sealer, database, case)
    clock.advance(60 * DAY_S)
    authorities["local-a"].signer = signer(clock.now(), timedelta(days=1000))
    debts, covers = Debts(sealer), []
    await debts._look(context)
    authorities["local-a"].fault = Fault.DOWN
    await sealed(sealer, database)
    authorities["local-a"].fault = None
    clock.advance(FIRST_REST_S)
    for _ in range(5):
        await debts.work(context)
        async with database.transaction() as tx:
            rows = [row for case in (CASE, *old) for row in await stamps(tx, case, SHA256)]
        covers.append([row.covers for row in rows if row.authority == "local-a"].count("stamp-1.tsr"))
    assert covers == sorted(covers)
    assert (covers[0], covers[-1]) == (0, 2)
    assert await owed(database) == []


async def test_what_a_dead_process_had_in_hand_is_asked_for_again(sealer, database, clock, context, authorities):
    authorities["local-b"].fault = Fault.DOWN
    await sealed(sealer, database)
    authorities["local-b"].fault = None
    clock.advance(FIRST_REST_S)
    async with database.transaction() as tx:
        assert len(await owed_stamps.taken(tx, "local-b")) == 1
    await Debts(sealer).work(context)
    assert len(await owed(database)) == 1
    clock.advance(owed_stamps.LEASE.total_seconds())
    await Debts(sealer).work(context)
    assert await owed(database) == []


async def test_no_authority_is_no_stamp_and_said_loudly(database, clock, capsys):
    async with Sealer(evidence_settings(), clock) as alone:
        await sealed(alone, database)
    assert "no time-stamp authority" in capsys.readouterr().out
    assert (await kept(database), await owed(database)) == ([], [])


async def test_the_task_puts_its_key_on_record_and_pays(sealer, database, clock, context, authorities):
    authorities["local-b"].fault = Fault.DOWN
    await sealed(sealer, database)
    authorities["local-b"].fault = None
    clock.advance(FIRST_REST_S)
    async with database.transaction() as tx:
        await keys.take_over(tx, "a" * 64, clock.now())
    stop = asyncio.Event()
    running = asyncio.create_task(Debts(sealer).run(replace(context, stopping=stop.is_set)))

    async def paid():
        return not await owed(database)

    await eventually(paid)
    stop.set()

    async def ended():  # the round may still go on: its sleep comes after it
        clock.advance(1)
        return running.done()

    await eventually(ended)
    async with database.transaction() as tx:
        (current,) = (key for key in await keys.public_keys(tx) if key["until"] is None)
    assert current["public_key"] == sealer.public_key


async def test_a_key_that_changes_is_on_record_with_its_time(database, clock):
    first, other = "a" * 64, "b" * 64
    for key in (first, first, other, first):
        async with database.transaction() as tx:
            await keys.take_over(tx, key, clock.now())
        clock.advance(60)
    async with database.transaction() as tx:
        told = await keys.public_keys(tx)
    at = [moment(clock.now() - timedelta(seconds=60 * back)) for back in (4, 2, 1)]
    assert told == [
        {"public_key": first, "since": at[0], "until": at[1]},
        {"public_key": other, "since": at[1], "until": at[2]},
        {"public_key": first, "since": at[2], "until": None},
    ]


async def test_a_seal_under_a_new_key_names_it(database, clock, sealer, settings):
    await sealed(sealer, database)
    clock.advance(60)
    changed = evidence_settings(signing_key="B" * 43 + "=")
    async with Sealer(changed, clock) as other:
        seal = await other.seal(uuid4(), MANIFEST)
        async with database.transaction() as tx:
            await other.keep(tx, uuid4(), seal)
            told = await keys.public_keys(tx)
    assert [(key["public_key"], key["until"] is None) for key in told] == [
        (sealer.public_key, False),
        (public_key(other.key), True),
    ]
