"""Reports for officials, as pages: who reported what, where it stands, what must be seen to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway import history
from services.gateway.door import changing, listing
from services.gateway.door.documents import ENDINGS
from services.gateway.door.house import in_language
from services.gateway.door.keeping import Told
from services.gateway.door.listing import MAX_REASON, VIEWS, Wanted
from services.gateway.door.numbers import grouped
from services.gateway.door.store import DocumentRow, ReportRow
from services.gateway.door.viewing import pages_of, view
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/reports")
Reads = Annotated[Visitor, may(Right.READ_REPORTS)]
Handles = Annotated[Visitor, may(Right.HANDLE_REPORTS)]


@router.get("")
async def reports_page(request: Request, visitor: Reads) -> HTMLResponse:
    asked = request.query_params
    case = as_uuid(asked.get("case", ""))
    which = asked.get("view", "")
    which = which if which in VIEWS else "all" if case else "new"
    async with parts_of(request).database.transaction() as tx:
        rows, following = await listing.page(tx, Wanted(which, case, asked.get("after")))
        pages = await pages_of(tx, [row.report_id for row in rows])
        counts = await listing.counts(tx)
    shown = [(row, grouped(row.number), pages.get(row.report_id, [])) for row in rows]
    return render(
        request, "reports.html", visitor, rows=shown, view=which, counts=counts, case=case, next=following, views=VIEWS
    )


@router.get("/{number}")
async def report_page(request: Request, visitor: Reads, number: str) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        return await shown(tx, request, visitor, await listing.by_number(tx, number))


@router.post("/{number}/seen")
async def seen(request: Request, visitor: Handles, number: str) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await listing.see(tx, await listing.by_number(tx, number, lock=True), visitor.account)
    return RedirectResponse(f"/reports/{number}", 303)


@router.post("/{number}/contact")
async def contact(request: Request, visitor: Handles, number: str) -> HTMLResponse:
    """Shown in the answer and nowhere else: the page's own address never has it."""
    why, parts = text_of(await guarded_form(request, visitor.token), "why"), parts_of(request)
    async with parts.database.transaction() as tx:
        report = await listing.by_number(tx, number, lock=True)
        told = await listing.open_contact(tx, parts, report, why, visitor.account)
        return await shown(tx, request, visitor, report, told)


@router.post("/{number}/forget")
async def forget(request: Request, visitor: Handles, number: str) -> Response:
    why = listing.reason(text_of(await guarded_form(request, visitor.token), "why"))
    async with parts_of(request).database.transaction() as tx:
        report = await listing.by_number(tx, number, lock=True)
        await changing.forget(tx, report, visitor.account.pseudonym, why)
    return RedirectResponse(f"/reports/{number}", 303)


@router.post("/{number}/documents/{document_id}")
async def document(request: Request, visitor: Handles, number: str, document_id: UUID) -> Response:
    form: FormData = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        report = await listing.by_number(tx, number, lock=True)
        row, data = await listing.open_document(tx, parts, report, document_id, text_of(form, "why"), visitor.account)
    return attachment(report, row, data)


def attachment(report: ReportRow, row: DocumentRow, data: bytes) -> Response:
    """Never shown by a browser: whatever it is, it came from the internet."""
    name = f"{grouped(report.number)}-{row.sha256[:8]}.{ENDINGS.get(row.media_type, 'bin')}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def shown(
    tx: Transaction, request: Request, visitor: Visitor, report: ReportRow, told: Told | None = None
) -> HTMLResponse:
    await tx.flush()
    language, file = texts_of(request).language, parts_of(request).house.file
    lines, broken = await history.read(tx, report.report_id)
    return render(
        request,
        "report.html",
        visitor,
        view=await view(tx, report),
        report=report,
        number=grouped(report.number),
        documents=await listing.documents_of(tx, report.report_id),
        told=told,
        partners={one.id: in_language(one.name, language) for one in file.partners},
        lines=lines,
        broken=broken,
        longest=MAX_REASON,
    )


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
