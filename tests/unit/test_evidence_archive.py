"""The archive is read back by warcio as what was received."""

import io

from warcio.archiveiterator import ArchiveIterator

from haetae_verify.canonical import digest
from services.evidence.archive.warc import archive, request_line
from tests.support.captures import captured
from tests.support.pages import picture


def records():
    stream = ArchiveIterator(io.BytesIO(archive(captured(), "Haetae test")), check_digests="raise")
    return [(record, record.raw_stream.read()) for record in stream]


def test_every_exchange_is_a_response_with_its_request():
    kinds = [record.rec_type for record, _ in records()]
    assert kinds == ["warcinfo", "response", "request", "response", "request"]


def test_a_response_is_what_was_received():
    (_, _, _, (record, body), _) = records()
    assert body == picture()
    assert record.rec_headers.get_header("WARC-Target-URI") == "http://harbour-board.en.test/post/41.jpg"
    assert record.rec_headers.get_header("WARC-Payload-Digest") == f"sha256:{digest(picture())}"
    assert record.rec_headers.get_header("WARC-IP-Address") == "127.77.0.3"
    assert record.rec_headers.get_header("WARC-Date") == "2026-11-22T09:00:01.000000Z"
    assert record.http_headers.get_statuscode() == "200"
    assert record.http_headers.get_header("content-type") == "image/jpeg"


def test_headers_about_the_transfer_do_not_describe_the_unpacked_body():
    (_, (page, body), (request, _), *_) = records()
    assert page.http_headers.get_header("content-encoding") is None
    assert page.http_headers.get_header("X-Archive-Orig-content-encoding") == "gzip"
    assert page.http_headers.get_header("content-length") == str(len(body))
    assert request.http_headers.get_header("host") == "harbour-board.en.test"


def test_the_request_line_keeps_the_query():
    assert request_line("http://h.test/a%20b?x=1&y=") == "GET /a%20b?x=1&y= HTTP/1.1"
    assert request_line("http://h.test") == "GET / HTTP/1.1"
