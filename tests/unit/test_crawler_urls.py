"""One page, one name."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.pages.addresses import Addresses
from shared.urls import canonical, host_of

PIECES = st.sampled_from(
    ["http://", "HTTPS://", "a.test", "A.Test.", "ü.test", "xn--tda.test", ":80", ":443", ":8080", "/", "//", ".", "..",
     "%2e", "%2F", "%C3%BC", "%zz", "%", "?", "&", "=", "utm_source=x", "a=1", "#f", "\\", " ", "\t", "한국", "\ud800",
     "[::1]", "@", "user:pw@", "ſ", "①②⑦", ";", "+", "'", '"', "<", "p", "x.html", "/p/1", "?page=2", "%7E", "%20",
     "mailto:", "http:", "mc_cid=1", "&&", ":x"]
)  # fmt: skip
urls = st.one_of(
    st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join), st.text(max_size=30).map("http://a.test/".__add__)
)


@given(urls)
def test_canonical_is_idempotent_and_sound(url: str) -> None:
    made = canonical(url)
    if made is None:
        return
    assert canonical(made) == made
    parts = urlsplit(made)
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert parts.path.startswith("/")
    assert not parts.fragment
    assert parts.username is None
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made
    assert not any(segment in (".", "..") for segment in parts.path.split("/"))


@given(urls, urls)
def test_joining_never_breaks(url: str, base: str) -> None:
    made = canonical(url, canonical(base) or "http://a.test/x/y")
    assert made is None or canonical(made) == made


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("HTTP://A.Test:80", "http://a.test/"),
        ("https://a.test:443/x#part", "https://a.test/x"),
        ("http://a.test:8080/x", "http://a.test:8080/x"),
        ("http://user:secret@a.test/", "http://a.test/"),
        ("http://a.test./", "http://a.test/"),
        ("http://bücher.test/ü?ü=ä b", "http://xn--bcher-kva.test/%C3%BC?%C3%BC=%C3%A4%20b"),
        ("http://a.test/a/./b/../c/..", "http://a.test/a/"),
        ("http://a.test/%2e%2e/%7euser/%2f", "http://a.test/~user/%2F"),
        ("http://a.test/100%", "http://a.test/100%25"),
        ("http://a.test/x?utm_source=s&b=2&a=1&fbclid=z", "http://a.test/x?b=2&a=1"),
        ("http://a.test/x?utm_source=s", "http://a.test/x"),
        ("  http://a.test/a\n/b  ", "http://a.test/a/b"),
        ("http:\\\\a.test\\b", "http://a.test/b"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_spellings(url: str, wanted: str) -> None:
    assert canonical(url) == wanted


@pytest.mark.parametrize(
    "url",
    ["", "x", "/x", "ftp://a.test/", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.test", "http://", "http:///x",
     "http://a..test/", "http://a.test:99999/", "http://a b.test/", "http://[::zz]/", "http://a.test/" + "x" * 5000],
)  # fmt: skip
def test_what_is_no_web_address(url: str) -> None:
    assert canonical(url) is None


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("y", "http://a.test/p/y"),
        ("/y", "http://a.test/y"),
        ("?page=2", "http://a.test/p/x?page=2"),
        ("//b.test/", "http://b.test/"),
        ("#top", "http://a.test/p/x?q=1"),
        ("", "http://a.test/p/x?q=1"),
        ("../../../up", "http://a.test/up"),
    ],
)
def test_links_are_joined(link: str, wanted: str) -> None:
    assert canonical(link, "http://a.test/p/x?q=1") == wanted


def test_host_of() -> None:
    assert host_of("http://a.test:8080/x") == "a.test"


BASES = st.sampled_from(
    ["http://a.test/", "http://a.test/p/x?q=1", "https://a.test:8080/d/e/", "http://a.test:1/.h/x", "http://[::1]/x",
     "http://a.test/a//b/c", "http://a.test/x;y/z;p?k", "http://a.test/%C3%BC/x", "", "https://a.test/?a=%2F"]
)  # fmt: skip


@given(st.lists(urls, max_size=4), BASES)
def test_a_look_tells_the_same_address(links: list[str], base: str) -> None:
    addresses = Addresses(base)
    for link in (*links, *links):
        assert addresses[link] == canonical(link, base)


@given(st.lists(urls, max_size=4), BASES)
def test_all_links_of_a_page_together_have_the_same_addresses(links: list[str], base: str) -> None:
    addresses = Addresses(base)
    addresses.learn([*links, "/p/1", "http://b.test/p?page=2", "/p\n/q", *links])
    assert addresses == {link: canonical(link, base) for link in addresses}


def test_the_plainest_links_are_learnt_at_once() -> None:
    addresses = Addresses("http://a.test/d/e")
    addresses.learn(["/p/1", "p/2", "http://b.test/p?page=2", "#f"])
    assert addresses == {"/p/1": "http://a.test/p/1", "http://b.test/p?page=2": "http://b.test/p?page=2"}


def test_a_look_knows_the_longest_address() -> None:
    addresses = Addresses("http://a.test/")
    addresses.learn(["/" + "a" * (2049 - len("http://a.test/"))])
    assert addresses["/" + "a" * (2048 - len("http://a.test/"))]
    assert addresses["/" + "a" * (2049 - len("http://a.test/"))] is None


@pytest.mark.parametrize(
    "link",
    ["/p?utm_source=x", "/p?a=1&gclid=2#f", "http://b.test/p?fbclid=x", "p/../q", "/p/./q", "/.well-known", "../x", ".",
     "?page=2", "?utm_source=x", "//b.test/p", "//b.test", "http://b.test?x=1", "http://b.test#f",
     "/a%2Fb%7Ec", "/%C3%BC", "/%c3%bc", "p:q", "mailto:a@b.test", "JavaScript:0", "http:p", "", "#f", "/p;a=1/q",
     "/p?", "/p?&a=1", "x//y", "/p q", "/p\n/q", "HTTP://A.test/", "ſ:"],
)  # fmt: skip
@pytest.mark.parametrize(
    "base", ["http://a.test/p/x?q=1", "https://a.test:8080/", "http://a.test/d/", "http://a.test/.h/x"]
)
def test_a_look_tells_the_same_address_of_what_pages_are_full_of(link: str, base: str) -> None:
    assert Addresses(base)[link] == canonical(link, base)
