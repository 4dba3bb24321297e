"""The embedded stack as a person runs it: one command, real servers."""

from __future__ import annotations

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest
from minio.error import S3Error

from deploy.local import postgres
from deploy.local.access import libpq_url
from deploy.local.buckets import S3Address
from deploy.local.leftovers import marked
from deploy.local.part import PARTS
from deploy.local.process import ProcessSpec
from deploy.local.stack import Stack
from deploy.local.supervisor import StackEvent, StackFailed
from shared.objects.s3 import S3Store
from tests.support.kafka import consume, produce
from tests.support.objects import object_settings
from tests.support.poll import eventually
from tests.support.sockets import LOOPBACK_PREFIXES, listening
from tests.support.up import up


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


async def http(method: str, url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, url)


def owner(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_one_command_starts_all_on_loopback_and_a_signal_stops_all(tmp_path: Path) -> None:
    async with up(tmp_path) as stack:
        await stack.wait_up()
        env = stack.env
        assert query(env["HAETAE_DATABASE_URL"], "SELECT current_database(), current_user") == [("haetae", "haetae")]
        await produce(env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", b"one")
        buckets = {bucket.name for bucket in S3Address.of(env).client().list_buckets()}
        assert buckets == {"kafka", "evidence", "keys", "exports", "quarantine"}
        assert (await http("GET", f"{env['HAETAE_MAIL_API']}/api/mailboxes")).json() == []
        addresses = listening(marked(tmp_path))
        assert len(addresses) >= len(PARTS)
        assert {address for address, _ in addresses} <= set(LOOPBACK_PREFIXES)
        assert await stack.end(signal.SIGINT) == 0
    assert marked(tmp_path) == []
    assert all(f"{part:10} ready after" in stack.printed for part in PARTS)
    assert all(f"{part:10} stopped" in stack.printed for part in PARTS)
    assert stack.printed.index("s3         ready") < stack.printed.index("kafka      started")
    assert stack.printed.index("kafka      stopped") < stack.printed.index("s3         stopped")


async def test_after_a_killed_run_nothing_is_left_and_the_next_has_its_data(tmp_path: Path) -> None:
    async with up(tmp_path) as first:
        await first.wait_up()
        env = first.env
        query(env["HAETAE_DATABASE_URL"], "CREATE TABLE parcel AS SELECT 7 AS gate")
        await produce(env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", b"one")
        S3Address.of(env).client().fput_object("keys", "k", __file__)
        await first.end(signal.SIGKILL)
        await eventually(lambda: not marked(tmp_path))
    # As after a reboot: the pid in the stale file is somebody else's by now.
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}/postgres\n0\n1\n\n127.0.0.1\n\n")
    async with up(tmp_path) as second:
        await second.wait_up()
        assert second.env == env
        assert query(env["HAETAE_DATABASE_URL"], "SELECT gate FROM parcel") == [(7,)]
        assert await consume(env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", 1) == [b"one"]
        assert S3Address.of(env).client().stat_object("keys", "k").size


async def test_a_second_stack_runs_beside_but_not_in_the_same_home(tmp_path: Path) -> None:
    options = ("--only", "postgres,mail")
    async with up(tmp_path / "a", *options) as first, up(tmp_path / "b", *options) as second:
        await first.wait_up()
        await second.wait_up()
        assert first.env["HAETAE_DATABASE_URL"] != second.env["HAETAE_DATABASE_URL"]
        async with up(tmp_path / "a", *options) as third:
            assert await third.process.wait() == 1
            await third.end(signal.SIGTERM)
        assert f"a stack already runs in {tmp_path / 'a'} (process {first.process.pid})" in third.printed
        assert query(first.env["HAETAE_DATABASE_URL"], "SELECT 1") == [(1,)]


async def test_a_part_named_in_the_environment_is_not_started(tmp_path: Path, postgres_url: str) -> None:
    async with up(tmp_path, "--only", "postgres,mail", HAETAE_DATABASE_URL=postgres_url) as stack:
        await stack.wait_up()
        assert stack.env["HAETAE_DATABASE_URL"] == postgres_url
        assert "postgres" not in stack.printed
        assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("options", [("--kafka", "disk"), ("--only", "postgres,redis")])
async def test_a_wrong_option_is_named(tmp_path: Path, options: tuple[str, str]) -> None:
    async with up(tmp_path, *options) as stack:
        assert await stack.process.wait() == 2
        await stack.end(signal.SIGTERM)
    assert options[0] in stack.printed
    assert options[1].split(",")[-1] in stack.printed


async def test_each_part_that_is_killed_comes_back_with_its_data(tmp_path: Path) -> None:
    async with Stack(tmp_path, scratch=True, environ={}) as stack:
        query(stack.env["HAETAE_DATABASE_URL"], "CREATE TABLE parcel AS SELECT 7 AS gate")
        await produce(stack.env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", b"one")
        for part in PARTS:
            await stack.supervisor.kill(part)
            await stack.ready(part)
        assert query(stack.env["HAETAE_DATABASE_URL"], "SELECT gate FROM parcel") == [(7,)]
        await produce(stack.env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", b"two")
        kept = await consume(stack.env["HAETAE_KAFKA_BOOTSTRAP"], "parcels", 2)
        assert sorted(kept) == [b"one", b"two"]  # without a key, each may lie in another partition


async def test_what_a_caller_adds_stops_before_the_parts(tmp_path: Path) -> None:
    events: list[StackEvent] = []
    drains = "trap 'sleep 1; exit 0' TERM; while true; do sleep 0.05; done"
    async with Stack(tmp_path, parts=("mail",), scratch=True, environ={}, on_event=events.append) as stack:
        stack.add(ProcessSpec("service", ["sh", "-c", drains]))
        await stack.ready("service")
        with pytest.raises(ValueError, match="'other' needs postgres"):
            stack.add(ProcessSpec("other", ["sleep", "600"], needs=("postgres",)))
    assert [event.name for event in events if event.kind == "stopped"] == ["service", "mail"]


async def test_in_memory_a_dead_broker_is_the_end_of_the_stack(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=("kafka",), kafka_store="memory", scratch=True, environ={}) as stack:
        await stack.supervisor.kill("kafka")
        assert "kafka ended with -9" in await stack.failure()
        with pytest.raises(StackFailed):
            await stack.ready("kafka")


async def test_each_identity_reaches_its_own_buckets_only(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=("s3",), scratch=True, environ={}) as stack:
        evidence, gateway = (S3Address.of(stack.service_env(name)).client() for name in ("evidence", "gateway"))
        evidence.fput_object("evidence", "seal", __file__)
        assert gateway.stat_object("evidence", "seal").size
        for client, bucket in ((gateway, "evidence"), (gateway, "keys"), (evidence, "kafka")):
            with pytest.raises(S3Error, match="AccessDenied"):
                client.fput_object(bucket, "other", __file__)
        crawler = S3Address.of(stack.service_env("crawler")).client()
        crawler.fput_object("quarantine", "fetched", __file__)
        classifier = S3Address.of(stack.service_env("classifier")).client()
        classifier.fget_object("quarantine", "fetched", str(tmp_path / "read"))
        with pytest.raises(S3Error, match="AccessDenied"):
            classifier.fput_object("quarantine", "other", __file__)
        with pytest.raises(S3Error, match="AccessDenied"):
            classifier.remove_object("quarantine", "fetched")
        with pytest.raises(S3Error, match="AccessDenied"):
            evidence.stat_object("quarantine", "fetched")
        with closing(S3Store(object_settings(S3Address.of(stack.service_env("evidence"))), "quarantine")) as store:
            assert await store.clear_beginning("fetch") == 1  # it may delete there, and read nothing
        for client in (crawler, classifier):
            for bucket in ("evidence", "keys", "exports"):
                with pytest.raises(S3Error, match="AccessDenied"):
                    client.stat_object(bucket, "seal")
                with pytest.raises(S3Error, match="AccessDenied"):
                    client.fput_object(bucket, "other", __file__)
        for service in ("crawler", "classifier"):
            assert not {"HAETAE_MASTER_KEY", "HAETAE_APPROVAL_KEY"} & set(stack.service_env(service))
        around = f"http://127.0.0.1:{stack.home.last_port('s3_filer')}/buckets/evidence/seal"
        assert (await http("DELETE", around)).status_code == 401  # the filer's own port respects no lock


async def test_not_even_who_sealed_it_can_delete_a_sealed_object(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=("s3",), scratch=True, environ={}) as stack:
        evidence, root = S3Address.of(stack.service_env("evidence")).client(), S3Address.of(stack.env).client()
        version = evidence.fput_object("evidence", "seal", __file__).version_id
        for client in (evidence, root):
            with pytest.raises(S3Error):
                client.remove_object("evidence", "seal", version_id=version)
        evidence.fput_object("evidence", "seal", os.devnull)
        evidence.remove_object("evidence", "seal")
        root.fget_object("evidence", "seal", str(tmp_path / "kept"), version_id=version)
        assert filecmp.cmp(tmp_path / "kept", __file__, shallow=False)


def ordinary_user() -> tuple[str, ...]:
    """A command prefix under which we are not root; the interpreter may lie where only root can read."""
    real = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    start_another = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    for prefix in (real, namespace):
        if not shutil.which(prefix[0]):
            continue
        tried = subprocess.run([*prefix, sys.executable, "-c", start_another], capture_output=True, check=False)
        if tried.returncode == 0:
            return prefix
    pytest.skip("neither setpriv nor a user namespace runs Python here as an ordinary user")


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run as an ordinary user already")
async def test_an_ordinary_user_runs_it_too() -> None:
    prefix = ordinary_user()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if prefix[0] == "setpriv":
            os.chown(folder, 65534, 65534)
        async with up(Path(folder), prefix=prefix) as stack:
            await stack.wait_up()
            assert await stack.end(signal.SIGTERM) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
async def test_root_without_user_namespaces_steps_down_for_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "user_namespaces", lambda: False)
    postgres.unprivileged.cache_clear()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with Stack(Path(folder), parts=("postgres",), scratch=True, environ={}) as stack:
                assert owner(stack.supervisor.pid("postgres")) != 0
                assert query(stack.env["HAETAE_DATABASE_URL"], "SELECT 1") == [(1,)]
    finally:
        postgres.unprivileged.cache_clear()
