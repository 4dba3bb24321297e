"""What a peer states, from its API or a file: proved, then kept in quarantine. Bad ones are counted by reason alone."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from joserfc.jwk import OKPKey

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation import keys, peers
from services.gateway.federation.dropping import drop
from services.gateway.federation.statements import Statement, Unproved, Withdrawal, kid_of, proved
from services.gateway.federation.store import Peer, Received, ReceivedState
from services.gateway.problems import Problem
from shared.database import Transaction
from shared.events import StatementKind
from shared.events.federation import MAX_JWS

MOST_AT_ONCE = 1_000  # statements of a file
MOST_WAITING = 20_000  # of a peer in quarantine: more than a person looks through is none
KEPT, AGAIN, WITHDREW = "kept", "known-already", "withdrawn"


async def receive(tx: Transaction, peer: Peer, texts: Iterable[str], by: str) -> Mapping[str, int]:
    """How many came to what. The peer's row is held."""
    good, revoked = await _keys(tx, peer)
    room = MOST_WAITING - await _waiting(tx, peer.issuer)
    found: Counter[str] = Counter()
    for text in texts:
        try:
            _not_revoked(text, revoked)
            statement = proved(text, peer.issuer, good, tx.clock.now())
            outcome = await _keep(tx, statement, text, by, room - found[KEPT])
        except Unproved as error:
            outcome = str(error)
        found[outcome] += 1
    if found:
        peer.counts = dict(Counter(peer.counts) + found)
    if set(found) - {AGAIN}:
        told = {"peer": peer.issuer, **{name.replace("-", "_"): n for name, n in sorted(found.items())}}
        await history.append(tx, FEDERATION_CHAIN, by, Action.STATEMENTS_RECEIVED, told)
    return found


def read_list(body: bytes) -> list[str]:
    """Of a file: a JSON list, what our own API answers, or a statement a line. Raises `Problem` 422."""
    try:
        text = body.decode("ascii").strip()
        given = json.loads(text) if text[:1] in ("[", "{") else text.split()
        if isinstance(given, dict):
            given = [item["statement"] for item in given["items"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Problem(422, "bad-statements", field="body", most=MOST_AT_ONCE) from error
    listed = isinstance(given, list) and 0 < len(given) <= MOST_AT_ONCE and all(isinstance(one, str) for one in given)
    if not listed:
        raise Problem(422, "bad-statements", field="body", most=MOST_AT_ONCE)
    return [one[: MAX_JWS + 1] for one in given]


async def _keys(tx: Transaction, peer: Peer) -> tuple[dict[str, OKPKey], set[str]]:
    rows = await peers.keys_of(tx, peer)
    good = {row.kid: keys.public_key(row.public_key) for row in rows if row.revoked_at is None}
    return good, {row.kid for row in rows if row.revoked_at is not None}


def _not_revoked(text: str, revoked: set[str]) -> None:
    if revoked and len(text) <= MAX_JWS and kid_of(text) in revoked:
        raise Unproved("revoked-key")


async def _waiting(tx: Transaction, issuer: str) -> int:
    mine = sa.select(sa.func.count()).select_from(Received)
    return await tx.scalar(mine.where(Received.issuer == issuer, Received.state == ReceivedState.WAITING)) or 0


async def _keep(tx: Transaction, said: Statement, text: str, by: str, room: int) -> str:
    """Raises `Unproved`."""
    known = await tx.get(Received, said.id)
    if known is not None:
        if known.issuer == said.issuer and known.body == said.body:
            return AGAIN
        raise Unproved("number-used-twice")
    if said.until is not None and said.until <= tx.clock.now():
        raise Unproved("over-already")
    now, gone = tx.clock.now(), None
    if isinstance(said.said, Withdrawal):
        about: UUID | None = said.said.statement_id
        await _withdraw(tx, said, said.said.statement_id, by)
    else:
        about, gone = None, await _withdrawn_before(tx, said)
    if about is None and gone is None and room <= 0:
        raise Unproved("quarantine-full")
    state = ReceivedState.TAKEN if about else ReceivedState.WITHDRAWN if gone else ReceivedState.WAITING
    row = Received(
        statement_id=said.id,
        issuer=said.issuer,
        kind=said.kind.value,
        about=about,
        body=said.body,
        statement=text,
        issued_at=said.issued_at,
        until=said.until,
        received_at=now,
        state=state.value,
        ended_at=None if state == ReceivedState.WAITING else now,
        ended_by=None if state == ReceivedState.WAITING else by,
    )
    tx.add(row)
    await tx.flush()
    return KEPT if state == ReceivedState.WAITING else WITHDREW


async def _withdraw(tx: Transaction, said: Statement, about: UUID, by: str) -> None:
    """At once, without a person: who said it takes it back. Raises `Unproved` for what another agency said."""
    row = await tx.get(Received, about, lock=True)
    if row is None:
        return
    if row.issuer != said.issuer or row.kind == StatementKind.WITHDRAWAL:
        raise Unproved("not-theirs-to-withdraw")
    if row.state in (ReceivedState.WAITING, ReceivedState.TAKEN):
        drop(tx, row, ReceivedState.WITHDRAWN, by)


async def _withdrawn_before(tx: Transaction, said: Statement) -> Received | None:
    """Its withdrawal, where that came first."""
    return await tx.scalar(
        sa.select(Received).where(Received.about == said.id, Received.issuer == said.issuer).limit(1)
    )
