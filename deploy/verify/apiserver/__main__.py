"""`python -m deploy.verify.apiserver`: the overlays before a real API server. Exit status 1 for any finding."""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from subprocess import SubprocessError

from httpx import HTTPError

from deploy.verify.apiserver import cluster, nodes, rolling
from deploy.verify.apiserver.client import Client
from deploy.verify.apiserver.deployments import NotRolled
from deploy.verify.apiserver.faults import FAULTS
from deploy.verify.apiserver.judging import judge, since
from deploy.verify.planted.planting import planted
from deploy.verify.planted.trial import OVERLAY
from deploy.verify.rendering import NotRendered, Rendered, overlays, render
from deploy.verify.tools import check

# Written by build.sh: binaries built outside of its makefiles do not know their own.
VERSION = cluster.BUILT / "version"


def main() -> int:
    try:
        rendered = [render(overlay) for overlay in overlays()]
        with tempfile.TemporaryDirectory() as folder, cluster.running(Path(folder)) as client:
            return 1 if _all(client, rendered) else 0
    except (NotRendered, NotRolled, OSError, HTTPError, SubprocessError) as error:  # a TimeoutError is an OSError
        say(f"FAILED: {error}")
        return 1


def _all(client: Client, rendered: Sequence[Rendered]) -> int:
    say(f"API server, controllers and scheduler of Kubernetes {VERSION.read_text().strip()}")
    production = next(one for one in rendered if one.overlay == OVERLAY)
    for space in production.of("Namespace"):
        client.create(space.body)
    wrong = sum(_judged(client, one) for one in rendered) + _planted(client, production)
    nodes.join(client)
    with nodes.kubelet(client):
        found = list(rolling.roll(client, production, say))
    for finding in found:
        say(str(finding))
    say(f"{wrong + len(found)} findings")
    return wrong + len(found)


def _judged(client: Client, rendered: Rendered) -> int:
    judged = judge(client, rendered)
    for finding in judged.found:
        say(str(finding))
    say(f"{rendered.overlay}: {judged.asked} objects asked of it, {len(judged.found)} findings")
    beyond = ", ".join(f"{name} ({since(name)}) {count} times" for name, count in sorted(judged.beyond.items()))
    say(f"  newer than it, and not judged: {beyond or 'nothing'}")
    say(f"  kinds that it does not have: {_counted(judged.skipped)}")
    return len(judged.found)


def _planted(client: Client, production: Rendered) -> int:
    """How many faults the API server did not name; and what the schemas say of the same."""
    ill = {fault: planted(fault, production) for fault in FAULTS}
    seen_by_schemas = _schemas(ill.values())
    missed = 0
    for fault, (rendered, seen) in zip(FAULTS, zip(ill.values(), seen_by_schemas, strict=True), strict=True):
        found = judge(client, replace(rendered, things=rendered.things[-1:])).found
        said = next((one for one in found if fault.says in one.wrong), None)
        missed += said is None
        words = f"{said.wrong.partition(': ')[0]}: {fault.says}" if said else f"NOT FOUND: {found}"
        say(f"planted {fault.name} ({fault.thing}): {words} (schemas: {'found' if seen else 'silent'})")
    say(f"{len(FAULTS)} faults planted, {missed} not found; the schemas found {sum(seen_by_schemas)}")
    return missed


def _schemas(ill: Iterable[Rendered]) -> list[bool]:
    """`planted` puts what it changed last: that one alone is asked about."""
    return [bool(check("schemas", replace(one, things=one.things[-1:]))) for one in ill]


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
