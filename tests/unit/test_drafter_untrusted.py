"""No address in a notice opens anybody's account, and each still says where the material lies."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.drafter.untrusted import nameable

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYXJrZXIifQ.c2lnbmF0dXJl"
DRAWN = "a81f0c5d2b7e4f60913c"


@pytest.mark.parametrize(
    ("url", "shown", "removed"),
    [
        ("http://u:pw@a.test/p", "http://a.test/p", ("user",)),
        ("http://a.test/p?id=4&PHPSESSID=ab12&page=2", "http://a.test/p?id=4&page=2", ("PHPSESSID",)),
        ("http://a.test/p;jsessionid=AB12.n1/q?x=1", "http://a.test/p/q?x=1", ("jsessionid",)),
        ("http://a.test/(S(abc12345))/p.aspx", "http://a.test/p.aspx", ("session",)),
        ("http://a.test/p?access_token=x", "http://a.test/p", ("access_token",)),
        (f"http://a.test/p#view&id_token={JWT}", "http://a.test/p#view", ("id_token",)),
        (f"http://a.test/p?x={JWT}&y=1", "http://a.test/p?y=1", ("x",)),
        (
            "http://s.test/b/o.jpg?X-Amz-Credential=AK%2Fx&X-Amz-Expires=60&X-Amz-Signature=ff&response=inline",
            "http://s.test/b/o.jpg?response=inline",
            ("X-Amz-Credential", "X-Amz-Expires", "X-Amz-Signature"),
        ),
        ("http://s.test/o?sv=2024&sig=abc%3D&se=2026", "http://s.test/o?sv=2024&se=2026", ("sig",)),
        ("http://a.test/p?authorization=Bearer%20ab&x=1", "http://a.test/p?x=1", ("authorization",)),
        (
            "http://a.test/p?user_session=9&otp=1234&sessionid%5B0%5D=7",
            "http://a.test/p",
            ("user_session", "otp", "sessionid%5B0%5D"),
        ),
        (f"http://a.test/p?st={DRAWN}&e=17", "http://a.test/p?e=17", ("st",)),
        ("http://a.test/in?next=%2Fp%3Fid%3D1%26token%3Dab&x=1", "http://a.test/in?x=1", ("next",)),
        ("http://a.test/in?next=%2F%2Fu%3Apw%40b.test%2F", "http://a.test/in", ("next",)),
        (f"http://a.test/p?sid={DRAWN}", "http://a.test/p", ("sid",)),
        (
            "http://a.test/go?to=http%3A%2F%2Fb.test%2Fp%3Fid%3D1%26token%3Dabc",
            "http://a.test/go?to=http%3A%2F%2Fb.test%2Fp%3Fid%3D1",
            ("token",),
        ),
    ],
)
def test_what_opens_is_taken_out_and_the_place_stays(url, shown, removed):
    found = nameable(url)
    assert (found.url, found.removed) == (shown, removed)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.test/modules.php?name=News&sid=123",
        "http://a.test/p?key=harbour-boat&s=lantern",
        "http://a.test/list?pageToken=CAUQAA",
        "http://a.test/p;v=2?a=1;b=2&c#top",
        "http://a.test/p?token=",
        "http://a.test/in?next=%2Fp%3Fid%3D1%26page%3D2&mail=a@b.test",
        f"http://a.test/p?md5={DRAWN}&hash={DRAWN}",
        "http://a.test/%ED%95%9C?q=a+b'\"",
        "http://a.test/p?a&&b=",
    ],
)
def test_an_address_without_a_key_stands_unchanged(url):
    found = nameable(url)
    assert (found.url, found.removed) == (url, ())


@pytest.mark.parametrize(
    "url", [f"http://a.test/{JWT}/p", "http://a.test/one two", "http://[broken/", "http://a.test\\@b.test/"]
)
def test_what_cannot_be_named_is_not(url):
    assert nameable(url) is None


text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(
    place=st.sampled_from(["?{}={}", "?a=1&{}={}&b=2", "#x&{}={}", ";{}={}"]),
    name=st.sampled_from(["token", "session_id", "PHPSESSID", "X-Amz-Signature", "%74oken", "api-key"]),
    before=st.text("abc/?&=;#%", max_size=8),
)
def test_a_marker_in_a_token_never_comes_through(place, name, before):
    found = nameable(f"http://a.test/p{before}" + place.format(name, "marker7f3a91"))
    assert found is None or "marker7f3a91" not in found.url


@example(path="?a=?token=x")
@given(path=text)
def test_any_text_is_judged_and_nothing_else_changes(path):
    found = nameable(f"http://a.test/{path}")
    if found is not None:
        assert found.removed or found.url == f"http://a.test/{path}"
