"""Pages that are hostile by what they say: letters in no charset, markup without end, addresses without end."""

from __future__ import annotations

from functools import cache

from tests.support.hostile import TEXT, Case, front, http, page

KOREAN = "등불이 있는 일곱 번째 문에서 소포가 기다린다. 정원사는 두 번째 사다리가 어디 있는지 안다."
UTF_8, NO_CHARSET = "text/html; charset=utf-8", "text/html"
LONG = "A" * 1_500_000
MAY_END = "|markup bomb|1 pictures"  # read within the limits, or given up; what counts is that others go on


def charsets() -> list[Case]:
    words = page(f"<p>{KOREAN}</p>").decode()
    return [
        _said("cp949-says-utf-8", words.encode("cp949"), "소포가 기다린다"),
        _said("cp949-says-nothing", words.encode("cp949"), "소포가 기다린다", NO_CHARSET),
        _said("unknown-charset", words.encode(), "소포가 기다린다", "text/html; charset=lantern-7"),
        _said("utf-16", words.encode("utf-16"), "소포가 기다린다", NO_CHARSET),
        _said("utf-7", page(f"<p>{TEXT} +ADw-b+AD4-</p>"), "+ADw", "text/html; charset=utf-7"),
        _said("lone-surrogates", page().replace(b"seven", b"se\xed\xa0\x80ven"), "lantern parcel"),
        _said("overlong", page().replace(b"seven", b"se\xc0\xaeven"), "lantern parcel"),
        _said("cut-letter", page(f"<p>{KOREAN}")[:-16], "소포가 기다린다"),
        _said("nul-text", page(f"<p>{TEXT}\0\0</p>"), "lantern parcel"),
        _said("escapes", page(f"<p>{TEXT}\x1b[2J\x07\u202e</p>"), "lantern parcel"),
        _said("charset-of-5000-letters", page(), "lantern parcel", "text/html; charset=" + "x" * 5_000),
        Case("binary-page", front(http(bytes(range(256)) * 2_000)), "|markup bomb", told=None),
    ]


def _said(name: str, body: bytes, says: str, kind: str = UTF_8) -> Case:
    return Case(name, front(http(body, kind=kind)), told=True, says=says)


def markup() -> list[Case]:
    return [
        _shown("attributes", f"<p {' '.join(f'a{number}=b' for number in range(180_000))}>{TEXT}</p>", MAY_END),
        _shown("nesting", "<div>" * 200_000 + TEXT, MAY_END),
        _shown("nesting-in-comments", "<div><!-- -->" * 100_000 + TEXT, MAY_END),
        _shown("no-end-of-tag", "<a href=" + LONG, MAY_END),
        _shown("open-elements", "<b><i><font>" * 60_000 + TEXT, MAY_END),
        _shown("tables-in-tables", "<table><tr><td>" * 50_000 + TEXT, MAY_END),
        _shown("foster-parents", "<table>" + "<b>x" * 100_000, MAY_END),
        _shown("comment-without-end", f"<p>{TEXT}</p><!--" + LONG, MAY_END),
        _shown("entities", f"<p>{TEXT}{'&amp;&lt;&#x41;&bogus;' * 80_000}</p>", MAY_END),
        _shown("data-address", f'<p>{TEXT}</p><img src="data:image/png;base64,{LONG}">', MAY_END),
        _shown("long-srcset", f"<p>{TEXT}</p><img srcset='{'/a.png 1x, ' * 100_000}'>", MAY_END),
        Case(
            "title-of-a-megabyte", front(http(page(head=f"<title>{'lantern ' * 130_000}</title>"))), MAY_END, told=None
        ),
        _shown("script-only", "<script>for(;;){}</script>", "|empty|rendering"),
        Case("base-elsewhere", front(http(page(head='<base href="http://[::1">'))), told=True),
    ]


def addresses() -> list[Case]:
    links = "".join(f'<a href="/{number}">{number}</a> ' for number in range(65_000))
    # Relative links that nobody has seen: each month leads to two, each session to fifty.
    month = '<a href="next/">next</a> <a href="before/">before</a>'
    session = "".join(f'<a href="{number}?session={number}">{number}</a> ' for number in range(50))
    return [
        _shown("65-000-links", links, MAY_END),
        Case("calendar", {"*": http(page(month)), "/": http(page(month))}),
        Case("sessions", {"*": http(page(session)), "/": http(page(session))}),
        Case("long-address", front(http(page(f'<a href="/{"x" * 100_000}">gate</a><p>{TEXT}</p>'))), told=True),
        _shown("odd-schemes", '<a href="mailto:a@b.test">a</a><a href="java\tscript:x">b</a>'),
    ]


def _shown(name: str, body: str, outcome: str = "") -> Case:
    return Case(name, front(http(page(body))), outcome, told=None)


@cache
def page_cases() -> list[Case]:
    return [*charsets(), *markup(), *addresses()]
