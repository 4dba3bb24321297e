"""How work fails.

    Failure
    ├── Transient   the world is not ready (a server is away, a lock is held): retry with backoff
    └── Rejected    the input can never be handled: dead letter at once, with the reason

Any other exception is our bug: a few retries, then dead letter; too many dead letters in a row stop the service
loudly, because a service that empties its topic into the dead letters loses cases as surely as one that drops them.
"""


class Failure(Exception):
    """Base of what the runner understands. The message says what happened, to what, and what to do."""


class Transient(Failure):
    """May succeed later. `after_s`: seconds to wait at least, when the other side said so (Retry-After)."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Rejected(Failure):
    """Never succeeds, however often it is tried."""


class Undeclared(Exception):
    """A service published an event that its `Service.publishes` does not name: our bug."""

    def __init__(self, event: object) -> None:
        super().__init__(f"{type(event).__name__} is not in the service's `publishes`: add it there, or do not send it")
