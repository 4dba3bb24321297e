"""Does every approved notice have an end, or a step to come? What has neither was forgotten: a fault of ours."""

from datetime import datetime
from uuid import UUID

from services.notifier.ladder.facts import Entry, Facts
from services.notifier.ladder.plan import plan
from services.notifier.store import BOUNCED, SENT, WITHDRAWN
from shared.events import AnswerKind


def open_ends(facts: Facts, now: datetime) -> tuple[UUID, ...]:
    """The notices that neither ended (removed, refused, bounced, withdrawn) nor have a next step or an alarm."""
    coming = {step.notice_id for step in plan(facts, now) if step.at is not None}
    return tuple(one.notice_id for one in facts.entries if not _ended(facts, one) and one.notice_id not in coming)


def _ended(facts: Facts, entry: Entry) -> bool:
    if entry.state in (BOUNCED, WITHDRAWN):
        return True
    if entry.state != SENT:
        return False
    reminded = facts.entry(entry.follows) is not None  # a reminder ends with what it reminds of
    return reminded or facts.settled(entry) or entry.first_heard(AnswerKind.REFUSED) is not None
