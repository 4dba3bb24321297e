"""`python -m deploy.local up`: start the embedded stack and keep it running until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from deploy.local.home import HomeInUse
from deploy.local.kafka import Store
from deploy.local.part import PARTS, PartName
from deploy.local.stack import Stack
from deploy.local.supervisor import StackEvent, StackFailed
from shared.private import leave_nothing_open

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(
    no_args_is_help=True,
    help="The embedded stack: Kafka protocol, PostgreSQL, S3, a mail sink and time-stamp authorities from packages, "
    "on this machine only.",
)


@app.callback()
def group() -> None:
    """Keeps `up` a command of its own, also while it is the only one."""
    leave_nothing_open()


@app.command()
def up(
    home: Annotated[Path, typer.Option(help="The folder for data, logs, addresses and secrets.")] = Path(".haetae"),
    kafka: Annotated[str, typer.Option(help="Where the broker keeps its records: s3 (durable) or memory.")] = "s3",
    only: Annotated[str, typer.Option(help=f"Comma-separated parts to start: {','.join(PARTS)}.")] = ",".join(PARTS),
    scratch: Annotated[bool, typer.Option(help="Random ports and no fsync, for tests.")] = False,
) -> None:
    """Start the parts, wait until they answer, run until Ctrl-C, then stop all of them.

    A part whose address is set in the environment is not started: HAETAE_DATABASE_URL, HAETAE_KAFKA_BOOTSTRAP,
    HAETAE_S3_ENDPOINT (with HAETAE_S3_ACCESS_KEY and HAETAE_S3_SECRET_KEY), HAETAE_SMTP_HOST,
    HAETAE_STAMP_AUTHORITIES_FILE.
    Addresses and secrets of the running stack are in HOME/env. Exit status 1 when a part could not be kept running.
    """
    if kafka not in get_args(Store):
        raise typer.BadParameter(f"{kafka!r} is neither s3 nor memory", param_hint="--kafka")
    parts = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in parts if name not in PARTS]:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(PARTS)}", param_hint="--only")
    stack = Stack(
        home,
        parts=cast(list[PartName], parts),
        kafka_store=cast(Store, kafka),
        scratch=scratch,
        on_event=lambda event: typer.echo(line(event)),
    )
    try:
        failure = asyncio.run(run(stack))
    except (HomeInUse, StackFailed, ValueError, RuntimeError, OSError) as error:
        failure = str(error)
    if failure:
        typer.echo(f"FAILED: {failure}", err=True)
        raise typer.Exit(1)


async def run(stack: Stack) -> str:
    """Until a signal (empty answer) or a failure (why)."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    begun = time.monotonic()
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait([starting])
        return ""
    await starting
    try:
        typer.echo(f"stack up in {time.monotonic() - begun:.1f} s; addresses in {stack.home.path}/env; Ctrl-C stops it")
        failing = asyncio.create_task(stack.failure())
        await asyncio.wait([failing, stopping], return_when=asyncio.FIRST_COMPLETED)
        return failing.result() if failing.done() else ""
    finally:
        await stack.stop()


def line(event: StackEvent) -> str:
    match event.kind:
        case "started":
            return f"  {event.name:10} started, pid {event.pid}"
        case "ready":
            return f"  {event.name:10} ready after {event.seconds:.1f} s"
        case "died":
            return f"! {event.name:10} died with {event.code} after {event.seconds:.1f} s\n{event.detail}".rstrip()
        case "failed":
            return f"! {event.name:10} failed"
        case "stopped":
            return f"  {event.name:10} stopped in {event.seconds:.1f} s"


if __name__ == "__main__":
    app()
