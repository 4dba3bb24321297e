"""The evidence of a run: one case's bundle, ordered at the gateway as an official does, checked as a court would."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from haetae.client import Case, Gateway
from haetae_verify.__main__ import verify
from haetae_verify.wrong import Wrong

WHY, BASIS = "shown at the end of a demonstration", "none: everything in it is a stand-in"
POLL_S = 0.3
LONGEST_S = 60.0  # a bundle takes a second; a service that was killed is back within thirty


@dataclass(frozen=True)
class Bundle:
    """`problem`: why there is none, or what is wrong with it; empty when the verifier accepts it."""

    path: Path
    url: str
    problem: str = ""

    @property
    def command(self) -> str:
        """As it is typed in this folder; elsewhere any Python that has the verifier does."""
        return f"{os.path.relpath(sys.executable)} -m haetae_verify {self.path}"


async def bundle_of(gateway: Gateway, cases: Sequence[Case], folder: Path) -> Bundle | None:
    """In an existing folder. Of a case whose content was removed: then the evidence is all that is left of it. None
    without such a case."""
    case = next((case for case in cases if "removed" in case.times), None)
    if case is None:
        return None
    path = folder / f"{case.case_id}.haetae.zip"
    try:
        problem = await _fetched(gateway, case.case_id, path) or await asyncio.to_thread(_wrong, path)
    except httpx.HTTPError as error:
        problem = f"the gateway did not give it ({error})"
    return Bundle(path, case.url, problem)


def _wrong(path: Path) -> str:
    """What the verifier says is wrong; empty when nothing is."""
    try:
        verify(path)
    except Wrong as error:
        return str(error)
    return ""


async def _fetched(gateway: Gateway, case_id: str, path: Path) -> str:
    """Why it was not; empty when it was."""
    order_id = await gateway.order_bundle(case_id, WHY, BASIS)
    for _ in range(round(LONGEST_S / POLL_S)):
        order = await gateway.order(case_id, order_id)
        if order["error"]:
            return str(order["error"])
        if order["state"] == "done":
            await gateway.download_bundle(case_id, order_id, path)
            return ""
        await asyncio.sleep(POLL_S)
    return f"the order was not carried out within {LONGEST_S:.0f} s"
