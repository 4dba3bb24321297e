"""Schemathesis over the API's description against a gateway that is served: what it found, as sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from services.gateway.web import application
from shared.web import serving
from tests.support.api import described
from tests.support.gateway import PASSWORD, Desk

# What a stranger, or a person without the right, is told is an answer like any other; so is a state that does not
# allow it. Only `negative_data_rejection` reads more into the description than JSON Schema can say: a body that is
# refused by another role's right first, a default that fits.
ALLOWED = ["2xx", "304", "400", "401", "403", "404", "409", "412", "413", "415", "422", "429"]
CHECKS = {
    "positive_data_acceptance": {"enabled": True, "expected-statuses": ALLOWED},
    "negative_data_rejection": {"enabled": True, "expected-statuses": [*ALLOWED[2:], "405"]},
    "missing_required_header": {"enabled": False},  # none of ours is required
    "use_after_free": {"enabled": False},  # nothing of the house is ever freed
    "object_level_authorization": {"enabled": False},  # the matrix of rights is that test
    "ensure_resource_availability": {"enabled": False},
}


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[str]:
    async with serving(application(desk.parts), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


LOG_IN_S = 60.0  # of a machine that does much else: a password is costly to check on purpose


async def token_of(url: str, login: str) -> str:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=LOG_IN_S) as client:
        answer = await client.post("/api/login", json={"login": login, "password": PASSWORD})
        answer.raise_for_status()
        return str(answer.json()["token"])


def config(url: str, token: str | None, phases: dict[str, int]) -> SchemathesisConfig:
    """`phases`: those that run (examples, coverage, fuzzing, stateful), each with its number of examples."""
    every = ("examples", "coverage", "fuzzing", "stateful")
    settings = {name: {"enabled": name in phases} for name in every}
    for name, most in phases.items():
        settings[name]["generation"] = {"max-examples": most} if most else {}
    return SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "seed": 7,
            "headers": {"Authorization": f"Bearer {token}"} if token else {},
            "generation": {"deterministic": True, "no-shrink": True, "with-security-parameters": False},
            "checks": CHECKS,
            "phases": settings,
            "continue-on-failure": True,
            "workers": 1,
            "request-timeout": 20,
        }
    )


async def findings(
    url: str,
    token: str | None,
    phases: dict[str, int],
    without: Sequence[str] = (),
    told: dict[str, Any] | None = None,
) -> list[str]:
    """Each thing that is not as described, or as `told`, once an operation and kind."""
    schema: Any = schemathesis.openapi.from_dict(told or described(), config=config(url, token, phases))
    for path in without:
        schema = schema.exclude(path=path)
    return await asyncio.to_thread(lambda: sorted(set(_found(schema))))


def _found(schema: Any) -> Iterator[str]:
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            yield from _failures(event)
        elif isinstance(event, events.NonFatalError):
            yield f"{event.label}: {event.info.title}: {event.value}"
        elif isinstance(event, events.FatalError):
            raise event.exception


def _failures(event: events.ScenarioFinished) -> Iterator[str]:
    recorder = event.recorder
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure, interaction = check.failure_info.failure, recorder.interactions.get(case_id)
                status = interaction.response.status_code if interaction and interaction.response else "no answer"
                yield f"{recorder.label}: {failure.title}: {status}: {failure.message[:200]}"
