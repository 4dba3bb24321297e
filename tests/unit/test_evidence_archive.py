"""The archive is read back by warcio as what was received."""

import gzip
from argparse import Namespace
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta, timezone

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.checker import Checker

from haetae_verify.canonical import digest
from services.evidence.archive.fields import target
from services.evidence.archive.heads import request_head, response_head
from shared.net import Secured
from tests.support.archives import bodies, records, warc
from tests.support.captures import AT, exchange, exchanges
from tests.support.pages import picture

PAGE = "http://harbour-board.en.test/post/41"


def only(made):
    """The one response, its body, and its request."""
    _, (response, body), (request, _) = records(warc([made]))
    return response, body, request


def test_every_exchange_is_a_response_with_its_request():
    kinds = [record.rec_type for record, _ in records(warc(exchanges()))]
    assert kinds == ["warcinfo", "response", "request", "response", "request"]


def test_warcio_checks_it(tmp_path, capsys):
    file = tmp_path / "data.warc.gz"
    file.write_bytes(warc([*exchanges(), exchange(PAGE, picture())]))
    assert Checker(Namespace(inputs=[str(file)], verbose=True)).process_all() == 0
    assert capsys.readouterr().out.count("digest pass") == 6  # nothing passes for want of a digest; the revisit has one
    broken = bytearray(gzip.decompress(file.read_bytes()))
    broken[broken.index(b"lantern")] ^= 1
    (tmp_path / "broken.warc").write_bytes(broken)
    assert Checker(Namespace(inputs=[str(tmp_path / "broken.warc")], verbose=False)).process_all() == 1


def test_a_response_is_what_was_received():
    url = PAGE + ".jpg"
    record, body, _ = only(exchange(url, picture(), content_type="image/jpeg"))
    assert body == picture()
    assert record.rec_headers.get_header("WARC-Target-URI") == url
    assert record.rec_headers.get_header("WARC-Payload-Digest") == f"sha256:{digest(picture())}"
    assert record.rec_headers.get_header("WARC-IP-Address") == "127.77.0.3"
    assert record.rec_headers.get_header("WARC-Date") == "2026-11-22T09:00:01.000000Z"
    assert record.http_headers.get_statuscode() == "200"
    assert record.http_headers.get_header("content-type") == "image/jpeg"


def test_a_date_is_told_in_utc():
    seoul = AT.astimezone(timezone(timedelta(hours=9)))
    record, _, _ = only(replace(exchange(PAGE, b"x"), at=seoul))
    assert record.rec_headers.get_header("WARC-Date") == "2026-11-22T09:00:01.000000Z"


def test_headers_about_the_transfer_do_not_describe_the_unpacked_body():
    (page, body, request) = only(exchanges()[0])
    assert page.http_headers.get_header("content-encoding") is None
    assert page.http_headers.get_header("X-Archive-Orig-content-encoding") == "gzip"
    assert page.http_headers.get_header("content-length") == str(len(body))
    assert request.http_headers.get_header("host") == "harbour-board.en.test"


def test_repeated_headers_and_those_that_were_sent_stay_as_they_were():
    received = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "caf\xe9"))
    sent = (("User-Agent", "Chrome"), ("Accept-Encoding", "gzip, br"))
    made = replace(exchange(PAGE, b"x"), raw_headers=received, sent=sent)
    assert b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Name: caf\xe9\r\n" in gzip.decompress(warc([made]))
    _, _, request = only(made)
    assert request.http_headers.headers == [("Host", "harbour-board.en.test"), *sent]


def test_what_was_spoken_on_the_connection_is_told():
    tls = Secured("TLSv1.3", "TLS_AES_128_GCM_SHA256", "h2", (), ())
    record, _, _ = only(replace(exchange("https://h.test/", b"x"), http_version="HTTP/2", secured=tls))
    fields = [field for field in record.rec_headers.headers if field[0] in ("WARC-Protocol", "WARC-Cipher-Suite")]
    assert fields == [
        ("WARC-Protocol", "h2"),
        ("WARC-Protocol", "tls/1.3"),
        ("WARC-Cipher-Suite", "TLS_AES_128_GCM_SHA256"),
    ]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://h.test/a%20b?x=1&y=", b"GET /a%20b?x=1&y= HTTP/1.1\r\nHost: h.test\r\n"),
        ("http://h.test", b"GET / HTTP/1.1\r\nHost: h.test\r\n"),
        ("http://h.test?x", b"GET /?x HTTP/1.1\r\nHost: h.test\r\n"),
        ("http://user:word@xn--h-bga.test/x", b"GET /x HTTP/1.1\r\nHost: xn--h-bga.test\r\n"),
        ("http://h.test/x\r\n\r\nbody", b"GET /x%0D%0A%0D%0Abody HTTP/1.1\r\nHost: h.test\r\n"),
        ("http://h.test:8080/x#part", b"GET /x HTTP/1.1\r\nHost: h.test:8080\r\n"),
    ],
)
def test_the_request_line_is_what_went_over_the_wire(url, line):
    head = request_head(exchange(url, b""))
    head.compute_headers_buffer()
    assert head.headers_buff.startswith(line)


