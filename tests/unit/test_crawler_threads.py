"""Threads of the common board engines, written after their public themes, and of an engine that nobody knows."""

from datetime import UTC, datetime

import pytest

from services.crawler.pages.reading import read_html
from shared.events.values import MAX_EXCERPT, Post

URL = "http://board.test/t/1"
FIRST = "The lantern parcel waits at gate seven."
SECOND = "Thank you, I shall be there before noon."

PHPBB = """<div id="p{n}" class="post has-profile"><div class="postbody"><h3><a href="#p{n}">Re: parcels</a></h3>
<p class="author">by <strong><a href="./memberlist.php?u={n}" class="username">{author}</a></strong> »
<time datetime="{date}">Fri</time></p><div class="content">{text}</div></div></div>"""
VBULLETIN = """<li class="postbitlegacy postbitim postcontainer" id="post_{n}"><div class="posthead">
<span class="postdate"><span class="date">{date}</span></span></div>
<a class="username" href="member.php?{n}"><strong>{author}</strong></a>
<div class="content"><blockquote class="postcontent restore">{text}</blockquote></div></li>"""
XENFORO = """<article class="message message--post js-post" data-author="{author}" id="js-post-{n}">
<h4 class="message-name"><a class="username" href="/members/{n}/">{author}</a></h4><a href="/t/1/post-{n}"><time
class="u-dt" datetime="{date}">Friday</time></a>
<div class="message-body"><div class="bbWrapper">{text}</div></div></article>"""
DISCOURSE = """<div id="post_{n}" class="topic-body crawler-post" itemprop="comment" itemscope
itemtype="http://schema.org/Comment"><div class="crawler-post-meta"><span class="creator" itemprop="author" itemscope
itemtype="http://schema.org/Person"><a itemprop="url" href="/u/{n}"><span itemprop="name">{author}</span></a></span>
<time itemprop="datePublished" datetime="{date}" class="post-time">Friday</time></div>
<div class="post" itemprop="text"><p>{text}</p></div></div>"""
WORDPRESS = """<li id="comment-{n}" class="comment even depth-1"><article class="comment-body">
<footer class="comment-meta"><div class="comment-author vcard"><b class="fn">{author}</b> 
<span class="says">says:</span></div>
<div class="comment-metadata"><a href="#comment-{n}"><time datetime="{date}">Friday</time></a></div></footer>
<div class="comment-content"><p>{text}</p></div></article></li>"""
MARKED_UP = """<section itemscope itemtype="https://schema.org/DiscussionForumPosting">
<i itemprop="author">{author}</i>
<time itemprop="datePublished" datetime="{date}">x</time><div itemprop="articleBody">{text}</div></section>"""
UNKNOWN = (
    "<tr class=row><td><b>{author}</b> <i class=wdate>{date}</i><p>{text}</p><a href=/answer/{n}>answer</a></td></tr>"
)

GNUBOARD = """<article id="bo_v"><header><h2 id="bo_v_title">등불</h2></header><section id="bo_v_info">
<span class="sv_member">minji</span> <strong class="if_date">2026-11-20 13:05</strong></section>
<div id="bo_v_con">{first}</div></article><section id="bo_vc"><article id="c_1"><header>
<span class="sv_member">juno</span><span class="bo_vc_hdinfo">
<time datetime="2026-11-20T13:09:00+09:00">13:09</time></span></header>
<div class="cmt_contents"><p>{second}</p></div></article></section>"""
RHYMIX = """<div class="rd"><div class="rd_hd"><span class="nick">minji</span> <span
class="date">2026.11.20 13:05</span></div>
<div class="rd_body"><div class="document_1_1 rhymix_content xe_content">{first}</div></div></div>
<ul class="fdb_lst_ul"><li id="comment_2" class="fdb_itm"><div class="meta"><a href="#p">juno</a>
<span class="date">2026.11.20 13:09</span></div><div class="comment_2_1 rhymix_content xe_content">{second}
</div></li></ul>"""
GALLERY = """<div class="view_content_wrap"><header><div class="gallview_head"><div
class="gall_writer" data-nick="minji"><span class="gall_date" title="2026-11-20 13:05:00">2026.11.20 13:05
</span></div></div></header>
<div class="gallview_contents"><div class="write_div">{first}</div></div></div>
<div class="comment_box"><ul class="cmt_list"><li class="ub-content"><div class="cmt_info"><span class="gall_writer"
data-nick="juno">juno</span><div class="cmt_txtbox"><p class="usertxt">{second}</p></div>
<span class="date_time">2026.11.20 13:09:00</span></div></li></ul></div>"""


