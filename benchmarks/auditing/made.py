"""A history as a file, as the gateway exports one: lines of many cases, a signed head for every minute of them."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.canonical import moment
from haetae_verify.heads import key_id, sign
from haetae_verify.history_rows import FORMAT
from haetae_verify.tree import Frontier, leaf
from services.gateway.audit import GENESIS, Action, next_line
from services.gateway.tree.exporting import line_row

A_HEAD = 600  # lines: a busy house's ten a second
LINES_A_CASE = 12
DETAILS = {"notices": ["a" * 64], "round": 0, "note": "the lantern parcel waits at gate seven"}
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def make(folder: Path, lines: int) -> tuple[Path, Path]:
    """The export, and the heads as somebody kept them."""
    key, chosen, frontier = Ed25519PrivateKey.generate(), random.Random(5), Frontier()
    ends: dict[int, tuple[int, str]] = {}
    public = key.public_key().public_bytes_raw()
    begin = {"format": FORMAT, "log": "bench", "size": lines, "complete": True, "made_by": "auditor-1",
             "made_at": moment(T0 + timedelta(days=365)),
             "keys": [{"key_id": key_id(public), "public_key": public.hex()}]}  # fmt: skip
    export, heads = folder / "history.jsonl", folder / "heads.jsonl"
    with export.open("wb") as file, heads.open("wb") as kept:
        file.write(json.dumps(begin).encode() + b"\n")
        for place in range(1, lines + 1):
            at = T0 + timedelta(milliseconds=100 * place)
            case = chosen.randrange(max(1, lines // LINES_A_CASE))
            seq, head = ends.get(case, (0, GENESIS))
            line = next_line(UUID(int=case + 1), seq, head, at=at, actor="reviewer-1", action=Action.APPROVED,
                             details=DETAILS)  # fmt: skip
            ends[case] = (line.seq, line.hash)
            frontier.add(leaf(bytes.fromhex(line.hash)))
            file.write(line_row(line))
            if place % A_HEAD == 0 or place == lines:
                signed = vars(sign("bench", place, frontier.root().hex(), at, key)) | {"signed_at": moment(at)}
                row = json.dumps({"head": signed}).encode() + b"\n"
                file.write(row)
                kept.write(row)
    return export, heads
