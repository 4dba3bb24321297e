"""Runs a service: `start("services.NAME")` is all of a service's `__main__`."""

import asyncio
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import structlog
from pydantic import ValidationError

from shared.bus.kafka import KafkaBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.handling import Service
from shared.logging import configure
from shared.private import leave_nothing_open
from shared.runtime import run
from shared.settings import Settings, forget_secrets
from shared.settings_errors import explain
from shared.version import SCHEMA

__all__ = ["main", "run", "start"]

S = TypeVar("S", bound=Settings)

log = structlog.get_logger(__name__)


def start(package: str) -> None:
    """As `main`, for the package's `app.app` and `settings.Settings`."""
    gc.disable()  # nothing that is imported is garbage: looking for it takes a fifth of the start
    app = importlib.import_module(f"{package}.app").app
    settings = importlib.import_module(f"{package}.settings").Settings
    gc.freeze()
    gc.enable()
    main(app, settings)


def main(app: Callable[[S], Service], settings_type: type[S]) -> None:
    """Ends the process: status 0 after a graceful stop (SIGTERM, SIGINT), 1 otherwise. A second signal ends at once."""
    leave_nothing_open()
    try:
        settings = settings_type()
    except ValidationError as error:
        sys.exit(explain(error, settings_type))
    forget_secrets(settings_type)
    configure(settings_type.__module__.split(".")[-2:][0], settings.instance, settings.log_level)
    try:
        asyncio.run(_until_signalled(app, settings))
    except Exception:
        log.exception("the service ended")
        sys.exit(1)


async def _until_signalled(app: Callable[[S], Service], settings: S) -> None:
    stop = asyncio.Event()

    def signalled() -> None:
        if stop.is_set():
            log.error("second signal: ends at once")
            os._exit(1)
        log.info("stops: finishes what it has in hand")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled)
    service = app(settings)
    clock = SystemClock()
    url, source = settings.database_url.get_secret_value(), f"/haetae/{service.name}"
    database = Database(url, source, clock, settings=service.database_settings, needs=SCHEMA)
    broker = KafkaBroker(
        settings.kafka_bootstrap,
        settings.topic_prefix,
        settings.kafka_idempotence,
        client=f"{service.name}-{settings.instance}",
        identity=settings.kafka_identity(),
        creates=settings.kafka_create_topics,
    )
    try:
        await run(service, settings, broker, database, clock, stop)
    finally:
        await broker.close()
        await database.close()
