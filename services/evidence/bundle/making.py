"""A bundle: everything of a case that a court or the police needs, in one file that checks itself (docs/bundle.md)."""

import asyncio
import io
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify import bundle
from haetae_verify import manifest as listing
from haetae_verify.container import Writer, ordered
from services.evidence.bundle import reading
from services.evidence.bundle.contents import Contents, Office
from services.evidence.bundle.documents import description, documents
from services.evidence.bundle.facts import bundle_name, report
from services.evidence.bundle.picture import NAMES, Shown, drawing
from services.evidence.bundle.report import draw
from services.evidence.orders.store import Order
from shared.database import Database
from shared.events import Artifact
from shared.failures import Rejected
from shared.objects.exports import PART_BYTES, Exports
from shared.objects.vault import Vault

# A bundle is in memory as a whole while it is made: making one of 160 MB took 1.3 times that. Sixteen originals of the
# vault's largest size fit; more must not take the service down.
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
    pdf = await asyncio.to_thread(lambda: draw(report(contents, office, picture), sealed.order.at))
    files = {**documents(sealed), listing.NAME: manifest, bundle.REPORT: pdf}
    data = await packed(vault, contents, {**files, bundle.NAME: description(contents, sealed, files, signer)})
    await exports.put(order.case_id, order.order_id, data)
    return {
        "name": bundle_name(order.case_id),
        "sha256": await asyncio.to_thread(lambda: sha256(data).hexdigest()),
        "bytes": len(data),
        "parts": -(-len(data) // PART_BYTES),
    }


async def drawn_page(vault: Vault, contents: Contents) -> Shown:
    kept = {item["name"]: item for item in contents.kept}
    for name, called in NAMES.items():
        if name in kept:
            data = await reading.file_of(vault, contents.order.case_id, name, kept[name]["sha256"])
            if svg := await asyncio.to_thread(drawing, name, data):
                return Shown(svg, called)
    return Shown()


async def packed(vault: Vault, contents: Contents, files: Mapping[str, bytes]) -> bytes:
    """The container. Each object of the evidence is read, checked by the vault against its digest, and let go of."""
    evidence = {bundle.EVIDENCE + item["name"]: item["sha256"] for item in contents.kept}
    out = io.BytesIO()
    writer = Writer(out)
    for name in ordered([*files, *evidence]):
        if name in files:
            data = files[name]
        else:
            data = await reading.file_of(vault, contents.order.case_id, name, evidence[name])
        await asyncio.to_thread(writer.add, name, data)
    writer.finish()
    return out.getvalue()
