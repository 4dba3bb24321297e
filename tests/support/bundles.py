"""A small sealed bundle, made of real parts: signatures, time stamps of local authorities, a web archive, a chain."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.authorities.answering import Asked, granted
from deploy.local.authorities.issuing import Signer, new_root, pem
from haetae_verify import container
from haetae_verify.canonical import canonical, digest, moment
from haetae_verify.chain import GENESIS, line_hash
from haetae_verify.readme import readme
from haetae_verify.signed import sign
from shared.clock import ManualClock

CASE = "0192f0c1-2d3e-4f50-8a6b-7c8d9e0f1a2b"
URL = "http://harbour-board.en.test/post/41"
TEXT = "The lantern parcel waits at gate seven."
AT = ManualClock().now()
AUTHORITIES = ("local-a", "local-b")
Files = dict[str, bytes]
Json = dict[str, Any]


@dataclass(frozen=True)
class Agency:
    """Who seals and stamps: a key and two authorities with roots of their own."""

    key: Ed25519PrivateKey
    signers: Mapping[str, Signer]

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    def roots(self) -> bytes:
        return b"".join(pem(signer.root.certificate) for signer in self.signers.values())


def agency() -> Agency:
    return Agency(
        Ed25519PrivateKey.generate(), {name: new_root(f"Root of {name}", AT).signer(AT) for name in AUTHORITIES}
    )


def stamp(signer: Signer, data: bytes, at: datetime) -> bytes:
    return granted(Asked("sha256", hashlib.sha256(data).digest(), None, True), signer, at)


def wacz(changed: Callable[[Files], Files] = lambda files: files) -> bytes:
    """A web archive with its lists; `changed` spoils its files once they are listed."""
    files = {"archive/data.warc.gz": b"WARC/1.1 " + TEXT.encode(), "pages/pages.jsonl": b"{}\n"}
    listed = [
        {"name": name.split("/")[1], "path": name, "hash": f"sha256:{digest(data)}", "bytes": len(data)}
        for name, data in files.items()
    ]
    package = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": listed}).encode()
    said = {"path": "datapackage.json", "hash": f"sha256:{digest(package)}"}
    whole = {**files, "datapackage.json": package, "datapackage-digest.json": json.dumps(said).encode()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in changed(whole).items():
            made.writestr(zipfile.ZipInfo(name), data)  # of no date: made again it has the same bytes
    return out.getvalue()


def manifest(evidence: Files, **more: Any) -> bytes:
    objects = [
        {
            "name": name,
            "sha256": digest(data),
            "bytes": len(data),
            "media_type": "application/octet-stream",
            "kept": True,
        }
        for name, data in sorted(evidence.items())
    ]
    return canonical(
        {
            "format": "haetae-evidence/2",
            "case_id": CASE,
            "url": URL,
            "site": "harbour-board.en.test",
            "found": {},
            "mode": "full",
            "started_at": moment(AT),
            "finished_at": moment(AT + timedelta(seconds=1)),
            "software": "Haetae 0.1.0",
            "steps": [
                {"name": "document", "outcome": "done", "failure": "", "object": "step-document.json"},
                {"name": "rdap", "outcome": "failed", "failure": "no answer", "object": "step-rdap.json"},
            ],
            "objects": objects,
            "pictures": [],
            **more,
        }
    )


def chain(*lines: tuple[str, Json]) -> list[Json]:
    made: list[Json] = []
    for number, (action, details) in enumerate(lines, 1):
        line = {
            "case_id": CASE,
            "seq": number,
            "at": moment(AT + timedelta(seconds=number)),
            "actor": "reviewer-7" if action == "exported" else "evidence",
            "action": action,
            "artifacts": [{"name": "text.txt", "sha256": digest(TEXT.encode())}],
            "details": details,
            "prev_hash": made[-1]["hash"] if made else GENESIS,
        }
        made.append({**line, "hash": line_hash(line)})
    return made


def evidence() -> Files:
    return {"page.wacz": wacz(), "text.txt": TEXT.encode(), "step-document.json": b"{}", "step-rdap.json": b"{}"}


def parts(agency: Agency) -> Files:
    """Every file of a bundle but `bundle.json`: sealed, stamped by both authorities, one stamp renewed."""
    sealed_at = AT + timedelta(seconds=2)
    listed = manifest(evidence())
    seal = sign(
        {"format": "haetae-seal/1", "case_id": CASE, "manifest_sha256": digest(listed), "sealed_at": moment(sealed_at)},
        agency.key,
    )
    stamps: list[Json] = []
    files: Files = {"seal.json": seal}
    for number, (authority, covers) in enumerate(
        (("local-a", "seal.json"), ("local-b", "seal.json"), ("local-a", "stamp-1.tsr")), 1
    ):
        at = sealed_at + timedelta(hours=number)
        file = f"stamp-{number}.tsr"
        files[file] = stamp(agency.signers[authority], files[covers], at)
        stamps.append({"number": number, "authority": authority, "covers": covers, "file": file, "at": moment(at)})
    lines = chain(
        ("collected", {}),
        ("sealed", {"manifest_sha256": digest(listed), "mode": "full"}),
        ("stamped", {"authority": "local-a"}),
        ("exported", {"why": "police"}),
    )
    return {
        **files,
        "README.txt": readme(CASE, sealed_at),
        "manifest.json": listed,
        "stamps.json": canonical({"format": "haetae-stamps/1", "case_id": CASE, "stamps": stamps}),
        **{f"authority-{name}.pem": pem(signer.root.certificate) for name, signer in agency.signers.items()},
        "custody.json": canonical({"format": "haetae-custody/1", "case_id": CASE, "lines": lines}),
        "report.pdf": b"%PDF-1.7 a stand-in for the report",
        **{f"evidence/{name}": data for name, data in evidence().items()},
    }


def listed(files: Files, key: Ed25519PrivateKey, /, **more: Any) -> Files:
    """The files and their `bundle.json`, signed with the key; `more` replaces its fields."""
    lines = json.loads(files["custody.json"]).get("lines", [])
    about = {
        "format": "haetae-bundle/1",
        "case_id": CASE,
        "made_at": moment(AT + timedelta(days=1)),
        "made_by": "reviewer-7",
        "why": "police",
        "basis": "the law",
        "manifest_sha256": digest(files["manifest.json"]),
        "custody": {"length": len(lines), "head": lines[-1]["hash"] if lines else GENESIS},
        "public_keys": [{"public_key": key.public_key().public_bytes_raw().hex(), "since": moment(AT), "until": None}],
        "files": [entry(name, data) for name, data in sorted(files.items())],
        **more,
    }
    return {**files, "bundle.json": sign(about, key)}


def entry(name: str, data: bytes) -> Json:
    return {"name": name, "sha256": digest(data), "bytes": len(data)}


def bundle(agency: Agency) -> bytes:
    return container.write(listed(parts(agency), agency.key))
