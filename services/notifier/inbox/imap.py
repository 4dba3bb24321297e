"""The agency's mailbox over IMAP (RFC 9051): new mails read, marked as taken up, never deleted. Blocking: called in a
thread, one call at a time."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import MailboxFolderSelectError
from pydantic import SecretStr

from services.notifier.inbox.letter import MAX_BYTES
from shared.text import one_line

Tls = Literal["tls", "starttls", "none"]
MARK = "$Haetae"  # a keyword of our own: persons who read the same mailbox keep their unread mails
INTERNALDATE = re.compile(rb'INTERNALDATE "([^"]{20,40})"')
# UIDs asked for at once: the answer is one line, of which imaplib reads a megabyte, and most of it is asked for again
# after the next few mails.
SPAN = 10_000
MAX_REASON = 200


class Away(Exception):
    """The mailbox cannot be read now. The message says why."""


class Refused(Away):
    """The log-in failed. Who repeats it often locks the account."""


@dataclass(frozen=True)
class Server:
    """`timeout_s`: for each answer of the server."""

    host: str
    port: int
    username: str
    password: SecretStr
    tls: Tls
    folder: str
    timeout_s: float
    ca_file: str | None = None

    @property
    def name(self) -> str:
        """Of the mailbox, wherever it is read from."""
        return f"{self.username}@{self.host}:{self.port}/{self.folder}"

    def open(self) -> "Session":
        """Raises `Away`, `Refused`."""
        with _said():
            box = self._connected()
            try:
                box.login(self.username, self.password.get_secret_value(), initial_folder=None)
            except Exception as error:  # some servers hang up instead of refusing
                box.client.shutdown()
                cure = "see HAETAE_IMAP_USERNAME and HAETAE_IMAP_PASSWORD"
                raise Refused(f"the log-in fails, {cure}: {one_line(str(error), MAX_REASON)}") from error
            return Session(box, self.folder)

    def _connected(self) -> BaseMailBox:
        if self.tls == "none":
            return MailBoxUnencrypted(self.host, self.port, self.timeout_s)
        # Given, because imaplib's own default does not look at certificates.
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.tls == "starttls":
            return MailBoxStartTls(self.host, self.port, self.timeout_s, context)
        return MailBox(self.host, self.port, self.timeout_s, ssl_context=context)


class Session:
    """A log-in. Every method raises `Away`; whoever gets that opens another."""

    def __init__(self, box: BaseMailBox, folder: str) -> None:
        self._box, self._folder = box, folder

    def select(self) -> int:
        """Looks at the folder as it is now; its UIDVALIDITY. One that may only be read is read without marks."""
        with _said():
            try:
                self._box.folder.set(self._folder)
            except imaplib.IMAP4.readonly:
                self._box.folder.set(self._folder, readonly=True)
            except MailboxFolderSelectError as error:
                raise Away(f"there is no folder {self._folder!r} in the mailbox: set HAETAE_IMAP_FOLDER") from error
            _, values = self._box.client.response("UIDVALIDITY")
            return int(values[0]) if values and values[0] else 0

    def uids(self, after: int, since: date | None) -> list[int]:
        """The next ones in order, and all only where they are few. `since`: by the server's date of arrival."""
        dated = f" SINCE {since:%d-%b-%Y}" if since else ""
        with _said():
            last = max(self._found("UID *"), default=0)
            while after < last:
                if found := self._found(f"UID {after + 1}:{min(after + SPAN, last)}{dated}"):
                    return sorted(uid for uid in found if after < uid <= last)
                after += SPAN
            return []

    def _found(self, criteria: str) -> list[int]:
        return [int(uid) for uid in self._box.uids(criteria, charset=None)]

    def fetch(self, uid: int) -> tuple[bytes, datetime | None] | None:
        """At most `MAX_BYTES` of it, and when the server got it, if it says so. None when it is not there any more."""
        with _said():
            said, parts = self._box.client.uid("FETCH", str(uid), f"(INTERNALDATE BODY.PEEK[]<0.{MAX_BYTES}>)")
            if said != "OK":  # not now, or never: no sign that it is gone
                raise Away(f"mail {uid} is not handed out: {said}")
        found = [part for part in parts if isinstance(part, tuple)]
        if not found:
            return None
        beside = b" ".join([found[0][0], *(part for part in parts if isinstance(part, bytes))])
        return found[0][1], _date(beside)

    def mark(self, uids: list[int]) -> None:
        """Only for persons who look into the mailbox: what was taken up is known without it."""
        with _said(), contextlib.suppress(imaplib.IMAP4.error):
            self._box.client.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", f"({MARK})")

    def close(self) -> None:
        with contextlib.suppress(Exception):  # whatever it is, nobody talks to this server any more
            self._box.logout()
        with contextlib.suppress(OSError):
            self._box.client.shutdown()


def _date(told: bytes) -> datetime | None:
    if (found := INTERNALDATE.search(told)) is None:
        return None
    try:
        return datetime.strptime(found.group(1).decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except Away:
        raise
    except Exception as error:  # a server that says nonsense makes the library fail in every way
        raise Away(f"{type(error).__name__}: {one_line(str(error), MAX_REASON)}") from error
