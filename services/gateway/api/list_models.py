"""Which cases a list of the API has."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.api.cursors import LONGEST
from services.gateway.api.moments import Moment
from services.gateway.domain import State
from services.gateway.listing import Filters, Wanted

MAX_LIMIT = 1000  # rows of one answer: a few hundred KiB
Word = Annotated[str | None, Field(max_length=253, pattern=r"^[^\x00]*$")]


class ListQuery(BaseModel):
    """`updated_since`: changed since then. `pictures`: false for cases of text alone. `reported`: by whom it concerns
    or for them. `held`: true for those that you claimed. `after`: `next` of the page before, as it stands."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    category: Word = None
    language: Word = None
    country: Word = None
    host: Word = None
    known: bool | None = None
    reported: bool | None = None
    pictures: bool | None = None
    alarmed: bool = False
    held: bool = False
    updated_since: Moment | None = None
    after: Annotated[str | None, Field(max_length=LONGEST)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 100

    def wanted(self, agency: str, pseudonym: str) -> Wanted:
        filters = Filters(
            category=self.category,
            language=self.language,
            country=self.country,
            host=self.host.lower() if self.host else None,
            known=self.known,
            reported=self.reported,
            pictures=self.pictures,
            mine=pseudonym if self.held else None,
        )
        return Wanted(
            states=(self.state,) if self.state else (),
            alarmed=self.alarmed,
            after=self.after,
            limit=self.limit,
            updated_since=self.updated_since,
            agency=agency,
            filters=filters,
        )
