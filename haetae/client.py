"""The gateway's API as the command line uses it: the same door, rules and audit as for any other client."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

TIMEOUT_S = 20.0
PAGE = 1000  # the most that the API gives at once
STAGES = ("found", "flagged", "sealed", "drafted", "decided", "sent", "removed")


@dataclass(frozen=True)
class Case:
    """A row of `GET /api/cases`. `times`: the moment of each stage that the case has reached.

    Texts are empty and the risk 0 while a later event has overtaken the one that describes the case. `awaits`: the
    further round that is to be decided.
    """

    case_id: str
    url: str
    host: str
    state: str
    risk: float
    category: str
    alarm: str | None
    last_check: str | None
    times: Mapping[str, datetime]
    awaits: int | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        times = {name: datetime.fromisoformat(row[f"{name}_at"]) for name in STAGES if row.get(f"{name}_at")}
        return cls(
            case_id=row["case_id"],
            url=row["url"] or "",
            host=row["host"] or "",
            state=row["state"],
            risk=row["risk"] or 0.0,
            category=row["category"] or "",
            alarm=row.get("alarm"),
            last_check=row.get("last_check"),
            times=times,
            awaits=row.get("awaits"),
        )

    def seconds(self, start: str, end: str) -> float | None:
        """Seconds from one stage to another; None while either is missing."""
        if start not in self.times or end not in self.times:
            return None
        return (self.times[end] - self.times[start]).total_seconds()


class Gateway:
    """An authenticated client. `async with await Gateway.login(url, login, password) as gateway`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    async def login(
        cls,
        base_url: str,
        login: str,
        password: str,
        on_answer: Callable[[httpx.Response], Awaitable[None]] | None = None,
    ) -> Self:
        """`on_answer` hears of every answer."""
        hooks = {"response": [on_answer]} if on_answer else {}
        http = httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, trust_env=False, event_hooks=hooks)
        answer = await http.post("/api/login", json={"login": login, "password": password})
        answer.raise_for_status()
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return cls(http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def cases(self, state: str | None = None) -> list[Case]:
        found: list[Case] = []
        query: dict[str, str | int] = {"limit": PAGE, **({"state": state} if state else {})}
        while True:
            page = await self._get("/api/cases", query)
            found += [Case.of(row) for row in page["items"]]
            if not page.get("next"):
                return found
            query["after"] = page["next"]

    async def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._get(f"/api/cases/{case_id}", {})
        return found

    async def warned_of(self) -> set[str]:
        """The names of conversations that alerts were raised about."""
        found = await self._get("/api/alerts", {"limit": PAGE})
        return {item["alert"]["conversation"] for item in found["items"]}

    async def approve_all(self, case_id: str, note: str, round: int = 0) -> bool:
        """Approve every notice of the round as it stands; False when somebody else was faster or none is drafted."""
        detail = await self.case(case_id)
        further = {one["round"]: one["notices"] for one in detail["rounds"]}
        whole = [one for one in further.get(round, detail["notices"]) if not one["missing"]]
        if not whole:
            return False
        body = {
            "verdict": "approved",
            "round": round,
            "notices": [{"notice_id": notice["notice_id"], "sha256": notice["sha256"]} for notice in whole],
            "note": note,
        }
        answer = await self._http.post(f"/api/cases/{case_id}/decision", json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            return False
        answer.raise_for_status()
        return True

    async def order_bundle(self, case_id: str, why: str, basis: str) -> str:
        """The order's id. What becomes of it: `order`."""
        body = {"kind": "bundle", "why": why, "basis": basis}
        answer = await self._http.post(f"/api/cases/{case_id}/orders", json=body)
        answer.raise_for_status()
        return str(answer.json()["order_id"])

    async def order(self, case_id: str, order_id: str) -> dict[str, Any]:
        """`state`: ordered, done or failed, with its `error`."""
        orders = await self._get(f"/api/cases/{case_id}/orders", {})
        found: dict[str, Any] = next(one for one in orders["items"] if one["order_id"] == order_id)
        return found

    async def download_bundle(self, case_id: str, order_id: str, to: Path) -> None:
        async with self._http.stream("GET", f"/api/cases/{case_id}/orders/{order_id}/bundle") as answer:
            answer.raise_for_status()
            with to.open("wb") as file:
                async for part in answer.aiter_bytes():
                    file.write(part)

    async def _get(self, path: str, query: Mapping[str, str | int]) -> Any:  # noqa: ANN401  # JSON
        answer = await self._http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()
