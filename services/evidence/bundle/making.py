"""A bundle: everything of a case that a court or the police needs, in one file that checks itself (docs/bundle.md)."""

import asyncio
import io
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.canonical import canonical, digest, moment
from haetae_verify.container import Writer, ordered
from haetae_verify.readme import readme
from haetae_verify.signed import sign
from services.evidence.bundle import reading
from services.evidence.bundle.contents import Contents, Json, Office
from services.evidence.bundle.facts import bundle_name, report
from services.evidence.bundle.picture import NAMES, drawing
from services.evidence.bundle.reading import Sealed
from services.evidence.bundle.report import draw
from services.evidence.orders.store import Order
from shared.database import Database
from shared.events import Artifact
from shared.failures import Rejected
from shared.objects.exports import PART_BYTES, Exports
from shared.objects.vault import Vault

FORMAT, STAMPS_FORMAT, CUSTODY_FORMAT = "haetae-bundle/1", "haetae-stamps/1", "haetae-custody/1"
BUNDLE, MANIFEST, SEAL, EVIDENCE = "bundle.json", "manifest.json", "seal.json", "evidence/"
# In memory as a whole while it is made. A capture's budgets leave it at a fifth of that; what is larger was not made by
# a capture of ours, and must not take the service down.
MAX_BYTES = 512 * 1024 * 1024


async def make(
    database: Database, vault: Vault, exports: Exports, signer: Ed25519PrivateKey, order: Order, *, office: Office
) -> dict[str, Any]:
    """Makes the bundle and leaves it with the exports: {name, sha256, bytes, parts}. May be called again for the same
    order: custody tells of it once. Raises `Rejected` where there is nothing to bundle, `Transient`."""
    manifest_sha256, manifest = await reading.manifest_of(database, vault, order.case_id)
    listed = reading.parsed(manifest)
    kept = [item for item in listed["objects"] if item["kept"]]
    if (size := sum(item["bytes"] for item in kept)) > MAX_BYTES:
        raise Rejected(f"the evidence of case {order.case_id} has {size:,} bytes; a bundle may have {MAX_BYTES:,}")
    artifacts = [Artifact(name=item["name"], sha256=item["sha256"]) for item in kept]
    sealed = await reading.export(database, order, manifest_sha256, artifacts)
    contents = await reading.contents(vault, listed, manifest_sha256, sealed)
    picture = await drawn_page(vault, contents)
    pdf = await asyncio.to_thread(lambda: draw(report(contents, office, picture), contents.order.at))
    files = {**documents(contents, sealed), MANIFEST: manifest, "report.pdf": pdf}
    data = await packed(vault, contents, files, description(contents, sealed, files, signer))
    await exports.put(order.case_id, order.order_id, data)
    return {
        "name": bundle_name(order.case_id),
        "sha256": await asyncio.to_thread(lambda: sha256(data).hexdigest()),
        "bytes": len(data),
        "parts": -(-len(data) // PART_BYTES),
    }


async def drawn_page(vault: Vault, contents: Contents) -> str:
    kept = {item["name"]: item for item in contents.kept}
    for name in NAMES:
        if name in kept:
            data = await vault.get(contents.order.case_id, kept[name]["sha256"])
            if picture := await asyncio.to_thread(drawing, name, data):
                return picture
    return ""


def documents(contents: Contents, sealed: Sealed) -> dict[str, bytes]:
    """The small files that say what holds of the evidence, by name."""
    case_id = str(contents.order.case_id)
    stamps = [
        {"number": one.number, "authority": one.authority, "covers": one.covers, "file": one.file, "at": moment(one.at)}
        for one in sealed.stamps
    ]
    return {
        "README.txt": readme(case_id, contents.order.at),
        SEAL: sealed.seal,
        "stamps.json": canonical({"format": STAMPS_FORMAT, "case_id": case_id, "stamps": stamps}),
        "custody.json": canonical({"format": CUSTODY_FORMAT, "case_id": case_id, "lines": sealed.custody}),
        **{one.file: one.response for one in sealed.stamps},
        **{f"authority-{name}.pem": pem for name, pem in sealed.roots.items()},
        **({"seal.json.ots": sealed.proof} if sealed.proof else {}),
    }


def description(contents: Contents, sealed: Sealed, files: Mapping[str, bytes], signer: Ed25519PrivateKey) -> bytes:
    """bundle.json: who made it, why, and the digest of every other file; signed."""
    order = contents.order
    of_files = [{"name": name, "sha256": digest(data), "bytes": len(data)} for name, data in files.items()]
    of_evidence = [
        {"name": EVIDENCE + item["name"], "sha256": item["sha256"], "bytes": item["bytes"]} for item in contents.kept
    ]
    document = {
        "format": FORMAT,
        "case_id": str(order.case_id),
        "made_at": moment(order.at),
        "made_by": order.by,
        "why": order.why,
        "basis": order.basis,
        "manifest_sha256": contents.manifest_sha256,
        "custody": {"length": len(sealed.custody), "head": sealed.custody[-1]["hash"]},
        "public_keys": sealed.public_keys,
        "files": sorted([*of_files, *of_evidence], key=lambda item: str(item["name"])),
    }
    return sign(document, signer)


async def packed(vault: Vault, contents: Contents, files: Mapping[str, bytes], description: bytes) -> bytes:
    """The container. Each object is read, checked by the vault against its digest, and let go of."""
    evidence = {EVIDENCE + item["name"]: item for item in contents.kept}
    out = io.BytesIO()
    writer = Writer(out)
    for name in ordered([*files, *evidence, BUNDLE]):
        if name in evidence:
            data = await _object(vault, contents, evidence[name])
        else:
            data = description if name == BUNDLE else files[name]
        await asyncio.to_thread(writer.add, name, data)
    writer.finish()
    return out.getvalue()


async def _object(vault: Vault, contents: Contents, item: Json) -> bytes:
    return await vault.get(contents.order.case_id, item["sha256"])
