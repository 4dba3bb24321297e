"""What judges content, and what it warns of: submitted hashes, rules and models that take over, alerts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.codes import Country, LawfulBasisCode, SiteKindCode, StageCode
from shared.events.conversations import LawfulBasis
from shared.events.topics import ALERT_EVENTS, CASE_LISTED, CONVERSATION_ALERTS, DETECTION_CHANGED, HASH_SUBMITTED
from shared.events.values import Language, PdqHex, PhashHex, Score, Sha256, Site, Url


class SubmittedHash(Value):
    """`hash`: lower-case hexadecimal. `quality`: PDQ's, 0-100; None for other algorithms, and for variants, of which
    only those are sent that are rich enough."""

    algorithm: Literal["pdq", "sha256", "md5"]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}$")]
    quality: Annotated[int, Field(ge=0, le=100)] | None = None
    variant: Annotated[str, Field(max_length=200)] = "original"


class HashSubmitted(Event, topic=HASH_SUBMITTED, type="hash.submitted.v1", key="submission_id", owner="gateway"):
    """A person gave hashes of a picture, computed on their own device; the picture never left it.

    `source`: victim_report or agency. `reference`: the report's number. `by`: a pseudonym.
    """

    submission_id: UUID
    source: Literal["victim_report", "agency"]
    category: Annotated[str, Field(min_length=1, max_length=200)]
    reference: Annotated[str, Field(max_length=200)]
    hashes: Annotated[tuple[SubmittedHash, ...], Field(min_length=1, max_length=500)]
    by: str
    submitted_at: AwareDatetime


class HashWithdrawn(Event, topic=HASH_SUBMITTED, type="hash.withdrawn.v1", key="submission_id", owner="gateway"):
    """Who had given these hashes took them back: they count no more. `source` and `reference` as they were given."""

    submission_id: UUID
    source: Literal["victim_report", "agency"]
    reference: Annotated[str, Field(max_length=200)]
    by: str
    withdrawn_at: AwareDatetime


class PictureVariant(Value):
    """A picture cut, turned or inverted, by what was done (`shared.prints.alterations`); original: as it is."""

    variant: Annotated[str, Field(min_length=1, max_length=200)]
    pdq: PdqHex
    phash: PhashHex | None = None


class CasePicture(Value):
    """A picture of a case. `number`: among the finding's, from 1. `variants`: none of one so flat that others would
    agree with it; its digest is listed alone."""

    number: Annotated[int, Field(ge=1)]
    sha256: Sha256
    variants: Annotated[tuple[PictureVariant, ...], Field(max_length=500)] = ()


class CaseHashed(Event, topic=HASH_SUBMITTED, type="case.hashed.v1", key="case_id", owner="evidence"):
    """An official approved the notices of a case: whoever shows its pictures from now on shows what is known.

    Hashed from what is sealed; where only digests and hashes may be kept, from what was found. `host`: of the page.
    """

    case_id: UUID
    host: str
    category: Annotated[str, Field(min_length=1, max_length=200)]
    pictures: tuple[CasePicture, ...]
    hashed_at: AwareDatetime


class CaseListed(Event, topic=CASE_LISTED, type="case.listed.v1", key="case_id", owner="classifier"):
    """Pictures of an approved case are in a bank of ours. `pictures`: without those that the site shows all over."""

    case_id: UUID
    category: Annotated[str, Field(min_length=1, max_length=200)]
    pictures: Annotated[tuple[CasePicture, ...], Field(min_length=1)]
    listed_at: AwareDatetime


class RulesChanged(Event, topic=DETECTION_CHANGED, type="rules.changed.v1", key="name", owner="classifier"):
    """Another version of the agency's rules judges from now on; every classifier reads it from the table."""

    name: str
    version: int
    changed_at: AwareDatetime


class ModelPromoted(Event, topic=DETECTION_CHANGED, type="model.promoted.v1", key="name", owner="classifier"):
    """A model changed its part: every classifier loads what it lacks. `name`: the kind of model (text, conversation).

    `status`: shadow, canary, champion or retired. `reason`: the gate's verdict, or why a person rolled it back.
    """

    name: str
    version: int
    status: str
    replaced: int | None
    reason: str
    by: str
    promoted_at: AwareDatetime


class StagedTurn(Value):
    """A turn that led to the alert. Never its words."""

    turn_id: str
    stage: str
    said_at: AwareDatetime
    weight: Score


class ConversationAlerted(
    Event, topic=CONVERSATION_ALERTS, type="conversation.alerted.v1", key="conversation", owner="classifier"
):
    """A conversation shows the stages of grooming, at the earliest turn that justifies saying so; a counsellor decides.
    Never what was said. `proof`: of the lawful basis, as the source told it."""

    alert_id: UUID
    conversation: str
    site: Site
    lawful_basis: LawfulBasis
    proof: str
    risk: Score
    stage: str
    turns: tuple[StagedTurn, ...]
    turns_read: int
    playbook: Url
    model: str
    raised_at: AwareDatetime


class AlertRaised(Event, topic=ALERT_EVENTS, type="alert.raised.v1", key="conversation", owner="classifier"):
    """Public: a conversation shows the stages of grooming. `conversation` is a number of ours, the same for all alerts
    of one while it is watched; where it is, who speaks and when stays with the agency. `country`, `language`: of the
    site, where they are known. `stages`: those that it went through, `stage`: the one that raised the alert."""

    alert_id: UUID
    conversation: UUID
    site_kind: SiteKindCode
    country: Country | None
    language: Language | None
    lawful_basis: LawfulBasisCode
    risk: Score
    stage: StageCode
    stages: Annotated[tuple[StageCode, ...], Field(max_length=20)]
    turns_read: Annotated[int, Field(ge=0)]
    raised_at: AwareDatetime
