"""How long each provider takes to answer."""

from collections.abc import Mapping

from shared.database import Transaction


async def measured(tx: Transaction) -> Mapping[str, float]:
    """Median hours by provider."""
    return {}
