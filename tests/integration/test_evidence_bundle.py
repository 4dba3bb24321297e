"""A bundle of sealed evidence: the verifier accepts it, it tells of itself, and what cannot be bundled is said."""

import asyncio
import io
import tempfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from haetae_verify.bundle import check_bundle
from haetae_verify.canonical import digest
from haetae_verify.container import read
from haetae_verify.source import opened
from services.evidence.bundle import making, reading
from services.evidence.custody import lines
from services.evidence.domain import File
from services.evidence.seal.manifest import HASH_ONLY
from shared.clock import ManualClock
from shared.database import Database
from shared.failures import Rejected
from shared.identity import case_id
from tests.support.captures import evidence_settings
from tests.support.sealed import URL, WORDS, house
from tests.support.stamps import stampers


@pytest.fixture
async def at_home(migrated, tmp_path):
    clock = ManualClock()
    database = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    async with stampers(tmp_path / "authorities", clock) as authorities:
        settings = evidence_settings(stamp_authorities_file=authorities.file)
        async with house(tmp_path, database, settings, clock) as made:
            yield made
    await database.close()


def proof_of(data, keys=()):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.haetae.zip"
        path.write_bytes(data)
        with opened(path) as source:
            return check_bundle(source, keys)


async def test_a_bundle_holds_the_evidence_its_proof_and_its_own_line_of_custody(at_home):
    case = await at_home.seal()
    result, data = await at_home.bundle(at_home.order(case))
    proof = proof_of(data, {at_home.sealer.public_key})
    assert result == {"name": f"{case}.haetae.zip", "sha256": result["sha256"], "bytes": len(data), "parts": 1}
    assert (proof.case_id, proof.manifest.url, proof.made_by) == (str(case), URL, "official-2")
    assert [stamp.authority for stamp in proof.stamps] == ["local-a", "local-b"]
    assert proof.custody.actions == {"collected": 1, "sealed": 1, "stamped": 2, "exported": 1}
    files = read(data)
    assert files["evidence/text.txt"] == WORDS.encode()
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(files["report.pdf"])).pages)
    assert "asked for by the police" in text
    assert "TLS 인증서" in text
    assert "the server speaks no TLS" in text
    assert "lantern" not in text


async def test_an_order_tried_again_is_told_of_once(at_home):
    """The service was killed after the bundle was made, before it said so. What happened since is not in it."""
    order = at_home.order(await at_home.seal())
    first = await at_home.bundle(order)
    _, other = await at_home.bundle(at_home.order(order.case_id))
    assert first == await at_home.bundle(order)
    assert proof_of(other).custody.actions["exported"] == 2


async def test_processes_that_make_a_bundle_at_once_tell_of_it_once(at_home):
    order = at_home.order(await at_home.seal())
    manifest_sha256, _ = await reading.manifest_of(at_home.database, at_home.vault, order.case_id)
    await asyncio.gather(*(reading.export(at_home.database, order, manifest_sha256, []) for _ in range(3)))
    async with at_home.database.transaction() as tx:
        told = [line["action"] for line in await lines.read(tx, order.case_id)]
    assert told.count("exported") == 1


async def test_hash_only_evidence_has_a_bundle_without_content(at_home):
    _, data = await at_home.bundle(at_home.order(await at_home.seal(mode=HASH_ONLY)))
    assert proof_of(data).manifest.mode == HASH_ONLY
    assert {name for name in read(data) if name.startswith("evidence/")} == {
        f"evidence/{name}"
        for name in ("layout.svg", *(f"step-{step}.json" for step in
        ("document", "layout", "media", "render", "screenshots", "tls")))
    }  # fmt: skip
    assert WORDS.encode() not in data


async def test_what_cannot_be_bundled_is_refused_with_the_reason(at_home, monkeypatch):
    with pytest.raises(Rejected, match="no sealed evidence"):
        await at_home.bundle(at_home.order(case_id("https://nowhere.test/")))
    case = await at_home.seal()
    with monkeypatch.context() as small:
        small.setattr(making, "MAX_BYTES", 1_000)
        with pytest.raises(Rejected, match="a bundle may have 1,000"):
            await at_home.bundle(at_home.order(case))
    object_name = f"cases/{case}/{digest(WORDS.encode())}"
    sealed = await at_home.objects.get(object_name)
    await at_home.objects.put(object_name, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(Rejected, match=r"evidence/text\.txt .* is not as it was sealed"):
        await at_home.bundle(at_home.order(case))
    await at_home.objects.delete(object_name)
    with pytest.raises(Rejected, match=r"evidence/text\.txt .* is not in the store"):
        await at_home.bundle(at_home.order(case))
    await at_home.vault.destroy(case)
    with pytest.raises(Rejected, match=r"was destroyed.*haetae evidence certificate"):
        await at_home.bundle(at_home.order(case))


async def test_a_large_capture_comes_in_parts(at_home):
    video = File("video-1.mp4", bytes(range(256)) * 40_000, "video/mp4")
    order = at_home.order(await at_home.seal(more=(video,)))
    result, data = await at_home.bundle(order)
    assert result["parts"] == 2
    assert proof_of(data).files == len(read(data))
