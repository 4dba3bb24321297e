"""Mails as they were delivered, held against what officials approved."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from chaos.invariants.mails import Mail, Words, approved_words
from chaos.invariants.seen import Seen
from services.notifier.store import address_of
from shared.events import NoticeSent

Occasion = tuple[UUID, str, str, int]  # case, recipient, why, and the round that it was approved in
Approved = dict[Words, set[Occasion]]


async def one_notice_each(seen: Seen) -> list[str]:
    """One notice per case, recipient and occasion lies in its mailbox, and each one that counts as sent does."""
    approved, mails = await _approved(seen), await seen.mails()
    return [*_named_alike(mails), *repeated(mails, approved), *await _lost(seen, mails)]


def _named_alike(mails: Sequence[Mail]) -> Iterator[str]:
    places = defaultdict(list)
    for mail in mails:
        places[mail.to, mail.message_id].append(mail.place)
    for (to, name), where in places.items():
        if len(where) > 1:
            yield f"{name} lies {len(where)} times in the mailbox {to}: {', '.join(where)}"


def repeated(mails: Sequence[Mail], approved: Approved) -> Iterator[str]:
    """Words that were approved for several occasions may come as often as that."""
    places: dict[frozenset[Occasion], list[str]] = defaultdict(list)
    for mail in mails:
        if occasions := approved.get(mail.words):
            places[frozenset(occasions)].append(mail.place)
    for meant, where in places.items():
        if len(where) > len(meant):
            case, to, why, _ = min(meant, key=str)
            yield f"case {case}: {to} was written to {len(where)} times ({why}): {', '.join(where)}"


async def _lost(seen: Seen, mails: Sequence[Mail]) -> list[str]:
    arrived = {mail.message_id for mail in mails}
    return [
        f"case {event.case_id}: notice {event.notice_id} counts as sent and lies in no mailbox"
        for event in (await seen.log()).of(NoticeSent)
        if event.recipient.channel == "mail" and event.message_id not in arrived
    ]


async def nothing_unapproved(seen: Seen) -> list[str]:
    """No notice without its approval: recipient, subject, text and attachments are what an official saw."""
    approved = await _approved(seen)
    return [
        f"{mail.place} ({mail.subject!r}, {mail.message_id}) was approved by nobody"
        for mail in await seen.mails()
        if mail.words not in approved
    ]


async def _approved(seen: Seen) -> Approved:
    found: Approved = defaultdict(set)
    for event in await seen.decisions():
        for notice in event.approved:
            occasion = event.case_id, address_of(notice.recipient), notice.occasion, event.round
            found[approved_words(notice)].add(occasion)
    return found
