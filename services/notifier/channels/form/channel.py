"""Web forms as a channel: no machine hands a notice in there. A person does, with what was approved."""

from datetime import datetime

from services.notifier.channels.port import Letter, Unsendable, must_be_approved
from services.notifier.domain import Accepted, Failed

CHANNEL = "form"


class Form:
    def check(self, letter: Letter, now: datetime) -> None:
        must_be_approved(letter)
        if not letter.notice.fields.get("urls"):
            raise Unsendable("it goes to a form, and has no addresses to hand in")

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        """Never called for what waits for a person; whoever calls it all the same has sent nothing."""
        return Failed("a person hands it in by the form", counted=False)
