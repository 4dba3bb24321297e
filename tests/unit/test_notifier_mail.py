"""A mail carries exactly what was approved, or it is not made."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notifier.channels.mail.letter import Letter, Origin, Unsendable, compose
from shared.events.examples import CASE, NOTICE
from shared.events.values import Attachment, Recipient
from shared.notices import notice_digest, reference, sealed
from tests.support.approvals import KEY

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = Origin("Sample Centre 견본", "notices@agency.test", "answers@agency.test", SecretStr(KEY))
LETTER = Letter(CASE, NOTICE)


def letter(*, subject=NOTICE.subject, body=NOTICE.body, email=NOTICE.recipient.email):
    to = Recipient(name="n", email=email, role="site", language="en")
    changes = {"notice_id": uuid4(), "recipient": to, "subject": subject, "body": body}
    return Letter(CASE, sealed(NOTICE.model_copy(update=changes)))


def arrived(one):
    return message_from_bytes(compose(one, ORIGIN, NOW), policy=policy.default)


def test_machines_recognise_the_mail():
    mail = arrived(LETTER)
    assert mail["Message-ID"] == ORIGIN.message_id(NOTICE.notice_id)
    assert mail["Auto-Submitted"] is None  # help desks would make no ticket of it
    assert mail["X-Haetae-Reference"] == reference(CASE)
    assert mail["Reply-To"].addresses[0].addr_spec == "answers@agency.test"
    assert mail["From"].addresses[0].addr_spec == "notices@agency.test"
    assert mail["Date"].datetime == NOW
    assert mail.get_content_type() == "text/plain"
    assert not list(mail.iter_attachments())


def test_a_second_attempt_has_the_same_message_id():
    assert ORIGIN.message_id(NOTICE.notice_id) == ORIGIN.message_id(NOTICE.notice_id)
    assert ORIGIN.message_id(NOTICE.notice_id) != ORIGIN.message_id(uuid4())


lines = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


def read_again(notice, raw):
    """The digest of what a mail program shows, found without any code of ours."""
    mail = message_from_bytes(raw, policy=policy.default)
    report = mail.get_content_type() == "multipart/report"
    text, *attached = list(mail.iter_parts()) if mail.is_multipart() else [mail]
    read = {
        "subject": str(mail["Subject"]),
        "body": text.get_content().replace("\r\n", "\n"),
        "attachments": tuple(
            Attachment(
                name=part.get_filename(),
                media_type=part.get_content_type(),
                text=part.get_payload(decode=True).decode(),
            )
            for part in attached[1 if report else 0 :]
        ),
    }
    return notice_digest(notice.model_copy(update=read))


def assert_arrives(one):
    assert read_again(one.notice, compose(one, ORIGIN, NOW)) == one.notice.sha256


@given(body=st.lists(lines, min_size=1, max_size=8).map(lambda several: "\n".join(several) + "\n"), subject=lines)
def test_every_printable_notice_arrives_as_it_was_approved(body, subject):
    assert_arrives(letter(body=body, subject=" ".join(subject.split())))


@given(body=any_text, subject=any_text)
def test_any_other_arrives_as_it_was_approved_or_is_refused(body, subject):
    with suppress(Unsendable):
        assert_arrives(letter(body=body, subject=subject))


@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi", "th", "ru"])
def test_notices_of_every_language_arrive_unchanged(language):
    from services.drafter.domain import draft
    from tests.support.cases import office
    from tests.support.cases import sealed as sealed_case

    long = "http://harbour-board.en.test/" + "p" * 3000 + "?a=1&b==.=3D"
    for notice in draft(sealed_case(url=long, site={"language": language}), office(), NOW).notices:
        if notice.recipient.channel != "mail":
            continue
        raw = compose(Letter(CASE, notice), ORIGIN, NOW)
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5321, 4.5.3.1.6
        assert read_again(notice, raw) == notice.sha256


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "x\r\nBcc: b@c.test"},
        {"body": "one\rtwo\n"},
        {"body": "no line break at the end"},
        {"email": "a@b.test, c@d.test"},
        {"email": "a@b.test\r\nBcc: c@d.test"},
        {"email": "nobody"},
        {"email": ""},
        {"email": "<a@b.test>"},
        {"email": "a@b..test"},
        {"email": "a@등대.test"},
    ],
)
def test_what_would_arrive_changed_is_refused(wrong):
    with pytest.raises(Unsendable):
        compose(letter(**wrong), ORIGIN, NOW)


@pytest.mark.parametrize("changed", [{"subject": "other"}, {"body": "other\n"}, {"sha256": "0" * 64}])
def test_what_was_not_approved_is_refused(changed):
    with pytest.raises(Unsendable, match="approved"):
        compose(replace(LETTER, notice=NOTICE.model_copy(update=changed)), ORIGIN, NOW)
