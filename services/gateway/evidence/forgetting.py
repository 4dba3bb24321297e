"""What the gateway still knows of a page whose evidence was destroyed: where it was and what was done, not what it
showed."""

from collections.abc import Iterable

from services.gateway.notices.rows import Answer
from services.gateway.store import Case
from shared.events import Assessment


def forget(case: Case, answers: Iterable[Answer] = ()) -> None:
    """Take the page's own words out of the case, and what was answered: it may quote the page or name a person.

    Its address, digests and perceptual hashes stay, as they do in the manifest; so do the notices, which are the
    agency's letters, and the history, whose chain covers every line.
    """
    for answer in answers:
        answer.words = ""
    case.title = None
    case.report = None
    if case.finding:
        case.finding = case.finding.model_copy(update={"title": "", "excerpt": ""})
    if case.assessment:
        case.assessment = _without_words(case.assessment)


def _without_words(assessment: Assessment) -> Assessment:
    """Sentences of reasons may quote the page."""
    reasons = tuple(reason.model_copy(update={"text": "", "values": {}}) for reason in assessment.reasons)
    return assessment.model_copy(update={"reasons": reasons})
