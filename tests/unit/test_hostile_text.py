"""Texts that were made to keep a service busy. Each took from minutes to days before it was guarded against."""

import pytest

from services.classifier.texts.normalise import skeleton
from services.crawler.pages.feeds import feed_links
from services.crawler.pages.reading import read_html
from services.crawler.removals.removal import text_share

pytestmark = pytest.mark.timeout(20)
PAGE = 2 * 1024 * 1024  # characters: the largest page that is read
URL = "http://board.test/feed"


@pytest.mark.parametrize(
    "bomb", ["<loc>" + " " * PAGE, "<loc" + " " * PAGE, "<link " * (PAGE // 6), "<loc>\n" * (PAGE // 6)]
)
def test_a_feed_that_leads_nowhere_is_read_once(bomb):
    assert feed_links(bomb + "<loc>http://board.test/1</loc>", URL) == ("http://board.test/1",)


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
