"""Gateway API, gateway.networking.k8s.io/v1 (https://gateway-api.sigs.k8s.io/reference/spec/)."""

from typing import Annotated, Literal

from pydantic import Field

from deploy.verify.crds.closed import Closed, Duration, Name

Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]


class Parent(Closed):
    name: Name
    namespace: Name
    section_name: Name


class Path(Closed):
    type: Literal["Exact", "PathPrefix", "RegularExpression"]
    value: Annotated[str, Field(pattern=r"^/")]


class Match(Closed):
    path: Path


class Timeouts(Closed):
    request: Duration | None = None
    backend_request: Duration | None = None


class Backend(Closed):
    name: Name
    port: Annotated[int, Field(ge=1, le=65535)]


class Rule(Closed):
    matches: list[Match]
    timeouts: Timeouts | None = None
    backend_refs: Annotated[list[Backend], Field(min_length=1)]


class Route(Closed):
    parent_refs: Annotated[list[Parent], Field(min_length=1)]
    hostnames: list[Host]
    rules: list[Rule]


KINDS: dict[str, type[Closed]] = {"gateway.networking.k8s.io/v1/HTTPRoute": Route}
