"""A mail server of others (SMTP_URL): it takes what the notifier hands over. Nothing can be read back from it."""

from __future__ import annotations

import os
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import SecretStr

from services.notifier.channels.mail.smtp import Envelope, Server, Tls
from services.notifier.channels.mail.submission import Submission
from services.notifier.domain import Accepted
from tests.support.stack import LazyStack

URL = os.environ.get("SMTP_URL", "")
FROM, TO = os.environ.get("SMTP_FROM", "notices@agency.test"), os.environ.get("SMTP_TO", "abuse@host.test")
TLS: dict[str, Tls] = {"smtp": "auto", "smtp+starttls": "starttls", "smtps": "tls"}
SECONDS = 20.0
HANDED_OVER = 12  # over a few connections that are kept


def server(url: str) -> Server:
    parts = urlsplit(url)
    tls = TLS[parts.scheme]
    port = parts.port or (465 if tls == "tls" else 587 if parts.username else 25)
    password = SecretStr(unquote(parts.password)) if parts.password else None
    username = unquote(parts.username) if parts.username else None
    return Server(parts.hostname or "", port, FROM, SECONDS, tls, username, password)


def mail(number: int) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = FROM, TO, f"A test of the notifier's submission, {number}"
    made["Message-ID"] = make_msgid(domain="agency.test")
    made.set_content("The lantern parcel waits at gate seven. 등불 소포가 일곱 번째 문에서 기다린다.\n")
    return made


@pytest.mark.skipif(not URL, reason="SMTP_URL names no mail server")
async def test_it_takes_mails_one_after_the_other(stack: LazyStack) -> None:
    async with stack.mail_alone(), Submission(server(URL)) as submission:
        for number in range(HANDED_OVER):
            made = mail(number)
            outcome = await submission.post(made.as_bytes(), Envelope(TO, made["Message-ID"]))
            assert isinstance(outcome, Accepted), outcome


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.test", "mail.test", 25, "auto"),
        ("smtp://mail.test:2525", "mail.test", 2525, "auto"),
        ("smtp+starttls://me:pw@mail.test", "mail.test", 587, "starttls"),
        ("smtps://me:pw@mail.test", "mail.test", 465, "tls"),
    ],
)
def test_a_server_is_named_by_a_url(url: str, host: str, port: int, tls: str) -> None:
    named = server(url)
    assert (named.host, named.port, named.tls) == (host, port, tls)
