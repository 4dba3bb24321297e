"""A capture under way, as far as the steps about a page's surroundings look at it."""

from dataclasses import fields
from typing import Any

from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import Work
from services.evidence.circumstances.around import Around
from services.evidence.domain import Exchange
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.net import Fetcher
from tests.support.captures import flagged


def work(document: Exchange, fetcher: Fetcher, settings: Settings, clock: Clock, **more: Any) -> Work:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(Work) if field.name != "done")
    given |= {"event": flagged(document.url), "settings": settings, "clock": clock, "fetcher": fetcher}
    given |= {"traffic": Traffic(fetcher, clock, "Capturer/1", "ko"), "around": Around(fetcher, settings, clock)}
    return Work(**{**given, "user_agent": "Capturer/1", "scripts": True, "document": document, **more})
