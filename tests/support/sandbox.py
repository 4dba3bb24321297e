"""A sandbox world without sockets: hosts answer in the same process, time is moved by hand."""

from __future__ import annotations

import re

from sandbox.http import Request, Response
from sandbox.live import LiveWorld
from sandbox.model import Behaviour, Finding, Host, Post
from sandbox.operators import Operators
from sandbox.phrases import Phrasebook
from sandbox.sites import Site
from sandbox.text import CUE_SLOTS
from sandbox.truth import Truth
from sandbox.world import World
from tests.support.timeline import Timeline

PORT = 8080
CRAWLER = "Haetae/0.1 (+https://agency.test/bot)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0"

PARTICLES = re.compile("을/를|은/는|이/가|와/과")


def cue_pattern(book: Phrasebook) -> re.Pattern[str]:
    """Matches every cue phrase that the language can say."""
    alternatives = []
    for template in book.cues:
        pattern = re.escape(template)
        for slot in CUE_SLOTS:
            words = "|".join(re.escape(word) for word in sorted(book.words[slot], key=len, reverse=True))
            pattern = pattern.replace(re.escape(f"{{{slot}}}"), f"(?:{words})")
        alternatives.append(PARTICLES.sub("[을를은는이가와과]", pattern))
    return re.compile("|".join(alternatives), re.IGNORECASE)


class StillWorld:
    def __init__(self, seed: int = 7, scale: float = 0.1) -> None:
        self.time = Timeline()
        self.world = World.generate(seed, scale)
        self.live = LiveWorld(self.world, self.time.now, self.time.after)
        self.sites = {host.name: Site(host, self.live, PORT) for host in self.world.hosts}
        self.live.on_change.append(lambda host: self.sites[host].refresh())
        self.operators = Operators(self.live, PORT, self.time.after)
        self.truth = Truth(self.live, self.operators, PORT)
        self.live.start()

    def host(self, behaviour: Behaviour) -> Host:
        return next(host for host in self.world.hosts if host.behaviour is behaviour)

    def post(self, behaviour: Behaviour, finding: Finding | None = None) -> Post:
        """A post that must be found (of that kind, if given) on a host with such an operator; all posts are up."""
        self.time.advance(60)
        behaviours = {host.name: host.behaviour for host in self.world.hosts}
        return next(
            post
            for post in self.world.posts
            if behaviours[post.host] is behaviour and post.finding and finding in (None, post.finding)
        )

    def get(self, host: str, target: str, agent: str = BROWSER) -> Response:
        return self.sites[host].respond(Request("GET", target, host, agent, "", b""))

    def url(self, post: Post) -> str:
        return f"http://{post.host}:{PORT}{post.path}"
