"""Reads what peers state, from their API: one process at a time each, bounded, and every failure has a name."""

import base64
import json
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import sqlalchemy as sa
import structlog

from services.gateway.federation.house import Federation
from services.gateway.federation.issuing import MOST
from services.gateway.federation.keys import take_over
from services.gateway.federation.receiving import receive
from services.gateway.federation.store import Peer, PeerState
from services.gateway.people.granting import TOKEN_PATH
from services.gateway.people.sealing import Unsealable
from services.gateway.settings import Settings
from shared.database import Database, Transaction
from shared.events.federation import MAX_JWS
from shared.failures import Transient
from shared.handling import Context
from shared.net.calling import Caller, NoAnswer, NotSent
from shared.net.failures import AddressRefused
from shared.regularly import STOP_POLL_S

log = structlog.get_logger(__name__)

PATH = "/api/federation/statements"
LOOK_S, EVERY_S = 1.0, 60.0  # hashes are of use within minutes
CALL_S = 15.0
MOST_BYTES = MOST * (MAX_JWS + 200)
TOKEN_BYTES = 16 * 1024
LEASE = timedelta(seconds=90)  # longer than a token and a page may take
MOST_WAIT = timedelta(hours=1)
BY = "gateway"


class Failed(Exception):
    """The message is the name of what failed."""


class Pulling:
    """The task: our key is on record, and peers are read."""

    def __init__(self, settings: Settings, house: Federation) -> None:
        self._settings, self._house = settings, house

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        if self._house.key is None:
            while not context.stopping():
                await context.clock.sleep(STOP_POLL_S)
            return
        async with context.database.transaction() as tx:
            await take_over(tx, self._house.key)
        async with Caller(self._settings, to="peer") as caller:
            reader = Reader(context.database, self._house, caller)
            while not context.stopping():
                try:
                    if await reader.read_next():
                        continue
                except Transient as failure:
                    log.warning("peers have to wait", reason=str(failure))
                await context.clock.sleep(LOOK_S)


class Reader:
    def __init__(self, database: Database, house: Federation, caller: Caller) -> None:
        self._database, self._house, self._caller = database, house, caller

    async def read_next(self) -> bool:
        """One page of the peer that is due longest; False when none is."""
        async with self._database.transaction() as tx:
            peer = await _lease(tx)
        if peer is None:
            return False
        try:
            texts, place, failure = *await self._page(peer), ""
        except Failed as failed:
            texts, place, failure = [], peer.position, str(failed)
            log.warning("a peer could not be read", peer=peer.issuer, reason=failure)
        async with self._database.transaction() as tx:
            row = await tx.get(Peer, peer.peer_id, lock=True)
            if row is None or row.lease != peer.lease or row.state != PeerState.ACTIVE:
                return True
            if texts:
                await receive(tx, row, texts, BY)
            _settle(row, place, failure, full=len(texts) == MOST, tx=tx)
        return True

    async def _page(self, peer: Peer) -> tuple[list[str], int]:
        """Statements after our place, and the place of the last. Raises `Failed`."""
        headers = {"accept": "application/json"}
        if peer.sealed:
            headers["authorization"] = f"Bearer {await self._token(peer, peer.sealed)}"
        query = urlencode({"after": peer.position, "limit": MOST})
        url = f"{peer.url.rstrip('/')}{PATH}?{query}"
        return _read(await self._call("GET", url, headers, b"", MOST_BYTES), peer.position)

    async def _token(self, peer: Peer, sealed: bytes) -> str:
        try:
            shown = self._house.seal.open(peer.place, sealed)
        except Unsealable as error:
            raise Failed("token-sealed-with-another-key") from error
        headers = {
            "authorization": f"Basic {base64.b64encode(shown.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }
        body = b"grant_type=client_credentials&scope=read-statements"
        headers["content-length"] = str(len(body))
        url = f"{peer.url.rstrip('/')}{TOKEN_PATH}"
        given = _json(await self._call("POST", url, headers, body, TOKEN_BYTES))
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or len(token) > TOKEN_BYTES:
            raise Failed("no-token")
        return token

    async def _call(self, method: str, url: str, headers: dict[str, str], body: bytes, most: int) -> bytes:
        try:
            reply = await self._caller.call(method, url, headers, body, timeout_s=CALL_S, max_bytes=most)
        except AddressRefused as error:
            raise Failed("bad-address") from error
        except NotSent as error:
            raise Failed("not-reached") from error
        except NoAnswer as error:
            raise Failed("no-whole-answer") from error
        if reply.status != 200:
            raise Failed("not-allowed" if reply.status in (401, 403) else "refused")
        return reply.body


def _read(body: bytes, after: int) -> tuple[list[str], int]:
    """Raises `Failed` for an answer that is none of ours: positions grow from the one that was asked for."""
    given = _json(body)
    items = given.get("items") if isinstance(given, dict) else None
    if not isinstance(items, list) or len(items) > MOST:
        raise Failed("not-a-list")
    texts = []
    for item in items:
        position, text = (item.get("position"), item.get("statement")) if isinstance(item, dict) else (None, None)
        if type(position) is not int or not isinstance(text, str):
            raise Failed("not-a-list")
        if not after < position < 2**62:
            raise Failed("out-of-order")
        after = position
        texts.append(text)
    return texts, after


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Failed("not-json") from error


async def _lease(tx: Transaction) -> Peer | None:
    now = tx.clock.now()
    free = sa.or_(Peer.leased_until.is_(None), Peer.leased_until <= now)
    due = sa.select(Peer).where(Peer.state == PeerState.ACTIVE, Peer.url != "", Peer.due_at <= now, free)
    row = await tx.scalar(due.order_by(Peer.due_at).limit(1).with_for_update(skip_locked=True))
    if row is not None:
        row.lease, row.leased_until = uuid4(), now + LEASE
    return row


def _settle(row: Peer, place: int, failure: str, *, full: bool, tx: Transaction) -> None:
    """The next page at once while there is more; a failure waits twice as long as the one before."""
    now = tx.clock.now()
    row.lease = row.leased_until = None
    if failure:
        row.failures, row.failure = row.failures + 1, failure
        row.due_at = now + min(timedelta(seconds=EVERY_S) * 2 ** min(row.failures - 1, 10), MOST_WAIT)
    else:
        row.position, row.failures, row.failure, row.pulled_at = place, 0, None, now
        row.due_at = now if full else now + timedelta(seconds=EVERY_S)
