"""How much comes through the door from one place within an hour. No puzzle, no tracking: a digest of where it came
from, counted and gone after the hour. Whoever is stopped is given a telephone number."""

import hashlib
import hmac
import ipaddress
from datetime import timedelta

import sqlalchemy as sa

from services.gateway.door.store import AttemptRow
from services.gateway.problems import Problem
from shared.database import Transaction

WINDOW = timedelta(hours=1)
# A household has one IPv4 address or one /56; a school or a shelter shares one among many, so the bounds are wide.
PREFIX = {4: 32, 6: 56}
REPORT, LOOK, PIN, CHANGE, PARTNER = "report", "look", "pin", "change", "partner"
MOST_LOOKS = 120  # of one place: looks at reports, right or wrong
MOST_PINS = 10  # wrong ones for one number, from wherever
MOST_CHANGES = 60  # of one report
MOST_OF_PARTNER = 600  # new reports of an institution's account: a program gone wild stops at 150,000 addresses
EVERYBODY = "everybody"


def place_of(address: str | None, key: bytes) -> str:
    """The household that an address belongs to, as a digest that nobody computes without the key: there are only four
    thousand million addresses. One place for what is no address (a socket of a proxy)."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    network = ipaddress.ip_network((known, PREFIX[known.version]), strict=False)
    return hmac.new(key, str(network).encode(), hashlib.sha256).hexdigest()


async def admit(tx: Transaction, what: str, who: str, most: int) -> None:
    """Count one more, those at the same moment one after the other. Raises `Problem` 429."""
    now = tx.clock.now()
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"door {what} {who}"))))
    if await count(tx, what, who) >= most:
        raise Problem(429, "door-too-many", retry_after=int(WINDOW.total_seconds()))
    tx.add(AttemptRow(what=what, who=who, at=now))


async def count(tx: Transaction, what: str, who: str) -> int:
    since = tx.clock.now() - WINDOW
    counted = sa.select(sa.func.count()).select_from(AttemptRow)
    return await tx.scalar(counted.where(AttemptRow.what == what, AttemptRow.who == who, AttemptRow.at > since)) or 0


async def forgive(tx: Transaction, what: str, who: str) -> None:
    await tx.execute(sa.delete(AttemptRow).where(AttemptRow.what == what, AttemptRow.who == who))


async def tidy(tx: Transaction) -> None:
    await tx.execute(sa.delete(AttemptRow).where(AttemptRow.at < tx.clock.now() - WINDOW))
