"""What other services say was changed about how content is judged: lines of the history too."""

from services.gateway import history
from services.gateway.audit import DETECTION_CHAIN, Action
from shared.database import Transaction
from shared.events import HashListed, ModelPromoted, RulesChanged


async def rules_changed(event: RulesChanged, tx: Transaction) -> None:
    details = {"name": event.name, "version": event.version, "changed_at": event.changed_at.isoformat()}
    await history.append(tx, DETECTION_CHAIN, event.owner, Action.RULES_CHANGED, details)


async def model_promoted(event: ModelPromoted, tx: Transaction) -> None:
    details = {
        "name": event.name, "version": event.version, "part": event.status, "replaced": event.replaced,
        "why": event.reason, "by": event.by, "promoted_at": event.promoted_at.isoformat(),
    }  # fmt: skip
    await history.append(tx, DETECTION_CHAIN, event.owner, Action.MODEL_PROMOTED, details)


async def bank_changed(event: HashListed, tx: Transaction) -> None:
    """Which bank, up to which revision; hashes stay with the classifier."""
    details = {"bank": event.bank, "revision": event.revision, "changed": event.changed}
    await history.append(tx, DETECTION_CHAIN, event.owner, Action.BANK_CHANGED, details)
