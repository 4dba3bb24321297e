"""The pods that an overlay would start, whatever starts them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.verify.rendering import Rendered, Thing


@dataclass(frozen=True)
class Pod:
    """`name` is its service's, or the job's."""

    thing: Thing
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.thing.name

    @property
    def containers(self) -> Sequence[Mapping[str, Any]]:
        return [*self.spec.get("initContainers", ()), *self.spec.get("containers", ())]

    def port(self, name: str | int) -> int | None:
        """The number behind a port's name."""
        if isinstance(name, int):
            return name
        ports = (port for container in self.containers for port in container.get("ports", ()))
        return next((port["containerPort"] for port in ports if port.get("name") == name), None)


def pods(rendered: Rendered) -> Iterator[Pod]:
    for thing in rendered.of("Deployment", "StatefulSet", "DaemonSet", "Job"):
        yield _pod(thing, thing.spec.get("template", {}))
    for thing in rendered.of("CronJob"):
        yield _pod(thing, thing.spec.get("jobTemplate", {}).get("spec", {}).get("template", {}))


def services(rendered: Rendered) -> Iterator[Pod]:
    """Of Deployments, which are the services."""
    return (pod for pod in pods(rendered) if pod.thing.kind == "Deployment")


def _pod(thing: Thing, template: Mapping[str, Any]) -> Pod:
    return Pod(thing, template.get("metadata", {}).get("labels") or {}, template.get("spec") or {})


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Kubernetes' label selector: an empty one selects all, a missing one none."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions") or ())


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case unknown:
            raise ValueError(f"operator {unknown!r}: In, NotIn, Exists or DoesNotExist")
