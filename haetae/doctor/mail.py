"""Mail out and in: the submission server up to its log-in, the signing key, the mailbox of answers. Nothing is sent."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosmtplib

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from haetae.doctor.settings_judged import local

SMTP, IMAP = Subject("mail out"), Subject("mail in")
SECONDS = 8.0
EXPIRES_WITHIN = timedelta(days=14)  # an ACME client renews 30 days before: one that has not, fails
NOTICES = 2_000_000  # bytes: a notice with its attachments in base 64


async def look_out(patient: Patient) -> Sequence[Diagnosis]:
    from services.notifier.channels.mail.smtp import Server  # the notifier's own way in, with its own errors

    server: Server = patient.settings.server()
    try:
        async with asyncio.timeout(SECONDS):
            client = await server.connected(server.context())
    except (aiosmtplib.SMTPException, OSError) as error:
        return [refused(error, f"{server.host}:{server.port}")]
    try:
        peer = client.transport.get_extra_info("ssl_object") if client.transport else None
        said = {name: client.supports_extension(name) for name in ("starttls", "auth", "size")}
        limit = str(client.esmtp_extensions.get("size", "")) if said["size"] else ""
        return judge_out(server, peer is not None, not_after(peer), limit, datetime.now(UTC)) + _signing(patient)
    finally:
        client.close()


def refused(error: Exception, where: str) -> Diagnosis:
    """Pure."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        cure = "set HAETAE_SMTP_USERNAME and HAETAE_SMTP_PASSWORD as the server has them"
        return SMTP.failed("log-in", f"{where} refuses the log-in ({error.code})", cure)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SMTP.failed("certificate", f"{where}: {cause.verify_message}", _certificate_cure(cause.verify_message))
    if "STARTTLS" in str(error) or "SMTP AUTH" in str(error):
        cure = "use the submission port (587 with STARTTLS, 465 with HAETAE_SMTP_TLS=tls)"
        return SMTP.failed("encryption", f"{where}: {error}", cure)
    cure = "see that the server runs, and HAETAE_SMTP_HOST, HAETAE_SMTP_PORT and HAETAE_SMTP_TLS"
    return SMTP.failed("reached", f"{where} does not answer as a mail server ({type(error).__name__})", cure)


def _certificate_cure(said: str) -> str:
    if "expired" in said:
        return "renew the server's certificate"
    if "match" in said.lower():
        return "name the server as its certificate does, in HAETAE_SMTP_HOST"
    return "name who certified it in HAETAE_SMTP_CA_FILE"


def not_after(peer: Any) -> datetime | None:  # noqa: ANN401  # asyncio's SSL object
    told = peer.getpeercert() if peer else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC) if told else None


def judge_out(
    server: Any,  # noqa: ANN401  # the notifier's, imported late
    encrypted: bool,
    until: datetime | None,
    limit: str,
    now: datetime,
) -> list[Diagnosis]:
    where, found = f"{server.host}:{server.port}", list[Diagnosis]()
    if not encrypted and not local(server.host):
        cure = "set HAETAE_SMTP_TLS=starttls (port 587) or tls (port 465)"
        found.append(SMTP.warning("encryption", f"{where}: notices cross the network unencrypted", cure))
    if until and until - now < EXPIRES_WITHIN:
        said = f"the server's certificate ends on {until:%Y-%m-%d}"
        found.append(SMTP.warning("certificate", said, "renew it"))
    if limit.isdigit() and 0 < int(limit) < NOTICES:
        said = f"it takes mails of {int(limit):,} bytes; a notice with its attachments may have {NOTICES:,}"
        found.append(SMTP.warning("size", said, "raise the server's limit (postfix: message_size_limit)"))
    return found or [SMTP.ok("server", f"{where} answers{', encrypted' if encrypted else ''}")]


def _signing(patient: Patient) -> list[Diagnosis]:
    if signatures := patient.settings.signatures():
        keys = ", ".join(f"{one.selector}._domainkey.{one.domain} ({one.algorithm})" for one in signatures)
        return [SMTP.ok("signature", f"signs by {keys}: the DNS must have these")]
    if local(patient.settings.smtp_host):
        return []
    said = "mails are not signed: many recipients drop what nobody signed"
    return [SMTP.warning("signature", said, "make a DKIM key and name it in HAETAE_DKIM_KEY_FILE")]


async def look_in(patient: Patient) -> Sequence[Diagnosis]:
    mailbox = patient.settings.mailbox()
    if mailbox is None:
        said = "no mailbox is configured: answers and bounces are not read"
        return [IMAP.warning("mailbox", said, "set HAETAE_IMAP_HOST, HAETAE_IMAP_USERNAME and HAETAE_IMAP_PASSWORD")]
    return await asyncio.to_thread(_look_in, mailbox)


def _look_in(mailbox: Any) -> Sequence[Diagnosis]:  # noqa: ANN401  # the notifier's, imported late
    from services.notifier.inbox.imap import Away, Refused

    where = f"{mailbox.host}:{mailbox.port}"
    try:
        session = mailbox.open()
    except Refused as error:
        return [IMAP.failed("log-in", f"{where}: {error}", "set HAETAE_IMAP_USERNAME and HAETAE_IMAP_PASSWORD")]
    except Away as error:
        cure = "see that the server runs, and HAETAE_IMAP_HOST, HAETAE_IMAP_PORT and HAETAE_IMAP_TLS"
        return [IMAP.failed("reached", f"{where}: {error}", cure)]
    try:
        session.select()
    except Away as error:
        return [IMAP.failed("folder", f"{where}: {error}", "set HAETAE_IMAP_FOLDER to a folder of that mailbox")]
    finally:
        session.close()
    return [IMAP.ok("mailbox", f"{where}: {mailbox.folder} is read")]
