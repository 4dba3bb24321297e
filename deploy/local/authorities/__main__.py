"""`python -m deploy.local.authorities`: run both authorities until they are told to stop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from deploy.local.authorities.issuing import kept
from deploy.local.authorities.web import Authorities, Authority

LOOPBACK = "127.0.0.1"


def now() -> datetime:
    return datetime.now(UTC)


def main(
    port: Annotated[int, typer.Option(help="Port, on 127.0.0.1.")],
    folder: Annotated[Path, typer.Option(help="Where keys and certificates are kept, a folder an authority.")],
    names: Annotated[list[str], typer.Argument(help="Names of the authorities.")],
) -> None:
    """Stamp what is asked at http://127.0.0.1:PORT/NAME, as RFC 3161 says. Nobody else trusts these authorities."""
    made = {name: Authority(kept(folder / name, f"Haetae local authority {name}", now())) for name in names}
    application = Authorities(made, now).application()
    config = uvicorn.Config(
        application, host=LOOPBACK, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    typer.run(main)
