"""The services as processes: how each is started, and how one knows that it is ready."""

import sys
from collections.abc import Mapping, Sequence

from deploy.local import probes
from deploy.local.process import ProcessSpec

DRAIN_S = 10.0  # a supervised service has that long to finish what it holds
READY_S = 180.0  # a service that is started while a server is away waits for it
RESTARTS = 20  # in a row: a server of the stack may be away for a minute


def service_process(
    name: str, env: Mapping[str, str], ops_port: int, needs: Sequence[str] = (), through: Sequence[str] = ()
) -> ProcessSpec:
    """`needs`: processes that stop after it, so that it can finish what it holds. `through`: a module that runs it."""
    settings = {
        **env,
        "HAETAE_OPS_PORT": str(ops_port),
        "HAETAE_DRAIN_SECONDS": str(DRAIN_S),
        # One thread a process: two cores are shared by a dozen processes, and libraries start a thread a core each.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", *through, f"services.{name}"),
        ready=probes.http(ops_port, "/readyz"),
        needs=tuple(needs),
        env=settings,
        grace_seconds=DRAIN_S + 5,
        ready_seconds=READY_S,
        restarts=RESTARTS,
    )
