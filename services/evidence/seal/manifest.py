"""The manifest: what was found, why it became a case, what was captured, and the digest of every file of it (pure).

Its digest is that of its exact, canonical bytes; whoever has that digest can check every file with `haetae_verify`.
It holds no content of the page, so that it may be kept where content may not.
"""

from typing import Any

from haetae_verify.canonical import canonical, moment
from haetae_verify.manifest import FORMAT
from services.evidence.capture.captured import Captured, manifest_name, outcome
from services.evidence.domain import File
from shared.events import ContentFlagged
from shared.events.values import Match, Reason

FULL, HASH_ONLY = "full", "hash-only"
MEDIA_STEP = "media"


def manifest(event: ContentFlagged, captured: Captured, mode: str, software: str) -> bytes:
    """`mode`: `FULL`, or `HASH_ONLY`, where files that hold content are listed and not kept. Hashes every file: call it
    in a thread."""
    return canonical(
        {
            "format": FORMAT,
            "case_id": str(event.case_id),
            "url": event.finding.url,
            "site": event.finding.site.host,
            "mode": mode,
            "software": software,
            "found": found(event),
            "assessed": assessed(event),
            "started_at": moment(captured.started_at),
            "finished_at": moment(captured.finished_at),
            "steps": [
                {
                    "name": step.name,
                    "outcome": outcome(step),
                    "failure": step.failure,
                    "object": manifest_name(step.name),
                }
                for step in captured.steps
            ],
            "pictures": pictures(captured),
            "objects": [listed(file, mode) for file in sorted(captured.files, key=lambda file: file.name)],
        }
    )


def kept(file: File, mode: str) -> bool:
    """Whether its bytes are kept, and not its digest alone."""
    return mode == FULL or not file.content


def listed(file: File, mode: str) -> dict[str, Any]:
    return {**file.sealed().model_dump(), "kept": kept(file, mode)}


def found(event: ContentFlagged) -> dict[str, Any]:
    """What the crawler saw, at its own time: a look at the same page by another program."""
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


def assessed(event: ContentFlagged) -> dict[str, Any]:
    """Why it became a case, in codes and integers: sentences and values may hold words of the page."""
    assessment = event.assessment
    return {
        "flagged_at": moment(event.flagged_at),
        "category": assessment.category,
        "risk_permille": permille(assessment.risk.score),
        "reasons": [reason(one) for one in assessment.reasons],
        "matches": [match(one) for one in assessment.matches],
    }


def reason(given: Reason) -> dict[str, Any]:
    return {"code": given.code, "weight_permille": permille(given.weight)}


def match(given: Match) -> dict[str, Any]:
    return {"algorithm": given.algorithm, "distance": given.distance, "variant": given.variant}


def permille(share: float) -> int:
    """Fractions have no one form in canonical JSON that everybody agrees on."""
    return round(share * 1000)


def pictures(captured: Captured) -> Any:  # noqa: ANN401  # the shape of JSON, as the step gave it
    """The pictures and videos of the finding, as the step that fetched them tells of them."""
    step = captured.step(MEDIA_STEP)
    return step.made.facts.get("pictures", []) if step else []
