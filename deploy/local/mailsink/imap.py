"""The IMAP door to the agency's own mailbox: what arrives for its domain lies in a Maildir that pymap serves."""

from __future__ import annotations

import mailbox
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pymap.backend.maildir import Identity, MaildirBackend
from pymap.frozen import frozendict
from pymap.imap import IMAPService
from pymap.user import Passwords, UserMetadata

from deploy.local.mailsink import AGENCY_DOMAIN

LOOPBACK = "127.0.0.1"
BOX = "agency"
KEYWORDS = "0 $Haetae\n"  # of pymap's Maildirs: the mark of what was taken up
WORKERS = 2  # one reader, and a person with a mail program


class AgencyBox:
    """Answers come to one address, bounces to another: here both are one mailbox, as at most agencies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(str(folder / BOX), create=True)
        (folder / BOX / "dovecot-keywords").write_text(KEYWORDS)

    def keep(self, recipients: list[str], raw: bytes) -> None:
        if any(address.lower().rpartition("@")[2] == AGENCY_DOMAIN for address in recipients):
            self._maildir.add(raw)

    def clear(self) -> None:
        self._maildir.clear()


@asynccontextmanager
async def door(folder: Path, port: int, user: str, password: str) -> AsyncIterator[None]:
    """Serves the box on loopback until the block ends."""
    given = Namespace(
        host=LOOPBACK, port=port, base_dir=str(folder), tls=False, cert=None, key=None, debug=False, layout="++",
        colon=None, concurrency=WORKERS, passlib_cfg=None, proxy_protocol=None, inherited_sockets=None,
    )  # fmt: skip
    tempfile.tempdir = str(folder)  # pymap renames temporary files into it, which no other file system allows
    backend, config = await MaildirBackend.init(given)
    config.apply_context()
    hashed = await Passwords(config).hash_password(password)
    account = UserMetadata(config, user, password=hashed, params=frozendict({"mailbox_path": BOX}))
    await Identity(config, backend.login.tokens, user, None, frozenset({"admin"})).set(account)
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await IMAPService(backend, config).start(stack)
        yield
