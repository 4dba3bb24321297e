"""What the gateway still knows of a page whose evidence was destroyed: where it was and what was done, not what it
showed."""

from services.gateway.store import Case
from shared.events import Assessment


def forget(case: Case) -> None:
    """Take the page's own words out of the case. Its address, digests and perceptual hashes stay, as they do in the
    manifest; so do the notices, which are the agency's letters, and the history, whose chain covers every line."""
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
