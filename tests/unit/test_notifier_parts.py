"""Reports, threads, digests and signatures of mails, read as others read them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import uuid4

import dkim
import pytest
import xarf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.notifier.channels.mail.letter import LARGEST, compose
from services.notifier.channels.mail.parts import MOST_ATTACHMENTS
from services.notifier.channels.mail.signing import read_key, sign
from services.notifier.channels.mail.together import compose_together
from services.notifier.channels.port import Letter, Unsendable
from services.notifier.delivery.mailboxes import registered_domain
from shared.events.examples import CASE, NOTICE
from shared.events.values import Attachment
from shared.notices import reference, sealed
from tests.support.notifier import ORIGIN

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
REPORT = {
    "xarf_version": "4.2.0",
    "report_id": "550e8400-e29b-41d4-a716-446655440000",
    "timestamp": "2026-11-22T10:00:00Z",
    "reporter": {"org": "Sample Centre", "contact": "notices@agency.test", "domain": "agency.test"},
    "sender": {"org": "Sample Centre", "contact": "notices@agency.test", "domain": "agency.test"},
    "source_identifier": "192.0.2.7",
    "category": "content",
    "type": "exposed_data",
    "evidence_source": "automated_discovery",
    "url": "http://harbour-board.en.test/post/1",
    "data_types": ["personal_information"],
    "exposure_method": "forum_post",
}
XARF = Attachment(name="xarf.json", media_type="application/json", text=json.dumps(REPORT) + " 견본\n")
LIST = Attachment(name="addresses.txt", media_type="text/plain", text="http://a.test/1\nno line end: .\n.\n\nlast")


def letter(*attachments, thread=(), **more):
    notice = sealed(NOTICE.model_copy(update={"notice_id": uuid4(), "attachments": attachments, **more}))
    return Letter(CASE, notice, thread)


def arrived(raw):
    return message_from_bytes(raw, policy=policy.default)


def test_a_xarf_part_makes_the_mail_a_report_as_xarf_and_rfc_5965_want_it():
    mail = arrived(compose(letter(XARF, LIST), ORIGIN, NOW))
    assert mail.get_content_type() == "multipart/report"
    assert mail["Content-Type"].params["report-type"] == "feedback-report"
    text, feedback, report, others = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == NOTICE.body
    (fields,) = feedback.get_payload()
    assert dict(fields.items()) == {"Feedback-Type": "xarf", "User-Agent": "Haetae/1", "Version": "1"}
    assert (report.get_content_type(), report.get_filename()) == ("application/json", "xarf.json")
    assert report["Content-Transfer-Encoding"] == "base64"
    assert report.get_payload(decode=True).decode() == XARF.text
    assert others.get_payload(decode=True).decode() == LIST.text


def test_the_report_that_arrives_is_valid_by_the_schema():
    of = sealed(NOTICE.model_copy(update={"attachments": (XARF.model_copy(update={"text": json.dumps(REPORT)}),)}))
    *_, report = arrived(compose(Letter(CASE, of), ORIGIN, NOW)).iter_parts()
    assert xarf.parse(json.loads(report.get_payload(decode=True))).errors == []


def test_other_attachments_go_beside_the_text():
    mail = arrived(compose(letter(LIST), ORIGIN, NOW))
    assert mail.get_content_type() == "multipart/mixed"
    assert [part.get_filename() for part in mail.iter_parts()] == [None, "addresses.txt"]


@pytest.mark.parametrize(
    "wrong",
    [
        Attachment(name="a\r\nX-Evil: 1", media_type="text/plain", text="x"),
        Attachment(name="", media_type="text/plain", text="x"),
        Attachment(name="x", media_type="no type", text="x"),
        Attachment(name="x", media_type="text/Plain", text="x"),
        Attachment(name="x", media_type="multipart/mixed", text="x"),
        Attachment(name="x", media_type="message/rfc822", text="x"),
        Attachment(name="x", media_type="text/plain", text="\ud800"),
        Attachment(name="large.txt", media_type="text/plain", text="x" * LARGEST),
    ],
)
def test_an_attachment_that_would_arrive_otherwise_is_refused(wrong):
    if wrong.text == "\ud800":
        one = Letter(CASE, NOTICE.model_copy(update={"attachments": (wrong,)}))
        with pytest.raises(ValueError):  # noqa: PT011  # it cannot even be digested
            compose(one, ORIGIN, NOW)
        return
    with pytest.raises(Unsendable):
        compose(letter(wrong), ORIGIN, NOW)


def test_too_many_attachments_are_refused():
    many = [LIST.model_copy(update={"name": f"{number}.txt"}) for number in range(MOST_ATTACHMENTS + 1)]
    with pytest.raises(Unsendable, match="17 attachments"):
        compose(letter(*many), ORIGIN, NOW)


def test_an_attachment_that_was_not_approved_is_refused():
    one = letter(XARF)
    with pytest.raises(Unsendable, match="approved"):
        compose(replace(one, notice=one.notice.model_copy(update={"attachments": (LIST,)})), ORIGIN, NOW)


def test_what_follows_in_a_case_answers_what_the_recipient_got_before():
    mail = arrived(compose(letter(thread=("<1@agency.test>", "<2@agency.test>")), ORIGIN, NOW))
    assert mail["In-Reply-To"] == "<2@agency.test>"
    assert mail["References"].split() == ["<1@agency.test>", "<2@agency.test>"]
    assert mail["Subject"] == NOTICE.subject


def test_a_long_thread_keeps_its_first_and_its_last():
    before = tuple(f"<{number}@agency.test>" for number in range(50))
    assert arrived(compose(letter(thread=before), ORIGIN, NOW))["References"].split() == [before[0], *before[-19:]]


def test_a_name_stands_on_its_line():
    """Some receivers take a name on the line below for none."""
    raw = compose(letter(thread=("<1@agency.test>",)), ORIGIN, NOW)
    assert b"\r\nMessage-ID: <" in b"\r\n" + raw


def test_nobody_can_make_up_the_name_of_a_mail():
    other = replace(ORIGIN, key=type(ORIGIN.key)("another key"))
    assert ORIGIN.message_id(CASE) != other.message_id(CASE)
    assert ORIGIN.message_id(CASE).startswith(f"<{CASE}.")


def test_a_digest_holds_each_mail_as_it_would_be_alone():
    letters = [letter(), letter(XARF), letter(LIST, body="한글 본문\n.\n")]
    raw = compose_together(letters, ORIGIN.message_id(CASE), ORIGIN, NOW)
    mail = arrived(raw)
    assert mail.get_content_type() == "multipart/digest"
    assert mail["Message-ID"] == ORIGIN.message_id(CASE)
    assert mail["Subject"] == f"[Haetae {reference(CASE)}]"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert [part.get_content_type() for part in mail.iter_parts()] == ["message/rfc822"] * 3
    for one in letters:
        assert b"\r\n\r\n" + compose(one, ORIGIN, NOW) + b"\r\n--" in raw
    inner = [part.get_content() for part in mail.iter_parts()]
    assert [one["Message-ID"] for one in inner] == [ORIGIN.message_id(one.notice.notice_id) for one in letters]


def test_a_digest_is_for_one_recipient_and_whole_or_not_at_all():
    elsewhere = NOTICE.recipient.model_copy(update={"email": "abuse@other.test"})
    with pytest.raises(Unsendable, match="2 recipients"):
        compose_together([letter(), letter(recipient=elsewhere)], "<c@agency.test>", ORIGIN, NOW)
    forged = letter()
    forged = replace(forged, notice=forged.notice.model_copy(update={"body": "other\n"}))
    with pytest.raises(Unsendable, match="approved"):
        compose_together([letter(), forged], "<c@agency.test>", ORIGIN, NOW)


@pytest.fixture(scope="module")
def keys():
    return {"rsa": generate_private_key(65537, 2048), "ed25519": Ed25519PrivateKey.generate()}


def written(folder, name, key):
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def dns(keys):
    import base64

    der = keys["rsa"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = keys["ed25519"].public_key().public_bytes_raw()
    records = {
        b"rsa._domainkey.agency.test.": b"v=DKIM1; k=rsa; p=" + base64.b64encode(der),
        b"ed25519._domainkey.agency.test.": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw),
    }
    return lambda name, timeout=5: records[name]


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_signature_verifies_and_covers_what_is_read(kind, keys, tmp_path):
    signature = read_key(written(tmp_path, kind, keys[kind]), kind, "agency.test")
    mail = sign(compose(letter(XARF, thread=("<1@agency.test>",)), ORIGIN, NOW), [signature])
    assert dkim.verify(mail, dnsfunc=dns(keys))
    for was, forged in ((b"Subject: ", b"Subject: x"), (b"\r\nFrom: ", b"\r\nFrom: x"), (b"To: ", b"To: x")):
        assert was in mail
        assert not dkim.verify(mail.replace(was, forged, 1), dnsfunc=dns(keys))
    added = b"Subject: another\r\n" + mail
    assert not dkim.verify(added, dnsfunc=dns(keys))
    assert not dkim.verify(mail.replace(b"haetae=", b"haetaf="), dnsfunc=dns(keys))


def test_two_signatures_verify_each_by_itself(keys, tmp_path):
    both = [read_key(written(tmp_path, kind, key), kind, "agency.test") for kind, key in keys.items()]
    signer = dkim.DKIM(sign(compose(letter(), ORIGIN, NOW), both))
    assert [signer.verify(idx=number, dnsfunc=dns(keys)) for number in (0, 1)] == [True, True]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither PEM"),
        (b"c2hvcnQ=", "neither PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "no private key"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_key_is_said_by_its_file(content, said, tmp_path):
    path = tmp_path / "dkim.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=said) as told:
        read_key(path, "s", "agency.test")
    assert str(path) in str(told.value)


def test_a_short_rsa_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="2048 bits"):
        read_key(written(tmp_path, "short", generate_private_key(65537, 1024)), "s", "agency.test")


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("abuse@Mail.Host.co.kr", "host.co.kr"),
        ("abuse@host.test", "host.test"),
        ("abuse@a.host.example.com", "example.com"),
        ("abuse@co.kr", "co.kr"),
    ],
)
def test_a_mailbox_belongs_to_a_registered_domain(address, domain):
    assert registered_domain(address) == domain
