"""The world as it stands now: what is up, what was taken down and how, and what is still to come."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sandbox.model import Behaviour, Host, Post, Status
from sandbox.world import World

# How long after a removal the same picture comes back elsewhere: soon, but after the removal could be seen.
REUPLOAD_AFTER_S = 4.0

Now = Callable[[], float]
"""Seconds since 1970."""
After = Callable[[float, Callable[[], object]], None]
"""Do something so many seconds from now."""

_OUTCOMES = {
    Behaviour.AT_ONCE: Status.REMOVED,
    Behaviour.LATE: Status.REMOVED,
    Behaviour.PRETEND: Status.PRETENDED,
    Behaviour.CLOAK: Status.CLOAKED,
}


@dataclass(slots=True)
class LivePost:
    """A post with its fate. Times are `Now` seconds, None while not yet."""

    post: Post
    status: Status = Status.HIDDEN
    appears_at: float | None = None
    removed_at: float | None = None


class LiveWorld:
    def __init__(self, world: World, now: Now, after: After, pace: float = 1.0) -> None:
        """`pace` is the one that `after` runs at (2.0: everything happens in half the time)."""
        self.world = world
        self.hosts: dict[str, Host] = {host.name: host for host in world.hosts}
        self.posts: dict[str, LivePost] = {post.key: LivePost(post) for post in world.posts}
        self.on_change: list[Callable[[str], None]] = []
        self._now, self._after, self._pace = now, after, pace
        self._shown: dict[str, list[LivePost]] = {host.name: [] for host in world.hosts}

    def start(self) -> None:
        """Show what is there from the start, and schedule the rest."""
        for key, live in self.posts.items():
            seconds = live.post.appears_after_s
            if seconds == 0.0:
                self.publish(key)
            elif seconds is not None:
                live.appears_at = self._now() + seconds / self._pace
                self._after(seconds, partial(self.publish, key))

    def shown(self, host: str) -> list[LivePost]:
        """Every post that has appeared on the host, newest first, whatever became of it."""
        return self._shown[host]

    def count(self, host: str) -> int:
        return sum(live.post.host == host for live in self.posts.values())

    def add(self, post: Post) -> None:
        """A post that the world did not plan, hidden until published."""
        self.posts[post.key] = LivePost(post)

    def publish(self, key: str) -> None:
        live = self.posts[key]
        if live.status is not Status.HIDDEN:
            return
        live.status, live.appears_at = Status.UP, self._now()
        self._shown[live.post.host].insert(0, live)
        self._changed(live.post.host)

    def take_down(self, key: str, behaviour: Behaviour) -> Status:
        """Act as an operator of that behaviour does, now. What was removed for good stays as it is."""
        live, outcome = self.posts[key], _OUTCOMES.get(behaviour)
        if outcome is None or live.status in (Status.HIDDEN, Status.REMOVED, outcome):
            return live.status
        live.status, live.removed_at = outcome, self._now()
        if outcome is Status.REMOVED:
            self._schedule_reuploads(key)
        self._changed(live.post.host)
        return outcome

    def pending(self) -> tuple[int, int]:
        """How many posts are still to come: by the clock, and after a removal."""
        hidden = [live.post for live in self.posts.values() if live.status is Status.HIDDEN]
        reuploads = sum(post.appears_after_s is None for post in hidden)
        return len(hidden) - reuploads, reuploads

    def _schedule_reuploads(self, source: str) -> None:
        for key, live in self.posts.items():
            if live.post.reupload_of == source and live.status is Status.HIDDEN:
                self._after(REUPLOAD_AFTER_S, partial(self.publish, key))

    def _changed(self, host: str) -> None:
        for tell in self.on_change:
            tell(host)
