"""The leases in the table `hosts`: taking, borrowing, holding and giving back. Moments are the database's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from services.crawler.frontier.claiming import LEASE
from services.crawler.frontier.looking import GAP, let_go, lock
from services.crawler.frontier.pace import DEFAULT_GAP_S
from services.crawler.frontier.pacing import Pace
from shared.database import Transaction

# How long the scheduler leaves a host to who waits for it: longer than that one needs to ask again.
WANTED = timedelta(seconds=2)

TAKE = sa.text("""
    WITH locked AS MATERIALIZED (
        SELECT hosts.host FROM hosts
        JOIN unnest(CAST(:hosts AS text[]), CAST(:offers AS uuid[])) AS given (host, lease)
            ON hosts.host = given.host AND hosts.lease = given.lease
        ORDER BY hosts.host FOR UPDATE OF hosts
    )
    UPDATE hosts SET lease = :holder, waiting = false, leased_until = clock_timestamp() + :hold,
        look_at = clock_timestamp() + :hold
    FROM locked WHERE hosts.host = locked.host AND hosts.lease = ANY(CAST(:offers AS uuid[]))
    RETURNING hosts.host, extract(epoch FROM next_allowed_at - clock_timestamp()) AS wait_s, gap_s, failures
""")

BORROW = sa.text(f"""
    INSERT INTO hosts AS known (host, next_allowed_at, lease, leased_until)
    VALUES (:host, clock_timestamp(), :holder, clock_timestamp() + :hold)
    ON CONFLICT (host) DO UPDATE SET lease = :holder, waiting = false, wanted_until = NULL,
        next_allowed_at = greatest(known.next_allowed_at, known.leased_until + {GAP}),
        leased_until = clock_timestamp() + :hold, look_at = greatest(known.look_at, clock_timestamp() + :hold)
    WHERE known.leased_until IS NULL OR known.leased_until <= clock_timestamp()
    RETURNING extract(epoch FROM next_allowed_at - clock_timestamp()) AS wait_s, failures,
        extract(epoch FROM {GAP}) AS gap_s
""")  # noqa: S608  # our own words

WANT = sa.text("UPDATE hosts SET wanted_until = clock_timestamp() + :wanted WHERE host = :host")

RENEW = sa.text("""
    WITH locked AS MATERIALIZED (
        SELECT host FROM hosts WHERE host = ANY(CAST(:hosts AS text[])) AND lease = :holder ORDER BY host FOR UPDATE
    )
    UPDATE hosts SET leased_until = clock_timestamp() + :hold, look_at = clock_timestamp() + :hold
    FROM locked WHERE hosts.host = locked.host AND lease = :holder
    RETURNING hosts.host, wanted_until > clock_timestamp() AS wanted
""")

# Who was not the holder any more has nothing to give back: what the table says is another's.
STILL_HELD = sa.text("SELECT host FROM hosts WHERE host = ANY(CAST(:hosts AS text[])) AND lease = :holder")

NOT_BEFORE = sa.text("""
    UPDATE hosts SET gap_s = given.gap_s, wanted_until = CASE WHEN :lent THEN NULL ELSE wanted_until END,
        next_allowed_at = greatest(next_allowed_at, clock_timestamp() + given.free_in_s * interval '1 second'),
        hold_off_until = greatest(hold_off_until,
            CASE WHEN rests_s > 0 THEN clock_timestamp() + given.rests_s * interval '1 second' END)
    FROM unnest(CAST(:hosts AS text[]), CAST(:free_in_s AS float[]), CAST(:rests_s AS float[]),
        CAST(:gap_s AS float[])) AS given (host, free_in_s, rests_s, gap_s)
    WHERE hosts.host = given.host
""")


@dataclass(frozen=True)
class Terms:
    """How a host may be asked: after `wait_s`, then every `gap_s` (None: nobody set a pace). `failures`: in a row."""

    wait_s: float
    gap_s: float | None
    failures: int


async def take(tx: Transaction, holder: UUID, offers: Mapping[str, UUID]) -> dict[str, Terms]:
    """`offers`: host → lease of the record that dispatched it. Gives the hosts that are in hand now."""
    given = {"hosts": list(offers), "offers": list(offers.values())}
    rows = await tx.execute(TAKE, {**given, "holder": holder, "hold": LEASE})
    return {row.host: Terms(float(row.wait_s), row.gap_s, row.failures) for row in rows}


async def borrow(tx: Transaction, holder: UUID, host: str) -> Terms | None:
    """None when it is in another's hand, who is told that it is wanted."""
    given = {"host": host, "holder": holder, "hold": LEASE, "gap_s": DEFAULT_GAP_S}
    row = (await tx.execute(BORROW, given)).one_or_none()
    if row is None:
        await tx.execute(WANT, {"host": host, "wanted": WANTED})
        return None
    return Terms(float(row.wait_s), float(row.gap_s), row.failures)


async def renew(tx: Transaction, holder: UUID, hosts: Sequence[str]) -> dict[str, bool]:
    """Gives the hosts that are still held, and whether somebody waits for them."""
    rows = await tx.execute(RENEW, {"hosts": list(hosts), "holder": holder, "hold": LEASE})
    return {row.host: bool(row.wanted) for row in rows}


async def give_back(tx: Transaction, holder: UUID, paces: Mapping[str, Pace], *, lent: bool) -> None:
    """Let these hosts go, where they are still held. Locks their rows.

    Whoever waits for a host comes after its visits, and the scheduler after who borrowed it (`lent`): neither starves.
    """
    if not paces:
        return
    await lock(tx, paces)
    rows = await tx.execute(STILL_HELD, {"hosts": list(paces), "holder": holder})
    held = sorted(rows.scalars())
    given = {
        "lent": lent,
        "hosts": held,
        "free_in_s": [paces[host].free_in_s for host in held],
        "rests_s": [paces[host].rests_s for host in held],
        "gap_s": [paces[host].gap_s for host in held],
    }
    await tx.execute(NOT_BEFORE, given)
    await let_go(tx, held)
