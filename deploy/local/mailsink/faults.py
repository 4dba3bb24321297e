"""Faults that a test switches on: what real mail servers do on a bad day."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Code = Annotated[int, Field(ge=400, le=599)]
TRANSIENT, PERMANENT = 451, 550


class FaultOrder(BaseModel):
    """The body of `POST /api/faults`; each field given replaces what was set before."""

    model_config = ConfigDict(extra="forbid")

    reject_next: int | None = Field(None, ge=0, description="refuse this many messages with `code`, then accept again")
    drop_reply_after_accept_next: int | None = Field(
        None, ge=0, description="keep this many messages, but close the connection instead of answering"
    )
    reject_recipient: str | None = Field(None, description="refuse this recipient with `code` until faults are cleared")
    code: Code | None = Field(None, description="451 for `reject_next`, 550 for `reject_recipient`, unless given")

    @model_validator(mode="after")
    def says_something(self) -> FaultOrder:
        if self.reject_next is None and self.drop_reply_after_accept_next is None and not self.reject_recipient:
            raise ValueError("name one of reject_next, drop_reply_after_accept_next, reject_recipient")
        return self


class Faults:
    """What is switched on now; in memory only, so that a restart is a good day again."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._reject_next, self._reject_code, self._drop_next = 0, TRANSIENT, 0
        self._recipients: dict[str, int] = {}

    def order(self, order: FaultOrder) -> None:
        if order.reject_next is not None:
            self._reject_next, self._reject_code = order.reject_next, order.code or TRANSIENT
        if order.drop_reply_after_accept_next is not None:
            self._drop_next = order.drop_reply_after_accept_next
        if order.reject_recipient:
            self._recipients[order.reject_recipient.lower()] = order.code or PERMANENT

    def state(self) -> dict[str, object]:
        return {
            "reject_next": self._reject_next,
            "drop_reply_after_accept_next": self._drop_next,
            "reject_recipients": dict(self._recipients),
        }

    def recipient_code(self, rcpt: str) -> int | None:
        return self._recipients.get(rcpt.lower())

    def take_reject(self) -> int | None:
        """The code for this message, if it is to be refused."""
        if self._reject_next == 0:
            return None
        self._reject_next -= 1
        return self._reject_code

    def take_drop(self) -> bool:
        """Whether the answer to this message is to be withheld."""
        if self._drop_next == 0:
            return False
        self._drop_next -= 1
        return True
