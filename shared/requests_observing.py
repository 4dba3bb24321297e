"""Requests that a service answers, as ASGI sees them: each a trace of its own, and the time until its answer began."""

from time import perf_counter

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observing import observer
from shared.spans import failed, open_span

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "_OTHER"  # as OpenTelemetry names what is none of them
UNKNOWN = "none"  # no route of ours: whoever tries addresses makes no series of figures with them


class Observed:
    """Around the whole application. What a request says of its own trace is not believed: it comes from outside.

    Counted until the answer begins: a page that stays open to hear news would count for hours. The path is no label
    and no attribute: it names cases. The route's template is both.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = observer()
        if scope["type"] != "http" or seen is None:
            return await self._app(scope, receive, send)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        began, status = perf_counter(), 500

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                took = perf_counter() - began
                seen.metrics.requests.labels(method, route_of(scope), str(status)).observe(took)
            await send(message)

        attributes = {"http.request.method": method, "url.scheme": scope["scheme"]}
        with open_span(seen.tracing.tracer, method, SpanKind.SERVER, context=Context(), attributes=attributes) as span:
            try:
                await self._app(scope, receive, counting)
            finally:
                route = route_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    failed(span, str(status))


def route_of(scope: Scope) -> str:
    """The template of the route that answers, as `/cases/{case_id}`."""
    return getattr(scope.get("route"), "path", UNKNOWN)
