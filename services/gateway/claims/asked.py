"""A list's address read: which view, which cases of it, from where on. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from services.gateway.domain import State
from services.gateway.listing import CLOSED, OF_LIST, Filters, Wanted

REVIEW = "review"
VIEWS = {
    REVIEW: Wanted(states=(State.DRAFTED,)),
    "next": Wanted(further=True),
    "hand-over": Wanted(handing=True),
    "alarm": Wanted(alarmed=True),
    "unproven": Wanted(unproven=True),
    "preparing": Wanted(states=(State.FOUND, State.FLAGGED, State.SEALED)),
    "under-way": Wanted(states=(State.DECIDING, State.APPROVED, State.SENT)),
    "closed": Wanted(states=CLOSED, newest=True),
    "all": Wanted(newest=True),
}
FLAGS = ("known", "reported", "pictures")
MINE = "mine"
FILTERS = (*OF_LIST, *FLAGS, MINE)
MAX_WORD = 253  # characters: a host name


def query_of(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that mean something, and nothing else: what a saved view keeps."""
    kept = {name: given[name].replace("\0", "").strip()[:MAX_WORD] for name in ("view", *FILTERS) if given.get(name)}
    view = kept.get("view")
    return {name: value for name, value in kept.items() if value and (name != "view" or view in VIEWS)}


def wanted_of(query: Mapping[str, str], agency: str, pseudonym: str, after: str | None, limit: int) -> Wanted:
    """`query` as `query_of` gives it."""

    def flag(name: str) -> bool | None:
        return {"1": True, "0": False}.get(query.get(name, ""))

    host = query.get("host")
    filters = Filters(
        category=query.get("category"),
        language=query.get("language"),
        country=query.get("country"),
        host=host.lower() if host else None,
        known=flag("known"),
        reported=flag("reported"),
        pictures=flag("pictures"),
        mine=pseudonym if query.get(MINE) else None,
    )
    view = VIEWS[query.get("view", REVIEW)]
    return replace(view, agency=agency, filters=filters, after=after, limit=limit)
