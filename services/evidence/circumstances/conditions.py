"""Under which conditions a capture was made: with what, as whom, from where, by which clock (pure but for versions)."""

import platform
import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from haetae_verify.canonical import moment
from services.evidence.capture.work import Json
from services.evidence.circumstances.clocks import Compared
from services.evidence.domain import Exchange, clean
from shared.version import VERSION

MAX_DATE = 40  # characters; what stands after a date is read by nobody, and may say anything
# What reads, draws, hashes, archives and seals: another version of these may see or write a page differently.
LIBRARIES = (
    "aiodns", "brotli", "cryptography", "h2", "httptools", "httpx", "imagehash", "opentimestamps", "pdqhash", "pillow",
    "playwright", "publicsuffixlist", "pycares", "rfc3161-client", "turbohtml", "typst", "warcio", "zstandard",
)  # fmt: skip


@cache
def software() -> dict[str, Json]:
    """Reads the packages' own records: once a process."""
    return {
        "haetae": VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "openssl": ssl.OPENSSL_VERSION,
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def clock_facts(now: datetime, compared: Iterable[Compared]) -> dict[str, Json]:
    """Offsets in milliseconds that our clock has to be moved by: positive means that it is slow. `time_zone`: of the
    browser, whose scripts see it; all times of a record are in UTC."""
    return {
        "now": moment(now),
        "time_zone": time.tzname[0],
        "servers": [
            {
                "server": one.server,
                "asked_at": moment(one.at),
                "offset_ms": one.offset.offset_ms if one.offset else None,
                "round_trip_ms": one.offset.round_trip_ms if one.offset else None,
                "stratum": one.offset.stratum if one.offset else None,
                "failure": one.failure,
            }
            for one in compared
        ],
    }


def site_clock(document: Exchange) -> dict[str, Json] | None:
    """What the site says the time is (RFC 9110, 6.6.1: whole seconds) beside ours when it was asked; its own word, no
    proof of anything. None without."""
    told = document.headers.get("date", "")
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    ahead = (at if at.tzinfo else at.replace(tzinfo=UTC)) - document.at
    return {"date": clean(told[:MAX_DATE]), "offset_ms": round(ahead.total_seconds() * 1000)}
