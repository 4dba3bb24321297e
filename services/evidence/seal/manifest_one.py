"""The manifest: what was captured, how, and the digest of every file of it (pure).

Its digest is that of its exact, canonical bytes. Whoever has that digest can check every file with `verify.py`.
"""

from collections.abc import Sequence
from typing import Any

from haetae_verify.canonical import canonical, moment
from haetae_verify.manifest import FORMAT
from services.evidence.domain import MAX_HEIGHT, Captured, Exchange, File, Preserved
from shared.browser.chromium import HEIGHT, WIDTH
from shared.events import ContentFlagged


def manifest(
    event: ContentFlagged, captured: Captured, files: Sequence[File], names: Sequence[str], software: str
) -> bytes:
    """`names` are those of the files that hold the finding's pictures, "" where one is missing; in their order."""
    return canonical(
        {
            "format": FORMAT,
            "case_id": str(event.case_id),
            "url": event.finding.url,
            "site": event.finding.site.host,
            "found": found(event),
            "capture": capture(captured, software),
            "objects": [file.sealed().model_dump() for file in sorted(files, key=lambda file: file.name)],
            "pictures": [picture(p, name) for p, name in zip(captured.pictures, names, strict=True)],
            "requests": [request(exchange) for exchange in captured.exchanges],
            "refused": [{"url": refusal.url, "reason": refusal.reason} for refusal in captured.refusals],
        }
    )


def found(event: ContentFlagged) -> dict[str, Any]:
    """What the crawler saw, at its own time: a second, independent look at the same page."""
    seen = event.capture
    return {
        "content_id": str(event.finding.content_id),
        "found_at": moment(event.finding.found_at),
        "fetched_at": moment(seen.fetched_at),
        "status": seen.status,
        "address": seen.address,
        "user_agent": seen.user_agent,
        "body_sha256": seen.body_sha256,
    }


def capture(captured: Captured, software: str) -> dict[str, Any]:
    shown = captured.rendering
    return {
        "started_at": moment(captured.started_at),
        "finished_at": moment(captured.finished_at),
        "software": software,
        "browser": shown.browser,
        "user_agent": shown.user_agent,
        "viewport": {"width": WIDTH, "height": HEIGHT, "full_page_up_to": MAX_HEIGHT},
        "scripts": captured.scripts,
        "status": captured.document.status,
        "address": captured.document.address,
        "document_url": captured.document.url,
        "final_url": shown.final_url,
    }


def picture(preserved: Preserved, name: str) -> dict[str, Any]:
    exchange = preserved.exchange
    return {
        "url": preserved.url,
        "found_sha256": preserved.found_sha256,
        "object": name or None,
        "sha256": exchange.sha256 if exchange else None,
        "as_found": exchange is not None and exchange.sha256 == preserved.found_sha256,
        "note": preserved.note,
    }


def request(exchange: Exchange) -> dict[str, Any]:
    return {
        "url": exchange.url,
        "at": moment(exchange.at),
        "address": exchange.address,
        "status": exchange.status,
        "sha256": exchange.sha256,
        "bytes": len(exchange.body),
    }
