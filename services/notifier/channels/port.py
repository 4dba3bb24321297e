"""How a notice leaves: a channel takes it, refuses it, or cannot be reached. One implementation a kind of channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from services.notifier.domain import Accepted, Failed
from shared.events.values import Notice
from shared.notices import notice_digest


class Unsendable(ValueError):
    """The notice cannot be sent as it was approved. The message says what is wrong with it."""


@dataclass(frozen=True)
class Letter:
    """An approved notice on its way. `thread`: Message-IDs of what this recipient got before about the case, oldest
    first. `message_id`: under which it was entered; empty before that."""

    case_id: UUID
    notice: Notice
    thread: tuple[str, ...] = ()
    message_id: str = ""


class Channel(Protocol):
    def check(self, letter: Letter, now: datetime) -> None:
        """Before anything is queued. Raises `Unsendable`."""

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        """Once an attempt. Never raises for what the other side does."""


@runtime_checkable
class Together(Channel, Protocol):
    """A channel that can bring several notices at once to a recipient who takes them so."""

    def message_id(self, id: UUID) -> str:
        """Under which the recipient knows what came together."""

    async def deliver_together(self, letters: Sequence[Letter], carrier_id: str, now: datetime) -> Accepted | Failed:
        """All or none."""


def must_be_approved(letter: Letter) -> None:
    """Raises `Unsendable` unless the notice is byte for byte what was approved."""
    if notice_digest(letter.notice) != letter.notice.sha256:
        raise Unsendable("its text is not the one that was approved (SHA-256 differs)")
