"""The notifier's report APIs over real HTTP and a real database: the shipped connectors, their peers on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifier.channels.api.channel import Api
from services.notifier.channels.api.credentials import read_credentials
from services.notifier.channels.api.files import read_connectors
from services.notifier.channels.api.store import ReportRow
from services.notifier.channels.port import Letter
from services.notifier.domain import Accepted, Failed
from shared.clock import ManualClock
from shared.database import Database
from shared.events.examples import NOTICE
from shared.events.values import Attachment, Notice
from shared.identity import case_id, identity
from shared.net import NetSettings
from shared.net.calling import Caller
from shared.notices import sealed
from shared.web import serving
from tests.support.report_peers import (
    ACCESS_KEY,
    ACCOUNT,
    SECRET_KEY,
    TOKEN,
    AbuseSignal,
    Cloudflare,
    DeletionSupport,
    Peer,
)

HOST = "api-peer.test"
BOARD = "https://harbour-board.test"
CASE = case_id(f"{BOARD}/post/1")
XARF = {
    "xarf_version": "4.2.0",
    "report_id": "6b2b1b0e-7f1a-5d3a-9b1c-3f2a6c0d9e11",
    "timestamp": "2026-01-01T00:00:00Z",
    "reporter": {"org": "Sample Centre", "contact": "answers@agency.test", "domain": "agency.test"},
    "sender": {"org": "Sample Centre", "contact": "answers@agency.test", "domain": "agency.test"},
    "source_identifier": "192.0.2.7",
    "category": "content",
    "type": "exposed_data",
    "evidence_source": "crawler",
    "tags": ["ncii:distribution"],
    "url": f"{BOARD}/post/1",
    "data_types": ["personal_information"],
    "exposure_method": "intentional_leak",
}
FIELDS = {
    "reference": "HT-ABCDEFGH",
    "page": f"{BOARD}/post/1",
    "urls": f"{BOARD}/post/1\n{BOARD}/media/1.jpg",
    "host": "harbour-board.test",
    "category": "known_content",
    "comments": "Material distributed without the consent of the person concerned.",
    "citation": "Article 22-5(1)",
    "language": "en",
    "contact_name": "Sample Officer",
    "contact_email": "answers@agency.test",
    "contact_phone": "+82-2-000-0000",
    "agency": "Sample Centre",
    "mandate": "by decree",
    "seen_at": "2026-01-01 00:00:00 UTC",
    "sealed_at": "2026-01-01 00:00:02 UTC",
    "sha256s": "a" * 64,
    "pdqs": "",
    "manifest": "b" * 64,
}


def api_notice(connector: str, anonymity: str = "named", channel: str = "api", **fields: str) -> Notice:
    """Of a stand-in case; `fields` in place of the usual ones."""
    to = NOTICE.recipient.model_copy(
        update={"channel": channel, "connector": connector, "anonymity": anonymity, "email": "", "provider": connector}
    )
    made = NOTICE.model_copy(
        update={
            "notice_id": identity("notice", CASE, connector, anonymity, *sorted(fields.items())),
            "recipient": to,
            "attachments": (Attachment(name="xarf.json", media_type="application/json", text=json.dumps(XARF)),),
            "fields": {**FIELDS, **fields},
        }
    )
    return sealed(made)


@dataclass
class Apis:
    api: Api
    peers: dict[str, Any]
    clock: ManualClock
    database: Database

    async def forget(self, *tables: str) -> None:
        """As new, for the next test: servers and connections are dear."""
        for peer in self.peers.values():
            vars(peer).update(vars(type(peer)()))
            vars(peer).pop("entitled", None)
        async with self.database.transaction() as tx:
            for table in ("reports", *tables):
                await tx.execute(sa.text(f"DELETE FROM {table}"))

    def peer(self, connector: str) -> Peer:
        made: Peer = self.peers[connector]
        return made

    async def deliver(self, notice: Notice) -> Accepted | Failed:
        return await self.api.deliver(Letter(CASE, notice), self.clock.now())

    async def rows(self, notice_id: UUID) -> list[ReportRow]:
        async with self.database.transaction() as tx:
            mine = sa.select(ReportRow).where(ReportRow.notice_id == notice_id).order_by(ReportRow.part)
            return list(await tx.scalars(mine))


@asynccontextmanager
async def report_apis(url: str, folder: Path, **own: str) -> AsyncIterator[Apis]:
    """`own`: connector files (name → text) of the agency."""
    clock = ManualClock()
    peers = {"deletion-support": DeletionSupport(), "cloudflare": Cloudflare(), "aws-xarf": AbuseSignal()}
    (folder / "hosts").write_text(f"127.0.0.1 {HOST}\n")
    (folder / "connectors").mkdir()
    for name, text in own.items():
        (folder / "connectors" / f"{name}.toml").write_text(text)
    async with AsyncExitStack() as opened:
        ports = {
            name: await opened.enter_async_context(serving(peer.app, "127.0.0.1", 0)) for name, peer in peers.items()
        }
        secrets = folder / "secrets.toml"
        secrets.write_text(_secrets(ports))
        secrets.chmod(0o600)
        settings = NetSettings.model_validate({"allowed_hosts_file": str(folder / "hosts")})
        database = Database(url, "/haetae/notifier", clock)
        api = Api(
            read_connectors(folder / "connectors"),
            read_credentials(secrets),
            Caller(settings),
            Database(url, "/haetae/notifier", clock),
        )
        await opened.enter_async_context(api)
        opened.push_async_callback(database.close)
        yield Apis(api, peers, clock, database)


def _secrets(ports: dict[str, int]) -> str:
    return f"""
[deletion-support]
base = "http://{HOST}:{ports["deletion-support"]}/v1"
token = "{TOKEN}"
over_http = true
[cloudflare]
base = "http://{HOST}:{ports["cloudflare"]}/client/v4"
token = "{TOKEN}"
own = {{account_id = "{ACCOUNT}"}}
over_http = true
[aws-xarf]
base = "http://{HOST}:{ports["aws-xarf"]}"
access_key = "{ACCESS_KEY}"
secret_key = "{SECRET_KEY}"
own = {{region = "us-east-1"}}
over_http = true
"""
