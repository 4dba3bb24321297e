"""The tasks of orders and retention, put together."""

import secrets
from contextlib import closing
from functools import partial
from typing import Protocol

import structlog

from services.evidence.bundle.making import make
from services.evidence.orders import ending, retention
from services.evidence.orders.tools import Tools
from services.evidence.orders.worker import Worker
from services.evidence.seal.signing import signing_key
from services.evidence.settings import Settings
from shared.database import Transaction
from shared.failures import Rejected
from shared.handling import Context, Task
from shared.objects.exports import Exports
from shared.objects.s3 import S3Store
from shared.objects.vault import Vault
from shared.regularly import regularly

log = structlog.get_logger(__name__)

SWEEP_S = 3_600.0  # exports last a day


class Workshop(Protocol):
    """Open while tasks run."""

    vault: Vault
    exports: Exports


def tasks(settings: Settings, workshop: Workshop) -> dict[str, Task]:
    """Raises `BadRetentionFile`, `ValueError` for a signing key that is none."""
    rules, key = retention.load(settings.retention_file), signing_key(settings.signing_key)
    make_bundle = partial(make, office=settings.office())

    async def carry_out(context: Context) -> None:
        with closing(S3Store(settings, "quarantine")) as quarantine:
            tools = Tools(context.database, workshop.vault, workshop.exports, quarantine, key, rules, make_bundle)
            await Worker(tools, f"{settings.instance}-{secrets.token_hex(4)}").run(context)

    async def end(context: Context) -> None:
        look = partial(ending.look, rules=rules, destroys=settings.retention_destroys, metrics=context.metrics)
        await regularly(context, ending.EVERY_S, look)

    async def sweep(context: Context) -> None:
        async def exports(_: Transaction) -> None:  # an empty transaction: a handful of exports a day
            try:
                await workshop.exports.sweep()
            except Rejected as refusal:  # findings must be sealed all the same
                log.error("exports that are over cannot be removed", reason=str(refusal))

        await regularly(context, SWEEP_S, exports)

    return {"orders": carry_out, "retention": end, "exports": sweep}
