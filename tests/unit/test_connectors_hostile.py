"""What other sides answer is theirs: whatever it is, it is read, or named as a problem; it stops nothing."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.crawler.connectors import activitypub, answers, feed_items, mastodon, matrix_events, messenger_updates
from services.crawler.connectors.dotted import find, parse_path
from services.crawler.connectors.json_mapping import mapping_file, parse_mapping, reader
from services.crawler.connectors.listing import MOST_PAGES, Place, read_place, step, write_place
from services.crawler.connectors.mastodon import TimelineOptions
from services.crawler.connectors.pages import is_near
from services.crawler.connectors.port import MAX_CURSOR, Options, Post, Source
from shared.events.values import Site, SiteKind
from tests.support.connectors import HOST, answer
from tests.support.service import T0

NASTY = ["\0", "\ud800", "", " ", "9" * 5000, "http://peer.test/\0", "javascript:0", "-1", "\u202e", "2026-13-45"]
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63), 10**18, 1e308]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20), st.sampled_from(NASTY))
NAMES = """id url uri type to cc object content contentMap published attributedTo attachment mediaType href next first
items orderedItems visibility reblog account acct media_attachments spoiler_text created_at language update_id
channel_post message edited_message chat username title text caption photo video document file_id file_unique_id
message_id date from sender_chat event_id sender origin_server_ts m.new_content body room_id name summary"""
KEYS = st.sampled_from(NAMES.split())
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=2)


def source(options: Options | None = None) -> Source:
    site = Site(host=HOST, name="Peer", kind=SiteKind.FEED)
    return Source(site, f"http://{HOST}/", options or Options(), None, None, T0)


def said(value: Any) -> bytes:
    return json.dumps(value).encode()


def sound(post: Post) -> None:
    """It can be told and kept: addresses canonical, no NUL, no lone surrogate, moments with a zone."""
    for word in (post.url, post.text, post.title, *post.authors, *(one.url for one in (*post.pictures, *post.videos))):
        assert "\0" not in word
        word.encode()
    assert post.url.startswith("http")
    assert post.published_at is None or post.published_at.tzinfo is UTC


@given(VALUES)
def test_anything_for_a_timeline(value: Any) -> None:
    wanted = source(TimelineOptions(remote=True))
    for body in (value, [value], [{"visibility": "public", "url": f"http://{HOST}/1", "content": value}]):
        try:
            page = mastodon.page_of(answer(said(body)), wanted)
        except answers.Unreadable:
            continue
        for post in page.posts:
            sound(post)


@given(VALUES)
def test_anything_for_an_outbox(value: Any) -> None:
    public = {"type": "Note", "to": activitypub.PUBLIC and "as:Public", "url": f"http://{HOST}/1"}
    for items in (value, [value], [public | {"content": value, "attachment": value, "published": value}]):
        page = activitypub.page_of(answer(said({"type": "OrderedCollection", "orderedItems": items})), source())
        for post in page.posts:
            sound(post)


@given(VALUES)
def test_anything_for_a_json_listing(value: Any) -> None:
    page_of = reader(mapping_file("jsonfeed"))
    for body in ({"items": [value]}, {"items": [{"url": "/1", "content_html": value, "attachments": value}]}):
        for post in page_of(answer(said(body)), source()).posts:
            sound(post)


@settings(max_examples=60)
@given(ROWS)
def test_anything_for_updates(messages: list[Any]) -> None:
    chat = {"id": -1, "type": "channel", "username": "lanterns"}
    rows = [{"update_id": 1, "channel_post": {"message_id": 1, "chat": chat} | message} for message in messages]
    rows += messages
    for update in messenger_updates.updates(rows):
        messenger_updates.files_of(update)
        messenger_updates.said_in(update)
        if post := messenger_updates.post_of(update, f"http://{HOST}/"):
            sound(post)
    messenger_updates.last_number(rows)


@settings(max_examples=60)
@given(ROWS)
def test_anything_for_events_of_a_room(rows: list[Any]) -> None:
    for said in matrix_events.said_in(({"type": "m.room.message"} | row for row in rows), "!r:x"):
        assert said.said_at.tzinfo is UTC


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_anything_for_a_feed(text: str) -> None:
    for xml in (text, f'<rss version="2.0"><channel><item><link>/1</link>{text}</item></channel></rss>'):
        try:
            page = feed_items.page_of(answer(xml.encode("utf-8", "replace")), source())
        except answers.Unreadable:
            continue
        for post in page.posts:
            sound(post)


@pytest.mark.parametrize("body", [b"[" * 200_000, b"{", b"", b"\xff\xfe", b'{"a":' * 100_000, b"9" * 100_000])
def test_json_that_is_none_is_named(body: bytes) -> None:
    with pytest.raises(answers.Unreadable, match="JSON"):
        answers.json_of(answer(body))


@given(VALUES)
def test_a_moment_is_one_or_none(value: Any) -> None:
    read = answers.moment(value)
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize(
    "value", ["99999-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", 1e30, -1e30, float("nan"), float("inf"), "x"]
)
def test_a_senseless_moment_is_none(value: Any) -> None:
    assert answers.moment(value) is None


def test_moments_in_every_spelling() -> None:
    for value in ("2026-01-01T00:00:00Z", "2026-01-01T09:00:00+09:00", "Thu, 01 Jan 2026 00:00:00 GMT", 1767225600):
        assert answers.moment(value) == T0
    assert answers.moment(1767225600000) == T0  # milliseconds


POSTS = st.lists(st.integers(0, 400).map(lambda n: Post(f"http://{HOST}/{n}", f"text {n}")), max_size=260)


@given(st.lists(st.tuples(POSTS, st.sampled_from([None, f"http://{HOST}/?page=2", "http://x.test/" + "x" * 3000]))))
def test_a_cursor_is_always_small_and_read_back(pages: list[Any]) -> None:
    place = Place("salt0000")
    for posts, onward in pages:
        place = step(place, posts, onward).place
        written = write_place(place)
        assert len(written) <= MAX_CURSOR
        assert read_place(written, "other") == place


def test_a_listing_without_an_end_has_one() -> None:
    """Each page new, each with a next one: at first five pages, later a bounded run that says what it left out."""
    place, taken = Place("salt0000"), 0
    while taken == 0 or place.next:
        made = step(place, [Post(f"http://{HOST}/{taken}", "text")], f"http://{HOST}/?page={taken}")
        place, taken = made.place, taken + 1
    assert (taken, made.problem) == (5, None)
    for taken in range(1, 10_000):
        made = step(place, [Post(f"http://{HOST}/more/{taken}", "text")], f"http://{HOST}/?page={taken}")
        place = made.place
        if not place.next:
            break
    assert taken == MOST_PAGES
    assert "what is older is left out" in (made.problem or "")


def test_pages_in_a_circle_end() -> None:
    page = [Post(f"http://{HOST}/{number}", "text") for number in range(3)]
    first = step(Place("salt0000"), page, f"http://{HOST}/?page=2")
    assert first.place.next
    assert not step(first.place, page, f"http://{HOST}/?page=1").place.next


def test_an_empty_answer_makes_nothing_new_again() -> None:
    page = [Post(f"http://{HOST}/{number}", "text") for number in range(3)]
    known = step(Place("salt0000"), page, None).place
    emptied = step(known, [], None).place
    assert step(emptied, page, None).new == ()


@pytest.mark.parametrize(
    "cursor", [None, "", "[]", "{}", '{"salt": 4}', '{"salt":"s","next":"javascript:0","pages":1}', "["]
)
def test_a_cursor_of_somebody_else_begins_anew(cursor: str | None) -> None:
    assert read_place(cursor, "fresh").next is None


@given(VALUES, st.lists(st.sampled_from(["*", "0", "id", "url", "items", "99999999999999999999"]), max_size=5))
def test_a_path_finds_or_does_not(value: Any, steps: list[str]) -> None:
    assert isinstance(find(value, parse_path(".".join(steps))), list)


@pytest.mark.parametrize("written", ["a..b", ".", "a b", "a.*b", "x" * 65, ".".join("a" * 13)])
def test_a_path_that_is_none_is_answered_with_the_cure(written: str) -> None:
    with pytest.raises(ValueError, match="such as media"):
        parse_path(written)


@pytest.mark.parametrize(
    ("toml", "wrong"),
    [
        ("", "items: Field required; give the path of the list"),
        ('items = "a..b"\nurl = "url"', "is no path"),
        ('items = "a"', "give the path of a post's address, or url_from"),
        ('items = "a"\nurl_from = "ftp://x/{id}"', "paths in braces, such as"),
        ('items = "a"\nurls = "u"', "the fields are items"),
        ("items =", "Invalid value"),
    ],
)
def test_a_mapping_that_is_wrong_is_answered_with_field_and_cure(toml: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse_mapping(toml, "x.toml")


def test_a_mapping_fills_addresses_and_keeps_what_it_is_told_to() -> None:
    mapping = parse_mapping(
        f'items = ""\nurl_from = "http://{HOST}/p/{{id}}"\ntext = "t"\nonly = {{ v = "public" }}', "x.toml"
    )
    rows = [
        {"id": "a/b", "t": "one", "v": "public"},
        {"id": 2, "t": "two", "v": "hidden"},
        {"t": "three", "v": "public"},
    ]
    page = reader(mapping)(answer(said(rows)), source())
    assert [(post.url, post.text) for post in page.posts] == [(f"http://{HOST}/p/a%2Fb", "one")]
    assert page.problem == "1 left out: without an address on this site"


@pytest.mark.parametrize("host", ["peer.test", "www.peer.test", "m.peer.test"])
def test_a_page_is_the_sites_own(host: str) -> None:
    assert is_near(f"http://{host}/1", source())


@pytest.mark.parametrize("host", ["test", "notpeer.test", "peer.test.far.test", "far.test"])
def test_a_page_is_somebody_elses(host: str) -> None:
    assert not is_near(f"http://{host}/1", source())
