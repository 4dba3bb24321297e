"""What was acknowledged comes back, what was destroyed does not, and a bad archive says so."""

import asyncio
import base64
import secrets
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from deploy.local.access import libpq_url
from deploy.local.archive import Archive
from deploy.local.buckets import Bucket, ensure_buckets
from deploy.local.described import description
from deploy.local.segments import missing, segment
from deploy.local.stack import Stack
from haetae.backup import bases, continuing, escrow, objects, opening, restoring
from haetae.backup_cli import backup
from shared.clock import SystemClock
from shared.identity import identity
from shared.objects.case_keys import DESTROYED
from shared.objects.vault import KeyDestroyed, ObjectMissing, open_vault
from tests.support.archived import begun, writes_into
from tests.support.objects import object_settings
from tests.support.poll import eventually

FRONTIER = (
    "INSERT INTO crawler.frontier (url, host, kind, priority, next_at, last_digest, etag) "
    "VALUES (%s, 'a.test', %s, 1, now() + interval '1 hour', %s, 'e')"
)
SEEN = (
    "INSERT INTO classifier.seen (content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged, "
    "finding, capture, signals) VALUES (%s, gen_random_uuid(), '', '', now(), now(), 0, 0, false, '{}', '{}', '{}')"
)
GONE = (
    "INSERT INTO evidence.evidence (case_id, url, objects, failed_at, failed_reason, destroyed_at) "
    "VALUES (%s, '', '[]', now(), 'away', now())"
)
OUTBOX = (
    "INSERT INTO drafter.outbox (event_id, topic, key, value, headers, published_at) "
    "VALUES (gen_random_uuid(), 't', '', '', '{}', CASE WHEN %s THEN now() END)"
)
MASTER_KEY = bytes(range(32))
WRITTEN_AFTER_THE_BASE = 60


async def write_until_killed(url: str, acknowledged: list[int], first: int) -> None:
    connection = await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True)
    with suppress(psycopg.OperationalError):
        for number in range(first, 1_000_000):
            await connection.execute("INSERT INTO kept (number) VALUES (%s)", [number])
            acknowledged.append(number)


async def test_everything_acknowledged_before_the_disk_was_lost_comes_back(tmp_path):
    archive, acknowledged = begun(tmp_path), list[int]()
    writes_into(tmp_path / "home", archive)
    async with Stack(tmp_path / "home", parts=["postgres"], scratch=True, environ={}) as stack:
        url = stack.env["HAETAE_DATABASE_URL"]
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (number int, word text DEFAULT 'acknowledged-word')")
            connection.execute("INSERT INTO kept (number) VALUES (0)")
        base = await asyncio.to_thread(bases.take, archive, url, SystemClock().now())
        writing = asyncio.create_task(write_until_killed(url, acknowledged, 1))
        await eventually(lambda: len(acknowledged) > WRITTEN_AFTER_THE_BASE)
        await stack.supervisor.kill("postgres")
        await writing
    assert bases.gap(archive, base) is None

    data = tmp_path / "other" / "postgres"
    data.parent.mkdir(mode=0o700)
    (tmp_path / "other" / "secrets.json").write_text((tmp_path / "home" / "secrets.json").read_text())
    assert b"acknowledged-word" not in b"".join(file.read_bytes() for file in archive.path.rglob("*") if file.is_file())
    await asyncio.to_thread(restoring.lay_out, archive, base, data)
    before = sorted((file.name, file.stat().st_mtime_ns) for file in archive.wal.iterdir())
    async with Stack(tmp_path / "other", parts=["postgres"], scratch=True, environ={}) as stack:
        url = stack.env["HAETAE_DATABASE_URL"]
        reached = await restoring.recovered(url, archive)
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            found = {row[0] for row in connection.execute("SELECT number FROM kept")}
            connection.execute("INSERT INTO kept (number) VALUES (-1)")  # it goes on, and waits for no archive
    assert {0, *acknowledged} <= found
    assert len(found - {0, *acknowledged}) <= 1, "the one whose answer was lost may be there"
    assert reached.position > base.start
    assert sorted((file.name, file.stat().st_mtime_ns) for file in archive.wal.iterdir()) == before, "it was only read"


