"""After destruction nothing of a case can be read; the certificate and the chain of custody still hold."""

import secrets
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from haetae_verify.canonical import digest
from haetae_verify.certificate import FORMAT, check_certificate
from haetae_verify.chain import broken_at
from haetae_verify.signed import BadSignature, check
from services.evidence.custody import lines
from services.evidence.listing import store as listing
from services.evidence.orders import destruction, ending, inventory, taking
from services.evidence.orders.certificate import Thing
from services.evidence.orders.placing import listed
from services.evidence.orders.store import Certificate
from services.evidence.orders.taking import LEASE_S
from shared.database import Database
from shared.events import CustodyNoted, EvidenceOrderDone, OrderKind
from shared.events.examples import ASSESSMENT
from shared.failures import Rejected
from shared.metrics import Metrics
from shared.objects import cipher, quarantine
from shared.objects.exports import open_exports
from shared.objects.quarantine import Quarantine, open_quarantine, still_name
from shared.objects.s3 import S3Store
from shared.objects.vault import KeyDestroyed, ObjectMissing, open_vault
from shared.settings import QuarantineSettings
from tests.support.objects import object_settings, quarantine_settings
from tests.support.orders import FILES, KEY, MASTER, Desk
from tests.support.outbox import told

QUARANTINE_KEY = b"q" * 32


@pytest.fixture
async def database(migrated, clock):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    yield made
    await made.close()


@pytest.fixture
def desk(tmp_path, database, clock):
    return Desk.at(tmp_path, database, clock)


async def keys_left(desk, case, others):
    """Every key in the system, opened: master, former, other cases', the quarantine's and its days'."""
    keys = [MASTER, b"f" * 32, QUARANTINE_KEY, bytes(32)]
    keys += [await desk.tools.vault.keys.get(other) for other in others]
    for name in await desk.tools.quarantine.names("keys"):
        wrapped = await desk.tools.quarantine.get(name)
        keys.append(cipher.disclose(wrapped, QUARANTINE_KEY, name.encode()))
    for path in desk.folder.rglob("*"):  # whatever else lies there and might be one
        if path.is_file() and len(data := path.read_bytes()) >= cipher.KEY_BYTES:
            keys += [data[:32], data[-32:]]
    return keys


async def test_no_object_of_a_destroyed_case_opens_with_any_key_that_is_left(desk):
    case, other = await desk.sealed(1), await desk.sealed(2, **{"text.txt": b"of another case"})
    kept = Quarantine(desk.tools.quarantine, QUARANTINE_KEY, desk.clock, hours=24)
    picture = digest(FILES["picture-1.jpg"])
    for name in (picture, still_name(picture, 1), still_name(picture, 2)):  # frame 0 went before a kill
        await kept.put(name, FILES["picture-1.jpg"])
    await kept.put(digest(b"of another case"), b"of another case")
    await desk.tools.exports.put(case, await desk.order(other, OrderKind.HOLD), b"a bundle of the case")
    places = [path for path in desk.folder.rglob("*") if str(case) in str(path) and path.is_file()]
    before = {path: path.read_bytes() for path in places if "/keys/" not in str(path)}
    assert len(before) == len(FILES) + 1

    async with desk.database.transaction() as tx:
        await listing.sealed(tx, case, ASSESSMENT)  # which names addresses of pictures

    order = await desk.done(case, OrderKind.DESTROY)

    assert order.error is None
    async with desk.database.transaction() as tx:
        assert await tx.get(listing.Listing, case) is None
    removed = {"tried": 3, "opened": 0, "kept_sealed": 0, "exports": 1, "quarantine": 3}
    assert removed.items() <= order.result.items()
    for path, sealed in before.items():  # as a copy of the bucket made before would hold them
        assert not path.exists()
        place = path.relative_to(desk.folder)
        for key in await keys_left(desk, case, [other]):
            assert await opened(desk, case, str(place), sealed, key) is None
    assert await kept.get(digest(b"of another case")) == b"of another case"
    assert await desk.tools.vault.get(other, digest(b"of another case")) == b"of another case"
    with pytest.raises(KeyDestroyed):
        await desk.tools.vault.put(case, b"again")


