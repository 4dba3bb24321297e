"""/livez, /readyz and /metrics: what an orchestrator and a person may ask a service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.bus.decision import describe
from shared.clock import Clock
from shared.metrics import Metrics

Check = Callable[[], Awaitable[None]]

# Longer than a rebalance with its drain takes, so that only a loop that hangs is taken for one.
LIVE_SECONDS = 60.0
CHECK_SECONDS = 5.0
# Probes of several watchers come together; one answer serves them all.
REMEMBER_SECONDS = 1.0


class Health:
    """`loops`: the monotonic moment at which each poll loop last turned; `refresh` brings the gauges up to date."""

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        checks: Mapping[str, Check],
        loops: Callable[[], Mapping[str, float]],
        refresh: Check,
    ) -> None:
        self._clock, self._metrics, self._loops, self._refresh = clock, metrics, loops, refresh
        self._checks = {name: Remembered(check, clock) for name, check in checks.items()}
        self.app = Starlette(
            routes=[
                Route("/livez", self._livez),
                Route("/readyz", self._readyz),
                Route("/metrics", self._show_metrics),
            ]
        )

    async def _livez(self, _: Request) -> Response:
        now = self._clock.monotonic()
        stuck = {
            name: f"last turned {now - at:.0f} s ago" for name, at in self._loops().items() if now - at > LIVE_SECONDS
        }
        return _answer(stuck)

    async def _readyz(self, _: Request) -> Response:
        answers = await asyncio.gather(*(check() for check in self._checks.values()))
        return _answer({name: error for name, error in zip(self._checks, answers, strict=True) if error})

    async def _show_metrics(self, _: Request) -> Response:
        await self._refresh()
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)


class Remembered:
    """A check whose outcome holds for a second: the error's text, or nothing when it answered."""

    def __init__(self, check: Check, clock: Clock) -> None:
        self._check, self._clock = check, clock
        self._asked_at: float | None = None
        self._error: str | None = None
        self._asking = asyncio.Lock()

    async def __call__(self) -> str | None:
        async with self._asking:
            now = self._clock.monotonic()
            if self._asked_at is None or now - self._asked_at > REMEMBER_SECONDS:
                self._error = await self._ask()
                self._asked_at = self._clock.monotonic()
            return self._error

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._check()
        except TimeoutError:
            return f"no answer within {CHECK_SECONDS:g} s"
        except Exception as error:
            return describe(error)
        return None


def _answer(errors: Mapping[str, str]) -> Response:
    return JSONResponse({"errors": errors} if errors else {"ok": True}, status_code=503 if errors else 200)
