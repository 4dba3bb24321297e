"""The mail sink's inside: reading hostile mail, delivering once, faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.local.mailsink.content import read
from deploy.local.mailsink.faults import FaultOrder, Faults
from deploy.local.mailsink.store import MailStore, folder_name
from deploy.local.mailsink.view import inbox_page, message_page

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADERS = st.sampled_from(["Subject", "From", "To", "Message-ID", "Date", "Content-Type", "Content-Transfer-Encoding"])
BROKEN_MAIL = st.lists(st.tuples(HEADERS, st.binary(max_size=60))).flatmap(
    lambda headers: st.binary(max_size=200).map(
        lambda body: b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body
    )
)


def notice(message_id: str | None = "<1@agency.test>") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "desk@agency.test", "abuse@host.test", "요청 <b>"
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content("the lantern parcel waits at gate seven")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="notice.pdf")
    return mail.as_bytes()


@pytest.fixture
def store(tmp_path: Path):
    made = MailStore(tmp_path)
    yield made
    made.close()


def test_a_notice_is_read() -> None:
    content = read(notice())
    assert (content["subject"], content["message_id"]) == ("요청 <b>", "<1@agency.test>")
    assert content["body"].strip() == "the lantern parcel waits at gate seven"
    assert content["attachments"] == ["notice.pdf"]


@given(BROKEN_MAIL | st.binary(max_size=300))
def test_any_bytes_can_be_read_and_sent_as_json(raw: bytes) -> None:
    json.dumps(read(raw), ensure_ascii=False).encode()


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_address_has_a_folder_of_its_own_inside_the_store(one: str, other: str) -> None:
    first, second = folder_name(f"{one}@host.test"), folder_name(f"{other}@host.test")
    assert (first == second) == (one.encode(errors="replace") == other.encode(errors="replace"))
    assert "/" not in first
    assert "\0" not in first
    assert len(first.encode()) <= 255


def test_a_message_id_is_delivered_once_a_mailbox(store: MailStore) -> None:
    raw = notice()
    store.deliver(["abuse@host.test", "ABUSE@host.test", "legal@host.test"], "desk@agency.test", raw, NOW)
    store.deliver(["abuse@host.test"], "desk@agency.test", raw, NOW)
    assert store.mailboxes() == {"abuse@host.test": 1, "legal@host.test": 1}
    (mail,) = store.messages("Abuse@Host.test")
    assert mail.suppressed_repeats == 1
    assert mail.file.read_bytes() == raw


def test_mail_without_message_id_is_always_new(store: MailStore) -> None:
    for _ in range(2):
        store.deliver(["abuse@host.test"], "", notice(None), NOW)
    assert store.mailboxes() == {"abuse@host.test": 2}


def test_mail_and_memory_survive_a_restart(tmp_path: Path) -> None:
    for repeats in range(3):
        store = MailStore(tmp_path)
        store.deliver(["abuse@host.test"], "", notice(), NOW)
        assert [mail.suppressed_repeats for mail in store.messages()] == [repeats]
        store.close()


def test_all_mailboxes_or_none(store: MailStore, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def full_after_one(file: Path, raw: bytes) -> None:
        if written:
            raise OSError("disk full")
        written.append(file)

    monkeypatch.setattr(store, "_write", full_after_one)
    with pytest.raises(OSError, match="disk full"):
        store.deliver(["a@host.test", "b@host.test"], "", notice(), NOW)
    assert store.messages() == []


def test_a_reader_asks_for_what_is_new(store: MailStore) -> None:
    for number in range(3):
        store.deliver(["abuse@host.test"], "", notice(f"<{number}@a.test>"), NOW)
    first = store.messages()[0].id
    assert [mail.content["message_id"] for mail in store.messages(after=first)] == ["<1@a.test>", "<2@a.test>"]


def test_emptying_forgets_and_removes_the_files(store: MailStore, tmp_path: Path) -> None:
    store.deliver(["abuse@host.test"], "", notice(), NOW)
    assert store.clear() == 1
    assert list(tmp_path.rglob("*.eml")) == []
    store.deliver(["abuse@host.test"], "", notice(), NOW)
    assert store.mailboxes() == {"abuse@host.test": 1}


def test_pages_show_mail_as_text_only(store: MailStore) -> None:
    hostile = b"Subject: <script>alert(1)</script>\r\nFrom: <img src=x>\r\n\r\n<script>alert(2)</script>"
    store.deliver(['"<script>"@host.test'], "", hostile, NOW)
    pages = inbox_page(store.messages(), "<script>") + message_page(store.messages()[0])
    assert "<script" not in pages
    assert "<img" not in pages
    assert "&lt;script&gt;alert(2)" in pages


def test_faults_run_out() -> None:
    faults = Faults()
    faults.order(FaultOrder(reject_next=1, drop_reply_after_accept_next=1))
    assert [faults.take_reject(), faults.take_reject()] == [451, None]
    assert [faults.take_drop(), faults.take_drop()] == [True, False]


@pytest.mark.parametrize("body", [{}, {"reject_next": -1}, {"reject_next": 1, "code": 250}, {"rejectnext": 1}])
def test_an_order_that_cannot_be_meant_is_refused(body: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        FaultOrder.model_validate(body)
