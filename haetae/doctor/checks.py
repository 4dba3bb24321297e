"""Every check: whose it is, and what its answer follows from."""

from haetae.doctor import (
    attested,
    files,
    kafka,
    keys,
    lag,
    machine,
    mail,
    models,
    names,
    objects,
    parked,
    postgres,
    schema,
    settings_judged,
)
from haetae.doctor.examining import Check
from haetae.doctor.patient import OWNER
from services import SERVICES

ALL = frozenset(SERVICES)
EVIDENCE, GATEWAY, NOTIFIER = frozenset({"evidence"}), frozenset({"gateway"}), frozenset({"notifier"})
CLASSIFIER = frozenset({"classifier"})
DATABASE, STORE, STAMPS = ("HAETAE_DATABASE_URL",), ("HAETAE_S3_",), ("HAETAE_STAMP_",)
WRAPPING = ("HAETAE_MASTER_KEY", "HAETAE_FORMER_MASTER_KEYS", "HAETAE_TRANSIT_", "HAETAE_S3_ENDPOINT")

CHECKS: tuple[Check, ...] = (
    Check("settings", settings_judged.look, ALL | {OWNER}, apart=True, whole=False),
    Check("files", files.look, ALL, apart=True),
    Check("keys", keys.look_given, frozenset({"crawler", "classifier", "evidence", "gateway", "notifier"}), apart=True),
    Check("names", names.look, ALL, apart=True),
    Check("database", postgres.look, ALL, DATABASE),
    Check("database", postgres.look, frozenset({OWNER}), DATABASE, whole=False),
    Check("schema", schema.look_owner, frozenset({OWNER}), DATABASE, whole=False),
    Check("database role", schema.look_service, ALL, DATABASE, apart=True),
    Check("kafka", kafka.look, ALL, ("HAETAE_KAFKA_", "HAETAE_TOPIC_PREFIX")),
    Check("lag", lag.look, ALL, ("HAETAE_KAFKA_", "HAETAE_TOPIC_PREFIX"), apart=True),
    Check("dead letters", parked.look, ALL, ("HAETAE_KAFKA_", "HAETAE_TOPIC_PREFIX")),
    Check("objects", objects.look_owner, frozenset({OWNER}), STORE, whole=False),
    Check("objects", objects.look, frozenset(objects.NEEDED), STORE, apart=True),
    Check("keys", keys.look_wrapping, frozenset({"evidence", "gateway"}), WRAPPING),
    Check("keys", keys.look_signing, EVIDENCE),
    Check("keys", keys.look_history, GATEWAY),
    Check("mail out", mail.look_out, NOTIFIER),
    Check("mail in", mail.look_in, NOTIFIER),
    Check("time stamps", attested.look_stamps, frozenset({"evidence", "gateway"}), STAMPS),
    Check("identity provider", attested.look_provider, GATEWAY),
    Check("clock", attested.look_clock, EVIDENCE),
    Check("models", models.look, CLASSIFIER),
    Check("machine", machine.look, ALL),
    Check("fonts", machine.look_fonts, EVIDENCE),
    Check("browser", machine.look_browser, frozenset({"crawler", "evidence"}), ("HAETAE_CHROMIUM", "HAETAE_RENDERERS")),
)
