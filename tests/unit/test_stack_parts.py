"""The stack's small parts: ports, the home, who may know what, outside servers, a stale pid file."""

from __future__ import annotations

import os
import random
import socket
import stat
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from deploy.local import outside
from deploy.local.access import allowed, service_url
from deploy.local.home import Home, HomeInUse, read_env
from deploy.local.ports import RANDOM_PORTS, Ports
from deploy.local.postgres import NO_PID, disown_stale_pid
from deploy.local.process import ProcessSpec
from deploy.local.stack import Stack

SETTINGS = {
    "HAETAE_DATABASE_URL": "postgresql+psycopg://haetae:p@127.0.0.1:1/haetae",
    "HAETAE_KAFKA_BOOTSTRAP": "127.0.0.1:2",
    "HAETAE_S3_SECRET_KEY": "s",
    "HAETAE_SMTP_HOST": "127.0.0.1",
    "HAETAE_MAIL_API": "http://127.0.0.1:3",
    "HAETAE_MASTER_KEY": "k",
    "HAETAE_FORMER_MASTER_KEYS": "f",
    "HAETAE_TRANSIT_TOKEN": "t",
    "HAETAE_SIGNING_KEY": "e",
    "HAETAE_QUARANTINE_KEY": "q",
    "HAETAE_HISTORY_KEY": "h",
    "HAETAE_APPROVAL_KEY": "a",
    "HAETAE_LOG_LEVEL": "info",
}
VAULT = {"HAETAE_S3_SECRET_KEY", "HAETAE_MASTER_KEY", "HAETAE_FORMER_MASTER_KEYS", "HAETAE_TRANSIT_TOKEN"}
FOR_ALL = {"HAETAE_DATABASE_URL", "HAETAE_KAFKA_BOOTSTRAP", "HAETAE_LOG_LEVEL"}


@pytest.fixture
def ports():
    made = Ports(random.Random(2))
    yield made
    made.release()


def test_the_preferred_port_is_taken_when_free(ports: Ports) -> None:
    free = ports.claim([])
    ports.release()
    assert ports.claim([free]) == free


def test_a_port_that_somebody_listens_on_is_left_alone(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert ports.claim([taken]) in RANDOM_PORTS


def test_two_stacks_that_start_at_once_get_different_ports(ports: Ports) -> None:
    second = Ports(random.Random(2))  # would draw the same numbers
    assert ports.claim([]) != second.claim([])
    second.release()


def test_without_any_usable_port_the_error_says_so(ports: Ports) -> None:
    with pytest.raises(OSError, match="no free port"):
        ports.claim([], usable=lambda port: False)


def test_a_home_belongs_to_one_stack_at_a_time(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(HomeInUse, match=rf"already runs in {tmp_path} \(process {os.getpid()}\).*--home"):
        Home(tmp_path)
    home.release()
    Home(tmp_path).release()


def test_secrets_are_random_private_and_stay(tmp_path: Path) -> None:
    home = Home(tmp_path / "a")
    secret, key = home.secret("postgres"), home.key("master_key")
    home.release()
    again, other = Home(tmp_path / "a"), Home(tmp_path / "b")
    assert (again.secret("postgres"), again.key("master_key")) == (secret, key)
    assert other.secret("postgres") != secret
    assert mode(tmp_path / "a" / "secrets.json") == 0o600
    assert mode(tmp_path / "a") == 0o700


def test_a_broken_secrets_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(ValueError, match=r"secrets\.json is not a JSON object"):
        Home(tmp_path)


def test_the_env_file_is_read_back_and_a_wrong_line_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.write_env(SETTINGS)
    assert read_env(path) == SETTINGS
    assert mode(path) == 0o600
    path.write_text("A=1\nnonsense\n")
    with pytest.raises(ValueError, match="line 2: expected NAME=value"):
        read_env(path)


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("crawler", {"HAETAE_QUARANTINE_KEY"}),
        ("classifier", {"HAETAE_QUARANTINE_KEY"}),
        ("drafter", set()),
        ("evidence", {*VAULT, "HAETAE_SIGNING_KEY"}),
        ("gateway", {*VAULT, "HAETAE_APPROVAL_KEY", "HAETAE_HISTORY_KEY"}),
        ("notifier", {"HAETAE_SMTP_HOST", "HAETAE_APPROVAL_KEY"}),
    ],
)
def test_a_service_knows_only_what_it_needs(service: str, more: set[str]) -> None:
    assert set(allowed(service, SETTINGS)) == FOR_ALL | more


def test_each_service_has_its_own_login() -> None:
    url = service_url(SETTINGS["HAETAE_DATABASE_URL"], "crawler", "p@:/word")
    assert make_url(url).username == "haetae_crawler"
    assert make_url(url).password == "p@:/word"
    assert make_url(url).database == "haetae"


def test_an_outside_server_is_known_by_its_address_and_brings_all_its_settings() -> None:
    found = outside.settings(
        {"HAETAE_KAFKA_BOOTSTRAP": "k:9092", "HAETAE_KAFKA_IDEMPOTENCE": "1", "HAETAE_S3_SECURE": "1"}
    )
    assert found == {"kafka": {"HAETAE_KAFKA_BOOTSTRAP": "k:9092", "HAETAE_KAFKA_IDEMPOTENCE": "1"}}


def test_an_outside_s3_without_its_keys_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="HAETAE_S3_ENDPOINT is set, so set HAETAE_S3_ACCESS_KEY and HAETAE_S3_SECRET"):
        Stack(tmp_path, environ={"HAETAE_S3_ENDPOINT": "s3.test:9000"})


async def test_outside_servers_are_passed_on_and_nothing_is_started(tmp_path: Path) -> None:
    given = {
        "HAETAE_DATABASE_URL": "postgresql+psycopg://owner:p@127.0.0.1:1/own",
        "HAETAE_KAFKA_BOOTSTRAP": "127.0.0.1:2",
        "HAETAE_SMTP_HOST": "127.0.0.1",
        "HAETAE_SMTP_PORT": "3",
        "HAETAE_MASTER_KEY": "given",
        "HAETAE_FORMER_MASTER_KEYS": "given before",
        "HAETAE_SIGNING_KEY": "given for seals",
        "HAETAE_QUARANTINE_KEY": "given as well",
        "HAETAE_HISTORY_KEY": "given for heads",
        "HAETAE_APPROVAL_KEY": "given too",
        "HAETAE_SECOND_FACTOR": "required",
    }
    async with Stack(tmp_path, parts=("postgres", "kafka", "mail"), environ=given) as stack:
        assert stack.env == given
        assert stack.supervisor.names == []
        assert stack.service_env("notifier")["HAETAE_SMTP_PORT"] == "3"


async def test_a_process_may_need_a_part_that_somebody_else_runs(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=("kafka",), environ={"HAETAE_KAFKA_BOOTSTRAP": "127.0.0.1:2"}) as stack:
        stack.add(ProcessSpec("service", ["sleep", "600"], needs=("kafka",)))
        await stack.ready("service")


async def test_a_port_is_found_again_by_its_name(tmp_path: Path) -> None:
    ports = set()
    for _ in range(2):
        async with Stack(tmp_path, parts=(), scratch=True, environ={}) as stack:
            ports.add(stack.claim_port("gateway", 25000))
    assert len(ports) == 1


def test_the_pid_of_a_dead_server_is_disowned_and_the_rest_kept(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n1234\n")
    disown_stale_pid(tmp_path)
    assert lock.read_text() == f"{NO_PID}\n{tmp_path}\n1234\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
