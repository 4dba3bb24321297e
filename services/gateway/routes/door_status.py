"""A report seen again by number and PIN: where it stands, and what its maker may do with it. Each answer is a page of
its own that carries a pass for the next form: no cookie, nothing in an address."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway.agencies.scoping import everywhere
from services.gateway.door import changing, documents, entering, fingerprints, keeping, limits, pins
from services.gateway.door.given import CONTACT, DOOR, HASHES, MOST_CONTACT, MOST_PAGES, MOST_PICTURES_EVER, MOST_WHEN
from services.gateway.door.numbers import grouped
from services.gateway.door.pages import DoorRoute, form_of, place, show, the_parts, words_of
from services.gateway.door.reading import read_urls, told_of
from services.gateway.door.referring import refer
from services.gateway.door.store import ReportRow
from services.gateway.door.texts import Words
from services.gateway.door.viewing import view
from services.gateway.parts import Parts
from services.gateway.requests import text_of
from services.gateway.routes.door import hashing
from services.gateway.submissions import MAX_PICTURES, read_pictures
from shared.database import Transaction

router = APIRouter(prefix="/report/status", route_class=DoorRoute)
Said = tuple[str, str]  # what was done, and what is wrong: one of them is empty
Act = Callable[[Transaction, ReportRow, FormData, Words, Parts], Awaitable[Said]]


@router.get("")
async def look(request: Request) -> HTMLResponse:
    return show(request, "look.html", words_of(request), "step_number")


@router.post("")
async def enter(request: Request) -> HTMLResponse:
    form, parts = await form_of(request), the_parts(request)
    report = await pins.enter(parts.database, text_of(form, "number"), text_of(form, "pin"), place(request))
    async with parts.database.transaction() as tx:
        return await shown(tx, request, report, words_of(request, text_of(form, "lang")), pins.give_pass(tx, report))


@router.post("/document")
async def document(request: Request) -> HTMLResponse:
    parts = the_parts(request)
    async with request.form(max_files=1, max_fields=10) as form:
        words, token = words_of(request, text_of(form, "lang")), text_of(form, "pass")
        async with parts.database.transaction() as tx:
            report_id = await pins.whose(tx, token)
        file = await documents.read(form.get("document"))
    sealed = await keeping.seal(parts.vault.keys, documents.id_of(report_id, file), file.data)
    async with parts.database.transaction() as tx:
        report = await pins.holder(tx, token)
        await limits.admit(tx, limits.CHANGE, str(report.report_id), limits.MOST_CHANGES)
        await documents.keep(tx, report, file, sealed)
        return await shown(tx, request, report, words, token, done=words("did_document"))


@router.post("/{what}")
async def change(request: Request, what: str) -> HTMLResponse:
    form, parts = await form_of(request), the_parts(request)
    words, token = words_of(request, text_of(form, "lang")), text_of(form, "pass")
    async with parts.database.transaction() as tx:
        if what in OF_CASES:
            urls, _ = read_urls(text_of(form, "urls"), words)
            await entering.lock_cases(tx, await pins.whose(tx, token), urls)
        report = await pins.holder(tx, token)
        await limits.admit(tx, limits.CHANGE, str(report.report_id), limits.MOST_CHANGES)
        act = ACTS.get(what)
        done, wrong = await act(tx, report, form, words, parts) if act else ("", words("problem_other"))
        return await shown(tx, request, report, words, token, done=done, wrong=wrong)


async def shown(
    tx: Transaction,
    request: Request,
    report: ReportRow,
    words: Words,
    token: str,
    **said: Any,  # noqa: ANN401  # `done` or `wrong`, as the template takes them
) -> HTMLResponse:
    await tx.flush()
    async with everywhere(tx):
        seen = await view(tx, report)
    house = the_parts(request).house
    asked = {row.partner for row in seen.referrals if not row.withdrawn_at}
    values = {"done": "", "wrong": "", **said, **hashing()}
    return show(
        request,
        "status.html",
        words,
        "step_status",
        422 if values["wrong"] else 200,
        view=seen,
        report=report,
        number=grouped(report.number),
        token=token,
        most=MOST_PAGES,
        partners=[one for one in house.file.partners if one.id not in asked],
        partner_of=house.partner,
        **values,
    )


async def add(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    urls, wrong = read_urls(text_of(form, "urls"), words)
    if wrong or report.withdrawn_at:
        return "", wrong or words("problem_other")
    return words("did_add", n=await entering.add_pages(tx, report, urls)), ""


async def contact(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    """What the person wrote in the form before stays: only the way to reach them is another."""
    given = {name: text_of(form, name).strip() for name in ("contact", "when")}
    if len(given["contact"]) > MOST_CONTACT or len(given["when"]) > MOST_WHEN:
        return "", words("error_long", most=MOST_CONTACT)
    if not given["contact"] or CONTACT not in form.getlist("consent"):
        return "", words("error_contact")
    keys = parts.vault.keys
    before = await keeping.told(keys, report.report_id, report.secret, report.secret_key)
    told = told_of({**given, "note": before.note if before else ""})
    changing.keep(tx, report, await keeping.seal(keys, report.report_id, told.model_dump_json().encode()))
    report.consents = sorted({*report.consents, CONTACT})
    return words("did_contact"), ""


async def forget(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    await changing.forget(tx, report, DOOR, "asked")
    return words("did_forget"), ""


async def withdraw(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    if text_of(form, "sure") != "yes":
        return "", words("error_field")
    await changing.withdraw(tx, report)
    return words("did_withdraw"), ""


async def ask(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    chosen = [one for one in parts.house.file.partners if one.id in form.getlist("partner")]
    if not chosen or report.withdrawn_at:
        return "", words("error_field")
    if report.secret is None or CONTACT not in report.consents:
        return "", words("error_partner")
    for partner in chosen:
        await refer(tx, report, partner)
    return words("did_refer"), ""


async def pictures(tx: Transaction, report: ReportRow, form: FormData, words: Words, parts: Parts) -> Said:
    if HASHES not in form.getlist("consent") or report.withdrawn_at:
        return "", words("error_hashes")
    if not text_of(form, "pictures"):
        return "", words("pictures_no_scripts")
    hashed = read_pictures(text_of(form, "pictures"))
    if len(hashed) > MAX_PICTURES or report.pictures + len(hashed) > MOST_PICTURES_EVER:
        return "", words("pictures_toomany", n=MAX_PICTURES)
    fingerprints.submit(tx, report, hashed)
    report.consents = sorted({*report.consents, HASHES})
    report.updated_at = tx.clock.now()
    return words("did_pictures", n=len(hashed)), ""


OF_CASES = ("add", "withdraw")  # what changes cases
ACTS: dict[str, Act] = {
    "add": add,
    "contact": contact,
    "forget": forget,
    "withdraw": withdraw,
    "refer": ask,
    "pictures": pictures,
}
