"""The event catalogue: what services say to one another. `CATALOGUE` lists every type."""

from shared.events.base import REGISTRY, Event, Lane, Topic, Value
from shared.events.casework import (
    Assessment,
    ContentFlagged,
    EvidenceFailed,
    EvidenceSealed,
    NoticeDrafted,
    ReviewDecided,
    Stamp,
    Verdict,
)
from shared.events.conversations import ConversationObserved, LawfulBasis, Turn
from shared.events.crawling import ContentFound, CrawlDue, DueVisit, Visit
from shared.events.custody import (
    Artifact,
    CustodyAction,
    CustodyNoted,
    EvidenceHandled,
    EvidenceOrderDone,
    EvidenceOrdered,
    OrderKind,
)
from shared.events.detection import AlertRaised, HashSubmitted, ModelPromoted, RulesChanged, StagedTurn, SubmittedHash
from shared.events.envelope import Envelope, Undecodable
from shared.events.followup import (
    CaseChanged,
    CheckRequested,
    ContentChecked,
    HashListed,
    NoticeBounced,
    NoticeSent,
    RemovalVerified,
)

CATALOGUE: tuple[type[Event], ...] = tuple(REGISTRY[name] for name in sorted(REGISTRY))
TOPICS: tuple[Topic, ...] = tuple({event.topic.name: event.topic for event in CATALOGUE}.values())

__all__ = [
    "CATALOGUE",
    "TOPICS",
    "AlertRaised",
    "Artifact",
    "Assessment",
    "CaseChanged",
    "CheckRequested",
    "ContentChecked",
    "ContentFlagged",
    "ContentFound",
    "ConversationObserved",
    "CrawlDue",
    "CustodyAction",
    "CustodyNoted",
    "DueVisit",
    "Envelope",
    "Event",
    "EvidenceFailed",
    "EvidenceHandled",
    "EvidenceOrderDone",
    "EvidenceOrdered",
    "EvidenceSealed",
    "HashListed",
    "HashSubmitted",
    "Lane",
    "LawfulBasis",
    "ModelPromoted",
    "NoticeBounced",
    "NoticeDrafted",
    "NoticeSent",
    "OrderKind",
    "RemovalVerified",
    "ReviewDecided",
    "RulesChanged",
    "StagedTurn",
    "Stamp",
    "SubmittedHash",
    "Topic",
    "Turn",
    "Undecodable",
    "Value",
    "Verdict",
    "Visit",
]
