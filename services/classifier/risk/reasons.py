"""Why, in sentences for the reviewer: each with a code and its values, so that it can be said in another language.

A reason names what agreed, never words of the page. Its weight is its part of the risk, or of the urgency.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from services.classifier.risk.components import FINDING_KINDS, age_hours, personal_kinds
from services.classifier.risk.worth import DIGESTS, bits_of, worth
from services.classifier.signals import PictureSigns, Signals
from shared.events.values import Match, Reason

MAX_MATCHES = 50  # that travel with a case: beyond the first few nobody reads them, and a record has a limit
MAX_TERMS = 10
WORTH_SAYING = 0.2  # a score below says nothing that a reviewer should weigh
ORIGINAL = "original"

Parts = Mapping[str, float]


class Place(NamedTuple):
    """Of a picture or a video among its like on the page, from 1."""

    kind: str  # picture or video
    number: int


Places = Mapping[str, Place]  # by address


def reasons(signals: Signals, risk: Parts, urgency: Parts, places: Places) -> tuple[Reason, ...]:
    nearest = sorted(signals.matches, key=worth, reverse=True)
    return (
        *_known(nearest, places),
        *_harmless(signals.harmless, places),
        *_seen(signals, risk),
        *_read(signals, risk),
        *_reported(signals, risk),
        *_urgent(signals, urgency),
    )


def _known(nearest: Sequence[Match], places: Places) -> Iterator[Reason]:
    for match in nearest[:MAX_MATCHES]:
        how, said = _how(match)
        kind, number = _place(match, places)
        values = {
            "picture": number,
            "bank": match.bank,
            "entry": match.entry,
            "how": how,
            "algorithm": match.algorithm,
            "distance": str(match.distance),
            "bits": str(bits_of(match)),
            "variant": match.variant,
            "share": _percent(match.share or 0.0),
        }
        text = f"{kind.capitalize()} {number} agrees with bank '{match.bank}', entry '{match.entry}': {said}."
        yield Reason(code=f"known-{kind}", text=text, weight=worth(match), values=values)
    if (more := len(nearest) - MAX_MATCHES) > 0:
        yield Reason(
            code="known-picture",
            text=f"{more} further agreements are weaker.",
            weight=0.0,
            values={"how": "more", "count": str(more)},
        )


def _place(match: Match, places: Places) -> tuple[str, str]:
    """Kind and number; only a video has a share of frames."""
    place = places.get(match.picture_url)
    kind = "video" if match.share is not None or (place and place.kind == "video") else "picture"
    return kind, str(place.number) if place else "?"


def _how(match: Match) -> tuple[str, str]:
    turned = f" ({match.variant})" if match.variant != ORIGINAL else ""
    if match.algorithm in DIGESTS:
        return "digest", "the file is the same, byte for byte"
    if match.share is not None:
        return "frames", f"{_percent(match.share)} % of its frames are there, {match.distance} bits apart{turned}"
    return "bits", f"{match.distance} of {bits_of(match)} bits differ{turned}"


def _harmless(matches: Sequence[Match], places: Places) -> Iterator[Reason]:
    for match in matches[:MAX_MATCHES]:
        kind, number = _place(match, places)
        values = {"picture": number, "bank": match.bank, "entry": match.entry, "how": kind}
        text = f"{kind.capitalize()} {number} is known to be harmless: bank '{match.bank}', entry '{match.entry}'."
        yield Reason(code="known-harmless", text=text, weight=0.0, values=values)


def _seen(signals: Signals, risk: Parts) -> Iterator[Reason]:
    best = max(signals.looked_at, key=_top, default=None)
    if best and best.categories and risk.get("picture_model", 0.0) >= WORTH_SAYING:
        category = max(best.categories, key=best.categories.__getitem__)
        values = {"category": category, "score": f"{best.categories[category]:.2f}"}
        text = f"The picture model rates a picture {values['score']} of 1 for '{category}'."
        yield Reason(code="picture-model", text=text, weight=risk["picture_model"], values=values)
    unread = [seen for seen in signals.looked_at if seen.unread]
    if unread:
        values = {"count": str(len(unread)), "why": unread[0].unread}
        text = f"{values['count']} of the pictures were not seen by the picture model: {values['why']}."
        yield Reason(code="unread", text=text, weight=0.0, values=values)


def _top(seen: PictureSigns) -> float:
    return max(seen.categories.values(), default=0.0)


def _read(signals: Signals, risk: Parts) -> Iterator[Reason]:
    for code, what, component in (
        ("text-model", "the page's text", "text"),
        ("picture-text", "the words in a picture", "picture_text"),
    ):
        if (score := risk.get(component, 0.0)) >= WORTH_SAYING:
            text = f"The text model rates {what} {score:.2f} of 1."
            yield Reason(code=code, text=text, weight=score, values={"score": f"{score:.2f}"})
    if terms := signals.text.slang:
        values = {"terms": ", ".join(hit.term for hit in terms[:MAX_TERMS]), "count": str(len(terms))}
        text = f"{values['count']} terms of the lexicon are used: {values['terms']}."
        yield Reason(code="slang", text=text, weight=risk.get("slang", 0.0), values=values)


def _reported(signals: Signals, risk: Parts) -> Iterator[Reason]:
    if count := signals.reports:
        text = f"The page was reported ({count}): a person has to look at it, whatever else is known of it."
        yield Reason(code="reported", text=text, weight=risk.get("reported", 0.0), values={"count": str(count)})


def _urgent(signals: Signals, urgency: Parts) -> Iterator[Reason]:
    if (weight := urgency.get("victim_report")) and not signals.reports:
        text = "A victim reported this picture or video."
        yield Reason(code="victim-report", text=text, weight=weight)
    if weight := urgency.get("personal_data"):
        kinds = personal_kinds(signals)
        ordered = sorted(kinds, key=lambda kind: (kind not in FINDING_KINDS, kind))
        values = {"kinds": ", ".join(ordered), "count": str(sum(kinds.values()))}
        text = f"Personal data stands beside it ({values['kinds']}): a person can be found by it."
        yield Reason(code="personal-data", text=text, weight=weight, values=values)
    if weight := urgency.get("minor"):
        values = {"score": f"{max(seen.minor or 0.0 for seen in signals.looked_at):.2f}"}
        text = f"The age model takes a person shown for a minor: {values['score']} of 1."
        yield Reason(code="minor", text=text, weight=weight, values=values)
    if weight := urgency.get("spread"):
        text = f"It was seen on {signals.seen_on} hosts within the last days."
        yield Reason(code="spread", text=text, weight=weight, values={"hosts": str(signals.seen_on)})
    if weight := urgency.get("new_upload"):
        hours = str(round(age_hours(signals) or 0.0))
        text = f"It was published {hours} hours before it was found."
        yield Reason(code="new-upload", text=text, weight=weight, values={"hours": hours})


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"
