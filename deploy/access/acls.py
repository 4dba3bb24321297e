"""What a broker decides by the rights of its users: as Kafka's own authorizer, from the resources that are deployed."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# Who may do the one may do the others (org.apache.kafka.common.acl.AclOperation).
IMPLIED_BY = {
    "Describe": ("Describe", "Read", "Write", "Delete", "Alter"),
    "DescribeConfigs": ("DescribeConfigs", "AlterConfigs"),
}


class Rule(NamedTuple):
    kind: str
    name: str
    prefix: bool
    operations: frozenset[str]
    allow: bool

    def concerns(self, operations: Iterable[str], kind: str, name: str) -> bool:
        named = name.startswith(self.name) if self.prefix else self.name in (name, "*")
        return self.kind == kind and named and not self.operations.isdisjoint((*operations, "All"))


class Acls:
    """Default deny, also for who is unknown; a rule that denies goes before all that allow."""

    def __init__(self, rules: Mapping[str, tuple[Rule, ...]]) -> None:
        self._rules = rules

    @classmethod
    def of(cls, resources: Iterable[Mapping[str, Any]]) -> "Acls":
        """From Strimzi's KafkaUser resources; others are passed over. Whose user says nothing may do nothing."""
        users = [one for one in resources if one["kind"] == "KafkaUser"]
        return cls({principal(one): rules(one) for one in users})

    @property
    def principals(self) -> frozenset[str]:
        return frozenset(self._rules)

    def allow(self, principal: str, operation: str, kind: str, name: str) -> bool:
        """`operation` as Kafka names it (Read), `kind`: topic, group, cluster or transactionalId."""
        rules = self._rules.get(principal, ())
        if any(not rule.allow and rule.concerns((operation,), kind, name) for rule in rules):
            return False
        enough = IMPLIED_BY.get(operation, (operation,))
        return any(rule.allow and rule.concerns(enough, kind, name) for rule in rules)

    def allow_any(self, principal: str, operation: str, kind: str) -> bool:
        """Whether there is one such resource at all that it is allowed."""
        rules = [rule for rule in self._rules.get(principal, ()) if rule.allow and rule.kind == kind]
        return any(self.allow(principal, operation, kind, rule.name) for rule in rules)


def principal(user: Mapping[str, Any]) -> str:
    """As the broker knows the user: the name at SCRAM, the subject of the certificate at TLS."""
    name: str = user["metadata"]["name"]
    return f"CN={name}" if user["spec"]["authentication"]["type"].startswith("tls") else name


def rules(user: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Of a KafkaUser resource."""
    return tuple(map(_rule, user["spec"].get("authorization", {}).get("acls", ())))


def _rule(acl: Mapping[str, Any]) -> Rule:
    resource = acl["resource"]
    prefix = resource.get("patternType", "literal") == "prefix"
    name = resource.get("name", "kafka-cluster")
    return Rule(resource["type"], name, prefix, frozenset(acl["operations"]), acl.get("type", "allow") == "allow")
