"""What the pages work with, put together in `pages_task.py` and by tests."""

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo
from typing import cast

from starlette.requests import Request

from services.gateway.accounts import Account
from services.gateway.agencies.scoping import AGENCY, NOTHING
from services.gateway.bridges.bell import Bell
from services.gateway.bridges.webhooks.house import Webhooks
from services.gateway.claims.claiming import MOST
from services.gateway.door.house import House
from services.gateway.evidence.downloads import Exports
from services.gateway.federation.house import Federation
from services.gateway.levels import Deriving
from services.gateway.live.hub import Hub
from services.gateway.people.parts import People
from services.gateway.pictures import Derive
from shared.approvals import Approvals
from shared.clock import Clock
from shared.database import Database
from shared.objects.vault import Vault


@dataclass(frozen=True)
class Parts:
    """`tls`: browsers come over HTTPS. `language`: for browsers that ask for none of ours. `statistics`: months that
    are over are public. `undo`: how long a person's verdict can be taken back. `claims`: cases that a person may hold
    at once; 0: any number."""

    database: Database
    vault: Vault
    exports: Exports
    clock: Clock
    approvals: Approvals
    timezone: tzinfo = UTC
    language: str = "ko"
    tls: bool = False
    statistics: bool = True
    undo: timedelta = timedelta(0)
    claims: int = MOST
    derive: Derive = field(default_factory=Deriving)
    live: Hub | None = None
    bell: Bell | None = None
    people: People = field(default_factory=People)
    house: House = field(default_factory=House)
    webhooks: Webhooks = field(default_factory=Webhooks)
    federation: Federation = field(default_factory=Federation)

    def most_claims(self, account: Account) -> int:
        """A program's claims are bound by nothing: it may work for many people."""
        return 0 if account.scripted else self.claims

    def within(self, agency: str) -> "Parts":
        """The same with the rows of this agency in sight."""
        return replace(self, database=self.database.scoped({AGENCY: agency}))

    def shut(self) -> "Parts":
        """The same with nobody's rows in sight: how a request begins."""
        return replace(self, database=self.database.scoped(NOTHING))


def parts_of(request: Request) -> Parts:
    """With the rows in sight of the agency of whoever asks (`requests.recognised` found out)."""
    parts = cast(Parts, request.app.state.parts)
    agency = getattr(request.state, "agency", "")
    return parts.within(agency) if agency else parts
