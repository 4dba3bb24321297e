"""The mail sink over its real SMTP and HTTP sides."""

from __future__ import annotations

import tempfile
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from deploy.local.mailsink.imap import door
from tests.support.stack import MEMORY, Mail


def notice(message_id: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "desk@agency.test",
        "abuse@host.test",
        "요청",
        message_id,
    )
    mail.set_content("the lantern parcel waits at gate seven")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="notice.pdf")
    return mail


async def send(mail: Mail, message_id: str = "<1@agency.test>", to: str = "abuse@host.test") -> None:
    await aiosmtplib.send(
        notice(message_id), sender="bounce@agency.test", recipients=[to], hostname=mail.host, port=mail.port
    )


async def test_what_is_sent_is_listed_with_all_its_fields(mail: Mail) -> None:
    await send(mail)
    (found,) = await mail.messages("abuse@host.test")
    assert {name: found[name] for name in ("rcpt", "envelope_from", "from", "to", "subject", "message_id")} == {
        "rcpt": "abuse@host.test",
        "envelope_from": "bounce@agency.test",
        "from": "desk@agency.test",
        "to": "abuse@host.test",
        "subject": "요청",
        "message_id": "<1@agency.test>",
    }
    assert found["body"].strip() == "the lantern parcel waits at gate seven"
    assert found["attachments"] == ["notice.pdf"]
    assert await mail.messages("nobody@host.test") == []


async def test_a_repeat_is_accepted_but_not_delivered_again(mail: Mail) -> None:
    for _ in range(3):
        await send(mail)
    assert [found["suppressed_repeats"] for found in await mail.messages()] == [2]


async def test_a_refused_message_is_not_kept_and_the_next_is(mail: Mail) -> None:
    await mail.fault(reject_next=1, code=452)
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(mail)
    assert refused.value.code == 452
    assert await mail.messages() == []
    await send(mail)
    assert len(await mail.messages()) == 1


async def test_the_ambiguous_case_the_message_is_kept_and_no_answer_comes(mail: Mail) -> None:
    await mail.fault(drop_reply_after_accept_next=1)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(mail)
    await send(mail)
    assert [found["suppressed_repeats"] for found in await mail.messages()] == [1]


async def test_a_refused_recipient_stays_refused_until_faults_are_cleared(mail: Mail) -> None:
    await mail.fault(reject_recipient="Abuse@host.test")
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await send(mail)
        assert refused.value.recipients[0].code == 550
    await send(mail, to="legal@host.test")
    await mail.empty()
    await send(mail)
    assert len(await mail.messages("abuse@host.test")) == 1


async def test_a_recipient_without_a_domain_is_refused(mail: Mail) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(mail, to="..")


@pytest.fixture
async def browser(mail: Mail):
    async with httpx.AsyncClient(base_url=mail.api, trust_env=False) as client:
        yield client


async def test_the_inbox_shows_the_mail_under_a_strict_policy(mail: Mail, browser: httpx.AsyncClient) -> None:
    await send(mail)
    (found,) = await mail.messages()
    for path in ("/", "/?to=abuse@host.test", f"/m/{found['id']}"):
        page = await browser.get(path)
        assert "요청" in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert (await browser.get("/inbox.css")).headers["content-type"].startswith("text/css")
    raw = await browser.get(f"/api/messages/{found['id']}/raw")
    assert b"Message-ID: <1@agency.test>" in raw.content
    assert (await browser.get("/api/mailboxes")).json() == [{"address": "abuse@host.test", "messages": 1}]


async def test_wrong_requests_are_answered_with_the_field_and_the_cure(browser: httpx.AsyncClient) -> None:
    wrong = await browser.post("/api/faults", json={"reject_next": "many"})
    assert (wrong.status_code, "reject_next" in wrong.json()["error"]) == (422, True)
    assert (await browser.post("/api/faults", content=b"{")).status_code == 422
    assert (await browser.get("/api/messages", params={"after": "x"})).status_code == 422
    assert (await browser.get("/api/messages/999999")).status_code == 404
    assert (await browser.get("/", headers={"Host": "rebound.test"})).status_code == 400


@pytest.mark.skipif(not MEMORY.exists(), reason="this machine may have one file system alone")
async def test_its_folder_may_lie_on_another_file_system_than_temporary_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(MEMORY))
    async with door(tmp_path, 0, "answers@agency.test", "not a password of anybody"):
        assert (tmp_path / "pymap-etc-shadow").exists()
