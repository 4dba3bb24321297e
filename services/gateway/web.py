"""The web application: pages for officials, an API for programs, nothing from anywhere else."""

from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from services.gateway import answers
from services.gateway.api import describing
from services.gateway.api.conditional import Conditional
from services.gateway.api.idempotent import Idempotent
from services.gateway.care import house
from services.gateway.pages import STATIC
from services.gateway.parts import Parts
from services.gateway.requests import readable
from services.gateway.routes import (
    alerts,
    api_audit,
    api_audit_exports,
    api_care,
    api_cases,
    api_claims,
    api_deciding,
    api_detection,
    api_events,
    api_evidence,
    api_federation,
    api_federation_stating,
    api_golden,
    api_notices,
    api_pages,
    api_reports,
    api_rights,
    api_webhooks,
    audit,
    autosend,
    care,
    case,
    claims,
    clusters,
    confirmations,
    deciding,
    display,
    documents,
    door,
    door_status,
    editing,
    federation,
    figures,
    golden,
    hashes,
    intake,
    live,
    notices,
    orders,
    pictures,
    providers,
    queue,
    referrals,
    reports,
    schemas,
    statistics,
    transfers,
    webhooks,
    who,
)
from services.gateway.routes.counted import counted
from services.gateway.security import BodyLimit, Headers
from shared.requests_observing import Observed

YEAR = 365 * 86400
PAGES = (
    *(module.router for module in (*who.PAGES, display, queue, case, deciding, documents, notices, pictures, orders)),
    *(module.router for module in (alerts, hashes, providers, audit, door, door_status, reports)),
    *(module.router for module in (care, golden, figures, statistics, schemas, claims, clusters, live, api_pages)),
    webhooks.router,
    federation.router,
    *(module.pages for module in (autosend, confirmations, transfers, editing)),
)
APIS = (
    *(module.router for module in (*who.APIS, api_cases, api_deciding, api_notices, editing, api_evidence)),
    *(module.router for module in (api_detection, autosend, intake, referrals, api_reports, api_audit)),
    *(module.router for module in (api_audit_exports, api_claims, api_care, api_golden, api_rights, api_events)),
    api_webhooks.router,
    api_federation.router,
    api_federation_stating.router,
    *(module.router for module in (confirmations, transfers)),
    *(module.api for module in (documents, providers, clusters, figures, live, statistics)),
)


class Versioned(StaticFiles):
    """Files whose address carries their digest: a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return answer


def application(parts: Parts) -> ASGIApp:
    app = routed()
    app.state.parts = parts.shut()
    house.use(house.House(parts.approvals.derived("care"), parts.timezone))
    # Around everything, so that the answer to our own fault has the headers too.
    return Observed(Headers(BodyLimit(app), parts.tls))


def routed() -> FastAPI:
    """Every route, without the parts that they work with: what the API's description is made from."""
    app = FastAPI(
        title="Haetae gateway",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(readable), Depends(counted)],
    )
    answers.install(app)
    describing.install(app)
    app.add_middleware(Conditional)
    app.add_middleware(Idempotent)
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    for router in APIS:
        app.include_router(router)
    app.mount("/static", Versioned(directory=STATIC))
    return app
