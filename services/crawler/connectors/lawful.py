"""Whether a conversation may be read (pure). Not without a basis that is named, shown, and not over."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from services.crawler.connectors.port import Basis, Options
from shared.events import LawfulBasis

# Which of the registry's legal grounds go with a basis. A room that is open to everybody needs no other than its site.
GROUNDS: Mapping[LawfulBasis, frozenset[str]] = {
    LawfulBasis.CONSENT: frozenset({"victim_request"}),
    LawfulBasis.AUTHORISED: frozenset({"court_order", "police_request"}),
}
MAX_PROOF = 1_000
MOST_ROOMS = 10  # of a source: how far each has been read must fit into one cursor
GIVE_ROOMS = f"give the rooms that may be read, at most {MOST_ROOMS}: no other is"
GIVE_BASIS = f"give one of {', '.join(LawfulBasis)}: without it no conversation is read"
RoomName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class RoomOptions(Options):
    """What whoever wants conversations read has to say. Nothing is presumed.

    `ROOM_ID`: what always names the same room, where others of its names may pass to another one.
    """

    ROOM_ID: ClassVar[re.Pattern[str]] = re.compile("")

    rooms: Annotated[tuple[RoomName, ...], Field(max_length=MOST_ROOMS, description=GIVE_ROOMS)] = ()
    basis: Annotated[LawfulBasis | None, Field(description=GIVE_BASIS)] = None
    reference: Annotated[
        str, Field(max_length=200, description="give the consent's or the permission's number in your own file")
    ] = ""
    valid_until: Annotated[
        date | None, Field(description="give the last day of the consent or the permission, such as 2026-12-31")
    ] = None


def check_basis(options: Options, legal_ground: str) -> None:
    """Raises `ValueError` naming the option and the cure. (Whether it is over is seen at each visit.)"""
    if not isinstance(options, RoomOptions) or options.basis in (None, LawfulBasis.OPEN_ROOM):
        return
    if legal_ground not in (allowed := GROUNDS[options.basis]):
        raise ValueError(
            f"basis: {options.basis} does not go with the legal ground {legal_ground!r}; "
            f"give legal_ground {' or '.join(sorted(allowed))}, or take the room off the list"
        )
    if names := [room for room in options.rooms if not options.ROOM_ID.match(room)]:
        raise ValueError(
            f"rooms: {names[0]!r} may lead to another room tomorrow, for which there is no {options.basis}; give its id"
        )
    if not options.reference.strip():
        raise ValueError(f"reference: nothing; {RoomOptions.model_fields['reference'].description}")
    if options.valid_until is None:
        raise ValueError(f"valid_until: nothing; {RoomOptions.model_fields['valid_until'].description}")


def basis_of(options: Options, legal_ground: str, now: datetime) -> Basis | None:
    """What the site's entry allows, None for no conversation at all. Raises `ValueError` when it does not hold."""
    if not isinstance(options, RoomOptions) or options.basis is None:
        return None
    check_basis(options, legal_ground)
    if options.basis is LawfulBasis.OPEN_ROOM:
        return Basis(LawfulBasis.OPEN_ROOM, "")  # shown by the connector, at each visit
    until = datetime.combine(options.valid_until or date.min, time.min, UTC) + timedelta(days=1)
    if now >= until:
        raise ValueError(f"valid_until: {options.basis} {options.reference!r} is over since {options.valid_until}")
    proof = f"{options.basis}: {options.reference}, valid until {options.valid_until} (UTC)"
    return Basis(options.basis, proof[:MAX_PROOF], until)


def holds(basis: Basis, allowed: Basis | None, now: datetime) -> str | None:
    """Why a conversation that a connector hands over is not passed on, None when it may be."""
    if allowed is None:
        return "the site's options name no basis"
    if basis.kind is not allowed.kind or (allowed.proof and basis.proof != allowed.proof):
        return f"it was read as {basis.kind}, the site's options say {allowed.kind}"
    if not basis.proof.strip():
        return f"nothing shows that it is {basis.kind}"
    if basis.until and now >= basis.until:
        return f"the {basis.kind} is over"
    return None
