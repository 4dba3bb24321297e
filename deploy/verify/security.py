"""Pod Security Standards, level `restricted`, on every pod; and what goes beyond: read-only root, no token, bounds.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.35)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, pods
from deploy.verify.rendering import Rendered

ENFORCE = "pod-security.kubernetes.io/enforce"
ALLOWED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"
}  # fmt: skip
OWN_PATHS = "let it write to an emptyDir, as /tmp"
HAVE = ("cpu", "memory", "ephemeral-storage")


def check(rendered: Rendered) -> Iterator[Finding]:
    for space in rendered.of("Namespace"):
        if space.labels.get(ENFORCE) != "restricted":
            yield space.finding("pods are not held to `restricted`", f"label it {ENFORCE}: restricted")
    for pod in pods(rendered):
        for wrong, cure in _of_pod(pod):
            yield pod.thing.finding(wrong, cure)
        for container in pod.containers:
            for wrong, cure in _of_container(pod, container):
                yield pod.thing.finding(f"container {container['name']}: {wrong}", cure)


def _of_pod(pod: Pod) -> Iterator[tuple[str, str]]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name):
            yield f"{name} shares the node with it", f"remove {name}"
    for volume in pod.spec.get("volumes", ()):
        if kinds := set(volume) - {"name"} - ALLOWED_VOLUMES:
            yield f"volume {volume['name']} is a {kinds.pop()}", "use emptyDir, secret, configMap or a claim"
        if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
            yield f"emptyDir {volume['name']} has no bound", "give it a sizeLimit"
    if pod.spec.get("automountServiceAccountToken") is not False:
        yield "it gets a token for the API server", "set automountServiceAccountToken: false"
    if pod.spec.get("serviceAccountName", "default") == "default":
        yield "it runs as the account `default`", "give it a ServiceAccount of its own"


def _of_container(pod: Pod, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    own, shared = container.get("securityContext") or {}, pod.spec.get("securityContext") or {}
    said = {**shared, **own}
    if said.get("runAsNonRoot") is not True or said.get("runAsUser") == 0:
        yield "may run as root", "set runAsNonRoot: true and runAsUser: 65532"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain rights", "set allowPrivilegeEscalation: false"
    if own.get("privileged"):
        yield "is privileged", "remove `privileged`"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield "keeps capabilities", "set capabilities: {drop: [ALL]}"
    profile = said.get("seccompProfile") or {}
    if profile.get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile", "set seccompProfile: {type: RuntimeDefault}"
    # An API server refuses the whole Deployment; schemas say nothing.
    if ("localhostProfile" in profile) != (profile.get("type") == "Localhost"):
        yield "names a seccomp profile of another type", "localhostProfile goes with type: Localhost, and only with it"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "can write to its image", f"set readOnlyRootFilesystem: true, and {OWN_PATHS}"
    if any("hostPort" in port for port in container.get("ports", ())):
        yield "takes a port of the node", "remove hostPort"
    resources = container.get("resources") or {}
    for kind in ("requests", "limits"):
        if missing := [name for name in HAVE if name not in (resources.get(kind) or {})]:
            yield f"{kind} says nothing of {', '.join(missing)}", f"say it in resources.{kind}"
