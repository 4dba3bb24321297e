"""Who reaches whom, as the policies leave it, against who must, as settings say. Neither more nor less."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from deploy.verify.environment import environment
from deploy.verify.facts import Facts
from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, pods
from deploy.verify.reach import ANY, Edge, graph
from deploy.verify.rendering import Rendered, Thing
from deploy.verify.stamps import AUTHORITIES, stamping

WEB = {"0.0.0.0/0", "2000::/3"}
WEB_PORTS = (80, 443)
# With it the gateway sends events to receivers of agencies: by TLS alone, unlike those who browse.
WEBHOOKS, WEBHOOK_PORTS = "HAETAE_WEBHOOKS", (443,)
NAMES = ("namespace kube-system", 53)
# Which setting says the port of what the service reaches. `HOST:PORT`, a URL, or the port alone.
PLACES = {
    "HAETAE_KAFKA_BOOTSTRAP": "kafka",
    "HAETAE_S3_ENDPOINT": "the object store",
    "HAETAE_SMTP_PORT": "the submission server",
    "HAETAE_IMAP_PORT": "the mailbox",
    "HAETAE_OTLP_ENDPOINT": "the collector of traces",
    "HAETAE_TRANSIT_URL": "the key service",
    "HAETAE_POLISH_URL": "the language model",
    "HAETAE_OIDC_ISSUER": "the identity provider",
}
DATABASE, DATABASE_PORT = "database", 5432
# Addresses that no service may reach through a hole for the web: clouds give away their keys at the first.
NEVER = ("169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "127.0.0.1", "224.0.0.1")
INSIDE, STAMPS = "deploy/k8s/base/network/", "deploy/k8s/components/time-stamps/"
# From which namespace who may come in. The last is there with KEDA, with other agencies.
ENTRANCES = {("namespace gateway-system", "gateway", 8080), ("namespace keda", "kafka", 9093)}
OPERATORS = {"namespace strimzi-system": ("kafka", "entity-operator"), "namespace cnpg-system": ("database",)}
OPERATED = ("kafka", "entity-operator", "database")
AGENCIES_PORT = 9094
# An address range of an agency's own is never wider.
WIDEST = 20
PROXY_PORT = 3128


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    edges = graph(rendered)
    yield from _open(rendered)
    for pod in pods(rendered):
        yield from _goes(pod, edges, rendered, facts)
    yield from _backups(edges, rendered)
    yield from _strangers(edges, rendered)
    yield from _comes(edges, rendered, facts)


def _goes(pod: Pod, edges: set[Edge], rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    wanted = _wanted(pod, rendered)
    web = _web_ports(pod, rendered, facts)
    mine = {(edge.to, edge.port) for edge in edges if edge.source == pod.name} - {NAMES}
    try:
        stamps = stamping(pod, rendered)
    except ValueError as error:
        yield pod.thing.finding(str(error), f"mend {AUTHORITIES} in {STAMPS}")
        stamps = {}
    ports = {port: what for what, port in (wanted | stamps).items()}
    # An authority of the public's may have no address that one could write down.
    public = {*stamps.values()} - {port for to, port in mine if to not in WEB}
    for to, port in sorted(mine, key=str):
        if to in WEB and (port in web or port in public):
            continue
        if web and _is_exit(to, port):
            continue
        if port not in ports or to == ANY or to in WEB or _too_wide(to):
            yield pod.thing.finding(
                f"it can reach {to} on port {port}, for which it has no use",
                f"take that out of {INSIDE}, or its label haetae/reaches-… from the pod",
            )
    # The hole for the web leads to no neighbour, whatever its port.
    reached = {port for to, port in mine if to not in WEB}
    for what, port in wanted.items():
        if port not in reached:
            yield pod.thing.finding(
                f"it cannot reach {what} on port {port}", f"label it haetae/reaches-…, or mend the policy in {INSIDE}"
            )
    for what, port in stamps.items():
        if port not in {one for _, one in mine}:
            yield pod.thing.finding(f"it cannot reach {what} on port {port}", f"open it in {STAMPS}network.yaml")
    if web and not (PROXY_PORT in reached or {port for to, port in mine if to in WEB} & {*web}):
        yield pod.thing.finding("it cannot reach the web", f"add {INSIDE}web-{pod.name}.yaml")


def _backups(edges: set[Edge], rendered: Rendered) -> Iterator[Finding]:
    """A write-ahead log that cannot be put away fills its volume, and the database stands still."""
    reached = {edge.port for edge in edges if edge.source == DATABASE}
    for store in rendered.of("ObjectStore"):
        port = _port(store.spec["configuration"]["endpointURL"])
        if port not in reached:
            yield store.finding(
                f"the database cannot reach its store on port {port}",
                "set spec.configuration.endpointURL in the overlay, to the store that its policy to-objects opens",
            )


def _web_ports(pod: Pod, rendered: Rendered, facts: Facts) -> tuple[int, ...]:
    """On which ports it has business with addresses that nobody knows beforehand."""
    told = facts.services.get(pod.name)
    if told and told.browses:
        return WEB_PORTS
    given = environment(pod, rendered).get(WEBHOOKS)
    return WEBHOOK_PORTS if given and given.value == "true" else ()


def _wanted(pod: Pod, rendered: Rendered) -> dict[str, int]:
    """What it is told of, by port."""
    values = {name: one.value or "" for name, one in environment(pod, rendered).items()}
    wanted = {what: _port(values[name]) for name, what in PLACES.items() if values.get(name)}
    if "HAETAE_DATABASE_URL" in values:
        wanted[DATABASE] = DATABASE_PORT
    return wanted


def _from_outside(source: str) -> bool:
    return source == ANY or source.startswith("namespace ") or "/" in source


def _port(place: str) -> int:
    if "://" not in place:
        return int(place.rpartition(":")[2])
    parts = urlsplit(place)
    return parts.port or {"http": 80}.get(parts.scheme, 443)


def _is_exit(to: str, port: int | str) -> bool:
    """A proxy of the agency's own, through which alone a closed network reaches the web."""
    return port == PROXY_PORT and "/" in to and not _too_wide(to)


