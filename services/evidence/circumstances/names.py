"""What the name servers say about a host and its registered domain, all asked at once."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import aiodns
import pycares

from services.evidence.domain import clean
from shared.clock import Clock
from shared.net.addresses import literal

ALL_S = 1.0  # for all questions: a page is drawn meanwhile
TRY_S, TRIES = 0.4, 2
MAX_RECORDS = 64  # of an answer; a name has one to ten of a kind
OF_HOST = ("A", "AAAA", "CAA")  # its aliases (CNAME) come with its addresses
OF_DOMAIN = ("SOA", "NS", "MX", "TXT", "CAA")
KINDS = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 257: "CAA"}
NO_NAME, NO_DATA = aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA


@dataclass(frozen=True)
class Record:
    """`data`: in the notation of zone files (RFC 1035, 5), its parts separated by blanks."""

    name: str
    kind: str
    ttl: int
    data: str


@dataclass(frozen=True)
class Said:
    """`outcome`: answered, no such name, nothing of this kind, or failed with a `failure`."""

    name: str
    kind: str
    asked_at: datetime
    elapsed_ms: int
    outcome: str
    records: tuple[Record, ...] = ()
    failure: str = ""


def questions(host: str, domain: str | None, address: str) -> tuple[tuple[str, str], ...]:
    """Name and kind, none twice. `address`: the one that answered; its name in return is asked for (PTR). A `host` that
    is an address has nothing else."""
    wanted = [] if literal(host) else [(host, kind) for kind in OF_HOST]
    wanted += [(domain, kind) for kind in OF_DOMAIN if domain]
    if address:
        wanted.append((ipaddress.ip_address(address).reverse_pointer, "PTR"))
    return tuple(dict.fromkeys((name, kind) for name, kind in wanted if name))


async def ask(
    wanted: Sequence[tuple[str, str]], servers: Sequence[str], clock: Clock
) -> tuple[tuple[str, ...], tuple[Said, ...]]:
    """The servers that were asked, and what was said to each question. A resolver of its own: nothing of what others
    asked before is in its memory, so every answer is of now."""
    flags = pycares.ARES_FLAG_NOSEARCH | pycares.ARES_FLAG_EDNS
    async with aiodns.DNSResolver(list(servers) or None, timeout=TRY_S, tries=TRIES, flags=flags) as resolver:
        asked = tuple(servers) or tuple(resolver.nameservers)
        return asked, tuple(await asyncio.gather(*(_ask(resolver, name, kind, clock) for name, kind in wanted)))


async def _ask(resolver: aiodns.DNSResolver, name: str, kind: str, clock: Clock) -> Said:
    at, begun = clock.now(), clock.monotonic()

    def said(outcome: str, records: tuple[Record, ...] = (), failure: str = "") -> Said:
        return Said(name, kind, at, round((clock.monotonic() - begun) * 1000), outcome, records, failure)

    try:
        async with asyncio.timeout(ALL_S):
            result = await resolver.query_dns(name, kind)
    except TimeoutError:
        return said("failed", failure=f"no answer within {ALL_S:g} s")
    except aiodns.error.DNSError as error:
        if error.args[0] in (NO_NAME, NO_DATA):
            return said("no such name" if error.args[0] == NO_NAME else "nothing of this kind")
        return said("failed", failure=clean(str(error.args[-1])))
    records = tuple(record(one) for one in result.answer[:MAX_RECORDS])
    return said("answered" if records else "nothing of this kind", records)


def record(one: pycares.DNSRecord) -> Record:
    return Record(clean(one.name), KINDS.get(one.type, str(one.type)), one.ttl, clean(_data(one)))


def _data(one: pycares.DNSRecord) -> str:
    match one.data:
        case pycares.ARecordData(addr=text) | pycares.AAAARecordData(addr=text):
            return text
        case (
            pycares.NSRecordData(nsdname=text) | pycares.CNAMERecordData(cname=text) | pycares.PTRRecordData(dname=text)
        ):
            return text
        case pycares.MXRecordData() as mx:
            return f"{mx.priority} {mx.exchange}"
        case pycares.TXTRecordData(data=raw):
            return _text(raw)
        case pycares.CAARecordData() as caa:
            return f"{caa.critical} {_text(caa.tag)} {_text(caa.value)}"
        case pycares.SOARecordData() as soa:
            times = f"{soa.serial} {soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
            return f"{soa.mname} {soa.rname} {times}"
    return ""


def _text(told: str | bytes) -> str:
    """c-ares hands out bytes where they are no ASCII."""
    return told if isinstance(told, str) else told.decode("utf-8", "backslashreplace")
