"""Keys of the case page: what they do, and who has switched them off (WCAG 2.2, 2.1.4)."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base
from shared.database import Transaction

# What `static/case.js` listens for. Single letters without modifiers, so that there must be a switch.
KEYS = {
    "a": "approve", "r": "reject", "v": "pictures", "n": "notices", "u": "undo", "s": "next", "q": "queue", "?": "keys",
}  # fmt: skip


class Shortcuts(Base):
    """A row for whoever has ever turned the switch."""

    __tablename__ = "shortcuts"

    login: Mapped[str] = mapped_column(primary_key=True)
    off: Mapped[bool]


async def on(tx: Transaction, login: str) -> bool:
    row = await tx.get(Shortcuts, login)
    return row is None or not row.off


async def switch(tx: Transaction, login: str, *, on: bool) -> None:
    values = {"login": login, "off": not on}
    change = insert(Shortcuts).values(values).on_conflict_do_update(index_elements=["login"], set_={"off": not on})
    await tx.execute(change)
