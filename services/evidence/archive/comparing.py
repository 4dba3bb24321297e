"""Two looks at one page, and the crawler's before them: what they agree on (pure). Facts hold no text of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from haetae_verify.canonical import digest, moment
from services.evidence.archive.likeness import shared_per_mille, words
from services.evidence.archive.looks import Second
from services.evidence.archive.reading import Reading, read
from services.evidence.capture.work import Json
from services.evidence.domain import Exchange, clean
from shared.events.values import Capture as Crawled
from shared.pages.text_share import SHARE, text_share
from shared.pages.walls import Walled, wall_of

# Of the shingles of both looks. Other posts of one board have 154 in common, at most 439 (1,848 pairs of the sandbox);
# six words that moved (clocks, counters) leave 753 of an ordinary page. A page that changed more shows the same content
# still, while it has the finding's excerpt.
SAME_TEXT = 700
REFUSALS = frozenset({401, 403, 405, 406, 407, 418, 429, 451, 503})  # of us, rather than of the page
OF_NOTE = ("date", "etag", "last-modified", "server", "content-type")
LONGEST = 200  # characters of a header's value


class Verdict(StrEnum):
    SAME = "same"  # to the byte
    SAME_CONTENT = "same-content"  # it differs in parts only
    DIFFERS = "differs"
    SECOND_BLOCKED = "second-blocked"
    NO_SECOND = "no-second"


@dataclass(frozen=True)
class Found:
    """What the finding says: its excerpt, and each picture's digest by number; `crawled`: the crawler's look."""

    excerpt: str
    pictures: Mapping[int, str]
    crawled: Crawled


@dataclass(frozen=True)
class Compared:
    verdict: Verdict
    facts: Mapping[str, Json]


def compare(found: Found, first: Exchange, had: Mapping[int, str | None], second: Second | None) -> Compared:
    """`had`: digest of each picture that the first look brought. Parses both pages: call it in a thread."""
    told: dict[str, Json] = {"crawler": crawler(found.crawled, first, second), "first": look(first)}
    if second is None:
        return _compared(Verdict.NO_SECOND, told)
    one, other = _read(first), _read(second.document)
    pictures = [_picture(number, sha256, had, second) for number, sha256 in found.pictures.items()]
    text = _text(one, other, found.excerpt)
    wall = _wall(first.url, second.document, other)
    told |= {
        "second": look(second.document) | {"exit": second.exit, "wall": str(wall.wall) if wall else None},
        "status_agrees": first.status == second.document.status,
        "final_url_agrees": first.url == second.document.url,
        "address_agrees": first.address == second.document.address,
        "body_agrees": same_body(first, second.document),
        "headers": headers(first, second.document),
        "title": _title(one, other),
        "text": text,
        "pictures": tuple(pictures),
    }
    if wall or (second.document.status in REFUSALS and first.status not in REFUSALS):
        return _compared(Verdict.SECOND_BLOCKED, told)
    return _compared(_verdict(told, text, pictures), told)


def look(answer: Exchange) -> dict[str, Json]:
    return {
        "at": moment(answer.at),
        "status": answer.status,
        "final_url": clean(answer.url),
        "address": answer.address,
        "user_agent": clean(answer.request_headers.get("user-agent", "")),
        "sha256": answer.sha256,
        "bytes": len(answer.body),
        "cut": answer.cut,
    }


def crawler(crawled: Crawled, first: Exchange, second: Second | None) -> dict[str, Json]:
    return {
        "at": moment(crawled.fetched_at),
        "status": crawled.status,
        "address": crawled.address,
        "sha256": crawled.body_sha256,
        "first_agrees": crawled.body_sha256 == first.sha256,
        "second_agrees": second is not None and crawled.body_sha256 == second.document.sha256,
    }


def same_body(first: Exchange, second: Exchange) -> bool:
    """As far as the second look took it."""
    return first.body[: len(second.body)] == second.body if second.cut else first.body == second.body


def headers(first: Exchange, second: Exchange) -> dict[str, Json]:
    """Those that say when and by what a page was made."""
    values = {name: (_value(first, name), _value(second, name)) for name in OF_NOTE}
    return {
        name: {"first": one, "second": other, "agrees": one == other}
        for name, (one, other) in values.items()
        if one is not None or other is not None
    }


def _verdict(told: Mapping[str, Json], text: Mapping[str, Json], pictures: list[dict[str, Json]]) -> Verdict:
    if not told["status_agrees"]:
        return Verdict.DIFFERS
    if told["body_agrees"] and told["final_url_agrees"] and all(one["agrees"] is not False for one in pictures):
        return Verdict.SAME
    if any(one["agrees"] is False for one in pictures):
        return Verdict.DIFFERS
    alike = text["shared_per_mille"]
    if (isinstance(alike, int) and alike >= SAME_TEXT) or text["excerpt_in_both"]:
        return Verdict.SAME_CONTENT
    # No words to compare by: a page of pictures alone.
    if alike is None and any(one["agrees"] for one in pictures):
        return Verdict.SAME_CONTENT
    return Verdict.DIFFERS


def _text(one: Reading | None, other: Reading | None, excerpt: str) -> dict[str, Json]:
    """`excerpt`: which part of the finding's excerpt each look still has. Numbers are None for what was not read."""
    here, there = (words(look.text) if look else [] for look in (one, other))
    shares = [round(1000 * text_share(excerpt, look.text)) if look else None for look in (one, other)]
    return {
        "words": {"first": len(here) if one else None, "second": len(there) if other else None},
        "shared_per_mille": shared_per_mille(here, there),
        "excerpt_per_mille": {"first": shares[0], "second": shares[1]},
        "excerpt_in_both": all(share is not None and share >= 1000 * SHARE for share in shares),
    }


def _title(one: Reading | None, other: Reading | None) -> dict[str, Json]:
    first, second = (digest(look.title.encode(errors="replace")) if look else None for look in (one, other))
    return {"first_sha256": first, "second_sha256": second, "agrees": first == second if first and second else None}


def _picture(number: int, found: str, had: Mapping[int, str | None], second: Second) -> dict[str, Json]:
    """`agrees`: None where one of the looks did not have it."""
    here = had.get(number)
    answered = next((one for one in second.pictures if one.number == number), None)
    exchange = answered.exchange if answered else None
    there = exchange.sha256 if exchange and exchange.status == 200 else None
    return {
        "number": number,
        "found_sha256": found,
        "first_sha256": here,
        "second_sha256": there,
        "agrees": here == there if here and there else None,
        "why": clean(answered.why) if answered and not there else "",
    }


def _wall(url: str, answer: Exchange, page: Reading | None) -> Walled | None:
    return wall_of(answer.status, answer.headers, url, answer.url, page, answer.body)


def _read(answer: Exchange) -> Reading | None:
    return read(answer.body, answer.headers.get("content-type", ""))


def _value(answer: Exchange, name: str) -> str | None:
    value = answer.headers.get(name)
    return None if value is None else clean(value[:LONGEST])


def _compared(verdict: Verdict, told: Mapping[str, Json]) -> Compared:
    return Compared(verdict, {"verdict": str(verdict), **told})
