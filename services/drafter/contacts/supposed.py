"""Who would be asked if something were found on a host: for a person who wants to know beforehand."""

from datetime import datetime

import sqlalchemy as sa

from services.drafter.store import DraftRow
from shared.database import Transaction
from shared.events import Assessment, EvidenceSealed, Surroundings
from shared.events.values import Finding, Risk, Site
from shared.identity import case_id, identity

NO_DIGEST = "0" * 64
HOST = DraftRow.sealed["finding"]["site"]["host"].astext


async def last_seen(tx: Transaction, host: str) -> EvidenceSealed | None:
    """What the newest case of a host was drafted from, with what the registries said then."""
    newest = sa.select(DraftRow).where(host == HOST).order_by(DraftRow.drafted_at.desc()).limit(1)
    row = await tx.scalar(newest)
    return EvidenceSealed.model_validate(row.sealed) if row and row.sealed else None


def supposed(site: Site, surroundings: Surroundings | None, category: str, now: datetime) -> EvidenceSealed:
    """A case of that kind on the start page of a site."""
    url = f"https://{site.host}/"
    finding = Finding(
        content_id=identity("supposed", url),
        url=url,
        site=site,
        title="",
        language=site.language,
        excerpt="",
        pictures=(),
        found_at=now,
    )
    assessment = Assessment(category=category, risk=Risk(score=0, components={}), reasons=(), matches=())
    return EvidenceSealed(
        case_id=case_id(url),
        finding=finding,
        assessment=assessment,
        manifest_sha256=NO_DIGEST,
        objects=(),
        sealed_at=now,
        surroundings=surroundings,
    )
