"""The SMTP side: accepts any mail to any address, and answers 250 only when it is on disk."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailsink.faults import Faults
from deploy.local.mailsink.store import MailStore

# A notice with its screenshots; what is larger than this, large providers refuse as well.
LARGEST_MESSAGE = 32 * 1024 * 1024


class Sink:
    """The handler that aiosmtpd calls."""

    def __init__(self, store: MailStore, faults: Faults, now: Callable[[], datetime]) -> None:
        self._store, self._faults, self._now = store, faults, now

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "@" not in address:
            return "553 5.1.3 the recipient needs a domain: name@host"
        if code := self._faults.recipient_code(address):
            return f"{code} {code // 100}.1.1 no such mailbox here (a fault that a test switched on)"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if code := self._faults.take_reject():
            return f"{code} {code // 100}.3.0 not now (a fault that a test switched on)"
        content = envelope.original_content or b""
        message_id = message_id_of(content)
        for rcpt in dict.fromkeys(envelope.rcpt_tos):
            self._store.deliver(rcpt, envelope.mail_from or "", message_id, content, self._now())
        if self._faults.take_drop() and server.transport:
            server.transport.abort()
        return "250 2.0.0 kept"

    def protocol(self) -> SMTP:
        return SMTP(self, data_size_limit=LARGEST_MESSAGE, enable_SMTPUTF8=True, hostname="mail.test", ident="Haetae")


def message_id_of(content: bytes) -> str | None:
    """The Message-ID without surrounding white space; None when there is none."""
    headers = email.message_from_bytes(content, policy=email.policy.compat32)
    value = str(headers.get("Message-ID", "")).strip()
    return value or None
