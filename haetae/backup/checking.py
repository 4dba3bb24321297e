"""Is an archive as it was written? Every piece of every base and of the log, without restoring any."""

from deploy.local.archive import Archive
from deploy.local.described import description
from haetae.backup import bases, escrow, unsealing


def check(archive: Archive) -> tuple[int, list[str]]:
    """Base backups, and a sentence for each thing that is wrong. Raises `ValueError` for what is no archive."""
    description(archive)
    known = bases.bases(archive)
    problems = [] if known else [f"{archive.path} has no base backup: run `haetae backup create`"]
    for base in known:
        try:
            bases.verify(archive, base)
        except (OSError, ValueError) as error:
            problems.append(f"{base.path}: {error}; take another copy of it, or a new base")
    problems += _log(archive, known[0]) if known else []
    if not (archive.path / escrow.SEALED).exists():
        problems.append(f"{escrow.SEALED} is missing: run `haetae backup create`")
    return len(known), problems


def _log(archive: Archive, oldest: bases.Base) -> list[str]:
    if name := bases.gap(archive, oldest):
        return [f"{archive.wal}: {name} is missing: what comes after it cannot be restored; make a new base"]
    try:
        unsealing.log(archive, oldest.first_segment)
    except (OSError, ValueError) as error:
        return [f"{archive.wal}: {error}; take another copy of it, or make a new base"]
    return []
