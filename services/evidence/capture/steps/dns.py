"""What the name servers say about the host that showed the page."""

from collections.abc import Iterable

import httpx

from haetae_verify.canonical import canonical, moment
from services.evidence.capture.work import Json, Made, StepFailed, Work
from services.evidence.circumstances.names import Said, ask, questions
from services.evidence.domain import File
from shared.net.exits import is_onion
from shared.rdap import registered_domain

FORMAT = "haetae-dns/1"


async def dns(work: Work) -> Made:
    host = httpx.URL(work.page.url).raw_host.decode("ascii").lower()
    if why := _why_not(work, host):
        return Made(facts={"asked": False, "host": host, "why": why})
    domain = registered_domain(host)
    asked, said = await ask(questions(host, domain, work.page.address), work.settings.name_servers, work.clock)
    if all(one.outcome == "failed" for one in said):
        raise StepFailed(f"no name server answered: {said[0].failure}")
    told: dict[str, Json] = {"host": host, "domain": domain, "servers": asked, "answers": [_told(one) for one in said]}
    file = File("dns.json", canonical({"format": FORMAT, **told}), "application/json", content=False)
    return Made((file,), {"asked": True, "addresses": _addresses(host, said), **told})


def _why_not(work: Work, host: str) -> str:
    if is_onion(host):
        return "an onion service, whose name no name server may see"  # RFC 7686, 2
    if work.fetcher.allows(host) and not work.settings.name_servers:
        return "the operator's list of hosts says its address"
    return ""


def _addresses(host: str, said: Iterable[Said]) -> list[Json]:
    answers = (record for one in said if one.name == host for record in one.records)
    return [record.data for record in answers if record.kind in ("A", "AAAA")]


def _told(said: Said) -> Json:
    return {
        "name": said.name,
        "kind": said.kind,
        "asked_at": moment(said.asked_at),
        "elapsed_ms": said.elapsed_ms,
        "outcome": said.outcome,
        "failure": said.failure,
        "records": [{"name": one.name, "kind": one.kind, "ttl": one.ttl, "data": one.data} for one in said.records],
    }
