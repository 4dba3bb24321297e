"""Words in public events that may grow: whoever reads them takes one that it does not know yet.

Their JSON schema is a string with `x-extensible-enum` (Zalando RESTful API Guidelines, rule 112), so that a new word
is no new version. Neither names of persons, nor addresses, nor sentences fit into their pattern; what a writer has
that is none of the known words goes out as `or_other` of it.
"""

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field

CODE = r"^[a-z0-9][a-z0-9_-]{0,59}$"
OTHER = "other"

CASE_STATES = ("found", "flagged", "sealed", "drafted", "deciding", "approved", "rejected", "sent", "removed")
# The kinds of case that the drafter writes of, and `unknown` while nothing is known of a case but that it is there.
CATEGORIES = (
    "known_content", "suspected_picture", "suspected_text", "synthesised", "minor_apparent", "threatened",
    "grooming_lure", "live_stream_record", "reupload", "personal_data_posted", "trade_offer", OTHER, "unknown",
)  # fmt: skip
STAGES = ("contact", "trust", "testing", "isolation", "moving_platform", "meeting_request")
SITE_KINDS = ("board", "community", "gallery", "feed", "social_media", "chat", "dark_web", "search")
LAWFUL_BASES = ("open_room", "consent", "authorised")
PARTNER_SERVICES = ("counselling", "legal", "medical")


def or_other(word: str, known: Collection[str]) -> str:
    return word if word in known else OTHER


def _growing(known: Collection[str]) -> Any:  # noqa: ANN401  # what pydantic's Field returns
    return Field(pattern=CODE, json_schema_extra={"x-extensible-enum": list(known)})


CaseState = Annotated[str, _growing(CASE_STATES)]
Category = Annotated[str, _growing(CATEGORIES)]
StageCode = Annotated[str, _growing(STAGES)]
SiteKindCode = Annotated[str, _growing(SITE_KINDS)]
LawfulBasisCode = Annotated[str, _growing(LAWFUL_BASES)]
PartnerService = Annotated[str, _growing(PARTNER_SERVICES)]
PartnerId = Annotated[str, Field(pattern=CODE, description="As the agency's file of partners names it")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z][a-z]{3})?$", description="BCP 47, language and script")]
LogName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,99}$", description="Of an audit history")]
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Begins the SHA-256 of the public key")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
