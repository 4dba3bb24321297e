"""Acts that cannot be undone want to know that it is still the person who logged in, not whoever found the screen."""

from datetime import datetime, timedelta

from services.gateway.problems import Problem
from services.gateway.sessions import Visitor

FRESH_FOR = timedelta(minutes=10)


def is_fresh(visitor: Visitor, now: datetime) -> bool:
    """Whether they proved who they are within `FRESH_FOR`. A page whose form needs it leads to `/me/again` else."""
    return visitor.proved_at is not None and now - visitor.proved_at <= FRESH_FOR


def fresh(visitor: Visitor, now: datetime) -> None:
    """Raises `Problem` 403 "not-fresh"."""
    if not is_fresh(visitor, now):
        raise Problem(403, "not-fresh")
