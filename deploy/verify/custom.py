"""Custom resources: each fits the model of its kind in `crds/`, and a kind without a model is an error."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from deploy.verify.crds import cilium, cnpg, gateway, keda, monitoring, profiles, secrets, strimzi
from deploy.verify.crds.closed import Closed
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered

MODELS: Mapping[str, type[Closed]] = {
    **cilium.KINDS, **cnpg.KINDS, **gateway.KINDS, **keda.KINDS, **monitoring.KINDS, **profiles.KINDS, **secrets.KINDS,
    **strimzi.KINDS,
}  # fmt: skip
# Of Kubernetes itself, whose schemas `kubernetes-validate` has.
OWN = ("v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1", "scheduling.k8s.io/v1")


def check(rendered: Rendered) -> Iterator[Finding]:
    for thing in rendered.things:
        if thing.api in OWN:
            continue
        model = MODELS.get(f"{thing.api}/{thing.kind}")
        if model is None:
            yield thing.finding(
                f"{thing.api} {thing.kind} is known to nobody here",
                "correct it, or model it in deploy/verify/crds",
            )
            continue
        try:
            model.model_validate(thing.spec)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                place = ".".join(map(str, one["loc"]))
                yield thing.finding(f"spec.{place}: {one['msg']}", "see the operator's reference of its API")
