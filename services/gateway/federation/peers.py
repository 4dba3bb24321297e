"""Agencies with which statements are exchanged: proposed by one person with their keys, confirmed by another. Nothing
is trusted because it came first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from joserfc.jwk import OKPKey
from pydantic import TypeAdapter, ValidationError

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation import keys
from services.gateway.federation.dropping import drop
from services.gateway.federation.house import Federation
from services.gateway.federation.store import Peer, PeerKey, PeerState, Received, ReceivedState
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.rights.confirming import Confirmation, Kind
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events.federation import Agency

MOST_KEYS, MAX_NAME, MAX_URL, MAX_TOKEN = 4, 100, 500, 500
SHOWN = 200


@dataclass(frozen=True)
class Wanted:
    """`token`: `login:secret` of the service that their Haetae made for us; empty where only files come."""

    issuer: str
    name: str
    keys: Sequence[str]
    url: str = ""
    token: str = ""


async def propose(
    tx: Transaction, house: Federation, by: Visitor, wanted: Wanted, why: str, *, peer_id: UUID
) -> Confirmation:
    """The row as it would be believed; a second person confirms. Raises `Problem` 403, 409, 422."""
    house.asked_by(by.account.agency)
    public = _checked(house, wanted)
    now = tx.clock.now()
    details = {
        "peer": wanted.issuer,
        "name": wanted.name.strip()[:MAX_NAME],
        "keys": [f"{one.kid} {keys.public_text(one)}" for one in public],
        "url": wanted.url,
    }
    asked = await confirming.propose(tx, by, Kind.PIN_PEER, details, why, confirmation_id=peer_id)
    if await tx.get(Peer, peer_id) is not None:
        return asked
    row = Peer(
        peer_id=peer_id,
        issuer=wanted.issuer,
        name=details["name"],
        url=wanted.url,
        state=PeerState.PROPOSED,
        position=0,
        due_at=now,
        failures=0,
        counts={},
        proposed_by=by.account.pseudonym,
        proposed_at=now,
        changed_at=now,
    )
    if wanted.token:
        row.sealed = house.seal.seal(row.place, wanted.token)
    tx.add(row)
    await tx.flush()
    for one in public:
        tx.add(PeerKey(peer_id=peer_id, kid=str(one.kid), public_key=keys.public_text(one)))
    await history.append(tx, FEDERATION_CHAIN, by.account.pseudonym, Action.PEER_PROPOSED, details)
    return asked


def _checked(house: Federation, wanted: Wanted) -> list[OKPKey]:
    """Its public keys. Raises `Problem` 422."""
    try:
        TypeAdapter(Agency).validate_python(wanted.issuer)
    except ValidationError as error:
        raise Problem(422, "bad-peer-name", field="issuer") from error
    if wanted.issuer == house.name or not wanted.name.strip():
        raise Problem(422, "bad-peer-name", field="issuer")
    if wanted.url:
        house.check(wanted.url)
    if len(wanted.url) > MAX_URL or len(wanted.token) > MAX_TOKEN or (wanted.token and ":" not in wanted.token):
        raise Problem(422, "bad-peer-token", field="token")
    try:
        public = {str(key.kid): key for key in map(keys.public_key, wanted.keys)}
    except ValueError as error:
        raise Problem(422, "bad-peer-key", field="keys") from error
    if not 1 <= len(public) <= MOST_KEYS:
        raise Problem(422, "bad-peer-key", field="keys")
    return list(public.values())


async def carry_out(tx: Transaction, confirmed: Confirmation) -> None:
    """It takes the place of the one before, and reads on where that stood. Raises `Problem` 404."""
    row = await tx.get(Peer, confirmed.confirmation_id, lock=True)
    if row is None or row.state != PeerState.PROPOSED:
        raise Problem(404, "no-peer")
    now = tx.clock.now()
    if former := await active(tx, row.issuer, lock=True):
        former.state, former.changed_at, former.lease = PeerState.REPLACED, now, None
        row.position = former.position if former.url == row.url else 0
        row.counts = former.counts
        await tx.flush()
    row.state, row.changed_at, row.due_at = PeerState.ACTIVE, now, now
    told = {"peer": row.issuer, "keys": confirmed.details["keys"], "host": row.url}
    await history.append(tx, FEDERATION_CHAIN, confirmed.ended_by or "gateway", Action.PEER_PINNED, told)


async def active(tx: Transaction, issuer: str, *, lock: bool = False) -> Peer | None:
    wanted = sa.select(Peer).where(Peer.issuer == issuer, Peer.state == PeerState.ACTIVE)
    return await tx.scalar(wanted.with_for_update() if lock else wanted)


async def needed(tx: Transaction, issuer: str, *, lock: bool = False) -> Peer:
    """Raises `Problem` 404."""
    row = await active(tx, issuer, lock=lock)
    if row is None:
        raise Problem(404, "no-peer")
    return row


async def keys_of(tx: Transaction, peer: Peer) -> Sequence[PeerKey]:
    return await tx.scalars(sa.select(PeerKey).where(PeerKey.peer_id == peer.peer_id).order_by(PeerKey.kid))


async def listing(tx: Transaction) -> Sequence[Peer]:
    """Those that count or wait, by name; then those of the past."""
    past = Peer.state.in_((PeerState.REPLACED, PeerState.DISBELIEVED))
    return await tx.scalars(sa.select(Peer).order_by(past, Peer.issuer, Peer.proposed_at.desc()).limit(SHOWN))


async def revoke(tx: Transaction, house: Federation, by: Visitor, issuer: str, kid: str) -> None:
    """What the key signed proves nothing from now on; what was taken stays. Raises `Problem` 404, 409."""
    house.asked_by(by.account.agency)
    peer = await needed(tx, issuer, lock=True)
    key = await tx.get(PeerKey, (peer.peer_id, kid))
    if key is None:
        raise Problem(404, "no-peer")
    if key.revoked_at is None:
        key.revoked_at = tx.clock.now()
        told = {"peer": issuer, "kid": kid}
        await history.append(tx, FEDERATION_CHAIN, by.account.pseudonym, Action.PEER_KEY_REVOKED, told)


async def disbelieve(tx: Transaction, house: Federation, by: Visitor, issuer: str) -> int:
    """Nothing of the agency counts any more, and nothing is read from it; how many statements were dropped. Raises
    `Problem` 404, 409."""
    house.asked_by(by.account.agency)
    peer = await needed(tx, issuer, lock=True)
    peer.state, peer.changed_at, peer.lease = PeerState.DISBELIEVED, tx.clock.now(), None
    live = Received.state.in_((ReceivedState.WAITING, ReceivedState.TAKEN))
    rows = await tx.scalars(sa.select(Received).where(Received.issuer == issuer, live).with_for_update())
    for row in rows:
        drop(tx, row, ReceivedState.DISBELIEVED, by.account.pseudonym)
    told: Mapping[str, object] = {"peer": issuer, "statements": len(rows)}
    await history.append(tx, FEDERATION_CHAIN, by.account.pseudonym, Action.PEER_DISBELIEVED, told)
    return len(rows)
