"""NetworkPolicies as a graph: from whom to whom, on which port. By the API's own rules (networking.k8s.io/v1): whoever
no policy selects may do all; whoever one selects may do what the policies that select it allow together; a connection
needs both ends.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, NamedTuple

from deploy.verify.pods import Pod, pods, selects
from deploy.verify.rendering import Rendered, Thing

ANY = "any"
SPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Node:
    """A pod of this namespace. `ports`: its named ones."""

    name: str
    labels: Mapping[str, str]
    ports: Mapping[str, int]


class Edge(NamedTuple):
    """`to` and `source` are names of pods, `namespace NAME`, a network, or `any`."""

    source: str
    to: str
    port: int | str


def nodes(rendered: Rendered) -> list[Node]:
    """Pods of the overlay, those that the operators will make of its resources, and one that nobody knows."""
    known = [_node(pod) for pod in pods(rendered)]
    for kafka in rendered.of("Kafka"):
        for part in ("kafka", "entity-operator"):
            labels = {"strimzi.io/cluster": kafka.name, "strimzi.io/name": f"{kafka.name}-{part}"}
            known.append(Node(part, labels, {}))
    for cluster in rendered.of("Cluster"):
        more = cluster.spec.get("inheritedMetadata", {}).get("labels", {})
        known.append(Node("database", {"cnpg.io/cluster": cluster.name, **more}, {}))
    return [*known, Node("stranger", {}, {})]


def _node(pod: Pod) -> Node:
    ports = (port for container in pod.containers for port in container.get("ports", ()))
    return Node(pod.name, pod.labels, {port["name"]: port["containerPort"] for port in ports if "name" in port})


def graph(rendered: Rendered) -> set[Edge]:
    """Every connection that the policies leave possible; inside the namespace those that both ends allow."""
    policies, known = list(rendered.of("NetworkPolicy")), nodes(rendered)
    edges: set[Edge] = set()
    for node in known:
        for to, port in _one_way(node, "Egress", "egress", "to", policies, known):
            target = next((one for one in known if one.name == to), None)
            if target is None or _lets_in(target, node, port, policies, known):
                edges.add(Edge(node.name, to, port))
        for source, port in _one_way(node, "Ingress", "ingress", "from", policies, known):
            if source not in {one.name for one in known}:
                edges.add(Edge(source, node.name, port))
    return edges


def _lets_in(target: Node, source: Node, port: int | str, policies: list[Thing], known: list[Node]) -> bool:
    ways = set(_one_way(target, "Ingress", "ingress", "from", policies, known))
    return bool(ways & {(who, which) for who in (source.name, ANY) for which in (port, ANY)}) or (
        port == ANY and any(who in (source.name, ANY) for who, _ in ways)
    )


def _one_way(
    node: Node, kind: str, rules: str, ends: str, policies: list[Thing], known: list[Node]
) -> Iterator[tuple[str, int | str]]:
    mine = [
        one for one in policies if kind in one.spec["policyTypes"] and selects(one.spec["podSelector"], node.labels)
    ]
    if not mine:
        yield ANY, ANY
    for policy in mine:
        for rule in policy.spec.get(rules) or ():
            for peer in _peers(rule.get(ends), known):
                yield from ((peer, port) for port in _ports(rule.get("ports"), node if kind == "Ingress" else None))


def _peers(ends: Iterable[Mapping[str, Any]] | None, known: list[Node]) -> Iterator[str]:
    if not ends:
        yield ANY
        return
    for end in ends:
        if "ipBlock" in end:
            yield str(ip_network(end["ipBlock"]["cidr"]))
        elif "namespaceSelector" in end:
            named = (end["namespaceSelector"].get("matchLabels") or {}).get(SPACE)
            yield f"namespace {named}" if named else ANY
        else:
            yield from (one.name for one in known if selects(end.get("podSelector"), one.labels))


def _ports(ports: Iterable[Mapping[str, Any]] | None, node: Node | None) -> Iterator[int | str]:
    if not ports:
        yield ANY
        return
    for one in ports:
        port = one.get("port", ANY)
        yield node.ports.get(port, port) if node and isinstance(port, str) else port
