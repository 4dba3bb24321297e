"""Who registered the page's domain, and whose network its address belongs to, as the registries say."""

import asyncio
from collections.abc import Awaitable

import httpx

from services.evidence.capture.work import Json, Made, StepFailed, Work
from services.evidence.circumstances.registered import about_domain, about_network, file_of
from services.evidence.domain import Exchange, File, clean
from shared.rdap import Answer, Network, Rdap, RdapFailed, Registration, Why, registered_domain

JSON = "application/json"
ALL_S = 2.0  # for the registry and the registrar after it: the page is drawn by then
Found = tuple[tuple[Answer[Registration] | Answer[Network], ...], dict[str, Json]]
NOT_A_FAULT = frozenset({Why.OFF, Why.NO_SERVER, Why.NOT_FOUND})


async def rdap(work: Work) -> Made:
    asking, document = work.around.rdap, work.page
    both = await asyncio.gather(_tried(_domain(asking, document)), _tried(_network(asking, document.address)))
    faults = [fault for _, _, fault in both]
    if all(fault and fault.why not in NOT_A_FAULT for fault in faults):
        raise StepFailed("; ".join(clean(str(fault)) for fault in faults))
    answers = [answer for found, _, _ in both for answer in found]
    files = (File("rdap.json", file_of(answers), JSON, content=False),) if answers else ()
    return Made(files, dict(zip(("domain", "network"), (told for _, told, _ in both), strict=True)))


async def _tried(finding: Awaitable[Found]) -> tuple[*Found, RdapFailed | None]:
    try:
        return *await finding, None
    except RdapFailed as error:
        return (), _failure(error), error


def _failure(error: RdapFailed) -> dict[str, Json]:
    return {"failure": clean(str(error)), "why": str(error.why)}


async def _domain(asking: Rdap, document: Exchange) -> Found:
    host = httpx.URL(document.url).raw_host.decode("ascii")
    if (name := registered_domain(host)) is None:
        raise RdapFailed(f"{host} is below no domain that can be registered", Why.NO_SERVER)
    until = asyncio.get_running_loop().time() + ALL_S
    answer = await asking.domain(name)
    told = about_domain(name, answer)
    try:
        async with asyncio.timeout_at(until):
            onward = await asking.onward(answer)
    except RdapFailed as error:
        return (answer,), {"registry": told, "registrar": _failure(error)}
    except TimeoutError:
        late = RdapFailed(f"no answer within {ALL_S:g} s of the first question", Why.AWAY)
        return (answer,), {"registry": told, "registrar": _failure(late)}
    if onward is None:
        return (answer,), {"registry": told}
    return (answer, onward), {"registry": told, "registrar": about_domain(name, onward)}


async def _network(asking: Rdap, address: str) -> Found:
    if not address:
        raise RdapFailed("the page's address is not known: a proxy looked its name up", Why.NO_SERVER)
    answer = await asking.network(address)
    return (answer,), {"registry": about_network(address, answer)}
