"""Dates as pages write them (pure)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

EARLIEST, LATEST = 1995, 2100  # the web's; other years are numbers of something else
MAX_DATE, LOOKED_AT = 80, 320  # characters
KEPT = 4_096  # texts: boards show the same days again and again
# 2026-11-20 13:05, 2026.11.20. 13:05:09, 2026/11/20, 2026年11月20日 13:05, 2026년 11월 20일 오후 1:05
YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s?[-./年년]\s?(?P<m>\d{1,2})\s?[-./月월]\s?(?P<d>\d{1,2})(?!\d)")
# 20.11.2026 13:05: with dots the day stands first everywhere; with slashes nobody knows, so that is no date.
DAY_FIRST = re.compile(r"(?<!\d)(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})")
# 20 Nov 2026; Nov 20th, 2026; 20 de noviembre de 2026; 20 ноября 2026
NAMED = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?(?P<n>[^\W\d_]{3,12})\.?,?\s+(?:de\s+)?(?P<y>\d{4})"
    r"|(?P<n2>[^\W\d_]{3,12})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{4})"
)
TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)\s*([ap]\.?m\b)?", re.IGNORECASE)
AFTERNOON, MORNING = (
    re.compile(r"오후|午後|下午|(?<![^\W\d_])p\.?m\b", re.IGNORECASE),
    re.compile(r"오전|午前|上午", re.IGNORECASE),
)
EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
# By the first three letters: English, German, French, Spanish, Portuguese, Russian; others say it in `datetime`.
MONTHS = (
    "jan ene янв", "feb fév fev фев", "mar mär мар", "apr avr abr апр", "may mai mayo мая май", "jun jui июн",
    "jul июл", "aug aoû ago авг", "sep set сен", "oct okt out окт", "nov ноя", "dec dez déc dic дек",
)  # fmt: skip
MONTH = {name[:3]: number for number, names in enumerate(MONTHS, 1) for name in names.split()}


def date_of(text: str | None) -> datetime | None:
    """Aware; UTC where the page names no zone, since nobody knows it then. None for what is no date."""
    return _date_of(text[:LOOKED_AT]) if text else None


@lru_cache(maxsize=KEPT)
def _date_of(text: str) -> datetime | None:
    if (found := _iso(text)) is None:
        text = " ".join(text.split())[:MAX_DATE]
        found = _iso(text) or _mail(text) or _epoch(text) or _written(text)
    if found is None or not EARLIEST <= found.year < LATEST:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text[4:5] == "-" and text[:4].isdigit() else None
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text[:3].isalpha() and text[3:4] == "," else None
    except (ValueError, OverflowError):
        return None


def _epoch(text: str) -> datetime | None:
    """Seconds or milliseconds, as scripts read them."""
    if not EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _written(text: str) -> datetime | None:
    if found := YEAR_FIRST.search(text) or DAY_FIRST.search(text):
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
    elif found := NAMED.search(text):
        name, year, day = found["n"] or found["n2"], int(found["y"] or found["y2"]), int(found["d"] or found["d2"])
        month = _month(name)
    else:
        return None
    try:
        return datetime(year, month, day, *_time(text[found.end() :]), tzinfo=UTC)
    except ValueError:
        return None


def _month(name: str) -> int:
    """0 for none. French juin and juillet begin alike."""
    name = name.lower()
    return 7 if name.startswith("juil") else MONTH.get(name[:3], 0)


def _time(text: str) -> tuple[int, int, int]:
    found = TIME.search(text)
    if found is None:
        return 0, 0, 0
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour <= 12 and AFTERNOON.search(text):
        hour = hour % 12 + 12
    elif hour == 12 and (MORNING.search(text) or (found[4] or "").lower().startswith("a")):
        hour = 0
    return hour, minute, second
