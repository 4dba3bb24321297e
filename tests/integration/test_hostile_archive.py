"""Whoever may write to an archive's folder gets nothing of it restored: each change is refused, and its file named."""

import asyncio
import io
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pyrage
import pytest

from deploy.local import sealed_log
from deploy.local.access import libpq_url
from deploy.local.archive import Archive
from deploy.local.described import Description, claim, describe, description
from deploy.local.sealed import NotSealed, Run, frames, signed
from deploy.local.sealed_log import Log
from deploy.local.segments import SEGMENT_BYTES, segment
from deploy.local.stack import Stack
from haetae.backup import bases, escrow, objects, restoring, unsealing, work
from shared.clock import SystemClock
from shared.objects.vault import MAX_SEALED_BYTES
from shared.plain_files import SMALL
from tests.support.archived import begun, writes_into

SECRETS = {"master_key": "one"}
OTHERS_KEY = bytes(range(32))


@dataclass(frozen=True)
class Kept:
    archive: Archive
    key: Path


@pytest.fixture(scope="module")
async def kept(tmp_path_factory) -> Kept:
    """An archive with a base and a log of several segments, of a server that somebody had configured."""
    folder = tmp_path_factory.mktemp("kept")
    archive = begun(folder)
    writes_into(folder / "home", archive)
    async with Stack(folder / "home", parts=["postgres"], scratch=True, environ={}) as stack:
        url = stack.env["HAETAE_DATABASE_URL"]
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET archive_command = 'touch /tmp/planted'")
            await asyncio.to_thread(bases.take, archive, url, SystemClock().now())
            for number in range(2):
                connection.execute(f"CREATE TABLE kept{number} (number int)")
                connection.execute("SELECT pg_switch_wal()")
            connection.execute("CREATE TABLE last_one (number int)")
    escrow.keep(archive, SECRETS, description(archive).recipient)
    return Kept(archive, folder / "key")


@pytest.fixture
def copy(kept, tmp_path) -> Archive:
    """To be spoiled: its files are links to those of the whole one, to be replaced, not written to."""
    shutil.copytree(kept.archive.path, tmp_path / "archive", copy_function=os.link)
    return Archive(tmp_path / "archive", key=kept.archive.key)


def replaced(file: Path, data: bytes) -> None:
    file.unlink(missing_ok=True)
    file.write_bytes(data)


def base_of(archive: Archive) -> Path:
    return next(archive.bases.iterdir())


def log_of(archive: Archive) -> list[Path]:
    return [archive.wal / name for name in sealed_log.names(archive.wal)]


def taken_out(archive: Archive, key_file: Path, folder: Path) -> None:
    """What a restore does before PostgreSQL starts, without unpacking twice what is the same."""
    description(archive)
    base = restoring.base_for(archive, None)
    escrow.secrets_of(archive, key_file)
    bases.verify(archive, base)
    folder.mkdir()
    unsealing.log(archive, base.first_segment, folder)


def test_nothing_of_the_archive_configures_postgresql(kept, tmp_path):
    base = restoring.base_for(kept.archive, None)
    data = tmp_path / "home" / "postgres"
    data.parent.mkdir()
    restoring.lay_out(kept.archive, base, data)
    told = "".join((data / name).read_text() for name in restoring.CONFIGURATION)
    assert "planted" not in told
    assert f"cp {restoring.log_of(data)}/%f %p" in told
    assert "scram-sha-256" in (data / "pg_hba.conf").read_text()
    logged = sorted(restoring.log_of(data).iterdir())
    kept_there = [file.name for file in log_of(kept.archive)]
    assert [file.name for file in logged] == [name for name in kept_there if name >= base.first_segment]
    assert {file.stat().st_size for file in logged} == {SEGMENT_BYTES}


def test_what_is_whole_is_taken_out(kept, tmp_path):
    taken_out(kept.archive, kept.key, tmp_path / "log")


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    replaced(file, bytes(data))


def cut(file: Path, by: int = 5) -> None:
    replaced(file, file.read_bytes()[:-by])


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    replaced(one, second)
    replaced(other, first)


def without_first_frame(file: Path, archive: Archive) -> None:
    with file.open("rb") as opened:
        first = next(frames(archive.key, description(archive).life, file.name, opened))
    replaced(file, file.read_bytes()[first.ends_at :])


def twice(file: Path, archive: Archive) -> None:
    replaced(file, file.read_bytes() * 2)


def sealed_by_another(archive: Archive) -> None:
    name = f"{base_of(archive).name}/{bases.SEALED}"
    frame = Run(OTHERS_KEY, description(archive).life).frame(name, 0, b"a tar of mine", last=True)
    replaced(base_of(archive) / bases.SEALED, frame)


def linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/passwd")


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def renamed(archive: Archive) -> None:
    base = base_of(archive)
    base.rename(base.with_name("20991231T000000.000000Z"))


def planted_base(archive: Archive) -> None:
    folder = archive.bases / "20991231T000000.000000Z"
    folder.mkdir()
    (folder / "base.tar.gz").write_bytes(b"")
    (folder / "backup_manifest").write_text("{}")