def test_a_body_that_comes_twice_is_written_once():
    first, again = exchange(PAGE, picture()), exchange(PAGE + "?again", picture(), content_type="image/jpeg")
    _, (one, _), _, (two, body), _ = records(warc([first, again]))
    assert (one.rec_type, two.rec_type, body) == ("response", "revisit", b"")
    assert two.rec_headers.get_header("WARC-Payload-Digest") == f"sha256:{digest(picture())}"
    assert two.rec_headers.get_header("WARC-Refers-To") == one.rec_headers.get_header("WARC-Record-ID")
    assert two.rec_headers.get_header("WARC-Refers-To-Target-URI") == PAGE
    assert two.http_headers.get_header("content-type") == "image/jpeg"


def test_bodies_beyond_the_bound_are_said_to_be_missing():
    _, (kept, _), _, (cut, body), _ = records(warc([exchange(PAGE, b"x" * 900), exchange(PAGE, b"y" * 900)], most=1800))
    assert kept.rec_headers.get_header("WARC-Truncated") is None
    assert (cut.rec_headers.get_header("WARC-Truncated"), body) == ("length", b"")


def test_a_body_of_which_only_the_beginning_was_taken_says_so():
    record, body, _ = only(replace(exchange(PAGE, b"beginning"), cut=True))
    assert (record.rec_headers.get_header("WARC-Truncated"), body) == ("length", b"beginning")


@pytest.mark.parametrize("status", [204, 206, 301, 304, 404, 599])
def test_answers_of_every_kind_without_a_body(status):
    record, body, _ = only(exchange(PAGE, b"", status, content_length="120", transfer_encoding="chunked"))
    assert (record.http_headers.get_statuscode(), body) == (str(status), b"")
    assert record.http_headers.get_header("content-length") == "0"


def test_the_same_capture_gives_the_same_bytes():
    assert warc(exchanges()) == warc(exchanges())


FORGED = [("Server", "a\r\nX-Forged: b\r\n\r\nbody"), ("a: b\r\nX-Forged", "c"), ("", ""), ("\t x", "\n")]
latin = st.text(st.characters(max_codepoint=255), max_size=40)
fields = st.lists(st.tuples(latin, latin), min_size=1, max_size=4)


@settings(max_examples=60)
@example(received=FORGED, sent=FORGED, body=b"x", status=200)
@given(received=fields, sent=fields, body=st.binary(max_size=3000), status=st.integers(100, 999))
def test_whatever_a_server_says_one_field_stays_one_field(received, sent, body, status):
    made = replace(exchange(PAGE, body, status), raw_headers=tuple(received), sent=tuple(sent))
    found = records(warc([made, exchange(PAGE + "/after", b"after")]))
    (response, kept), (request, nothing), (_, after) = found[1:4]
    assert (kept, nothing, after) == (body, b"", b"after")
    assert response.http_headers.get_statuscode() == str(status)
    for head, told in ((response_head(made), received), (request_head(made), sent)):
        head.compute_headers_buffer()
        assert head.headers_buff.count(b"\n") == head.headers_buff.count(b"\r") == len(told) + 3
    assert len(response.http_headers.headers) == len(received) + 1
    assert len(request.http_headers.headers) == len(sent) + 1
    assert "X-Forged" not in response.http_headers


def test_an_address_stays_in_its_field():
    assert (
        target("http://h.test/a b\r\nWARC-Type: x?\ud800é#part") == "http://h.test/a%20b%0D%0AWARC-Type:%20x?%3F%C3%A9"
    )


@settings(max_examples=60)
@given(path=st.text(max_size=30), query=st.text(max_size=30))
def test_whatever_the_address_the_records_stay_apart(path, query):
    with suppress(httpx.InvalidURL):
        url = str(httpx.URL(f"http://h.test/{path}?{query}"))
        found = records(warc([exchange(url, b"x"), exchange(PAGE, b"after")]))
        assert [body for _, body in found[1:]] == [b"x", b"", b"after", b""]
        assert found[1][0].rec_headers.get_header("WARC-Target-URI") == target(url)


def test_a_very_long_address_is_kept_whole():
    url = "http://h.test/" + "%22" * 60_000  # longer than httpx takes: it was shorter before it was encoded
    assert bodies(warc([exchange(url, b"x")])) == {url: b"x"}
