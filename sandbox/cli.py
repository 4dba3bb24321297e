"""The command line of the sandbox."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from sandbox.running import Sandbox

app = typer.Typer(help="A small synthetic internet on loopback addresses.", no_args_is_help=True)


@app.callback()
def _main() -> None:
    """Keeps `serve` a subcommand while it is the only one."""


@app.command()
def serve(
    home: Annotated[Path, typer.Option(help="Folder for hosts, sites.csv, known/, truth.json and ready.")],
    port: Annotated[int, typer.Option(help="Port of every host; 0 takes a free one.")] = 0,
    control_port: Annotated[int, typer.Option(help="Port of the control interface on 127.0.0.1; 0: free.")] = 0,
    mail_api: Annotated[str, typer.Option(help="The mail sink's address, e.g. http://127.0.0.1:8025.")] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    scale: Annotated[float, typer.Option(min=0.01, help="1.0 has 28 hosts; 0.1 is the smallest complete one.")] = 1.0,
    smtp: Annotated[str, typer.Option(help="Its SMTP side, HOST:PORT; without it no operator answers.")] = "",
    pace: Annotated[float, typer.Option(min=0.01, help="2.0: later posts and operators are twice as fast.")] = 1.0,
) -> None:
    """Serve until SIGINT or SIGTERM."""
    sandbox = Sandbox(
        home,
        seed=seed,
        scale=scale,
        port=port,
        control_port=control_port,
        mail_api=mail_api or None,
        smtp=smtp or None,
        pace=pace,
    )
    asyncio.run(_serve(sandbox))


async def _serve(sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sandbox:
        typer.echo(
            f"{len(sandbox.sites)} hosts on port {sandbox.port}, control http://127.0.0.1:{sandbox.control_port}"
        )
        await stop.wait()
