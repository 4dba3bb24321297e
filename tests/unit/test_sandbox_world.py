from __future__ import annotations

from collections import Counter

import pytest

from sandbox.model import Behaviour, Finding, Kind, Transform
from sandbox.phrases import LANGUAGES
from sandbox.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(7, 1.0)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(world: World) -> None:
    assert World.generate(7, 1.0) == world
    assert World.generate(8, 1.0) != world


def test_hardly_two_posts_say_the_same(world: World) -> None:
    texts = {(post.paragraphs, tuple(remark.text for remark in post.remarks)) for post in world.posts}
    assert len(texts) > 0.98 * len(world.posts)
    assert len({post.picture.source for post in world.posts if post.picture}) > 250


def test_default_world_has_every_pair_of_language_and_kind(world: World) -> None:
    pairs = {(host.language, host.kind) for host in world.hosts}
    assert pairs == {(language, kind) for language in LANGUAGES for kind in Kind}
    assert len({host.name for host in world.hosts}) == len({host.address for host in world.hosts}) == 28
    assert {host.charset for host in world.hosts} == {"utf-8", "euc-kr", "shift_jis", "windows-1251"}


def test_default_world_has_the_promised_proportions(world: World) -> None:
    planned = [post for post in world.posts if post.reupload_of is None]
    kinds = Counter(post.finding for post in planned)
    assert 40 <= kinds[Finding.PICTURE] + kinds[Finding.TEXT] <= 48
    assert 0.6 <= kinds[Finding.PICTURE] / (kinds[Finding.PICTURE] + kinds[Finding.TEXT]) <= 0.72
    assert all(20 <= count <= 25 for count in Counter(post.host for post in planned).values())
    assert 0.45 <= sum(post.picture is not None for post in planned) / len(planned) <= 0.6
    assert 0.28 <= sum(bool(post.appears_after_s) for post in planned) / len(planned) <= 0.38
    assert all(0 <= (post.appears_after_s or 0) <= 40 for post in planned)


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.5, 1.0, 2.0])
def test_every_scale_shows_every_language_kind_and_operator(scale: float) -> None:
    world = World.generate(11, scale)
    assert {host.language for host in world.hosts} == set(LANGUAGES)
    assert {host.kind for host in world.hosts} == set(Kind)
    assert {host.behaviour for host in world.hosts} == set(Behaviour)
    findings = {
        (host.behaviour, post.finding) for host in world.hosts for post in world.posts if post.host == host.name
    }
    assert {(Behaviour.PRETEND, Finding.PICTURE), (Behaviour.PRETEND, Finding.TEXT)} <= findings
    assert len({post.key for post in world.posts}) == len(world.posts)


def test_smallest_world_has_a_handful_of_hosts_and_a_reupload() -> None:
    world = World.generate(7, 0.01)
    assert (len(world.hosts), len(world.posts) < 60) == (7, True)
    assert sum(post.reupload_of is not None for post in world.posts) == 1


@pytest.mark.parametrize("seed", range(5))
def test_reuploads_are_the_same_picture_on_another_host(seed: int) -> None:
    world = World.generate(seed, 1.0)
    posts = {post.key: post for post in world.posts}
    behaviour = {host.name: host.behaviour for host in world.hosts}
    reuploads = [post for post in world.posts if post.reupload_of]
    assert len(reuploads) == 6
    for post in reuploads:
        source = posts[post.reupload_of or ""]
        assert (source.picture, post.appears_after_s) == (post.picture, None)
        assert source.host != post.host
        assert behaviour[source.host] is Behaviour.AT_ONCE
        assert source.reupload_of is None


def test_known_pictures_are_what_must_be_found_and_show_every_transform(world: World) -> None:
    for post in world.posts:
        known = post.picture is not None and post.picture.known
        assert known == (post.finding is Finding.PICTURE)
    assert {post.picture.transform for post in world.posts if post.picture and post.picture.known} == set(Transform)
