"""Cilium, cilium.io/v2 (https://docs.cilium.io/en/stable/network/egress-gateway/)."""

from typing import Annotated

from pydantic import Field

from deploy.verify.crds.closed import Closed, Selector


class Pods(Closed):
    pod_selector: Selector


class Way(Closed):
    node_selector: Selector
    egress_ip: Annotated[str, Field(alias="egressIP")]


class EgressGateway(Closed):
    selectors: list[Pods]
    destination_cidrs: Annotated[list[str], Field(alias="destinationCIDRs")]
    excluded_cidrs: Annotated[list[str], Field(alias="excludedCIDRs")] = Field(default_factory=list)
    egress_gateway: Way


KINDS: dict[str, type[Closed]] = {"cilium.io/v2/CiliumEgressGatewayPolicy": EgressGateway}
