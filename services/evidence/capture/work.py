"""A capture under way: what its steps share, and what each of them brings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from services.evidence.domain import Exchange, File, Rendering
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.events import ContentFlagged
from shared.net import Fetcher

if TYPE_CHECKING:
    from services.evidence.archive.looks import Second
    from services.evidence.capture.browser import Browser
    from services.evidence.capture.looking import Looked
    from services.evidence.capture.traffic import Traffic
    from services.evidence.circumstances.around import Around

# Strings, integers, booleans, None, and lists and mappings of them: fractions have no one form in canonical JSON that
# everybody agrees on, so measures are integers of a small unit (milliseconds).
Json: TypeAlias = str | int | bool | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"] | None


class StepFailed(Exception):
    """The step could not be done; the capture goes on without it, and its manifest says why."""


@dataclass(frozen=True)
class Made:
    """What a step brings: files, and facts for its manifest. Facts hold no content of the page, only digests of it."""

    files: tuple[File, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass
class Work:
    """Filled in step by step. `user_agent`: what the capture says it is. `scripts`: whether the page's may run.
    `document` and `rendering` are there for every step after the two that make them; `done` holds every step of the
    stages before."""

    event: ContentFlagged
    settings: Settings
    clock: Clock
    fetcher: Fetcher
    browser: "Browser"
    traffic: "Traffic"
    look: Callable[[bytes], Awaitable["Looked"]]  # at a picture of the web, in a child process
    around: "Around"
    user_agent: str
    scripts: bool = True
    document: Exchange | None = None
    rendering: Rendering | None = None
    second: "Second | None" = None  # the independent look, once it was had
    done: dict[str, "StepDone"] = field(default_factory=dict)

    @property
    def page(self) -> Exchange:
        """The document, for steps after the one that fetches it."""
        if self.document is None:
            raise RuntimeError("the plan runs a step before the document that it needs")
        return self.document

    @property
    def drawn(self) -> Rendering:
        """The rendering, for steps after the one that draws the page."""
        if self.rendering is None:
            raise RuntimeError("the plan runs a step before the rendering that it needs")
        return self.rendering


Run: TypeAlias = Callable[[Work], Awaitable[Made]]


@dataclass(frozen=True)
class Step:
    """`essential`: without it there is no capture. Steps of one `stage` run side by side, stages one after another.
    `seconds`: it has failed when it is not done by then; None for a step that sees to that itself."""

    name: str
    run: Run
    stage: int
    essential: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class StepDone:
    """`failure`: why it could not be done; empty when it was."""

    name: str
    started_at: datetime
    finished_at: datetime
    made: Made
    failure: str = ""
