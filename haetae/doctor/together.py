"""What several services must be told alike. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import SecretStr

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import PREFIX, Patient
from services import SERVICES

TOGETHER = Subject("together")
ALIKE: Mapping[str, tuple[str, ...]] = {
    "approval_key": ("gateway", "notifier"),
    "master_key": ("evidence", "gateway"),
    "quarantine_key": ("crawler", "classifier"),
    "hash_only": ("crawler", "classifier", "evidence"),
    "kafka_bootstrap": tuple(SERVICES),
    "topic_prefix": tuple(SERVICES),
    "s3_bucket_prefix": ("evidence", "gateway", "crawler", "classifier"),
    "agency_name": ("drafter", "evidence"),
    "agency_reply_to": ("drafter", "notifier"),
}
CONSEQUENCE = {
    "approval_key": "the notifier refuses every approval",
    "master_key": "the gateway cannot show what evidence keeps",
    "quarantine_key": "the classifier cannot read what the crawler keeps",
    "kafka_bootstrap": "they do not hear each other",
    "topic_prefix": "they do not hear each other",
}


def judge(patients: Sequence[Patient]) -> Iterator[Diagnosis]:
    by_service = {patient.service: patient.settings for patient in patients if patient.settings is not None}
    for name, services in ALIKE.items():
        values = {one: _plain(getattr(by_service[one], name, None)) for one in services if one in by_service}
        if len(set(values.values())) > 1:
            said = f"differs between {' and '.join(values)}: {CONSEQUENCE.get(name, 'one of them is wrong')}"
            made = TOGETHER.failed(PREFIX + name.upper(), said, "give all of them the same")
            yield replace(made, services=tuple(values))


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
