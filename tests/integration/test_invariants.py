"""Each promise about a whole house is broken once, in a real database, store, mailbox or topic, and told by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from chaos.invariants import INVARIANTS
from deploy.local.buckets import S3Address
from tests.support.settled import Settled, settled
from tests.support.stack import Mail, Migrated


@pytest.fixture
async def house(
    migrated: Migrated, mail: Mail, kafka_bootstrap: str, topic_prefix: str, s3_settings: S3Address, tmp_path: Path
) -> AsyncIterator[Settled]:
    async with settled(migrated, mail, kafka_bootstrap, topic_prefix, s3_settings, tmp_path) as made:
        yield made


async def test_a_house_at_rest_breaks_no_promise(house: Settled) -> None:
    assert await house.broken() == {}
