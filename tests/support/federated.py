"""Two agencies, each with a gateway and a database of its own, and real HTTP between them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from joserfc.jwk import OKPKey
from pydantic import SecretStr

from services.gateway.accounts import Account, enter
from services.gateway.federation import accepting, issuing, keys, peers
from services.gateway.federation.house import Federation
from services.gateway.federation.peers import Wanted
from services.gateway.federation.pulling import Reader
from services.gateway.federation.store import Issued, Peer, Received
from services.gateway.people import services
from services.gateway.people.sealing import Seal
from services.gateway.rights import confirming
from services.gateway.routes.confirmations import carrying_out
from services.gateway.sessions import Visitor
from services.gateway.web import application
from shared.clock import Clock
from shared.events import StatedHash, StatedHashes, StatementKind
from shared.net.allowed import read_hosts
from shared.net.calling import Caller
from shared.net.guard import Guard
from shared.net.settings import CallSettings
from shared.web import serving
from tests.support.gateway import Desk, make_desk
from tests.support.stack import Migrated

TAKEN = StatedHashes(category="known_picture", hashes=(StatedHash(algorithm="pdq", hash="5a" * 32),))


@dataclass
class House:
    """An agency. `one` and `two` are supervisors."""

    name: str
    desk: Desk
    key: OKPKey
    one: Visitor
    two: Visitor
    reader: Reader
    port: int = 0

    @property
    def federation(self) -> Federation:
        return self.desk.parts.federation

    async def state(self, subject: str, body: StatedHashes = TAKEN) -> Issued:
        async with self.desk.database.transaction() as tx:
            return await issuing.issue(
                tx, self.federation, StatementKind.KNOWN, body, subject=subject, by=self.one.account.pseudonym
            )

    async def withdraw(self, statement_id: UUID) -> None:
        async with self.desk.database.transaction() as tx:
            await issuing.withdraw(tx, self.federation, statement_id, "mistake", by="test")

    async def pin(self, other: House, url: str = "", token: str = "") -> UUID:
        """Proposed by one, confirmed by the other."""
        wanted = Wanted(other.name, other.name.title(), [keys.public_text(other.key)], url, token)
        async with self.desk.database.transaction() as tx:
            asked = await peers.propose(tx, self.federation, self.one, wanted, "By telephone.", peer_id=uuid4())
        await self.confirm(asked.confirmation_id)
        return asked.confirmation_id

    async def confirm(self, confirmation_id: UUID) -> None:
        async with self.desk.database.transaction() as tx:
            await confirming.confirm(tx, confirmation_id, self.two, carrying_out(self.desk.parts))

    async def propose(self, issuer: str, kind: str = "known") -> UUID:
        async with self.desk.database.transaction() as tx:
            asked = await accepting.propose(
                tx, self.federation, self.one, issuer, kind, "Looked at.", confirmation_id=uuid4()
            )
        return asked.confirmation_id

    async def accept(self, issuer: str, kind: str = "known") -> None:
        await self.confirm(await self.propose(issuer, kind))

    async def token_for(self, name: str) -> str:
        """Of a service that may read our statements, as a person gives it to the other agency."""
        async with self.desk.database.transaction() as tx:
            service = await services.add(tx, "home", name, name, ["read-statements"], None)
            await tx.flush()
            _, secret = await services.add_secret(tx, service, 30, None)
        return f"{name}:{secret}"

    async def peer(self, issuer: str) -> Peer:
        async with self.desk.database.transaction() as tx:
            return await peers.needed(tx, issuer)

    async def received(self, statement_id: UUID) -> Received | None:
        async with self.desk.database.transaction() as tx:
            return await tx.get(Received, statement_id)

    async def disbelieve(self, issuer: str) -> int:
        async with self.desk.database.transaction() as tx:
            return await peers.disbelieve(tx, self.federation, self.one, issuer)


@asynccontextmanager
async def house(name: str, database: Migrated, folder: Path, clock: Clock | None = None) -> AsyncIterator[House]:
    hosts = allowed(folder)
    key = new_key()
    federation = Federation(name, key, frozenset(), Guard(read_hosts(hosts)), Seal(b"s" * 32))
    desk = make_desk(database.dsn_for("gateway"), folder, clock)
    desk.parts = replace(desk.parts, federation=federation)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(desk.database.close)
        async with desk.database.transaction() as tx:
            await keys.take_over(tx, key)
            people = [await enter(tx, f"{name}-{n}-{uuid4()}", ["supervisor"], "test") for n in (1, 2)]
        settings = CallSettings.model_validate({"allowed_hosts_file": str(hosts)})
        caller = await stack.enter_async_context(Caller(settings, to="peer"))
        one, two = map(visitor, people)
        made = House(name, desk, key, one, two, Reader(desk.database, federation, caller))
        made.port = await stack.enter_async_context(serving(application(desk.parts), "127.0.0.1", 0))
        yield made


def allowed(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 peer.test\n")
    return hosts


def visitor(account: Account) -> Visitor:
    return Visitor(account, "a token that nobody shows", by_cookie=False)


def new_key() -> OKPKey:
    return keys.federation_key(SecretStr(base64.b64encode(secrets.token_bytes(32)).decode()))
