"""The archive of an embedded home: whether there is one, and how old its newest base backup is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.archive import of_home
from haetae.backup.bases import bases
from haetae.doctor.diagnosis import Diagnosis, Subject

BACKUP = Subject("backup")
OLDEST = timedelta(hours=36)  # one a night, and a night that was missed is seen the next noon
CREATE = "haetae backup create, each night (cron, a timer)"


def look(home: Path, now: datetime) -> Diagnosis:
    try:
        archive = of_home(home)
        newest = max((base.made_at for base in bases(archive)), default=None) if archive else None
    except (ValueError, OSError) as error:
        return BACKUP.failed("archive", str(error), "mount it, or begin another with `haetae backup into`")
    if archive is None:
        return BACKUP.warning("archive", "there is none: what is lost with this disk is lost", "docs/operations.md")
    return judge(newest, now)


def judge(newest: datetime | None, now: datetime) -> Diagnosis:
    """`newest`: when the newest base was made. Pure."""
    if newest is None:
        return BACKUP.failed("base", "the archive has none: nothing can be restored from it", CREATE)
    said = f"made on {newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if now - newest > OLDEST:
        return BACKUP.warning("base", f"the newest was {said}: a restore takes longer each day", CREATE)
    return BACKUP.ok("base", said)
