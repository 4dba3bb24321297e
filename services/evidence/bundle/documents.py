"""The files of a bundle that say what holds of the evidence: seal, stamps, custody, the signed list of all (pure)."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify import bundle, custody, ots, stamps
from haetae_verify.canonical import canonical, digest, moment
from haetae_verify.readme import readme
from haetae_verify.signed import sign
from services.evidence.bundle.contents import Contents
from services.evidence.bundle.reading import Sealed


def documents(sealed: Sealed) -> dict[str, bytes]:
    """By name."""
    case_id = str(sealed.order.case_id)
    listed = [
        {
            "number": one.number,
            "authority": one.authority,
            "covers": one.covers,
            "file": one.file,
            "at": moment(one.at),
        }
        for one in sealed.stamps
    ]
    return {
        bundle.README: readme(case_id, sealed.order.at),
        stamps.SEAL: sealed.seal,
        stamps.NAME: canonical({"format": stamps.FORMAT, "case_id": case_id, "stamps": listed}),
        custody.NAME: canonical({"format": custody.FORMAT, "case_id": case_id, "lines": sealed.custody}),
        **{one.file: one.response for one in sealed.stamps},
        **{stamps.root_name(name): pem for name, pem in sealed.roots.items()},
        **({ots.NAME: sealed.proof} if sealed.proof else {}),
    }


def description(contents: Contents, sealed: Sealed, files: Mapping[str, bytes], signer: Ed25519PrivateKey) -> bytes:
    """bundle.json: who made it, why, and the digest of every other file; signed. `files`: those beside the evidence."""
    order = sealed.order
    of_files = [{"name": name, "sha256": digest(data), "bytes": len(data)} for name, data in files.items()]
    of_evidence = [
        {"name": bundle.EVIDENCE + item["name"], "sha256": item["sha256"], "bytes": item["bytes"]}
        for item in contents.kept
    ]
    document = {
        "format": bundle.FORMAT,
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