def page(post: str, frame: str = "<main>{}</main>") -> str:
    posts = (("minji", "2026-11-20T13:05:00+00:00", FIRST), ("juno", "2026-11-20T13:09:00+00:00", SECOND))
    return frame.format(
        "".join(
            post.format(n=number, author=author, date=date, text=text)
            for number, (author, date, text) in enumerate(posts, 1)
        )
    )


@pytest.mark.parametrize(
    "post", [PHPBB, VBULLETIN, XENFORO, DISCOURSE, WORDPRESS, MARKED_UP], ids=lambda markup: markup[:30]
)
def test_posts_of_an_engine_are_told_apart(post: str) -> None:
    read = read_html(page(post), URL)
    assert read.thread == (
        Post(author="minji", posted_at=datetime(2026, 11, 20, 13, 5, tzinfo=UTC), text=FIRST),
        Post(author="juno", posted_at=datetime(2026, 11, 20, 13, 9, tzinfo=UTC), text=SECOND),
    )
    assert read.is_content
    assert {FIRST, SECOND} <= set(read.text.split("\n"))


@pytest.mark.parametrize("board", [GNUBOARD, RHYMIX, GALLERY])
def test_a_post_and_its_comments(board: str) -> None:
    """Of the board engines of Korea, where comments are marked up otherwise than posts."""
    read = read_html(board.format(first=FIRST, second=SECOND), URL)
    assert [(post.author, post.text) for post in read.thread] == [("minji", FIRST), ("juno", SECOND)]
    assert all(post.posted_at and post.posted_at.day == 20 for post in read.thread)
    assert read.authors == ("minji",)


def test_posts_of_an_unknown_engine_are_what_is_alike_and_dated() -> None:
    read = read_html(page(UNKNOWN, "<table>{}</table>"), URL)
    assert [(post.author, post.text) for post in read.thread] == [("minji", FIRST), ("juno", SECOND)]
    assert not read.authors  # the first of them may be an answer to what the page is about


def test_a_list_of_posts_is_no_thread() -> None:
    rows = "".join(
        f"<li><a href=/p/{n}>{FIRST}</a> <i>minji</i> <time datetime=2026-11-20>x</time></li>" for n in range(9)
    )
    read = read_html(f"<article><p>{SECOND * 3}</p></article><ul>{rows}</ul>", URL)
    assert read.is_content
    assert not read.thread


def test_the_author_of_a_comment_did_not_write_the_article() -> None:
    read = read_html(f"<article><p>{FIRST * 5}</p></article><ol>{page(WORDPRESS)}</ol>", URL)
    assert len(read.thread) == 2
    assert not read.authors


def test_a_thread_is_bounded() -> None:
    posts = "".join(PHPBB.format(n=n, author="a" * 500, date="2026-11-20", text="lantern " * 1000) for n in range(300))
    read = read_html(posts, URL)
    assert len(read.thread) == 200
    assert len(read.thread[0].author or "") == 100
    assert len(read.thread[0].text) == MAX_EXCERPT


def test_pictures_of_posts_below_linked_headings_are_the_page_s() -> None:
    """Headings that link away make a list of teasers elsewhere; here they lead to the members who wrote the posts."""
    read = read_html(page(XENFORO.replace("{text}", "{text}<img src=/{n}.jpg>")), URL)
    assert read.pictures == ("http://board.test/1.jpg", "http://board.test/2.jpg")


def test_comments_are_told_with_the_article_wherever_the_site_puts_them() -> None:
    article = "".join(f"<p>{FIRST} {FIRST} {number}</p>" for number in range(20))
    read = read_html(f"<article>{article}</article><div class=sidebar><ol>{page(WORDPRESS)}</ol></div>", URL)
    assert read.text.split("\n")[-1] == SECOND
    assert read.text.count(SECOND) == 1
