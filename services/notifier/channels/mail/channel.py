"""Mail as a channel: the notice composed, and handed to the submission server."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.channels.mail.letter import Origin, compose
from services.notifier.channels.mail.smtp import Post
from services.notifier.channels.port import Letter, Unsendable
from services.notifier.domain import Accepted, Failed


@dataclass(frozen=True)
class Mail:
    post: Post
    origin: Origin

    def check(self, letter: Letter, now: datetime) -> None:
        compose(letter, self.origin, now)

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        try:
            mail = compose(letter, self.origin, now)
        except Unsendable as problem:
            return Failed(str(problem), final=True)
        return await self.post(mail, letter.notice.recipient.email)
