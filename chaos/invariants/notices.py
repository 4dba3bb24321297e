"""Mails as they were delivered, held against what officials approved."""

from collections import defaultdict
from uuid import UUID

from chaos.invariants.mails import Words, approved_words
from chaos.invariants.seen import Seen
from services.notifier.store import address_of
from shared.events import NoticeSent
from shared.events.values import Notice

Occasion = tuple[UUID, str, str, int]  # case, recipient, why, and the round that it was approved in


async def one_notice_each(seen: Seen) -> list[str]:
    """One notice per case, recipient and occasion lies in its mailbox, and each one that counts as sent does."""
    approved = await _approved(seen)
    said, places, names = [], defaultdict(list), defaultdict(list)
    for mail in await seen.mails():
        names[mail.to, mail.message_id].append(mail.place)
        for case, to, why, number in {occasion for _, occasion in approved.get(mail.words, ())}:
            places[case, to, why, number].append(mail.place)
    for (to, name), where in names.items():
        if len(where) > 1:
            said.append(f"{name} lies {len(where)} times in the mailbox {to}: {', '.join(where)}")
    for (case, to, why, _), where in places.items():
        if len(where) > 1:
            said.append(f"case {case}: {to} was written to {len(where)} times ({why}): {', '.join(where)}")
    arrived = {name for _, name in names}
    for event in (await seen.log()).of(NoticeSent):
        if event.recipient.channel == "mail" and event.message_id not in arrived:
            said.append(f"case {event.case_id}: notice {event.notice_id} counts as sent and lies in no mailbox")
    return said


async def nothing_unapproved(seen: Seen) -> list[str]:
    """No notice without its approval: recipient, subject, text and attachments are what an official saw."""
    approved = await _approved(seen)
    return [
        f"{mail.place} ({mail.subject!r}, {mail.message_id}) was approved by nobody"
        for mail in await seen.mails()
        if mail.words not in approved
    ]


async def _approved(seen: Seen) -> dict[Words, list[tuple[Notice, Occasion]]]:
    found: dict[Words, list[tuple[Notice, Occasion]]] = defaultdict(list)
    for event in await seen.decisions():
        for notice in event.approved:
            occasion = event.case_id, address_of(notice.recipient), notice.occasion, event.round
            found[approved_words(notice)].append((notice, occasion))
    return found
