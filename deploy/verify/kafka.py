"""Kafka: every topic of the code is made, with its partitions; users may do what the catalogue says, and no more."""

from collections.abc import Iterator

from deploy.access.acls import Rule, rules
from deploy.access.catalogue import Principal
from deploy.verify.facts import Facts
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

GENERATED = "run `make docs`, which writes deploy/k8s/base/kafka/generated"


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    yield from _topics(rendered, facts)
    yield from _users(rendered, facts)
    yield from _listeners(rendered)


def _topics(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    for name, partitions in sorted(facts.topics.items()):
        topic = rendered.named("KafkaTopic", name)
        if topic is None:
            yield rendered.finding(f"topic {name} is made by nobody, and services may make none", GENERATED)
        elif topic.spec.get("partitions") != partitions:
            yield topic.finding(f"{topic.spec.get('partitions')} partitions, the code says {partitions}", GENERATED)
    for topic in rendered.of("KafkaTopic"):
        copies, sure = topic.spec.get("replicas", 0), topic.spec.get("config", {}).get("min.insync.replicas", 1)
        if copies > brokers(rendered):
            yield topic.finding(f"{copies} copies on {brokers(rendered)} brokers", "fewer copies, or more brokers")
        if copies > 1 and not 1 < sure < copies:
            yield topic.finding(f"acknowledged by {sure} of {copies}", "min.insync.replicas: 2, with 3 replicas")


def brokers(rendered: Rendered) -> int:
    pools = rendered.of("KafkaNodePool")
    return sum(pool.spec["replicas"] for pool in pools if "broker" in pool.spec.get("roles", ()))


def _users(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    users = list(rendered.of("KafkaUser"))
    for name in sorted(set(facts.principals) - {user.name for user in users}):
        yield rendered.finding(f"{name} has no KafkaUser", GENERATED)
    for user in users:
        try:
            principal = facts.principal(user.name)
        except ValueError:
            principal = None
        if principal is None:
            yield user.finding(
                "the catalogue has nobody of that name", "remove it, or name it in deploy/access/catalogue.py"
            )
        else:
            yield from _rights(user, principal)


def _rights(user: Thing, principal: Principal) -> Iterator[Finding]:
    login = user.spec.get("authentication", {}).get("type")
    if login != principal.login:
        yield user.finding(f"comes by {login}, not by {principal.login}", GENERATED)
    wanted = {
        (kind, name, prefix, operation)
        for kind, name, operations, prefix in principal.grants
        for operation in operations
    }
    has = {(rule.kind, rule.name, rule.prefix, one) for rule in rules(user.body) for one in _allowed(rule)}
    for kind, name, _, operation in sorted(has - wanted):
        yield user.finding(f"may {operation} {kind} {name}, which it has no use for", GENERATED)
    for kind, name, _, operation in sorted(wanted - has):
        yield user.finding(f"may not {operation} {kind} {name}, which its service does", GENERATED)


def _allowed(rule: Rule) -> frozenset[str]:
    return rule.operations if rule.allow else frozenset()


def _listeners(rendered: Rendered) -> Iterator[Finding]:
    for kafka in rendered.of("Kafka"):
        spec = kafka.spec["kafka"]
        if spec.get("authorization", {}).get("type") != "simple":
            yield kafka.finding("everybody may do everything", "authorization: {type: simple}")
        if spec.get("config", {}).get("auto.create.topics.enable") is not False:
            yield kafka.finding("a misspelt name makes a topic", "config: {auto.create.topics.enable: false}")
        for listener in spec.get("listeners", ()):
            if not listener.get("tls") or "authentication" not in listener:
                yield kafka.finding(
                    f"listener {listener['name']} lets anybody in or read along", "tls: true, and an authentication"
                )
            if not listener.get("networkPolicyPeers"):
                yield kafka.finding(f"listener {listener['name']} is open to every pod", "name its networkPolicyPeers")
