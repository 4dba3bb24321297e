"""A whole world from a seed: hosts, posts, what must be found among them, and what comes back after its removal."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from random import Random

from sandbox.composing import Plan, compose
from sandbox.hosts import hosts
from sandbox.known import LABELS
from sandbox.model import Behaviour, Finding, Host, Kind, Picture, Post, Transform
from sandbox.text import Flavour

_POSTS_A_HOST = (20, 25)
_FEWEST_POSTS = 6
_REUPLOADS = 6
# A third of the posts appears while the world is being watched, over these seconds.
_LATER_SHARE = 1 / 3
_LATER_S = (2.0, 40.0)
_NEAR_SHARE = 0.25
# With every picture of the galleries, about half of all posts carry one.
_PICTURE_SHARE = {Kind.BOARD: 0.35, Kind.GALLERY: 1.0, Kind.FEED: 0.35, Kind.CHAT: 0.3}
_FINDINGS = (Finding.PICTURE, Finding.PICTURE, Finding.TEXT)


@dataclass(frozen=True, slots=True)
class World:
    """Posts stand host by host, in the order in which they appear there."""

    seed: int
    scale: float
    hosts: tuple[Host, ...]
    posts: tuple[Post, ...]

    @classmethod
    def generate(cls, seed: int = 7, scale: float = 1.0) -> "World":
        """The same seed and scale give an equal world. Scale 1 has 28 hosts, a small one 7 with fewer posts."""
        chosen = hosts(seed, scale)
        plans = _all_plans(seed, scale, chosen)
        by_name = {host.name: host for host in chosen}
        posts = {name: [compose(seed, by_name[name], n, plan) for n, plan in enumerate(plans[name])] for name in plans}
        for post in _reuploads(seed, scale, chosen, posts):
            posts[post.host].append(post)
        return cls(seed, scale, chosen, tuple(post for of_host in posts.values() for post in of_host))


def _all_plans(seed: int, scale: float, chosen: tuple[Host, ...]) -> dict[str, list[Plan]]:
    """Each host's plans in order of appearance: one or two findings a host, the rest harmless."""
    rng = Random(f"world/{seed}/plans")
    findings, stand_ins = cycle(_FINDINGS), _stand_ins()
    plans = {}
    for place, host in enumerate(chosen):
        if host.behaviour is Behaviour.PRETEND:  # both ways to pretend, on every such host
            wanted: tuple[Finding, ...] = (Finding.PICTURE, Finding.TEXT)
        else:
            wanted = tuple(islice(findings, 2 if place % 2 == 0 else 1))
        found = [_finding_plan(rng, host, finding, stand_ins) for finding in wanted]
        harmless = [_harmless_plan(rng, host) for _ in range(_posts_a_host(rng, scale) - len(found))]
        mixed = [*found, *harmless]
        rng.shuffle(mixed)
        plans[host.name] = _timed(rng, mixed)
    return plans


def _posts_a_host(rng: Random, scale: float) -> int:
    return max(_FEWEST_POSTS, round(rng.randint(*_POSTS_A_HOST) * min(1.0, 2 * scale)))


def _stand_ins() -> Iterator[Picture]:
    """Known pictures as posted: labels and transforms take turns, so that few posts show all of either."""
    for label, transform in zip(cycle(LABELS), cycle(Transform), strict=False):
        yield Picture(label, known=True, transform=transform)


def _ordinary_picture(rng: Random, host: Host) -> Picture | None:
    return Picture(f"{rng.getrandbits(64):016x}") if rng.random() < _PICTURE_SHARE[host.kind] else None


def _finding_plan(rng: Random, host: Host, finding: Finding, stand_ins: Iterator[Picture]) -> Plan:
    if finding is Finding.PICTURE:
        return Plan(picture=next(stand_ins), finding=finding)
    return Plan(flavour=Flavour.CUE, picture=_ordinary_picture(rng, host), finding=finding)


def _harmless_plan(rng: Random, host: Host) -> Plan:
    flavour = Flavour.NEAR if rng.random() < _NEAR_SHARE else Flavour.ORDINARY
    return Plan(flavour=flavour, picture=_ordinary_picture(rng, host))


def _timed(rng: Random, plans: list[Plan]) -> list[Plan]:
    later = round(len(plans) * _LATER_SHARE)
    moments = sorted(round(rng.uniform(*_LATER_S), 1) for _ in range(later))
    first = len(plans) - later
    return plans[:first] + [replace(p, appears_after_s=s) for p, s in zip(plans[first:], moments, strict=True)]


def _reuploads(seed: int, scale: float, chosen: tuple[Host, ...], posts: dict[str, list[Post]]) -> list[Post]:
    """Posts that appear elsewhere once an operator who acts at once has removed their picture."""
    rng = Random(f"world/{seed}/reuploads")
    prompt = [host for host in chosen if host.behaviour is Behaviour.AT_ONCE]
    sources = [post for host in prompt for post in posts[host.name] if post.finding is Finding.PICTURE]
    count, taken = max(1, round(_REUPLOADS * scale)), dict.fromkeys(posts, 0)
    reuploads = []
    for source in rng.sample(sources, min(count, len(sources))):
        target = rng.choice([host for host in prompt if host.name != source.host])
        plan = Plan(picture=source.picture, finding=Finding.PICTURE, appears_after_s=None, reupload_of=source.key)
        n = len(posts[target.name]) + taken[target.name]
        taken[target.name] += 1
        reuploads.append(compose(seed, target, n, plan))
    return reuploads
