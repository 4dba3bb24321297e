"""Texts that were made to keep a service busy. Each took from minutes to days before it was guarded against."""

import pytest

from haetae.backup.unsealing import PLAIN
from services.classifier.texts.lexicon import Lexicon, read_folder
from services.classifier.texts.lexicon.folder import STAND_INS
from services.classifier.texts.normalise import skeleton
from services.classifier.texts.personal import personal_data
from services.classifier.texts.unmasked import unmask
from services.crawler.pages.feeds import feed_links
from services.crawler.pages.reading import read_html
from services.crawler.pages.shown import leads_on, shown
from services.crawler.removals.removal import text_share
from shared.logging import masked

pytestmark = pytest.mark.timeout(20)
PAGE = 2 * 1024 * 1024  # characters: the largest page that is read
URL = "http://board.test/feed"


@pytest.mark.parametrize(
    "bomb", ["<loc>" + " " * PAGE, "<loc" + " " * PAGE, "<link " * (PAGE // 6), "<loc>\n" * (PAGE // 6)]
)
def test_a_feed_that_leads_nowhere_is_read_once(bomb):
    assert feed_links(bomb + "<loc>http://board.test/1</loc>", URL) == ("http://board.test/1",)


@pytest.mark.parametrize("blank", [" ", "\u3000", "1", "1 ", " ;", "url "])
def test_a_page_that_leads_nowhere_at_length_stops_no_removal_check(blank):
    long = blank * (PAGE // 8 // len(blank))
    assert shown(f'<p>lantern<meta http-equiv="refresh" content="{long}">', URL).text == "lantern"
    assert len(leads_on(long, URL)) <= 1


@pytest.mark.parametrize("said", ["0;url=/1", " 5 ; URL = '/1'", "0, /1", "3 /1", ";/1", ' 0.5;url="/1"', "0 url=/1"])
def test_where_a_page_leads_is_read_as_browsers_do(said):
    assert leads_on(said, URL) == ("http://board.test/1",)


def test_a_name_in_an_archive_is_judged_in_time():
    assert not PLAIN.fullmatch("a" * PAGE + "!")
    assert [
        name for name in ("", "a", "a/", "base/1/112_fsm", "a//b", "/a", "a/../b", ".a") if PLAIN.fullmatch(name)
    ] == [
        "a",
        "a/",
        "base/1/112_fsm",
    ]


def test_a_line_of_the_log_is_masked_in_time():
    long = "a" * PAGE
    assert masked(f"{long} postgresql+psycopg://haetae:word@here/") == f"{long} postgresql+psycopg://***@here/"


@pytest.mark.parametrize("marks", ["\u0300\u0316", "\uff9e\u0300", "\u05b1\u05b0"])
def test_a_heap_of_combining_marks_hides_nothing_from_a_removal_check(marks):
    excerpt = "the lantern parcel waits at gate seven"
    assert text_share(excerpt, marks * (PAGE // 8) + excerpt + marks * (PAGE // 8)) == 1.0


def test_accents_do_not_make_another_text():
    assert (
        text_share("la lanterne attend près de la porte sept", "la lanterne attend pre\u0300s de la porte sept") == 1.0
    )


@pytest.mark.parametrize("marks", ["\u0300\u0316", "\uff9e\u0300", "\u05b1\u05b0"])
def test_a_heap_of_combining_marks_hides_nothing_from_the_classifier(marks):
    assert skeleton(marks * 200_000 + " lantern parcel").endswith("lantern parcel")


def test_elements_that_open_again_do_not_multiply():
    """By the letter of the standard, n of these in n blocks are n² elements, a gigabyte for 2,000."""
    bomb = "".join(f"<p><b id={number}><!--</b>-->" for number in range(2_000))
    assert read_html(bomb + "<p>lan<b>tern</b>", URL).text == "lantern"


LINE = 10 * 1024 * 1024  # characters: far more than a page may have
SHORTER = 128 * 1024  # time that grew with the square would be minutes
TRAPS = {
    "one letter": "a" * LINE,
    "one word": "lantern " * (SHORTER // 8),
    "digits": "0101234567" * (SHORTER // 10),
    "phones": "010-1234-5678\n" * (SHORTER // 14),
    "no phones": "010-0000-0000 " * (SHORTER // 14),
    "marks": "\u0301\u0316" * (SHORTER // 2),
    "emoji": "😀" * SHORTER,
    "between": "a.b-" * (SHORTER // 4),
    "mixed": "aа" * (SHORTER // 2),
    "leet": "a1" * (SHORTER // 2),
    "jamo": "ㄷㅏ" * (SHORTER // 2),
    "hidden": "a\u200b" * (SHORTER // 2),
    "addresses": "a@b." * (SHORTER // 4),
    "at": "@" * SHORTER,
    "hints": "학교초등학교 " * (SHORTER // 8),
    "half surrogates": "\ud800\udfff" * (SHORTER // 2),
    "terms": "moonwicker m o o n " * (SHORTER // 19),
    "brackets": "x(at)y" * (SHORTER // 6),
    "names": "A" * 40 + "Name " * (SHORTER // 5),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_text_that_is_a_trap_is_read_in_time(trap):
    """Whatever it says: the time is what is tested, linear in the text."""
    unmasked = unmask(TRAPS[trap])
    assert 0 <= unmasked.disguised <= 1
    assert Lexicon(read_folder(STAND_INS)).hits(skeleton(TRAPS[trap][:SHORTER]), unmasked) is not None
    assert set(personal_data(unmasked.text, None)) <= {"phone", "email", "school", "id_number"}
