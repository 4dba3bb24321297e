"""What must be true of a house when it has come to rest, whatever happened to it before.

`check` looks at what others would see: the database as its owner, the store, the mailboxes as they were delivered into,
the topics, and the history of what was acknowledged to the outside. It changes nothing. One promise a module.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from chaos.invariants.acknowledged import approvals_kept, one_case_each
from chaos.invariants.answers import refused_politely
from chaos.invariants.custody import evidence_whole
from chaos.invariants.dead import dead_letters_planted
from chaos.invariants.ends import at_rest
from chaos.invariants.folding import state_is_fold
from chaos.invariants.history import audit_verifies
from chaos.invariants.notices import nothing_unapproved, one_notice_each
from chaos.invariants.order import in_order
from chaos.invariants.outboxes import published_as_committed
from chaos.invariants.seen import Seen, World, looking

__all__ = ["INVARIANTS", "Invariant", "Violation", "World", "check"]

MOST = 20  # sentences of one invariant: the first say what is wrong


@dataclass(frozen=True)
class Violation:
    """`what`: a sentence that names the case, notice, line or event."""

    invariant: str
    what: str


@dataclass(frozen=True)
class Invariant:
    """`promise`: its first words. `broken` gives a sentence for each place where it does not hold."""

    name: str
    promise: str
    broken: Callable[[Seen], Awaitable[Sequence[str]]]


def _named(broken: Callable[[Seen], Awaitable[Sequence[str]]]) -> Invariant:
    return Invariant(broken.__name__, (broken.__doc__ or "").strip().splitlines()[0], broken)


INVARIANTS: tuple[Invariant, ...] = tuple(
    map(
        _named,
        (
            one_case_each,
            approvals_kept,
            at_rest,
            one_notice_each,
            nothing_unapproved,
            evidence_whole,
            audit_verifies,
            in_order,
            published_as_committed,
            dead_letters_planted,
            state_is_fold,
            refused_politely,
        ),
    )
)


async def check(world: World, only: Collection[str] = ()) -> list[Violation]:
    """What does not hold, in the order of `INVARIANTS`; of each at most `MOST` sentences, and how many more there are.
    `only`: these invariants; none: all. Raises whatever the servers raise that do not answer."""
    found: list[Violation] = []
    async with looking(world) as seen:
        for invariant in INVARIANTS:
            if only and invariant.name not in only:
                continue
            said = await invariant.broken(seen)
            shown = [*said[:MOST], *([f"and {len(said) - MOST} more"] if len(said) > MOST else [])]
            found += [Violation(invariant.name, what) for what in shown]
    return found
