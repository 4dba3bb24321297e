"""A failing order, shortened: which of its steps are needed for it to fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence


async def shorter(steps: Iterable[int], fails: Callable[[Sequence[int]], Awaitable[bool]]) -> tuple[int, ...]:
    """Halves are left out, then ever smaller parts, as long as it fails without them; none of the rest can go alone."""
    left = tuple(sorted(steps))
    size = max(1, len(left) // 2)
    while left:
        before = left
        for part in [left[at : at + size] for at in range(0, len(left), size)]:
            without = tuple(step for step in left if step not in part)
            if await fails(without):
                left = without
        if size == 1 and left == before:
            break
        size = max(1, size // 2)
    return left
