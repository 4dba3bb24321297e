"""What is told of a server's certificates, those that a hostile one made among them."""

import ssl
from pathlib import Path

from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae_verify.canonical import canonical, digest
from services.evidence.capture.plan import PLAN
from services.evidence.capture.running import run
from services.evidence.capture.steps.tls import tls
from services.evidence.circumstances import certificates
from services.evidence.circumstances.certificates import MAX_SENT
from services.evidence.domain import Exchange
from shared.clock import ManualClock
from shared.net import Fetcher, Secured
from tests.support.authority import Authority
from tests.support.captures import AT, evidence_settings
from tests.support.circumstances import work
from tests.support.raw_server import plain, raw_server


async def test_the_chain_is_kept_as_it_was_sent_and_told(tmp_path: Path) -> None:
    """Of the page itself, as the plan's first step fetched it."""
    authority, hosts = Authority(tmp_path), tmp_path / "hosts"
    hosts.write_text("127.78.0.1 safe.test")
    options = evidence_settings(hosts, ca_file=authority.file)
    async with raw_server(tls=authority.server("safe.test", "also.test")) as server, Fetcher(options) as fetcher:
        server.answers["/"] = plain(b"safe")
        page = Exchange(f"https://safe.test:{server.port}/", 0, {}, {}, b"", "", AT)
        under_way = work(page, fetcher, options, ManualClock())
        await run([step for step in PLAN if step.name in ("document", "tls")], under_way)
    assert under_way.page.secured is not None
    (own,) = under_way.page.secured.sent
    made = under_way.done["tls"].made
    (file,) = made.files
    assert (file.name, file.content) == ("tls.pem", False)
    assert ssl.PEM_cert_to_DER_cert(file.data.decode()) == own
    (told,) = made.facts["sent"]
    assert told["sha256"] == digest(own)
    assert (told["subject"], told["issuer"], told["names"]) == (
        "CN=safe.test", "CN=Test authority", ["safe.test", "also.test"],
    )  # fmt: skip
    root = made.facts["root"]
    assert root["subject"] == "CN=Test authority"
    assert (made.facts["tls"], made.facts["verified"], made.facts["version"]) == (True, True, "TLSv1.3")
    canonical(made.facts)


async def test_a_page_without_tls_says_so(tmp_path: Path) -> None:
    options = evidence_settings()
    page = Exchange("http://plain.test/", 200, {}, {}, b"", "127.0.0.1", AT)
    async with Fetcher(options) as fetcher:
        made = await tls(work(page, fetcher, options, ManualClock()))
    assert (made.files, made.facts) == ((), {"tls": False})


def own(folder: Path) -> bytes:
    return x509.load_pem_x509_certificate(Authority(folder).file.read_bytes()).public_bytes(certificates.Encoding.DER)


def test_a_flood_of_certificates_is_cut_and_counted(tmp_path: Path) -> None:
    told = certificates.facts(Secured("TLSv1.2", "X", None, (own(tmp_path),) * 50, ()))
    assert told["sent_count"] == 50
    assert len(told["sent"]) == MAX_SENT
    assert (told["verified"], told["root"]) == (False, None)


def test_any_bytes_for_a_certificate_are_told_or_called_unreadable(tmp_path: Path) -> None:
    good = own(tmp_path)

    @settings(max_examples=60)
    @given(
        st.binary(max_size=40) | st.builds(flipped, st.just(good), st.integers(0, len(good) - 1), st.integers(1, 255))
    )
    def any_bytes(der: bytes) -> None:
        told = certificates.certificate(der)
        canonical(told)
        assert told["sha256"] == digest(der)

    any_bytes()
    assert certificates.certificate(b"nothing")["unreadable"] == ["certificate"]
    assert "unreadable" not in certificates.certificate(good)


def flipped(data: bytes, place: int, by: int) -> bytes:
    return data[:place] + bytes([data[place] ^ by]) + data[place + 1 :]
