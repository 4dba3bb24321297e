"""`python -m deploy.local.mailsink`: run the sink until it is told to stop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from deploy.local.mailsink.faults import Faults
from deploy.local.mailsink.smtp import Sink
from deploy.local.mailsink.store import MailStore
from deploy.local.mailsink.web import application

LOOPBACK = "127.0.0.1"


async def serve(smtp_port: int, http_port: int, folder: Path) -> None:
    store, faults = MailStore(folder), Faults()
    sink = Sink(store, faults, lambda: datetime.now(UTC))
    smtp = await asyncio.get_running_loop().create_server(sink.protocol, LOOPBACK, smtp_port)
    config = uvicorn.Config(
        application(store, faults), host=LOOPBACK, port=http_port, log_level="warning", timeout_graceful_shutdown=1
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        smtp.close()
        store.close()


def main(
    smtp_port: Annotated[int, typer.Option(help="Port for SMTP, on 127.0.0.1.")] = 25025,
    http_port: Annotated[int, typer.Option(help="Port for the inbox (REST and pages), on 127.0.0.1.")] = 25080,
    folder: Annotated[Path, typer.Option(help="Where messages are kept.")] = Path(".haetae/mail"),
) -> None:
    """Accept every mail, deliver none outside; show it at http://127.0.0.1:HTTP_PORT/."""
    asyncio.run(serve(smtp_port, http_port, folder))


if __name__ == "__main__":
    typer.run(main)
