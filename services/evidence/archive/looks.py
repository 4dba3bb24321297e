"""The second look at a page: what it brought. Values only."""

from dataclasses import dataclass

from services.evidence.domain import Exchange


@dataclass(frozen=True)
class SecondPicture:
    """A picture of the finding, as it was answered to the second look. `exchange` is None when it was not had;
    `why` says why."""

    number: int
    exchange: Exchange | None
    why: str = ""


@dataclass(frozen=True)
class Second:
    """`document`: the page's last answer, after redirects. `exchanges`: every answer, redirects and pictures included,
    in the order they came."""

    document: Exchange
    exchanges: tuple[Exchange, ...]
    pictures: tuple[SecondPicture, ...] = ()
    exit: str = ""