async def opened(desk, case, place, sealed, key):
    sha256 = place.rpartition("/")[2]
    bound = f"object {case} {sha256}" if place.startswith("evidence") else f"export {place.partition('/')[2]}"
    try:
        return cipher.disclose(sealed, key, cipher.FORMAT + bound.encode())
    except ValueError:
        return None


async def test_the_certificate_says_what_went_and_verifies(desk):
    case = await desk.sealed()
    head = (await desk.custody(case))[-1]["hash"]
    leftover = await desk.tools.vault.put(case, b"of a capture that was killed")
    order = await desk.done(case, OrderKind.DESTROY, "official-3")
    document = await desk.certificate(case)
    said = check(document, FORMAT, KEY.public_key().public_bytes_raw().hex())
    assert said["case_id"] == str(case)
    assert said["manifest_sha256s"] == [digest(FILES["manifest.json"])]
    assert [(item["name"], item["bytes"]) for item in said["objects"]] == [
        ("", 28), *((name, len(FILES[name])) for name in sorted(FILES))
    ]  # fmt: skip
    assert said["objects"][0]["sha256"] == leftover
    assert (said["ordered_by"], said["why"], said["basis"]) == ("official-3", order.why, order.basis)
    assert said["custody_head"] == head
    assert said["outcome"]["opened"] == 0
    proof = check_certificate("certificate.json", document, [said["public_key"]])
    assert (proof.destroyed_at, proof.own_keys, len(proof.objects)) == (desk.clock.now(), True, 4)
    with pytest.raises(BadSignature):
        check(document.replace(b"official-3", b"official-4"), FORMAT)
    custody = await desk.custody(case)
    assert broken_at(custody) is None
    assert custody[-1]["action"] == "destroyed"
    assert custody[-1]["details"]["certificate_sha256"] == digest(document)
    async with desk.database.transaction() as tx:
        assert await lines.check(tx, case) is None
    row = await desk.row(case)
    assert (row.url, row.objects, row.destroyed_at) == ("", [], desk.clock.now())
    with pytest.raises(sa.exc.DBAPIError, match=r"permission denied|append-only"):
        async with desk.database.transaction() as tx:
            await tx.execute(sa.update(Certificate).values(document=b""))


async def test_an_earlier_captures_objects_are_named_by_the_chain_of_custody(desk):
    case = await desk.sealed()
    row = await desk.row(case)
    async with desk.database.transaction() as tx:
        again = await tx.get(type(row), case)
        again.objects = row.objects[:1]
    await desk.done(case, OrderKind.DESTROY)
    said = check(await desk.certificate(case), FORMAT)
    assert {(item["name"], item["bytes"]) for item in said["objects"]} == {
        (name, len(data)) for name, data in FILES.items()
    }


async def test_a_case_of_very_many_captures_can_be_destroyed_too(desk, monkeypatch):
    case, real = await desk.sealed(), inventory.taken

    async def of_years(order, tools):
        more = [Thing("screenshot-visible-blurred.jpg", f"{n:064x}", 1) for n in range(destruction.MOST_TOLD * 4)]
        return [*await real(order, tools), *more]

    async def nothing(*_):
        return destruction.Outcome(tried=0, opened=0, kept_sealed=0, exports=0, quarantine=0)

    monkeypatch.setattr(inventory, "taken", of_years)
    monkeypatch.setattr(destruction, "_remove", nothing)
    assert (await desk.done(case, OrderKind.DESTROY)).error is None
    certified = check(await desk.certificate(case), FORMAT)["objects"]
    assert len(certified) == len(FILES) + destruction.MOST_TOLD * 4
    assert len((await desk.custody(case))[-1]["artifacts"]) == destruction.MOST_TOLD


