"""Who said it, without saying who: a keyed digest, whose key is random and belongs to one conversation."""

import hashlib
import secrets

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.crawler.store import ConversationRow
from shared.database import Transaction

KEY_BYTES = 32
LETTERS = 16  # hexadecimal, 64 bits: no two of a million speakers of a room share one, but for once in 10^7 rooms


def pseudonym(speaker: str, key: bytes) -> str:
    """The same for the same speaker in one conversation; in another one nobody can tell that it is the same person."""
    return hashlib.blake2b(speaker.encode("utf-8", "replace"), key=key, digest_size=LETTERS // 2).hexdigest()


async def key_of(tx: Transaction, conversation: str) -> bytes:
    """The conversation's key, made when it is first seen. Two processes at once agree on one."""
    row = {"conversation": conversation, "key": secrets.token_bytes(KEY_BYTES), "begun_at": tx.clock.now()}
    await tx.execute(insert(ConversationRow).values(row).on_conflict_do_nothing())
    kept = await tx.execute(sa.select(ConversationRow.key).where(ConversationRow.conversation == conversation))
    return bytes(kept.scalar_one())
