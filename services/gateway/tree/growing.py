"""Lines get their places in the tree, and the tree its signed heads.

One process at a time (an advisory lock that ends with the transaction) takes what waits, in the order in which it was
written down: a line whose transaction ended late is there at the next look, and none is passed over.
"""

from datetime import timedelta

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.heads import Head, key_id, sign
from services.gateway.tree import nodes
from services.gateway.tree.store import HeadKey, HeadRow, Waiting
from shared.database import Transaction
from shared.events import TreeHeadSigned
from shared.identity import identity

log = structlog.get_logger(__name__)

AT_ONCE = 5_000  # lines a transaction: a fifth of a second
HEAD_EVERY = timedelta(minutes=1)  # so long a rewriter has before a witness holds what was
HEAD_LINES = 10_000  # and at the latest after so many lines
LOCK = 0x74726565  # "tree" in hexadecimal
TRY_LOCK = sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))
# The leaf's hash is RFC 6962's over the 32 bytes of the line's: what the trigger read when the line was written. A
# second line of one number, which the gateway never writes, gets no place: the check of chains' ends finds it.
NUMBER = sa.text(
    "WITH due AS (DELETE FROM audit_waiting WHERE position IN "
    "(SELECT position FROM audit_waiting ORDER BY position LIMIT :most) RETURNING *), "
    "first AS (SELECT DISTINCT ON (chain, seq) * FROM due WHERE NOT EXISTS "
    "(SELECT FROM audit_leaves l WHERE l.chain = due.chain AND l.seq = due.seq) ORDER BY chain, seq, position) "
    "INSERT INTO audit_leaves (position, chain, seq, at, hash) "
    "SELECT :size + row_number() OVER (ORDER BY position) - 1, chain, seq, at, sha256('\\x00'::bytea || hash) "
    "FROM first"
)


class ClockBack(Exception):
    """The clock stands before the last head: heads of that time would contradict it."""


class GivenUp(Exception):
    """Another key took over, of a process that was started later."""


async def number(tx: Transaction, most: int = AT_ONCE) -> int:
    """Give places to lines that wait; how many. 0 also while another process does."""
    if not await tx.scalar(TRY_LOCK):
        return 0
    before = await nodes.size(tx)
    added: int = (await tx.execute(NUMBER, {"most": most, "size": before})).rowcount
    if added:
        await nodes.complete_tiles(tx, before, before + added)
    return added


async def newest(tx: Transaction) -> HeadRow | None:
    return await tx.scalar(sa.select(HeadRow).order_by(HeadRow.size.desc()).limit(1))


async def waiting(tx: Transaction) -> int:
    return await tx.scalar(sa.select(sa.func.count()).select_from(Waiting)) or 0


async def sign_head(tx: Transaction, name: str, key: Ed25519PrivateKey) -> Head | None:
    """Sign and publish a head when one is due. Raises `ClockBack`, `GivenUp`."""
    if not await tx.scalar(TRY_LOCK):
        return None
    last, size, now = await newest(tx), await nodes.size(tx), tx.clock.now()
    if not due(last.size if last else 0, size, now - last.signed_at if last else None):
        return None
    if last and now <= last.signed_at:
        raise ClockBack(
            f"the last head is of {last.signed_at:%Y-%m-%d %H:%M:%S}, the clock says {now:%H:%M:%S}: set it right"
        )
    known = await tx.get(HeadKey, key_id(key.public_key().public_bytes_raw()))
    if known and known.until:
        raise GivenUp(f"the key {known.key_id} was given up at {known.until:%Y-%m-%d %H:%M:%S}: start with the new one")
    root = (await nodes.frontier(tx, size)).root().hex()
    head = sign(name, size, root, now.replace(microsecond=now.microsecond // 1000 * 1000), key)
    tx.add(HeadRow(**vars(head)))
    publish(tx, head, "")
    return head


def due(signed: int, size: int, since: timedelta | None) -> bool:
    """`since`: the last head, None when there is none."""
    if size <= signed:  # smaller: places were taken away, which the check finds; signing less would be a second history
        return False
    return since is None or since < timedelta() or since >= HEAD_EVERY or size - signed >= HEAD_LINES


def publish(tx: Transaction, head: Head, stamp: str) -> None:
    """`stamp`: base64 of the answer of a time-stamp authority; a head is told once without and once with it."""
    event = TreeHeadSigned(**vars(head), stamp=stamp)
    tx.publish(event, id=identity("tree-head", head.log, head.size, head.root, bool(stamp)))
