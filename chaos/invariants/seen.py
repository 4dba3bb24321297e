"""What is looked at: each thing is fetched when an invariant first asks for it, once for all of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from chaos.history import Line, read
from chaos.invariants.logged import Log, read_log
from chaos.invariants.mails import Mail, read_mails
from services.gateway.agencies.scoping import EVERYTHING
from shared.approvals import Approvals, former_keys
from shared.database import Database
from shared.events import ReviewDecided
from shared.failures import Rejected


@dataclass(frozen=True)
class World:
    """`env`: the stack's settings, with its owner's HAETAE_DATABASE_URL. `history`: the file of `chaos.history`.
    `planted`: how many records that nobody can handle were put into each topic."""

    env: Mapping[str, str]
    history: Path
    planted: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Seen:
    """A world that is being looked at. Databases are opened as the owner, in the schema of the service."""

    world: World
    gateway: Database
    evidence: Database
    _log: Log | None = None
    _mails: Sequence[Mail] | None = None

    async def rows(self, query: str, **values: object) -> Sequence[sa.Row[Any]]:
        """Of any schema, which the query names."""
        async with self.gateway.transaction() as tx:
            return (await tx.execute(sa.text(query), values)).all()

    async def log(self) -> Log:
        """The topics of cases, and what was put aside."""
        if self._log is None:
            (begun,) = (await self.rows("SELECT now()"))[0]
            self._log = await read_log(self.world.env, begun)
        return self._log

    async def mails(self) -> Sequence[Mail]:
        """Every notice that lies in a mailbox of others."""
        if self._mails is None:
            self._mails = await read_mails(self.world.env["HAETAE_MAIL_API"])
        return self._mails

    def history(self, kind: str) -> list[Line]:
        return [line for line in read(self.world.history) if line.kind == kind]

    async def decisions(self) -> list[ReviewDecided]:
        """The verdicts that carry the gateway's seal: whatever else is in the topic, nobody gave."""
        env = self.world.env
        former = env.get("HAETAE_FORMER_APPROVAL_KEYS")
        approvals = Approvals(SecretStr(env["HAETAE_APPROVAL_KEY"]), former_keys(SecretStr(former) if former else None))
        return [event for event in (await self.log()).of(ReviewDecided) if _given(approvals, event)]


def _given(approvals: Approvals, event: ReviewDecided) -> bool:
    try:
        approvals.check(event)
    except Rejected:
        return False
    return True


@asynccontextmanager
async def looking(world: World) -> AsyncIterator[Seen]:
    url = world.env["HAETAE_DATABASE_URL"]
    gateway = Database(url, "/haetae/gateway", schema="gateway", settings=EVERYTHING)
    evidence = Database(url, "/haetae/evidence", schema="evidence")
    try:
        yield Seen(world, gateway, evidence)
    finally:
        await gateway.close()
        await evidence.close()
