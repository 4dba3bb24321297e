"""`python -m deploy.local.mailsink`: run the sink until it is told to stop."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from deploy.local.mailsink import AGENCY_DOMAIN
from deploy.local.mailsink.faults import Faults
from deploy.local.mailsink.imap import AgencyBox, door
from deploy.local.mailsink.smtp import Sink
from deploy.local.mailsink.store import MailStore
from deploy.local.mailsink.web import application

LOOPBACK = "127.0.0.1"


async def serve(smtp_port: int, http_port: int, imap_port: int, folder: Path, user: str, password: str) -> None:
    store, box, faults = MailStore(folder), AgencyBox(folder / "imap"), Faults()
    sink = Sink(store, box, faults, lambda: datetime.now(UTC))
    smtp = await asyncio.get_running_loop().create_server(sink.protocol, LOOPBACK, smtp_port)
    config = uvicorn.Config(
        application(store, box, faults), host=LOOPBACK, port=http_port, log_level="warning", timeout_graceful_shutdown=1
    )
    try:
        async with door(folder / "imap", imap_port, user, password):
            await uvicorn.Server(config).serve()
    finally:
        smtp.close()
        store.close()


def main(
    smtp_port: Annotated[int, typer.Option(help="Port for SMTP, on 127.0.0.1.")] = 25025,
    http_port: Annotated[int, typer.Option(help="Port for the inbox (REST and pages), on 127.0.0.1.")] = 25080,
    imap_port: Annotated[int, typer.Option(help="Port for IMAP to the agency's mailbox, on 127.0.0.1.")] = 25143,
    folder: Annotated[Path, typer.Option(help="Where messages are kept.")] = Path(".haetae/mail"),
    user: Annotated[str, typer.Option(help="Log-in of the agency's mailbox.")] = f"answers@{AGENCY_DOMAIN}",
    password: Annotated[str, typer.Option(envvar="MAILSINK_PASSWORD", help="Its password.")] = "",
) -> None:
    """Accept every mail, deliver none outside; show it at http://127.0.0.1:HTTP_PORT/."""
    asyncio.run(serve(smtp_port, http_port, imap_port, folder, user, password or secrets.token_urlsafe()))


if __name__ == "__main__":
    typer.run(main)
