"""What is known of the TLS of an answer: the certificates that the server sent, and those that were trusted."""

from pathlib import Path

from cryptography import x509
from cryptography.x509 import load_pem_x509_certificate

from shared.net import Fetcher, NetSettings
from tests.support.authority import Authority
from tests.support.h2_server import h2_server, page
from tests.support.raw_server import plain, raw_server


def settings(folder: Path, authority: Authority) -> NetSettings:
    (folder / "hosts").write_text("127.78.0.1 safe.test")
    return NetSettings(allowed_hosts_file=folder / "hosts", ca_file=authority.file)


async def test_every_answer_has_what_the_server_sent_and_what_was_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    root = load_pem_x509_certificate(authority.file.read_bytes())
    async with raw_server(tls=authority.server("safe.test")) as server, Fetcher(settings(tmp_path, authority)) as got:
        server.answers["/"] = plain(b"safe")
        first, again = [await got.get(f"https://safe.test:{server.port}/") for _ in range(2)]
    assert first.secured is not None
    (sent,) = first.secured.sent
    own = x509.load_der_x509_certificate(sent)
    assert own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    ) == ["safe.test"]
    assert [x509.load_der_x509_certificate(one) for one in first.secured.verified] == [own, root]
    assert (first.secured.version, first.secured.alpn) == ("TLSv1.3", None)
    assert again.secured is first.secured  # told once a connection


async def test_the_protocol_agreed_on_is_told(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        h2_server(authority.server("safe.test", alpn=("h2",))) as server,
        Fetcher(settings(tmp_path, authority)) as fetcher,
    ):
        server.answers["/"] = page(b"safe")
        fetched = await fetcher.get(f"https://safe.test:{server.port}/")
    assert fetched.secured is not None
    assert fetched.secured.alpn == "h2"


async def test_plain_http_has_none(tmp_path: Path) -> None:
    async with raw_server() as server, Fetcher(settings(tmp_path, Authority(tmp_path))) as fetcher:
        server.answers["/"] = plain(b"plain")
        assert (await fetcher.get(f"http://safe.test:{server.port}/")).secured is None
