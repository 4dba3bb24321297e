"""What a service would be told: every HAETAE_ variable of its container, and every file of its secrets folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.verify.pods import Pod
from deploy.verify.rendering import Rendered, Thing

SECRETS_DIR = "HAETAE_SECRETS_DIR"


@dataclass(frozen=True)
class Supplied:
    """`value`: None where it is secret, or known only in the cluster. `by`: the object that says it."""

    name: str
    value: str | None
    by: Thing


def supplied(pod: Pod, rendered: Rendered) -> Iterator[Supplied]:
    """In the order in which the kubelet applies them: what comes later replaces."""
    for container in pod.containers:
        for source in container.get("envFrom", ()):
            yield from _from(source, rendered)
        for one in container.get("env", ()):
            yield Supplied(one["name"], one.get("value"), pod.thing)
        yield from _files(pod, container, rendered)


def environment(pod: Pod, rendered: Rendered) -> Mapping[str, Supplied]:
    return {one.name: one for one in supplied(pod, rendered)}


def keys(secret: Thing) -> Mapping[str, Any]:
    """What a Secret holds once it is there, be it written here or by External Secrets."""
    if secret.kind == "Secret":
        return {**secret.body.get("data", {}), **secret.body.get("stringData", {})}
    target = secret.spec.get("target", {})
    made: Mapping[str, Any] = target.get("template", {}).get("data") or {
        one["secretKey"]: None for one in secret.spec.get("data", ())
    }
    return made


def secret(name: str, rendered: Rendered) -> Thing | None:
    """A Secret, or the ExternalSecret that makes it."""
    made = (one for one in rendered.of("ExternalSecret") if one.spec.get("target", {}).get("name", one.name) == name)
    return rendered.named("Secret", name) or next(made, None)


def _from(source: Mapping[str, Any], rendered: Rendered) -> Iterator[Supplied]:
    if "configMapRef" in source:
        config = rendered.named("ConfigMap", source["configMapRef"]["name"])
        values = config.body.get("data", {}) if config else {}
        yield from (Supplied(name, value, config) for name, value in values.items() if config)
    if "secretRef" in source and (kept := secret(source["secretRef"]["name"], rendered)):
        yield from (Supplied(name, None, kept) for name in keys(kept))


def _files(pod: Pod, container: Mapping[str, Any], rendered: Rendered) -> Iterator[Supplied]:
    """The secret that is mounted where HAETAE_SECRETS_DIR looks."""
    mounted = {mount["name"] for mount in container.get("volumeMounts", ()) if mount["mountPath"].endswith("/secrets")}
    for volume in pod.spec.get("volumes", ()):
        if volume["name"] in mounted and (kept := secret(volume.get("secret", {}).get("secretName", ""), rendered)):
            yield from (Supplied(name.upper(), None, kept) for name in keys(kept) if name.upper().startswith("HAETAE_"))