def recipient_of_another(archive: Archive) -> None:
    told = Description(str(pyrage.x25519.Identity.generate().to_public()), description(archive).life)
    replaced(archive.path / "archive.json", b"")
    (archive.path / "archive.json").unlink()
    describe(Archive(archive.path, key=OTHERS_KEY), told)


def secrets_of_another(archive: Archive) -> None:
    """Anybody can seal to the recipient."""
    to = [pyrage.x25519.Recipient.from_str(description(archive).recipient)]
    sealed = signed(OTHERS_KEY, escrow.SEALED, {"master_key": "mine"})
    replaced(archive.path / escrow.SEALED, pyrage.encrypt(sealed, to))


def start_elsewhere(archive: Archive) -> None:
    file = base_of(archive) / bases.TOLD
    replaced(file, file.read_bytes().replace(b'"start": ', b'"start": 1'))


ATTACKS: dict[str, tuple[Callable[[Archive], object], str]] = {
    "a byte of the base": (lambda at: flip(base_of(at) / bases.SEALED), "base.sealed: what is at byte"),
    "the base's end": (lambda at: cut(base_of(at) / bases.SEALED), "base.sealed: what is at byte"),
    "a base of somebody's": (sealed_by_another, "base.sealed: what is at byte 0"),
    "a base that is a link": (lambda at: linked(base_of(at) / bases.SEALED), "base.sealed is a link"),
    "a base that is a pipe": (lambda at: piped(base_of(at) / bases.SEALED), "base.sealed is no ordinary file"),
    "a base by another name": (renamed, "20991231T000000.000000Z is no base backup of this archive"),
    "a base as PostgreSQL makes them": (planted_base, "20991231T000000.000000Z is no base backup of this archive"),
    "where the base's log begins": (start_elsewhere, "base.json was not written with this archive's key"),
    "a byte of the log": (lambda at: flip(log_of(at)[-2]), "not written there with this archive's key"),
    "the log's middle, cut short": (lambda at: cut(log_of(at)[-2], SEGMENT_BYTES // 2), "not written there"),
    "the log's first bytes": (lambda at: without_first_frame(log_of(at)[-2], at), "goes on at byte"),
    "the log twice": (lambda at: twice(log_of(at)[-1], at), "goes on at byte"),
    "two segments exchanged": (lambda at: swap(*log_of(at)[-2:]), "not written there with this archive's key"),
    "a segment that PostgreSQL wrote": (lambda at: replaced(log_of(at)[-1], bytes(SEGMENT_BYTES)), "at byte 0"),
    "a segment that is missing": (lambda at: log_of(at)[-2].unlink(), "is missing, so that the log ends before it"),
    "a segment that is a link": (lambda at: linked(log_of(at)[-1]), "is a link"),
    "another recipient": (recipient_of_another, "archive.json was not written with this archive's key"),
    "other secrets": (secrets_of_another, "escrow.age was not written with this archive's key"),
    "secrets that are a link": (lambda at: linked(at.path / escrow.SEALED), "escrow.age is a link"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_changed_is_refused_and_named(kept, copy, tmp_path, attack):
    change, said = ATTACKS[attack]
    change(copy)
    with pytest.raises((ValueError, OSError), match=said):
        taken_out(copy, kept.key, tmp_path / "log")


@pytest.mark.parametrize("by", [5, 40, 17_000])
def test_what_was_being_written_when_the_machine_was_lost_does_not_stand_in_the_way(kept, copy, tmp_path, by):
    """Neither of a restore nor of a look at an archive that is being written."""
    newest = log_of(copy)[-1]
    base = restoring.base_for(copy, None)
    whole = unsealing.log(copy, base.first_segment)
    one_more = Run(copy.key, description(copy).life).frame(newest.name, whole, bytes(20_000))
    replaced(newest, newest.read_bytes() + one_more[:-by])
    taken_out(copy, kept.key, tmp_path / "log")
    assert unsealing.log(copy, base.first_segment) == whole
    replaced(newest, newest.read_bytes()[:-1000] + bytes(1000 + by))  # as long as a whole one, and not sealed so
    with pytest.raises(NotSealed, match="not written there with this archive's key"):
        unsealing.log(copy, base.first_segment)


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/outside"),
        tarfile.TarInfo("base/../../outside"),
        tarfile.TarInfo(".hidden"),
    ],
    ids=lambda member: member.name,
)
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE])
def test_even_with_the_key_a_base_has_files_of_a_database_alone(copy, tmp_path, member, kind):
    if kind != tarfile.REGTYPE:
        member = tarfile.TarInfo("base")
        member.linkname = "/tmp"  # where a link would lead
    member.type = kind
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(member, io.BytesIO())
    base, life = base_of(copy), description(copy).life
    frame = Run(copy.key, life).frame(f"{base.name}/{bases.SEALED}", 0, packed.getvalue(), last=True)
    replaced(base / bases.SEALED, frame)
    (tmp_path / "data").mkdir()
    with pytest.raises(NotSealed, match="is no file of a database"):
        unsealing.data_folder(copy, restoring.base_for(copy, None), tmp_path / "data")
    assert list(tmp_path.glob("**/outside")) == []


