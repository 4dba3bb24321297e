"""The nouns of the examples: a page on a stand-in board, what was seen there, what is written of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.events.casework import Assessment
from shared.events.values import (
    Capture,
    Finding,
    Match,
    Notice,
    Picture,
    Reason,
    Recipient,
    Requirement,
    Risk,
    Site,
    SiteKind,
)
from shared.identity import case_id, identity
from shared.notices import sealed

T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "http://harbour-board.en.test/post/41"
CASE: UUID = case_id(URL)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PDQ = "f8f8f0cce0f4e84d8c9b4e6f1a0b3c5d7e8f90a1b2c3d4e5f60718293a4b5c6d"

SITE = Site(
    host="harbour-board.en.test",
    name="Harbour board",
    kind=SiteKind.BOARD,
    language="en",
    country="US",
    abuse_email="abuse@harbour-board.en.test",
)
PICTURE = Picture(
    url="http://harbour-board.en.test/media/41.jpg",
    sha256=DIGEST,
    bytes=48_213,
    width=640,
    height=480,
    pdq_dihedral=(PDQ,) * 8,
    pdq_quality=100,
)
FINDING = Finding(
    content_id=identity("content", URL, DIGEST),
    url=URL,
    site=SITE,
    title="A picture from the harbour",
    language="en",
    excerpt="The lantern parcel waits at gate seven.",
    pictures=(PICTURE,),
    found_at=T0,
)
CAPTURE = Capture(
    fetched_at=T0,
    status=200,
    address="127.77.0.3",
    user_agent="Haetae/0.1",
    content_type="text/html; charset=utf-8",
    body_sha256=DIGEST,
)
ASSESSMENT = Assessment(
    category="known_content",
    risk=Risk(score=0.98, components={"known_picture": 0.98, "text": 0.12}),
    reasons=(Reason(code="known-picture", text="Picture 1 agrees with bank 'stand-ins', entry 'k03'.", weight=0.98),),
    matches=(
        Match(picture_url=PICTURE.url, bank="stand-ins", entry="k03", algorithm="pdq", distance=4, variant="original"),
    ),
)
RECIPIENT = Recipient(name="Harbour board", email="abuse@harbour-board.en.test", role="site", language="en")
SUBJECT, BODY = "[Haetae HT-1A2B3C4D] Request for removal", f"Please remove {URL} and confirm.\n"
NOTICE = sealed(
    Notice(
        notice_id=identity("notice", CASE, RECIPIENT.email, "first"),
        recipient=RECIPIENT,
        language="en",
        subject=SUBJECT,
        body=BODY,
        requirements=(Requirement(field="location", source="47 USC 223a(a)(1)(B)(ii)", satisfied_by=URL),),
        sha256=DIGEST,
    )
)
CHECK = identity("check", CASE, 1)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)
