"""The registries of this world, as RDAP (RFC 9082, 9083) with its directory (RFC 9224): so that evidence has someone to
ask who registered a domain of the sandbox, and whose network its addresses are. All of them are stand-ins.
"""

import ipaddress
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from sandbox.companies import REGISTRAR, REGISTRAR_ID, company, network
from sandbox.http import Request, Response, plain, response
from sandbox.model import Host

Json = dict[str, object]

HOST, ADDRESS = "registries.en.test", "127.77.200.2"
DIRECTORY = "/directory/"
MEDIA_TYPE = "application/rdap+json"
REGISTRANT = "Harbour Agency (stand-in)"
CONFORMS = ["rdap_level_0"]
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def directory(port: int) -> str:
    """Address of the directory, when the sandbox web is served on this port."""
    return f"http://{HOST}:{port}{DIRECTORY}"


class Registries:
    """`hosts`: who has a domain and an address. `port`: of the sandbox web, which this is a part of."""

    def __init__(self, hosts: tuple[Host, ...], port: int) -> None:
        self._base = f"http://{HOST}:{port}/"
        self._domains = sorted({registered(host.name) for host in hosts})
        self._countries = {network(host.address): host.country for host in reversed(hosts)}

    def respond(self, request: Request) -> Response:
        path = unquote(request.target.partition("?")[0])
        if (directory := self._directory(path)) is not None:
            return _json(200, directory, "application/json")
        kind, _, name = path.removeprefix("/").partition("/")
        if kind == "domain" and name.lower() in self._domains:
            return _json(200, self._domain(name.lower()))
        if kind == "ip" and (network := self._network(name)) is not None:
            return _json(200, network)
        if kind in ("domain", "ip"):
            return _json(404, {"rdapConformance": CONFORMS, "errorCode": 404, "title": "no such object here"})
        return plain(404, "GET /directory/dns.json, /domain/NAME or /ip/ADDRESS\n")

    def _directory(self, path: str) -> Json | None:
        entries = {"dns": ["test"], "ipv4": ["127.0.0.0/8"], "ipv6": ["::1/128"]}
        told = entries.get(path.removeprefix(DIRECTORY).removesuffix(".json")) if path.startswith(DIRECTORY) else None
        if told is None:
            return None
        return {"version": "1.0", "publication": BEGAN.isoformat(), "services": [[told, [self._base]]]}

    def _domain(self, name: str) -> Json:
        began = BEGAN + timedelta(days=self._domains.index(name) * 37)
        return {
            "objectClassName": "domain",
            "rdapConformance": CONFORMS,
            "handle": f"SANDBOX-{self._domains.index(name)}",
            "ldhName": name,
            "status": ["active"],
            "events": [
                {"eventAction": "registration", "eventDate": began.isoformat()},
                {"eventAction": "expiration", "eventDate": began.replace(year=2030).isoformat()},
            ],
            "nameservers": [{"objectClassName": "nameserver", "ldhName": f"ns{n}.{name}"} for n in (1, 2)],
            "secureDNS": {"delegationSigned": False},
            "entities": [
                {
                    **_entity("REGISTRAR-1", "registrar", REGISTRAR.name, "", _abuse(REGISTRAR.abuse_address)),
                    "publicIds": [{"type": "IANA Registrar ID", "identifier": REGISTRAR_ID}],
                },
                _entity("REGISTRANT-1", "registrant", "REDACTED FOR PRIVACY", REGISTRANT),
            ],
        }

    def _network(self, address: str) -> Json | None:
        try:
            country = self._countries.get(network(address))
        except ValueError:
            return None
        if country is None:
            return None
        within, owner = ipaddress.ip_network(network(address)), company(address)
        return {
            "objectClassName": "ip network",
            "rdapConformance": CONFORMS,
            "handle": f"NET-{within.network_address}",
            "name": owner.network,
            "type": "ASSIGNED",
            "country": country,
            "startAddress": str(within[0]),
            "endAddress": str(within[-1]),
            "ipVersion": "v4",
            "entities": [_entity("HOSTER-1", "registrant", owner.name, owner.name, _abuse(owner.abuse_address))],
        }


def registered(host: str) -> str:
    """What would be registered of a sandbox host: its last two labels, as nothing below `test` is a public suffix."""
    return ".".join(host.split(".")[-2:])


def _abuse(mailbox: str) -> Json:
    return _entity("ABUSE-1", "abuse", "Abuse desk (stand-in)", "", mail=mailbox)


def _entity(handle: str, role: str, name: str, organisation: str, *nested: Json, mail: str = "") -> Json:
    card: list[list[object]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]
    card += [["org", {}, "text", organisation]] if organisation else []
    card += [["email", {}, "text", mail]] if mail else []
    entity: Json = {"objectClassName": "entity", "handle": handle, "roles": [role], "vcardArray": ["vcard", card]}
    return {**entity, "entities": list(nested)} if nested else entity


def _json(status: int, value: Json, media_type: str = MEDIA_TYPE) -> Response:
    return response(status, media_type, json.dumps(value).encode())
