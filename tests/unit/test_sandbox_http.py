from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.http import MAX_BODY, BadRequest, parse_head
from sandbox.sockets import bind_all


def head(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def test_a_plain_request_is_understood() -> None:
    request, length, keep = parse_head(
        head("GET /post/1?view=print HTTP/1.1", "HOST: Maple.test:8080", "User-Agent: x")
    )
    assert (request.method, request.target, request.host, request.agent) == (
        "GET",
        "/post/1?view=print",
        "maple.test",
        "x",
    )
    assert (length, keep) == (0, True)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["nonsense"], 400),
        (["GET http://x.test/ HTTP/1.1", "Host: x"], 400),
        (["GET / HTTP/2", "Host: x"], 400),
        (["GET / HTTP/1.1"], 400),
        (["GET / HTTP/1.1", "Host: a", "Host: b"], 400),
        (["GET / HTTP/1.1", "Host : a"], 400),
        (["GET / HTTP/1.1", "Host: a", "no colon"], 400),
        (["GET /ü HTTP/1.1", "Host: a"], 400),
        (["POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"], 411),
        (["POST / HTTP/1.1", "Host: a", f"Content-Length: {MAX_BODY + 1}"], 413),
        (["POST / HTTP/1.1", "Host: a", "Content-Length: -1"], 413),
        (["POST / HTTP/1.1", "Host: a", "Content-Length: ²"], 413),
    ],
)
def test_bad_requests_are_refused_with_their_status(lines: list[str], status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(head(*lines))
    assert refused.value.status == status


@given(
    st.binary(max_size=200) | st.builds(lambda tail: b"GET / HTTP/1.1\r\nHost: a\r\n" + tail, st.binary(max_size=80))
)
def test_no_bytes_break_the_parser(data: bytes) -> None:
    try:
        request, length, _ = parse_head(data)
    except BadRequest:
        return
    assert request.host
    assert 0 <= length <= MAX_BODY


def test_http_1_0_and_close_end_the_connection() -> None:
    assert parse_head(head("GET / HTTP/1.0", "Host: a"))[2] is False
    assert parse_head(head("GET / HTTP/1.1", "Host: a", "Connection: Close"))[2] is False


def test_nothing_outside_loopback_is_bound() -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        bind_all(["0.0.0.0"], 0)


def test_a_taken_port_is_named_and_nothing_stays_bound() -> None:
    sockets, port = bind_all(["127.77.0.9"], 0)
    with pytest.raises(OSError, match=f"127.77.0.9:{port}"):
        bind_all(["127.77.0.8", "127.77.0.9"], port)
    sockets[0].close()
    for each in bind_all(["127.77.0.8", "127.77.0.9"], port)[0]:
        each.close()
