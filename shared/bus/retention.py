"""How long Kafka keeps what is in a topic."""

from shared.events import TOPICS
from shared.events.base import Lane, Topic

DAY_MS = 24 * 60 * 60 * 1000
FOREVER = -1
# Text of pages and of chats lies here, nearly all of it of people who did nothing: a weekend's outage, and no more.
# What was lost then is on the web still and is found again.
HOT_DAYS = 3
# Longer than any outage that a lag alert tells of, and than a restored database is behind.
CASE_DAYS = 14
# A subscriber that was away for a month goes on where it was, and a new one begins with a month.
PUBLIC_DAYS = 30
# Whole records with the reason; whoever is on duty is told at once and has as long as an inquiry takes.
DEAD_DAYS = 30


def kept_ms(topic: Topic) -> int:
    """Kafka's `retention.ms`."""
    if topic.forever:
        return FOREVER
    if topic.public:
        return PUBLIC_DAYS * DAY_MS
    return (HOT_DAYS if topic.lane is Lane.HOT else CASE_DAYS) * DAY_MS


# By name, with the dead letters.
KEPT_MS = {topic.name: kept_ms(topic) for topic in TOPICS} | {topic.dead: DEAD_DAYS * DAY_MS for topic in TOPICS}
