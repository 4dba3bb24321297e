"""Mailboxes on disk: each message an .eml file, an index in SQLite that survives a crash with its Message-ID memory."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rcpt TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT,
    received TEXT NOT NULL, file TEXT NOT NULL, suppressed_repeats INTEGER NOT NULL DEFAULT 0,
    UNIQUE (rcpt, message_id)
)"""
# A file name holds 255 bytes; a longer mailbox name is cut and made unique by its digest.
LONGEST_NAME = 180


@dataclass(frozen=True)
class Stored:
    """One message in one mailbox. `suppressed_repeats`: how often it came again and was not delivered again."""

    id: int
    rcpt: str
    sender: str
    received: str
    file: Path
    suppressed_repeats: int


class MailStore:
    """Delivers into a mailbox once per Message-ID, as Cyrus and Exchange do; a message without one is always new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(folder / "index.sqlite", check_same_thread=False, isolation_level=None)
        self._index.execute("PRAGMA journal_mode=WAL")
        self._index.execute(SCHEMA)

    def deliver(self, rcpt: str, sender: str, message_id: str | None, content: bytes, now: datetime) -> bool:
        """Keep it; False when the mailbox had this Message-ID already. On return it is on disk."""
        mailbox = rcpt.lower()
        with self._lock, self._index:
            self._index.execute("BEGIN IMMEDIATE")
            repeat = self._index.execute(
                "UPDATE message SET suppressed_repeats = suppressed_repeats + 1 WHERE rcpt = ? AND message_id = ?",
                (mailbox, message_id),
            )
            if repeat.rowcount:
                return False
            received = now.astimezone(UTC).isoformat()
            added = self._index.execute(
                "INSERT INTO message (rcpt, sender, message_id, received, file) VALUES (?, ?, ?, ?, '')",
                (mailbox, sender, message_id, received),
            )
            file = Path(folder_name(mailbox)) / f"{added.lastrowid:08d}.eml"
            self._write(file, content)
            self._index.execute("UPDATE message SET file = ? WHERE id = ?", (str(file), added.lastrowid))
        return True

    def messages(self, to: str | None = None, after: int = 0) -> list[Stored]:
        """In order of arrival; `after` an id, so that a reader asks only for what is new."""
        rows = self._rows(
            "WHERE id > ? AND (? IS NULL OR rcpt = ?) ORDER BY id", after, to and to.lower(), to and to.lower()
        )
        return rows

    def message(self, id_: int) -> Stored | None:
        return next(iter(self._rows("WHERE id = ?", id_)), None)

    def mailboxes(self) -> dict[str, int]:
        """Messages by mailbox."""
        with self._lock:
            return dict(self._index.execute("SELECT rcpt, count(*) FROM message GROUP BY rcpt ORDER BY rcpt"))

    def clear(self) -> int:
        """Remove every message and forget every Message-ID; how many messages there were."""
        with self._lock:
            files = [str(file) for (file,) in self._index.execute("SELECT file FROM message")]
            self._index.execute("DELETE FROM message")
        for file in files:
            (self._folder / file).unlink(missing_ok=True)
        return len(files)

    def close(self) -> None:
        self._index.close()

    def _rows(self, where: str, *values: object) -> list[Stored]:
        columns = "id, rcpt, sender, received, file, suppressed_repeats"
        with self._lock:
            rows = self._index.execute(f"SELECT {columns} FROM message {where}", values).fetchall()  # noqa: S608  # ours
        return [
            Stored(id_, rcpt, sender, received, self._folder / file, repeats)
            for id_, rcpt, sender, received, file, repeats in rows
        ]

    def _write(self, file: Path, content: bytes) -> None:
        path = self._folder / file
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())


def folder_name(mailbox: str) -> str:
    """A file name for any address. It has an @ in it (the SMTP side insists), so it is never `.` or `..`."""
    name = urllib.parse.quote(mailbox, safe="@+")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(mailbox.encode()).hexdigest()[:16]}"
