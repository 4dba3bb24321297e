"""Reads public events of a Haetae: each once, each case in order (docs/subscribers.md). pip install aiokafka"""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.helpers import create_ssl_context

GROUP = os.environ.get("HAETAE_GROUP", "agency-example.cases")
TOPICS = os.environ.get("HAETAE_TOPICS", "case.events").split(",")
KNOWN = {"case.changed.v1", "alert.raised.v1", "referral.made.v1", "audit.head-signed.v1"}


class Journal:
    """Stands for your database: what was done and the memory of it are one line, written at once."""

    def __init__(self, path: Path) -> None:
        # Not `splitlines`: JSON may hold U+2028 and others as they are, which it takes for the end of a line.
        written = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        lines = [json.loads(line) for line in written if line]
        self.handled = {line["id"] for line in lines if "id" in line}
        self.aside = {(line["topic"], line["partition"], line["offset"]) for line in lines if "aside" in line}
        self._file = path.open("a", encoding="utf-8")

    def write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def put_aside(self, record: ConsumerRecord, why: str) -> None:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        if tuple(place.values()) not in self.aside:
            self.write({"aside": why, **place})
            self.aside.add(tuple(place.values()))


def handle(record: ConsumerRecord, journal: Journal) -> None:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    id, type = headers.get("ce_id"), headers.get("ce_type")
    if not id or not type or record.value is None:
        return journal.put_aside(record, "it is no CloudEvent")
    if type not in KNOWN:
        return journal.put_aside(record, f"type {type} is unknown")
    if id in journal.handled:
        return None
    try:
        data = json.loads(record.value)
    except ValueError:
        return journal.put_aside(record, "its value is no JSON")
    # Your work goes here. Fields and words that you do not know are no error.
    journal.write({"id": id, "type": type, "key": (record.key or b"").decode(errors="replace"), "data": data})
    journal.handled.add(id)


def security() -> dict[str, Any]:
    if os.environ.get("HAETAE_KAFKA_SECURITY", "plaintext") == "plaintext":
        return {}
    user, password = os.environ["HAETAE_KAFKA_USER"], os.environ["HAETAE_KAFKA_PASSWORD"]
    login = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": user, "sasl_plain_password": password}
    trusted = create_ssl_context(cafile=os.environ.get("HAETAE_KAFKA_CA_FILE"))
    return {"security_protocol": "SASL_SSL", "ssl_context": trusted, **login}


async def main() -> None:
    journal, stop = Journal(Path(os.environ.get("HAETAE_JOURNAL", "journal.jsonl"))), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bootstrap = os.environ.get("HAETAE_KAFKA_BOOTSTRAP", "localhost:9092")
    where = {"bootstrap_servers": bootstrap, "group_id": GROUP, "session_timeout_ms": 6000, **security()}
    async with AIOKafkaConsumer(*TOPICS, enable_auto_commit=False, auto_offset_reset="earliest", **where) as consumer:
        while not stop.is_set():
            for partition, records in (await consumer.getmany(timeout_ms=500, max_records=100)).items():
                for record in records:
                    handle(record, journal)
                await consumer.commit({TopicPartition(*partition): records[-1].offset + 1})


asyncio.run(main())