def test_a_gap_in_the_log_is_found():
    names = {segment(1, number) for number in (254, 255, 256, 258)}
    assert segment(1, 256) == "000000010000000100000000"
    assert missing(1, 254, names) == segment(1, 257)
    assert missing(1, 254, names - {segment(1, 258)}) is None
    assert missing(1, 253, names) == segment(1, 253)


@pytest.fixture
async def two(s3_settings):
    """Two stores with buckets of their own, under one master key."""
    made = []
    for _ in range(2):
        address = replace(s3_settings, prefix=f"{s3_settings.prefix}t{secrets.token_hex(5)}-")
        await ensure_buckets(address, [Bucket("evidence"), Bucket("keys")])
        made.append(object_settings(address, MASTER_KEY))
    return made


async def test_a_destroyed_case_does_not_come_back_whatever_the_archive_had_of_it(two, tmp_path):
    archive, kept, gone, late = Archive(tmp_path), UUID(int=1), UUID(int=2), UUID(int=3)
    one, other = two
    async with open_vault(one) as vault:
        digests = {case: await vault.put(case, b"kept") for case in (kept, gone, late)}
        assert await objects.copy(one, archive) == (3, 3, 0)
        assert await objects.copy(one, archive) == (0, 0, 0)
        await vault.destroy(gone)
        assert await objects.copy(one, archive) == (0, 1, 1)
        await vault.destroy(late)  # after the last backup: what tells is the database
    copies, keys = objects.kept_in(archive)
    assert await keys.get(str(gone)) == DESTROYED
    assert [name for name in await copies.all_names() if str(gone) in name] == []

    destroyed = await objects.destroyed_in(archive) | {late}
    assert await objects.put_back(archive, other, destroyed) == (1, 1)
    async with open_vault(other) as vault:
        assert await vault.get(kept, digests[kept]) == b"kept"
        for case in (gone, late):
            with pytest.raises((KeyDestroyed, ObjectMissing)):
                await vault.get(case, digests[case])
            with pytest.raises(KeyDestroyed):
                await vault.put(case, b"again")


async def test_with_a_folder_for_copies_nothing_is_kept_or_destroyed_in_one_place_alone(two, tmp_path):
    one, other = two
    case, gone = UUID(int=1), UUID(int=2)
    async with open_vault(one.model_copy(update={"mirror_dir": tmp_path})) as vault:
        sha256 = await vault.put(case, b"kept")
        await vault.put(gone, b"gone")
        await vault.destroy(gone)
    archive = Archive(tmp_path)
    assert await objects.copy(one, archive) == (0, 0, 1), "all of it was there already"
    await objects.put_back(archive, other, await objects.destroyed_in(archive))
    async with open_vault(other) as vault:
        assert await vault.get(case, sha256) == b"kept"
        assert await vault.destroyed(gone)


async def test_objects_of_an_archive_are_opened_where_its_key_is(two, tmp_path):
    archive, (one, _) = begun(tmp_path), two
    case = UUID(int=1)
    async with open_vault(one) as vault:
        sha256 = await vault.put(case, b"kept")
    assert await objects.copy(one, archive) == (1, 1, 0)
    assert await opening.check(archive, None) == (1, 1, False, [])
    secrets_now = {"master_key": base64.b64encode(MASTER_KEY).decode()}
    escrow.keep(archive, secrets_now, description(archive).recipient)
    assert await opening.check(archive, tmp_path / "key") == (1, 1, True, [])
    object_file = archive.path / "evidence" / "cases" / str(case) / sha256
    whole = object_file.read_bytes()
    object_file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (found,) = (await opening.check(archive, tmp_path / "key")).problems
    assert sha256 in found
    object_file.write_bytes(whole)
    key = (archive.path / "keys" / str(case)).read_bytes()
    (archive.path / "keys" / str(case)).write_bytes(DESTROYED)
    assert await opening.check(archive, None) == (0, 0, False, []), "the rest of it goes with the next backup"
    (archive.path / "keys" / str(case)).write_bytes(key)
    (archive.path / "keys" / str(case)).unlink()
    (found,) = (await opening.check(archive, None)).problems
    assert "no key in the archive" in found


