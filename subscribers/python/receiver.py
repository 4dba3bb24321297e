"""Takes public events of a Haetae by webhook: each once, and from nobody else (docs/subscribers.md). Python alone."""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

# Two while one takes over from the other.
SECRETS = os.environ["HAETAE_WEBHOOK_SECRET"].split()
KEYS = [base64.b64decode(secret.removeprefix("whsec_"), validate=True) for secret in SECRETS]
if not KEYS or min(map(len, KEYS)) < 24:  # Standard Webhooks; with an empty one anybody can sign
    raise SystemExit("HAETAE_WEBHOOK_SECRET: whsec_… as it was shown")
SENDER = os.environ.get("HAETAE_WEBHOOK_SENDER", "127.0.0.1")  # the gateway's host, which you agree to hear from
PORT = int(os.environ.get("HAETAE_WEBHOOK_PORT", "8090"))
JOURNAL = Path(os.environ.get("HAETAE_JOURNAL", "journal.jsonl"))
KNOWN = {"case.changed.v1", "alert.raised.v1", "referral.made.v1", "audit.head-signed.v1"}
LARGEST, TOLERANCE_S = 1_000_000, 300

# The journal stands for your database: what was done and the memory of it are one line, written at once.
written = JOURNAL.read_text(encoding="utf-8").split("\n") if JOURNAL.exists() else []  # JSON may hold U+2028 as it is
lines = [json.loads(line) for line in written if line]
handled = {line["id"] for line in lines}
journal = JOURNAL.open("a", encoding="utf-8")


def verified(id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{id}.{timestamp}.".encode() + body
    for key in KEYS:
        ours = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(ours.encode(), theirs.encode()) for theirs in signatures.split()):
            return True
    return False


def handle(id: str, event: dict[str, Any]) -> None:
    """Raises what keeps you from it: then it comes again."""
    if id in handled:
        return
    if event["type"] in KNOWN:
        # Your work goes here. Fields and words that you do not know are no error.
        line = {"id": id, "type": event["type"], "sequence": event["sequence"], "data": event["data"]}
    else:
        line = {"id": id, "aside": f"type {event['type']} is unknown"}
    journal.write(json.dumps(line, ensure_ascii=False) + "\n")
    journal.flush()
    os.fsync(journal.fileno())
    handled.add(id)


class Receiver(BaseHTTPRequestHandler):
    timeout = 20  # for whoever begins a request and does not end it

    def do_OPTIONS(self) -> None:
        """Whether we want events from who asks."""
        wanted = self.headers.get("WebHook-Request-Origin", "").lower() == SENDER
        self.answer(200, {"WebHook-Allowed-Origin": SENDER, "Allow": "POST"} if wanted else {})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            return self.answer(413, {})
        body = self.rfile.read(int(length))
        id, timestamp, signatures = (self.headers.get(f"webhook-{n}", "") for n in ("id", "timestamp", "signature"))
        if not verified(id, timestamp, signatures, body):
            return self.answer(401, {})
        handle(id, json.loads(body))
        return self.answer(204, {})

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()


HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
