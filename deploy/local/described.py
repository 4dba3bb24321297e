"""What an archive says of itself, with its key's tag: of which life of which cluster it is, and for whom its secrets
are sealed. Who could change the second would have the next backup's secrets."""

from dataclasses import dataclass

from deploy.local.archive import Archive
from deploy.local.sealed import opened, signed
from shared.plain_files import read_plain

FORMAT = "haetae-archive/2"
FILE = "archive.json"


@dataclass(frozen=True)
class Description:
    """`life`: system identifier and timeline of the one cluster; empty until its log came for the first time."""

    recipient: str
    life: str = ""


def describe(archive: Archive, told: Description) -> None:
    known = {"format": FORMAT, "recipient": told.recipient, "life": told.life}
    fresh = archive.path / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as file:
        file.write(signed(archive.key, FILE, known))
    fresh.replace(archive.path / FILE)


def description(archive: Archive) -> Description:
    """Raises `ValueError` for what is no archive, of another key, or has a link for a folder: what is mended and
    pruned there would be somebody else's, such as the log of the running server."""
    if links := [str(folder) for folder in (archive.wal, archive.bases) if folder.is_symlink()]:
        raise ValueError(f"{' and '.join(links)} leads elsewhere: an archive is a folder without links, remove it")
    try:
        known = opened(archive.key, FILE, lambda: read_plain(archive.path / FILE))
    except OSError as error:
        raise ValueError(f"{archive.path} is no archive ({error!r}): `haetae backup into` makes one") from error
    except ValueError as error:
        raise ValueError(f"{archive.path}: {error}") from error
    if known.get("format") != FORMAT:
        raise ValueError(f"{archive.path} is of another format: an older Haetae restores it; begin a new archive")
    return Description(str(known["recipient"]), str(known["life"]))


def claim(archive: Archive, life: str) -> str:
    """An archive has one life of one cluster: after a restore begins another. Raises `ValueError` for a second."""
    known = description(archive)
    if known.life and known.life != life:
        raise ValueError(
            f"{archive.path} is the archive of another life of this home: begin a new one with `haetae backup into`"
        )
    if not known.life:
        describe(archive, Description(known.recipient, life))
    return life
