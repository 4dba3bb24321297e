"""The doctor's judgement, and what it sees of files and models: no server is needed for these."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haetae.doctor import admission, attested, files, kafka, kept, machine, models, objects, postgres
from haetae.doctor.diagnosis import Diagnosis, State, merged, worst
from haetae.doctor.examining import Check, examine
from haetae.doctor.patient import Patient
from shared.stamps.verifying import Stamped
from tests.support.doctor import key

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COMMON = {
    "HAETAE_DATABASE_URL": "postgresql+psycopg://a:b@127.0.0.1/c",
    "HAETAE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    "HAETAE_S3_ENDPOINT": "127.0.0.1:2",
    "HAETAE_S3_ACCESS_KEY": "a",
    "HAETAE_S3_SECRET_KEY": "b",
    "HAETAE_SMTP_HOST": "127.0.0.1",
    "HAETAE_APPROVAL_KEY": key(),
    "HAETAE_SIGNING_KEY": key(),
    "HAETAE_HISTORY_KEY": key(),
    "HAETAE_MASTER_KEY": key(),
    "HAETAE_QUARANTINE_KEY": key(),
    "HAETAE_TEXT_MODEL": "var/models/text",
}


def patient(service: str, **more: str) -> Patient:
    made = admission.of_service(service, COMMON | {f"HAETAE_{name}": value for name, value in more.items()})[0]
    assert made.settings, made.problem
    return made


def is_named(found: list[Diagnosis], said: str, cure: str, state: State = State.FAILED) -> bool:
    return any(one.state is state and said in f"{one.what}: {one.said}" and cure in one.cure for one in found)


FILES = [
    ("crawler", "EXITS_FILE", "kr ftp://h:1\n", 0o600, "line 1", "mend"),
    ("crawler", "EXITS_FILE", "kr socks5h://a:b@h.test:1\n", 0o644, "everybody", "mend"),
    ("crawler", "CREDENTIALS_FILE", "", 0o644, "everybody", "chmod o="),
    ("crawler", "CA_FILE", "none", 0o600, "no certificates", "mend"),
    ("crawler", "CREDENTIALS_FILE", None, 0, "is not there", "name another"),
    ("evidence", "STAMP_AUTHORITIES_FILE", "[x]\n", 0o600, "[[authority]]", "mend"),
    ("evidence", "RETENTION_FILE", "x = 1\n", 0o600, "RETENTION_FILE", "mend"),
    ("drafter", "LAWS_FILE", "law = 1\n", 0o600, "LAWS_FILE", "mend"),
    ("drafter", "CONTACTS_FILE", "=", 0o600, "CONTACTS_FILE", "mend"),
    ("gateway", "DOOR_FILE", "x = 1\n", 0o600, "DOOR_FILE", "mend"),
    ("gateway", "OIDC_PEOPLE_FILE", "[roles]\n", 0o600, "OIDC_PEOPLE_FILE", "mend"),
    ("notifier", "CONNECTOR_CREDENTIALS_FILE", "x = 1\n", 0o600, "CONNECTOR_CREDENTIALS_FILE", "mend"),
]


@pytest.mark.parametrize(("service", "setting", "text", "mode", "said", "cure"), FILES)
async def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, service: str, setting: str, text: str | None, mode: int, said: str, cure: str
) -> None:
    file = tmp_path / "given"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    found = list(await files.look(patient(service, **{setting: str(file)})))
    assert is_named(found, said, cure), found


def test_secrets_that_everybody_may_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "HAETAE_MASTER_KEY").write_text("x")
    tmp_path.chmod(0o755)
    found = list(files.secrets_folder(patient("gateway", SECRETS_DIR=str(tmp_path))))
    assert is_named(found, "HAETAE_MASTER_KEY", "chmod o="), found
    tmp_path.chmod(0o700)
    assert not list(files.secrets_folder(patient("gateway", SECRETS_DIR=str(tmp_path))))


async def test_a_model_that_was_cut_short_is_named(tmp_path: Path) -> None:
    classifier = patient("classifier", TEXT_MODEL=str(tmp_path))
    assert is_named(list(await models.look(classifier)), "config.json is not there", "HAETAE_TEXT_MODEL")
    (tmp_path / "config.json").write_text("{}")
    assert is_named(list(await models.look(classifier)), "no weights", "copy the whole model")
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    whole = len(header).to_bytes(8, "little") + header + bytes(8)
    (tmp_path / "model.safetensors").write_bytes(whole[:-4])
    assert is_named(list(await models.look(classifier)), "cut short", "copy the whole model")
    (tmp_path / "model.safetensors").write_bytes(whole)
    assert is_named(list(await models.look(classifier)), "is whole", "", State.OK)


def room(**more: int) -> machine.Room:
    return machine.Room(
        Path("/data"), **({"size": 100 << 30, "free": 50 << 30, "inodes": 100, "free_inodes": 50} | more)
    )


def test_the_machine_is_judged() -> None:
    assert not list(machine.judge_room(room()))
    assert is_named(list(machine.judge_room(room(free=1 << 30))), "1,024 MiB are free at /data", "make room")
    assert is_named(list(machine.judge_room(room(free_inodes=1))), "inodes are free", "more inodes")
    assert is_named(list(machine.judge_open_files(1024)), "1,024 files open", "ulimit -n 4096", State.WARNING)
    assert not list(machine.judge_open_files(-1))  # no limit
    assert is_named(list(machine.judge_shared(64 << 20)), "64 MiB", "512 MiB", State.WARNING)


def server(**more: object) -> postgres.Server:
    sound = {"version": 18, "ahead": timedelta(0), "free": 90, "durable": True, "synchronous": True, "standby": False}
    return postgres.Server(**{**sound, "encoding": "UTF8", "encrypted": False, **more})  # type: ignore[arg-type]  # a table's row


@pytest.mark.parametrize(
    ("fault", "said", "cure", "state"),
    [
        ({"version": 13}, "PostgreSQL 13", "upgrade", State.FAILED),
        ({"ahead": timedelta(seconds=-9)}, "-9.0 s", "NTP", State.FAILED),
        ({"free": 3}, "3 connections are free", "max_connections", State.WARNING),
        ({"standby": True}, "standby", "primary", State.FAILED),
        ({"encoding": "SQL_ASCII"}, "SQL_ASCII", "UTF8", State.FAILED),
        ({"archive": "lost"}, "its log has a gap", "backup into", State.FAILED),
    ],
)
def test_a_database_server_is_judged(fault: dict[str, object], said: str, cure: str, state: State) -> None:
    assert is_named(list(postgres.judge(server(**fault), same_machine=True)), said, cure, state)


def test_a_connection_that_leaves_the_machine_unencrypted_is_told() -> None:
    found = list(postgres.judge(server(), same_machine=False))
    assert is_named(found, "not encrypted", "sslmode=verify-full", State.WARNING)


@pytest.mark.parametrize(
    ("told", "said", "cure", "state"),
    [
        (kafka.Told(3, 3), "has 3 partitions; 6", "--partitions 6", State.WARNING),
        (kafka.Told(6, 1), "has 1 copies on 3", "3 copies", State.FAILED),
        (kafka.Told(6, 3, {"cleanup.policy": "compact"}), "is compacted", "cleanup.policy=delete", State.FAILED),
        (kafka.Told(6, 3, {"max.message.bytes": "500000"}), "500000 bytes", "max.message.bytes=", State.FAILED),
        (kafka.Told(6, 3, {"retention.ms": "86400000"}), "for 1.0 days", "retention.ms=", State.FAILED),
        (kafka.Told(6, 3, {"min.insync.replicas": "1"}), "a single broker", "min.insync.replicas=2", State.FAILED),
    ],
)
def test_a_topic_is_judged(told: kafka.Told, said: str, cure: str, state: State) -> None:
    cluster = kafka.Cluster(3, {"case.events": told}, embedded=False)
    assert is_named(list(kafka.judge(cluster, idempotence=True, creates=True)), said, cure, state)


def test_events_that_may_change_their_order_are_told() -> None:
    found = list(kafka.judge(kafka.Cluster(3, {}, embedded=False), idempotence=False, creates=True))
    assert is_named(found, "change their order", "unset HAETAE_KAFKA_IDEMPOTENCE")


def test_a_store_whose_clock_is_wrong_is_told() -> None:
    found = list(objects.judge_clock({"date": "Mon, 23 Nov 2026 00:10:00 GMT"}, NOW))
    assert is_named(found, "+600 s", "NTP")
    assert not list(objects.judge_clock({}, NOW))


def test_a_stamp_tells_of_clocks_and_certificates() -> None:
    def stamp(offset_ms: int, days: int) -> Stamped:
        return Stamped("one", "doctor", b"", NOW, NOW + timedelta(days=days), offset_ms, b"")

    assert is_named([attested.judge_stamp(stamp(9_000, 900), NOW)], "+9.0 s", "NTP")
    assert is_named([attested.judge_stamp(stamp(0, 9), NOW)], "end on 2026-12-02", "next certificate", State.WARNING)
    assert attested.judge_stamp(stamp(0, 900), NOW).state is State.OK


async def test_a_check_that_hangs_or_breaks_hides_no_other() -> None:
    async def hangs(_: Patient) -> list[Diagnosis]:
        await asyncio.Event().wait()
        return []

    async def breaks(_: Patient) -> list[Diagnosis]:
        raise RuntimeError("a secret that must not be told")

    async def works(_: Patient) -> list[Diagnosis]:
        return [Diagnosis("three", "thing", State.OK, "fine")]

    everybody = frozenset({"crawler", "gateway"})
    checks = [Check(name, look, everybody) for name, look in (("one", hangs), ("two", breaks), ("three", works))]
    found = await examine([Patient("crawler", {}, object()), Patient("gateway", {}, object())], checks, longest_s=0.05)
    assert [(one.subject, one.state) for one in found] == [
        ("one", State.FAILED),
        ("two", State.FAILED),
        ("three", State.OK),
    ]
    assert "secret" not in str(found)
    assert {one.services for one in found} == {("crawler", "gateway")}
    assert worst(found) is State.FAILED


def test_what_is_the_same_for_several_services_stands_once() -> None:
    one = Diagnosis("a", "b", State.OK, "c", services=("crawler",))
    other = Diagnosis("a", "b", State.OK, "c", services=("gateway",))
    assert merged([one, other]) == [Diagnosis("a", "b", State.OK, "c", services=("crawler", "gateway"))]


def test_a_stack_is_seen_as_each_service_is_told_of_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no stack in"):
        admission.of_stack(tmp_path, {})
    (tmp_path / "secrets.json").write_text(json.dumps({"role_drafter": "of-drafter", "s3_gateway": "of-gateway"}))
    (tmp_path / "ports.json").write_text("{}")
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in COMMON.items()))
    for file in tmp_path.iterdir():
        file.chmod(0o600)
    patients, beside = admission.of_stack(tmp_path, {})
    by_name = {one.service: one for one in patients}
    assert by_name["drafter"].env["HAETAE_DATABASE_URL"].startswith("postgresql+psycopg://haetae_drafter:of-drafter@")
    assert "HAETAE_MASTER_KEY" not in by_name["drafter"].env
    assert by_name["gateway"].env["HAETAE_S3_ACCESS_KEY"] == "gateway"
    assert not by_name["gateway"].own_login
    assert is_named(beside, "nothing of the stack", f"haetae run --home {tmp_path}")
    (tmp_path / "secrets.json").chmod(0o644)
    assert is_named(admission.of_stack(tmp_path, {})[1], "others on this machine may read", "chmod 600")


async def test_a_pipe_in_place_of_a_file_is_named_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "laws")
    found = list(await files.look(patient("drafter", LAWS_FILE=str(tmp_path / "laws"))))
    assert any(is_named([one], "is a pipe", "name an ordinary file") for one in found), found


async def test_an_enormous_file_is_named_and_not_read(tmp_path):
    with (tmp_path / "laws").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    found = list(await files.look(patient("drafter", LAWS_FILE=str(tmp_path / "laws"))))
    assert any(is_named([one], "1,099,511,627,776 bytes", "the file that was meant") for one in found), found


def test_a_backup_that_nobody_made_lately_is_named(tmp_path):
    assert is_named([kept.judge(None, NOW)], "the archive has none", "backup create")
    assert is_named([kept.judge(NOW - timedelta(days=2), NOW)], "made on 2026-11-21", "backup create", State.WARNING)
    assert kept.judge(NOW - timedelta(days=1), NOW).state is State.OK
    assert is_named([kept.look(tmp_path, NOW)], "there is none", "docs/operations.md", State.WARNING)
    (tmp_path / "archive.json").write_text("{}")
    assert is_named([kept.look(tmp_path, NOW)], "is not what", "backup into")