async def test_what_the_stores_lock_keeps_is_counted_and_cannot_be_read(desk, monkeypatch):
    case, locked = await desk.sealed(), digest(FILES["text.txt"])
    delete = desk.tools.vault._objects.delete

    async def under_lock(name):
        if name.endswith(locked):
            raise Rejected("AccessDenied")
        await delete(name)

    monkeypatch.setattr(desk.tools.vault._objects, "delete", under_lock)
    order = await desk.done(case, OrderKind.DESTROY)
    assert (order.result["tried"], order.result["kept_sealed"]) == (3, 1)
    assert await desk.tools.vault.digests(case) == [locked]
    with pytest.raises(KeyDestroyed):
        await desk.tools.vault.get(case, locked)


async def test_what_a_capture_puts_there_meanwhile_goes_too(desk, monkeypatch):
    case, real = await desk.sealed(), inventory.taken

    async def while_a_capture_ends(order, tools):
        things = await real(order, tools)
        await tools.vault.put(case, b"of a capture that ran meanwhile")
        return things

    monkeypatch.setattr(inventory, "taken", while_a_capture_ends)
    assert (await desk.done(case, OrderKind.DESTROY)).result["tried"] == 4
    assert await desk.tools.vault.digests(case) == []


async def test_there_is_no_certificate_while_something_opens(desk, monkeypatch):
    case = await desk.sealed()

    async def does_nothing(_):
        return None

    monkeypatch.setattr(desk.tools.vault, "destroy", does_nothing)
    assert "3 objects still open" in (await desk.done(case, OrderKind.DESTROY)).error
    assert await desk.certificate(case) is None
    assert "destroyed" not in await desk.actions(case)


class Killed(BaseException):
    """As a kill: nothing after it runs."""


