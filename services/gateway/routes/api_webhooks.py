"""The API of webhooks: where an agency wants public events sent to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request

from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.bridges.webhooks import managing
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_events import beginning
from services.gateway.routes.api_webhooks_models import (
    AttemptItem,
    AttemptList,
    NewWebhook,
    ReplayInput,
    RotationInput,
    WebhookInput,
    WebhookItem,
    WebhookList,
    WebhookWithSecret,
)
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api/webhooks")
Keeper = Annotated[Visitor, may(Right.MANAGE_WEBHOOKS)]


@router.get("")
async def listing(request: Request, visitor: Keeper) -> WebhookList:
    """Webhooks of the agency, the newest first."""
    async with parts_of(request).database.transaction() as tx:
        rows = await managing.listing(tx, visitor.account.agency)
    return WebhookList(items=[WebhookItem.of(row) for row in rows])


@router.post("", status_code=201, openapi_extra=HOLDS_SECRET)
async def add(request: Request, visitor: Keeper, given: NewWebhook) -> WebhookWithSecret:
    """Have public events sent to an address. The answer alone has the secret; the receiver is asked before the first
    event is sent."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        position = await beginning(tx, given.after, given.since)
        row, secret = await managing.add(tx, parts.webhooks, visitor.account, given.wanted, position)
        return WebhookWithSecret.of(row, secret=secret)


@router.get("/{webhook_id}")
async def one(request: Request, visitor: Keeper, webhook_id: UUID) -> WebhookItem:
    """How it is and how far."""
    async with parts_of(request).database.transaction() as tx:
        return WebhookItem.of(await managing.one(tx, visitor.account.agency, webhook_id))


@router.put("/{webhook_id}")
async def change(request: Request, visitor: Keeper, webhook_id: UUID, given: WebhookInput) -> WebhookItem:
    """Name, address and types anew; another address is asked first."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        row = await managing.change(tx, parts.webhooks, visitor.account, webhook_id, given.wanted)
        return WebhookItem.of(row)


@router.post("/{webhook_id}/secret", openapi_extra=HOLDS_SECRET)
async def rotate(request: Request, visitor: Keeper, webhook_id: UUID, given: RotationInput) -> WebhookWithSecret:
    """Another secret, told only in this answer; both sign until the hours are over."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        row, secret = await managing.rotate(tx, parts.webhooks, visitor.account, webhook_id, given.hours)
        return WebhookWithSecret.of(row, secret=secret)


@router.post("/{webhook_id}/replay")
async def replay(request: Request, visitor: Keeper, webhook_id: UUID, given: ReplayInput) -> WebhookItem:
    """Send again from a place or a moment on, a paused one too."""
    async with parts_of(request).database.transaction() as tx:
        position = await beginning(tx, given.after, given.since)
        return WebhookItem.of(await managing.replay(tx, visitor.account, webhook_id, position))


@router.post("/{webhook_id}/test", status_code=204)
async def test(request: Request, visitor: Keeper, webhook_id: UUID) -> None:
    """Send a test event next; what came of it is among the attempts."""
    async with parts_of(request).database.transaction() as tx:
        await managing.test(tx, visitor.account, webhook_id)


@router.post("/{webhook_id}/pause", status_code=204)
async def pause(request: Request, visitor: Keeper, webhook_id: UUID) -> None:
    """Send nothing until it is resumed."""
    async with parts_of(request).database.transaction() as tx:
        await managing.pause(tx, visitor.account, webhook_id)


@router.post("/{webhook_id}/resume", status_code=204)
async def resume(request: Request, visitor: Keeper, webhook_id: UUID) -> None:
    """Go on where it was, at once."""
    async with parts_of(request).database.transaction() as tx:
        await managing.resume(tx, visitor.account, webhook_id)


@router.post("/{webhook_id}/end", status_code=204)
async def end(request: Request, visitor: Keeper, webhook_id: UUID) -> None:
    """Send nothing ever again; its secrets are gone."""
    async with parts_of(request).database.transaction() as tx:
        await managing.end(tx, visitor.account, webhook_id)


@router.get("/{webhook_id}/attempts")
async def attempts(request: Request, visitor: Keeper, webhook_id: UUID) -> AttemptList:
    """What was tried last, and what came of it."""
    async with parts_of(request).database.transaction() as tx:
        await managing.one(tx, visitor.account.agency, webhook_id)
        rows = await managing.attempts(tx, webhook_id)
    return AttemptList(items=[AttemptItem.of(row) for row in rows])
