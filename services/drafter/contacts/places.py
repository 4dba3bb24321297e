"""Which addresses a notice names: of the page and its media, host by host, each fit to stand unchanged."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from services.drafter.contacts.mailboxes import domain_of
from services.drafter.problems import Problem
from services.drafter.untrusted import Nameable, host_of, nameable
from shared.events.values import MIN_PDQ_QUALITY, Finding, Match, Picture, Video

# Of one notice: a draft has a dozen, each in two languages and with its parts by name, in a record of 1 MiB.
MAX_PICTURES, MAX_CHARACTERS = 30, 4_000


@dataclass(frozen=True)
class Shown:
    """A picture or video as the notice lists it: its number there, its address, its digests."""

    number: int
    url: str
    sha256: str
    pdq: str | None


@dataclass(frozen=True)
class Addresses:
    """`page`: what the notice is about: the post; on a host that has only media of it, the first of those, which is
    among `pictures` too. `pictures`: media, mostly on `host`; on another only where the same people answer for both."""

    host: str
    page: str
    pictures: tuple[Shown, ...]


def places(
    finding: Finding, matches: tuple[Match, ...], text: bool = False
) -> tuple[tuple[Addresses, ...], tuple[Problem, ...]]:
    """The page's host first, then the others by what lies on them, matched media first. None when the page's own
    address cannot be named. Each without what would open somebody's account.

    What a page shows from elsewhere may be anybody's: a notice accuses only what agrees with a listed picture; where
    nothing does, all of it, or nothing when the case is about the page's `text`.
    """
    page = nameable(finding.url)
    if page is None:
        return (), (Problem("unsafe_address", finding.url),)
    matched, here = {match.picture_url for match in matches}, host_of(finding.url)
    items: list[Picture | Video] = [*finding.pictures, *finding.videos]
    media, strangers = _concerned({item.url: item for item in items}, matched, domain_of(here), text)
    listed: dict[str, list[Shown]] = {here: []}
    problems = [*_told(page), *([Problem("unconcerned", ", ".join(strangers))] if strangers else [])]
    for item in sorted(media, key=lambda item: item.url not in matched):
        if (named := nameable(item.url)) is None:
            problems.append(Problem("unsafe_address", item.url))
        else:
            listed.setdefault(host_of(named.url), []).append(_shown(item, named.url))
            problems += _told(named)
    found = [Addresses(host, page.url if host == here else shown[0].url, ()) for host, shown in listed.items()]
    together = [added(one, listed[one.host]) for one in found]
    return tuple(one for one, _ in together), (*problems, *(problem for _, left in together for problem in left))


def _concerned(
    media: Mapping[str, Picture | Video], matched: Set[str], own: str, text: bool
) -> tuple[list[Picture | Video], list[str]]:
    """What a notice may be about, and the hosts of the rest. `own`: the page's registered domain."""
    agreeing = matched & media.keys()
    told: list[Picture | Video] = []
    strangers: dict[str, None] = {}
    for url, item in media.items():
        host = host_of(url)
        if domain_of(host) == own or url in agreeing or not (agreeing or text):
            told.append(item)
        else:
            strangers[host] = None
    return told, list(strangers)


def addresses(finding: Finding, matches: tuple[Match, ...]) -> tuple[Addresses | None, tuple[Problem, ...]]:
    """Those on the page's own host."""
    found, problems = places(finding, matches)
    return (found[0] if found else None), problems


def added(one: Addresses, media: Iterable[Shown]) -> tuple[Addresses, tuple[Problem, ...]]:
    """With these media too, as far as a notice has room."""
    known = {shown.url for shown in one.pictures}
    wanted: Sequence[Shown] = [*one.pictures, *(shown for shown in media if shown.url not in known)]
    kept: list[Shown] = []
    room = MAX_CHARACTERS
    for shown in wanted[:MAX_PICTURES]:
        room -= len(shown.url)
        if room < 0 and kept:  # the first stands however long it is: padding an address keeps nothing out of a notice
            break
        kept.append(replace(shown, number=len(kept) + 1))
    left = len(wanted) - len(kept)
    return replace(one, pictures=tuple(kept)), ((Problem("too_many", str(left)),) if left else ())


def _told(named: Nameable) -> list[Problem]:
    return [Problem("token_removed", f"{host_of(named.url)}: {', '.join(named.removed)}")] if named.removed else []


def _shown(item: Picture | Video, url: str) -> Shown:
    pdq = None
    if isinstance(item, Picture) and item.pdq_dihedral and (item.pdq_quality or 0) >= MIN_PDQ_QUALITY:
        pdq = item.pdq_dihedral[0]
    return Shown(0, url, item.sha256, pdq)
