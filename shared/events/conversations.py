"""What was said in a chat room that may lawfully be watched."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.topics import CONVERSATION_OBSERVED
from shared.events.values import Site

MAX_TURN = 4_000  # characters


class LawfulBasis(StrEnum):
    """Why a conversation may be read. Without one of these it is not delivered."""

    OPEN_ROOM = "open_room"  # anyone may enter and read without being asked
    CONSENT = "consent"  # of a person who takes part in it
    AUTHORISED = "authorised"  # a court's or prosecutor's permission, or an undercover mission under statute


class Turn(Value):
    """One message. `speaker` is a pseudonym, the same within a conversation."""

    turn_id: str
    speaker: str
    said_at: AwareDatetime
    text: Annotated[str, Field(max_length=MAX_TURN)]


class ConversationObserved(
    Event, topic=CONVERSATION_OBSERVED, type="conversation.observed.v1", key="conversation", owner="crawler"
):
    """New turns of a conversation, in its order. `proof`: what shows the lawful basis (the room's public address, the
    consent's or the permission's reference). After a crash some turns may be told again among others, in an event with
    another id: `turn_id` names a turn of its conversation once and for all."""

    conversation: str
    site: Site
    lawful_basis: LawfulBasis
    proof: Annotated[str, Field(min_length=1, max_length=1_000)]
    turns: Annotated[tuple[Turn, ...], Field(min_length=1, max_length=200)]
    observed_at: AwareDatetime
