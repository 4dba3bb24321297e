"""Who asked for how much: requests, the smallest gap between two of them, and requests that robots.txt forbids."""

from dataclasses import dataclass, field

from sandbox.pages.layout import CLOSED_TO_ROBOTS


@dataclass(slots=True)
class Visits:
    """Of one kind of visitor to one host. `smallest_gap_s` is None before the second request."""

    requests: int = 0
    smallest_gap_s: float | None = None
    disallowed: int = 0
    last_at: float | None = None

    def note(self, at: float, target: str) -> None:
        if self.last_at is not None:
            gap = at - self.last_at
            self.smallest_gap_s = gap if self.smallest_gap_s is None else min(gap, self.smallest_gap_s)
        self.requests += 1
        self.last_at = at
        self.disallowed += target.startswith(CLOSED_TO_ROBOTS)

    def as_json(self) -> dict[str, float | int | None]:
        return {
            "requests": self.requests,
            "smallest_gap_s": self.smallest_gap_s,
            "disallowed": self.disallowed,
        }


def visitor(agent: str) -> str:
    """`crawler` names itself Haetae, `browser` Mozilla; a browser loads a page's parts together, so it counts apart."""
    if "haetae" in agent.lower():
        return "crawler"
    return "browser" if agent.startswith("Mozilla/") else "other"


@dataclass(slots=True)
class Traffic:
    visits: dict[str, dict[str, Visits]] = field(default_factory=dict)
    _kinds: dict[str, str] = field(default_factory=dict)

    def note(self, host: str, agent: str, target: str, at: float) -> None:
        kind = self._kinds.get(agent)
        if kind is None:
            kind = visitor(agent)
            if len(self._kinds) < 1_000:  # agents come from outside: remember a bounded number
                self._kinds[agent] = kind
        of_host = self.visits.setdefault(host, {})
        visits = of_host.get(kind)
        if visits is None:
            visits = of_host[kind] = Visits()
        visits.note(at, target)

    @property
    def requests(self) -> int:
        return sum(visits.requests for kinds in self.visits.values() for visits in kinds.values())

    def as_json(self) -> dict[str, dict[str, dict[str, float | int | None]]]:
        return {host: {kind: v.as_json() for kind, v in kinds.items()} for host, kinds in self.visits.items()}
