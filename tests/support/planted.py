"""Faults of a house's settings, each with what the doctor says of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from haetae.doctor.diagnosis import State
from haetae.doctor.patient import OWNER
from tests.support.doctor import key

NOWHERE = "127.0.0.1:9"  # discard: nobody listens
ONE_KEY = key()


@dataclass(frozen=True)
class Planted:
    """`said` and `cure`: parts of what stands in one and the same diagnosis. `changes`: settings without their prefix,
    None for one that is not there."""

    name: str
    service: str
    subject: str
    said: str
    cure: str
    changes: dict[str, str | None] = field(default_factory=dict)
    state: State = State.FAILED


WARNING = State.WARNING
SETTINGS = [
    Planted("missing", "notifier", "settings", "SMTP_HOST: is not set", "Submission", {"SMTP_HOST": None}),
    Planted(
        "out of bounds", "gateway", "settings", "less than or equal", "take a verdict back", {"UNDO_SECONDS": "6000"}
    ),
    Planted("misspelt", "gateway", "settings", "no service knows", "write HAETAE_GATEWAY_URL", {"GATEWAY_ULR": "x"}),
    Planted(
        "misspelt of the owner", OWNER, "settings", "no service knows", "write HAETAE_SMTP_HOST", {"SMPT_HOST": "x"}
    ),
    Planted(
        "another's secret", "crawler", "settings", "does not need it", "evidence, gateway", {"MASTER_KEY": ONE_KEY}
    ),
    Planted("sample agency", "drafter", "settings", "AGENCY_PHONE", "agency's own", {"AGENCY_PHONE": None}, WARNING),
    Planted("sample sender", "notifier", "settings", "never resolves", "own address", {"MAIL_FROM": None}, WARNING),
    Planted("pages in the clear", "gateway", "settings", "unencrypted", "https://", {"GATEWAY_URL": "http://h.go.kr"}),
    Planted(
        "cookies not secure",
        "gateway",
        "settings",
        "cookies",
        "HAETAE_GATEWAY_TLS=1",
        {"GATEWAY_URL": "https://h.go.kr"},
    ),
    Planted(
        "provider without a place to come back to",
        "gateway",
        "settings",
        "needs HAETAE_GATEWAY_URL",
        "set HAETAE_GATEWAY_URL",
        {"OIDC_ISSUER": "https://id.test"},
    ),
    Planted(
        "one factor on the network",
        "gateway",
        "settings",
        "learns a password",
        "SECOND_FACTOR=required",
        {"SECOND_FACTOR": "optional", "GATEWAY_HOST": "0.0.0.0"},  # that is the fault
        WARNING,
    ),
    Planted("shortened hours", "notifier", "settings", "within minutes", "unset", {"LADDER_HOUR_SECONDS": "1"}),
    Planted("half a quarantine", "crawler", "settings", "not set", "HAETAE_HASH_ONLY=1", {"QUARANTINE_KEY": None}),
    Planted(
        "key service without token",
        "gateway",
        "settings",
        "without a token",
        "TOKEN_FILE",
        {"TRANSIT_URL": "https://v.test"},
    ),
    Planted("password in the clear", "notifier", "settings", "unencrypted", "set it right", {"SMTP_USERNAME": "a"}),
]
KEYS = [
    Planted("no key", "evidence", "keys", "is no key", "head -c 32", {"MASTER_KEY": "short"}),
    Planted(
        "one key for two ends",
        "evidence",
        "keys",
        "the same key",
        "make another",
        {"MASTER_KEY": ONE_KEY, "SIGNING_KEY": ONE_KEY},
    ),
    Planted("a key that is guessed", "gateway", "keys", "guessed", "head -c 32", {"APPROVAL_KEY": "changeme" * 5}),
    Planted("a former key that is none", "gateway", "keys", "no key", "head -c 32", {"FORMER_MASTER_KEYS": "old"}),
    Planted(
        "a former key that none needs",
        "gateway",
        "keys",
        "needs a former",
        "keys forget",
        {"FORMER_MASTER_KEYS": ONE_KEY},
        WARNING,
    ),
]
SERVERS = [
    Planted(
        "a name that nobody knows",
        "notifier",
        "names",
        "HAETAE_SMTP_HOST: submission.invalid has no address",
        "set HAETAE_SMTP_HOST",
        {"SMTP_HOST": "submission.invalid"},
    ),
    Planted(
        "database away",
        "drafter",
        "database",
        "refused",
        "PostgreSQL runs",
        {"DATABASE_URL": f"postgresql+psycopg://a:b@{NOWHERE}/c"},
    ),
    Planted(
        "broker away", "drafter", "kafka", "cannot be reached", "HAETAE_KAFKA_BOOTSTRAP", {"KAFKA_BOOTSTRAP": NOWHERE}
    ),
    Planted(
        "idempotence that the broker has not",
        "drafter",
        "kafka",
        "idempotent",
        "IDEMPOTENCE=0",
        {"KAFKA_IDEMPOTENCE": "1"},
    ),
    Planted(
        "topics that nobody may create",
        "drafter",
        "kafka",
        "may not create",
        "CREATE_TOPICS=1",
        {"KAFKA_CREATE_TOPICS": "0", "TOPIC_PREFIX": "none."},
    ),
    Planted("store away", "evidence", "objects", "127.0.0.1:9", "HAETAE_S3_ENDPOINT", {"S3_ENDPOINT": NOWHERE}),
    Planted("store speaks no TLS", "evidence", "objects", "Error", "HAETAE_S3_SECURE", {"S3_SECURE": "1"}),
    Planted(
        "unknown access key",
        "evidence",
        "objects",
        "does not know",
        "HAETAE_S3_ACCESS_KEY",
        {"S3_ACCESS_KEY": "nobody"},
    ),
    Planted(
        "wrong secret key", "evidence", "objects", "secret key", "HAETAE_S3_SECRET_KEY", {"S3_SECRET_KEY": "x" * 32}
    ),
    Planted(
        "no buckets",
        "evidence",
        "objects",
        "bucket none-evidence",
        "HAETAE_S3_BUCKET_PREFIX",
        {"S3_BUCKET_PREFIX": "none-"},
    ),
    Planted("mail server away", "notifier", "mail out", "does not answer", "HAETAE_SMTP_PORT", {"SMTP_PORT": "9"}),
    Planted("no STARTTLS", "notifier", "mail out", "STARTTLS", "submission port", {"SMTP_TLS": "starttls"}),
    Planted("mailbox away", "notifier", "mail in", "127.0.0.1:9", "HAETAE_IMAP_PORT", {"IMAP_PORT": "9"}),
    Planted(
        "wrong mailbox password", "notifier", "mail in", "log-in fails", "HAETAE_IMAP_PASSWORD", {"IMAP_PASSWORD": "x"}
    ),
    Planted("no such folder", "notifier", "mail in", "no folder", "HAETAE_IMAP_FOLDER", {"IMAP_FOLDER": "Elsewhere"}),
    Planted("no mailbox", "notifier", "mail in", "not read", "set HAETAE_IMAP_HOST", {"IMAP_HOST": None}, WARNING),
    Planted(
        "nobody attests",
        "evidence",
        "time stamps",
        "none is named",
        "STAMP_AUTHORITIES",
        {"STAMP_AUTHORITIES_FILE": None},
        WARNING,
    ),
    Planted("time server away", "evidence", "clock", "not reached", "HAETAE_NTP_SERVERS", {"NTP_SERVERS": NOWHERE}),
    Planted(
        "provider away",
        "gateway",
        "identity provider",
        "ConnectError",
        "HAETAE_OIDC_ISSUER",
        {"OIDC_ISSUER": f"http://{NOWHERE}"},
    ),
    Planted(
        "provider in the clear",
        "gateway",
        "identity provider",
        "https",
        "set HAETAE_OIDC_ISSUER",
        {"OIDC_ISSUER": "http://id.test"},
    ),
    Planted(
        "no Chromium",
        "crawler",
        "browser",
        "does not start",
        "apt-get install chromium",
        {"CHROMIUM": "/nowhere/chromium"},
    ),
]
