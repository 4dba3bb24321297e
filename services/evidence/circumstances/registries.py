"""The registries asked about a host: who registered its domain, and whose network its address belongs to."""

import asyncio
from collections.abc import Awaitable
from typing import NamedTuple

from services.evidence.capture.work import Json
from services.evidence.circumstances.registered import about_domain, about_network, file_of
from services.evidence.domain import File, clean
from shared.rdap import Answer, Network, Rdap, RdapFailed, Registration, Why, registered_domain

JSON = "application/json"
ALL_S = 2.0  # for the registry and the registrar after it: the page is drawn by then
Answers = tuple[Answer[Registration] | Answer[Network], ...]
Found = tuple[Answers, dict[str, Json]]
NOT_A_FAULT = frozenset({Why.OFF, Why.NO_SERVER, Why.NOT_FOUND})


class Told(NamedTuple):
    """`facts`: what was said of `domain` and `network`. `faults`: one each, None where it answered."""

    answers: Answers
    facts: dict[str, Json]
    faults: tuple[RdapFailed | None, ...]

    @property
    def nothing(self) -> bool:
        """Whether nobody answered who should have."""
        return all(fault and fault.why not in NOT_A_FAULT for fault in self.faults)

    def why(self) -> str:
        return "; ".join(clean(str(fault)) for fault in self.faults if fault)


async def told_of(asking: Rdap, host: str, address: str) -> Told:
    """`host` in its ASCII form. `address`: empty when it is not known."""
    both = await asyncio.gather(_tried(_domain(asking, host)), _tried(_network(asking, address)))
    facts: dict[str, Json] = dict(zip(("domain", "network"), (told for _, told, _ in both), strict=True))
    return Told(tuple(answer for found, _, _ in both for answer in found), facts, tuple(fault for _, _, fault in both))


def kept(name: str, answers: Answers) -> tuple[File, ...]:
    return (File(name, file_of(answers), JSON, content=False),) if answers else ()


async def _tried(finding: Awaitable[Found]) -> tuple[*Found, RdapFailed | None]:
    try:
        return *await finding, None
    except RdapFailed as error:
        return (), _failure(error), error


def _failure(error: RdapFailed) -> dict[str, Json]:
    return {"failure": clean(str(error)), "why": str(error.why)}


async def _domain(asking: Rdap, host: str) -> Found:
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
        raise RdapFailed("the address is not known: a proxy looked the name up, or nothing came", Why.NO_SERVER)
    answer = await asking.network(address)
    return (answer,), {"registry": about_network(address, answer)}
