"""The scripted official of a demonstration: approves what awaits review, through the API, as an account marked so."""

import asyncio

import httpx

from haetae.client import Gateway

LOGIN = "scripted-official"
POLL_S = 0.5
NOTE = "Approved by the demonstration's script; no person looked."


async def approve_everything(base_url: str, password: str) -> None:
    """Until cancelled. A gateway that is away (it may be killed in the middle of a run) is tried again."""
    while True:
        try:
            async with await Gateway.login(base_url, LOGIN, password) as gateway:
                while True:
                    await _approve_waiting(gateway)
                    await asyncio.sleep(POLL_S)
        except (httpx.TransportError, httpx.HTTPStatusError):
            await asyncio.sleep(POLL_S)


async def _approve_waiting(gateway: Gateway) -> None:
    for case in await gateway.cases():
        if case.state == "drafted":
            await gateway.approve_all(case.case_id, NOTE)
        elif case.awaits is not None:
            await gateway.approve_all(case.case_id, NOTE, case.awaits)
