"""What officials did with sealed evidence, taken into its line of custody."""

from services.evidence.custody.lines import append
from shared.database import Transaction
from shared.events import CustodyAction, EvidenceHandled
from shared.failures import Rejected

TOLD = frozenset({CustodyAction.VIEWED, CustodyAction.COPIED})  # everything else the service itself does and notes


async def handled(event: EvidenceHandled, tx: Transaction) -> None:
    """A line at the time when it happened, which may be before that of the line above it: what was done while the
    broker was away is noted late. Raises `Rejected` for an action that is nobody's to tell."""
    if event.action not in TOLD:
        raise Rejected(f"{event.action.value} is not told by others; a report says {' or '.join(sorted(TOLD))}")
    details = {"why": event.why, "blurred": event.blurred}
    await append(tx, event.case_id, event.by, event.action, event.artifacts, details, event.handled_at)
