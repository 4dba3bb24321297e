"""What the sandbox leaves in its home folder, for those who run against it."""

import csv
import io
import json
import os
from pathlib import Path

from sandbox import companies, registries, rooms
from sandbox.images import posted_file
from sandbox.known import LABELS
from sandbox.live import LiveWorld
from sandbox.model import Host, Picture, Transform
from sandbox.truth import Truth

_SITE_COLUMNS = (
    "url", "name", "kind", "language", "country", "abuse_email", "requests_per_second", "revisit_seconds",
)  # fmt: skip
_REQUESTS_PER_SECOND = 2
# A small board is looked at again every few seconds here: the run is minutes long, where reality has hours.
_REVISIT_SECONDS = {"board": 5, "chat": 5, "feed": 8, "gallery": 10}
READY = "ready"


def write_home(home: Path, live: LiveWorld, truth: Truth, port: int, control_port: int) -> None:
    """hosts, sites.csv, contacts.toml, rooms.jsonl, known/*.png and truth.json; `ready` last, when all is served."""
    known = home / "known"
    known.mkdir(parents=True, exist_ok=True)
    hosts = live.world.hosts
    named = [*((host.address, host.name) for host in hosts), (rooms.ADDRESS, rooms.HOST)]
    named.append((registries.ADDRESS, registries.HOST))
    _write(home / "hosts", "".join(f"{address} {name}\n" for address, name in named).encode())
    _write(home / "rooms.jsonl", json.dumps(rooms.site(port)).encode() + b"\n")
    _write(home / "sites.csv", _sites(hosts, port).encode())
    _write(home / "contacts.toml", companies.CONTACTS.read_bytes())
    for label in LABELS:
        _write(known / f"{label}.png", posted_file(Picture(label, known=True, transform=Transform.IDENTITY))[0])
    _write(home / "truth.json", _json(truth.as_json()))
    ready = {"port": port, "control_port": control_port, "control": f"http://127.0.0.1:{control_port}"}
    ready["rdap"] = registries.directory(port)
    _write(home / READY, _json({**ready, "pid": os.getpid(), "seed": live.world.seed, "scale": live.world.scale}))


def _sites(hosts: tuple[Host, ...], port: int) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(_SITE_COLUMNS)
    for host in hosts:
        row = (f"http://{host.name}:{port}/", host.title, host.kind, host.language, host.country, host.abuse_address)
        table.writerow((*row, _REQUESTS_PER_SECOND, _REVISIT_SECONDS[host.kind]))
    return out.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: readers wait for these files."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
