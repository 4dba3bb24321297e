"""One event's turns into a conversation's record, and what a counsellor is told of it, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.classifier.conversations.alarm import Alarm, Standing
from services.classifier.conversations.course import CueTurn
from services.classifier.conversations.model import ConversationModel
from services.classifier.conversations.progress import Stages
from services.classifier.conversations.redacting import redacted
from services.classifier.conversations.store import (
    AlertRow,
    ConversationRow,
    add_turns,
    cue_turns,
    keep_few,
    moment,
    packed,
)
from shared.database import Transaction
from shared.events import ConversationAlerted, ConversationObserved, StagedTurn, Turn
from shared.identity import identity

Judge = Callable[[Sequence[CueTurn]], Awaitable[Standing]]
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # sources say any time, also one before all that can be stored
LONGEST_NAME = 1_000  # characters of a conversation's or a turn's id that are kept
SHARES_KEPT = 8
ANY_LANGUAGE = "en"


@dataclass(frozen=True)
class Observed:
    """An event with its turns, each once, and the stages of each."""

    event: ConversationObserved
    turns: Sequence[Turn]
    stages: Sequence[Stages]


async def record(tx: Transaction, observed: Observed, judge: Judge, model: ConversationModel, playbook: str) -> None:
    """A turn that is known changes nothing, and an alarm that was told is not told again.

    `playbook`: address of what a counsellor does, with {stage} and {language}."""
    event = observed.event
    row = await _row(tx, event, model.name)
    new = await add_turns(tx, [_turn_row(row.conversation_id, *pair, event.observed_at) for pair in _pairs(observed)])
    if not new:
        return
    row.turns_read += new
    row.observed_at = max(row.observed_at, event.observed_at)
    row.lawful_basis, row.proof, row.model = event.lawful_basis, _storable(event.proof), model.name
    cued = any(any(stages) for stages in observed.stages)
    # None where only a turn that is known, and was quiet when it was told first, says something else now.
    if cued and (cues := await cue_turns(tx, row.conversation_id)):
        standing = await judge(cues)
        _describe(row, standing, model, cues[-1].at)
        for alarm in standing.alarms:
            await _tell(tx, row, alarm, event, playbook)
    await keep_few(tx, row.conversation_id)


async def _row(tx: Transaction, event: ConversationObserved, model: str) -> ConversationRow:
    """The conversation's row, held until the end, so that two processes do not judge it at once."""
    first = {
        "conversation_id": identity("conversation", event.conversation),
        "name": _storable(event.conversation)[:LONGEST_NAME],
        "host": event.site.host,
        "lawful_basis": event.lawful_basis,
        "proof": _storable(event.proof),
        "begun_at": event.observed_at,
        "observed_at": event.observed_at,
        "turns_read": 0,
        "risk": 0.0,
        "watched": False,
        "shares": {},
        "model": model,
    }
    await tx.execute(insert(ConversationRow).values(first).on_conflict_do_nothing())
    row = await tx.get(ConversationRow, first["conversation_id"], lock=True)
    if row is None:
        raise RuntimeError(f"conversation {first['conversation_id']} vanished within its transaction")
    return row


def _pairs(observed: Observed) -> list[tuple[Turn, Stages]]:
    return list(zip(observed.turns, observed.stages, strict=True))


def _turn_row(conversation: UUID, turn: Turn, stages: Stages, observed_at: datetime) -> dict[str, Any]:
    cue = packed(stages)
    return {
        "conversation_id": conversation,
        "turn": identity("turn", turn.turn_id),
        "turn_id": _storable(turn.turn_id)[:LONGEST_NAME] if cue else None,
        "speaker": _storable(turn.speaker)[:LONGEST_NAME] if cue else None,
        "said_at": max(EARLIEST, min(turn.said_at, observed_at)),  # nothing is said after it was read
        "stages": cue,
    }


def _describe(row: ConversationRow, standing: Standing, model: ConversationModel, last: float) -> None:
    row.risk, row.stage, row.last_cue_at = standing.risk, standing.stage, moment(last)
    row.watched = standing.risk >= model.risk.thresholds.watch
    shares = model.risk.sum.shares(standing.step.known) if standing.step else {}
    row.shares = {name: round(shares[name], 3) for name in list(shares)[:SHARES_KEPT]}


async def _tell(
    tx: Transaction, row: ConversationRow, alarm: Alarm, event: ConversationObserved, playbook: str
) -> None:
    """Once for each stage that a speaker reaches: the id follows from that, and from when the watch began."""
    told = ConversationAlerted(
        alert_id=identity("alert", row.conversation_id, row.begun_at.isoformat(), alarm.speaker, alarm.stage),
        conversation=row.name,
        site=event.site,
        lawful_basis=event.lawful_basis,
        proof=row.proof,
        risk=alarm.risk,
        stage=alarm.stage,
        turns=tuple(
            StagedTurn(turn_id=one.turn.turn_id, stage=one.stage, said_at=moment(one.turn.at), weight=one.weight)
            for one in alarm.turns
        ),
        turns_read=row.turns_read,
        playbook=_filled(playbook, alarm.stage, event.site.language),
        model=row.model,
        raised_at=tx.clock.now(),
    )
    kept = {
        **told.model_dump(include={"alert_id", "stage", "risk", "turns_read", "model", "raised_at"}),
        "conversation_id": row.conversation_id,
        "lawful_basis": row.lawful_basis,
        "proof": row.proof,
        "turns": [turn.model_dump(mode="json") for turn in told.turns],
    }
    new = insert(AlertRow).values(kept).on_conflict_do_nothing().returning(AlertRow.alert_id)
    if (await tx.execute(new)).first():
        tx.publish(told, id=told.alert_id)
        tx.publish(redacted(told, row.begun_at), id=identity("alert.raised", told.alert_id))


def _filled(playbook: str, stage: str, language: str | None) -> str:
    return playbook.replace("{stage}", stage).replace("{language}", language or ANY_LANGUAGE)


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL."""
    return text.replace("\x00", "\ufffd")
