"""The audit history for programs: search, proofs, heads, keys, the state of its checks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request

from services.gateway.api.bodies import refuses
from services.gateway.api.cursors import Cursor, key_of, whole
from services.gateway.api.cursors import cursor_of as cursor
from services.gateway.api.moments import Moment
from services.gateway.audit import Action
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_audit_models import (
    CheckItem,
    Consistency,
    HeadList,
    Inclusion,
    KeyItem,
    KeyList,
    LineList,
    State,
    found_item,
    head_item,
    line_item,
)
from services.gateway.routes.api_models import NO_NUL
from services.gateway.sessions import Visitor
from services.gateway.tree import checking, exporting, growing, keys, nodes, proving, searching

router = APIRouter(prefix="/api/audit")
Reads = Annotated[Visitor, may(Right.READ_HISTORY)]
MOST = 1_000
Name = Annotated[str | None, Query(max_length=100, pattern=NO_NUL)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Number = Annotated[int, Query(ge=1, lt=2**31)]
Size = Annotated[int, Query(ge=1, lt=2**63)]


@router.get("")
async def search(
    request: Request,
    visitor: Reads,
    chain: UUID | None = None,
    actor: Name = None,
    action: Action | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    after: Cursor = None,
    limit: Limit = 100,
) -> LineList:
    """Lines of the history, the newest first."""
    wanted = searching.Wanted(
        chain=chain,
        actor=actor,
        action=action.value if action else None,
        agency=None if chain else visitor.account.agency,
        since=since,
        until=until,
        after=after,
        limit=limit,
    )
    async with parts_of(request).database.transaction() as tx:
        page = await searching.page(tx, wanted)
    return LineList(items=[line_item(line) for line in page.lines], next=page.next)


@router.get("/state")
async def state(request: Request, visitor: Reads) -> State:
    """How far the history was checked, and what was found."""
    async with parts_of(request).database.transaction() as tx:
        checks = [
            CheckItem(
                name=one.name,
                size=one.size,
                began_at=one.began_at,
                ended_at=one.ended_at,
                broken=found_item(one.broken),
                early=found_item(one.early),
            )
            for one in (await checking.state(tx)).values()
        ]
        return State(lines=await nodes.size(tx), waiting=await growing.waiting(tx), checks=checks)


@router.get("/heads")
async def heads(request: Request, visitor: Reads, after: Cursor = None, limit: Limit = 100) -> HeadList:
    """Signed heads, the newest first."""
    before = key_of(after, whole)[0] if after else None
    async with parts_of(request).database.transaction() as tx:
        found = await proving.heads(tx, before, limit + 1)
    shown = [head_item(row) for row in found[:limit]]
    following = cursor(shown[-1].size) if len(found) > limit else None
    return HeadList(items=shown, next=following)


@router.get("/keys")
async def list_keys(request: Request, visitor: Reads) -> KeyList:
    """The public keys that sign heads, and when each did."""
    async with parts_of(request).database.transaction() as tx:
        return KeyList(items=[KeyItem.model_validate(exporting.key_item(key)) for key in await keys.listed(tx)])


@router.get("/inclusion", responses=refuses(404, 409))
async def inclusion(request: Request, visitor: Reads, chain: UUID, seq: Number) -> Inclusion:
    """Proof that a line is part of the history that the newest head stands for."""
    async with parts_of(request).database.transaction() as tx:
        proof = await proving.included(tx, chain, seq)
    path = [hash.hex() for hash in proof.path]
    return Inclusion(line=line_item(proof.line), leaf=proof.leaf, path=path, head=head_item(proof.head))


@router.get("/consistency", responses=refuses(404, 409))
async def consistency(request: Request, visitor: Reads, former: Size, size: Size | None = None) -> Consistency:
    """Proof that the history of a head begins with that of a former one. Without `size`: of the newest."""
    async with parts_of(request).database.transaction() as tx:
        proof = await proving.consistent(tx, former, size)
    path = [hash.hex() for hash in proof.path]
    return Consistency(former=head_item(proof.former), head=head_item(proof.head), path=path)
