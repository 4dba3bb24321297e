"""Mails read from their bytes: whatever comes in, something bounded comes out, or it is said to be unreadable."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.inbox.letter import MAX_TEXT, Unreadable, read
from services.notifier.inbox.speaking import authenticated, related

NAMES = st.sampled_from(
    ["From", "Subject", "Message-ID", "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding"]
)
VALUES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b'multipart/report; report-type=delivery-status; boundary="b"',
            b"multipart/mixed; boundary=b",
            b"message/delivery-status",
            b"text/html; charset=utf-16",
            b"base64",
            b"MAILER-DAEMON@x.test",
        ]
    ),
)
BODIES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"--b", b"--b--", b"", b"Action: failed", b"Status: 5.1.1", b"x"])).map(b"\r\n".join),
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), BODIES)
@settings(max_examples=150)
def test_whatever_comes_in_is_read_or_said_to_be_unreadable(headers, body):
    raw = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body
    with contextlib.suppress(Unreadable):
        mail = read(raw)
        for text in (mail.message_id, mail.sender, mail.subject, mail.text, *mail.refers, *mail.authentication):
            text.encode()  # what a database and JSON can hold
            assert "\x00" not in text
        assert len(mail.text) <= MAX_TEXT


def part(kind: str, body: str, more: str = "") -> str:
    return f"--b\r\nContent-Type: {kind}; charset=utf-8\r\n{more}\r\n{body}\r\n"


def test_plain_text_goes_before_html_and_attachments_are_not_read():
    parts = part("text/plain", "attached", "Content-Disposition: attachment\r\n")
    parts += part("text/html", "<p>html</p>") + part("text/plain", "plain") + "--b--"
    assert read(f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}".encode()).text.strip() == "plain"


@pytest.mark.parametrize(
    ("charset", "really", "text"),
    [
        ("ks_c_5601-1987", "cp949", "뷁 삭제하였습니다"),
        ("gb2312", "gbk", "該頁面已刪除"),
        ("shift_jis", "cp932", "①削除しました"),
    ],
)
def test_characters_beyond_the_set_that_is_named_spoil_nothing(charset, really, text):
    assert read(f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + text.encode(really)).text == text


def test_a_plain_text_without_a_word_is_none():
    parts = part("text/plain", "\r\n ") + part("text/html", "<p>html</p>") + "--b--"
    assert read(f"Content-Type: multipart/alternative; boundary=b\r\n\r\n{parts}".encode()).text.strip() == "html"


def test_the_mail_that_a_server_returns_whole_is_known_by_its_message_id():
    words = "Hi. This is the qmail-send program at mx.test.\r\n\r\n<abuse@host.test>:\r\nno mailbox here by that name"
    returned = part("message/rfc822", "Message-ID: <ours@agency.test>\r\n\r\nours")
    raw = f"From: MAILER-DAEMON@mx.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{part('text/plain', words)}"
    report = read(f"{raw}{returned}--b--".encode()).report
    assert report is not None
    assert report.message_id == "<ours@agency.test>"


def test_an_answer_with_addresses_in_it_is_no_bounce():
    quoted = (
        (Path(__file__).parents[1] / "golden/notices/en/packet.txt").read_text(encoding="utf-8").replace("\n", "\n> ")
    )
    answer = f"From: postmaster@host.test\n\nWe received your report about the following addresses:\n\n> {quoted}"
    assert read(answer.encode()).report is None


def test_html_is_read_without_what_it_quotes_and_hides():
    html = "<style>p{}</style><p>said</p><p style='Display:none'>hidden</p>"
    html += "<blockquote>quoted</blockquote><div class='gmail_quote'>quoted</div>"
    assert read(f"Content-Type: text/html\r\n\r\n{html}".encode()).text.strip() == "said"
    assert read(b"Content-Type: text/html\r\n\r\n" + b"<p>" * 30_000).text == ""


def test_the_text_of_a_returned_mail_is_not_the_answers():
    inner = "Subject: ours\r\n\r\nit has been removed"
    raw = (
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--"
    )
    assert read(raw.encode()).text == ""


@pytest.mark.parametrize(
    "raw",
    [
        "\r\n".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}" for n in range(9_000)).encode(),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 200_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 60_000,
        b"References: " + b"<a@b.test> " * 90_000,
        b"From: " + b"a@b.test, " * 90_000,
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" * 200_000,
    ],
    ids=["nested", "parts", "words", "references", "senders", "codec"],
)
@pytest.mark.timeout(10)
def test_mails_that_are_made_to_cost_time_do_not(raw):
    with contextlib.suppress(Unreadable):
        mail = read(raw)
        assert len(mail.refers) <= 40
        assert len(mail.subject) <= 2_000


def test_several_senders_are_none():
    assert read(b"From: a@host.test, b@other.test\r\n\r\nx").sender == ""
    assert read(b"From: Desk <Abuse@Host.TEST>\r\n\r\nx").sender == "abuse@host.test"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("host.test", "host.test", True),
        ("mail.host.test", "host.test", True),
        ("a.example.co.kr", "b.example.co.kr", True),
        ("example.co.kr", "other.co.kr", False),
        ("ost.test", "host.test", False),
        ("customer.github.io", "github.io", False),
        ("", "host.test", False),
    ],
)
def test_who_speaks_for_a_domain(one, other, same):
    assert related(one, other) is same


@pytest.mark.parametrize(
    ("results", "proven"),
    [
        ("mx.agency.test; dkim=pass header.d=host.test; spf=fail smtp.mailfrom=x@else.test", True),
        ("mx.agency.test; dmarc=pass header.from=host.test", True),
        ("mx.agency.test; spf=pass smtp.mailfrom=bounce@mail.host.test", True),
        ("mx.agency.test; dkim=pass header.d=else.test", False),
        ("mx.agency.test; dkim=fail header.d=host.test", False),
        ("mx.else.test; dkim=pass header.d=host.test", False),
        ("mx.agency.test; none", False),
        ('mx.agency.test; spf=pass smtp.mailfrom="a header.d=host.test b"@else.test', False),
        ('mx.agency.test; dkim=none; spf=pass smtp.mailfrom="a; dkim=pass header.d=host.test b"@else.test', False),
        ("mx.agency.test; dkim=fail (said: dkim=pass (ours) header.d=host.test) header.d=else.test", False),
        ("mx.agency.test; spf=pass header.d=host.test", False),
        ('mx.agency.test; dkim=pass reason="good \\" (signature)" header.d=host.test', True),
    ],
)
def test_only_our_own_server_proves_a_sender(results, proven):
    raw = f"Authentication-Results: {results}\r\nFrom: a@host.test\r\n\r\nx"
    assert authenticated(read(raw.encode()), "mx.agency.test") is proven


def test_a_line_that_the_sender_wrote_below_ours_proves_nothing():
    raw = (
        "Authentication-Results: mx.agency.test; dkim=fail header.d=host.test\r\n"
        "Authentication-Results: mx.agency.test; dkim=pass header.d=host.test\r\nFrom: a@host.test\r\n\r\nx"
    )
    assert not authenticated(read(raw.encode()), "mx.agency.test")
    assert authenticated(read(raw.encode()), "")
