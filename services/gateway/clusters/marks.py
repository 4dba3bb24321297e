"""What makes cases alike, as marks that can be compared for equality. Pure."""

import hashlib
import re
from collections.abc import Iterator

from services.gateway.notices.links import SAME_CONTENT
from services.gateway.store import Case
from shared.events.values import MIN_PDQ_QUALITY, Picture

PICTURE, ENTRY, CASE, TEMPLATE = "picture", "entry", "case", "template"  # kinds, the strongest first
KINDS = (PICTURE, ENTRY, CASE, TEMPLATE)
MOST = 40  # marks of a case: a gallery has more pictures, and shares the first ones with its copies
SMALLEST = 100  # pixels a side: what is smaller is a button of the site, which all of its pages share
MIN_TITLE = 8  # characters: "Post 7" says nothing about who wrote it
DIGEST = 16  # hexadecimal digits: two posts that are alike by chance are looked at, not sent


def marks_of(case: Case) -> list[str]:
    """`kind:value`, each once."""
    return list(dict.fromkeys(_all(case)))[:MOST]


def kind_of(mark: str) -> str:
    return mark.partition(":")[0]


def _all(case: Case) -> Iterator[str]:
    if case.finding:
        for picture in case.finding.pictures:
            if _telling(picture):
                yield f"{PICTURE}:{picture.sha256}"
    if case.assessment:
        for match in case.assessment.matches:
            yield f"{ENTRY}:{match.bank}/{match.entry}"
    yield f"{CASE}:{case.case_id}"
    for link in case.links or ():
        if not set(link.by).isdisjoint(SAME_CONTENT):
            yield f"{CASE}:{link.case_id}"
    if case.host and (template := _template(case.title)):
        yield f"{TEMPLATE}:{case.host}/{template}"


def _telling(picture: Picture) -> bool:
    large = min(picture.width or SMALLEST, picture.height or SMALLEST) >= SMALLEST
    return large and (picture.pdq_quality is None or picture.pdq_quality >= MIN_PDQ_QUALITY)


def _template(title: str | None) -> str | None:
    """Of a post that is made by a form: its title without its numbers."""
    words = " ".join(re.sub(r"\d+", "#", title or "").casefold().split())
    return hashlib.sha256(words.encode()).hexdigest()[:DIGEST] if len(words) >= MIN_TITLE else None
