"""The SMTP side: accepts any mail to any address, and answers 250 only when it is on disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailsink.faults import Faults
from deploy.local.mailsink.imap import AgencyBox
from deploy.local.mailsink.store import MailStore

# A notice with its screenshots; what is larger than this, large providers refuse as well.
LARGEST_MESSAGE = 32 * 1024 * 1024
log = logging.getLogger(__name__)


class Sink:
    """The handler that aiosmtpd calls; the names of its methods are aiosmtpd's."""

    def __init__(self, store: MailStore, box: AgencyBox, faults: Faults, now: Callable[[], datetime]) -> None:
        self._store, self._box, self._faults, self._now = store, box, faults, now

    def protocol(self) -> SMTP:
        """For `loop.create_server`: one a connection."""
        return SMTP(self, data_size_limit=LARGEST_MESSAGE, enable_SMTPUTF8=True, hostname="mail.test", ident="Haetae")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "@" not in address:
            return "553 5.1.3 the recipient needs a domain: name@host"
        if code := self._faults.recipient_code(address):
            return f"{code} {code // 100}.1.1 no such mailbox here (a fault that a test switched on)"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if code := self._faults.take_reject():
            return f"{code} {code // 100}.3.0 not now (a fault that a test switched on)"
        raw = envelope.original_content or b""
        self._box.keep(envelope.rcpt_tos, raw)  # first: the store takes a repeat for nothing new
        self._store.deliver(envelope.rcpt_tos, envelope.mail_from or "", raw, self._now())
        if self._faults.take_drop() and server.transport:
            server.transport.abort()
        return "250 2.0.0 kept"

    async def handle_exception(self, error: Exception) -> str:
        """A full disk or a bug of ours is no reason to call the mail undeliverable."""
        log.error("a message could not be kept", exc_info=error)
        return f"451 4.3.0 {type(error).__name__}: try again later"
