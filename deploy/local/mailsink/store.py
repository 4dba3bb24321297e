"""Mailboxes on disk: each message an .eml file, an index in SQLite that survives a crash with its Message-ID memory."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.mailsink.content import Content, read

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rcpt TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT,
    received TEXT NOT NULL, content TEXT NOT NULL, file TEXT NOT NULL,
    suppressed_repeats INTEGER NOT NULL DEFAULT 0, UNIQUE (rcpt, message_id)
)"""
COLUMNS = "id, rcpt, sender, received, content, file, suppressed_repeats"
# A file name holds 255 bytes; a longer mailbox name is cut and made unique by its digest.
LONGEST_NAME = 180


@dataclass(frozen=True)
class Stored:
    """One message in one mailbox. `suppressed_repeats`: how often it came again and was not delivered again."""

    id: int
    rcpt: str
    sender: str
    received: str
    content: Content
    file: Path
    suppressed_repeats: int

    def json(self) -> dict[str, object]:
        """The object that `GET /api/messages` lists."""
        return {
            "id": str(self.id),
            "rcpt": self.rcpt,
            "envelope_from": self.sender,
            "received": self.received,
            **self.content,
            "suppressed_repeats": self.suppressed_repeats,
        }


class MailStore:
    """Delivers into a mailbox once per Message-ID, as Cyrus and Exchange do; a message without one is always new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._index = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
        self._index.execute("PRAGMA journal_mode=WAL")
        self._index.execute(SCHEMA)

    def deliver(self, rcpts: list[str], sender: str, raw: bytes, now: datetime) -> None:
        """Into all of these mailboxes or, if it raises, into none. On return it is on disk."""
        content = read(raw)
        self._index.execute("BEGIN IMMEDIATE")
        with self._index:  # commits, or rolls back
            for mailbox in dict.fromkeys(rcpt.lower() for rcpt in rcpts):
                if not self._counted_as_repeat(mailbox, content["message_id"]):
                    self._add(mailbox, sender, content, raw, now)

    def messages(self, to: str | None = None, after: int = 0) -> list[Stored]:
        """In order of arrival; `after` an id, so that a reader asks only for what is new."""
        mailbox = to.lower() if to else None
        return self._rows("WHERE id > ? AND (? IS NULL OR rcpt = ?) ORDER BY id", after, mailbox, mailbox)

    def message(self, id_: int) -> Stored | None:
        return next(iter(self._rows("WHERE id = ?", id_)), None)

    def mailboxes(self) -> dict[str, int]:
        """Messages by mailbox."""
        return dict(self._index.execute("SELECT rcpt, count(*) FROM message GROUP BY rcpt ORDER BY rcpt"))

    def clear(self) -> int:
        """Remove every message and forget every Message-ID; how many messages there were."""
        files = [str(file) for (file,) in self._index.execute("DELETE FROM message RETURNING file").fetchall()]
        for file in files:
            (self._folder / file).unlink(missing_ok=True)
        return len(files)

    def close(self) -> None:
        self._index.close()

    def _counted_as_repeat(self, mailbox: str, message_id: str) -> bool:
        repeat = "UPDATE message SET suppressed_repeats = suppressed_repeats + 1 WHERE rcpt = ? AND message_id = ?"
        return self._index.execute(repeat, (mailbox, message_id)).rowcount > 0

    def _add(self, mailbox: str, sender: str, content: Content, raw: bytes, now: datetime) -> None:
        row = (mailbox, sender, content["message_id"] or None, now.astimezone(UTC).isoformat(), json.dumps(content))
        insert = "INSERT INTO message (rcpt, sender, message_id, received, content, file) VALUES (?, ?, ?, ?, ?, '')"
        number = self._index.execute(insert, row).lastrowid
        # A crash before the commit leaves this file without a row; the next message takes the number and replaces it.
        file = Path(folder_name(mailbox)) / f"{number:08d}.eml"
        self._write(file, raw)
        self._index.execute("UPDATE message SET file = ? WHERE id = ?", (str(file), number))

    def _rows(self, where: str, *values: object) -> list[Stored]:
        rows = self._index.execute(f"SELECT {COLUMNS} FROM message {where}", values)  # noqa: S608  # constants of ours
        return [
            Stored(id_, rcpt, sender, received, json.loads(content), self._folder / file, repeats)
            for id_, rcpt, sender, received, content, file, repeats in rows
        ]

    def _write(self, file: Path, raw: bytes) -> None:
        path = self._folder / file
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())


def folder_name(mailbox: str) -> str:
    """A file name for any address. It has an @ in it (the SMTP side insists), so it is never `.` or `..`."""
    name = urllib.parse.quote(mailbox, safe="@+", errors="replace")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(mailbox.encode(errors='replace')).hexdigest()[:16]}"
