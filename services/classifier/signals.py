"""What is known of a finding before it is judged: each detector's part, kept as it was for dry runs and learning."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.events import Value
from shared.events.values import Match, Score


class SlangHit(Value):
    """A term of the lexicon that the text uses."""

    term: str  # its id, never the words around it
    category: str
    weight: Score


class TextSigns(Value):
    """`score`: calibrated probability that a reviewer should see the text, of `ngrams` and `embedding` (None: that
    model was not asked). `personal`: kinds of personal data in the text (name, school, phone, address, email, account,
    id_number) and how many of each; never the data. `disguised`: share of letters that normalising changed."""

    score: Score = 0.0
    ngrams: Score | None = None
    embedding: Score | None = None
    language: str | None = None
    slang: tuple[SlangHit, ...] = ()
    personal: dict[str, int] = Field(default={})
    disguised: Score = 0.0
    model: str = ""


class PictureSigns(Value):
    """One picture, as the picture models see it. `categories`: calibrated probability of each. `synthetic`, `minor`:
    optional models; None is "not configured", which is no zero. `unread`: why the models did not see it, empty when
    they did. `text`: signs of the words in the picture (OCR)."""

    sha256: str
    categories: dict[str, Score] = Field(default={})
    synthetic: Score | None = None
    minor: Score | None = None
    text: TextSigns | None = None
    unread: str = ""
    model: str = ""


class Signals(Value):
    """`matches`: with banks of known content, nearest first, harmless ones taken out; `harmless`: with negative banks.
    `seen_on`: hosts that showed one of the pictures or the same text within the last days, this one included.
    `reports`: how many persons or partners asked for this page; `reported_as`: the kinds of case that they named."""

    host: str
    site_kind: str
    country: str | None = None
    language: str | None = None
    pictures: Annotated[int, Field(ge=0)] = 0
    videos: Annotated[int, Field(ge=0)] = 0
    published_at: AwareDatetime | None = None
    found_at: AwareDatetime
    seen_on: int = 1
    matches: tuple[Match, ...] = ()
    harmless: tuple[Match, ...] = ()
    text: TextSigns = TextSigns()
    looked_at: tuple[PictureSigns, ...] = ()
    reports: Annotated[int, Field(ge=0)] = 0
    reported_as: tuple[str, ...] = ()
