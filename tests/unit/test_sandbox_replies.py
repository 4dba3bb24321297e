"""What operators and companies answer is written as real ones write it, and understood as it is meant."""

from __future__ import annotations

import pytest

from sandbox.companies import NETWORKS, REGISTRAR, company
from sandbox.live import LiveWorld
from sandbox.mailbox import Mail
from sandbox.model import Behaviour, Finding, Post, Status
from sandbox.operators import COMPANY_ACTS_S, Operators
from sandbox.phrases import LANGUAGES
from sandbox.replies import compose, phrases
from services.notifier.inbox.judging import judge
from services.notifier.inbox.letter import read
from services.notifier.inbox.quoting import own_words
from services.notifier.inbox.tickets import ticket
from tests.support.sandbox import PORT, StillWorld

MEANT = {"ticket": "receipt", "removed": "removed", "refused": "refused", "away": "auto_reply"}
NOTICE = Mail(
    "1", ("abuse@x.test",), "Notice HT-AAAAAAAA\nPlease remove it.", "notices@agency.test", "HT-AAAAAAAA", "<n@a>"
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", MEANT)
def test_each_answer_is_understood_as_it_is_meant(what: str, language: str) -> None:
    raw = compose(what, NOTICE, "abuse@harbor.test", language, 4711)
    assert raw.count(b"\n") == raw.count(b"\r\n")  # servers take everything else for one long line
    mail = read(raw)
    words = own_words(mail.text, NOTICE.text)
    number = ticket(mail, words)
    assert number == ("4711" if what == "ticket" else "")
    assert judge(mail.subject, words, mail.automatic, number).value == MEANT[what]
    assert mail.refers == ("<n@a>",)


@pytest.mark.parametrize(("what", "action"), [("bounced", "failed"), ("delayed", "delayed")])
def test_a_server_reports_a_delivery_as_servers_do(what: str, action: str) -> None:
    report = read(compose(what, NOTICE, REGISTRAR.abuse_address, "en", 5)).report
    assert report is not None
    assert (report.message_id, report.statuses[0].action) == ("<n@a>", action)
    assert report.statuses[0].recipient == REGISTRAR.abuse_address


def test_every_language_of_the_world_has_its_words() -> None:
    assert all(set(words) == set(LANGUAGES) for words in phrases().values())


class Answering:
    """A still world whose operators answer into a list."""

    def __init__(self) -> None:
        self.world, self.sent = StillWorld(), list[tuple[str, bytes]]()
        live: LiveWorld = self.world.live
        self.operators = Operators(live, PORT, self.world.time.after, self._post)

    def _post(self, mail: bytes, sender: str, recipient: str) -> None:
        assert recipient == "notices@agency.test"
        self.sent.append((sender, mail))

    def notify(self, post: Post, mailbox: str) -> None:
        text = f"Please remove {self.world.url(post)} ."
        self.operators.read(Mail(mailbox, (mailbox,), text, "notices@agency.test", "notice", "<n@a>"))

    def said(self) -> list[tuple[str, str]]:
        self.world.time.advance(60)
        judged = []
        for sender, raw in self.sent:
            mail = read(raw)
            words = own_words(mail.text)
            judged.append((sender, judge(mail.subject, words, mail.automatic, ticket(mail, words)).value))
        return judged


def test_who_never_acts_refuses_and_its_host_takes_the_page_down() -> None:
    answering = Answering()
    post = answering.world.post(Behaviour.NEVER, Finding.PICTURE)
    answering.notify(post, f"abuse@{post.host}")
    assert answering.said() == [(f"abuse@{post.host}", "refused")]
    assert answering.world.live.posts[post.key].status is Status.UP
    asked = company(answering.world.live.hosts[post.host].address)
    for other in (*NETWORKS, REGISTRAR):
        if other is not asked:
            answering.notify(post, other.abuse_address)
    answering.world.time.advance(COMPANY_ACTS_S + 60)
    assert answering.world.live.posts[post.key].status is Status.UP
    answering.notify(post, asked.abuse_address)
    answering.world.time.advance(COMPANY_ACTS_S + 0.1)
    removed = answering.world.live.posts[post.key].status is Status.REMOVED
    assert removed == (asked.role == "host")


def test_who_pretends_says_that_it_is_gone() -> None:
    answering = Answering()
    post = answering.world.post(Behaviour.PRETEND)
    answering.notify(post, f"abuse@{post.host}")
    assert answering.said() == [(f"abuse@{post.host}", "removed")]
    assert answering.world.live.posts[post.key].status is Status.PRETENDED


def test_nobody_answers_a_mail_without_a_sender() -> None:
    answering = Answering()
    post = answering.world.post(Behaviour.PRETEND)
    answering.operators.read(Mail("1", (f"abuse@{post.host}",), answering.world.url(post)))
    assert answering.said() == []
