"""A proof of authority: sealed as it came, told by its first bytes, never opened, rendered or scanned here."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from starlette.datastructures import UploadFile

from services.gateway.door.keeping import Sealed
from services.gateway.door.store import DocumentRow, ReportRow
from services.gateway.problems import Problem
from shared.database import Transaction
from shared.identity import identity

MOST_BYTES = 2 * 1024 * 1024  # a photograph of a letter, as telephones make them by default
MOST_DOCUMENTS = 5  # of a report
KINDS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True)
class Document:
    data: bytes
    media_type: str


async def read(given: object) -> Document:
    """Raises `Problem` 422."""
    data = await given.read(MOST_BYTES + 1) if isinstance(given, UploadFile) else b""
    kind = next((kind for begin, kind in KINDS.items() if data.startswith(begin)), None)
    if kind is None or len(data) > MOST_BYTES:
        raise Problem(422, "door-bad-document", field="document")
    return Document(data, kind)


def id_of(report_id: UUID, document: Document) -> UUID:
    return identity("report-document", report_id, hashlib.sha256(document.data).hexdigest())


async def keep(tx: Transaction, report: ReportRow, document: Document, sealed: Sealed) -> None:
    """The same twice is kept once. Raises `Problem` 422 when there are too many."""
    known_as = id_of(report.report_id, document)
    there = await tx.get(DocumentRow, known_as)
    counted = sa.select(sa.func.count()).select_from(DocumentRow).where(DocumentRow.report_id == report.report_id)
    if there is None and (await tx.scalar(counted) or 0) >= MOST_DOCUMENTS:
        raise Problem(422, "door-bad-document", field="document")
    if there is None:
        there = DocumentRow(
            document_id=known_as,
            report_id=report.report_id,
            agency=report.agency,
            sha256=hashlib.sha256(document.data).hexdigest(),
            media_type=document.media_type,
            given_at=tx.clock.now(),
        )
        tx.add(there)
    there.sealed, there.sealed_key = sealed.data, sealed.key
    report.updated_at = tx.clock.now()
