"""The sites' operators, and the companies behind the sites: they read notices, act on the addresses named and answer,
each in its own way."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from sandbox.companies import COMPANIES, Company, company
from sandbox.live import After, LiveWorld
from sandbox.mailbox import Mail, parse_address, urls_in
from sandbox.model import Behaviour
from sandbox.replies import COMPANIES as REPLIES
from sandbox.replies import Say, compose, of_site

# Takes (mail, sender, recipient).
Post = Callable[[bytes, str, str], object]
# A hosting company that is told of a page looks at it before it takes it from its customer's site.
COMPANY_ACTS_S = 5.0


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
    answered: int = 0
    """Mails that were written back."""


class Operators:
    """One for each host, reached at `abuse@<host>`, and the companies. Without `post` nobody answers."""

    def __init__(self, live: LiveWorld, port: int, after: After, post: Post | None = None) -> None:
        self.behaviours: dict[str, Behaviour] = {host.name: host.behaviour for host in live.world.hosts}
        self.counts = Counts()
        self._by_address = {host.abuse_address: host.name for host in live.world.hosts}
        self._companies = {one.abuse_address: one for one in COMPANIES}
        self._live, self._port, self._after, self._post = live, port, after, post
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
        theirs = [self._companies[address] for address in mail.recipients if address in self._companies]
        if not mine and not theirs:
            self.counts.other_mail += 1
        for host in mine:
            self.counts.read += 1
            for url in urls_in(mail.text):
                self._act_on(host, url)
            site = self._live.hosts[host]
            says = of_site(host, self.behaviours[host], site.late_s)
            self._answer(mail, site.abuse_address, site.language, says)
        for one in theirs:
            self._ask_company(one, mail)
            self._answer(mail, one.abuse_address, "en", REPLIES[one.role])

    def _ask_company(self, asked: Company, mail: Mail) -> None:
        """A hosting company takes pages from the sites in its own networks; others cannot."""
        if asked.role != "host":
            return
        for url in urls_in(mail.text):
            address = parse_address(url)
            host = self._live.hosts.get(address.host) if address and address.port == self._port else None
            if address is None or host is None or company(host.address) is not asked:
                continue
            if (key := self.post_at(host.name, address.target)) is not None:
                self._after(COMPANY_ACTS_S, partial(self._live.take_down, key, Behaviour.AT_ONCE))

    def _answer(self, mail: Mail, mailbox: str, language: str, says: tuple[Say, ...]) -> None:
        if self._post is None or not mail.message_id or not mail.sender:
            return
        for say in says:
            self.counts.answered += 1
            answer = compose(say.what, mail, mailbox, language, self.counts.answered)
            self._after(say.after_s, partial(self._post, answer, mailbox, mail.sender))

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
