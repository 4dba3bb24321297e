"""What agencies state to one another: signed, and never content, an address of content or a name of a person."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from shared.events.base import Event, Value
from shared.events.codes import Category, Country, LogName
from shared.events.topics import FEDERATION_EVENTS, FEDERATION_TAKEN
from shared.events.values import Language

MAX_JWS = 16 * 1024  # characters: a statement of 100 hashes has some 12,000
MOST_HASHES = 100  # of one statement: a picture with its variants
LEAST_NOTICES = 10  # of an outcome: fewer could be told apart (Eurostat, Handbook on Statistical Disclosure Control, 5)
HEX = {"pdq": 64, "sha256": 64, "sha1": 40, "md5": 32}  # digits

Domain = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253)
]
Agency = LogName


class StatementKind(StrEnum):
    """`withdrawal`: of an earlier statement of the same agency."""

    KNOWN = "known"
    HARMLESS = "harmless"
    CONTACT = "contact"
    OUTCOME = "outcome"
    WITHDRAWAL = "withdrawal"


class StatedHash(Value):
    """`hash`: lower-case hexadecimal."""

    algorithm: Literal["pdq", "sha256", "sha1", "md5"]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}$")]

    @model_validator(mode="after")
    def _has_its_length(self) -> Self:
        if len(self.hash) != HEX[self.algorithm]:
            raise ValueError(
                f"hash: {self.algorithm} has {HEX[self.algorithm]} hexadecimal digits, not {len(self.hash)}"
            )
        return self


class StatedHashes(Value):
    """Of one picture that officials of the agency judged: known content, or harmless."""

    category: Category
    hashes: Annotated[tuple[StatedHash, ...], Field(min_length=1, max_length=MOST_HASHES)]


class StatedContact(Value):
    """Where a provider takes notices. One of `email` and `form` (https). `known_at`: when it was last seen to work."""

    domain: Domain
    role: Literal["site", "platform", "host", "cdn", "registrar", "search"]
    email: Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    form: Annotated[str, Field(max_length=2_000, pattern=r"^(https://\S+)?$")] = ""
    language: Language | None = None
    country: Country | None = None
    known_at: AwareDatetime

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if bool(self.email) == bool(self.form):
            raise ValueError("email: give either an email or a form")
        return self


class StatedOutcome(Value):
    """How one provider acted on an agency's notices in a month that is over. Seconds are medians, None without any."""

    domain: Domain
    month: date
    notices: Annotated[int, Field(ge=LEAST_NOTICES)]
    answered: Annotated[int, Field(ge=0)]
    removed: Annotated[int, Field(ge=0)]
    answer_s: Annotated[float, Field(ge=0)] | None = None
    removal_s: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if max(self.answered, self.removed) > self.notices:
            raise ValueError("answered, removed: neither is more than notices")
        if self.month.day != 1:
            raise ValueError("month: give its first day")
        return self


class StatementIssued(Event, topic=FEDERATION_EVENTS, type="federation.stated.v1", key="about", owner="gateway"):
    """We state something to our peers. `statement`: the signed statement (JWS compact serialisation, RFC 7515), which
    holds all of it. `about`: the statement itself; of a withdrawal the one that is withdrawn."""

    statement_id: UUID
    about: UUID
    kind: StatementKind
    statement: Annotated[str, Field(max_length=MAX_JWS)]
    issued_at: AwareDatetime


class StatementTaken(Event, topic=FEDERATION_TAKEN, type="statement.taken.v1", key="statement_id", owner="gateway"):
    """Two persons accepted a peer's statement: it counts here from now on. One of `hashes` and `contact`."""

    statement_id: UUID
    issuer: Agency
    kind: Literal["known", "harmless", "contact"]
    hashes: StatedHashes | None = None
    contact: StatedContact | None = None
    by: str
    taken_at: AwareDatetime


class StatementDropped(Event, topic=FEDERATION_TAKEN, type="statement.dropped.v1", key="statement_id", owner="gateway"):
    """It counts no more: its agency withdrew it, or we believe it no longer."""

    statement_id: UUID
    issuer: Agency
    kind: Literal["known", "harmless", "contact"]
    why: Literal["withdrawn", "expired", "disbelieved"]
    by: str
    dropped_at: AwareDatetime
