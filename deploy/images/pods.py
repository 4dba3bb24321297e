"""A pod of deploy/k8s as one container of podman: its command, settings, secrets, volumes and limits of rights."""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.images.engine import SHUT
from deploy.verify.environment import environment, keys, secret
from deploy.verify.pods import Pod
from deploy.verify.pods import pods as of
from deploy.verify.rendering import Rendered


def pod_of(image: str, rendered: Rendered) -> Pod:
    """The pod that starts this image; the migrations' job for `cli`."""
    return next(pod for pod in of(rendered) if _image(pod) == image)


def options(pod: Pod, rendered: Rendered, folder: Path) -> list[str]:
    """Of `podman run`, as the manifest says them; secrets and certificates are written below `folder`."""
    context = pod.spec["securityContext"]
    words = [*SHUT, f"--user={context['runAsUser']}:{context['runAsGroup']}"]
    words += [f"--env={one.name}={one.value}" for one in environment(pod, rendered).values() if one.value is not None]
    words += [f"--env={name}={value}" for name, value in _from_secrets(pod, rendered)]
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", ())}
    for mount in _container(pod)["volumeMounts"]:
        words.append(_mounted(mount["mountPath"], volumes[mount["name"]], rendered, folder / mount["name"]))
    return words


def command(pod: Pod) -> list[str]:
    return list(_container(pod)["args"])


def grace_seconds(pod: Pod) -> int:
    """How long the kubelet waits after the signal: the wait before it counts too."""
    wait = _container(pod)["lifecycle"]["preStop"]["sleep"]["seconds"]
    return int(pod.spec["terminationGracePeriodSeconds"]) - int(wait)


def own_profile(pod: Pod) -> bool:
    """Whether it asks for calls that the run time's default forbids: a pod that starts Chromium does."""
    context = {**pod.spec["securityContext"], **_container(pod)["securityContext"]}
    return bool(context["seccompProfile"]["type"] == "Localhost")


def _mounted(path: str, volume: Mapping[str, Any], rendered: Rendered, folder: Path) -> str:
    if "emptyDir" in volume:
        size = (volume["emptyDir"] or {}).get("sizeLimit", "64Mi").removesuffix("i").lower()
        return f"--tmpfs={path}:rw,noexec,nosuid,nodev,mode=1777,size={size}"
    folder.mkdir(parents=True)
    for name, content in _files(volume, rendered):
        (folder / name).write_bytes(content)
    return f"--volume={folder}:{path}:ro"


def _from_secrets(pod: Pod, rendered: Rendered) -> Iterator[tuple[str, str]]:
    for one in _container(pod).get("env", ()):
        asked = one.get("valueFrom", {}).get("secretKeyRef")
        if asked and (made := secret(asked["name"], rendered)):
            yield one["name"], base64.b64decode(keys(made)[asked["key"]]).decode()


def _files(volume: Mapping[str, Any], rendered: Rendered) -> Iterator[tuple[str, bytes]]:
    """Of a secret that an overlay writes, its values; of one that an operator would make, a certificate's parts."""
    if "secret" not in volume:
        return
    made = secret(volume["secret"]["secretName"], rendered)
    if made is not None:
        yield from ((name, base64.b64decode(value)) for name, value in keys(made).items())
        return
    certificate, key = _identity()
    for item in volume["secret"]["items"]:
        yield item["path"], key if item["path"].endswith(".key") else certificate


def _identity() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smoke.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
    certificate = made.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _container(pod: Pod) -> Mapping[str, Any]:
    container: Mapping[str, Any] = pod.spec["containers"][0]
    return container


def _image(pod: Pod) -> str:
    return str(_container(pod)["image"]).partition("@")[0].rpartition("/")[2].partition(":")[0]
