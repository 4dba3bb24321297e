"""What somebody reports, as values with their bounds."""

from dataclasses import dataclass, field

from services.gateway.door.keeping import Told
from services.gateway.submissions import HashedPicture
from shared.events import ReportSource

DOOR = "door"  # the actor of what a person does there: nobody knows who it is
MOST_PAGES = 50  # of a person's report
MOST_PAGES_OF_PARTNER = 250  # of an institution's, in one request
MOST_PAGES_EVER = 500  # of one report, with what was added
MOST_PICTURES_EVER = 100  # of one report: each is some 80 entries of a bank that everything found is compared with
MOST_NOTE, MOST_CONTACT, MOST_WHEN = 2_000, 300, 200  # characters
PERSONS = (ReportSource.VICTIM, ReportSource.GUARDIAN, ReportSource.AGENT)
# What a person says it is, and the kind of case (`drafter/data/kinds.toml`) that it is taken for. Nobody is asked for
# more, and nobody has to choose.
KINDS = {
    "shared": "suspected_picture",
    "altered": "synthesised",
    "minor": "minor_apparent",
    "threat": "threatened",
    "personal": "personal_data_posted",
    "other": "other",
    "unsure": "",
}
# Each is asked for by itself. `process`: without it nothing can be done; the others belong to what is given beside.
PROCESS, CONTACT, HASHES = "process", "contact", "hashes"


@dataclass(frozen=True)
class Given:
    """`urls`: canonical. `category`: a kind of case, empty for unsure. `partners`: ids to refer the person to."""

    source: ReportSource
    category: str
    language: str
    urls: tuple[str, ...]
    told: Told = field(default_factory=Told)
    consents: tuple[str, ...] = ()
    pictures: tuple[HashedPicture, ...] = ()
    partners: tuple[str, ...] = ()
