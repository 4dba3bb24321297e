"""What sites of one operator share, read from their pages; neutral stand-ins throughout."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.capture.steps import traces as steps
from services.evidence.capture.steps.traces import icon_address
from services.evidence.circumstances.traces import accounts, template, traces_of

FRAME = """<html><head><title>{title}</title></head><body class="board">
<header id="top"><a class="logo">Lantern</a><nav class="menu wide"><a>one</a></nav></header>
<main><aside class="list"><ul class="recent">{items}</ul></aside><article class="post post-{number}">{post}</article>
</main>
<footer class="imprint"><p>since</p></footer></body></html>"""


def page(post="<p>A parcel waits.</p>", number=7, items="<li>x</li>", title="Lantern"):
    return FRAME.format(post=post, number=number, items=items, title=title)


def test_posts_of_one_site_have_one_template():
    first = template(page())
    assert len(first) == 64
    others = (
        page("<div><p>Other words</p><img src=/a.jpg><table><tr><td>1</td></tr></table></div>", 4711),
        page(items="<li>x</li>" * 40, title="Another"),
        page().replace("Lantern", "Harbour").replace("menu wide", "wide menu"),
    )
    assert {template(other) for other in others} == {first}


@pytest.mark.parametrize(
    "other",
    [
        page().replace('class="recent"', 'class="newest"'),
        page().replace('<footer class="imprint">', '<footer class="imprint"><section id=rules></section>'),
        page().replace("<main>", '<main id="content">'),
    ],
)
def test_another_frame_is_another_template(other):
    assert template(other) != template(page())


@pytest.mark.parametrize("html", ["", "<p>short</p>", "<body><div><p>x</p></div></body>", "<div>" * 30_000, "\0<<<>"])
def test_a_page_without_a_frame_of_its_own_has_none(html):
    assert template(html) == ""


def test_a_hostile_page_costs_little():
    began = time.process_time()
    for html in ("<body a=1>" * 9_999, "<div>" * 19_999, "<p class='" + "x " * 400_000 + "'>", "<link rel=" * 80_000):
        template(html)
        icon_address("http://board.test/1", html)
        accounts([html, "token" * 200_000, "G-" * 400_000, "ym(" + " " * 900_000])
    assert time.process_time() - began < 5  # a quadratic pattern takes minutes


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<script async src='https://www.googletagmanager.com/gtag/js?id=G-ABCDE12345'></script>",
         ("google-analytics:G-ABCDE12345",)),
        ("ga('create', 'UA-1234567-2', 'auto')", ("google-analytics:UA-1234567-2",)),
        ("(window,document,'script','dataLayer','GTM-W7XK2P')", ("google-tag-manager:GTM-W7XK2P",)),
        ("ym(87654321, 'init', {})", ("yandex-metrika:87654321",)),
        ("<img src=https://mc.yandex.ru/watch/87654321>", ("yandex-metrika:87654321",)),
        ("hm.src = '//hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef'",
         ("baidu-tongji:0123456789abcdef0123456789abcdef",)),
        ('wcs_add["wa"] = "14f5c8e9a3b2d"', ("naver-analytics:14f5c8e9a3b2d",)),
        ("fbq('init', '123456789012345')", ("meta-pixel:123456789012345",)),
        ("<ins data-ad-client='ca-pub-1234567890123456'>", ("google-adsense:pub-1234567890123456",)),
        ("""<script data-cf-beacon='{"token": "0123456789abcdef0123456789abcdef"}'>""",
         ("cloudflare-insights:0123456789abcdef0123456789abcdef",)),
        ("var sc_project=1234567;", ("statcounter:1234567",)),
        ("LA.init({id:'3Jx8aBcDeF12'})", ("51la:3Jx8aBcDeF12",)),
        ("s4.cnzz.com/z_stat.php?id=1273456789&web_id=1", ("cnzz:1273456789",)),
        ("a page about UA-1 and G-rated films", ()),
    ],
)  # fmt: skip
def test_accounts_of_visitor_counters(html, found):
    assert accounts([html, html]) == found


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<link rel="icon" href="/i/fav.png">', "http://board.test/i/fav.png"),
        ("<LINK REL='shortcut icon' type=image/x-icon HREF=fav.ico>", "http://board.test/post/fav.ico"),
        ('<link href="//cdn.test/f.ico" rel=icon>', "http://cdn.test/f.ico"),
        ('<link rel="stylesheet" href="/style.css">', "http://board.test/favicon.ico"),
        ("", "http://board.test/favicon.ico"),
        ('<link rel="icon" href="http://board.test:b/">', "http://board.test/favicon.ico"),
        ('<link rel="icon" href="http:////]">', "http://board.test/favicon.ico"),
        ('<link rel="icon" href="http://\ud800@?">', "http://board.test/favicon.ico"),
    ],
)
def test_where_the_icon_stands(html, address):
    assert icon_address("http://board.test/post/1", html) == address


async def test_an_icon_that_never_comes_costs_no_other_trace(monkeypatch):
    async def never(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr(steps, "ICON_S", 0.01)
    traffic = SimpleNamespace(answered=lambda _: None, load_media=never)
    work = SimpleNamespace(
        traffic=traffic, page=SimpleNamespace(url="http://a.test/", body=b""), drawn=SimpleNamespace(html=page())
    )
    facts = (await steps.traces(work)).facts
    assert (facts["favicon_sha256"], facts["template"]) == ("", template(page()))


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text):
    template(text)
    accounts([text])
    icon_address("http://board.test/", text)


def test_what_cannot_be_told_is_left_out():
    assert traces_of(None, "", ()) == ()
    told = traces_of(
        {"favicon_sha256": "", "template": "a" * 64, "analytics": ["x:1", 7, "y" * 201]}, "192.0.2.1", ["ns1.dns.test"]
    )
    assert [(one.kind, one.value) for one in told] == [
        ("ip", "192.0.2.1"), ("nameserver", "ns1.dns.test"), ("template", "a" * 64), ("analytics", "x:1"),
    ]  # fmt: skip
