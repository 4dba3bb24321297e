"""The sites' operators: they read notices and act on the addresses named, each in the host's own way."""

from dataclasses import asdict, dataclass
from functools import partial

from sandbox.live import After, LiveWorld
from sandbox.mailbox import Mail, parse_address, urls_in
from sandbox.model import Behaviour


@dataclass(slots=True)
class Counts:
    read: int = 0
    """Mails to a host's abuse address."""
    named: int = 0
    """Own posts named by them, repeats included."""
    foreign: int = 0
    """Addresses of other hosts in them: ignored."""
    unknown: int = 0
    """Own addresses that never existed."""
    other_mail: int = 0
    """Mails to anybody else."""


class Operators:
    """One for each host, reached at `abuse@<host>`."""

    def __init__(self, live: LiveWorld, port: int, after: After) -> None:
        self.behaviours: dict[str, Behaviour] = {host.name: host.behaviour for host in live.world.hosts}
        self.counts = Counts()
        self._by_address = {host.abuse_address: host.name for host in live.world.hosts}
        self._live, self._port, self._after = live, port, after
        self._done: set[str] = set()

    def skip(self, mail: Mail) -> None:
        """A mail from before this world."""
        self._done.add(mail.id)

    def read(self, mail: Mail) -> None:
        """Act on a mail; a mail that was read before changes nothing."""
        if mail.id in self._done:
            return
        self._done.add(mail.id)
        mine = [self._by_address[address] for address in mail.recipients if address in self._by_address]
        if not mine:
            self.counts.other_mail += 1
        for host in mine:
            self.counts.read += 1
            for url in urls_in(mail.text):
                self._act_on(host, url)

    def _act_on(self, host: str, url: str) -> None:
        address = parse_address(url)
        if address is None or (address.host, address.port) != (host, self._port):
            self.counts.foreign += 1
        elif (key := self.post_at(host, address.target)) is None:
            self.counts.unknown += 1
        else:
            self.counts.named += 1
            self.act(key)

    def act(self, key: str) -> None:
        """What the operator of that post's host does once told of it; late ones take their time."""
        host = self._live.hosts[self._live.posts[key].post.host]
        behaviour = self.behaviours[host.name]
        if behaviour is Behaviour.LATE:
            self._after(host.late_s, partial(self._live.take_down, key, behaviour))
        else:
            self._live.take_down(key, behaviour)

    def post_at(self, host: str, target: str) -> str | None:
        """The key of the post that has this page, print view, picture or thumbnail."""
        for live in self._live.shown(host):
            post = live.post
            if target.partition("?")[0] in (post.path, post.media_path, post.thumb_path):
                return post.key
        return None

    def as_json(self) -> dict[str, int]:
        return asdict(self.counts)