async def test_what_was_under_way_is_taken_up_again_and_nothing_else(migrated):
    url, judged = migrated.owner_url, identity("content", "http://a.test/judged", "d1")
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for page, kind, digest in (("judged", "content", "d1"), ("told", "content", "d2"), ("list", "start", "d3")):
            connection.execute(FRONTIER, [f"http://a.test/{page}", kind, digest])
        connection.execute(SEEN, [judged])
        connection.execute(OUTBOX, [False])
        connection.execute(OUTBOX, [True])
        connection.execute(GONE, [judged])
        assert continuing.destroyed(url) == {judged}
        assert continuing.go_on(url) == (1, 1)
        again = "SELECT url, etag, last_digest, next_at <= now() FROM crawler.frontier WHERE last_digest IS NULL"
        assert connection.execute(again).fetchall() == [("http://a.test/told", None, None, True)]
        assert connection.execute("SELECT count(*) FROM drafter.outbox WHERE published_at IS NULL").fetchone() == (2,)
    assert continuing.go_on(url) == (0, 0)


def test_secrets_come_back_with_every_master_key_that_the_archive_needs(tmp_path):
    archive = begun(tmp_path)
    recipient = description(archive).recipient
    escrow.keep(archive, {"master_key": "one", "former_master_keys": "zero", "signing_key": "s"}, recipient)
    escrow.keep(archive, {"master_key": "two", "signing_key": "s"}, recipient)  # `keys forget` came before the keys
    assert escrow.secrets_of(archive, tmp_path / "key") == {
        "master_key": "two",
        "former_master_keys": "one,zero",
        "signing_key": "s",
    }
    sealed = (archive.path / escrow.SEALED).read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1")
    escrow.new_key(tmp_path / "another")
    with pytest.raises(ValueError, match="does not open"):
        escrow.secrets_of(archive, tmp_path / "another")
    (tmp_path / "no-key").write_text("junk\n")
    (tmp_path / "empty").touch()
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    told = {"no-key": "no age key file", "empty": "is empty", "bytes": "no age key", "key.server": "the server's half"}
    for file, said in told.items():  # the archive is not to blame
        with pytest.raises(ValueError, match=said):
            escrow.secrets_of(archive, tmp_path / file)
    for file, said in (("key", "must not be on this machine"), ("empty", "no server's"), ("no-key", "no server's")):
        with pytest.raises(ValueError, match=said):
            escrow.read_servers_half(tmp_path / file)
    with pytest.raises(FileExistsError):
        escrow.new_key(tmp_path / "key")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda archive: (archive / "archive.json").unlink(), "is no archive"),
        (lambda archive: (archive / "archive.json").write_text("{}"), "is not what an archive has"),
        (lambda archive: (archive / "bases" / "20260101T000000.000000Z").mkdir(parents=True), "is no base backup"),
        (lambda archive: None, "has no base backup"),
    ],
)
def test_what_is_no_archive_is_said_to_be_none(tmp_path, spoil, said):
    escrow.new_key(tmp_path / "key")
    home = ["--home", str(tmp_path / "home")]
    given = ["into", str(tmp_path / "archive"), "--key", str(tmp_path / "key.server"), *home]
    assert CliRunner().invoke(backup, given).exit_code == 0
    spoil(tmp_path / "archive")
    ran = CliRunner().invoke(backup, ["verify", str(tmp_path / "archive"), *home], env={"COLUMNS": "300"})
    assert (ran.exit_code, said in ran.output) == (1, True), ran.output


def test_an_archive_is_begun_in_an_empty_folder_for_a_key_that_is_one(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "something").touch()
    escrow.new_key(tmp_path / "key")
    for folder, whose, said in (
        ("archive", "key.server", "is not empty"),
        ("new", "key", "must not be on this machine"),
    ):
        given = ["into", str(tmp_path / folder), "--key", str(tmp_path / whose), "--home", str(tmp_path / "home")]
        ran = CliRunner().invoke(backup, given, env={"COLUMNS": "300"})
        assert (ran.exit_code, said in ran.output) == (1, True), ran.output
    assert not (tmp_path / "home" / "archive.json").exists()
