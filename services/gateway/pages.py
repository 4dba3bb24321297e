"""Turning values into pages: Jinja with everything escaped, and how times and durations are written."""

import hashlib
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway.parts import parts_of
from services.gateway.places import places
from services.gateway.plainly import plainly
from services.gateway.requests import login_cookie, texts_of
from services.gateway.rights.deciding import holds
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.texts import LANGUAGES, Texts
from services.gateway.tokens import csrf_token
from shared.notices import reference

HERE = Path(__file__).parent
STATIC = HERE / "static"
environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def version(name: str) -> str:
    """A few digits of the file's digest: a new version has a new address, so that browsers may keep it for long."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


ASSETS = (
    "style.css",
    "people.css",
    "figures.css",
    "htmx.min.js",
    "hashing.js",
    "pdq.js",
    "case.css",
    "case.js",
    "reveal.js",
    "queue.css",
    "live.js",
    "claims.js",
    "icon.svg",
)
# What a person may choose, the first of each as it is without a choice: the system's own scheme.
DISPLAYS = {"theme": ("system", "light", "dark"), "density": ("roomy", "compact")}
environment.filters["plainly"] = plainly
environment.filters["reference"] = reference
environment.globals["places"] = places
environment.globals["displays"] = DISPLAYS
environment.globals["assets"] = {name: f"/static/{name}?v={version(name)}" for name in ASSETS}


def render(
    request: Request,
    template: str,
    visitor: Visitor | None = None,
    status: int = 200,
    **values: Any,  # noqa: ANN401  # templates take anything
) -> HTMLResponse:
    """A whole page. Templates know `t`, `may`, `when`, `lasted`, `size`, `number`, `country`, `csrf`, `visitor`,
    `path`, `home`, `values`."""
    parts, texts = parts_of(request), texts_of(request)
    token = visitor.token if visitor else request.cookies.get(login_cookie(parts), "")

    cookies = {what: request.cookies.get(f"haetae_{what}") for what in DISPLAYS}
    chosen = {what: cookies[what] if cookies[what] in values[1:] else None for what, values in DISPLAYS.items()}

    def when(moment: datetime | str) -> str:
        """A moment, or one as the chain of custody writes it; as it stands where this calendar has no such moment."""
        try:
            known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            return known.astimezone(parts.timezone).strftime("%Y-%m-%d %H:%M:%S %Z")
        except (ValueError, OverflowError):
            return str(moment)

    def lasted(seconds: float) -> str:
        return duration(seconds, texts)

    def may(right: str) -> bool:
        """What the account is not allowed to do is not offered; the route asks again."""
        return visitor is not None and holds(visitor, Right(right))

    context = {
        "t": texts,
        "may": may,
        "when": when,
        "lasted": lasted,
        "size": size,
        "number": partial(written, texts.language),
        "country": partial(country, texts.language),
        "now": parts.clock.now(),
        "visitor": visitor,
        "csrf": values.pop("csrf", None) or csrf_token(token),
        "path": request.url.path,
        "here": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        "home": "/me" if visitor and not holds(visitor, Right.READ_CASES) else "/",
        "languages": LANGUAGES,
        "chosen": chosen,
        **chosen,
        **values,
    }
    return HTMLResponse(environment.get_template(template).render(context), status)


def duration(seconds: float, texts: Texts) -> str:
    """`3.2 s`, `5 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most; clocks that disagree give no negative time."""
    seconds = max(0.0, seconds)
    if seconds < timedelta(minutes=1).total_seconds():
        return texts("unit.seconds", n=f"{seconds:.1f}")
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if minutes < 60:
        return f"{texts('unit.minutes', n=minutes)} {texts('unit.seconds', n=int(seconds % 60))}"
    if hours < 24:
        return f"{texts('unit.hours', n=hours)} {texts('unit.minutes', n=minutes % 60)}"
    return f"{texts('unit.days', n=days)} {texts('unit.hours', n=hours % 24)}"


def written(language: str, value: float, digits: int = 0) -> str:
    """`1,234`, `0.35`: as the language writes numbers (Unicode CLDR)."""
    return str(format_decimal(round(value, digits), locale=language, decimal_quantization=False))


def country(language: str, code: str) -> str:
    """`대한민국`: the name of a country (ISO 3166-1, Unicode CLDR); the code where there is none."""
    return str(Locale(language).territories.get(code, code))


def size(count: int) -> str:
    """`812 B`, `63.4 KiB`, `2.1 MiB`"""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"
