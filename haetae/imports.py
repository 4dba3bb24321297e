"""What a person gives to the loop: sites, hash lists, accounts. Each knows its service's own functions."""

from collections.abc import Callable, Sequence
from pathlib import Path

from services.classifier.banks import list_hashes, parse_hashes
from services.classifier.variants import compute_entries
from services.crawler.sites import import_sites, parse_sites
from services.gateway.accounts import create_account
from shared.database import Database
from shared.events.values import HashEntry

Progress = Callable[[int, int], None]  # done, of
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
OWN_THRESHOLD = 45  # bits of 256 for an agency's own pictures; see services/classifier/variants.py


def silent(done: int, of: int) -> None:
    """The default progress."""


async def sites(database: Database, file: Path, progress: Progress = silent) -> tuple[int, list[str]]:
    """Import a CSV or JSON-lines file of sites: how many were taken, and a sentence for each line that was not."""
    parsed, problems = parse_sites(lines_of(file), format_of(file))
    await import_sites(database, parsed, progress)
    return len(parsed), problems


async def hashes(database: Database, file: Path, progress: Progress = silent) -> tuple[int, list[str]]:
    """Import a CSV or JSON-lines file of hashes, as `sites` does."""
    by_bank, problems = parse_hashes(lines_of(file), format_of(file))
    await list_entries(database, by_bank, progress)
    return sum(map(len, by_bank.values())), problems


async def list_entries(
    database: Database, by_bank: dict[str, tuple[HashEntry, ...]], progress: Progress = silent
) -> None:
    done, of = 0, sum(map(len, by_bank.values()))
    for bank, entries in by_bank.items():
        await list_hashes(database, bank, entries)
        done += len(entries)
        progress(done, of)


def compute_hashes(folder: Path, bank: str, category: str) -> tuple[dict[str, tuple[HashEntry, ...]], list[str]]:
    """The entries of every picture in a folder, labelled by its file name, and a sentence for each that has none."""
    entries: list[HashEntry] = []
    problems: list[str] = []
    for picture in pictures(folder):
        try:
            entries += compute_entries(picture.stem, category, picture.read_bytes(), OWN_THRESHOLD)
        except ValueError as error:
            problems.append(f"{picture.name}: {error}")
    return {bank: tuple(entries)}, problems


def pictures(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


async def account(database: Database, login: str, password: str, *, scripted: bool) -> None:
    await create_account(database, login, password, ("reviewer",), scripted=scripted)


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8-sig").splitlines()


def format_of(file: Path) -> str:
    """csv or jsonl, by the file's name. Raises ValueError for another."""
    formats = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if file.suffix.lower() not in formats:
        raise ValueError(f"{file.name}: give a .csv or a .jsonl file")
    return formats[file.suffix.lower()]
