"""What operators do once a notice names one of their addresses."""

from __future__ import annotations

import pytest

from sandbox.live import REUPLOAD_AFTER_S
from sandbox.mailbox import Mail
from sandbox.model import Behaviour, Finding, Post, Status
from tests.support.sandbox import BROWSER, CRAWLER, PORT, StillWorld


@pytest.fixture
def world() -> StillWorld:
    return StillWorld()


def notify(world: StillWorld, post: Post, text: str = "", id_: str = "1") -> None:
    mail = Mail(id_, (f"abuse@{post.host}",), text or f"Please remove {world.url(post)}.")
    world.operators.read(mail)


def statuses(world: StillWorld, post: Post, agent: str = BROWSER) -> tuple[int, ...]:
    targets = [post.path, *([post.media_path, post.thumb_path] if post.picture else [])]
    return tuple(world.get(post.host, target, agent).status for target in targets)


def listed(world: StillWorld, post: Post, agent: str = BROWSER) -> bool:
    """Whether any index, feed or sitemap of the host still names the post."""
    site = world.sites[post.host]
    indexes = [t for t in site.addresses() if t.partition("?")[0] != post.path]
    return any(post.path.encode() in world.get(post.host, target, agent).body for target in indexes)


def test_at_once_removes_page_pictures_and_every_mention(world: StillWorld) -> None:
    post = world.post(Behaviour.AT_ONCE, Finding.PICTURE)
    assert statuses(world, post) == (200, 200, 200)
    notify(world, post)
    assert set(statuses(world, post)) <= {404, 410}
    assert not listed(world, post)
    assert world.live.posts[post.key].status is Status.REMOVED


def test_some_hosts_say_410_and_others_404() -> None:
    still = StillWorld(scale=1.0)
    still.time.advance(60)
    answers = set()
    for host in still.world.hosts:
        post = still.live.shown(host.name)[0].post
        still.live.take_down(post.key, Behaviour.AT_ONCE)
        answers.add(still.get(host.name, post.path).status)
    assert answers == {404, 410}


def test_late_takes_ten_to_twenty_seconds(world: StillWorld) -> None:
    post = world.post(Behaviour.LATE)
    notify(world, post)
    world.time.advance(9.9)
    assert statuses(world, post)[0] == 200
    world.time.advance(10.2)
    assert set(statuses(world, post)) <= {404, 410}


def test_never_reads_and_leaves_everything(world: StillWorld) -> None:
    post = world.post(Behaviour.NEVER)
    notify(world, post)
    world.time.advance(1_000)
    assert set(statuses(world, post)) == {200}
    assert listed(world, post)
    assert world.operators.counts.named == 1


@pytest.mark.parametrize("finding", list(Finding))
def test_pretend_shows_a_deleted_page_with_200_and_keeps_the_content_beside_it(
    world: StillWorld, finding: Finding
) -> None:
    post = world.post(Behaviour.PRETEND, finding)
    content = [line.encode() for line in post.paragraphs]
    assert all(line in world.get(post.host, post.path).body for line in content)
    notify(world, post)
    page = world.get(post.host, post.path)
    assert page.status == 200
    assert b"This post has been deleted." in page.body
    assert not any(line in page.body for line in content)
    assert all(line in world.get(post.host, f"{post.path}?view=print").body for line in content)
    assert set(statuses(world, post)) == {200}
    assert not listed(world, post)


def test_cloak_hides_from_the_crawler_only(world: StillWorld) -> None:
    post = world.post(Behaviour.CLOAK)
    assert set(statuses(world, post, CRAWLER)) == {200}
    notify(world, post)
    assert set(statuses(world, post, CRAWLER)) == {404}
    assert not listed(world, post, CRAWLER)
    assert set(statuses(world, post, BROWSER)) == {200}
    assert listed(world, post, BROWSER)


def test_a_removed_picture_comes_back_once_under_another_address(world: StillWorld) -> None:
    world.time.advance(60)
    again = next(post for post in world.world.posts if post.reupload_of)
    source = world.live.posts[again.reupload_of or ""].post
    assert world.truth.as_json()["complete"] is False
    notify(world, source)
    world.time.advance(REUPLOAD_AFTER_S - 0.1)
    assert world.get(again.host, again.path).status == 404
    world.time.advance(0.2)
    assert world.get(again.host, again.path).status == 200
    assert world.get(again.host, again.media_path).body == _file_before_removal(source)
    assert world.truth.as_json()["complete"] is True
    notify(world, again, id_="2")
    world.time.advance(60)
    assert world.get(again.host, again.path).status in (404, 410)
    assert world.truth.as_json()["complete"] is True


def _file_before_removal(source: Post) -> bytes:
    fresh = StillWorld()
    fresh.time.advance(60)
    return fresh.get(source.host, source.media_path).body


def test_addresses_of_other_hosts_and_ports_are_ignored_and_counted(world: StillWorld) -> None:
    post, other = world.post(Behaviour.AT_ONCE), world.post(Behaviour.NEVER)
    wrong_port = world.url(post).replace(str(PORT), "9999")
    notify(world, post, f"{world.url(other)} {wrong_port} http://{post.host}:{PORT}/post/999999999")
    assert statuses(world, post)[0] == 200
    counts = world.operators.counts
    assert (counts.read, counts.foreign, counts.unknown, counts.named) == (1, 2, 1, 0)


def test_a_notice_to_somebody_else_changes_nothing(world: StillWorld) -> None:
    post = world.post(Behaviour.AT_ONCE)
    world.operators.read(Mail("1", ("abuse@registrar.test",), world.url(post)))
    assert statuses(world, post)[0] == 200
    assert (world.operators.counts.read, world.operators.counts.other_mail) == (0, 1)


def test_naming_the_picture_is_naming_its_post(world: StillWorld) -> None:
    post = world.post(Behaviour.AT_ONCE, Finding.PICTURE)
    notify(world, post, f"<http://{post.host}:{PORT}{post.media_path}>")
    assert world.live.posts[post.key].status is Status.REMOVED


def test_each_mail_is_read_once_and_old_mail_not_at_all(world: StillWorld) -> None:
    post = world.post(Behaviour.NEVER)
    world.operators.skip(Mail("0", (), ""))
    notify(world, post, id_="0")
    notify(world, post, id_="1")
    notify(world, post, id_="1")
    assert world.operators.counts.read == 1


def test_what_was_removed_stays_removed(world: StillWorld) -> None:
    post = world.post(Behaviour.AT_ONCE)
    notify(world, post)
    removed_at = world.live.posts[post.key].removed_at
    world.time.advance(5)
    assert world.live.take_down(post.key, Behaviour.PRETEND) is Status.REMOVED
    notify(world, post, id_="2")
    assert world.live.posts[post.key].removed_at == removed_at


def test_an_operator_who_changes_finally_removes(world: StillWorld) -> None:
    post = world.post(Behaviour.PRETEND)
    notify(world, post)
    world.operators.behaviours[post.host] = Behaviour.AT_ONCE
    notify(world, post, id_="2")
    assert set(statuses(world, post)) <= {404, 410}
    assert world.get(post.host, f"{post.path}?view=print").status in (404, 410)
