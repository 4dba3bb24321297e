"""A case and its notices as PDF. What is handed out so is kept in the history: a document goes where no page does."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.api.bodies import PDF
from services.gateway.audit import Action
from services.gateway.casefile import read
from services.gateway.documents.case import case_values
from services.gateway.documents.drawing import clock, draw
from services.gateway.documents.notice import notice_values
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.notices import reference

router, api = APIRouter(), APIRouter(prefix="/api")


@router.get("/cases/{case_id}/report.pdf")
@api.get("/cases/{case_id}/report.pdf", response_class=Response, responses=PDF)
async def report(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> Response:
    """The two-page report."""
    parts, texts, now = parts_of(request), texts_of(request), parts_of(request).clock.now()
    async with parts.database.transaction() as tx:
        file = await read(tx, case_id)
        await _keep(tx, case_id, visitor.account, "report")

    def made() -> bytes:
        return draw("case", case_values(file, texts, clock(parts.timezone), now), now)

    return pdf(await asyncio.to_thread(made), reference(case_id))


@router.get("/cases/{case_id}/notices/{notice_id}.pdf")
@api.get("/cases/{case_id}/notices/{notice_id}.pdf", response_class=Response, responses=PDF)
async def notice(
    request: Request, case_id: UUID, notice_id: UUID, visitor: Annotated[Visitor, may(Right.READ_CASES)]
) -> Response:
    """The notice in its own script, with its reading in Korean."""
    parts, texts = parts_of(request), texts_of(request)
    async with parts.database.transaction() as tx:
        file = await read(tx, case_id)
        row = next((row for row in file.notices if row.notice_id == notice_id), None)
        if row is None or (content := row.content) is None:
            raise Problem(404, "no-notice")
        await _keep(tx, case_id, visitor.account, f"notice {notice_id}")

    def made() -> bytes:
        values = notice_values(row, content, texts, clock(parts.timezone))
        return draw("notice", values, row.drafted_at or parts.clock.now())

    return pdf(await asyncio.to_thread(made), f"{reference(case_id)}-{str(notice_id)[:8]}")


async def _keep(tx: Transaction, case_id: UUID, by: Account, document: str) -> None:
    await history.append(tx, case_id, by.pseudonym, Action.PRINTED, {"document": document})


def pdf(data: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "no-store, private"}
    return Response(data, media_type="application/pdf", headers=headers)
