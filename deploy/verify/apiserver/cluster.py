"""etcd, API server, controllers and scheduler as processes of this machine, on ports of loopback, in one folder."""

import json
import random
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.ports import Ports
from deploy.verify.apiserver.client import Client, until
from deploy.verify.rendering import ROOT

BUILT = ROOT / "var/apiserver/bin"
READY_SECONDS = 120  # takes 11 on a quiet machine
STOP_SECONDS = 20
PORTS = (23790, 23800, 26443)
# What a rollout takes. Those of garbage, tokens and clouds have nothing to do here.
CONTROLLERS = (
    "deployment", "replicaset", "job", "disruption", "endpoint", "serviceaccount", "serviceaccount-token",
    "persistentvolume-binder",
)  # fmt: skip


@contextmanager
def running(folder: Path) -> Iterator[Client]:
    """Stops all of it at the end. Raises TimeoutError with the last lines of the API server's log."""
    ports = Ports(random.SystemRandom())
    store, peers, port = (ports.claim([preferred]) for preferred in PORTS)
    token, key = secrets.token_urlsafe(32), folder / "accounts.pem"
    _private(folder / "tokens.csv", f"{token},admin,admin,system:masters\n")
    _private(key, _key())
    place = f"https://127.0.0.1:{port}"
    config = folder / "admin.conf"
    with ExitStack() as running:
        running.enter_context(_process(folder, "etcd", _etcd(folder, store, peers)))
        running.enter_context(_process(folder, "kube-apiserver", _apiserver(folder, store, port, key)))
        client = running.enter_context(Client(place, token, folder / "certificates/apiserver.crt"))
        try:
            until(client.ready, READY_SECONDS, "the API server is ready")
        except TimeoutError:
            raise TimeoutError("\n".join(_log(folder, "kube-apiserver").read_text().splitlines()[-20:])) from None
        _private(config, json.dumps(_config(place, token, folder / "certificates/apiserver.crt")))
        common = ["--kubeconfig", str(config), "--leader-elect=false", "--port=0", "--secure-port=0"]
        accounts = [f"--controllers={','.join(CONTROLLERS)}", f"--service-account-private-key-file={key}"]
        manager = [str(BUILT / "kube-controller-manager"), *common, *accounts]
        running.enter_context(_process(folder, "controllers", manager))
        running.enter_context(_process(folder, "scheduler", [str(BUILT / "kube-scheduler"), *common]))
        yield client


def _etcd(folder: Path, store: int, peers: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
    listens = ["--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer]
    one = ["--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    return ["etcd", "--data-dir", str(folder / "etcd"), *listens, *one]


def _apiserver(folder: Path, store: int, port: int, key: Path) -> list[str]:
    return [
        str(BUILT / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        # Its own address as an endpoint: loopback may not be one, and no pod here asks.
        "--endpoint-reconciler-type=none",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=198.51.100.0/24",
    ]


def _config(place: str, token: str, authority: Path) -> dict[str, object]:
    """A kubeconfig, which is YAML and so may be JSON."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": place, "certificate-authority": str(authority)}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
        "current-context": "here",
    }


def _key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


@contextmanager
def _process(folder: Path, name: str, command: Sequence[str]) -> Iterator[None]:
    with _log(folder, name).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603  # our words
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
