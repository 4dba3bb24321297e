"""The API by its own REST: what it knows, what it says of an object, what it has."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

CALL_SECONDS = 30.0
POLL_SECONDS = 0.2
GROUPS = (
    "apps/v1",
    "batch/v1",
    "networking.k8s.io/v1",
    "policy/v1beta1",
    "autoscaling/v2beta2",
    "scheduling.k8s.io/v1",
)
MERGE = {"content-type": "application/merge-patch+json"}


@dataclass(frozen=True)
class Answer:
    """`said`: what the server has against it, one a line of its causes; empty when it took it."""

    status: int
    body: Mapping[str, Any]

    @property
    def said(self) -> tuple[str, ...]:
        if self.status < 300:
            return ()
        causes = (self.body.get("details") or {}).get("causes") or ()
        told = tuple(f"{one.get('field', '')}: {one.get('message', '')}" for one in causes)
        return told or (f"{self.status}: {self.body.get('message', 'no words')}",)


class Client:
    def __init__(self, place: str, token: str, authority: Path) -> None:
        self._place, self._token, self._authority = place, token, authority

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if "_http" in self.__dict__:
            self._http.close()

    @cached_property
    def _http(self) -> httpx.Client:
        # The server writes its certificate at its first start: only then can it be trusted.
        trusted = ssl.create_default_context(cafile=str(self._authority))
        words = {"authorization": f"Bearer {self._token}"}
        return httpx.Client(base_url=self._place, headers=words, verify=trusted, timeout=CALL_SECONDS, trust_env=False)

    def ready(self) -> bool:
        try:
            return self._authority.exists() and self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    @cached_property
    def kinds(self) -> Mapping[tuple[str, str], tuple[str, bool]]:
        """(apiVersion, kind): its path, and whether it lives in a namespace. From the server's own discovery."""
        known: dict[tuple[str, str], tuple[str, bool]] = {}
        for group in ("v1", *GROUPS):
            root = "/api/v1" if group == "v1" else f"/apis/{group}"
            for one in self._http.get(root).json().get("resources", ()):
                if "/" not in one["name"]:
                    known[group, one["kind"]] = (f"{root}/{{space}}{one['name']}", one["namespaced"])
        return known

    def path(self, body: Mapping[str, Any], *more: str) -> str:
        """Where its kind lives. Raises KeyError for a kind that the server does not know."""
        path, inside = self.kinds[body["apiVersion"], body["kind"]]
        space = f"namespaces/{body['metadata']['namespace']}/" if inside else ""
        return "/".join((path.format(space=space), *more))

    def create(self, body: Mapping[str, Any], *, dry: bool = False) -> Answer:
        return self._answer(self._http.post(self.path(body), json=body, params={"dryRun": "All"} if dry else {}))

    def get(self, path: str, **chosen: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._http.get(path, params=chosen).raise_for_status().json()
        return answer

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._answer(self._http.post(path, json=body))

    def patch(self, path: str, change: Mapping[str, Any]) -> Answer:
        return self._answer(self._http.patch(path, json=change, headers=MERGE))

    def delete(self, path: str) -> Answer:
        return self._answer(self._http.request("DELETE", path, json={"gracePeriodSeconds": 0}))

    @staticmethod
    def _answer(response: httpx.Response) -> Answer:
        return Answer(response.status_code, response.json())


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises TimeoutError, which says `what` was waited for."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(POLL_SECONDS)
