"""What others than the agency are told of an alert."""

from datetime import datetime

from shared.events import AlertRaised, ConversationAlerted
from shared.events.codes import LAWFUL_BASES, SITE_KINDS, STAGES, or_other
from shared.identity import identity


def redacted(alert: ConversationAlerted, begun_at: datetime) -> AlertRaised:
    """`begun_at`: when the watch began. It goes into the conversation's number: that of a room whose name is known
    could else be computed, and times of turns, which everybody in it can see, are left out for the same reason."""
    return AlertRaised(
        alert_id=alert.alert_id,
        conversation=identity("alert.conversation", alert.conversation, begun_at.isoformat()),
        site_kind=or_other(alert.site.kind, SITE_KINDS),
        country=alert.site.country,
        language=alert.site.language,
        lawful_basis=or_other(alert.lawful_basis, LAWFUL_BASES),
        risk=alert.risk,
        stage=or_other(alert.stage, STAGES),
        stages=tuple(dict.fromkeys(or_other(turn.stage, STAGES) for turn in alert.turns)),
        turns_read=alert.turns_read,
        raised_at=alert.raised_at,
    )
