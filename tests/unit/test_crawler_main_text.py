"""The text of a page, without what its site puts around it."""

from services.crawler.pages.reading import read_html
from tests.support.findings import TEXT

URL = "http://a.test/p/1"
LEAD = "Where the second ladder stands is known to the gardener only, and to whoever asked him before the evening bell."
ASIDE = "Our harbour shop sends lanterns and umbrellas of every colour to each gate of the town, seven days a week."


def article(paragraphs: int = 6) -> str:
    return "<article>" + "".join(f"<p>{TEXT} {number}</p>" for number in range(paragraphs)) + "</article>"


def text(html: str) -> str:
    return read_html(f"<html><body>{html}</body></html>", URL).text


def test_what_stands_around_is_left_out() -> None:
    for around in (
        f"<aside>{ASIDE}</aside>",
        f"<div class='Page-Sidebar left'><p>{ASIDE}</p></div>",
        f"<div id=cookieNotice>{ASIDE}</div>",
        f"<section role=complementary>{ASIDE}</section>",
        f"<div hidden>{ASIDE}</div>",
        f"<div style='visibility: hidden'>{ASIDE}</div>",
        f"<nav>{ASIDE}</nav>",
        f"<footer>{ASIDE}</footer>",
        f"<form><label>{ASIDE}</label></form>",
    ):
        assert text(f"<div><main>{article()}</main>{around}</div>") == text(f"<div><main>{article()}</main></div>")


def test_a_large_part_is_no_frame_whatever_its_name() -> None:
    assert TEXT in text(f"<div class='widget Blog'>{article()}</div>")
    assert TEXT in text(f"<form>{article()}</form>")


def test_a_lead_near_the_main_part_belongs_to_it() -> None:
    assert LEAD in text(f"<div><div><p>{LEAD}</p></div><div>{article()}</div></div>")


def test_a_page_without_one_main_part_is_told_whole() -> None:
    parts = "".join(f"<div class=part{number}><div><p>{number} {TEXT}</p></div></div>" for number in range(12))
    assert text(parts).count(TEXT) == 12
    table = "".join(f"<tr><td>{number}</td><td>{TEXT}</td></tr>" for number in range(12))
    assert text(f"<table>{table}</table>").count(TEXT) == 12


def test_a_short_page_is_told_whole() -> None:
    """A notice or a wall is recognised by all that it says."""
    assert text("<div class=login-banner><p>Please log in.</p></div><p>To go on.</p>") == "Please log in.\nTo go on."


def test_a_link_amid_a_sentence_is_part_of_it_and_one_in_a_list_is_not() -> None:
    sentence = f"<p>{TEXT} Ask <a href=/g>the gardener<img src=/g.jpg></a> for it.</p>"
    listed = "<ul><li><a href=/1>The blue token</a> by minji</li><li><a href=/2>The grey umbrella</a> (3)</li></ul>"
    page = read_html(sentence + listed, URL)
    assert page.text == f"{TEXT} Ask the gardener for it."
    assert not page.pictures
    assert page.links == tuple(f"http://a.test/{name}" for name in ("g", "1", "2"))


def test_cells_and_items_are_lines_and_numbers_are_not_invented() -> None:
    assert text(f"<ol><li>{LEAD}</li><li>{ASIDE}</li></ol>").split("\n") == [LEAD, ASIDE]
    table = f"<table><tr><td>{TEXT}<p>left</p></td><td>{ASIDE}</td></tr></table>"
    assert text(table).split("\n") == [TEXT, "left", ASIDE]