async def test_what_an_archive_must_not_have_of_cases_is_named(tmp_path):
    archive, outside = Archive(tmp_path / "archive"), tmp_path / "outside"
    outside.mkdir()
    (outside / "private").write_text("not the archive's")
    evidence, keys = archive.path / objects.EVIDENCE, archive.path / objects.KEYS
    for folder in (evidence, keys):
        folder.mkdir(parents=True)
    (evidence / "cases").symlink_to(outside)
    (evidence / "passwords").symlink_to(outside / "private")
    copies, _ = objects.kept_in(archive)
    assert await copies.all_names() == []
    for read in (copies.get("cases/private"), copies.put("cases/x", b""), copies.get("passwords")):
        with pytest.raises(ValueError, match="link"):
            await read
    assert sorted(file.name for file in outside.iterdir()) == ["private"]
    (evidence / "odd").write_text("x")
    with pytest.raises(ValueError, match="evidence/odd in the archive is no object of a case"):
        objects.case_of((await copies.all_names())[0])
    (keys / "odd").write_text("destroyed\n")
    with pytest.raises(ValueError, match="keys/odd in the archive is no key of a case"):
        await objects.destroyed_in(archive)
    for folder, most in ((evidence, MAX_SEALED_BYTES), (keys, SMALL)):  # eight are in memory at once
        with (folder / "huge").open("wb") as file:
            file.truncate(most + 1)
        with pytest.raises(ValueError, match=f"huge has more than {most:,} bytes"):
            await objects.kept_in(archive)[folder == keys].get("huge")
    for folder in (evidence, keys):
        shutil.rmtree(folder)
        folder.symlink_to(outside)
        with pytest.raises(ValueError, match=f"{folder.name} leads elsewhere"):
            objects.kept_in(archive)
        folder.unlink()
        folder.mkdir()


@pytest.mark.parametrize("name", ["wal", "bases"])
def test_an_archive_whose_log_or_bases_lie_elsewhere_is_none(copy, tmp_path, name):
    (copy.path / name).rename(tmp_path / "elsewhere")
    (copy.path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=f"{name} leads elsewhere"):
        description(copy)


def test_an_older_state_of_an_archive_is_told_by_its_end(tmp_path):
    archive, now = Archive(tmp_path), datetime(2026, 11, 23, 4, tzinfo=UTC)
    restoring.late_enough(archive, now, now)
    with pytest.raises(ValueError, match="it is older than it should be"):
        restoring.late_enough(archive, now - timedelta(minutes=1), now)


def test_marks_of_destruction_that_nobody_ordered_are_named():
    (said,) = work.only_marked({UUID(int=1)})
    assert "nobody ordered it" in said


def test_an_archive_has_one_life(copy):
    with pytest.raises(ValueError, match="another life of this home"):
        claim(copy, "1/00000002")


def test_what_a_crash_left_half_written_is_written_again(tmp_path):
    key, life, start = bytes(32), "7/00000001", SEGMENT_BYTES * 3
    first = Log(tmp_path, key, life)
    assert first.mend() is None
    first.position = start
    first.add(start, b"one" * 1000)
    first.flush()
    whole = (tmp_path / segment(1, 3)).read_bytes()
    (tmp_path / segment(1, 3)).write_bytes(whole + whole[:40])  # of a frame, its header and no more
    again = Log(tmp_path, key, life)
    assert again.mend() == start + 3000
    assert (tmp_path / segment(1, 3)).read_bytes() == whole
    again.add(start + 3000, bytes(SEGMENT_BYTES))  # over the end of the segment
    with pytest.raises(ValueError, match="goes on at byte"):
        again.add(start, b"again")
    assert sealed_log.names(tmp_path) == [segment(1, 3), segment(1, 4)]
    pieces = [piece for name in (3, 4) for piece in sealed_log.pieces(tmp_path, key, life, segment(1, name))]
    assert b"".join(pieces) == b"one" * 1000 + bytes(SEGMENT_BYTES)


def test_of_the_end_of_a_log_no_more_goes_than_what_a_crash_can_leave(tmp_path):
    key, life, start = bytes(32), "7/00000001", SEGMENT_BYTES * 3
    first = Log(tmp_path, key, life)
    first.position = start
    first.add(start, bytes(2 * SEGMENT_BYTES + 1000))
    first.flush()
    newest, before = tmp_path / segment(1, 5), tmp_path / segment(1, 4)
    damaged = bytearray(before.read_bytes())
    damaged[30] ^= 1
    before_was = before.read_bytes()
    before.write_bytes(damaged)
    newest.write_bytes(bytes(40))
    for _ in range(3):  # as often as its supervisor starts it
        with pytest.raises(NotSealed, match=f"{before.name} is not whole"):
            Log(tmp_path, key, life).mend()
    assert sealed_log.names(tmp_path) == [segment(1, number) for number in (3, 4, 5)]
    before.write_bytes(before_was)
    again = Log(tmp_path, key, life)
    assert again.mend() == again.position == start + 2 * SEGMENT_BYTES
    assert sealed_log.names(tmp_path) == [segment(1, 3), segment(1, 4)]
    assert again.mend() == again.position
