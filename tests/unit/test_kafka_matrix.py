"""Every topic, group, request and principal: the deployed rights allow what the table says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from kio.index import load_request_schema
from kio.schema.index import api_key_map

from deploy.access.__main__ import MANIFESTS
from deploy.access.acls import Acls
from deploy.access.catalogue import subscriber
from deploy.access.strimzi import user
from tests.support.guarded_broker.apis import APIS
from tests.support.guarded_broker.deciding import Verdict, decide
from tests.support.guarded_broker.wire import Request, asked_again, made, parse, part

KEYS = {name: key for key, name in api_key_map.items()}
SUBSCRIBERS = ("agency-lantern", "agency-pier")
USERS = [
    *yaml.safe_load_all((MANIFESTS / "users.yaml").read_text()),
    user(subscriber("lantern")),
    user(subscriber("pier", peer=True)),
]
ACLS = Acls.of(USERS)
# Which requests a letter allows. What is in none of them is allowed to nobody.
TOPIC_REQUESTS = {
    "s": {"metadata", "list_offsets"},
    "r": {"metadata", "list_offsets", "fetch"},
    "w": {"metadata", "list_offsets", "produce"},
    "e": {"metadata", "list_offsets", "delete_records", "delete_topics"},
    "c": {"describe_configs"},
}
MEMBER = {"join_group", "sync_group", "heartbeat", "leave_group"}
GROUP_REQUESTS = {"s": {"find_coordinator", "describe_groups"}, "r": {"find_coordinator", "describe_groups", *MEMBER}}
ON_TOPICS = [name for name, api in APIS.items() if api.kind == "topic" and not api.group]
ON_GROUPS = [*MEMBER, "find_coordinator", "describe_groups", "delete_groups"]


def read(kind: str) -> dict[tuple[str, str], str]:
    """By name and principal."""
    lines = [line.split() for line in (Path(__file__).parent / "kafka_matrix.txt").read_text().splitlines()]
    start = next(number for number, line in enumerate(lines) if line[:1] == [kind])
    rows: dict[tuple[str, str], str] = {}
    for line in lines[start + 1 :]:
        if not line:
            break
        rows |= {(line[0], principal): letters for principal, letters in zip(lines[start][1:], line[1:], strict=True)}
    return rows


TOPICS, GROUPS = read("topic"), read("group")
PRINCIPALS = sorted({principal for _, principal in TOPICS})


def known_as(principal: str) -> str:
    return principal if principal in SUBSCRIBERS else f"CN={principal}"


def request(api: str, **given: object) -> Request:
    """As it comes over the wire, in the newest version that is offered."""
    key, version = KEYS[api], APIS[api].versions[1]
    asked = Request(api, key, version, 7, "test", made(load_request_schema(key, version), **given), b"")
    return parse(asked_again(asked, asked.body))


def on_topic(api: str, topic: str, group: str = "") -> Request:
    asks, schema = APIS[api].asks, load_request_schema(KEYS[api], APIS[api].versions[1])
    assert asks
    if not asks.name:
        return request(api, **{asks.entries: (topic,)})
    entry = part(schema, asks.entries)
    given: dict[str, object] = {asks.name: topic, "resource_type": 2}
    if asks.partitions:
        number = made(part(entry, asks.partitions), **{asks.number: 0}) if asks.number else 0
        given[asks.partitions] = (number,)
    return request(api, **{asks.entries: (made(entry, **given),), "group_id": group})


def on_group(api: str, group: str) -> Request:
    named = {"describe_groups": "groups", "delete_groups": "groups_names"}.get(api)
    return request(api, **{named: (group,)}) if named else request(api, group_id=group, key=group)


def may(asked: Request, principal: str) -> bool:
    verdict: Verdict = decide(asked, ACLS, known_as(principal))
    return verdict.whole is None and not verdict.refused


def test_the_table_has_every_topic_and_user_that_is_deployed():
    topics = {one["metadata"]["name"] for one in yaml.safe_load_all((MANIFESTS / "topics.yaml").read_text())}
    assert {topic for topic, _ in TOPICS} == topics
    assert {*PRINCIPALS} == {one["metadata"]["name"] for one in USERS} | {"nobody"}
    assert {known_as(one["metadata"]["name"]) for one in USERS} == set(ACLS.principals)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_topics(principal):
    for (topic, who), letters in TOPICS.items():
        if who == principal:
            allowed = set().union(*(TOPIC_REQUESTS.get(letter, set()) for letter in letters))
            assert {api for api in ON_TOPICS if may(on_topic(api, topic), principal)} == allowed, topic


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_groups(principal):
    for (group, who), letter in GROUPS.items():
        if who == principal:
            assert {api for api in ON_GROUPS if may(on_group(api, group), principal)} == GROUP_REQUESTS.get(
                letter, set()
            ), group


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_offsets_take_a_right_on_the_group_and_on_the_topic(principal):
    topics = {topic: letters for (topic, who), letters in TOPICS.items() if who == principal}
    for group, letter in {group: letter for (group, who), letter in GROUPS.items() if who == principal}.items():
        for topic, letters in topics.items():
            read = may(on_topic("offset_commit", topic, group), principal)
            assert read == (letter == "r" and "r" in letters), (topic, group)
            seen = may(on_topic("offset_fetch", topic, group), principal)
            assert seen == (letter != "." and bool(set(letters) & set("srwe"))), (topic, group)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_an_idempotent_producer_takes_the_right_to_write_somewhere_and_transactions_are_nobodys(principal):
    writes = any("w" in letters for (_, who), letters in TOPICS.items() if who == principal)
    assert may(request("init_producer_id", transactional_id=None), principal) == writes
    assert not may(request("init_producer_id", transactional_id="t"), principal)


def test_a_rule_that_denies_goes_before_those_that_allow():
    allow = {"resource": {"type": "topic", "name": "*"}, "operations": ["All"]}
    deny = {
        "type": "deny",
        "resource": {"type": "topic", "name": "a.", "patternType": "prefix"},
        "operations": ["Read"],
    }
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": [allow, deny]}}
    acls = Acls.of([{"kind": "KafkaUser", "metadata": {"name": "u"}, "spec": spec}])
    asked = [("Read", "a.b"), ("Read", "ab"), ("Write", "a.b"), ("Describe", "a.b")]
    assert [acls.allow("u", operation, "topic", name) for operation, name in asked] == [False, True, True, True]
    assert not acls.allow("u", "Alter", "cluster", "kafka-cluster")
