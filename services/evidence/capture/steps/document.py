"""The page itself, as it is sent, before any browser sees it."""

from services.evidence.capture.steps.requests import short
from services.evidence.capture.work import Made, Work
from services.evidence.domain import PageFailed, PageGone, check_status
from shared.net import AddressRefused, FetchFailed


async def document(work: Work) -> Made:
    """Raises `PageGone` or `PageFailed` for an answer that is not the page."""
    try:
        page = await work.traffic.load_document(work.event.finding.url)
    except AddressRefused as error:
        raise PageGone(str(error)) from error
    except FetchFailed as error:
        raise PageFailed(str(error)) from error
    check_status(page)
    work.document = page
    return Made(
        facts={
            "url": short(page.url),
            "status": page.status,
            "address": page.address,
            "http_version": page.http_version,
            "sha256": page.sha256,
            "bytes": len(page.body),
        }
    )
