"""What the pages work with, put together in `pages_task.py` and by tests."""

from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from typing import cast

from starlette.requests import Request

from services.gateway.evidence.downloads import Exports
from services.gateway.pictures import Vault
from shared.approvals import Approvals
from shared.clock import Clock
from shared.database import Database


@dataclass(frozen=True)
class Parts:
    """`tls`: browsers come over HTTPS. `language`: for browsers that ask for none of ours. `undo`: how long a person's
    verdict can be taken back."""

    database: Database
    vault: Vault
    exports: Exports
    clock: Clock
    approvals: Approvals
    timezone: tzinfo = UTC
    language: str = "ko"
    tls: bool = False
    undo: timedelta = timedelta(0)


def parts_of(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)
