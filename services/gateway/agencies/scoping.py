"""Whose rows are in sight: the setting that row-level security reads (migration 0034).

Handlers and background tasks see every agency's rows. A request sees those of the agency of whoever asks; while nobody
is known, accounts and sessions only, to find out who it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import MappingProxyType

import sqlalchemy as sa

from shared.database import Transaction

AGENCY = "haetae.agency"
HOME = "home"  # the agency of whoever runs this Haetae, made by the migration
EVERYTHING = MappingProxyType({AGENCY: "*"})
NOTHING = MappingProxyType({AGENCY: ""})


@asynccontextmanager
async def everywhere(tx: Transaction) -> AsyncIterator[None]:
    """Within it every agency's rows are in sight: for what somebody says of their own report, the case of which may
    have been given to another agency. After an exception the transaction is to end."""
    await tx.flush()
    before = (await tx.execute(sa.select(sa.func.current_setting(AGENCY)))).scalar_one()
    await tx.execute(sa.select(sa.func.set_config(AGENCY, EVERYTHING[AGENCY], True)))
    yield
    await tx.flush()
    await tx.execute(sa.select(sa.func.set_config(AGENCY, before, True)))
