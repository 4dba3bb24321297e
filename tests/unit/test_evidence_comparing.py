"""What two looks agree on, and the verdict; nothing of the page's text is in the facts."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae_verify.canonical import canonical, digest
from services.evidence.archive.comparing import Found, Verdict, compare
from services.evidence.archive.likeness import shared_per_mille, words
from services.evidence.archive.looks import Second, SecondPicture
from services.evidence.archive.reading import MANY_TAGS, read, title_of
from shared.events import ContentFlagged
from shared.events.examples import EXAMPLES
from tests.support.captures import exchange
from tests.support.pages import picture

URL = "http://harbour-board.en.test/post/41"
POST = (
    "The lantern parcel waits at gate seven until the evening boat. Whoever comes from the north pier brings the blue "
    "ribbon and asks the keeper for the second key. Rain is expected, so the paper goes into the tin."
)
PICTURE = digest(picture())


def page(post=POST, title="Harbour", seen=3, status=200, **headers):
    html = (
        f"<!doctype html><title>{title}</title><h1>{title}</h1><p>Seen {seen} times.</p><p>{post}</p><img src=/a.jpg>"
    )
    return exchange(URL, html.encode(), status, content_type="text/html; charset=utf-8", **headers)


def second(document, *pictures):
    return Second(document, (document,), tuple(SecondPicture(n, one, why) for n, one, why in pictures))


def compared(first, other, had=None, excerpt=POST):
    crawled = EXAMPLES[ContentFlagged].capture.model_copy(update={"body_sha256": first.sha256})
    found = Found(excerpt, {1: PICTURE} if had else {}, crawled)
    return compare(found, first, had or {}, other)


def served(data=None, status=200):
    return exchange(URL + ".jpg", picture() if data is None else data, status)


def test_the_same_bytes_are_the_same():
    made = compared(page(date="now"), second(page(date="later")), excerpt="")
    assert made.verdict is Verdict.SAME
    assert made.facts["headers"]["date"] == {"first": "now", "second": "later", "agrees": False}
    assert made.facts["crawler"]["first_agrees"] is True


def test_a_page_whose_counters_moved_shows_the_same_content():
    made = compared(page(seen=3), second(page(seen=4)), excerpt="")
    assert (made.verdict, made.facts["body_agrees"]) == (Verdict.SAME_CONTENT, False)
    assert 850 < made.facts["text"]["shared_per_mille"] < 1000


def test_a_page_with_much_around_the_post_shows_the_same_content_while_the_post_is_there():
    around = " ".join(f"notice {number} of the harbour office" for number in range(60))
    made = compared(page(), second(page(POST + around)))
    assert made.facts["text"]["shared_per_mille"] < 300
    assert made.facts["text"]["excerpt_in_both"] is True
    assert made.verdict is Verdict.SAME_CONTENT


def test_another_text_differs():
    made = compared(page(), second(page("Nothing to see here but the timetable of the small ferry, which is late.")))
    assert made.verdict is Verdict.DIFFERS


def test_another_status_or_no_text_at_all_differs():
    assert compared(page(), second(page(status=404))).verdict is Verdict.DIFFERS
    assert compared(page(), second(exchange(URL, b"", content_type="text/html"))).verdict is Verdict.DIFFERS


def test_two_empty_shells_prove_nothing():
    one, other = (exchange(URL, b"<div id=app nonce=%d></div>" % number) for number in (1, 2))
    assert compared(one, second(other), excerpt="").verdict is Verdict.DIFFERS


def test_another_picture_at_the_same_address_differs_though_the_page_is_the_same():
    other = picture(64, 64)
    made = compared(page(), second(page(), (1, served(other), "")), had={1: PICTURE})
    assert made.verdict is Verdict.DIFFERS
    (told,) = made.facts["pictures"]
    assert (told["first_sha256"], told["second_sha256"], told["agrees"]) == (PICTURE, digest(other), False)


def test_a_picture_that_one_look_lacks_speaks_neither_way():
    made = compared(page(), second(page(), (1, None, "no whole answer within 3 s")), had={1: PICTURE})
    assert made.verdict is Verdict.SAME
    assert made.facts["pictures"][0]["agrees"] is None
    assert made.facts["pictures"][0]["why"] == "no whole answer within 3 s"
    refused = compared(page(), second(page(), (1, served(b"no", 403), "its address answers 403")), had={1: PICTURE})
    assert refused.facts["pictures"][0]["second_sha256"] is None


def test_pages_of_pictures_alone_are_told_by_the_pictures():
    one, other = (exchange(URL, b"<img src=/a.jpg alt=%d>" % number) for number in (1, 2))
    made = compared(one, second(other, (1, served(), "")), had={1: PICTURE}, excerpt="")
    assert made.verdict is Verdict.SAME_CONTENT


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_second_look_that_is_refused_is_blocked(status):
    assert compared(page(), second(page(status=status))).verdict is Verdict.SECOND_BLOCKED


def test_a_wall_at_status_200_blocks_too():
    wall = exchange(URL, b"<title>Just a moment...</title><p>Verify you are human", cf_mitigated="challenge")
    made = compared(page(), second(wall))
    assert (made.verdict, made.facts["second"]["wall"]) == (Verdict.SECOND_BLOCKED, "captcha")


def test_without_a_second_look_the_crawlers_is_compared():
    made = compared(page(), None)
    assert (made.verdict, made.facts["crawler"]["second_agrees"]) == (Verdict.NO_SECOND, False)


def test_of_a_page_that_was_cut_off_the_beginning_agrees():
    whole = page()
    beginning = replace(whole, body=whole.body[:200], cut=True)
    assert compared(whole, second(beginning)).facts["body_agrees"] is True
    assert compared(whole, second(replace(beginning, cut=False))).facts["body_agrees"] is False


def test_no_word_of_the_page_is_in_the_facts():
    facts = json.loads(canonical(dict(compared(page(), second(page(seen=9)), {1: PICTURE}).facts)))
    told = json.dumps(facts)
    assert not [word for word in ("lantern", "ribbon", "Harbour", "Seen") if word in told]


html = st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode), st.just(b"<html " * 30))


@settings(max_examples=80)
@given(one=html, other=html, header=st.text(st.characters(max_codepoint=255), max_size=40))
def test_whatever_is_answered_the_facts_have_a_canonical_form(one, other, header):
    first, then = (exchange(URL, body, content_type=header, server=header) for body in (one, other))
    made = compared(first, second(then), {1: PICTURE}, excerpt="")
    assert json.loads(canonical(dict(made.facts)))["verdict"] == str(made.verdict)
    assert (made.verdict is Verdict.SAME) == (one == other) or made.verdict is Verdict.SECOND_BLOCKED


def test_text_is_what_stands_in_the_markup():
    said = read(b"<title> The\n harbour </title><style>p{}</style><p>Gate&nbsp;seven</p><script>x()</script>")
    assert (said.title, said.text.split()) == ("The harbour", ["Gate", "seven"])


def test_the_encoding_that_the_server_names_is_used_and_a_made_up_one_is_not():
    korean = "<p>등불 꾸러미가 일곱 번째 문에서 기다린다</p>"
    assert "등불" in read(korean.encode("euc-kr"), "text/html; charset=EUC-KR").text
    assert "등불" in read(korean.encode(), "text/html; charset=no-such").text


@pytest.mark.parametrize("body", [b"<b>" * (MANY_TAGS + 1), b"<html a>" * 50, b"PK\3\4\0\0"])
def test_what_is_too_much_markup_or_none_is_not_read(body):
    assert read(body) is None


def test_titles_of_drawn_documents():
    assert title_of("<head><TITLE lang=en>Gate &amp;\n seven</title>") == "Gate & seven"
    assert title_of("<p>none") == ""


def test_likeness_of_texts():
    assert shared_per_mille(words("a b c d"), words("a b c d")) == 1000
    assert shared_per_mille(words("a b c d"), words("a b c e")) == 333
    assert shared_per_mille(words("one two"), words("Two one")) == 0
    assert shared_per_mille([], words("a")) is None
    assert words("灯籠の包み gate 7") == ["灯", "籠", "の", "包", "み", "gate", "7"]


@settings(max_examples=60)
@given(one=st.text(max_size=80), other=st.text(max_size=80))
def test_likeness_is_the_same_both_ways(one, other):
    here, there = words(one), words(other)
    alike = shared_per_mille(here, there)
    assert alike == shared_per_mille(there, here)
    assert alike is None or 0 <= alike <= 1000
    assert (alike == 1000) or here != there or alike is None
