"""Which addresses a notice names: the page and its pictures, on one host, each fit to stand unchanged."""

from dataclasses import dataclass

from services.drafter.problems import Problem
from services.drafter.untrusted import host_of, stands_alone
from shared.events.values import MIN_PDQ_QUALITY, Finding, Match, Picture

MAX_PICTURES = 30  # times MAX_URL, twice in a record (text and proof): well under Kafka's 1 MiB


@dataclass(frozen=True)
class Shown:
    """A picture as the notice lists it: its number there, its address, its digests."""

    number: int
    url: str
    sha256: str
    pdq: str | None


@dataclass(frozen=True)
class Addresses:
    host: str
    page: str
    pictures: tuple[Shown, ...]


def addresses(finding: Finding, matches: tuple[Match, ...]) -> tuple[Addresses | None, tuple[Problem, ...]]:
    """What can be named, matched pictures first. None when the page's own address cannot."""
    if not stands_alone(finding.url):
        return None, (Problem("unsafe_address", finding.url),)
    host, matched = host_of(finding.url), {match.picture_url for match in matches}
    problems, listed = [], []
    for picture in sorted(_distinct(finding.pictures), key=lambda picture: picture.url not in matched):
        if not stands_alone(picture.url):
            problems.append(Problem("unsafe_address", picture.url))
        elif host_of(picture.url) != host:
            # One host per notice: an operator cannot act on another's pages, and closes such a notice unread.
            problems.append(Problem("elsewhere", picture.url))
        else:
            listed.append(picture)
    if len(listed) > MAX_PICTURES:
        problems.append(Problem("too_many", str(len(listed) - MAX_PICTURES)))
    shown = tuple(_shown(number, picture) for number, picture in enumerate(listed[:MAX_PICTURES], start=1))
    return Addresses(host, finding.url, shown), tuple(problems)


def _distinct(pictures: tuple[Picture, ...]) -> list[Picture]:
    return list({picture.url: picture for picture in pictures}.values())


def _shown(number: int, picture: Picture) -> Shown:
    telling = picture.pdq_dihedral and (picture.pdq_quality or 0) >= MIN_PDQ_QUALITY
    return Shown(number, picture.url, picture.sha256, picture.pdq_dihedral[0] if telling else None)
