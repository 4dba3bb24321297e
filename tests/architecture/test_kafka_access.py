"""What is deployed at Kafka is what the services' tables say."""

from pathlib import Path

import pytest

from deploy.access.__main__ import written
from deploy.access.catalogue import Principal, of_service, principals, public_topics, subscriber
from deploy.access.commands import allow, create_topic, set_quotas
from deploy.access.retention import kept
from deploy.access.tables import tables
from shared.bus.retention import FOREVER
from shared.events import CATALOGUE
from shared.handling import Service
from shared.lanes import topics

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return tables()


def test_the_manifests_and_the_page_are_those_of_the_tables(services):
    for path, text in written(services).items():
        assert (ROOT / path).read_text() == text, f"{path}: make docs"


def test_a_service_may_what_it_needs_at_its_start_and_its_users_differ(services):
    for service in services:
        given = {grant.name for grant in of_service(service).grants if grant.kind == "topic"}
        assert given == set(topics(service))
    names = [one.name for one in principals(services)]
    assert len({*names, subscriber("id").name}) == len(names) + 1


def test_what_every_process_reads_from_its_first_record_on_is_kept_for_ever(services):
    heard = {event.topic for service in services for event in service.listens}
    assert {topic for topic in {event.topic for event in CATALOGUE} if topic.forever} >= heard
    assert {one.name for one in kept(services) if one.retention_ms == FOREVER} >= {topic.name for topic in heard}


@pytest.mark.parametrize("id", ["", "x", "A", "a.b", "-a", "a-", "a" * 41, "a b", "a/b", "é" * 3, "a\n"])
def test_an_id_that_could_reach_beyond_its_own_groups_is_none(id):
    with pytest.raises(ValueError, match="use 2 to 40"):
        subscriber(id)


def test_kafkas_own_commands_give_the_same_rights(services):
    agency: Principal = subscriber("lantern")
    for line, grant in zip(allow(agency, "p."), agency.grants, strict=True):
        assert (
            f"--allow-principal User:agency-lantern {' '.join(f'--operation {one}' for one in grant.operations)}"
            in line
        )
        assert f"--{grant.kind} p.{grant.name}" in line
        assert ("--resource-pattern-type prefixed" in line) == grant.prefix
    assert {grant.name for grant in agency.grants if grant.kind == "topic"} == {one.name for one in public_topics()}
    assert "consumer_byte_rate=1048576,request_percentage=25" in set_quotas(agency.name, agency.quotas)
    (line,) = {create_topic(one) for one in kept(services) if one.name == "case.events"}
    assert line.endswith(
        "--partitions 6 --replication-factor 3 --config retention.ms=2592000000 --config min.insync.replicas=2"
    )
