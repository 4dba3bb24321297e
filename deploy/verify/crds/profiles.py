"""Security Profiles Operator, security-profiles-operator.x-k8s.io/v1beta1."""

from typing import Literal

from deploy.verify.crds.closed import Closed


class Calls(Closed):
    action: Literal["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG"]
    names: list[str]


class SeccompProfile(Closed):
    default_action: Literal["SCMP_ACT_ERRNO", "SCMP_ACT_LOG"]
    base_profile_name: str
    syscalls: list[Calls]


KINDS: dict[str, type[Closed]] = {"security-profiles-operator.x-k8s.io/v1beta1/SeccompProfile": SeccompProfile}
