"""Archives of backups, begun as an agency begins them."""

from pathlib import Path

from deploy.local.archive import Archive, remember
from deploy.local.home import Home
from haetae.backup import escrow, work


def begun(folder: Path) -> Archive:
    """`folder`/archive, whose key is `folder`/key."""
    escrow.new_key(folder / "key")
    recipient, own = escrow.read_servers_half(folder / "key.server")
    archive = Archive(folder / "archive", key=own)
    work.begin(archive, recipient)
    return archive


def writes_into(home: Path, archive: Archive) -> None:
    """The stack of this home does, from its next start on."""
    folder = Home(home)
    remember(folder, archive)
    folder.release()
