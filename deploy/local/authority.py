"""Two local time-stamp authorities as a part of the stack. Their certificates are made before they are told of."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.authorities.issuing import ROOT, kept
from deploy.local.home import Home, write_private
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK, http
from deploy.local.process import ProcessSpec

PREFERRED_PORT = 25318
NAMES = ("local-a", "local-b")
PROJECT = Path(__file__).resolve().parents[2]


def authority(home: Home, claim: Claim) -> Part:
    port, folder = claim("authority", PREFERRED_PORT), home.folder("authority")
    for name in NAMES:
        kept(folder / name, f"Haetae local authority {name}", datetime.now(UTC))
    file = folder / "authorities.toml"
    write_private(file, "\n".join(entry(name, port, folder) for name in NAMES))
    spec = ProcessSpec(
        name="authority",
        command=[
            sys.executable, "-m", "deploy.local.authorities", "--port", str(port), "--folder", folder, *NAMES
        ],
        ready=http(port, "/health"),
        cwd=PROJECT,
    )  # fmt: skip
    return Part(spec, {"HAETAE_STAMP_AUTHORITIES_FILE": str(file)})


def entry(name: str, port: int, folder: Path) -> str:
    url = f"http://{LOOPBACK}:{port}/{name}"
    # A JSON string is a TOML string: a folder's name may hold a quote or a backslash.
    return f'[[authority]]\nname = "{name}"\nurl = "{url}"\nca_file = {json.dumps(str(folder / name / ROOT))}\n'
