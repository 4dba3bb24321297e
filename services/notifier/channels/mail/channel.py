"""Mail as a channel: the notice composed, signed, and handed to the submission server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.channels.mail.letter import Origin, compose
from services.notifier.channels.mail.names import envelope_id
from services.notifier.channels.mail.signing import Signature, sign
from services.notifier.channels.mail.smtp import Envelope, Post
from services.notifier.channels.mail.together import compose_together
from services.notifier.channels.port import Letter, Unsendable
from services.notifier.domain import Accepted, Failed


@dataclass(frozen=True)
class Mail:
    post: Post
    origin: Origin
    signatures: Sequence[Signature] = ()

    def message_id(self, id: UUID) -> str:
        return self.origin.message_id(id)

    def check(self, letter: Letter, now: datetime) -> None:
        compose(letter, self.origin, now)

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        name = letter.message_id or self.message_id(letter.notice.notice_id)
        return await self._post(lambda: compose(letter, self.origin, now), letter, name)

    async def deliver_together(self, letters: Sequence[Letter], carrier_id: str, now: datetime) -> Accepted | Failed:
        return await self._post(lambda: compose_together(letters, carrier_id, self.origin, now), letters[0], carrier_id)

    async def _post(self, composed: Callable[[], bytes], letter: Letter, name: str) -> Accepted | Failed:
        try:
            mail = composed()
        except Unsendable as problem:
            return Failed(str(problem), final=True)
        envelope = Envelope(letter.notice.recipient.email, envelope_id(name))
        return await self.post(sign(mail, self.signatures), envelope)
