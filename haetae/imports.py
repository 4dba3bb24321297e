"""What a person gives to the loop: sites, hash lists, accounts. Each knows its service's own functions."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from services.classifier.hashes.entries import BankHash
from services.classifier.hashes.listing import list_hashes
from services.crawler.registry.credentials import read_credentials
from services.crawler.registry.site_fields import Names
from services.crawler.registry.sites import import_sites, parse_sites
from shared.database import Database

__all__ = ["compute_hashes", "list_entries", "sites"]

Progress = Callable[[int, int], None]  # done, of
LONGEST_LINE = 256 * 1024  # bytes: a site with all its options has some thousand


def silent(done: int, of: int) -> None:
    """The default progress."""


async def sites(database: Database, file: Path, progress: Progress = silent) -> tuple[int, list[str]]:
    """Import a CSV or JSON-lines file of sites: how many were taken, and a sentence for each line that was not."""
    parsed, problems = parse_sites([*lines_of(file)], format_of(file), names_here())
    await import_sites(database, parsed, progress)
    return len(parsed), problems


def names_here() -> Names:
    """What a site may name: the exits, credentials and connectors of the settings here, as the crawler will have them.

    Without a credentials file nobody knows: who may enter sites need not know secrets.
    """
    from services.crawler import connectors  # with the network's libraries: half a second that only this command needs
    from shared.net.exits import read_exits

    credentials = _path("HAETAE_CREDENTIALS_FILE")
    return Names(
        exits=frozenset(read_exits(_path("HAETAE_EXITS_FILE"))),
        credentials=frozenset(read_credentials(credentials)) if credentials else None,
        check_connector=partial(connectors.check, mappings=_path("HAETAE_CONNECTOR_MAPPINGS")),
    )


def _path(setting: str) -> Path | None:
    return Path(os.environ[setting]) if os.environ.get(setting) else None


async def list_entries(database: Database, by_bank: Mapping[str, Sequence[BankHash]]) -> None:
    for bank, entries in by_bank.items():
        await list_hashes(database, bank, entries)


def compute_hashes(
    folder: Path, bank: str, category: str, progress: Progress = silent
) -> tuple[dict[str, tuple[BankHash, ...]], list[str]]:
    """The entries of a folder's pictures and videos, each labelled by its name; a sentence for each that gives none.

    Hidden files are left alone: systems put theirs beside pictures.
    """
    from services.classifier.hashes.films import compute_file  # decoders: a second that only this command needs

    entries: list[BankHash] = []
    problems: list[str] = []
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for done, path in enumerate(files):
        progress(done, len(files))
        if path.is_dir():
            problems.append(f"{path.name}: it is a folder; compute the hashes of its pictures apart")
            continue
        try:
            entries += compute_file(path.stem, category, path.read_bytes())
        except (ValueError, OSError) as error:
            problems.append(f"{path.name}: {error}")
    return {bank: tuple(entries)}, problems if entries or problems else [f"{folder}: there is no picture in it"]


def lines_of(file: Path) -> Iterator[str]:
    """Lines end where files end them: U+2028 and the like may stand inside a value."""
    read = 0
    with file.open("rb") as opened:
        for raw in iter(lambda: opened.readline(LONGEST_LINE + 1), b""):
            if len(raw) > LONGEST_LINE:
                raise ValueError(f"{file}: a line is longer than {LONGEST_LINE} bytes: give a list, a row a line")
            try:
                yield raw.decode("utf-8-sig" if read == 0 else "utf-8").removesuffix("\n")
            except UnicodeDecodeError as error:
                place = f"{file}: byte {read + error.start} is no UTF-8"
                raise ValueError(f"{place}: save it as UTF-8 text (Excel: CSV UTF-8)") from error
            read += len(raw)


def format_of(file: Path) -> str:
    """csv or jsonl, by the file's name. Raises ValueError for another."""
    formats = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if file.suffix.lower() not in formats:
        raise ValueError(f"{file.name}: give a .csv or a .jsonl file")
    return formats[file.suffix.lower()]