STEPS = {
    "begun": (inventory, "taken"),
    "listed": ("vault", "destroy"),
    "key destroyed": (destruction, "_remove"),
    "an object deleted": ("vault", "discard"),
    "exports": ("exports", "clear"),
    "quarantine": (quarantine, "remove"),
    "certified": (destruction, "_certify"),
    "ended": (taking, "finish"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_leaves_one_destruction_and_one_certificate(desk, monkeypatch, after):
    for number, (owner, name) in enumerate(STEPS.values()):
        case = await desk.sealed(number)
        await desk.tools.vault.put(case, b"of a capture that never was sealed")
        order_id = await desk.order(case, OrderKind.DESTROY)
        with monkeypatch.context() as patched:
            kill(patched, getattr(desk.tools, owner) if isinstance(owner, str) else owner, name, after)
            with pytest.raises(Killed):
                await desk.step("first life")
        assert not await desk.step("second life")
        desk.later(seconds=LEASE_S + 1)
        assert await desk.step("second life")
        await destroyed_once(desk, case, await desk.of(order_id))


def kill(patched, where, name, after):
    real = getattr(where, name)

    async def killed(*given, **named):
        if after:
            await real(*given, **named)
        raise Killed

    patched.setattr(where, name, killed)


async def destroyed_once(desk, case, order):
    document = await desk.certificate(case)
    assert (order.error, order.result["certificate_sha256"]) == (None, digest(document))
    certified = {item["name"]: item["bytes"] for item in check(document, FORMAT)["objects"]}
    assert certified == {"": 34, **{name: len(data) for name, data in FILES.items()}}
    assert (await desk.actions(case)).count("destroyed") == 1
    assert await desk.tools.vault.digests(case) == []
    said = [one for one in await told(desk.database, EvidenceOrderDone, CustodyNoted) if one.case_id == case]
    assert sum(isinstance(one, EvidenceOrderDone) for one in said) == 1
    assert [one.action for one in said if isinstance(one, CustodyNoted)].count("destroyed") == 1


async def test_what_was_told_of_the_page_goes_out_of_the_outbox(desk):
    case = await desk.sealed()
    async with desk.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE outbox SET published_at = now()"))
    await desk.done(case, OrderKind.DESTROY)
    assert [one.action for one in await told(desk.database, CustodyNoted)] == ["destroyed"]


async def test_a_case_that_was_never_sealed_can_be_destroyed_too(desk):
    case = await desk.sealed()
    async with desk.database.transaction() as tx:
        row = await tx.get(type(await desk.row(case)), case)
        row.manifest_sha256, row.sealed_at, row.objects, row.failed_reason = None, None, [], "the page answered 410"
    assert (await desk.done(case, OrderKind.DESTROY)).error is None
    assert (await desk.row(case)).failed_reason == destruction.GONE


@pytest.mark.parametrize("destroys", [False, True])
async def test_what_is_past_its_time_is_destroyed_only_where_the_agency_said_so(desk, destroys):
    case, held, metrics = await desk.sealed(1), await desk.sealed(2), Metrics()
    await desk.done(held, OrderKind.HOLD)
    desk.later(days=5 * 366)
    for _ in range(2):
        async with desk.database.transaction() as tx:
            await ending.look(tx, desk.tools.rules, destroys, metrics)
    assert metrics.registry.get_sample_value("haetae_evidence_due") == 1
    async with desk.database.transaction() as tx:
        orders = await listed(tx, None, True, 10)
    assert [one.case_id for one in orders] == ([case] if destroys else [])
    while await desk.step():
        pass
    assert (await desk.certificate(case) is not None) == destroys
    if destroys:
        said = check(await desk.certificate(case), FORMAT)
        assert said["ordered_by"] == lines.SELF
        assert "five-years, over since 2031-01-01" in said["why"]
        assert "Enforcement Rule 2-6" in said["basis"]


async def test_what_got_another_class_before_its_turn_is_kept(desk):
    case = await desk.sealed()
    desk.later(days=5 * 366)
    await desk.order(case, OrderKind.CLASS, retention="ten-years")  # the service was not there to carry it out
    async with desk.database.transaction() as tx:
        await ending.look(tx, desk.tools.rules, True, Metrics())
    while await desk.step():
        pass
    async with desk.database.transaction() as tx:
        (destroying,) = (one for one in await listed(tx, case, False, 10) if one.kind == OrderKind.DESTROY)
    assert destroying.error == "its time is not over any more: it is kept as ten-years"
    assert "destroyed" not in await desk.actions(case)


async def test_a_quarantine_that_is_not_ours_is_said_to_be_out_of_reach(desk, monkeypatch):
    case = await desk.sealed()

    async def refused(*_):
        raise Rejected("bucket 'quarantine' refuses: AccessDenied")

    monkeypatch.setattr(quarantine, "remove", refused)
    assert (await desk.done(case, OrderKind.DESTROY)).result["quarantine"] is None
    assert check(await desk.certificate(case), FORMAT)["outcome"]["quarantine"] is None


async def test_in_a_real_store_the_lock_keeps_what_nobody_can_read(desk, s3_settings):
    """The bucket `evidence` of the stack refuses every deletion for years; `keys` and the others do not."""
    settings, own = object_settings(s3_settings, MASTER), QuarantineSettings(**await quarantine_settings(s3_settings))
    prefixed = settings.model_copy(update={"s3_bucket_prefix": own.s3_bucket_prefix})
    text = digest(FILES["text.txt"])
    async with (
        open_vault(settings) as vault,
        open_exports(settings, vault, desk.clock) as exports,
        open_quarantine(own, desk.clock) as kept,
    ):
        with closing(S3Store(prefixed, "quarantine")) as bucket:
            desk.tools = replace(desk.tools, vault=vault, exports=exports, quarantine=bucket)
            case = await desk.sealed(secrets.randbits(64))  # the buckets are other tests' as well
            await exports.put(case, case, b"a bundle")
            await kept.put(text, FILES["text.txt"])
            order = await desk.done(case, OrderKind.DESTROY)
        removed = {"tried": 3, "opened": 0, "kept_sealed": 3, "exports": 1, "quarantine": 1}
        assert removed.items() <= order.result.items()
        assert len(await vault.digests(case)) == 3
        for sha256 in await vault.digests(case):
            with pytest.raises(KeyDestroyed):
                await vault.get(case, sha256)
        with pytest.raises(ObjectMissing):
            await kept.get(text)
    check_certificate("certificate.json", await desk.certificate(case))