def _too_wide(to: str) -> bool:
    return "/" in to and ip_network(to).prefixlen < WIDEST


def _open(rendered: Rendered) -> Iterator[Finding]:
    for policy in rendered.of("NetworkPolicy"):
        for rule in policy.spec.get("egress") or ():
            for end in rule.get("to") or ():
                yield from _holes(policy, end.get("ipBlock", {}))


def _holes(policy: Thing, block: dict[str, object]) -> Iterator[Finding]:
    if block.get("cidr") not in WEB:
        return
    network, shut = ip_network(str(block["cidr"])), [ip_network(str(one)) for one in block.get("except") or ()]  # type: ignore[attr-defined]  # YAML's own list
    for address in map(ip_address, NEVER):
        if address in network and not any(address in one for one in shut):
            yield policy.finding(f"{address} is not taken out of {network}", "name its network under `except`")


def _strangers(edges: set[Edge], rendered: Rendered) -> Iterator[Finding]:
    """A pod that nobody here knows: names alone may it ask for, and nobody calls on it."""
    for edge in sorted(edges, key=str):
        if edge.source == "stranger" and (edge.to, edge.port) != NAMES:
            yield rendered.finding(
                f"any pod can reach {edge.to} on port {edge.port}",
                f"{INSIDE}default-deny.yaml: deny all pods Egress",
            )
        if edge.to == "stranger":
            yield rendered.finding(
                f"{edge.source} can reach any pod", f"{INSIDE}default-deny.yaml: deny all pods Ingress"
            )


def _comes(edges: set[Edge], rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    services = set(facts.services)
    scraped = {("namespace monitoring", name, 9000) for name in services}
    if any(rendered.of("PodMonitor")):
        scraped.add(("namespace monitoring", "database", 9187))
    for edge in sorted((edge for edge in edges if _from_outside(edge.source)), key=str):
        allowed = edge in ENTRANCES | scraped or edge.to in OPERATORS.get(edge.source, ())
        agency = edge.to == "kafka" and edge.port == AGENCIES_PORT and "/" in edge.source and not _too_wide(edge.source)
        if not allowed and not agency and edge.to != "stranger":
            yield rendered.finding(f"{edge.source} can reach {edge.to} on port {edge.port}", f"close it in {INSIDE}")
    for source, to, port in sorted(scraped | {("namespace gateway-system", "gateway", 8080)}, key=str):
        if Edge(source, to, port) not in edges:
            yield rendered.finding(f"{source} cannot reach {to} on port {port}", f"open it in {INSIDE}inside.yaml")
    for edge in sorted(edges, key=str):
        if edge.source in OPERATED and edge.to in services:
            yield rendered.finding(f"{edge.source} can reach {edge.to}", f"close it in {INSIDE}operated.yaml")
