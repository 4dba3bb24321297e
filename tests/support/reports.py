"""What a bundle is made of, in harmless parts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from haetae_verify.canonical import digest, moment
from haetae_verify.chain import GENESIS, line_hash
from services.evidence.bundle.contents import Contents, Office, Order, Stamped
from shared.identity import case_id

AT = datetime(2026, 11, 22, 9, 0, 1, 123_000, tzinfo=UTC)
URL = "https://harbour-board.en.test/post/41"
OFFICE = Office("견본 디지털성범죄피해자지원센터", "Sample Victim Support Centre", ZoneInfo("Asia/Seoul"))
STEPS = (
    "document", "render", "screenshots", "layout", "second", "tls", "dns", "rdap", "media", "compare", "archive",
    "conditions",
)  # fmt: skip


def manifest(url: str = URL, mode: str = "full", **more: Any) -> dict[str, Any]:
    names = ["page.wacz", "page.html", "text.txt", "screenshot.jpg", "screenshot-redacted.jpg", "layout.svg"]
    names += [f"step-{name}.json" for name in STEPS]
    return {
        "format": "haetae-evidence/2",
        "case_id": str(case_id(url)),
        "url": url,
        "site": "harbour-board.en.test",
        "found": {"found_at": moment(AT - timedelta(seconds=3))},
        "assessed": {
            "flagged_at": moment(AT - timedelta(seconds=1)),
            "category": "known_content",
            "risk_permille": 970,
            "reasons": [
                {"code": "known-picture", "weight_permille": 900},
                {"code": "text-model", "weight_permille": 310},
            ],
            "matches": [{"algorithm": "pdq", "distance": 12, "variant": "original"}],
        },
        "mode": mode,
        "started_at": moment(AT),
        "finished_at": moment(AT + timedelta(seconds=1)),
        "software": "Haetae 0.1.0",
        "steps": [{"name": name, "outcome": "done", "failure": "", "object": f"step-{name}.json"} for name in STEPS],
        "objects": [
            {
                "name": name,
                "sha256": digest(name.encode()),
                "bytes": len(name),
                "media_type": "text/plain",
                "kept": True,
            }
            for name in sorted(names)
        ],
        "pictures": [],
        **more,
    }


def custody_lines(case: str, *told: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for seq, (actor, action, details) in enumerate(told, start=1):
        line = {
            "case_id": case,
            "seq": seq,
            "at": moment(AT + timedelta(minutes=seq)),
            "actor": actor,
            "action": action,
            "artifacts": [],
            "details": details,
            "prev_hash": lines[-1]["hash"] if lines else GENESIS,
        }
        lines.append({**line, "hash": line_hash(line)})
    return lines


def contents(url: str = URL, *, why: str = "asked for by the police", facts: Any = None, **more: Any) -> Contents:
    listed = manifest(url, **more)
    told = (
        ("evidence", "collected", {}),
        ("evidence", "sealed", {}),
        ("evidence", "stamped", {"authority": "harbour"}),
        ("official-1", "viewed", {"why": "review"}),
        ("official-2", "exported", {"why": why}),
    )
    return Contents(
        order=Order(case_id(url), "official-2", why, "견본법 제1조", AT + timedelta(minutes=5)),
        manifest=listed,
        manifest_sha256=digest(b"manifest"),
        seal={"public_key": "ab" * 32, "sealed_at": moment(AT + timedelta(seconds=2))},
        stamps=(
            Stamped(1, "harbour", "seal.json", b"", AT + timedelta(seconds=2)),
            Stamped(2, "lighthouse", "seal.json", b"", AT + timedelta(seconds=2)),
        ),
        custody=custody_lines(listed["case_id"], *told),
        steps=facts if facts is not None else {},
    )
